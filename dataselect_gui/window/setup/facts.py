"""Facts under a heading, line by line, and the problems that were met."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout

from dataselect_gui.plain import visible
from dataselect_gui.texts import _, ngettext
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.column import clear
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.plain import Label, Lines


class Facts(QFrame):
    """A heading with facts, and problems in a list that can be copied."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._text = paragraph(role="dim")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.SPACE[3])
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self.problems = Lines()
        self.problems.setMaximumHeight(120)
        self.problems.setAccessibleName(visible(_("Problems: {title}", title=title)))
        self._problem_count = paragraph(role="warning")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(theme.SPACE[1])
        layout.addWidget(paragraph(title, step=2, bold=True))
        layout.addWidget(self._text)
        layout.addLayout(self._grid)
        layout.addWidget(self._problem_count)
        layout.addWidget(self.problems)
        layout.addStretch()

    def show_facts(
        self, text: str, facts: list[tuple[str, str]], problems: list[str], path: Path | None = None
    ) -> None:
        """Show a sentence, facts and problems.

        Parameters
        ----------
        text : str
            A sentence; empty for none.
        facts : list of (str, str)
            What each is about, and what is so.
        problems : list of str
            One a line.
        path : Path or None
            Where it is, which is the first fact; None for nowhere.
        """
        self._text.setText(text)
        self._text.setVisible(bool(text))
        clear(self._grid)
        if path is not None:
            self._add(_("Where"), _place(str(path)))
        for name, value in facts:
            self._add(name, _value(value))
        self._problem_count.setText(ngettext("{count:,} problem", "{count:,} problems", len(problems)))
        self._problem_count.setVisible(bool(problems))
        self.problems.show_lines(problems)
        self.problems.setVisible(bool(problems))

    def _add(self, name: str, value: Label) -> None:
        line, label = self._grid.count() // 2, Label(name)
        label.setProperty("role", "dim")
        self._grid.addWidget(label, line, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(value, line, 1)


def _place(value: str) -> Elided:
    """Return a path on one line, whole in its tool tip."""
    shown = Elided(Qt.TextElideMode.ElideMiddle)
    shown.set_words(value)
    return shown


def _value(value: str) -> Label:
    shown = paragraph(value)
    shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return shown
