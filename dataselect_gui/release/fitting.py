"""Refuse releases that are too large for a bundle or for the ledger, before the charge."""

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.release import limits
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.documents import document_text, release_document
from dataselect_gui.release.leaving import may_leave
from dataselect_gui.release.sizes import hold
from dataselect_gui.release.terms import Terms
from dataselect_gui.texts import _

_LATER = 1 << 12
"""Bytes by which a document may grow once a threshold is bought."""


def check_fits(candidates: Candidates, terms: Terms, model: Member, *, selection_open: bool) -> None:
    """Refuse a release that is larger than a bundle or the ledger can hold.

    Parameters
    ----------
    candidates : Candidates
        The records.
    terms : Terms
        The terms of the release.
    model : Member
        The checkpoint's final state.
    selection_open : bool
        Whether the selection is still open, because a threshold is to be bought.

    Raises
    ------
    UnusableError
        Where it is too large.
    """
    document = document_text(release_document(terms, "0" * 64))
    hold(len(document.encode()) + _LATER, limits.MOST_DOCUMENT, _("bytes of release.json"))
    terms.kind.check_size(
        candidates, may_leave(candidates, terms, selection_open=selection_open), model
    )
