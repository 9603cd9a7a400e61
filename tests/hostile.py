"""Names as a stranger could choose them, to make more of them than text."""

import json
from collections.abc import Sequence
from pathlib import Path

from tests.helpers import hugging_face_folder, write_image, write_json, write_safetensors

ESCAPE, BELL = "\x1b", "\x07"
NAMES = {
    "image": "<img src='{probe}'>",
    "link": "<a href='file://{probe}'>Click</a><b>bold</b>",
    "table": "<table background='{probe}'><tr><td>x</table>",
    "entity": "&lt;b&gt;&amp;",
    "key": "R&D && C&omma",
    "ansi": f"{ESCAPE}[31mred{ESCAPE}[2J{ESCAPE}]8;;file:///etc/passwd{BELL}link",
    "line": "cat\nok  signature: The owner's.\r\n\tIn the selection",
    "separators": "a\u2028b\u2029c\x0bd\x0ce\x85f",
    "turned": "scan\u202egnp.exe\u2066\u200f\u061c",
    "nothing": "a\u200bb\u200cc\u200dd\ufeffe\u2060f\u00adg\u3164h\ufe0fi\U000e0041",
    "surrogate": "lone \ud800 half",
    "marks": "z" + "\u0301" * 60,
    "long": "long " * 2_000,
    "markup": "[red]red[/] [link=file:///etc/passwd]x[/link] [/]",
    "emoji": ":smiley: :warning:",
    "placeholder": "%1 %n {0} {name} %s",
    "math": r"$\frac{$ $5$ \alpha",
    "formula": '=HYPERLINK("file:///etc/passwd","x")',
    "formula behind": "cat;=1+1",
    "wide formula": "＝1+1",
    "plus": "+1+1",
    "minus": "-1+1",
    "at": "@SUM(A1)",
    "tab": "\t=1+1",
    "return": "\r=1+1",
    "quoted": '"=1+1',
    "page": "</style></title></pre><script>alert(1)</script>' onload=alert(1) \"",
}
"""What each tries → a name; ``{probe}`` stands for the path of a file that nobody may open."""

COLUMN = "patient <b>&amp;</b>\u202e"
"""The name of the column of people."""

HIDDEN = set(
    "\x00\x07\x08\x0b\x0c\x1b\x7f\x85\x9b\u2028\u2029\u202e\u2066\u200e\u200f\u061c\u200b\u200c\u200d"
    "\ufeff\u2060\u00ad\u3164\ufe0f\U000e0041\ud800"
)
"""Characters that show nothing themselves and change what is shown."""


def names(probe: Path | str = "/nowhere.png") -> list[str]:
    """Return the names, with a file to open in those that name one."""
    return [name.replace("{probe}", str(probe)) for name in NAMES.values()]


def is_seen(text: str) -> bool:
    """Say whether every character of a line of text can be seen, and it is one line."""
    return not HIDDEN & set(text) and not set("\n\r\t") & set(text)


def hostile_folder(folder: Path, listed: Sequence[str]) -> list[dict[str, str]]:
    """Write images and their listing, with hostile names of files, classes and people.

    Returns
    -------
    list of dict
        A row for each image: its id, label and unit, in the order of the ids.
    """
    rows = []
    for number, name in enumerate(listed):
        file = "/".join(part[:120] for part in name.replace("\ud800", "").replace("\\", "").split("/"))
        path = write_image(folder / f"{file}{number}.png", seed=number)
        record = path.relative_to(folder).as_posix()
        rows.append({"file_name": record, "label": name, COLUMN: listed[number - 1]})
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    (folder / "metadata.jsonl").write_text(lines, encoding="utf-8")
    return sorted(rows, key=lambda row: row["file_name"])


def hostile_consortium(folder: Path, listed: Sequence[str]) -> Path:
    """Write a checkpoint whose classes and request are hostile."""
    # What is no Unicode is read from records as a question mark.
    classes = [name.replace("\ud800", "?") for name in listed]
    image = classes[0]
    hugging_face_folder(folder, id2label={str(place): name for place, name in enumerate(classes)})
    request = {
        "score": "loss",
        "threshold": 0.5,
        "contact": image + NAMES["turned"] + NAMES["line"],
        "deadline": NAMES["ansi"] + classes[1],
        "direction": NAMES["key"],
        "class_statistics": dict.fromkeys(classes, 1),
        image: 1,
        NAMES["turned"]: 2,
    }
    write_safetensors(folder / NAMES["key"], {"weight": (3, 4), "bias": (3,)})
    write_json(folder / "dataselect.json", request)
    return folder
