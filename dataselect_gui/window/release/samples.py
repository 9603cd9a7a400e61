"""What a bundle holds, file by file, with samples that are made up; and what never leaves."""

from dataselect_gui.window.release.kinds import kind_named
from dataselect_gui.workflow import DOCUMENTS

STAYS = (
    ("Scores", "Fields: loss, el2n, grad_norm, vog, …", "vog 0.412"),
    ("Counts", "How many records you have, selected and withheld.", "1,204 records"),
    ("File names", "Field: id. Names in the bundle are random.", "scan_0412.png"),
    ("Order", "The order of the source. The bundle's is random.", "0412 before 0413"),
    ("Dates", "Times of files and all image metadata.", "2031-02-29 25:10"),
    ("Unit column", "Who a record belongs to.", "patient 17"),
    ("Withheld list", "Which records you keep back, and who opted out.", "scan_0007.png"),
    ("Notes", "Reasons in the ledger.", "“Agreed with the board.”"),
)
RECORDS_STAY = ("Records", "No record leaves with this kind of release.", "scan_0412.png")


def leaving(kind: str) -> list[tuple[str, list[str], str]]:
    """Return what leaves, file by file: what it is called, its fields line by line, a sample."""
    return [
        (
            one.title,
            [f"In {one.file}", *(f"{field}: {what}." for field, what in one.fields)],
            one.sample,
        )
        for one in (*kind_named(kind).leaves, *DOCUMENTS)
    ]


def staying(kind: str) -> list[tuple[str, list[str], str]]:
    """Return what stays: what it is called, what it is, a sample."""
    stays = STAYS if kind_named(kind).discloses else (RECORDS_STAY, *STAYS)
    return [(title, [words], sample) for title, words, sample in stays]
