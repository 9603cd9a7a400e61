"""What every form in which records leave is: how it is written, described, and checked by the receiver.

Everything follows from the records and their random names, so that the same release written twice gives
the same bytes.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from dataselect_gui.errors import FaultError
from dataselect_gui.plain import shown
from dataselect_gui.records.forms import limits
from dataselect_gui.records.forms.labels_said import labels_said
from dataselect_gui.texts import _

if TYPE_CHECKING:
    from dataselect_gui.records.kinds.kind import RecordKind
    from dataselect_gui.records.source import Source

DATA = "data/train"
LABEL = "label"
Named: TypeAlias = tuple[str, str | None, bytes]
"""A record that leaves: its random name, its label, its stored bytes."""
Size: TypeAlias = tuple[int, int, str]
"""How large something is, how large it may be, and what is counted, in the plural, translated."""


@dataclass(frozen=True)
class Written:
    """What was written below ``data``.

    Attributes
    ----------
    listing : str
        The relative path of the file that lists the content.
    sums : dict
        Relative path → SHA-256 of every file.
    """

    listing: str
    sums: dict[str, str]


@dataclass(frozen=True)
class Leaving:
    """A description of a file of a bundle, for the owner.

    Attributes
    ----------
    file : str
        Its path.
    title : str
        Its title.
    fields : tuple of tuple of str
        Its fields, each with its meaning.
    sample : str
        Made up.
    """

    file: str
    title: str
    fields: tuple[tuple[str, str], ...]
    sample: str


@dataclass(frozen=True)
class DescribedField:
    """A field of a record in ``croissant.json``.

    Attributes
    ----------
    name : str
        What it is called.
    data_type : str
        ``text``, ``number`` or ``image``.
    read_from : str
        A ``column`` of the listing, or the ``content`` of the record's file.
    is_file_name : bool
        Whether it names the record's file.
    description : str
        What it holds, in English, where its name does not say so.
    """

    name: str
    data_type: Literal["text", "number", "image"]
    read_from: Literal["column", "content"] = "column"
    is_file_name: bool = False
    description: str = ""


@dataclass(frozen=True)
class WrittenForm(ABC):
    """A form in which records leave. It has no state.

    Attributes
    ----------
    listing : str
        The relative path of the file that lists the records, or holds them all. No two forms share it.
    listing_encoding : str
        Its media type.
    encodings : dict
        Of records that have a file each: extension → media type.
    fields : tuple of DescribedField
        Of a record, for ``croissant.json``; none where its library knows no such thing.
    warning : str
        What leaves with such records that a person may not think of, for the card.
    category : str
        What a hub of data sets calls the training that they are for.
    """

    listing: ClassVar[str]
    listing_encoding: ClassVar[str]
    encodings: ClassVar[dict[str, str]] = {}
    fields: ClassVar[tuple[DescribedField, ...]] = ()
    warning: ClassVar[str]
    category: ClassVar[str]

    @property
    def most_listing(self) -> int:
        """How many bytes the listing may have."""
        return limits.MOST_FILE

    @abstractmethod
    def leaves(self, features: Sequence[str]) -> tuple[Leaving, ...]:
        """Return what leaves, file by file and field by field.

        Parameters
        ----------
        features : sequence of str
            The columns that the model takes, where records are rows.
        """

    @abstractmethod
    def sizes(
        self, source: "Source", rows: Sequence[int], labels: Sequence[str | None]
    ) -> Iterator[Size]:
        """Yield what has to be held against a limit before anything is charged.

        Parameters
        ----------
        source : Source
            Where the records are.
        rows : sequence of int
            Those that may leave.
        labels : sequence of str or None
            Theirs.
        """

    @abstractmethod
    def write(self, folder: Path, kind: "RecordKind", records: Iterable[Named]) -> Written:
        """Write records into a bundle's folder.

        Parameters
        ----------
        folder : Path
            The bundle's; it has a folder `DATA`.
        kind : RecordKind
            What they are.
        records : iterable of tuple
            In the order of their names.

        Raises
        ------
        UnreadableRecordError
            Where one cannot be read after all.
        """

    def described(self, bundle: Path) -> tuple[DescribedField, ...]:
        """Return the fields of the records in a bundle: `fields`, with what its labels are."""
        label = self.described_label(bundle) if self.fields else None
        return tuple(label if label and field.name == LABEL else field for field in self.fields)

    def described_label(self, bundle: Path) -> DescribedField:
        """Return the field of the labels in a bundle."""
        said = labels_said(self.labels(bundle))
        data_type: Literal["number", "text"] = "number" if said.type == "number" else "text"
        return DescribedField(LABEL, data_type, description=said.type_in_words)

    @abstractmethod
    def labels(self, bundle: Path) -> Iterator[str | None]:
        """Yield the labels in a bundle; nothing, or an empty text, where a label is not known."""

    @abstractmethod
    def count(self, bundle: Path) -> int:
        """Return how many records a bundle of this program's own holds."""

    @abstractmethod
    def check(self, bundle: Path) -> str:
        """Return which records are there, as a sentence for the receiver.

        Raises
        ------
        FaultError
            Where more is told of them, or others are listed.
        """

    @abstractmethod
    def check_metadata(self, bundle: Path) -> str:
        """Return that the files hold nothing but what the records need, as a sentence for the receiver.

        Raises
        ------
        FaultError
            Where one holds more.
        """


def lines_of(path: Path) -> Iterator[str]:
    """Yield the lines of a file, with their ends.

    Not by the file's own lines: a label may hold a character that Unicode calls a line's end.

    Raises
    ------
    FaultError
        Where one is longer than it can be.
    """
    with path.open("rb") as file:
        while line := file.readline(limits.MOST_LINE + 1):
            if len(line) > limits.MOST_LINE:
                raise FaultError(
                    _("“{name}” has a line that is longer than it can be.", name=shown(path.name))
                )
            yield line.decode("utf-8")


def labels_in(path: Path) -> Iterator[str | None]:
    """Yield the label in each line of a file; nothing where it is none, as `check` says."""
    with path.open("rb") as file:
        while line := file.readline(limits.MOST_LINE + 1):
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                entry = None
            label = entry.get(LABEL) if isinstance(entry, dict) else None
            yield label if isinstance(label, str) else None


def write_file(folder: Path, name: str, content: bytes) -> Written:
    """Write a file that lists the content of a bundle."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    write_new(str(folder / name), content)
    return Written(name, {name: hashlib.sha256(content).hexdigest()})


def write_new(path: str, content: bytes) -> None:
    """Write a file that is not there yet."""
    with open(path, "xb", buffering=0) as file:  # noqa: PTH123  (a Path for each of a million files)
        left = memoryview(content)
        while left:
            left = left[file.write(left) :]
