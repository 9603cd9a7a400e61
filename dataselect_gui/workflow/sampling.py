"""A few records as a person sees them, and how many people there are: to catch a wrong folder."""

from dataclasses import dataclass

from dataselect_gui.jobs.context import JobContext
from dataselect_gui.records.decoding_process import shared
from dataselect_gui.records.kinds.kind import Lines, Picture
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import Source, SourceRef, UnreadableRecordError
from dataselect_gui.texts import _, ngettext


@dataclass(frozen=True)
class Sample:
    """A few records of a source.

    Attributes
    ----------
    seen : list of tuple
        The name of each with what a person sees of it; those that cannot be read are left out.
    sentence : str
        How many records there are, and of how many people.
    """

    seen: list[tuple[str, Picture | Lines]]
    sentence: str


def sample_records(where: SourceRef, most: int, side: int, context: JobContext) -> Sample:
    """Return a few records, evenly from the first to the last.

    Parameters
    ----------
    where : SourceRef
        The source, with the column that names people, where there is one.
    most : int
        How many records, at most.
    side : int
        The longest side of a picture, in pixels.
    context : JobContext
        Says when to stop.

    Raises
    ------
    UnusableError
        Where the source cannot be opened.
    """
    source = open_source(where)
    count = len(source.ids)
    shared().begin()
    seen = []
    for row in sorted({place * count // most for place in range(most)} if count else ()):
        context.check()
        try:
            seen.append((source.ids[row], shared().look(source.kind, source.read(row), side)))
        except UnreadableRecordError:
            continue
    return Sample(seen, _in_words(source))


def _in_words(source: Source) -> str:
    records = ngettext(*source.kind.counted, len(source.ids))
    if source.units is None:
        return _("{records}.", records=records)
    people = len(set(source.units))
    return ngettext(
        "{records} of {count:,} person.", "{records} of {count:,} people.", people, records=records
    )
