"""The header: the way home, the project, the places, the work in progress, the budget."""

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


class Header(QFrame):
    """Stands over every place.

    Parameters
    ----------
    state : State
        What the window shows.
    actions : mapping of str to WindowAction
        What `make_actions` made: a tab is called as its action is, and is on and off with it.

    Attributes
    ----------
    tabs : dict of PlaceId to Button
        The ways to the places.
    job : Button
        What is being done; hidden while nothing is.
    budget : BudgetBar
        What is spent of the open project's budget.
    """

    def __init__(self, state: State, actions: Mapping[str, WindowAction]) -> None:
        super().__init__()
        self._state = state
        self.setProperty("role", "bar")
        self.setFixedHeight(theme.HEADER)
        self._doing = self._how_far = ""
        self.home = _Way(state, PlaceId.START, "home")
        self.home.setText("DataSelect")
        self.home.setFont(theme.font(1, bold=True))
        self.home.setToolTip(tip(_("Start page")))
        self._name = Elided()
        self._name.setFont(theme.font(bold=True))
        self._name.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.tabs: dict[PlaceId, _Tab] = {}
        self.job = _Way(state, PlaceId.SETUP, "job")
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
        state.jobs.finished.connect(self._on_finished)
        self._show_project()
        self._show_place()
        self._show_budget()
        self.show_job("")

    def show_job(self, doing: str, how_far: str = "", place: PlaceId = PlaceId.SETUP) -> None:
        """Show the work in progress, and lead to the place that shows more of it.

        Parameters
        ----------
        doing : str
            What is being done, empty for nothing; left out where there is no room for it.
        how_far : str
            The share that is done and the time that is left, which never give way.
        place : PlaceId
            That place.
        """
        self._doing, self._how_far = doing, how_far
        words = f"{doing} {how_far}".strip()
        self.job.lead_to(place)
        self.job.setVisible(bool(words))
        self.job.setToolTip(tip(words))
        self.job.setAccessibleName(visible(words))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Make everything fit."""
        super().resizeEvent(event)
        self._fit()

    def _on_started(self, kind: JobKind) -> None:
        self.show_job(kind.running, place=self._place_of_job())

    def _on_progress(self, step: Progress) -> None:
        share = f"{100 * step.done // max(1, step.total)} %" if step.total > 1 else ""
        how_far = " · ".join(part for part in (share, step.time_left) if part)
        self.show_job(step.phase.text, how_far, self._place_of_job())

    def _on_finished(self) -> None:
        self.show_job("")

    def _place_of_job(self) -> PlaceId:
        return PlaceId.STUDY if self._state.jobs.kind is JobKind.STUDY else PlaceId.SETUP

    def _show_project(self) -> None:
        look = self._state.look
        self._name.set_words("" if look is None else look.name)
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

    def _fit_job(self, most: int) -> None:
        metrics = self.job.fontMetrics()
        words = visible(f"{self._doing} {self._how_far}".strip())
        if self._how_far and metrics.horizontalAdvance(words) > most:
            words = self._how_far  # What is left to wait is what a person looks for here.
        words = elided(metrics, words, Qt.TextElideMode.ElideRight, most)
        self.job.setText(words)
        self.job.setFixedWidth(metrics.horizontalAdvance(words) + _JOB_EDGES)

    def _fit_name(self, taken: int) -> None:
        """Give the project's name what everything else leaves of the line."""
        for place in range(self._row.count()):
            item = self._row.itemAt(place)
            if item is not None and item.widget() not in (self._name, self.budget):
                taken += item.minimumSize().width()
        most = min(self.width() - taken, _MOST_NAME)
        words = visible(self._name.words)
        self._name.setFixedWidth(
            max(0, min(self._name.fontMetrics().horizontalAdvance(words) + 2, most))
        )
        self._name.setVisible(bool(words) and most >= _LEAST_NAME)


class _Way(Button):
    """Leads to a place."""

    def __init__(self, state: State, place: PlaceId, role: str) -> None:
        super().__init__()
        self._state = state
        self._place = place
        self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._go)

    def lead_to(self, place: PlaceId) -> None:
        """Lead to another place from now on."""
        self._place = place

    def _go(self) -> None:
        self._state.show_place(self._place)


class _Tab(_Way):
    """Leads to a place, as far as its action can be done."""

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
