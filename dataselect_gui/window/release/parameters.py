"""What some kinds of release need beside ε: bounds, numbers and edges, all of them public."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.texts.promises import NOT_WORTH
from dataselect_gui.window.release.kinds import has_bounds, takes
from dataselect_gui.window.release.prospect import agreed_threshold, known_bounds
from dataselect_gui.window.release.sentences import (
    BINS,
    BOUNDS,
    BY_CLASS,
    CLIP,
    COUNT,
    COUNTED,
    PADDING,
)
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.layout import row
from dataselect_gui.window.widgets.numbers import in_local_form, read_number, with_point
from dataselect_gui.window.widgets.plain import CheckBox, Label
from dataselect_gui.window.widgets.term import Titled
from dataselect_gui.workflow import Look, RecordRule, Rule, ScoreCut, whole_of

_MOST = 10_000_000


class Parameters(QWidget):
    """Asks for what belongs to a kind of release, and hides what does not.

    Signals
    -------
    changed()
        Anything is another.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.low, self.high = (
            _number(_("Lowest possible value of the score")),
            _number(_("Highest possible value of the score")),
        )
        self.count, self.rows = _whole(_("How many are taken")), _whole(_("Number of rows in the file"))
        self.bins = QLineEdit()
        self.bins.setAccessibleName(visible(_("Count by ranges of the score")))
        self.bins.setPlaceholderText("0, 0.1, 0.2, 0.5")
        self.by_class = CheckBox(_("By class"))
        self.passing = CheckBox(_("Count the records that your rule picks"))
        self.beyond = _number(_("Count the records from this score on"))
        self.clip = _number(_("Most that one record can add"))
        self._asked: tuple[QLineEdit, ...] = ()
        self._is_by_score = True
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.SPACE[0])
        bounds = row(self.low, Label(_("to")), self.high, paragraph())
        self._bounds = self._part(
            _("The score's lowest and highest possible value"), _(BOUNDS), bounds, term=Term.BOUNDS
        )
        count, rows = row(self.count, paragraph()), row(self.rows, paragraph())
        beyond, clip = row(self.beyond, paragraph()), row(self.clip, paragraph())
        self._passing = self._part(_("How many your rule picks"), _(NOT_WORTH), self.passing)
        self._parts = {
            "count": (self._part(_("How many are taken"), _(COUNT), count), self.count),
            "pad_to": (self._part(_("Number of rows in the file"), _(PADDING), rows), self.rows),
            "bins": (self._part(_("Count by ranges of the score"), _(BINS), self.bins), self.bins),
            "count_threshold": (
                self._part(_("Count from one score on"), _(COUNTED), beyond),
                self.beyond,
            ),
            "clip": (
                self._part(_("Most that one record can add"), _(CLIP), clip, term=Term.CLIP),
                self.clip,
            ),
        }
        self._by_class = self._part(_("Classes"), _(BY_CLASS), self.by_class)
        for field in self._fields:
            field.textChanged.connect(self._on_change)
        self.passing.toggled.connect(self._on_change)
        self.by_class.toggled.connect(self.changed)
        self._on_change()

    # What was answered, as `ReleaseRequest` has it

    @property
    def bounds(self) -> str | None:
        """Both bounds; None where neither was typed."""
        both = with_point(self.low.text()), with_point(self.high.text())
        return ",".join(both) if any(both) else None

    def first_empty(self) -> QLineEdit | None:
        """Return the first field that is asked for and empty; None where there is none."""
        return next((field for field in self._asked if not field.text()), None)

    @property
    def edges(self) -> str | None:
        """The edges of a histogram; None for none."""
        if not self._is_by_score:
            return None
        return ",".join(self.bins.text().replace(";", " ").replace(",", " ").split()) or None

    @property
    def beyond_threshold(self) -> str | None:
        """The threshold that records are counted beyond; None for none."""
        return read_number(self.beyond) if self._is_by_score else None

    def begin(self, look: Look | None, rule: Rule | None) -> None:
        """Begin anew with a project; what its request states stands as a placeholder."""
        norm = None if look is None else look.request.max_grad_norm
        self.clip.setPlaceholderText(visible("" if norm is None else str(norm)))
        agreed = agreed_threshold(look, rule)
        self.blockSignals(True)
        for field in self._fields:
            field.clear()
        self.by_class.setChecked(False)
        self.passing.setChecked(False)
        self.beyond.setText(in_local_form(agreed or ""))
        self.blockSignals(False)
        self.show_rule(look, rule)

    def show_rule(self, look: Look | None, rule: Rule | None) -> None:
        """Show what need not be typed for a rule, as placeholders."""
        low, high = known_bounds(look, rule) or (_("lowest"), _("highest"))
        self.low.setPlaceholderText(visible(low))
        self.high.setPlaceholderText(visible(high))
        picks = isinstance(rule, ScoreCut) and rule.by != "threshold"
        self.count.setPlaceholderText(visible(_("as your rule") if picks else ""))
        # A rule on several scores has no one score for a histogram: how many pass is all there is.
        self._is_by_score = not isinstance(rule, RecordRule)
        if not self._is_by_score:
            self.passing.setChecked(True)
        self.passing.setEnabled(self._is_by_score)

    def adapt(self, kind: str, mechanism: str | None, *, buys: bool) -> None:
        """Show what belongs to a kind of release."""
        bounded, taken = has_bounds(kind, mechanism, buys=buys), takes(kind, mechanism)
        self._bounds.setVisible(bounded)
        self._passing.setVisible("passing" in taken)
        self._by_class.setVisible("by_class" in taken)
        by_score = () if self._is_by_score else ("bins", "count_threshold")
        shown = {name for name in self._parts if name in taken and name not in by_score}
        for name, (part, _field) in self._parts.items():
            part.setVisible(name in shown)
        bounds = (self.low, self.high) if bounded else ()
        self._asked = (
            *bounds,
            *(field for name, (_part, field) in self._parts.items() if name in shown),
        )

    # Within

    @property
    def _fields(self) -> tuple[QLineEdit, ...]:
        return (self.low, self.high, *(field for _part, field in self._parts.values()))

    def _on_change(self) -> None:
        self.by_class.setEnabled(self.edges is not None or self.passing.isChecked())
        self.changed.emit()

    def _part(self, title: str, text: str, *fields: QWidget, term: Term | None = None) -> QWidget:
        part = QWidget()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, theme.SPACE[2], 0, 0)
        column.setSpacing(theme.SPACE[0])
        column.addWidget(paragraph(title, bold=True) if term is None else Titled(title, term))
        for field in fields:
            column.addWidget(field)
        column.addWidget(paragraph(text, role="dim"))
        self._column.addWidget(part)
        return part


def read_whole(field: QLineEdit) -> int | None:
    """Return the whole number in a field; None where there is none."""
    return whole_of(field.text())


def _number(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setFixedWidth(96)
    field.setAccessibleName(visible(name))
    return field


def _whole(name: str) -> QLineEdit:
    field = _number(name)
    field.setFixedWidth(120)
    field.setValidator(QIntValidator(1, _MOST, field))
    return field
