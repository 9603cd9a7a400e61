"""What a study of leaving records out compares: clean rows, planted dirt, and the rest folded away."""

from decimal import Decimal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.study.choices import MOST_EPSILON, WRONG_EPSILONS, numbers_in
from dataselect_gui.window.study.training_fields import TrainingFields, grid_of
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.fold import Fold
from dataselect_gui.window.widgets.layout import row, stack
from dataselect_gui.window.widgets.plain import CheckBox
from dataselect_gui.window.widgets.source_field import SourceField
from dataselect_gui.window.widgets.wheel import SpinBox
from dataselect_gui.workflow import (
    MOST_TRAININGS,
    ArmsWish,
    Planting,
    exact,
    read_planting,
)

_CLEAN = N_(
    "Records of the consortium that its model was not trained on. They show above which loss"
    " a record of a class looks wrong."
)
_CLEAN_OR_REQUEST = N_(
    "The consortium's request already has limits. Clean records that you add here are used instead."
)
_DIRT = N_(
    "Faults are added to copies only, your own records stay as they are. This shows what "
    "leaving out would do if your records had these faults."
)
_ROWS = N_("Records of its own that the consortium would train on as well. Compared with and without.")
_FOREIGN = N_("Records that do not belong. Without any, the program makes some up.")
_RELEASES = N_("Also compare what would leave in a release at ε = 1")
_FIELD, _NAMES = 72, 230


class Share:
    """A kind of dirt: whether it is planted, and in how many in a hundred records.

    Attributes
    ----------
    box : CheckBox
        Whether.
    amount : SpinBox
        How much.
    """

    def __init__(self, name: str, usual: int, least: int, most: int) -> None:
        self.box, self.amount = CheckBox(name), SpinBox()
        self.usual = usual
        self.box.setMinimumWidth(_NAMES)
        self.amount.setRange(least, most)
        self.amount.setValue(usual)
        self.amount.setAccessibleName(visible(name))
        self.amount.setFixedSize(_FIELD, theme.TARGET)
        self.amount.lineEdit().setTextMargins(4, 0, 0, 0)
        self.amount.setEnabled(False)
        self.box.toggled.connect(self.amount.setEnabled)

    @property
    def percent(self) -> Decimal:
        """The share in which it is planted."""
        return Decimal(self.amount.value()) / 100 if self.box.isChecked() else Decimal(0)

    def show_amount(self, amount: int) -> None:
        """Show how much is planted; 0 for nothing."""
        self.box.setChecked(amount > 0)
        self.amount.setValue(amount or self.usual)


class ArmsForm(QWidget):
    """Asks what is compared, and holds no answer of its own but what is on the screen.

    Signals
    -------
    changed()
        The answers on the screen are others, perhaps not all of them possible.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.clean = SourceField(_("Clean records of the consortium"))
        self.rows = SourceField(_("Records to mix in"))
        self.foreign = SourceField(_("Records that do not belong"))
        self.labels = Share(_("Wrong labels, % of the records"), 20, 1, 90)
        self.strangers = Share(_("Records that do not belong, %"), 10, 1, 90)
        self.copies = Share(_("Copies, %"), 10, 1, 100)
        self.tail = Share(_("Rare classes: the rarest is 1 in"), 50, 2, 10_000)
        self._trainings, self.releases = TrainingFields(self), CheckBox(_(_RELEASES))
        self.epsilons, self.limit = self._trainings.epsilons, self._trainings.limit
        self.fold = Fold(_("Compare something else"))
        self._about_clean = paragraph(role="dim")
        self._build()
        for source in (self.clean, self.rows, self.foreign):
            source.changed.connect(self.changed)
        for share in self._shares:
            share.box.toggled.connect(self.changed)
            share.amount.valueChanged.connect(self.changed)
        self.releases.toggled.connect(self.changed)
        self._trainings.changed.connect(self.changed)

    def offer(self, *, has_thresholds: bool) -> None:
        """Propose the usual comparison."""
        self._about_clean.setText(_(_CLEAN_OR_REQUEST if has_thresholds else _CLEAN))
        self.show_wish(ArmsWish())
        self.blockSignals(True)
        self.limit.setValue(MOST_TRAININGS)
        self.blockSignals(False)

    def show_wish(self, wish: ArmsWish) -> None:
        """Show what was chosen earlier."""
        planting = read_planting(wish.plant) if wish.plant else Planting()
        self.blockSignals(True)
        for source, path in (
            (self.clean, wish.clean),
            (self.rows, wish.rows),
            (self.foreign, wish.foreign),
        ):
            source.show_path(path)
        for share, part in (
            (self.labels, planting.labels),
            (self.strangers, planting.foreign),
            (self.copies, planting.duplicates),
        ):
            share.show_amount(int(part * 100))
        self.tail.show_amount(planting.tail if planting.tail > 1 else 0)
        self.releases.setChecked(bool(wish.release_epsilons))
        self._trainings.show_choices(wish.epsilons, wish.seeds, wish.start)
        self.blockSignals(False)

    def read(self) -> ArmsWish | str:
        """Return what is chosen; where it makes no sense, what is to be put right."""
        epsilons = numbers_in(self.epsilons.text(), MOST_EPSILON)
        if epsilons is None:
            return _(WRONG_EPSILONS)
        has_strangers = self.strangers.box.isChecked()
        planting = Planting(
            labels=self.labels.percent,
            foreign=self.strangers.percent,
            duplicates=self.copies.percent,
            tail=self.tail.amount.value() if self.tail.box.isChecked() else 1,
        )
        return ArmsWish(
            self.clean.path,
            self.rows.path,
            self.foreign.path if has_strangers else None,
            str(planting),
            tuple(exact(number) for number in epsilons),
            ("1",) if self.releases.isChecked() else (),
            self._trainings.seeds.value(),
            self._trainings.start,
        )

    # Within

    @property
    def _shares(self) -> tuple[Share, ...]:
        return (self.labels, self.strangers, self.copies, self.tail)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[1])
        column.addLayout(
            grid_of(
                (_("Clean records"), stack(self.clean, self._about_clean)),
                (
                    _("Add faults"),
                    stack(
                        *(row(share.box, share.amount, paragraph()) for share in self._shares),
                        paragraph(_(_DIRT), role="dim"),
                    ),
                ),
            )
        )
        self.fold.body.addLayout(
            grid_of(
                (_("Mix in"), stack(self.rows, paragraph(_(_ROWS), role="dim"))),
                (_("Do not belong"), stack(self.foreign, paragraph(_(_FOREIGN), role="dim"))),
                self._trainings.line_of_epsilons(),
                (_("Release"), row(self.releases)),
                *self._trainings.lines(self._trainings.checkpoint, self._trainings.scratch),
            )
        )
        column.addWidget(self.fold)
