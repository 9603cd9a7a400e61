"""The Setup place: the inspected inputs, their problems, whom to protect, and the score button."""

from pathlib import Path

from PySide6.QtCore import QTimer, Signal

from dataselect_gui import workflow
from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.place import Place, PlaceId
from dataselect_gui.window.setup.descriptions import (
    checkpoint_facts,
    has_columns,
    part_of,
    parts_of,
    project_facts,
    scored_facts,
    source_facts,
)
from dataselect_gui.window.setup.facts import Facts, InputFacts
from dataselect_gui.window.setup.first_scores import FirstScoresPanel
from dataselect_gui.window.setup.kept_scores import OtherCheckpoints
from dataselect_gui.window.setup.labels import LabelTable
from dataselect_gui.window.setup.leaving_out import LeavingOut
from dataselect_gui.window.setup.protecting import ALONE, FIXED, Protecting
from dataselect_gui.window.setup.reading import Reading
from dataselect_gui.window.setup.samples import Samples
from dataselect_gui.window.setup.score_choice import ScoreChoices
from dataselect_gui.window.setup.score_line import ScoreLine
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.column import ColumnPlace, Pair
from dataselect_gui.window.widgets.holding import Holding
from dataselect_gui.window.widgets.layout import panel, row
from dataselect_gui.window.widgets.plain import Button, ComboBox
from dataselect_gui.window.widgets.training_question import TrainingQuestion
from dataselect_gui.workflow import (
    CheckpointInspected,
    LabelRule,
    Look,
    Preflight,
    SourceInspected,
    preflight_facts,
    what_opens,
)

_NO_RECORDS = N_("Nothing chosen yet. Drop your records anywhere here: {kinds}.")
_NO_CHECKPOINT = N_(
    "Nothing chosen yet. Drop the folder that the consortium sent you, or its .pt2 file, anywhere here."
)
_ANEW = N_("Reading them another way makes a new project. The scores that you have stay.")
_TRYING = N_("The checkpoint is being tried on some of your records. You need not wait.")
_TRY = N_("Does picking by a score help with your records? Try it before you share anything.")
_PARTS = N_("These records come in several parts. Choose one of them: parts are not mixed.")


