"""The question whether leaving out records that look wrong helps."""

from pathlib import Path
from typing import ClassVar

from dataselect_gui import workflow
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.window.study.arms_form import ArmsForm
from dataselect_gui.window.study.figure import Figure
from dataselect_gui.window.study.question import Found, Question
from dataselect_gui.window.study.results import Part, ResultsPanel
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.workflow import ArmsForecast, ArmsFound, ArmsWish, JobContext, StudySubject

_NO_RULE = N_("Add clean records of the consortium. They show above which loss a record looks wrong.")


class LeavingOut(Question[ArmsWish]):
    """Tries leaving out what looks wrong beside everything and as many random records."""

    name: ClassVar[str] = N_("Leaving out what looks wrong")
    text: ClassVar[str] = N_("Does leaving out what looks wrong help?")
    explanation: ClassVar[str] = N_(
        "The program trains the consortium's model further: on all of your records, on those"
        " that do not look wrong, and on just as many random ones, each time from the same "
        "start. Then it tests the results on records that none has seen. Nothing leaves this"
        " machine, and no budget is spent."
    )

    def __init__(self, form: ArmsForm) -> None:
        super().__init__(form, form.fold.button, form.limit)
        self._form, self._has_thresholds = form, False

    def place(self, subject: StudySubject, *, by_form: bool, anew: bool = False) -> Path:
        """See `Question.place`: what goes into no study that is there is begun anew by the owner."""
        del by_form
        return workflow.study_place(subject, anew=anew, kind="arms")

    def at(self, folder: Path) -> ArmsFound | None:
        """See `Question.at`."""
        return workflow.arms_at(folder)

    def offer(self, subject: StudySubject, study: Found[ArmsWish] | None) -> None:
        """See `Question.offer`."""
        self._has_thresholds = workflow.has_thresholds(subject)
        self._form.offer(has_thresholds=self._has_thresholds)
        if study is not None:
            self._form.show_wish(study.choices)

    def read(self, subject: StudySubject) -> ArmsWish | str:
        """See `Question.read`."""
        wish = self._form.read()
        if isinstance(wish, str):
            return wish
        if wish.clean is None and not self._has_thresholds:
            return _(_NO_RULE)
        return workflow.why_not(subject, wish, self.folder) or wish

    def summary(self, choices: ArmsWish) -> str:
        """See `Question.summary`."""
        epsilons = ", ".join(choices.epsilons)
        trainings = ngettext(
            "All records, those that do not look wrong, and as many random ones: each "
            "trained with privacy protection (ε = {epsilons}) and without, {count} time.",
            "All records, those that do not look wrong, and as many random ones: each "
            "trained with privacy protection (ε = {epsilons}) and without, {count} times.",
            choices.seeds,
            epsilons=epsilons,
        )
        plant = workflow.planted_words(choices.plant)
        return (
            _(
                "{trainings} Then all of it with faults added on purpose: {plant}.",
                trainings=trainings,
                plant=plant,
            )
            if plant
            else trainings
        )

    def count(self, subject: StudySubject, choices: ArmsWish) -> tuple[int, int, list[tuple[str, int]]]:
        """See `Question.count`."""
        return workflow.count_arms(subject, choices, self.folder)

    def plan(
        self, subject: StudySubject, choices: ArmsWish, folder: Path, limit: int, context: JobContext
    ) -> ArmsForecast:
        """See `Question.plan`."""
        return workflow.plan_arms(subject, choices, folder, limit, context)

    def run(
        self, subject: StudySubject, choices: ArmsWish, folder: Path, limit: int, context: JobContext
    ) -> ArmsFound:
        """See `Question.run`."""
        return workflow.run_arms_study(subject, choices, folder, limit, context)

    def is_finished(self, choices: ArmsWish | None = None) -> bool:
        """See `Question.is_finished`."""
        study = self.shown
        is_there = isinstance(study, ArmsFound) and study.result is not None
        return is_there and (choices is None or (study is not None and study.choices == choices))

    def show(self, panel: ResultsPanel) -> None:
        """Show the answer, the figure, and which rule it was."""
        assert isinstance(self.shown, ArmsFound)
        assert self.shown.result is not None
        result, parts = self.shown.result, list[Part]()
        if result.figure is not None:
            figure = result.figure
            drawn = Figure(figure.svg, figure.title, figure.description)
            parts.append((figure.title, [drawn, paragraph(figure.caption, role="dim")]))
        if result.rule:
            parts.append((_("What looked wrong"), [paragraph(line) for line in result.rule]))
        first, *others = result.answer
        panel.show_result(
            result.page,
            first,
            others,
            _(
                "Finished on {date}. {summary}",
                date=result.finished,
                summary=self.summary(self.shown.choices),
            ),
            parts,
        )
