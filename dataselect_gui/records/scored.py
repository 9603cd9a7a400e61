"""Records as they were scored, read again from a source that may have changed since."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.records.opening import read_unchanged
from dataselect_gui.records.source import ChangedRecordError, Source, UnreadableRecordError
from dataselect_gui.texts import _


class ScoredRecords:
    """Reads records by their rows as they were scored, wherever they stand in the source by now.

    Parameters
    ----------
    source : Source
        Where they are.
    ids : sequence of str
        The records that were scored, shape (n,).
    content : ndarray of uint8
        Their content hashes then, shape (n, 32); zeros where one could not be read.

    Attributes
    ----------
    places : sequence of int or None
        Where each is in the source, shape (n,); None where it is gone.
    """

    def __init__(self, source: Source, ids: Sequence[str], content: NDArray[np.uint8]) -> None:
        self._source, self._content = source, content
        self.places: Sequence[int | None] = range(len(ids))
        if list(source.ids) == list(ids):
            source.ids = ids  # Equal names of a million records are kept once.
        else:
            places = {record: place for place, record in enumerate(source.ids)}
            self.places = [places.get(record) for record in ids]

    def was_read(self, row: int) -> bool:
        """Say whether a record could be read when it was scored."""
        return bool(self._content[row].any())

    def read(self, row: int) -> bytes:
        """Return the stored bytes of a record: those that were scored, and no others.

        Raises
        ------
        ChangedRecordError
            Where they are others, or can be read no longer, or only now.
        UnreadableRecordError
            Where they cannot be read, as when it was scored.
        """
        place = self.places[row]
        if place is None:
            raise ChangedRecordError(_("The record is no longer in the source."))
        if not self.was_read(row):
            self._source.read(place)
            raise ChangedRecordError(
                _("The record could not be read when it was scored, and can be now.")
            )
        try:
            return read_unchanged(self._source, place, self._content[row].tobytes())
        except UnreadableRecordError as reason:
            raise ChangedRecordError(str(reason)) from None
