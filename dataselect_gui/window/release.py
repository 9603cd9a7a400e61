"""The Release place: decide, see the consequence, see the parcel, press one button.

Nothing here draws before the button. What is computed from records is shown to the owner alone.
"""

import hashlib
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from PySide6.QtCore import QRect, QRectF, QSize, Qt, QUrl, Signal
from PySide6.QtGui import (
    QDesktopServices,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QButtonGroup,
    QCheckBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QStyle,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.window import theme
from dataselect_gui.window.boundary import LeavePanel, Note, StayPanel, paragraph
from dataselect_gui.window.budget import BudgetBar, read_amount, write_amount
from dataselect_gui.window.jobs import Jobs
from dataselect_gui.window.state import State
from dataselect_gui.workflow import (
    CANNOT_CHECK,
    Check,
    Look,
    Released,
    ReleaseRequest,
    Report,
    Rule,
    Stop,
)

MARKS = ("0.1", "0.25", "0.5", "1", "2", "4", "8")
NARROW = 1000
DEFAULT_BUDGET = "4"

EPSILON = "ε limits what a missing record reveals. Smaller reveals less, and fewer records leave."
PICTURE = "Of 100 records in your selection, about {leave} leave and {stay} stay."
BARS = (
    "Someone thinks it 50 in 100 likely that a record was selected. Seeing it missing, they think no "
    "less than {least} in 100."
)
PROMISE = (
    "Records that leave are disclosed. For records that stay: seeing that one is missing changes the "
    "odds that it was selected by at most {odds} times. With all earlier releases: {total} times"
)
DELTA = ", plus at most 1 extra chance in {inverse}"
PERSON = "This covers each person, with at most {m} {records}."
USEFULNESS = (
    "Everything that leaves is in your selection. About {leave} in 100 of it leave. A random pick "
    "would be right {random} times in 100."
)
BUDGET = (
    "This release spends ε {cost}. Left now: {left}. Left after: {after}. Spent cannot be taken back, "
    "even if you delete the bundle."
)
REPEAT = (
    "The same release again costs nothing and gives the same files. Any change makes a new release."
)
REFUSED = (
    "This needs ε {cost}; {left} is left. Nothing was drawn. Lower ε, or raise the budget and give a "
    "reason."
)
DISCLOSED = (
    "The receiver sees these records in full: image, label, anything visible. ε does not protect them. "
    "Copies cannot be called back."
)
CONSENT = "I may disclose these records, and I agree to it."
PIXELS = "Pixels leave unchanged. A name or date written into an image leaves too."
VIEWED = (
    "You set this cut-off after seeing scores. ε does not cover what the cut-off reveals. The card "
    "will say: threshold chosen after viewing."
)
NO_CLAIM = "No ε is claimed for this release; it counts against the budget all the same."
WITHHELD = (
    "Withheld records never leave. Someone who knows of one sees only that it is missing. Withhold a "
    "record for its own sake: if one record makes you withhold another, ε does not cover that."
)
EXACT = (
    "No protection. Every selected record leaves. Anyone who knows of a record learns for certain "
    "whether you selected it. Every later promise about this source will say that it does not cover "
    "these records."
)
CHOOSE_EXACT = "I choose to release without protection."
EARLIER_EXACT = "Records of this source that left earlier without protection are not covered."
QUESTION = "Did these records help to train this checkpoint?"
UNPROMISED = "ε cannot be promised here."

LEAVES = (
    (
        "Images",
        "A file each under a random name, in random order, stripped of everything but the pixels and "
        "how they are turned.",
        "5f0c…e1.png",
    ),
    (
        "Labels",
        "Fields: file_name, label (as corrected).",
        '{"file_name": "5f0c…e1.png", "label": "cat"}',
    ),
    (
        "Mechanism and parameters",
        "release.json and privacy.json. Fields: release, date, mechanism, epsilon, delta, conditional, "
        "promise, unit, parameters.",
        '"mechanism": "one-sided", "epsilon": "1"',
    ),
    ("Hashes", "SHA256SUMS: a checksum and a name for each file.", "9b1d…07  README.md"),
    ("Card", "README.md: what is promised, and what is not.", "“What is not protected: …”"),
)
STAYS = (
    ("Scores", "Fields: loss, el2n, grad_norm, vog, random.", "vog 0.412"),
    ("Counts", "How many records you have, selected and withheld.", "1,204 records"),
    ("File names", "Field: id. Names in the bundle are random.", "scan_0412.png"),
    ("Order", "The order of the source. The bundle's is random.", "0412 before 0413"),
    ("Dates", "Times of files and all image metadata.", "2031-02-29 25:10"),
    ("Unit column", "Who a record belongs to.", "patient 17"),
    ("Withheld list", "Which records you keep back.", "scan_0007.png"),
    ("Notes", "Reasons in the ledger.", "“Agreed with the board.”"),
)


# What a release would be, and the sentences that follow from it


@dataclass(frozen=True)
class Plan:
    """A release under consideration.

    Attributes
    ----------
    in_training : str or None
        The answer about training, as `ReleaseRequest` has it; None while there is none.
    mechanism : str or None
        ``one-sided``, ``exact`` or not chosen.
    epsilon : Decimal or None
        None where none was given.
    per_unit : int
        At most so many records of a unit.
    by_person : bool
        Whether the project has a unit column.
    threshold_from : str
        ``request``, ``agreed`` or ``viewed``.
    budget : Decimal or None
        None while none is set.
    spent, cost : Decimal
        The plain total before it, and what it adds.
    delta : Decimal
        The sum of all δ with it.
    """

    in_training: str | None
    mechanism: str | None
    epsilon: Decimal | None
    per_unit: int
    by_person: bool
    threshold_from: str
    budget: Decimal | None
    spent: Decimal
    cost: Decimal
    delta: Decimal

    @property
    def share(self) -> float:
        """The share of the selection that leaves."""
        if self.mechanism == "exact" or self.epsilon is None:
            return 1.0
        return workflow.one_sided_share(self.epsilon, self.per_unit)

    @property
    def left(self) -> Decimal:
        """What the budget leaves before it."""
        return (self.budget or Decimal(0)) - self.spent

    @property
    def is_over(self) -> bool:
        """Whether the budget does not allow it."""
        return self.budget is not None and self.mechanism == "one-sided" and self.cost > self.left


def odds_factor(epsilon: Decimal) -> str:
    """Return e^ε for a reader: 1.65, 2.7, 7.4, 55."""
    factor = epsilon.exp()
    digits = 2 if factor < 2 else 1 if factor < 10 else 0
    return f"{factor:,.{digits}f}" if factor < 10**6 else f"{factor:.1e}"


def least_chance(epsilon: Decimal) -> int:
    """Return what 50 in 100 becomes no less than, once a record is seen missing."""
    return round(100 / (1 + epsilon.exp()))


def picture_sentence(plan: Plan) -> str:
    """Say how many of 100 records leave."""
    leave = round(100 * plan.share)
    return PICTURE.format(leave=leave, stay=100 - leave)


def promise_sentence(plan: Plan) -> str:
    """Say what a missing record tells."""
    assert plan.epsilon is not None
    text = PROMISE.format(odds=odds_factor(plan.epsilon), total=odds_factor(plan.spent + plan.cost))
    if plan.delta:
        text += DELTA.format(inverse=f"{1 / plan.delta:,.0f}")
    return f"{text}."


def rule_sentence(rule: Rule) -> str:
    """Say a rule in words."""
    value = write_amount(rule.value)
    end = "lowest" if rule.lowest else "highest"
    if rule.by == "threshold":
        return f"Records whose {rule.score} is {'at most' if rule.lowest else 'at least'} {value}."
    if rule.by == "count":
        return f"The {value} records with the {end} {rule.score}."
    return f"The {write_amount(rule.value * 100)} in 100 records with the {end} {rule.score}."


@dataclass(frozen=True)
class Done:
    """A release that was made, and what its verification found.

    Attributes
    ----------
    released : Released
        What came of it.
    checks : list of Check
        Check by check.
    digest : str
        What stands for the whole bundle.
    documents : list of str
        The names of its documents.
    records : int
        How many records are in it.
    """

    released: Released
    checks: list[Check]
    digest: str
    documents: list[str]
    records: int


@dataclass(frozen=True)
class _Work:
    """Releases and verifies; run in a job's thread."""

    project: Path
    request: ReleaseRequest

    def __call__(self, report: Report, stop: Stop) -> Done:
        del stop  # A release that is written down is finished: stopping it would save nothing.
        released = workflow.release(self.project, self.request, report)
        bundle = released.bundle
        files = [path for path in bundle.rglob("*") if path.is_file()]
        listing = bundle / "data" / "train" / "metadata.jsonl"
        return Done(
            released=released,
            checks=workflow.verify(bundle, None),
            digest=hashlib.sha256((bundle / "SHA256SUMS").read_bytes()).hexdigest(),
            documents=sorted(path.name for path in files if path.parent == bundle),
            records=len(listing.read_text(encoding="utf-8").splitlines()),
        )


# Pictures


class _Squares(QWidget):
    """100 squares, as many filled as leave."""

    def __init__(self) -> None:
        super().__init__()
        self._filled = 0
        self.setFixedSize(QSize(109, 109))

    def show_share(self, share: float) -> None:
        """Fill as many squares as records leave of a hundred."""
        self._filled = round(100 * share)
        self.setAccessibleName(f"{self._filled} of 100 squares filled")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        colours = theme.palette()
        painter.setPen(QPen(theme.colour(colours.edge), 1))
        for place in range(100):
            row, column = divmod(place, 10)
            square = QRect(column * 11, row * 11, 8, 8)
            if place < self._filled:
                painter.fillRect(square.adjusted(0, 0, 1, 1), theme.colour(colours.leave))
            else:
                painter.drawRect(square)


class _Bars(QWidget):
    """Two bars: what is thought before, and no less than what once a record is missing."""

    def __init__(self) -> None:
        super().__init__()
        self._least = 0
        self.setFixedSize(QSize(109, 109))

    def show_least(self, least: int) -> None:
        """Show what 50 in 100 becomes no less than."""
        self._least = least
        self.setAccessibleName(f"Two bars, 50 and {least}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        colours = theme.palette()
        painter.setFont(theme.font(bold=True))
        line = painter.fontMetrics().height() + 2
        ground = self.height() - 1
        # Bars are to the scale of 100, whose height is left above them.
        unit = (self.height() - line) / 60
        for place, (value, name) in enumerate(((50, colours.edge), (self._least, colours.accent))):
            left, height = 8 + place * 50, value * unit
            painter.fillRect(QRectF(left, ground - height, 42, height), theme.colour(name))
            painter.setPen(theme.colour(colours.text))
            words = QRectF(left, ground - height - line, 42, line)
            painter.drawText(words, Qt.AlignmentFlag.AlignCenter, str(value))
        painter.setPen(QPen(theme.colour(colours.edge), 1))
        painter.drawLine(0, ground, self.width(), ground)


class _Ticks(QWidget):
    """The marks of a slider, written under their places."""

    def __init__(self, slider: QSlider) -> None:
        super().__init__()
        self._slider = slider
        self.setFixedHeight(self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        del event
        painter = QPainter(self)
        painter.setFont(theme.font(-1))
        painter.setPen(theme.colour(theme.palette().dim))
        handle = self.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, None, self._slider)
        step = (self.width() - handle) / (len(MARKS) - 1)
        for place, mark in enumerate(MARKS):
            is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
            middle = handle / 2 + (len(MARKS) - 1 - place if is_mirrored else place) * step
            width = painter.fontMetrics().horizontalAdvance(mark)
            left = min(max(0.0, middle - width / 2), self.width() - width)
            painter.drawText(QRectF(left, 0, width + 1, self.height()), mark)


class _Line(QWidget):
    """A line that opens to field names and a made-up sample."""

    def __init__(self, title: str, fields: str, sample: str) -> None:
        super().__init__()
        self._button = QToolButton()
        self._button.setText(title)
        self._button.setCheckable(True)
        self._button.setAutoRaise(True)
        self._button.setArrowType(Qt.ArrowType.RightArrow)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._button.setMinimumHeight(theme.TARGET)
        self._button.toggled.connect(self._open)
        text = f"{fields}\nMade-up sample: {sample}" if sample else fields
        self._detail = paragraph(text, role="dim")
        self._detail.setContentsMargins(24, 0, 0, 4)
        self._detail.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._button)
        column.addWidget(self._detail)

    def _open(self, is_open: bool) -> None:
        self._button.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self._detail.setVisible(is_open)


# The three columns


class _Answers(QFrame):
    """The left column: everything that the owner answers."""

    changed = Signal()
    use_agreed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._look: Look | None = None
        self._fixed_per_unit: int | None = None
        self.rule = paragraph(step=2)
        self.no = QRadioButton("No")
        self.private = QRadioButton("Yes, under differential privacy")
        self.unknown = QRadioButton("Yes otherwise, or I don't know")
        self.trained_epsilon, self.trained_delta = QLineEdit(), QLineEdit()
        self.one_sided = QRadioButton("One-sided: chance decides")
        self.exact = QRadioButton("Exact: everything, no protection")
        self.unpromised = Note("warn", UNPROMISED)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.epsilon = QLineEdit()
        self.from_request = QRadioButton()
        self.from_agreed = QRadioButton("Agreed before anybody saw scores")
        self.from_viewed = QRadioButton("Chosen after viewing scores")
        self.per_unit = QSpinBox()
        self.destination = paragraph()
        self.change = QPushButton("Change…")
        self._provenance = self._group(self.no, self.private, self.unknown)
        self._mechanism = self._group(self.one_sided, self.exact)
        self._source = self._group(self.from_request, self.from_agreed, self.from_viewed)
        self._build()
        for field in (self.trained_epsilon, self.trained_delta, self.epsilon):
            field.textChanged.connect(self._on_change)
        self.slider.valueChanged.connect(self._on_slider)
        self.per_unit.valueChanged.connect(self._on_change)

    # What was answered

    @property
    def in_training(self) -> str | None:
        """The answer about training, as `ReleaseRequest` has it."""
        if self.no.isChecked():
            return "no"
        if self.unknown.isChecked():
            return "unknown"
        epsilon, delta = read_amount(self.trained_epsilon.text()), self.trained_delta_amount
        if self.private.isChecked() and epsilon is not None and delta is not None:
            return f"dp:{write_amount(epsilon)},{write_amount(delta)}"
        return None

    @property
    def trained_delta_amount(self) -> Decimal | None:
        """The training's δ; None where none makes sense."""
        delta = read_amount(self.trained_delta.text())
        return delta if delta is not None and delta < 1 else None

    @property
    def mechanism(self) -> str | None:
        """The mechanism; None where none is chosen."""
        if self.one_sided.isChecked():
            return "one-sided"
        return "exact" if self.exact.isChecked() else None

    @property
    def threshold_from(self) -> str:
        """Where the cut-off comes from."""
        if self.from_request.isChecked():
            return "request"
        return "agreed" if self.from_agreed.isChecked() else "viewed"

    # Showing

    def show_project(self, look: Look | None, fixed_per_unit: int | None) -> None:
        """Begin anew with a project: its remembered answer, one-sided, ε 1."""
        self.blockSignals(True)
        self._look = look
        remembered = (look.in_training if look is not None else None) or ""
        kind, _, amounts = remembered.partition(":")
        epsilon, _, delta = amounts.partition(",")
        self.trained_epsilon.setText(epsilon)
        self.trained_delta.setText(delta)
        _check_only(
            self._provenance,
            {"no": self.no, "dp": self.private, "yes": self.unknown, "unknown": self.unknown}.get(kind),
        )
        _check_only(self._mechanism, self.one_sided)
        self.epsilon.setText("1")
        self.per_unit.setValue(1)
        self.fix_per_unit(fixed_per_unit)
        self._people.setVisible(look is not None and look.unit_column is not None)
        self.blockSignals(False)
        self.adapt()

    def fix_per_unit(self, per_unit: int | None) -> None:
        """Hold m to that of the first release of the source, where there was one."""
        if per_unit is not None:
            self.per_unit.setValue(per_unit)
        self.per_unit.setEnabled(per_unit is None)

    def show_rule(self, rule: Rule | None, agreed: str | None) -> None:
        """Show the rule, and take its cut-off for the request's only where it is."""
        self.rule.setText("No cut-off yet." if rule is None else rule_sentence(rule))
        is_threshold = rule is not None and rule.by == "threshold"
        is_agreed = (
            agreed is not None
            and is_threshold
            and rule is not None
            and not rule.lowest
            and rule.value == Decimal(agreed)
        )
        self.from_request.setText(f"The request: {agreed}")
        self.from_request.setVisible(agreed is not None)
        self.from_request.setEnabled(is_agreed)
        self.from_agreed.setEnabled(is_threshold)
        self.use.setText(f"Use the agreed {agreed}")
        self.use.setVisible(agreed is not None and not is_agreed)
        self.blockSignals(True)
        _check_only(self._source, self.from_request if is_agreed else self.from_viewed)
        self.blockSignals(False)

    def adapt(self) -> None:
        """Offer only what the answers leave open."""
        is_unknown = self.unknown.isChecked()
        self.one_sided.setEnabled(not is_unknown)
        if is_unknown and self.one_sided.isChecked():
            _check_only(self._mechanism, None)  # Exact is never chosen for the owner.
        elif not is_unknown and self.mechanism is None:
            _check_only(self._mechanism, self.one_sided)
        self.unpromised.setVisible(is_unknown)
        self._training.setVisible(self.private.isChecked())
        self._amount.setVisible(self.mechanism == "one-sided")
        epsilon = read_amount(self.epsilon.text())
        if epsilon is not None:
            distances = [abs(Decimal(mark) - epsilon) for mark in MARKS]
            self.slider.blockSignals(True)
            self.slider.setValue(distances.index(min(distances)))
            self.slider.blockSignals(False)

    # Within

    def _on_change(self) -> None:
        self.adapt()
        self.changed.emit()

    def _on_slider(self, place: int) -> None:
        self.epsilon.setText(MARKS[place])

    def _on_use(self) -> None:
        self.use_agreed.emit()

    def _group(self, *buttons: QAbstractButton) -> QButtonGroup:
        group = QButtonGroup(self)
        for button in buttons:
            group.addButton(button)
        group.buttonClicked.connect(self._on_change)
        return group

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(theme.SPACE[0])
        self._head(column, "Your rule")
        column.addWidget(self.rule)
        self._head(column, QUESTION)
        for answer in (self.no, self.private, self.unknown):
            column.addWidget(answer)
        self._training = _row(QLabel("ε"), self.trained_epsilon, QLabel("δ"), self.trained_delta)
        self.trained_epsilon.setAccessibleName("The training's ε")
        self.trained_delta.setAccessibleName("The training's δ")
        self.trained_delta.setPlaceholderText("0.00001")
        column.addWidget(self._training)
        self._head(column, "How records leave")
        column.addWidget(self.one_sided)
        column.addWidget(self.exact)
        column.addWidget(self.unpromised)
        self._amount = self._make_amount()
        column.addWidget(self._amount)
        self._head(column, "Where the cut-off comes from")
        for source in (self.from_request, self.from_agreed, self.from_viewed):
            column.addWidget(source)
        self.use = QPushButton()
        self.use.setProperty("role", "link")
        self.use.clicked.connect(self._on_use)
        column.addWidget(self.use, 0, Qt.AlignmentFlag.AlignLeading)
        self._people = self._make_people()
        column.addWidget(self._people)
        self._head(column, "Where the bundle goes")
        place = QHBoxLayout()
        place.addWidget(self.destination, 1)
        place.addWidget(self.change)
        column.addLayout(place)
        column.addStretch()

    def _head(self, column: QVBoxLayout, text: str) -> None:
        if column.count():
            column.addSpacing(theme.SPACE[2])
        column.addWidget(paragraph(text, bold=True))

    def _make_amount(self) -> QWidget:
        box = QWidget()
        self.slider.setRange(0, len(MARKS) - 1)
        self.slider.setPageStep(1)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.setAccessibleName("ε")
        self.epsilon.setFixedWidth(72)
        self.epsilon.setAccessibleName("ε, typed")
        top = QHBoxLayout()
        top.addWidget(paragraph("ε", bold=True), 1)
        top.addWidget(self.epsilon)
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(theme.SPACE[0])
        column.addLayout(top)
        column.addWidget(self.slider)
        column.addWidget(_Ticks(self.slider))
        column.addWidget(paragraph(EPSILON, role="dim"))
        return box

    def _make_people(self) -> QWidget:
        box = QWidget()
        self.per_unit.setRange(1, 10_000)
        self.per_unit.setAccessibleName("At most so many records of a person")
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[0])
        self._head(column, "Records of a person, at most")
        column.addWidget(self.per_unit, 0, Qt.AlignmentFlag.AlignLeading)
        text = "The others stay, by one random choice. It is fixed with the first release."
        column.addWidget(paragraph(text, role="dim"))
        return box


