"""What the window offers of a study of arms: its choices, its plan, its run, and what came of it."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import DataSelectError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.study.arms.figure import (
    figure_caption,
    figure_description,
    figure_title,
    intervals_svg,
)
from dataselect_gui.study.arms.findings import ArmFindings, read_arm_findings
from dataselect_gui.study.arms.plan import ArmChoices, ArmTraining, arm_trainings
from dataselect_gui.study.arms.sentences import answer_lines, rule_lines
from dataselect_gui.study.plan import FEWEST_SEEDS, Start
from dataselect_gui.study.store import FINDINGS, PAGE, PLAN, RESULTS, read_as
from dataselect_gui.texts import N_
from dataselect_gui.workflow.arms_study import (
    ARM_EPSILONS,
    ArmsRequest,
    arm_choices,
    check_arms,
    foresee_arms,
    requested_scores,
    study_arms,
)
from dataselect_gui.workflow.study_choices import begin_anew
from dataselect_gui.workflow.study_folders import StudySubject

_AS_THEY_ARE = N_("your records as they are")
_WITH_DIRT = N_("with dirt planted in them")
_UNTOUCHED = N_("the consortium's model as it is, only tested")


@dataclass(frozen=True)
class ArmsWish:
    """What a study of arms is to compare; see `ArmsRequest`."""

    clean: Path | None = None
    rows: Path | None = None
    foreign: Path | None = None
    plant: str = ""
    epsilons: tuple[str, ...] = ARM_EPSILONS
    release_epsilons: tuple[str, ...] = ()
    seeds: int = FEWEST_SEEDS
    start: Start = "checkpoint"


@dataclass(frozen=True)
class ArmsForecast:
    """The plan of a study of arms, by what it is to compare."""

    folder: Path
    choices: ArmsWish
    trainings: int
    left: int
    seconds: float


@dataclass(frozen=True)
class ArmsFigure:
    """The figure of a study of arms: an SVG element, and its texts."""

    svg: str
    title: str
    description: str
    caption: str


@dataclass(frozen=True)
class ArmsResult:
    """What came of a study of arms, as text.

    Attributes
    ----------
    finished : str
        When, as a date.
    answer : list of str
        The answer, in its first line, and what else there is to say.
    rule : list of str
        Which rule it is, what it left out, and what was not tried.
    figure : ArmsFigure or None
        None where nothing was compared.
    page : Path
        All of it as one page.
    """

    finished: str
    answer: list[str]
    rule: list[str]
    figure: ArmsFigure | None
    page: Path


@dataclass(frozen=True)
class ArmsFound:
    """A study of arms as it lies on disk.

    Attributes
    ----------
    folder : Path
        Where it lies.
    choices : ArmsWish
        What was planned last.
    result : ArmsResult or None
        None where it is not finished.
    """

    folder: Path
    choices: ArmsWish
    result: ArmsResult | None


class _Planned(msgspec.Struct):
    """The part of a plan's file that says what was wished."""

    arms: ArmChoices
    clean: str | None = msgspec.field(default=None, name="clean rows")
    rows: str | None = msgspec.field(default=None, name="rows mixed in")
    foreign: str | None = msgspec.field(default=None, name="foreign records")


def has_thresholds(subject: StudySubject) -> bool:
    """Say whether the consortium's request has thresholds, so that no clean rows are needed.

    Raises
    ------
    UnusableError
        Where the checkpoint cannot be used.
    """
    return bool(requested_scores(find_checkpoint(subject.checkpoint)))


def count_arms(
    subject: StudySubject, wish: ArmsWish, folder: Path
) -> tuple[int, int, list[tuple[str, int]]]:
    """Return the number of trainings of a study, of those done, and of those on each kind of records.

    Raises
    ------
    DataSelectError
        Where the wish makes no sense.
    """
    request = _request(subject, wish, folder)
    planned = arm_trainings(arm_choices(request, find_checkpoint(subject.checkpoint)))
    done = sum((folder / RESULTS / f"{training.name}.json").is_file() for training in planned)

    def count(*, planted: bool) -> int:
        return sum(_is_trained(each) and each.cell.planted == planted for each in planned)

    by_records = [
        (_AS_THEY_ARE, count(planted=False)),
        (_WITH_DIRT, count(planted=True)),
        (_UNTOUCHED, sum(not _is_trained(each) for each in planned)),
    ]
    return len(planned), done, [(text, number) for text, number in by_records if number]


