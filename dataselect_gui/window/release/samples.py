"""What a bundle holds, file by file, with samples that are made up; and what never leaves."""

from dataclasses import dataclass

from dataselect_gui.texts import N_, _
from dataselect_gui.window.release.kinds import kind_named
from dataselect_gui.workflow import DOCUMENTS, Leaving, Look, leaving_files


@dataclass(frozen=True)
class Item:
    """What leaves or stays, translated.

    Attributes
    ----------
    title : str
        What it is called.
    lines : tuple of str
        What it holds, line by line.
    sample : str
        Made up.
    fields : tuple of str
        The names of what it holds, which are seen without opening it.
    """

    title: str
    lines: tuple[str, ...]
    sample: str
    fields: tuple[str, ...] = ()


_RECORDS_STAY = (
    N_("Records"),
    N_("No record leaves with this kind of release."),
    "scan_0412.png",
)
_STAYS = (
    (N_("Scores"), N_("What the program computed for each record."), N_("vog 0.412")),
    (N_("Counts"), N_("How many records you have, selected and withheld."), N_("1,204 records")),
    (N_("File names"), N_("In the bundle, names are random."), "scan_0412.png"),
    (
        N_("Order of the records"),
        N_("The order that your records have here. In the bundle it is random."),
        N_("0412 before 0413"),
    ),
    (
        N_("Dates"),
        N_("When files were made, and everything that cameras write into images."),
        "2031-02-29 25:10",
    ),
    (N_("Whose record it is"), N_("The column that says who a record belongs to."), N_("patient 17")),
    (N_("What you withhold"), N_("Which records you keep back, and who opted out."), "scan_0007.png"),
    (
        N_("Your notes"),
        N_("The reasons that you wrote into the ledger."),
        N_("“Agreed with the board.”"),
    ),
)


def leaving(kind: str, look: Look | None) -> list[Item]:
    """Return what leaves with a kind of release, file by file."""
    data = [
        Item(
            _(file.title), tuple(_lines_of(file)), file.sample, tuple(name for name, _of in file.fields)
        )
        for file in leaving_files(kind, look)
    ]
    return data + [Item(_(file.title), tuple(_lines_of(file)), file.sample) for file in DOCUMENTS]


def data_fields(kind: str, look: Look | None) -> list[str]:
    """Return the files of a kind's data with their fields, line by line."""
    return [line for file in leaving_files(kind, look) for line in _lines_of(file)]


def staying(kind: str) -> list[Item]:
    """Return what stays with a kind of release."""
    stays = _STAYS if kind_named(kind).discloses else (_RECORDS_STAY, *_STAYS)
    return [Item(_(title), (_(line),), _(sample)) for title, line, sample in stays]


def _item(file: Leaving, fields: tuple[str, ...] = ()) -> Item:
    return Item(_(file.title), tuple(_lines_of(file)), file.sample, fields)


def _lines_of(file: Leaving) -> list[str]:
    fields = [f"{field}: {_(meaning)}." for field, meaning in file.fields]
    return [_("In {file}", file=file.file), *fields]
