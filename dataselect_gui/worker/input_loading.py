"""From rows to the model's inputs, ahead of the computing that takes them."""

from collections import defaultdict, deque
from collections.abc import Container, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import DataSelectError
from dataselect_gui.project.table import Index
from dataselect_gui.records.kinds.kind import InputArray, InputsOfMany, ToInput
from dataselect_gui.records.opening import content_hash, read_unchanged
from dataselect_gui.records.scored import ScoredRecords
from dataselect_gui.records.source import (
    ChangedRecordError,
    Content,
    Source,
    SourceOfMany,
    UnreadableRecordError,
)
from dataselect_gui.texts import N_, _
from dataselect_gui.worker.batches import EMPTY

_MOST_BYTES = 1 << 20
"""Of stored records that are made into inputs in one go: of large ones fewer are held at once."""
_NO_INPUT = N_("It cannot be made into an input of the model.")
_NO_MEMORY = N_("It takes more memory than there is to read it.")


@dataclass(frozen=True)
class LoadedInput:
    """One record on its way to the model.

    Attributes
    ----------
    row : int
        Which.
    values : ndarray or None
        The model's input; None where there is none, or it is of another shape.
    problem : str
        Why there is none.
    has_changed : bool
        Whether it is not the record that was read before.
    is_odd : bool
        Whether its input has a shape of its own: it is read again when its turn comes, so that not many
        of them, of any size, are held at once.
    """

    row: int
    values: InputArray | None
    problem: str = ""
    has_changed: bool = False
    is_odd: bool = False


@dataclass(frozen=True)
class LoadedInputs:
    """Records on their way to the model, whose inputs have one shape.

    Attributes
    ----------
    rows : ndarray of int64
        Which, shape (n,).
    places : ndarray of int64
        Where each stands in a batch, shape (n,).
    values : ndarray
        The model's inputs, shape (n, …).
    """

    rows: NDArray[np.int64]
    places: NDArray[np.int64]
    values: InputArray

    def some(self, chosen: NDArray[np.bool_]) -> "LoadedInputs":
        """Return some of them."""
        return LoadedInputs(self.rows[chosen], self.places[chosen], self.values[chosen])


@dataclass(frozen=True)
class LoadedBatch:
    """Records that were read together.

    Attributes
    ----------
    inputs : tuple of LoadedInputs
        Those with an input for batches, by shape.
    others : tuple of LoadedInput
        Those without.
    """

    inputs: tuple[LoadedInputs, ...]
    others: tuple[LoadedInput, ...]


def stacked(inputs: Sequence[InputArray]) -> InputArray:
    """Return inputs, all of one shape, as a batch."""
    batch: InputArray = np.empty((len(inputs), *inputs[0].shape), dtype=inputs[0].dtype)
    return np.stack(inputs, out=batch)


