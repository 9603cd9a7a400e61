"""What every kind of record is: from what is opened to what leaves.

A kind stands in the room of records, below the model and below releases. Both of those call it through
the source that it opened (`Source.kind`), so that all of it can be one file: it needs no torch, and it
knows nothing of the terms, documents and checksums of a bundle.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.records.forms.form import WrittenForm
from dataselect_gui.records.images import PixelRange, Values
from dataselect_gui.records.source import Content, Contents, Source, SourceRef
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from dataselect_gui.checkpoints.checkpoint import Member

Picture: TypeAlias = NDArray[np.uint8]
"""RGB, shape (height, width, 3)."""
Lines: TypeAlias = tuple[tuple[str, str], ...]
"""Texts that a person reads, each with what it is called; that may be nothing."""
Look: TypeAlias = Picture | Lines
"""What a person sees of a record."""
Unpacked: TypeAlias = tuple[list[str], Iterator[tuple[str, NDArray[Any]]]]
"""The columns of a file, and the arrays in it that are needed, one by one."""
InputArray: TypeAlias = NDArray[np.float32] | NDArray[np.int64]
"""A model's input: numbers of any shape; or a text, shape (2 or 3, length): its tokens' numbers, 1
for each of them and 0 for what fills it up, and their types where the model has any."""

InputsOfShape: TypeAlias = tuple[NDArray[np.int64], InputArray]
"""Inputs of one shape, shape (n, …), behind the places, among all that were given, of those that have
them, shape (n,)."""


class ToInput(Protocol):
    """From a decoded record to the model's input."""

    @property
    def shapes(self) -> Sequence[tuple[int, ...]] | None:
        """The shapes that inputs may have, the largest last; None where they are not fixed."""

    def __call__(self, content: Content) -> InputArray:
        """Return the input of a record.

        Raises
        ------
        UnusableError
            Where the checkpoint's files cannot be used for records of this kind.
        UnreadableRecordError
            Where this record cannot be made into an input.
        """

    def notes(self, source: Source, rows: Sequence[int]) -> list[str]:
        """Return what a person should know of how records became inputs, as sentences.

        Parameters
        ----------
        source : Source
            Where the records are. One is read only where something is to be said of it, and was not
            noted when its input was made.
        rows : sequence of int
            Which records.
        """


@runtime_checkable
class InputsOfMany(ToInput, Protocol):
    """What also makes the inputs of many records in one go, faster than one by one."""

    def of_many(self, rows: NDArray[np.int64], contents: Contents) -> Sequence[InputsOfShape]:
        """Return the inputs of records, each of them what it is by itself.

        Parameters
        ----------
        rows : ndarray of int64
            Which records they are.
        contents : sequence
            What they hold.

        Returns
        -------
        sequence of tuple
            By shape. A record without an input is in none: a call for that record alone says why.
        """


