"""From rows to the model's inputs, ahead of the computing that takes them."""

from collections import deque
from collections.abc import Container, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import DataSelectError
from dataselect_gui.project.table import Index
from dataselect_gui.records.kinds.kind import InputArray, ToInput
from dataselect_gui.records.opening import read_unchanged
from dataselect_gui.records.scored import ScoredRecords
from dataselect_gui.records.source import ChangedRecordError, Source, UnreadableRecordError
from dataselect_gui.texts import _
from dataselect_gui.worker.batches import EMPTY


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


def stacked(records: Iterable[LoadedInput]) -> InputArray:
    """Return the inputs of records, all of one shape, as a batch; those without are left out."""
    inputs = [record.values for record in records if record.values is not None]
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
            return LoadedInput(row, None, _("It takes more memory than there is to read it."))

    def _load(self, row: int) -> LoadedInput:
        was_there = self._content is not None and bool(self._content[row].any())
        try:
            if self._content is None:
                stored = self._source.read(row)
            else:
                stored = read_unchanged(self._source, row, self._content[row].tobytes())
        except ChangedRecordError:
            return LoadedInput(row, None, _("The record changed while it was being scored."), True)
        except UnreadableRecordError as reason:
            if was_there:  # As with a disk that was unplugged: it may be there tomorrow.
                return LoadedInput(row, None, has_changed=True)
            return LoadedInput(row, None, str(reason))
        try:
            return LoadedInput(row, self._preprocess(self._source.kind.decode(stored)))
        except UnreadableRecordError as reason:
            return LoadedInput(row, None, str(reason))
        except DataSelectError:
            raise  # Of the checkpoint, whatever the record is.
        except Exception:  # Whatever one record does to a library stops no other.
            return LoadedInput(row, None, _("It cannot be made into an input of the model."))

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
    ) -> Generator[tuple[LoadedInput | None, ...], None, None]:
        """Read batches in their order, as many ahead as there are threads; None for an empty place."""
        waiting: deque[Future[tuple[LoadedInput | None, ...]]] = deque()
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

    def _load_all(self, batch: NDArray[np.int64]) -> tuple[LoadedInput | None, ...]:
        return tuple(None if row == EMPTY else self._for_batch(row) for row in batch.tolist())

    def _for_batch(self, row: int) -> LoadedInput:
        record = self.load(row)
        is_odd = record.values is not None and record.values.shape not in self._shapes
        return LoadedInput(row, None, is_odd=True) if is_odd else record


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
            Where it cannot be read.
        """
        return self._preprocess(self._source.kind.decode(self._records.read(row)))


def _shape(record: LoadedInput) -> tuple[int, ...] | None:
    return None if record.values is None else record.values.shape