class _Consequence(QWidget):
    """The middle column: what would follow, for the owner alone."""

    changed = Signal()
    look_through = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._squares, self._bars = _Squares(), _Bars()
        self.picture, self.bars = paragraph(step=1), paragraph(step=1)
        self.promise, self.person = paragraph(), paragraph()
        self.earlier_exact = paragraph(EARLIER_EXACT)
        self.usefulness, self.budget = paragraph(), paragraph()
        self.repeat = paragraph(REPEAT, role="dim")
        self.viewed = Note("warn", f"{VIEWED}\n{NO_CLAIM}")
        self.exact = Note("stop", EXACT)
        self.choose_exact = QCheckBox(CHOOSE_EXACT)
        self.reason = QLineEdit()
        self.consent = QCheckBox(CONSENT)
        self._build()
        self.consent.toggled.connect(self._on_change)
        self.choose_exact.toggled.connect(self._on_change)
        self.reason.textChanged.connect(self._on_change)

    def forget_consent(self) -> None:
        """Take back the owner's ticks: they were given for other records."""
        self.consent.setChecked(False)
        self.choose_exact.setChecked(False)
        self.reason.clear()

    def show_plan(self, plan: Plan, usefulness: str, *, after_exact: bool) -> None:
        """Show what would follow.

        Parameters
        ----------
        plan : Plan
            The release under consideration.
        usefulness : str
            The sentence on how much of the selection leaves.
        after_exact : bool
            Whether records of this source left without protection before.
        """
        is_exact = plan.mechanism == "exact"
        is_promised = plan.mechanism == "one-sided" and plan.epsilon is not None
        is_claimed = is_promised and plan.threshold_from != "viewed"
        self._pictures.setVisible(is_promised)
        self._belief.setVisible(is_claimed)
        for label in (self.promise, self.person, self.earlier_exact):
            label.setVisible(is_claimed)
        self.person.setVisible(is_claimed and plan.by_person)
        self.earlier_exact.setVisible(is_claimed and after_exact)
        self.usefulness.setVisible(is_promised)
        self.budget.setVisible(is_promised and plan.budget is not None and not plan.is_over)
        self.repeat.setVisible(plan.mechanism is not None)
        self.viewed.setVisible(is_promised and not is_claimed)
        self.exact.setVisible(is_exact)
        if not is_exact:  # The word is given anew each time.
            self.choose_exact.blockSignals(True)
            self.choose_exact.setChecked(False)
            self.choose_exact.blockSignals(False)
        self._stay.setVisible(is_promised)
        if is_promised and plan.epsilon is not None:
            self._squares.show_share(plan.share)
            self.picture.setText(picture_sentence(plan))
            self.usefulness.setText(usefulness)
            least = least_chance(plan.epsilon)
            self._bars.show_least(least)
            self.bars.setText(BARS.format(least=least))
            self.promise.setText(promise_sentence(plan))
            records = "record" if plan.per_unit == 1 else "records"
            self.person.setText(PERSON.format(m=plan.per_unit, records=records))
            self.budget.setText(
                BUDGET.format(
                    cost=write_amount(plan.cost),
                    left=write_amount(plan.left),
                    after=write_amount(plan.left - plan.cost),
                )
            )

    def _on_change(self) -> None:
        self.changed.emit()

    def _on_look(self) -> None:
        self.look_through.emit()

    def _build(self) -> None:
        self._stay = StayPanel()
        self._pictures = _row(self._squares, self.picture, spacing=16)
        self._belief = _row(self._bars, self.bars, spacing=16)
        body = self._stay.body
        body.addWidget(self._pictures)
        body.addSpacing(theme.SPACE[1])
        body.addWidget(self._belief)
        body.addSpacing(theme.SPACE[1])
        for label in (self.promise, self.person, self.earlier_exact, self.usefulness):
            body.addWidget(label)
        body.addWidget(self.budget)
        own = QFrame()
        own.setProperty("role", "panel")
        word = QVBoxLayout(own)
        word.setContentsMargins(16, 12, 16, 16)
        word.setSpacing(theme.SPACE[1])
        word.addWidget(paragraph("Before you release", bold=True))
        word.addWidget(paragraph(DISCLOSED))
        word.addWidget(self.consent)
        look = QPushButton("Look through candidates")
        look.setProperty("role", "link")
        look.clicked.connect(self._on_look)
        word.addWidget(paragraph(PIXELS))
        word.addWidget(look, 0, Qt.AlignmentFlag.AlignLeading)
        word.addWidget(paragraph(WITHHELD, role="dim"))
        word.addWidget(self.repeat)
        self.reason.setPlaceholderText("Reason, kept in the ledger")
        self.reason.setAccessibleName("Reason for a release without protection")
        self.exact.body.addWidget(self.choose_exact)
        self.exact.body.addWidget(self.reason)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[2])
        column.addWidget(self.exact)
        column.addWidget(self.viewed)
        column.addWidget(self._stay)
        column.addWidget(own)
        column.addStretch()


