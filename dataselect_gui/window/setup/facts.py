"""A panel of facts under a heading, with a list of problems."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout

from dataselect_gui.plain import visible
from dataselect_gui.texts import _, ngettext
from dataselect_gui.window.setup.choosing import Chooser
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.column import clear
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.plain import Button, Label, Lines
from dataselect_gui.window.widgets.term import Titled


class Facts(QFrame):
    """A heading with facts, and problems in a list that can be copied."""

    def __init__(self, title: str, *terms: Term) -> None:
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
        self._heading = QHBoxLayout()
        self._heading.setSpacing(theme.SPACE[1])
        heading = Titled(title, *terms, step=2)
        heading.setMinimumHeight(theme.TARGET)  # As high with a “?” as without.
        self._heading.addWidget(heading, 1)
        layout.addLayout(self._heading)
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
            The name and the value of each.
        problems : list of str
            One a line.
        path : Path or None
            Where it is, which is the first fact; None for nowhere.
        """
        self._text.setText(text)
        self._text.setVisible(bool(text))
        clear(self._grid)
        if path is not None:
            self._add(_("Where"), _path_label(str(path)))
        for name, value in facts:
            self._add(name, _value_label(value))
        self._problem_count.setText(ngettext("{count:,} problem", "{count:,} problems", len(problems)))
        self._problem_count.setVisible(bool(problems))
        self.problems.show_lines(problems)
        self.problems.setVisible(bool(problems))

    def _add(self, name: str, value: Label) -> None:
        line, label = self._grid.count() // 2, Label(name)
        label.setProperty("role", "dim")
        self._grid.addWidget(label, line, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(value, line, 1)


class InputFacts(Facts):
    """The facts of one of the two inputs, with a button by which another one takes its place.

    Signals
    -------
    chosen(Path)
        Something was chosen; inspection finds what it is.
    """

    chosen = Signal(object)

    def __init__(self, title: str, *terms: Term) -> None:
        super().__init__(title, *terms)
        self.change, self.chooser = Button(), Chooser()
        self.change.setProperty("role", "link")
        self.change.clicked.connect(self._ask)
        self.chooser.chosen.connect(self._on_chosen)
        self._title = title
        self._heading.addWidget(self.change)
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(1, self.chooser)
        self.show_facts("", [], [])

    def show_facts(
        self, text: str, facts: list[tuple[str, str]], problems: list[str], path: Path | None = None
    ) -> None:
        """Show what there is; the two ways to choose are folded away."""
        super().show_facts(text, facts, problems, path)
        self.change.setText(_("Choose…") if path is None else _("Change…"))
        self.change.setAccessibleName(visible(f"{self.change.text()} {self._title}"))
        self.chooser.hide()

    def _ask(self) -> None:
        self.chooser.setVisible(self.chooser.isHidden())
        if not self.chooser.isHidden():
            self.chooser.folder.setFocus()

    def _on_chosen(self, path: Path) -> None:
        self.chooser.hide()
        self.change.setFocus()
        self.chosen.emit(path)


def _path_label(value: str) -> Elided:
    """Return a path on one line, in full in its tool tip."""
    label = Elided(Qt.TextElideMode.ElideMiddle)
    label.set_full_text(value)
    return label


def _value_label(value: str) -> Label:
    label = paragraph(value)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
