"""The share of the records that is kept: all of them, or one by class or by a score."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.arrangement import title_of
from dataselect_gui.window.rule.by_class import ClassGrid, typed_number
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.plain import ComboBox, Label
from dataselect_gui.workflow import Keep, KeepByClass, KeepByScore, exact

_ABOUT = N_(
    "Chance decides for each record, once and for all. 1 keeps all, 0.5 about half, 0 none. "
    "The selection shows all that may be kept."
)
_FIELD = 120


class ShareForm(QFrame):
    """Asks for it.

    Signals
    -------
    changed()
        It says something else.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.by, self.score = ComboBox(), ComboBox()
        self.grid = ClassGrid(_("Share kept"))
        self.edges, self.shares = QLineEdit(), QLineEdit()
        self.others = QLineEdit()
        self._about = paragraph(_(_ABOUT), role="dim")
        self._others_name = Label()
        self._by_score, self._rest = QWidget(), QWidget()
        self._build()
        self.by.activated.connect(self._on_by)
        self.score.activated.connect(self.changed)
        for field in (self.edges, self.shares, self.others):
            field.textChanged.connect(self.changed)
        self.grid.changed.connect(self.changed)

    def show_keep(self, keep: Keep | None, scores: Sequence[str], classes: Sequence[str]) -> None:
        """Show which share is kept; None for all."""
        self.blockSignals(True)
        self._offer(by_class=len(classes) > 1 or isinstance(keep, KeepByClass))
        self.score.clear()
        for name in scores:
            self.score.add(title_of(name), name)
        table: dict[str, str] = {}
        self.edges.clear()
        self.shares.clear()
        self.others.setText("" if keep is None else exact(keep.otherwise))
        if isinstance(keep, KeepByClass):
            table = {name: exact(number) for name, number in keep.probabilities.numbers}
        elif isinstance(keep, KeepByScore):
            if self.score.findData(keep.score) < 0:
                self.score.add(title_of(keep.score), keep.score)
            self.score.choose(keep.score)
            self.edges.setText("; ".join(map(exact, keep.edges)))
            self.shares.setText("; ".join(map(exact, keep.probabilities)))
        kind = None if keep is None else "class" if isinstance(keep, KeepByClass) else "score"
        self.by.setCurrentIndex(self.by.findData(kind) if kind else 0)
        self.grid.show_classes(classes, table)
        self.blockSignals(False)
        self._adapt()

    def offer_classes(self, classes: Sequence[str]) -> None:
        """Offer a share of each class, where there are several."""
        self.grid.show_classes(classes, self.grid.numbers())
        if len(classes) > 1 and self.by.findData("class") < 0:
            chosen = self.by.chosen()
            self._offer(by_class=True)
            self.by.setCurrentIndex(self.by.findData(chosen) if chosen else 0)

    def form(self) -> dict[str, object] | None:
        """Return it as a rule has it; None for all."""
        others = typed_number(self.others)
        otherwise = {"otherwise": others} if others else {}
        match self.by.chosen():
            case "class":
                return {"by": "class", "probabilities": self.grid.numbers(), **otherwise}
            case "score":
                return {
                    "by": "score",
                    "score": self.score.chosen(),
                    "edges": _numbers(self.edges),
                    "probabilities": _numbers(self.shares),
                    **otherwise,
                }
            case _:
                return None

    # Within

    def _offer(self, *, by_class: bool) -> None:
        self.by.clear()
        self.by.add(_("all of them"))
        if by_class:
            self.by.add(_("a share of each class"), "class")
        self.by.add(_("a share by a score"), "score")

    def _on_by(self) -> None:
        self._adapt()
        self.changed.emit()

    def _adapt(self) -> None:
        by = self.by.chosen()
        self.grid.setVisible(by == "class")
        self._by_score.setVisible(by == "score")
        self._rest.setVisible(by is not None)
        self._about.setVisible(by is not None)
        is_class = by == "class"
        self._others_name.setText(_("All other records") if is_class else _("Without such a number"))
        self.others.setPlaceholderText(visible("1" if is_class else "0"))

    def _build(self) -> None:
        self.by.setAccessibleName(visible(_("Of the records that meet all of this, keep")))
        self.score.setAccessibleName(visible(_("Score of the share")))
        self.by.setMinimumWidth(200)
        for field, name, example in (
            (self.edges, _("Between which values"), "0.5; 2"),
            (self.shares, _("Share kept below, between and above"), "1; 0.5; 0"),
            (self.others, _("Share kept of all others"), ""),
        ):
            field.setAccessibleName(visible(name))
            field.setPlaceholderText(visible(example))
            field.setMinimumHeight(theme.TARGET)
        self.others.setFixedWidth(_FIELD)
        by_score = _grid(self._by_score)
        for line, (name, widget) in enumerate(
            (
                (_("By the score"), self.score),
                (_("Split at"), self.edges),
                (_("Shares"), self.shares),
            )
        ):
            label = Label(name)
            label.setProperty("role", "dim")
            by_score.addWidget(label, line, 0)
            by_score.addWidget(widget, line, 1)
        rest = _grid(self._rest)
        self._others_name.setProperty("role", "dim")
        rest.addWidget(self._others_name, 0, 0)
        rest.addWidget(self.others, 0, 1, Qt.AlignmentFlag.AlignLeading)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(theme.SPACE[1])
        column.addWidget(paragraph(_("Of the records that meet all of this, keep"), bold=True))
        column.addWidget(self.by, 0, Qt.AlignmentFlag.AlignLeading)
        for part in (self.grid, self._by_score, self._rest, self._about):
            column.addWidget(part)


def _grid(owner: QWidget) -> QGridLayout:
    grid = QGridLayout(owner)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(theme.SPACE[2])
    grid.setVerticalSpacing(theme.SPACE[0])
    grid.setColumnMinimumWidth(0, _FIELD)
    grid.setColumnStretch(1, 1)
    return grid


def _numbers(field: QLineEdit) -> list[object]:
    """Return the numbers of a list as they were typed; a comma between digits is a decimal one."""
    return list(field.text().replace(";", " ").replace(", ", " ").replace(",", ".").split())
