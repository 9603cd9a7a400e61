"""The header: the way home, the project, the places, the work in progress, the budget."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy

from dataselect_gui.plain import visible
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.budget import BudgetBar
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.plain import Button, elided, tip

PLACES = ("setup", "explore", "release", "ledger")
_WIDE = {"margin": 16, "tab": 32, "job": 240, "budget": 220}
_NARROW = {"margin": 12, "tab": 20, "job": 160, "budget": 100}
_LEAST_NAME, _MOST_NAME = 48, 280
_JOB_EDGES = 26


class Header(QFrame):
    """Stands over every place.

    Attributes
    ----------
    tabs : dict of str to Button
        The places, by name.
    job : Button
        What is being done; hidden while nothing is.
    budget : BudgetBar
        What is spent of the open project's budget.

    Signals
    -------
    wanted(str)
        A place is to be shown.
    """

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self.setFixedHeight(theme.HEADER)
        self._doing = self._how_far = ""
        self.home = _Way("start", "home")
        self.home.setText("DataSelect")
        self.home.setFont(theme.font(1, bold=True))
        self.home.setToolTip("Start page")
        self._name = Elided()
        self._name.setFont(theme.font(bold=True))
        self._name.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.tabs: dict[str, _Way] = {}
        self.job = _Way("setup", "job")
        self.budget = BudgetBar()
        self._row = QHBoxLayout(self)
        self._row.setSpacing(0)
        self._row.addWidget(self.home)
        self._row.addSpacing(theme.SPACE[2])
        self._row.addWidget(self._name)
        self._row.addSpacing(theme.SPACE[1])
        for name in PLACES:
            tab = _Way(name, "place")
            tab.setText(name.capitalize())
            tab.setCheckable(True)
            self.tabs[name] = tab
            self._row.addWidget(tab)
        self._row.addStretch(1)
        self._row.addWidget(self.job)
        self._row.addSpacing(theme.SPACE[1])
        self._row.addWidget(self.budget)
        for way in (self.home, self.job, *self.tabs.values()):
            way.wanted.connect(self.wanted)
        self.show_project("")
        self.show_job("")

    def show_project(self, name: str) -> None:
        """Show the name of the open project; empty for none."""
        self._name.set_words(name)
        self._fit()

    def show_place(self, name: str) -> None:
        """Show which place is in use."""
        for key, tab in self.tabs.items():
            tab.setChecked(key == name)

    def show_job(self, doing: str, how_far: str = "", place: str = "setup") -> None:
        """Show the work in progress, and lead to the place that shows more of it.

        Parameters
        ----------
        doing : str
            What is being done, empty for nothing; left out where there is no room for it.
        how_far : str
            The share that is done and the time that is left, which never give way.
        place : str
            The place's name.
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

    wanted = Signal(str)

    def __init__(self, place: str, role: str) -> None:
        super().__init__()
        self._place = place
        self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._want)

    def lead_to(self, place: str) -> None:
        """Lead to another place from now on."""
        self._place = place

    def _want(self) -> None:
        self.wanted.emit(self._place)
