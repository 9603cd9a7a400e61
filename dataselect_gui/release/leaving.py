"""Check before the charge that the records that may leave can be written."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.decoding_process import DecodingProcess
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.kinds.kind import as_selection
from dataselect_gui.release.terms import Terms
from dataselect_gui.texts import _


def may_leave(candidates: Candidates, terms: Terms, *, selection_open: bool) -> NDArray[np.bool_]:
    """Return which records may be in a release, shape (n,).

    Parameters
    ----------
    candidates : Candidates
        The records.
    terms : Terms
        The terms of the release.
    selection_open : bool
        Whether the selection is still open, because a threshold is to be bought.
    """
    part = candidates.eligible if candidates.part is None else candidates.part
    keeps = (
        terms.kind.discloses and as_selection(terms.mechanism).keeps_to_selection and not selection_open
    )
    return part & candidates.chosen if keeps else part


def check_leaving(
    candidates: Candidates, terms: Terms, *, selection_open: bool, report: Callable[[int, int], None]
) -> None:
    """Clean every record that may leave, as a trial.

    The results are discarded: a process that decoded a record that stays could hide it in one that
    leaves. Records that were cleaned while they were read again are not cleaned again.

    Parameters
    ----------
    candidates : Candidates
        The records.
    terms : Terms
        The terms of the release.
    selection_open : bool
        Whether the selection is still open, because a threshold is to be bought.
    report : callable
        Called with the numbers of records checked and to check.

    Raises
    ------
    UnusableError
        Where one cannot be cleaned.
    """
    if not terms.kind.discloses or not candidates.source.kind.is_confined:
        return
    rows = np.flatnonzero(may_leave(candidates, terms, selection_open=selection_open)).tolist()
    if candidates.unwritable is not None:
        for row in rows:
            if row in candidates.unwritable:
                raise _unwritable(candidates, row, candidates.unwritable[row])
        return
    with DecodingProcess() as decoding:
        for number, row in enumerate(rows, start=1):
            try:
                decoding.clean(candidates.source.kind, candidates.records.read(row))
            except UnreadableRecordError as error:
                raise _unwritable(candidates, row, str(error)) from None
            report(number, len(rows))


def _unwritable(candidates: Candidates, row: int, reason: str) -> UnusableError:
    return UnusableError(
        _("A record that may leave cannot be written without its metadata."),
        _(
            "Record {row} of {count}, in the source's order: {reason} Nothing was charged for "
            "this release.",
            row=row + 1,
            count=len(candidates.index.ids),
            reason=reason,
        ),
        _("Keep the record from leaving, or store it in another form and score it again."),
    )