class _ParcelColumn(QWidget):
    """The right column: what would leave and what stays; afterwards, what left."""

    def __init__(self) -> None:
        super().__init__()
        self._done: Done | None = None
        self._leave, self._stay = LeavePanel(), StayPanel()
        self.error = Note("stop")
        self.error.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[2])
        column.addWidget(self.error)
        column.addWidget(self._leave)
        column.addWidget(self._stay)
        column.addStretch()
        self._stay.body.setSpacing(0)
        self._leave.body.setSpacing(0)
        for line in STAYS:
            self._stay.body.addWidget(_Line(*line))
        self.show_preview()

    @property
    def done(self) -> Done | None:
        """The release that is shown; None where a preview is."""
        return self._done

    def show_preview(self) -> None:
        """Show what a release would hold, by made-up samples alone."""
        self._done = None
        _clear(self._leave.body)
        for line in LEAVES:
            self._leave.body.addWidget(_Line(*line))

    def show_done(self, done: Done) -> None:
        """Show what a release holds, and what its verification found."""
        self._done = done
        self.error.hide()
        body = self._leave.body
        _clear(body)
        records = "record" if done.records == 1 else "records"
        body.addWidget(paragraph(done.released.bundle.name, step=2, bold=True))
        if done.released.repeated:
            body.addWidget(paragraph(REPEAT))
        body.addWidget(_Line(f"{done.records:,} {records}", "data/train, under random names.", ""))
        body.addWidget(_Line(f"{len(done.documents)} documents", "\n".join(done.documents), ""))
        body.addSpacing(theme.SPACE[1])
        is_verified = all(check.ok for check in done.checks)
        verdict = "Verified" if is_verified else "Not verified"
        body.addWidget(paragraph(verdict, bold=True, role="done" if is_verified else ""))
        for check in done.checks:
            text = f"{check.name}: {check.detail}"
            body.addWidget(paragraph(text) if check.ok else Note("stop", text))
            body.addSpacing(theme.SPACE[0])
        body.addWidget(_Line("What a check cannot show", "\n".join(CANNOT_CHECK), ""))
        body.addSpacing(theme.SPACE[1])
        body.addWidget(paragraph("Digest, to send separately", bold=True))
        digest = QLineEdit(done.digest)
        digest.setReadOnly(True)
        digest.setCursorPosition(0)
        digest.setAccessibleName("Digest of the bundle")
        body.addWidget(digest)
        body.addSpacing(theme.SPACE[1])
        folder = QPushButton("Open folder")
        folder.clicked.connect(self._open_folder)
        body.addWidget(folder, 0, Qt.AlignmentFlag.AlignLeading)

    def show_error(self, text: str) -> None:
        """Say why nothing was released."""
        self.error.set_text(text)
        self.error.show()

    def _open_folder(self) -> None:
        if self._done is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._done.released.bundle)))


