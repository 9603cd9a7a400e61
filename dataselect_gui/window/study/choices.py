"""What a study compares: right as it stands, and folded away until somebody wants it otherwise."""

from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.window.study.training_fields import FIELD, TrainingFields, grid_of
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.budget import read_amount
from dataselect_gui.window.widgets.column import clear
from dataselect_gui.window.widgets.fold import Fold
from dataselect_gui.window.widgets.layout import row
from dataselect_gui.window.widgets.plain import CheckBox
from dataselect_gui.workflow import (
    MOST_TRAININGS,
    Start,
    StudyChoices,
    StudyScore,
    exact,
    name_of,
)

SHARES, EPSILONS = "10, 30", "8"
MOST_EPSILON = Decimal(100)
NO_SCORE = N_("Choose at least one score. Random picks are always compared.")
WRONG_SHARES = N_("Write the shares as numbers above 0 and at most 100, separated by commas: 10, 30.")
WRONG_EPSILONS = N_("Write ε as numbers above 0 and at most 100, separated by commas: 3, 8.")


class StudyForm(Fold):
    """Asks what is compared, and holds no answer of its own but what is on the screen.

    Signals
    -------
    changed()
        The answers on the screen are others, perhaps not all of them possible.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__(_("Compare something else"))
        self.scores: dict[str, CheckBox] = {}
        self._possible: set[str] = set()
        self.shares, self._trainings = QLineEdit(), TrainingFields(self)
        self.epsilons, self.seeds, self.limit = (
            self._trainings.epsilons,
            self._trainings.seeds,
            self._trainings.limit,
        )
        self.scratch, self.checkpoint = self._trainings.scratch, self._trainings.checkpoint
        self._offered = QVBoxLayout()
        self._offered.setSpacing(theme.SPACE[0])
        self._build()
        self.shares.textChanged.connect(self.changed)
        self._trainings.changed.connect(self.changed)

    @property
    def start(self) -> Start:
        """What trainings start from."""
        return self._trainings.start

    def offer(self, scores: Sequence[StudyScore]) -> None:
        """Offer scores to pick by, and propose the usual comparison."""
        clear(self._offered)
        self.scores = {}
        self._possible = {score.name for score in scores if not score.obstacle}
        for score in sorted(scores, key=lambda score: bool(score.obstacle)):
            box, about = CheckBox(score.label), score.obstacle or _(score.meaning)
            box.setEnabled(not score.obstacle)
            box.setAccessibleDescription(visible(about))
            box.setMinimumSize(FIELD, theme.TARGET)
            box.toggled.connect(self.changed)
            self.scores[score.name] = box
            self._offered.addWidget(row(box, paragraph(about, role="dim")))
        proposed = tuple(score.name for score in scores if score.proposed)
        self.show_choices(StudyChoices(proposed))
        self.limit.setValue(MOST_TRAININGS)

    def show_choices(self, choices: StudyChoices) -> None:
        """Show what was chosen earlier, as far as it is still possible."""
        self.blockSignals(True)
        for name, box in self.scores.items():
            box.setChecked(name in choices.scores and name in self._possible)
        self.shares.setText(", ".join(exact(Decimal(share) * 100) for share in choices.shares))
        self._trainings.show_choices(choices.epsilons, choices.seeds, choices.start)
        self.blockSignals(False)

    def read(self) -> StudyChoices | str:
        """Return what is chosen; where it makes no sense, what is to be put right."""
        scores = tuple(name for name, box in self.scores.items() if box.isChecked())
        shares = numbers_in(self.shares.text(), Decimal(100))
        epsilons = numbers_in(self.epsilons.text(), MOST_EPSILON)
        if not scores:
            return _(NO_SCORE)
        if shares is None:
            return _(WRONG_SHARES)
        if epsilons is None:
            return _(WRONG_EPSILONS)
        return StudyChoices(
            scores,
            tuple(exact(share / 100) for share in shares),
            tuple(exact(epsilon) for epsilon in epsilons),
            self.seeds.value(),
            self.start,
        )

    def _build(self) -> None:
        self.shares.setAccessibleName(visible(_("Shares of the records, in per cent")))
        self.shares.setFixedSize(FIELD, theme.TARGET)
        scores = QWidget()
        scores.setLayout(self._offered)
        self._offered.setContentsMargins(0, 0, 0, 0)
        self.body.addLayout(
            grid_of(
                (_("Pick by"), scores),
                (_("Train on"), row(self.shares, paragraph(_("% of the records"), role="dim"))),
                self._trainings.line_of_epsilons(),
                *self._trainings.lines(self.scratch, self.checkpoint),
            )
        )


def summary(choices: StudyChoices) -> str:
    """Return what is compared, as a sentence."""
    scores = _listed([name_of(score) for score in choices.scores])
    shares = _listed([f"{exact(Decimal(share) * 100)} %" for share in choices.shares])
    epsilons = _listed(list(choices.epsilons))
    match choices.start:
        case "scratch":
            return ngettext(
                "Records with the highest, the middle and the lowest {scores}, and random "
                "ones: {shares} of all records each. Trained with privacy protection (ε = "
                "{epsilons}) and without, {count} time, starting from a new small model.",
                "Records with the highest, the middle and the lowest {scores}, and random "
                "ones: {shares} of all records each. Trained with privacy protection (ε = "
                "{epsilons}) and without, {count} times, starting from a new small model.",
                choices.seeds,
                scores=scores,
                shares=shares,
                epsilons=epsilons,
            )
        case "checkpoint":
            return ngettext(
                "Records with the highest, the middle and the lowest {scores}, and random "
                "ones: {shares} of all records each. Trained with privacy protection (ε = "
                "{epsilons}) and without, {count} time, starting from the consortium's "
                "model.",
                "Records with the highest, the middle and the lowest {scores}, and random "
                "ones: {shares} of all records each. Trained with privacy protection (ε = "
                "{epsilons}) and without, {count} times, starting from the consortium's "
                "model.",
                choices.seeds,
                scores=scores,
                shares=shares,
                epsilons=epsilons,
            )


def _listed(items: list[str]) -> str:
    *others, last = items
    return _("{others} and {last}", others=", ".join(others), last=last) if others else last


def numbers_in(text: str, most: Decimal) -> list[Decimal] | None:
    """Return the numbers of a list with commas, ascending and each once; None where it is none."""
    stated = {read_amount(part) for part in text.split(",")}
    numbers = sorted(number for number in stated if number is not None and number <= most)
    return numbers if len(numbers) == len(stated) else None
