"""Write records into a bundle, read as they were scored, in the form of their kind."""

from collections.abc import Callable, Iterator
from pathlib import Path

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.forms.form import DATA, Named, Written
from dataselect_gui.records.source import ChangedRecordError, UnreadableRecordError
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.texts import _


def write_records(
    folder: Path,
    candidates: Candidates,
    names: dict[int, str],
    report: Callable[[int, int], None],
) -> Written:
    """Write records into a bundle's folder, in the order of their random names.

    Parameters
    ----------
    folder : Path
        The bundle's.
    candidates : Candidates
        The records.
    names : dict
        Place of a record → its random name.
    report : callable
        Called with the numbers of records written and to write.

    Raises
    ------
    UnusableError
        Where one changed or cannot be read any more.
    """
    (folder / DATA).mkdir(parents=True)
    source, labels = candidates.source, candidates.labels

    def named() -> Iterator[Named]:
        ordered = sorted(names.items(), key=lambda item: item[1])
        for number, (row, name) in enumerate(ordered, start=1):
            yield name, labels[row], candidates.records.read(row)
            report(number, len(ordered))

    try:
        return source.kind.form(source).write(folder, source.kind, named())
    except ChangedRecordError:
        raise UnusableError(
            _("The release was not written."),
            _("A record changed after the release was reserved; its cost counts all the same."),
            _(
                "Put the records back as they were and give the same command again, or score "
                "them again for another release."
            ),
        ) from None
    except UnreadableRecordError as error:
        raise UnusableError(
            _("The release was not written."),
            _(
                "A record cannot be written: {error} The release was reserved, and its cost counts.",
                error=error,
            ),
            _("Give the same command again: it finishes the same release and costs nothing more."),
        ) from None