# The place


class ReleasePlace(QWidget):
    """Where a release is decided and made.

    Signals
    -------
    look_through()
        The owner wants to look through the candidates.
    proposed(budget, spent, cost)
        The account changed, or what the release under consideration would cost: the arguments of
        `BudgetBar.show_budget`.
    ledger_changed()
        A release or a budget was written down.
    """

    look_through = Signal()
    proposed = Signal(object, object, object)
    ledger_changed = Signal()

    def __init__(self, state: State, jobs: Jobs) -> None:
        super().__init__()
        self._state, self._jobs = state, jobs
        self._statement: dict[str, Any] | None = None
        self._own_destination: Path | None = None
        self._last: ReleaseRequest | None = None
        self._missing: QWidget | None = None
        self.answers, self.consequence, self.parcel = _Answers(), _Consequence(), _ParcelColumn()
        self.button = QPushButton()
        self.bar = BudgetBar()
        self.hint = paragraph()
        self._go = QPushButton("Take me there")
        self.budget, self.set_budget = QLineEdit(DEFAULT_BUDGET), QPushButton("Set budget")
        self._build()
        self._connect()
        self._on_opened()

    def refresh(self) -> None:
        """Read the ledger again; nothing that was answered changes."""
        look = self._state.look
        self._statement = None
        if look is not None:
            try:
                self._statement = workflow.ledger(look.folder)[0]
            except DataSelectError as error:
                self.parcel.show_error(str(error))
        self.answers.fix_per_unit(self._earlier_per_unit())
        self._show()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Read the ledger again: the budget may have been raised elsewhere."""
        super().showEvent(event)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Stack the columns where they do not fit beside each other."""
        super().resizeEvent(event)
        self._arrange()

    # Building

    def _build(self) -> None:
        content = QWidget()
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, content)
        self._columns.setContentsMargins(16, 16, 16, 16)
        self._columns.setSpacing(theme.SPACE[3])
        self._columns.addWidget(self.answers)
        self._columns.addWidget(self.consequence, 1)
        self._columns.addWidget(self.parcel)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(content)
        self.budget.setFixedWidth(64)
        self.budget.setAccessibleName("Budget, ε")
        self._first_budget = _row(QLabel("Budget ε"), self.budget, self.set_budget)
        self.button.setProperty("role", "leave")
        self.button.setMinimumHeight(36)
        self._go.setProperty("role", "link")
        self._hints = QWidget()
        hints = QHBoxLayout(self._hints)
        hints.setContentsMargins(0, 0, 0, 0)
        hints.addWidget(self.hint, 1)
        hints.addWidget(self._go)
        foot = QFrame()
        foot.setProperty("role", "foot")
        foot.setMinimumHeight(64)
        self._foot = QGridLayout(foot)
        self._foot.setContentsMargins(16, 8, 16, 8)
        self._foot.setHorizontalSpacing(theme.SPACE[3])
        self._foot.addWidget(self.bar, 1, 0)
        self._foot.addWidget(self._first_budget, 1, 0)
        self._foot.addWidget(self.button, 1, 2)
        self._foot.setColumnStretch(1, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._scroll, 1)
        outer.addWidget(foot)
        self._arrange()

    def _connect(self) -> None:
        self.answers.changed.connect(self._show)
        self.answers.use_agreed.connect(self._use_agreed)
        self.answers.change.clicked.connect(self._change_destination)
        self.consequence.changed.connect(self._show)
        self.consequence.look_through.connect(self.look_through)
        self.button.clicked.connect(self._release)
        self._go.clicked.connect(self._go_to_missing)
        self.set_budget.clicked.connect(self._set_budget)
        self.budget.returnPressed.connect(self._set_budget)
        self._state.opened.connect(self._on_opened)
        self._state.selection_changed.connect(self._on_selection)
        self._jobs.started.connect(self._show)
        self._jobs.finished.connect(self._show)

    def _arrange(self) -> None:
        is_narrow = self.width() < NARROW
        direction = QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight
        self._columns.setDirection(direction)
        for column, width in ((self.answers, 320), (self.parcel, 380)):
            column.setMinimumWidth(0 if is_narrow else width)
            column.setMaximumWidth(16_777_215 if is_narrow else width)
        if is_narrow:
            self._foot.addWidget(self._hints, 0, 0, 1, 3)
        else:
            self._foot.addWidget(self._hints, 1, 1)

    # What would be released

    def plan(self) -> Plan:
        """Return the release under consideration."""
        told, answers = self._statement or {}, self.answers
        look = self._state.look
        rule = self._state.rule
        budget, epsilon = told.get("budget"), read_amount(answers.epsilon.text())
        in_training, mechanism = answers.in_training, answers.mechanism
        cost, delta = self._training_cost(told.get("entries", []))
        if mechanism == "one-sided" and epsilon is not None:
            # Of one-sided releases only the largest counts.
            cost += max(Decimal(0), epsilon - Decimal(told.get("one_sided", 0)))
        by_person = look is not None and look.unit_column is not None
        is_public = rule is not None and rule.by == "threshold"
        return Plan(
            in_training=in_training,
            mechanism=mechanism,
            epsilon=epsilon if mechanism == "one-sided" else None,
            per_unit=answers.per_unit.value() if by_person else 1,
            by_person=by_person,
            threshold_from=answers.threshold_from if is_public else "viewed",
            budget=None if budget is None else Decimal(budget),
            spent=Decimal(told.get("total_plain", 0)),
            cost=cost,
            delta=Decimal(told.get("delta", 0)) + delta,
        )

    def request(self) -> ReleaseRequest:
        """Return what the button would ask for."""
        plan = self.plan()
        is_exact = plan.mechanism == "exact"
        asked = ReleaseRequest(
            to=Path(),
            epsilon=None if plan.epsilon is None else write_amount(plan.epsilon),
            mechanism=plan.mechanism or "",
            per_unit=plan.per_unit if plan.by_person else None,
            threshold_from=plan.threshold_from,
            in_training=plan.in_training,
            acknowledge_exact=is_exact and self.consequence.choose_exact.isChecked(),
            reason=self.consequence.reason.text().strip() or None if is_exact else None,
        )
        return replace(asked, to=self._destination(asked))

    def _training_cost(self, entries: list[dict[str, Any]]) -> tuple[Decimal, Decimal]:
        """Return the ε and δ of a training that the ledger does not hold yet."""
        kind, _, amounts = (self.answers.in_training or "").partition(":")
        if kind != "dp":
            return Decimal(0), Decimal(0)
        epsilon, _, delta = amounts.partition(",")
        is_known = any(
            entry["kind"] == "training" and (entry["epsilon"], entry["delta"]) == (epsilon, delta)
            for entry in entries
        )
        return (Decimal(0), Decimal(0)) if is_known else (Decimal(epsilon), Decimal(delta))

    def _earlier_per_unit(self) -> int | None:
        entries = (self._statement or {}).get("entries", [])
        return next((entry["per_unit"] for entry in entries if entry["kind"] == "reserved"), None)

    def _destination(self, asked: ReleaseRequest) -> Path:
        """Return the owner's folder, the last one for the same again, or the next free one."""
        if self._last is not None and replace(asked, to=self._last.to) == self._last:
            return self._last.to
        if self._own_destination is not None:
            return self._own_destination
        look = self._state.look
        assert look is not None
        wanted = look.folder.with_name(f"{look.name}-bundle")
        number = 2
        while wanted.exists():
            wanted = look.folder.with_name(f"{look.name}-bundle-{number}")
            number += 1
        return wanted

    def _usefulness(self, plan: Plan) -> str:
        chosen, eligible = self._state.selection.chosen, self._state.eligible
        random = round(100 * float(chosen.sum()) / max(1, int(eligible.sum())))
        return USEFULNESS.format(leave=round(100 * plan.share), random=random)

    def _agreed(self) -> str | None:
        """Return the request's threshold, where it is one of the rule's score."""
        look, rule = self._state.look, self._state.rule
        if look is None or look.request.threshold is None or look.request.score not in look.scores:
            return None
        if rule is not None and rule.score != look.request.score:
            return None
        return str(look.request.threshold)

    def _what_is_missing(self, plan: Plan) -> tuple[str, QWidget | None]:
        """Return what still keeps the button from being pressed, and where; empty for nothing."""
        answers, middle = self.answers, self.consequence
        is_exact = plan.mechanism == "exact"
        steps: list[tuple[bool, str, QWidget | None]] = [
            (self._state.rule is None, "Choose a cut-off in Explore first.", None),
            (self._statement is None, "The ledger cannot be read.", None),
            (
                plan.in_training is None and answers.private.isChecked(),
                "Give the training's ε and δ.",
                answers.trained_epsilon,
            ),
            (
                plan.in_training is None,
                "Say whether these records helped to train this checkpoint.",
                answers.no,
            ),
            (plan.mechanism is None, UNPROMISED, answers.exact),
            (
                plan.epsilon is None and not is_exact,
                "Give ε, a number above 0 and at most 1000.",
                answers.epsilon,
            ),
            (plan.budget is None and not is_exact, "Set a budget for these records.", self.budget),
            (
                plan.is_over,
                REFUSED.format(cost=write_amount(plan.cost), left=write_amount(plan.left)),
                answers.epsilon,
            ),
            (
                not middle.consent.isChecked(),
                "Say that you may disclose these records.",
                middle.consent,
            ),
            (
                is_exact and not middle.choose_exact.isChecked(),
                "Say that you choose no protection.",
                middle.choose_exact,
            ),
            (
                is_exact and not middle.reason.text().strip(),
                "Give a reason; the ledger keeps it.",
                middle.reason,
            ),
        ]
        return next(((text, place) for holds, text, place in steps if holds), ("", None))

    # Showing

    def _show(self) -> None:
        """Show everything that follows from the answers."""
        look = self._state.look
        self._scroll.setEnabled(look is not None and not self._jobs.running)
        plan = self.plan()
        if look is not None:
            request = self.request()
            if self.parcel.done is not None and request != self._last:
                self.parcel.show_preview()
            self.answers.destination.setText(request.to.name)
            self.answers.destination.setToolTip(str(request.to))
        after_exact = bool((self._statement or {}).get("exact_releases"))
        self.consequence.show_plan(plan, self._usefulness(plan), after_exact=after_exact)
        text, self._missing = self._what_is_missing(plan)
        if self._jobs.running:
            text, self._missing = self._jobs.title, None
        self.hint.setText(text)
        self._go.setVisible(self._missing is not None and not plan.is_over)
        self.button.setText(self._button_text(plan))
        self.button.setEnabled(not text)
        has_budget = plan.budget is not None
        self.bar.setVisible(has_budget)
        self._first_budget.setVisible(not has_budget and self._statement is not None)
        account = (
            None if plan.budget is None else write_amount(plan.budget),
            write_amount(plan.spent),
            None if plan.mechanism is None else write_amount(plan.cost),
        )
        self.bar.show_budget(*account)
        self.proposed.emit(*account)

    def _button_text(self, plan: Plan) -> str:
        verb = "Release" if self.parcel.done is None else "Release again"
        if plan.mechanism == "exact":
            return f"{verb} without protection"
        if plan.mechanism is None or plan.epsilon is None:
            return verb
        return f"{verb}, spend ε {write_amount(plan.cost)}"

    # What happens

    def _on_opened(self) -> None:
        self._last = self._own_destination = None
        self.parcel.error.hide()
        self.parcel.show_preview()
        self.consequence.forget_consent()
        self.answers.show_project(self._state.look, None)
        self.answers.show_rule(self._state.rule, self._agreed())
        self.refresh()

    def _on_selection(self) -> None:
        self._last = None
        self.consequence.forget_consent()
        self.answers.show_rule(self._state.rule, self._agreed())
        self._show()

    def _use_agreed(self) -> None:
        look, agreed = self._state.look, self._agreed()
        if look is not None and agreed is not None:
            self._state.set_rule(workflow.make_rule(str(look.request.score), threshold=agreed))

    def _change_destination(self) -> None:
        now = str(self.request().to)
        chosen, _ = QFileDialog.getSaveFileName(self, "Where the bundle goes", now)
        if chosen:
            self._own_destination = Path(chosen)
            self._show()

    def _set_budget(self) -> None:
        look, amount = self._state.look, read_amount(self.budget.text())
        if look is None or amount is None:
            return
        try:
            workflow.ledger(look.folder, write_amount(amount), "Set before the first release.")
        except DataSelectError as error:
            self.parcel.show_error(str(error))
        self.refresh()
        self.ledger_changed.emit()

    def _go_to_missing(self) -> None:
        if self._missing is not None:
            self._scroll.ensureWidgetVisible(self._missing)
            self._missing.setFocus(Qt.FocusReason.OtherFocusReason)

    def _release(self) -> None:
        look = self._state.look
        if look is None:
            return
        self.parcel.error.hide()
        self._last = self.request()
        work = _Work(look.folder, self._last)
        self._jobs.start("Writing the bundle", work, self._on_done, self._on_fault)

    def _on_done(self, done: Done) -> None:
        self.parcel.show_done(done)
        self.refresh()
        self._scroll.verticalScrollBar().setValue(self.parcel.y() - theme.SPACE[3])
        self.ledger_changed.emit()

    def _on_fault(self, error: DataSelectError) -> None:
        self._last = None
        self.parcel.show_error(str(error))
        self._scroll.ensureWidgetVisible(self.parcel.error)
        self.refresh()
        self.ledger_changed.emit()


def _row(*widgets: QWidget, spacing: int = 8) -> QWidget:
    """Return widgets beside each other; text takes the room that is left."""
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(spacing)
    for widget in widgets:
        row.addWidget(widget)
    return box


def _clear(layout: QLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()  # At once: it is deleted only when the loop of events turns.
            widget.deleteLater()


def _check_only(group: QButtonGroup, button: QAbstractButton | None) -> None:
    """Check one button of a group, or none."""
    group.setExclusive(False)
    for one in group.buttons():
        one.setChecked(one is button)
    group.setExclusive(True)
