"""Keeps up with the answers: what the release under consideration would come to."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from dataselect_gui.errors import DataSelectError
from dataselect_gui.window.latest import Latest
from dataselect_gui.window.release.jobs import Foreseeing
from dataselect_gui.window.release.prospect import Prospect
from dataselect_gui.workflow import Account, JobKind, Released, ReleaseRequest

_NOTHING = Prospect(ReleaseRequest(Path()), None)


class Foresight(QObject):
    """Foresees in another thread, whenever something else is asked.

    Attributes
    ----------
    prospect : Prospect
        The release under consideration, as far as it is known.

    Signals
    -------
    changed()
        More is known of it.
    """

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.prospect = _NOTHING
        self._latest = Latest(self)
        self._is_current = False

    @property
    def running(self) -> bool:
        """Whether its thread is running."""
        return self._latest.running

    def close(self) -> None:
        """Stop, and wait for the thread."""
        self._latest.close()

    def forget(self) -> None:
        """Know nothing: another project is open."""
        self._latest.drop()
        self._is_current, self.prospect = False, _NOTHING

    def doubt(self) -> None:
        """Foresee anew what is considered next: the ledger, or the selection, is another one."""
        self._is_current = False

    def rest(self, asked: ReleaseRequest, account: Account | None) -> None:
        """Foresee nothing: answers are missing."""
        self._latest.drop()
        self._is_current, self.prospect = False, Prospect(asked, account)

    def consider(self, project: Path, asked: ReleaseRequest, account: Account | None) -> None:
        """Begin to foresee a release, unless it was just that."""
        # Whether the owner agrees changes nothing of what would come of it.
        asked = replace(asked, acknowledge_exact=False, reason=None)
        if self._is_current and asked == self.prospect.asked:
            return
        # What was foreseen before is shown until the answer is there, as no longer holding.
        kept = self.prospect.foreseen if _is_alike(self.prospect.asked, asked) else None
        self._is_current, self.prospect = True, Prospect(asked, account, kept, waiting=True)
        work = Foreseeing(project, asked)
        self._latest.ask(JobKind.PREVIEW, work, self._on_foreseen, self._on_fault)

    def _on_foreseen(self, foreseen: Released) -> None:
        self.prospect = replace(self.prospect, foreseen=foreseen, waiting=False)
        self.changed.emit()

    def _on_fault(self, error: DataSelectError) -> None:
        self.prospect = replace(self.prospect, foreseen=None, fault=error, waiting=False)
        self.changed.emit()


def _is_alike(earlier: ReleaseRequest, asked: ReleaseRequest) -> bool:
    """Say whether what is shown of an earlier request may stand until the answer is there.

    Only the amounts may be others: a promise that does not hold any more is not shown for a moment.
    """
    there, here = (
        replace(request, epsilon=None, delta=None, to=Path()) for request in (earlier, asked)
    )
    return there == here