class SetupPlace(ColumnPlace, Place):
    """Shows the inspected inputs, asks what scoring needs, and starts it.

    Signals
    -------
    score_requested()
        The records are to be scored, or scoring to continue.
    stop_requested()
        The job in progress is to stop.
    try_requested()
        The study is to be shown.
    split_chosen(str)
        A part of the records was chosen.
    anew_requested()
        The records of the open project are to be read in another way.
    back_requested()
        That project is to be opened again.
    """

    place_id = PlaceId.SETUP
    score_requested = Signal()
    stop_requested = Signal()
    try_requested = Signal()
    split_chosen = Signal(str)
    anew_requested = Signal()
    back_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.records = InputFacts(_("Your records"))
        self.checkpoint = InputFacts(_("The consortium's checkpoint"), Term.CHECKPOINT)
        # Below the button, so that nothing moves under the pointer when its facts arrive.
        self.preflight = Facts(_("The checkpoint, tried on your records"))
        # Shown only where something is missing.
        confined = workflow.available_confinement()
        self.confined = paragraph(confined.sentence, role="warning")
        if confined.is_whole:
            self.confined.hide()
        self._path: Path | None = None
        self.protecting = Protecting()
        self.unit = self.protecting.choice
        self.samples = Samples(self.unit)
        self.split = ComboBox()
        self.split.setAccessibleName(visible(_("Part of the records")))
        self.split.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
        self.split.setPlaceholderText(visible(_("Choose…")))
        self.split.activated.connect(self._on_split)
        self._split_hint = paragraph(role="warning")
        self._split_row = row(self.split, self._split_hint)
        self.reading, self.labels = Reading(), LabelTable()
        self.read_anew = Button(_("Read them another way…"))
        self.read_anew.clicked.connect(self.anew_requested)
        self.go_back = Button(_("Back to the scores"))
        self.go_back.clicked.connect(self.back_requested)
        self._anew_row = row(self.read_anew, self.go_back, paragraph(_(_ANEW), role="dim"))
        self.other_checkpoints = OtherCheckpoints()
        self.training = TrainingQuestion()
        self.leaving_out = LeavingOut()
        self.score_choices = ScoreChoices()
        self.score_line, self.first_scores = ScoreLine(), FirstScoresPanel()
        self.score, self.stop = self.score_line.score, self.score_line.stop
        self.progress, self.status = self.score_line.progress, self.score_line.status
        self.score.clicked.connect(self.score_requested)
        self.stop.clicked.connect(self.stop_requested)
        self.try_it, self._try_hint = Button(_("Try it…")), paragraph(role="dim")
        self.try_it.clicked.connect(self.try_requested)
        self._build()
        self.show_records(None, None)
        self.show_checkpoint(None, None)
        self.show_trial("")

    @property
    def has_threads(self) -> bool:
        """Whether some of the records, or their first scores, are being read."""
        return self.samples.running or self.first_scores.running

    def close_threads(self) -> None:
        """Stop reading them; the window calls this before it closes."""
        self.samples.close_thread()
        self.first_scores.close_thread()

    @property
    def unit_column(self) -> str | None:
        """The column that names the person; None where each record is protected by itself."""
        return self.protecting.unit_column

    @property
    def unused(self) -> str:
        """What a person chose and did not use yet, as a sentence; empty for nothing."""
        return (
            self.reading.unused
            or self.labels.unused
            or self.leaving_out.unfinished
            or self.score_choices.unfinished(self.leaving_out.leave_out)
        )

    def show_records(
        self,
        path: Path | None,
        inspection: SourceInspected | None,
        unit_column: str | None = None,
    ) -> None:
        """Show what inspection found at the source, and whom a person said to protect."""
        known = self.unit_column if path == self._path else unit_column
        self.reading.forget()
        if path != self._path:
            self.leaving_out.choose_everything()
        self._anew_row.hide()
        self._show_splits(inspection)
        if inspection is None or path is None:
            self.protecting.show_units("")
            self._path = None
            self.records.show_facts(_(_NO_RECORDS, kinds=what_opens()), [], [])
            return
        if inspection.splits and inspection.split is None:
            self.protecting.show_units("")
            self.records.show_facts("", [(_("Parts"), parts_of(inspection.splits))], [], path)
            return
        columns, person = inspection.columns, inspection.person
        # Whoever chose a column of these records keeps it, however they are read.
        was_chosen = path == self._path or unit_column is not None
        kept = known if was_chosen and known in {None, *columns} else person
        self.protecting.show_units("" if columns else _(ALONE), columns, kept, person)
        self._path = path
        facts = source_facts(inspection)
        problems = [f"{problem.id}: {problem.reason}" for problem in inspection.problems]
        self.records.show_facts("", facts, problems, path)

    def show_checkpoint(self, path: Path | None, inspection: CheckpointInspected | None) -> None:
        """Show what inspection found at the checkpoint."""
        self.preflight.hide()
        self.other_checkpoints.show_kept(())
        self.labels.show_account(None, LabelRule())
        if inspection is None or path is None:
            self.checkpoint.show_facts(_(_NO_CHECKPOINT), [], [])
            self.leaving_out.begin()
            self.score_choices.show_choices(())
            return
        self.leaving_out.ask(inspection)
        self.training.finding_out.show_checkpoint(inspection.digest, inspection.asks.contact)
        facts = checkpoint_facts(inspection)
        unknown = [
            _("The request asks for something that this program does not know: {key}", key=key)
            for key in inspection.unknown_in_request
        ]
        self.checkpoint.show_facts("", facts, unknown, path)

    def show_preflight(self, preflight: Preflight) -> None:
        """Show the result of trying the checkpoint on some of the records."""
        self.preflight.show_facts("", preflight_facts(preflight), [])
        self.score_choices.show_preflight(preflight)

    def show_project(self, look: Look) -> None:
        """Show what an open project was made from."""
        self.preflight.hide()
        self.reading.forget()
        self.labels.show_account(None, LabelRule())
        self.protecting.show_units(
            _(FIXED), [] if look.unit_column is None else [look.unit_column], look.unit_column
        )
        self.unit.setEnabled(False)
        self._show_splits(None)
        facts = project_facts(look)
        problems = [f"{record}: {reason}" for record, reason in sorted(look.problems.items())]
        self.records.show_facts("", facts, problems, look.source)
        self.checkpoint.show_facts("", scored_facts(look), [], look.checkpoint)
        self.other_checkpoints.show_kept(look.other_checkpoints)
        self.leaving_out.show_decision(look.decision)
        self.score_choices.show_choices(look.choices, look.scores)
        self.training.finding_out.show_checkpoint(look.checkpoint_digest, look.request.contact)
        self.go_back.hide()
        self.read_anew.show()
        self._anew_row.setVisible(has_columns(look))

    def begin(self) -> None:
        """Begin at the top, as with other records or another project."""
        self.verticalScrollBar().setValue(0)

    def show_way_back(self, *, shown: bool) -> None:
        """Offer the way back to the project whose records are read in another way."""
        self.leaving_out.set_too_late(is_too_late=shown)
        self.read_anew.hide()
        self.go_back.setVisible(shown)
        self._anew_row.setVisible(shown)

    def show_demo(self) -> None:
        """Show what the demo is made of, while it is scored."""
        self.leaving_out.begin()
        self.score_choices.show_choices(())
        self._show_splits(None)
        self.protecting.show_units(_(ALONE))
        records = _(
            "2,000 images of clothes that come with the program. Some have a wrong label, and some are "
            "no clothes."
        )
        checkpoint = _(
            "A small model, saved five times while it learned from other images. With it comes the "
            "score from which on a record looks wrong; such records are left out."
        )
        self.records.show_facts(records, [], [])
        self.checkpoint.show_facts(checkpoint, [], [])

    def show_trying(self) -> None:
        """Show that the checkpoint is being tried, which need not be waited for."""
        self.preflight.show_facts(_(_TRYING), [], [])
        self.preflight.show()

    def show_labels(self) -> None:
        """Scroll to the labels that fit no class, and give the first of them the focus."""
        first = next(iter(self.labels.choices.values()), None)
        if first is not None:
            first.setFocus()
        QTimer.singleShot(1, self, lambda: self.ensureWidgetVisible(self.labels))

    def focus_stop(self) -> None:
        """Give the focus to the stop button, and scroll to the progress."""
        self.stop.setFocus()
        # Later, when the layout is done.
        QTimer.singleShot(1, self, self._show_progress)

    def hold_choices(self, *, held: bool) -> None:
        """Take no choices while a job runs by those that it began with; the focus comes back after."""
        self._choices.hold(held=held)

    def show_trial(self, obstacle: str) -> None:
        """Offer the study, or show why it is not possible; an empty obstacle means it is."""
        self.try_it.setEnabled(not obstacle)
        self.try_it.setAccessibleDescription(visible(obstacle or _(_TRY)))
        self._try_hint.setText(obstacle or _(_TRY))

    # Within

    def _show_progress(self) -> None:
        self.ensureWidgetVisible(self.status)

    def _build(self) -> None:
        question, answers = panel()
        answers.addWidget(self.training)
        answers.addStretch()
        self._choices = Holding(
            self,
            (
                self._split_row,
                self.reading,
                self.labels,
                self.protecting,
                question,
                self.leaving_out,
                self.score_choices,
            ),
        )
        self.column.addWidget(self.confined)
        self.column.addWidget(self._split_row)
        self.column.addWidget(Pair(self.records, self.checkpoint))
        self.column.addWidget(self.samples)
        self.column.addWidget(self.other_checkpoints)
        self.column.addWidget(self._anew_row)
        self.column.addWidget(self.reading)
        self.column.addWidget(self.labels)
        self.column.addWidget(Pair(self.protecting, question))
        self.column.addWidget(self.leaving_out)
        self.column.addWidget(self.score_choices)
        self.column.addWidget(self.score_line)
        self.column.addWidget(self.first_scores)
        self.column.addWidget(row(self.try_it, self._try_hint))
        self.column.addWidget(self.preflight)
        self.column.addStretch(1)

    def _show_splits(self, inspection: SourceInspected | None) -> None:
        """Show the parts of the records to choose from, where there are several."""
        splits = {} if inspection is None else inspection.splits
        self.split.clear()
        for name, count in splits.items():
            self.split.add(part_of(name, count), name)
        chosen = None if inspection is None else inspection.split
        self.split.choose(chosen)
        self._split_hint.setText(_(_PARTS) if chosen is None else "")
        self._split_row.setVisible(bool(splits))

    def _on_split(self) -> None:
        chosen = self.split.chosen()
        if chosen is not None:
            self.split_chosen.emit(chosen)