def plan_arms(
    subject: StudySubject, wish: ArmsWish, folder: Path, limit: int, context: JobContext
) -> ArmsForecast:
    """Plan a study of arms, and estimate its time; nothing is left on disk where none was begun.

    Parameters
    ----------
    subject : StudySubject
        What is studied.
    wish : ArmsWish
        What is compared.
    folder : Path
        Where the study is, or would be.
    limit : int
        How many trainings there may be.
    context : JobContext
        Reports progress, and carries the request to stop.

    Raises
    ------
    OtherStudyError
        Where the folder holds a study of something else.
    DataSelectError
        Where something cannot be used, or the work was stopped.
    """
    with begin_anew():
        plan = foresee_arms(check_arms(_request(subject, wish, folder), limit), context)
    return ArmsForecast(folder, wish, plan.trainings, plan.left, plan.seconds)


def run_arms_study(
    subject: StudySubject, wish: ArmsWish, folder: Path, limit: int, context: JobContext
) -> ArmsFound:
    """Run a study of arms, or continue it; parameters as for `plan_arms`.

    Raises
    ------
    OtherStudyError
        Where the folder holds a study of something else.
    DataSelectError
        Where something cannot be used, or the work was stopped; what was done is kept.
    """
    with begin_anew():
        study_arms(check_arms(_request(subject, wish, folder), limit), context)
    study = arms_at(folder)
    assert study is not None
    return study


def arms_at(folder: Path) -> ArmsFound | None:
    """Return the study of arms that lies in a folder; None where none was begun.

    Raises
    ------
    UnusableError
        Where it is damaged.
    """
    if not (folder / PLAN).is_file():
        return None
    planned = read_as(folder / PLAN, _Planned)
    choices = planned.arms
    wish = ArmsWish(
        _path(planned.clean),
        _path(planned.rows),
        _path(planned.foreign),
        choices.plant,
        choices.epsilons,
        choices.release_epsilons,
        choices.seeds,
        choices.start,
    )
    is_finished = (folder / PAGE).is_file()
    return ArmsFound(folder, wish, _result(folder) if is_finished else None)


def why_not(subject: StudySubject, wish: ArmsWish, folder: Path) -> str | None:
    """Return what is wrong with a wish, as a sentence; None where nothing is."""
    try:
        check_arms(_request(subject, wish, folder), sys.maxsize)
    except DataSelectError as error:
        return f"{error.what} {error.why}"
    return None


def _request(subject: StudySubject, wish: ArmsWish, folder: Path) -> ArmsRequest:
    return ArmsRequest(
        subject.source,
        subject.checkpoint,
        wish.clean,
        wish.rows,
        wish.foreign,
        folder,
        epsilons=wish.epsilons,
        release_epsilons=wish.release_epsilons,
        seeds=wish.seeds,
        start=wish.start,
        plant=wish.plant,
        label_column=subject.label_column,
        unit_column=subject.unit_column,
        split=subject.split,
        text_column=subject.text_column,
        labels=subject.labels,
    )


def _is_trained(training: ArmTraining) -> bool:
    return training.arm.kind != "untouched"


def _path(stated: str | None) -> Path | None:
    return None if stated is None else Path(stated)


def _result(folder: Path) -> ArmsResult:
    findings = read_arm_findings(folder)
    finished = time.localtime((folder / FINDINGS).stat().st_mtime)
    return ArmsResult(
        time.strftime("%Y-%m-%d", finished),
        answer_lines(findings),
        [*rule_lines(findings), *(absent.why for absent in findings.absent)],
        _figure(findings),
        folder / PAGE,
    )


def _figure(findings: ArmFindings) -> ArmsFigure | None:
    svg = intervals_svg(findings)
    if svg is None:
        return None
    return ArmsFigure(svg, figure_title(), figure_description(findings), figure_caption())
