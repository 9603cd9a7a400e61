"""What a bundle holds, file by file, with samples that are made up; and what never leaves."""

from dataselect_gui import workflow

FILES = {
    "data/train/": ("Records", "5f0c…e1.png"),
    "data/train/metadata.jsonl": (
        "Labels, as corrected",
        '{"file_name": "5f0c…e1.png", "label": "cat"}',
    ),
    "data/offers.csv": ("Names on offer", "9d2e…40"),
    "data/scores.csv": ("Scores with noise", "9d2e…40,0.318"),
    "data/report.csv": ("Counts with noise", "histogram,cat,0.1,0.2,417"),
    "data/gradient.safetensors": ("Sum of gradients with noise", "classifier.bias: −0.42, 1.07, …"),
    "release.json, privacy.json": (
        "Mechanism and parameters",
        '"mechanism": "one-sided", "epsilon": "1"',
    ),
    "release.json": ("Hashes", '"ledger_head": "c41f…9a"'),
    "croissant.json, README.md": ("Card", "“What is not protected: …”"),
    "SHA256SUMS": ("Checksums", "9b1d…07  README.md"),
}
"""File → what it is called, and a sample."""
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
    fields: dict[str, list[str]] = {}
    for one in workflow.what_leaves(kind):
        fields.setdefault(one["file"], []).append(f"{one['field']}: {one['what']}.")
    return [(FILES[file][0], [f"In {file}", *told], FILES[file][1]) for file, told in fields.items()]


def staying(kind: str) -> list[tuple[str, list[str], str]]:
    """Return what stays: what it is called, what it is, a sample."""
    stays = STAYS if kind == "records" else (RECORDS_STAY, *STAYS)
    return [(title, [words], sample) for title, words, sample in stays]
