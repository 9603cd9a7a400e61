"""Images that leave: one file each, and a list of them with their labels.

Hugging Face's imagefolder loads it as it is. Records are in the order of their random names.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from PIL import Image

from dataselect_gui.errors import FaultError
from dataselect_gui.plain import shown
from dataselect_gui.records.cleaning.image import says_nothing_else
from dataselect_gui.records.decoding_process import DecodingProcess
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
    write_file,
    write_new,
)
from dataselect_gui.records.image_formats.bare import MAX_MEMORY, MAX_PIXELS
from dataselect_gui.records.images import decode_image, look_at
from dataselect_gui.records.source import Source, UnreadableRecordError
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.texts.promises import PIXELS

if TYPE_CHECKING:
    from dataselect_gui.records.kinds.kind import RecordKind

LISTING = f"{DATA}/metadata.jsonl"
_FILE = f"{'0' * 32}.png"
"""A name of a file, as long as each is."""


@dataclass(frozen=True)
class ImageFiles(WrittenForm):
    """One file for each record, listed by ``metadata.jsonl``."""

    listing: ClassVar[str] = LISTING
    listing_encoding: ClassVar[str] = "application/jsonlines"
    encodings: ClassVar[dict[str, str]] = {
        "jpg": "image/jpeg",
        "png": "image/png",
        "tif": "image/tiff",
    }
    fields: ClassVar[tuple[DescribedField, ...]] = (
        DescribedField("file_name", "text", is_file_name=True),
        DescribedField(LABEL, "text"),
        DescribedField("image", "image", "content"),
    )
    warning: ClassVar[str] = PIXELS
    category: ClassVar[str] = "image-classification"

    def leaves(self, features: Sequence[str]) -> tuple[Leaving, ...]:
        """Return the files of the images, and their list. See `WrittenForm`."""
        del features
        return (
            Leaving(
                f"{DATA}/",
                N_("Records"),
                (("record", N_("the record itself, in full, without metadata")),),
                "5f0c…e1.png",
            ),
            Leaving(
                LISTING,
                N_("Labels, as corrected"),
                (("file_name", N_("a random name, like 3f9a….png")), ("label", N_("the label"))),
                '{"file_name": "5f0c…e1.png", "label": "cat"}',
            ),
        )

    def sizes(
        self, source: Source, rows: Sequence[int], labels: Sequence[str | None]
    ) -> Iterator[Size]:
        """Yield the size of an image where all have one, and that of the list. See `WrittenForm`."""
        del rows
        blank = source.blank
        if isinstance(blank, Image.Image):
            # As PNG, beside what it unpacks to; images of a folder are looked at one by one.
            width, height = blank.size
            pixels, packed = width * height, len(blank.getbands()) * width * height
            yield pixels, MAX_PIXELS, _("pixels of an image")
            memory = 4 * pixels + packed + (packed >> 6) + (1 << 20)
            yield memory, MAX_MEMORY, _("bytes of an image")
        lines = {label: len(listing_line(_FILE, label).encode()) for label in set(labels)}
        yield max(lines.values(), default=0), limits.MOST_LINE, _("bytes of a label")
        total = sum(lines[label] for label in labels)
        yield total, limits.MOST_FILE, _("bytes of the list of records")

    def write(self, folder: Path, kind: "RecordKind", records: Iterable[Named]) -> Written:
        """Write each record, cleaned, and the list. See `WrittenForm`."""
        place = f"{folder / DATA}/"
        sums: dict[str, str] = {}
        lines: list[str] = []
        # A process that has seen no other records than those that leave: it can smuggle none into them.
        with DecodingProcess() as decoding:
            # One after the other: threads that hand the interpreter's lock to and fro take twice as
            # long.
            for name, label, stored in records:
                extension, content = decoding.clean(kind, stored)
                file = f"{name}.{extension}"
                write_new(place + file, content)
                sums[f"{DATA}/{file}"] = hashlib.sha256(content).hexdigest()
                lines.append(listing_line(file, label))
        # The names have one length, so the order of the lines is theirs.
        listing = write_file(folder, LISTING, "".join(lines).encode())
        return Written(LISTING, {**sums, **listing.sums})

    def count(self, bundle: Path) -> int:
        """Return the number of lines. See `WrittenForm`."""
        # Not splitlines: a label may hold a character that Unicode calls a line's end.
        return (bundle / LISTING).read_text(encoding="utf-8").count("\n")

    def labels(self, bundle: Path) -> Iterator[str | None]:
        """Yield those of the list. See `WrittenForm`."""
        return labels_in(bundle / LISTING)

    def check(self, bundle: Path) -> str:
        """Say which records are there and listed. See `WrittenForm`."""
        listed: list[str] = []
        for line in lines_of(bundle / LISTING):
            entry = json.loads(line)
            name, label = entry["file_name"], entry["label"]
            if not isinstance(name, str) or not isinstance(label, str | None):
                raise FaultError(_("{listing} tells more than file names and labels.", listing=LISTING))
            # Written as the program writes it, it cannot hold anything twice, or between the lines.
            if line != listing_line(name, label):
                raise FaultError(_("{listing} tells more than file names and labels.", listing=LISTING))
            listed.append(name)
        if listed != sorted(listed):
            raise FaultError(_("{listing} is not in the order of its random names.", listing=LISTING))
        there = sorted(p.name for p in (bundle / DATA).iterdir() if p.name != Path(LISTING).name)
        if listed != there:
            raise FaultError(
                _("{listing} does not list exactly the records that are there.", listing=LISTING)
            )
        return ngettext(
            "{count:,} record is there and listed, with labels and nothing else.",
            "{count:,} records are there and listed, with labels and nothing else.",
            len(listed),
        )

    def check_metadata(self, bundle: Path) -> str:
        """Say that no image is built of more than its pixels need. See `WrittenForm`."""
        files = sorted(p for p in (bundle / DATA).iterdir() if p.suffix[1:] in self.encodings)
        nothing_but_pixels(files)
        return _(
            "Every image consists of what its pixels need: no metadata but an orientation, no table or "
            "colour that is not used, no byte behind or between the coded pixels, and beyond the edge "
            "of a picture nothing but what encoders write there. Whether the pixels themselves, or how "
            "they are coded, hide something was not looked for."
        )


IMAGE_FILES = ImageFiles()


def listing_line(file_name: str, label: str | None) -> str:
    """Return the line by which a record is listed."""
    return json.dumps({"file_name": file_name, "label": label}, ensure_ascii=False) + "\n"


def nothing_but_pixels(files: list[Path]) -> None:
    """Look at each image before it is decoded, one after the other.

    What all of them unpack to has no bound but that of each: blank pages are small files.

    Raises
    ------
    FaultError
        Where one holds more than its pixels need, cannot be read, or is too much.
    """
    for file in files:
        stored, name = file.read_bytes(), shown(file.name)
        try:
            bare = look_at(stored)
            if bare.unpacked > bare.width * bare.height:
                raise FaultError(_("“{name}” unpacks to more pixels than it shows.", name=name))
            if not says_nothing_else(file.suffix[1:], stored):
                raise FaultError(_("“{name}” holds more than pixels.", name=name))
            decode_image(stored)
        except UnreadableRecordError as reason:
            raise FaultError(_("“{name}” cannot be read: {reason}", name=name, reason=reason)) from None
