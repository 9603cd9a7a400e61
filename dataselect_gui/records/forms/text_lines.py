"""Texts that leave: one file of JSON lines, each with a text and its label.

The usual readers of JSON lines load it as it is. A text leaves with all of its characters, as a person
saw it. Records are in the order of their random names, which do not leave.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from dataselect_gui.errors import FaultError
from dataselect_gui.records.forms import limits
from dataselect_gui.records.forms.form import (
    DATA,
    LABEL,
    DescribedField,
    Leaving,
    Named,
    Size,
    Written,
    WrittenForm,
    labels_in,
    lines_of,
    write_new,
)
from dataselect_gui.records.source import Source, UnreadableRecordError
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.texts.promises import WORD_FOR_WORD

if TYPE_CHECKING:
    from dataselect_gui.records.kinds.kind import RecordKind

TEXTS = f"{DATA}/texts.jsonl"


@dataclass(frozen=True)
class TextLines(WrittenForm):
    """All records in one file of JSON lines."""

    listing: ClassVar[str] = TEXTS
    listing_encoding: ClassVar[str] = "application/jsonlines"
    fields: ClassVar[tuple[DescribedField, ...]] = (
        DescribedField("text", "text"),
        DescribedField(LABEL, "text"),
    )
    warning: ClassVar[str] = WORD_FOR_WORD
    category: ClassVar[str] = "text-classification"

    def leaves(self, features: Sequence[str]) -> tuple[Leaving, ...]:
        """Return the one file of lines. See `WrittenForm`."""
        del features
        fields = (
            ("text", N_("the text, word for word, with whatever names are in it")),
            ("label", N_("the label")),
        )
        return (Leaving(TEXTS, N_("Records"), fields, '{"text": "A fine film.", "label": "good"}'),)

    def sizes(
        self, source: Source, rows: Sequence[int], labels: Sequence[str | None]
    ) -> Iterator[Size]:
        """Yield the size of the longest line, and of all. See `WrittenForm`."""
        longest = total = 0
        for row, label in zip(rows, labels, strict=True):
            with suppress(UnreadableRecordError):  # Told where records are read again.
                size = len(text_line(source.read(row).decode(), label).encode())
                longest, total = max(longest, size), total + size
        yield longest, limits.MOST_LINE, _("bytes of a text with its label")
        yield total, limits.MOST_FILE, _("bytes of texts with their labels")

    def write(self, folder: Path, kind: "RecordKind", records: Iterable[Named]) -> Written:
        """Write a line for each record. See `WrittenForm`."""
        lines = []
        for _name, label, stored in records:
            text = kind.decode(stored)
            assert isinstance(text, str)
            lines.append(text_line(text, label).encode())
        content = b"".join(lines)
        write_new(str(folder / TEXTS), content)
        return Written(TEXTS, {TEXTS: hashlib.sha256(content).hexdigest()})

    def count(self, bundle: Path) -> int:
        """Return the number of lines. See `WrittenForm`."""
        with (bundle / TEXTS).open("rb") as file:
            return sum(1 for _line in file)

    def labels(self, bundle: Path) -> Iterator[str | None]:
        """Yield those of the lines. See `WrittenForm`."""
        return labels_in(bundle / TEXTS)

    def check(self, bundle: Path) -> str:
        """Say how many texts are there. See `WrittenForm`."""
        count = 0
        for line in lines_of(bundle / TEXTS):
            entry = json.loads(line)
            text, label = entry["text"], entry["label"]
            # Written as the program writes it, it cannot hold anything twice, or between the lines.
            if (
                not isinstance(text, str)
                or not isinstance(label, str | None)
                or line != text_line(text, label)
            ):
                raise FaultError(_("{listing} tells more than texts and labels.", listing=TEXTS))
            count += 1
        return ngettext(
            "{count} text is there, with its label and nothing else.",
            "{count} texts are there, with labels and nothing else.",
            count,
        )

    def check_metadata(self, bundle: Path) -> str:
        """Say that there is nothing but the texts. See `WrittenForm`."""
        self.check(bundle)
        return _(
            "Every line is written in the only way that its text and label can be, with nothing "
            "before, between or behind. What the texts themselves say, or hide in characters that "
            "are not seen, was not looked for."
        )


TEXT_LINES = TextLines()


def text_line(text: str, label: str | None) -> str:
    """Return the line by which a text leaves."""
    return json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n"
