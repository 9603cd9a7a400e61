"""The header: the start button, the project, the tabs, the job in progress, the budget."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.actions import WindowAction
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.budget import BudgetBar
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.plain import Button, elided, tip
from dataselect_gui.workflow import JobKind, Progress

TABS = (PlaceId.SETUP, PlaceId.EXPLORE, PlaceId.RELEASE, PlaceId.LEDGER)
"""The places with a tab; each has the action of its own name."""
_WIDE = {"margin": 16, "tab": 32, "job": 240, "budget": 220}
_NARROW = {"margin": 12, "tab": 20, "job": 160, "budget": 100}
_LEAST_NAME, _MOST_NAME = 48, 280
_JOB_EDGES = 26
_PLACES_OF_JOBS = {
    JobKind.STUDY: PlaceId.STUDY,
    JobKind.CALIBRATION: PlaceId.REQUEST,
    JobKind.REQUEST: PlaceId.REQUEST,
}
"""The jobs with a page of their own; all others are shown in Setup."""


class Header(QFrame):
    """The header, the same for every place.

    Parameters
    ----------
    state : State
        What the window shows.
    actions : mapping of str to WindowAction
        What `make_actions` returns: a tab has its action's text, and is enabled with it.

    Attributes
    ----------
    tabs : dict of PlaceId to Button
        The tabs of the places.
    job : Button
        The job in progress; hidden while there is none.
    budget : BudgetBar
        What is spent of the open project's budget.
    """

    def __init__(self, state: State, actions: Mapping[str, WindowAction]) -> None:
        super().__init__()
        self._state = state
        self.setProperty("role", "bar")
        self.setFixedHeight(theme.HEADER)
        self._job_title = self._job_progress = ""
        self.home = _PlaceButton(state, PlaceId.START, "home")
        self.home.setText("DataSelect")
        self.home.setFont(theme.font(1, bold=True))
        self.home.setToolTip(tip(_("Start page")))
        self._name = Elided()
        self._name.setFont(theme.font(bold=True))
        self._name.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.tabs: dict[PlaceId, _Tab] = {}
        self.job = _PlaceButton(state, PlaceId.SETUP, "job")
        self.budget = BudgetBar()
        self._row = QHBoxLayout(self)
        self._row.setSpacing(0)
        self._row.addWidget(self.home)
        self._row.addSpacing(theme.SPACE[2])
        self._row.addWidget(self._name)
        self._row.addSpacing(theme.SPACE[1])
        for place in TABS:
            self.tabs[place] = tab = _Tab(state, place, actions[place])
            self._row.addWidget(tab)
        self._row.addStretch(1)
        self._row.addWidget(self.job)
        self._row.addSpacing(theme.SPACE[1])
        self._row.addWidget(self.budget)
        state.opened.connect(self._show_project)
        state.place_changed.connect(self._show_place)
        state.account_changed.connect(self._show_budget)
        state.cost_changed.connect(self._show_budget)
        state.jobs.started.connect(self._on_started)
        state.jobs.progressed.connect(self._on_progress)
        state.jobs.stopping.connect(self._on_stopping)
        state.jobs.finished.connect(self._on_finished)
        self._show_project()
        self._show_place()
        self._show_budget()
        self.show_job("")

    def show_job(self, title: str, progress: str = "", place: PlaceId = PlaceId.SETUP) -> None:
        """Show the job in progress; a click shows the place that has more of it.

        Parameters
        ----------
        title : str
            What is being done, empty for nothing; omitted where there is no room.
        progress : str
            The share that is done and the time that is left, never omitted.
        place : PlaceId
            That place.
        """
        self._job_title, self._job_progress = title, progress
        text = f"{title} {progress}".strip()
        self.job.set_place(place)
        self.job.setVisible(bool(text))
        self.job.setToolTip(tip(text))
        self.job.setAccessibleName(visible(text))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Make everything fit."""
        super().resizeEvent(event)
        self._fit()

    def _on_started(self, kind: JobKind) -> None:
        self.show_job(kind.running, place=self._place_of_job())

    def _on_stopping(self) -> None:
        self.show_job(_("Stopping"), place=self._place_of_job())

    def _on_progress(self, step: Progress) -> None:
        if self._state.jobs.is_stopping:
            return
        share = f"{100 * step.done // max(1, step.total)} %" if step.total > 1 else ""
        progress = " · ".join(part for part in (share, step.time_left) if part)
        self.show_job(step.phase.text, progress, self._place_of_job())

    def _on_finished(self) -> None:
        self.show_job("")

    def _place_of_job(self) -> PlaceId:
        kind = self._state.jobs.kind
        return PlaceId.SETUP if kind is None else _PLACES_OF_JOBS.get(kind, PlaceId.SETUP)

    def _show_project(self) -> None:
        look = self._state.look
        self._name.set_full_text("" if look is None else look.name)
        self._fit()

    def _show_place(self) -> None:
        for place, tab in self.tabs.items():
            tab.setChecked(place is self._state.place)

    def _show_budget(self) -> None:
        account = self._state.account
        self.budget.setVisible(account is not None)
        if account is not None:
            self.budget.show_budget(account.budget, account.total_plain, self._state.cost)

    def _fit(self) -> None:
        room = _NARROW if self.width() < theme.NARROW else _WIDE
        self._row.setContentsMargins(room["margin"], 0, room["margin"], 0)
        for tab in self.tabs.values():
            tab.setFixedWidth(tab.fontMetrics().horizontalAdvance(tab.text()) + room["tab"])
        self.budget.setFixedWidth(room["budget"])
        self._fit_job(room["job"] - _JOB_EDGES)
        self._fit_name(2 * room["margin"] + room["budget"])  # The budget comes with the project.

    def _fit_job(self, widest: int) -> None:
        metrics = self.job.fontMetrics()
        text = visible(f"{self._job_title} {self._job_progress}".strip())
        if self._job_progress and metrics.horizontalAdvance(text) > widest:
            text = self._job_progress  # The time left matters most.
        text = elided(metrics, text, Qt.TextElideMode.ElideRight, widest)
        self.job.setText(text)
        self.job.setFixedWidth(metrics.horizontalAdvance(text) + _JOB_EDGES)

    def _fit_name(self, taken: int) -> None:
        """Give the project's name the width that everything else leaves."""
        for place in range(self._row.count()):
            item = self._row.itemAt(place)
            if item is not None and item.widget() not in (self._name, self.budget):
                taken += item.minimumSize().width()
        widest = min(self.width() - taken, _MOST_NAME)
        name = visible(self._name.full_text)
        self._name.setFixedWidth(
            max(0, min(self._name.fontMetrics().horizontalAdvance(name) + 2, widest))
        )
        self._name.setVisible(bool(name) and widest >= _LEAST_NAME)


class _PlaceButton(Button):
    """A button that shows a place."""

    def __init__(self, state: State, place: PlaceId, role: str) -> None:
        super().__init__()
        self._state = state
        self._place = place
        self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._go)

    def set_place(self, place: PlaceId) -> None:
        """Set the place that it shows."""
        self._place = place

    def _go(self) -> None:
        self._state.show_place(self._place)


class _Tab(_PlaceButton):
    """The tab of a place, enabled with the place's action."""

    def __init__(self, state: State, place: PlaceId, action: WindowAction) -> None:
        super().__init__(state, place, "place")
        self._action = action
        self.setText(action.text())
        self.setCheckable(True)
        action.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        self.setEnabled(self._action.isEnabled())
        self.setToolTip(tip(self._action.obstacle))