@dataclass(frozen=True)
class RecordKind(ABC):
    """A kind of record. What was opened is in the `Source`.

    Attributes
    ----------
    name : str
        By which it is written down, in projects and in what `inspect` says.
    nouns : str
        What a source of it is, as in “Records are read from …”; translated where it is shown.
    advice : str
        The same, with all that a person may have to know to choose one.
    counted : tuple of str
        One of its records and several, with ``{count}``; translated where they are counted.
    endings : frozenset of str
        Of the files that are sources of this kind, in small letters; none where sources are folders.
    is_read : bool
        Whether a person reads its records, as texts, rather than looks at pictures.
    is_confined : bool
        Whether the stored bytes of a record come from strangers, so that outside the worker they are
        decoded in the confined process alone, and cleaned once before anything is charged. Numbers
        that were unpacked already need neither.
    extensions : tuple of str
        Of the files that `clean` writes, at most 256.
    forms : tuple of WrittenForm
        In which its records may leave.
    pixel_range : tuple of float or None
        The values of black and of white in images of more than 8 bits, where the consortium's request
        states them.
    """

    name: ClassVar[str]
    nouns: ClassVar[str]
    advice: ClassVar[str]
    counted: ClassVar[tuple[str, str]] = (N_("{count:,} record"), N_("{count:,} records"))
    endings: ClassVar[frozenset[str]] = frozenset()
    is_read: ClassVar[bool] = False
    is_confined: ClassVar[bool]
    extensions: ClassVar[tuple[str, ...]]
    forms: ClassVar[tuple[WrittenForm, ...]]
    pixel_range: PixelRange | None = None

    # Where records are

    def opens(self, where: SourceRef) -> bool:
        """Say whether something is there and a source of this kind: for a file, by its ending."""
        is_text = where.text_column is not None
        return not is_text and where.path.suffix.lower() in self.endings and where.path.is_file()

    @abstractmethod
    def open(self, where: SourceRef) -> Source:
        """List the records of a source.

        Raises
        ------
        UnusableError
            Where it cannot be understood, or lacks a named column.
        """

    def linked_files(self, path: Path) -> list[Path]:
        """Return the files outside a source that links in it stand for: the worker must reach them."""
        del path
        return []

    def unpack(self, file: BinaryIO, name: str, needed: Sequence[str]) -> Unpacked:
        """Unpack the arrays of a source that is one file: in the confined process, or in the worker.

        Parameters
        ----------
        file : binary file
            The file.
        name : str
            What it is called.
        needed : sequence of str
            The names of the arrays.

        Returns
        -------
        tuple
            The columns that may serve as label or unit; and those of the needed arrays that there are,
            unpacked one by one.

        Raises
        ------
        UnusableError
            Where it is no source of this kind, is damaged, or would not fit into memory.
        TypeError
            Where sources of this kind are no files of arrays.
        """
        del file, name, needed
        raise TypeError(f"{self.nouns} holds no arrays")

    # One record, from its stored bytes

    @abstractmethod
    def decode(self, stored: bytes) -> Content:
        """Return the record that stored bytes hold.

        Raises
        ------
        UnreadableRecordError
            Where they do not hold one.
        """

    def check(self, stored: bytes) -> None:
        """See that a record can be scored and shown.

        Raises
        ------
        UnreadableRecordError
            Where it cannot.
        """
        self.decode(stored)

    @abstractmethod
    def look(self, stored: bytes, most: int | None) -> Look:
        """Return what a person sees of a record.

        Parameters
        ----------
        stored : bytes
            The record.
        most : int or None
            The longer side of a picture, at most; None for the size that it has. It is never enlarged.

        Raises
        ------
        UnreadableRecordError
            Where it cannot be decoded.
        """

    def values(self, stored: bytes) -> Values:
        """Return a picture's own values, in full size, where `look` scales them to 8 bits.

        Raises
        ------
        UnreadableRecordError
            Where it cannot be decoded.
        TypeError
            Where records of this kind are read, not seen.
        """
        seen = self.look(stored, None)
        if isinstance(seen, tuple):
            raise TypeError(f"{self.nouns} holds no pictures")
        return seen

    # On its way to the model

    def to_input(self, member: "Member", channels: int | None) -> ToInput:
        """Return what makes a record into the model's input, by the checkpoint's own files.

        An image takes the checkpoint's processor, an array goes in as it is. A kind whose records are
        neither makes its own, of whatever files there are beside the checkpoint.

        Parameters
        ----------
        member : Member
            The checkpoint.
        channels : int or None
            How many channels the model takes; None where it does not say.

        Raises
        ------
        UnusableError
            Where the checkpoint's files cannot be used.
        """
        from dataselect_gui.records.model_input import (
            Preprocessor,  # Not where records are decoded alone.
        )

        return Preprocessor(member, channels)

    def fit_notes(self, source: Source, member: "Member") -> list[str]:
        """Hold a source against what a checkpoint takes; return sentences for a person.

        Raises
        ------
        UnusableError
            Where the checkpoint plainly takes no such records.
        """
        del source, member
        return []

    def samples(self, source: Source) -> Sequence[Content]:
        """Return contents, none of them read, that have the shapes that a record may have."""
        return [] if source.blank is None else [source.blank]

    # When it leaves

    @abstractmethod
    def form(self, source: Source) -> WrittenForm:
        """Return the form in which the records of a source leave: one of `forms`."""

    def form_at(self, where: SourceRef) -> WrittenForm | None:
        """Return the form in which the records of a source leave, without opening it.

        At most a header is read, within bounds. None where that does not say it, or is not there.
        """
        del where
        return self.forms[0] if len(self.forms) == 1 else None

    @abstractmethod
    def clean(self, stored: bytes) -> tuple[str, bytes]:
        """Return a record as it leaves, rid of everything but its content: an extension, and a file.

        Raises
        ------
        UnreadableRecordError
            Where it cannot be decoded, or whoever receives it could not read it.
        """

    def check_leaving(self, stored: bytes) -> None:
        """See that a record can be scored and shown, and cleaned: `check` and `clean` in one.

        A kind that decodes for both decodes once.

        Raises
        ------
        UnreadableRecordError
            Where it cannot.
        """
        self.check(stored)
        self.clean(stored)
