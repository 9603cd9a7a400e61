"""What a person can choose for a study, and its plan by these choices."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import OtherStudyError, UsageError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.scoring.catalog import applicable, find_score
from dataselect_gui.scoring.scores import SCORES
from dataselect_gui.study.plan import (
    QUESTIONS,
    SCORED,
    Choices,
    in_order,
    proposed_score,
    trainings,
)
from dataselect_gui.study.sentences import name_of
from dataselect_gui.texts import N_, _
from dataselect_gui.workflow.study_folders import StudyFound, StudySubject, study_at, trainings_left
from dataselect_gui.workflow.studying import StudyPlan, StudyRequest, foresee_study, study

_ANEW = N_("Begin anew: the earlier study stays in its folder.")


@dataclass(frozen=True)
class StudyScore:
    """A score that a study may pick by.

    Attributes
    ----------
    name, label : str
        Its name, and its name in running text.
    meaning : str
        What a high value means, in a sentence.
    obstacle : str
        Why it cannot be picked by; empty where it can.
    proposed : bool
        Whether it is the default.
    """

    name: str
    label: str
    meaning: str
    obstacle: str
    proposed: bool


def study_scores(checkpoint_path: Path, also: Sequence[str] = ()) -> list[StudyScore]:
    """Return the scores that a study with a checkpoint may pick by, and why others cannot be.

    Parameters
    ----------
    checkpoint_path : Path
        What the consortium shares.
    also : sequence of str
        Variants of scores to list as well, because they were chosen before.

    Raises
    ------
    UnusableError
        Where the checkpoint cannot be used.
    """
    checkpoint = find_checkpoint(checkpoint_path)
    series, request = len(checkpoint.series), checkpoint.request
    proposed = proposed_score(series, request, checkpoint.indexed)
    scores = []
    for name in dict.fromkeys((*SCORES, proposed, *also)):
        if name in SCORES and not SCORES[name].needs_model:
            continue
        try:
            (score,) = applicable(
                [name], series=series, labelled=True, request=request, indexed=checkpoint.indexed
            )
        except UsageError as error:
            score, obstacle = find_score(name), f"{error.why} {error.do}"
        else:
            obstacle = ""
        label = name_of(name)
        scores.append(StudyScore(name, label, score.sentence, obstacle, name == proposed))
    return scores


def count_trainings(choices: Choices, folder: Path) -> tuple[int, int, list[tuple[str, int]]]:
    """Return the number of trainings of a study, of those done, and of those for each question.

    Some trainings serve several questions.

    Parameters
    ----------
    choices : Choices
        What is compared.
    folder : Path
        Where the study is, or would be.
    """
    planned = trainings(choices)
    count = len(in_order(planned))
    by_question = [(text, len(set(planned[key]))) for key, text in QUESTIONS.items()]
    return count, count - len(trainings_left(folder, choices)), by_question


def plan_study(subject: StudySubject, choices: Choices, folder: Path, context: JobContext) -> StudyPlan:
    """Plan a study, and estimate its time; nothing is left on disk where none was begun.

    Parameters
    ----------
    subject : StudySubject
        What is studied.
    choices : Choices
        What is compared.
    folder : Path
        Where the study is, or would be.
    context : JobContext
        Reports progress, and carries the request to stop.

    Raises
    ------
    OtherStudyError
        Where the folder holds a study of another source, checkpoint or columns.
    DataSelectError
        Where something cannot be used, or the work was stopped.
    """
    with begin_anew():
        return foresee_study(_request(subject, choices, folder), context)


def replan_study(plan: StudyPlan, choices: Choices) -> StudyPlan | None:
    """Return the plan for other choices; None where it does not follow from the given plan."""

    def rest(of: Choices) -> tuple[object, ...]:
        """Return the choices that the work other than trainings depends on."""
        return of.start, of.seeds, set(of.scores) - set(SCORED)

    if rest(choices) != rest(plan.choices):
        return None
    planned = trainings(choices)
    left = trainings_left(plan.folder, choices)
    return replace(
        plan,
        choices=choices,
        by_question={question: len(set(planned[question])) for question in QUESTIONS},
        trainings=len(in_order(planned)),
        left=len(left),
        seconds=plan.beside + sum(plan.by_kind[training.kind] for training in left),
    )


def run_study(subject: StudySubject, choices: Choices, folder: Path, context: JobContext) -> StudyFound:
    """Run a study, or continue it; parameters as for `plan_study`.

    Raises
    ------
    OtherStudyError
        Where the folder holds a study of something else, or of the records as they were.
    DataSelectError
        Where something cannot be used, or the work was stopped; what was done is kept.
    """
    with begin_anew():
        study(_request(subject, choices, folder), context)
    stored = study_at(folder)
    assert stored is not None
    return stored


def _request(subject: StudySubject, choices: Choices, folder: Path) -> StudyRequest:
    return StudyRequest(
        subject.source,
        subject.checkpoint,
        choices,
        to=folder,
        label_column=subject.label_column,
        unit_column=subject.unit_column,
        split=subject.split,
        text_column=subject.text_column,
        labels=subject.labels,
    )


@contextmanager
def begin_anew() -> Iterator[None]:
    """Replace the remedy of `OtherStudyError` by one that the window offers."""
    try:
        yield
    except OtherStudyError as error:
        raise OtherStudyError(error.what, error.why, _(_ANEW)) from None
