"""From rows to the model's inputs, ahead of the computing that takes them."""

from collections import defaultdict, deque
from collections.abc import Container, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import DataSelectError
from dataselect_gui.project.table import Index
from dataselect_gui.records.kinds.kind import InputArray, InputsOfMany, InputsOfShape, ToInput
from dataselect_gui.records.opening import read_unchanged
from dataselect_gui.records.scored import ScoredRecords
from dataselect_gui.records.source import (
    ChangedRecordError,
    Contents,
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
        The hash that each record shall have, shape (n, 32); None where that does not matter, or where
        all of them are in memory, as they were when their hashes were taken.
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
        places = np.flatnonzero(batch != EMPTY)
        rows, is_left = batch[places], np.ones(len(places), dtype=bool)
        of_shape = defaultdict[tuple[int, ...], list[InputsOfShape]](list)
        for chosen, values in self._made_together(rows):
            shape = values.shape[1:]
            if shape in self._shapes:
                of_shape[shape].append((chosen, values))
                is_left[chosen] = False
        others = []
        for number in np.flatnonzero(is_left).tolist():
            record = self.load(int(rows[number]))
            if record.values is None:
                others.append(record)
            elif record.values.shape in self._shapes:
                of_shape[record.values.shape].append((np.array([number]), record.values[None]))
            else:
                others.append(LoadedInput(record.row, None, is_odd=True))
        inputs = []
        for made in of_shape.values():
            chosen = np.concatenate([some for some, _values in made])
            values = np.concatenate([values for _some, values in made])
            inputs.append(LoadedInputs(rows[chosen], places[chosen], values))
        return LoadedBatch(tuple(inputs), tuple(others))

    def _made_together(self, rows: NDArray[np.int64]) -> Iterator[InputsOfShape]:
        """Yield inputs that can be made of many rows in one go; others are made each by itself."""
        if not isinstance(self._preprocess, InputsOfMany):
            return
        for some, contents in self._contents_of(rows):
            made: Sequence[InputsOfShape] = []
            with suppress(Exception):  # Of one of them, for which it comes again.
                made = self._preprocess.of_many(rows[some], contents)
            yield from ((some[chosen], values) for chosen, values in made)

    def _contents_of(self, rows: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], Contents]]:
        """Yield what rows hold, behind their places, so many at once as are not too large."""
        source = self._source
        if self._content is None and isinstance(source, SourceOfMany):
            groups = np.cumsum(source.sizes(rows)) // _MOST_BYTES
            for some in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(groups)) + 1):
                with suppress(Exception):  # Of one of them, for which it comes again.
                    yield some, source.contents(rows[some])
            return
        texts, held = dict[int, str](), 0
        for place, row in enumerate(rows.tolist()):
            with suppress(Exception):  # Whatever it is, it comes again where it is told.
                stored = self._read(row)
                content = source.kind.decode(stored)
                if isinstance(content, str):
                    texts[place] = content
                    held += len(stored)
            if held > _MOST_BYTES:
                yield np.array(list(texts), dtype=np.int64), list(texts.values())
                texts, held = {}, 0
        yield np.array(list(texts), dtype=np.int64), list(texts.values())


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
