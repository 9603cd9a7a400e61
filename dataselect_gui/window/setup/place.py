"""Setup, one page: what was found, what is wrong with it, whom to protect, and the score button."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout

from dataselect_gui import workflow
from dataselect_gui.plain import visible
from dataselect_gui.window.place import Place, PlaceId
from dataselect_gui.window.setup.facts import Facts
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.column import ColumnPlace, Pair
from dataselect_gui.window.widgets.layout import row
from dataselect_gui.window.widgets.plain import Button, ComboBox
from dataselect_gui.window.widgets.training_question import TrainingQuestion
from dataselect_gui.workflow import (
    CheckpointInspected,
    Look,
    Preflight,
    Request,
    SourceInspected,
    preflight_facts,
    what_opens,
)

_MOST_NAME, _MOST_WORDS = 100, 500
"""Characters of a name, and of what a request says, that are shown."""
_EACH_RECORD = "each record"
_NO_RECORDS = f"Not chosen yet: drop {what_opens()}."
_NO_CHECKPOINT = "Not chosen yet: drop the consortium's folder, or its .pt2 file."
_ALONE = "No column tells people apart, so each record is protected by itself."
_FIXED = "Chosen when these records were first scored."
_HINT = "Where a person has several records, protect the person: choose the column that names them."
_TRYING = "It is being tried on some of your records. You need not wait for that."
_TRY = "Does picking by a score help, with your records? See for yourself, before you share anything."
_PROPOSED = "Several records share a {column}, so each {column} is protected, not each record alone."


class SetupPlace(ColumnPlace, Place):
    """What was found before scoring, and scoring itself.

    Signals
    -------
    score_wanted()
        The person wants the records scored, or scoring to go on.
    stop_wanted()
        The person wants the work in progress to stop.
    try_wanted()
        The person wants to see whether picking by a score helps.
    """

    place_id = PlaceId.SETUP
    score_wanted = Signal()
    stop_wanted = Signal()
    try_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.records, self.checkpoint = Facts("Your records"), Facts("The consortium's checkpoint")
        # Below the button, so that nothing moves under the pointer when its facts arrive.
        self.preflight = Facts("The checkpoint on your records")
        # Said where something is missing: what holds everywhere need not be read every time.
        confined = workflow.available_confinement()
        self.confined = paragraph(confined.sentence, role="warning")
        if confined.is_whole:
            self.confined.hide()
        self.unit = ComboBox()
        self.unit.setAccessibleName("Protect")
        self.unit.setMinimumWidth(200)
        self.unit.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
        self._unit_hint = paragraph(role="dim")
        self.training = TrainingQuestion()
        self.score = Button()
        self.score.setProperty("role", "primary")
        self.score.clicked.connect(self.score_wanted)
        self.stop = Button("Stop")
        self.stop.clicked.connect(self.stop_wanted)
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.status = paragraph(role="dim")
        self.try_it, self._try_hint = Button("Try it…"), paragraph(role="dim")
        self.try_it.clicked.connect(self.try_wanted)
        self._build()
        self.show_idle()
        self.show_records(None, None)
        self.show_checkpoint(None, None)
        self.show_trial("")

    @property
    def unit_column(self) -> str | None:
        """The column that names the person; None where each record is protected by itself."""
        return self.unit.chosen()

    def show_records(self, path: Path | None, found: SourceInspected | None) -> None:
        """Show what inspection found at the source."""
        if found is None or path is None:
            self._show_units("")
            self.records.show_facts(_NO_RECORDS, [], [])
            return
        columns, person = found.columns, found.person
        hint = _HINT if person is None else _PROPOSED.format(column=person)
        self._show_units(hint if columns else _ALONE, columns, person)
        readable = f"{found.readable:,} readable of {found.records:,}"
        facts = [
            ("Where", str(path)),
            ("Records", f"{found.records:,}" if not found.problems else readable),
            ("Labels", _names(found.labels) or "none"),
        ]
        if found.ignored:
            facts.append(("Passed over", f"{found.ignored:,} other files"))
        self.records.show_facts(
            "", facts, [f"{problem.id}: {problem.reason}" for problem in found.problems]
        )

    def show_checkpoint(self, path: Path | None, found: CheckpointInspected | None) -> None:
        """Show what inspection found at the checkpoint."""
        self.preflight.hide()
        if found is None or path is None:
            self.checkpoint.show_facts(_NO_CHECKPOINT, [], [])
            return
        model = found.preflight
        steps = [step for step in found.series if step is not None]
        facts = [
            ("Where", str(path)),
            ("Model", model.architecture or "a .pt2 graph"),
            ("Series", f"{len(steps)} states, to step {steps[-1]:,}" if steps else "one state"),
            ("Classes", _names(found.labels) or "not named"),
            ("Scores", ", ".join(model.scores)),
            *requested(found.asks),
        ]
        if model.labels is not None:
            facts.insert(4, ("Labels", "all of yours are among the classes"))
        unknown = [
            f"The request asks for something that is not known here: {key}"
            for key in found.unknown_in_request
        ]
        self.checkpoint.show_facts("", facts, unknown)

    def show_preflight(self, found: Preflight) -> None:
        """Show what came of trying the checkpoint on some of the records."""
        self.preflight.show_facts("", preflight_facts(found), [])

    def show_project(self, look: Look) -> None:
        """Show what an open project was made from."""
        self.preflight.hide()
        self._show_units(
            _FIXED, [] if look.unit_column is None else [look.unit_column], look.unit_column
        )
        self.unit.setEnabled(False)
        labels = sorted({label for label in look.labels if label is not None})
        facts = [
            ("Where", str(look.source)),
            ("Records", f"{len(look.ids):,}"),
            ("Labels", _names(labels) or "none"),
            ("Scores", ", ".join(look.scores) or "none yet"),
        ]
        problems = [f"{record}: {reason}" for record, reason in sorted(look.problems.items())]
        self.records.show_facts("", facts, problems)
        self.checkpoint.show_facts("", [("Where", str(look.checkpoint)), *requested(look.request)], [])

    def show_demo(self) -> None:
        """Say what the demo is made of, while it is scored."""
        self._show_units(_ALONE)
        self.records.show_facts("2,000 images of clothes that come with the program.", [], [])
        self.checkpoint.show_facts("Five states of a small model, trained on other images.", [], [])

    def show_idle(self, button: str = "Score", *, ready: bool = False, text: str = "") -> None:
        """Show that nothing is running.

        Parameters
        ----------
        button : str
            What the button says.
        ready : bool
            Whether there is something to score.
        text : str
            What there is to say.
        """
        self.score.setText(button)
        self.score.setEnabled(ready)
        self.score.show()
        self.stop.hide()
        self.progress.hide()
        self._say(text)

    def show_trying(self) -> None:
        """Show that the checkpoint is being tried, and that nobody needs to wait for it."""
        self.preflight.show_facts(_TRYING, [], [])
        self.preflight.show()

    def follow(self) -> None:
        """Give the focus to what stops the work that was begun here, with its progress in sight."""
        self.stop.setFocus()
        # Not at once, which would be before it has its place.
        QTimer.singleShot(1, self, self._show_progress)

    def show_running(self, text: str, share: float = 0, *, keeps: bool) -> None:
        """Show what is being done, the share that is done, and whether it is kept where it is stopped.

        Parameters
        ----------
        text : str
            As a sentence.
        share : float
            From 0 to 1.
        keeps : bool
            Whether what is done is kept where the work is stopped.
        """
        self.score.hide()
        self.stop.show()
        self.progress.show()
        self.progress.setValue(int(1000 * share))
        promise = " You may stop and go on tomorrow." if keeps else ""
        self._say(f"{text}{promise}")

    def show_trial(self, obstacle: str) -> None:
        """Offer to see whether picking by a score helps, or say why that cannot be seen."""
        self.try_it.setEnabled(not obstacle)
        self.try_it.setAccessibleDescription(visible(obstacle or _TRY))
        self._try_hint.setText(obstacle or _TRY)

    # Within

    def _show_progress(self) -> None:
        self.ensureWidgetVisible(self.status)

    def _say(self, text: str) -> None:
        self.status.setText(text)
        self.status.setVisible(bool(text))

    def _build(self) -> None:
        protect = QFrame()
        protect.setProperty("role", "panel")
        form = QVBoxLayout(protect)
        form.setContentsMargins(16, 12, 16, 16)
        form.setSpacing(theme.SPACE[1])
        form.addWidget(paragraph("Protect", bold=True))
        form.addWidget(self.unit, 0, Qt.AlignmentFlag.AlignLeading)
        form.addWidget(self._unit_hint)
        form.addStretch()
        asked = QFrame()
        asked.setProperty("role", "panel")
        answers = QVBoxLayout(asked)
        answers.setContentsMargins(16, 12, 16, 12)
        answers.addWidget(self.training)
        answers.addStretch()
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE[2])
        buttons.addWidget(self.score)
        buttons.addWidget(self.stop)
        buttons.addWidget(self.progress, 1)
        buttons.addStretch()
        self.column.addWidget(self.confined)
        self.column.addWidget(Pair(self.records, self.checkpoint))
        self.column.addWidget(Pair(protect, asked))
        self.column.addLayout(buttons)
        self.column.addWidget(self.status)
        self.column.addWidget(row(self.try_it, self._try_hint))
        self.column.addWidget(self.preflight)
        self.column.addStretch(1)

    def _show_units(self, hint: str, columns: Sequence[str] = (), person: str | None = None) -> None:
        self.unit.clear()
        self.unit.add(_EACH_RECORD)
        for column in columns:
            self.unit.add(f"each {column}", column)
        if person is not None:
            self.unit.setCurrentIndex(1 + columns.index(person))
        self.unit.setEnabled(bool(columns))
        self._unit_hint.setText(hint)
        self._unit_hint.setVisible(bool(hint))


def _names(names: Iterable[str]) -> str:
    """Return names one after the other, none so long that it fills the page."""
    return ", ".join(visible(name, _MOST_NAME) for name in names)


def requested(request: Request) -> list[tuple[str, str]]:
    """Return what a request asks for, line by line, in words."""
    lines = []
    asks = request.score or ""
    if request.threshold is not None:
        asks += f" at least {request.threshold}"
    elif request.count is not None:
        asks = f"the {request.count:,} records with the highest {asks}"
    if asks:
        lines.append(("Asks for", asks))
    private = [
        words.format(value)
        for value, words in (
            (request.epsilon, "ε {}"),
            (request.delta, "δ {}"),
            (request.noise_multiplier, "noise {}"),
            (request.max_grad_norm, "clipped at {}"),
            (request.sample_rate, "rate {}"),
            (request.steps, "{} steps"),
        )
        if value is not None
    ]
    if private:
        lines.append(("Trained", f"under differential privacy: {', '.join(private)}"))
    lines += [
        (name, visible(text, _MOST_WORDS))
        for name, text in (
            ("Contact", request.contact),
            ("Deadline", request.deadline),
            ("Direction", request.direction),
        )
        if text is not None
    ]
    for name, named in (("Bounds", request.bounds), ("Statistics", request.class_statistics)):
        if named:
            lines.append((name, f"for {_names(named)}"))
    return lines or [("Asks for", "nothing in particular")]
