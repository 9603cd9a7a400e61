"""The question whether picking by a score helps."""

from pathlib import Path
from typing import ClassVar

from PySide6.QtWidgets import QWidget

from dataselect_gui import workflow
from dataselect_gui.texts import N_, _
from dataselect_gui.window.study.choices import StudyForm, summary
from dataselect_gui.window.study.figure import Figure
from dataselect_gui.window.study.picks import Picks
from dataselect_gui.window.study.question import Found, Question
from dataselect_gui.window.study.results import Part, ResultsPanel
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.workflow import (
    JobContext,
    Start,
    StudyChoices,
    StudyFigure,
    StudyFound,
    StudyPlan,
    StudySubject,
)

INTERVALS = N_("In brackets: the range in which the true difference lies, with 95 % confidence.")
NO_FIGURE = N_("The figure is no longer there. The page still shows it.")


class ByScores(Question[StudyChoices]):
    """Tries picks by scores beside random ones."""

    name: ClassVar[str] = N_("Picking by a score")
    text: ClassVar[str] = N_("Does picking by a score help, with your records?")
    explanation: ClassVar[str] = N_(
        "The program trains small models on the records that a score picks, and others on "
        "just as many random records. Then it tests all of them on records that none has "
        "seen. Nothing leaves this machine, and no budget is spent."
    )

    def __init__(self, form: StudyForm) -> None:
        super().__init__(form, form.button, form.limit)
        self._form = form

    def place(self, subject: StudySubject, *, by_form: bool, anew: bool = False) -> Path:
        """See `Question.place`."""
        return workflow.study_place(subject, self._form.start if by_form else None, anew=anew)

    @property
    def kept_apart(self) -> Start:
        """What trainings start from."""
        return self._form.start

    def at(self, folder: Path) -> StudyFound | None:
        """See `Question.at`."""
        return workflow.study_at(folder)

    def offer(self, subject: StudySubject, study: Found[StudyChoices] | None) -> None:
        """See `Question.offer`."""
        chosen = () if study is None else study.choices.scores
        self._form.offer(workflow.study_scores(subject.checkpoint, chosen))
        if study is not None:
            self._form.show_choices(study.choices)

    def read(self, subject: StudySubject) -> StudyChoices | str:
        """See `Question.read`."""
        del subject
        return self._form.read()

    def summary(self, choices: StudyChoices) -> str:
        """See `Question.summary`."""
        return summary(choices)

    def count(
        self, subject: StudySubject, choices: StudyChoices
    ) -> tuple[int, int, list[tuple[str, int]]]:
        """See `Question.count`."""
        del subject
        return workflow.count_trainings(choices, self.folder)

    def replan(self, choices: StudyChoices) -> StudyPlan | None:
        """See `Question.replan`: other trainings of the same kinds take as long."""
        if not isinstance(self.planned, StudyPlan):
            return None
        return workflow.replan_study(self.planned, choices)

    def plan(
        self,
        subject: StudySubject,
        choices: StudyChoices,
        folder: Path,
        limit: int,
        context: JobContext,
    ) -> StudyPlan:
        """See `Question.plan`."""
        del limit  # The page holds it against the limit.
        return workflow.plan_study(subject, choices, folder, context)

    def run(
        self,
        subject: StudySubject,
        choices: StudyChoices,
        folder: Path,
        limit: int,
        context: JobContext,
    ) -> StudyFound:
        """See `Question.run`."""
        del limit
        return workflow.run_study(subject, choices, folder, context)

    def is_finished(self, choices: StudyChoices | None = None) -> bool:
        """See `Question.is_finished`."""
        result = self.shown.result if isinstance(self.shown, StudyFound) else None
        return result is not None and choices in {None, result.choices}

    def show(self, panel: ResultsPanel) -> None:
        """Show the answer, the picks and a figure for each question."""
        assert isinstance(self.shown, StudyFound)
        assert self.shown.result is not None
        result, parts = self.shown.result, list[Part]()
        for place, figure in enumerate(result.figures):
            drawn = [paragraph(figure.sentence), _figure(figure)]
            if place == 0:
                drawn += [Picks(result.lines), paragraph(_(INTERVALS), role="dim")]
            parts.append((_(figure.question), drawn))
        panel.show_result(
            result.page,
            result.verdict,
            [*result.headline, result.tally],
            _("Finished on {date}. {summary}", date=result.finished, summary=summary(result.choices)),
            parts,
        )


def _figure(figure: StudyFigure) -> QWidget:
    try:
        svg = figure.path.read_text(encoding="utf-8")
    except OSError:
        return paragraph(_(NO_FIGURE), role="dim")
    return Figure(svg, _(figure.question), figure.sentence)