class InputLoader:
    """Reads records and makes them into inputs.

    Parameters
    ----------
    source : Source
        Where they are.
    content : ndarray of uint8 or None
        The hash that each record shall have, shape (n, 32); None where that does not matter.
    preprocess : ToInput
        From a decoded record to an input.
    shapes : container of tuple of int
        Those of inputs in batches.
    """

    def __init__(
        self,
        source: Source,
        content: NDArray[np.uint8] | None,
        preprocess: ToInput,
        shapes: Container[tuple[int, ...]] = (),
    ) -> None:
        self._source, self._content, self._preprocess = source, content, preprocess
        self._shapes = shapes

    def load(self, row: int) -> LoadedInput:
        """Read one record."""
        try:
            return self._load(row)
        except MemoryError:  # Of this record alone, however much memory there is.
            return LoadedInput(row, None, _(_NO_MEMORY))

    def _load(self, row: int) -> LoadedInput:
        try:
            stored = self._read(row)
        except ChangedRecordError:
            return LoadedInput(row, None, _("The record changed while it was being scored."), True)
        except UnreadableRecordError as reason:
            if self._content is not None and self._content[row].any():
                # As with a disk that was unplugged: it may be there tomorrow.
                return LoadedInput(row, None, has_changed=True)
            return LoadedInput(row, None, str(reason))
        try:
            return LoadedInput(row, self._preprocess(self._source.kind.decode(stored)))
        except UnreadableRecordError as reason:
            return LoadedInput(row, None, str(reason))
        except DataSelectError:
            raise  # Of the checkpoint, whatever the record is.
        except Exception:  # Whatever one record does to a library stops no other.
            return LoadedInput(row, None, _(_NO_INPUT))

    def _read(self, row: int) -> bytes:
        if self._content is None:
            return self._source.read(row)
        return read_unchanged(self._source, row, self._content[row].tobytes())

    def first(self, rows: Sequence[int], most: int) -> list[LoadedInput]:
        """Return the first readable records among the rows, all of the first one's shape."""
        records: list[LoadedInput] = []
        for row in rows:
            record = self.load(row)
            if record.values is None or (records and record.values.shape != _shape(records[0])):
                continue
            records.append(record)
            if len(records) == most:
                break
        return records

    def ahead(
        self, batches: Iterable[NDArray[np.int64]], threads: int
    ) -> Generator[LoadedBatch, None, None]:
        """Read batches in their order, as many ahead as there are threads."""
        waiting: deque[Future[LoadedBatch]] = deque()
        with ThreadPoolExecutor(threads) as pool:
            try:
                for batch in batches:
                    waiting.append(pool.submit(self._load_all, batch))
                    if len(waiting) > threads:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _load_all(self, batch: NDArray[np.int64]) -> LoadedBatch:
        places = {int(batch[place]): int(place) for place in np.flatnonzero(batch != EMPTY)}
        of_shape = defaultdict[tuple[int, ...], dict[int, InputArray]](dict)
        others = []
        for row, made in self._made_of(list(places)):
            if isinstance(made, LoadedInput):
                others.append(made)
            elif made.shape in self._shapes:
                of_shape[made.shape][row] = made
            else:
                others.append(LoadedInput(row, None, is_odd=True))
        return LoadedBatch(
            tuple(
                LoadedInputs(
                    np.array(list(inputs), dtype=np.int64),
                    np.array([places[row] for row in inputs], dtype=np.int64),
                    stacked(list(inputs.values())),
                )
                for inputs in of_shape.values()
            ),
            tuple(others),
        )

    def _made_of(self, rows: Sequence[int]) -> Iterator[tuple[int, InputArray | LoadedInput]]:
        """Yield rows with their inputs, or with why there is none."""
        if not isinstance(self._preprocess, InputsOfMany):
            yield from ((row, self._made_alone(row)) for row in rows)
            return
        contents, held = dict[int, Content](), 0
        for row, stored in self._stored_of(rows):
            content = None if stored is None else self._decoded(stored)
            if stored is None or content is None:
                yield row, self._made_alone(row)
                continue
            contents[row] = content
            held += len(stored)
            if held > _MOST_BYTES:
                yield from self._made_together(self._preprocess, contents)
                contents, held = {}, 0
        yield from self._made_together(self._preprocess, contents)

    def _stored_of(self, rows: Sequence[int]) -> Iterator[tuple[int, bytes | None]]:
        """Yield rows with their bytes; None where these cannot be read, or are not what they were."""
        if not isinstance(self._source, SourceOfMany):
            for row in rows:
                stored = None
                with suppress(UnreadableRecordError, MemoryError):
                    stored = self._read(row)
                yield row, stored
            return
        many = self._source.read_many(rows)
        if self._content is None:
            yield from zip(rows, many, strict=True)
            return
        for row, stored, known in zip(rows, many, self._content[rows], strict=True):
            yield row, stored if content_hash(stored) == known.tobytes() else None

    def _decoded(self, stored: bytes) -> Content | None:
        try:
            return self._source.kind.decode(stored)
        except Exception:  # Whatever it is, it comes again where it is told.
            return None

    def _made_together(
        self, inputs_of: InputsOfMany, contents: Mapping[int, Content]
    ) -> Iterator[tuple[int, InputArray | LoadedInput]]:
        made: Sequence[InputArray | None] = [None] * len(contents)
        with suppress(Exception):  # Of one of them, for which it comes again.
            made = inputs_of.of_many(list(contents), list(contents.values()))
        for row, values in zip(contents, made, strict=True):
            yield row, self._made_alone(row) if values is None else values

    def _made_alone(self, row: int) -> InputArray | LoadedInput:
        record = self.load(row)
        return record if record.values is None else record.values


class ScoredInputLoader:
    """Reads records by their rows in a project's table, wherever they stand in the source by now.

    Parameters
    ----------
    source : Source
        Where they are.
    index : Index
        The table's.
    preprocess : ToInput
        From a decoded record to an input.
    """

    def __init__(self, source: Source, index: Index, preprocess: ToInput) -> None:
        self._source, self._preprocess = source, preprocess
        self._records = ScoredRecords(source, index.ids, index.content)

    def read(self, row: int) -> InputArray:
        """Return the model's input for a record.

        Raises
        ------
        ChangedRecordError
            Where it is not what was scored, or is gone.
        UnreadableRecordError
            Where it cannot be read, or made into an input.
        """
        try:
            return self._preprocess(self._source.kind.decode(self._records.read(row)))
        except (UnreadableRecordError, DataSelectError):
            raise
        except MemoryError:
            raise UnreadableRecordError(_(_NO_MEMORY)) from None
        except Exception:  # Whatever one record does to a library stops no other.
            raise UnreadableRecordError(_(_NO_INPUT)) from None


def _shape(record: LoadedInput) -> tuple[int, ...] | None:
    return None if record.values is None else record.values.shape
