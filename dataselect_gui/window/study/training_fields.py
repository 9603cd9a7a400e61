"""The fields on trainings that every study asks for: ε, how often, from where, how many at most."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QLineEdit, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.layout import row, stack
from dataselect_gui.window.widgets.plain import Label, RadioButton
from dataselect_gui.window.widgets.term import TermButton
from dataselect_gui.window.widgets.wheel import SpinBox
from dataselect_gui.workflow import FEWEST_SEEDS, Start

FIELD = 120
_WHY_EPSILONS = N_("Every training is also done without privacy protection.")


class TrainingFields(QObject):
    """The fields, for a form to set out.

    Parameters
    ----------
    parent : QWidget
        The form.

    Attributes
    ----------
    epsilons : QLineEdit
        The ε of the trainings with DP, with commas.
    seeds, limit : SpinBox
        How often each training is repeated; how many there may be.
    scratch, checkpoint : RadioButton
        What trainings start from.

    Signals
    -------
    changed()
        Something else was chosen or typed.
    """

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.epsilons = QLineEdit()
        self.seeds, self.limit = SpinBox(), SpinBox()
        self.scratch = RadioButton(_("a new small model"))
        self.checkpoint = RadioButton(_("the consortium's model"))
        self._starts = QButtonGroup(self)
        self.epsilons.setAccessibleName(visible(_("ε of the trainings with privacy protection")))
        self.seeds.setAccessibleName(visible(_("How often each training is repeated")))
        self.limit.setAccessibleName(visible(_("Most trainings")))
        self.seeds.setRange(FEWEST_SEEDS, 50)
        self.limit.setRange(1, 100_000)
        self.limit.setSingleStep(50)
        for field in (self.epsilons, self.seeds, self.limit):
            field.setFixedSize(FIELD, theme.TARGET)
        for button in (self.scratch, self.checkpoint):
            self._starts.addButton(button)
        self.epsilons.textChanged.connect(self.changed)
        for number in (self.seeds, self.limit):
            number.lineEdit().setTextMargins(4, 0, 0, 0)
            number.valueChanged.connect(self.changed)
        self._starts.buttonClicked.connect(self.changed)

    @property
    def start(self) -> Start:
        """What trainings start from."""
        return "checkpoint" if self.checkpoint.isChecked() else "scratch"

    def show_choices(self, epsilons: Sequence[str], seeds: int, start: Start) -> None:
        """Show what was chosen earlier."""
        self.epsilons.setText(", ".join(epsilons))
        self.seeds.setValue(seeds)
        (self.checkpoint if start == "checkpoint" else self.scratch).setChecked(True)

    def line_of_epsilons(self) -> tuple[str, QWidget]:
        """Return the line of a grid that asks for ε."""
        return _("Protection, ε"), row(
            self.epsilons, TermButton(Term.EPSILON), paragraph(_(_WHY_EPSILONS), role="dim")
        )

    def lines(self, *starts: RadioButton) -> tuple[tuple[str, QWidget], ...]:
        """Return the lines of a grid that ask for the rest; the usual start comes first."""
        times = _(
            "times. With fewer than {fewest}, chance could explain any difference.",
            fewest=FEWEST_SEEDS,
        )
        most = _("trainings, so that nobody starts days of work by mistake.")
        return (
            (_("Repeat"), row(self.seeds, paragraph(times, role="dim"))),
            (_("Start from"), stack(*starts)),
            (_("At most"), row(self.limit, paragraph(most, role="dim"))),
        )


def grid_of(*lines: tuple[str, QWidget]) -> QGridLayout:
    """Set out lines of a form: names on one side, what is asked on the other."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.SPACE[3])
    grid.setVerticalSpacing(theme.SPACE[2])
    grid.setColumnStretch(1, 1)
    for place, (name, widget) in enumerate(lines):
        label = Label(name)
        label.setProperty("role", "dim")
        label.setMinimumHeight(theme.TARGET)
        grid.addWidget(label, place, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(widget, place, 1)
    return grid
