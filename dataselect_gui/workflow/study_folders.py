"""The folders of studies, and what they hold."""

import glob
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from dataselect_gui.errors import UnusableError
from dataselect_gui.project.project import Project
from dataselect_gui.records.reference import AS_THEY_ARE, LabelRule
from dataselect_gui.study.captions import caption_of
from dataselect_gui.study.findings import read_findings
from dataselect_gui.study.plan import QUESTIONS, Choices, Start, Training, in_order, trainings
from dataselect_gui.study.sentences import PickLine, headline, line_of, tally, verdict
from dataselect_gui.study.store import (
    FIGURES,
    FINDINGS,
    PAGE,
    PLAN,
    RESULTS,
    SETTING,
    close_study,
    damaged,
    read_json,
    stored_rule,
)
from dataselect_gui.workflow.places import place_beside
from dataselect_gui.workflow.study_jobs import MOST_RECORDS, SUFFIX

StudyKind: TypeAlias = Literal["choices", "arms"]
"""By the key under which a plan's file holds what is compared: picks by scores, or arms."""
STUDY_KINDS: tuple[StudyKind, ...] = ("choices", "arms")


@dataclass(frozen=True)
class StudySubject:
    """The source and the checkpoint of a study.

    Attributes
    ----------
    source, checkpoint : Path
        The owner's records, and what the consortium shares.
    digest : str
        The checkpoint's.
    project : Path
        The path of their project, which need not exist; a study lies beside it.
    label_column, unit_column : str or None
        Columns of the source.
    split : str or None
        The part of the source, where it has several.
    labels : LabelRule
        How labels are read.
    text_column : str or None
        The column that holds the texts.
    """

    source: Path
    checkpoint: Path
    digest: str
    project: Path
    label_column: str | None = None
    unit_column: str | None = None
    split: str | None = None
    labels: LabelRule = AS_THEY_ARE
    text_column: str | None = None


@dataclass(frozen=True)
class StudyFigure:
    """A question with its figure.

    Attributes
    ----------
    question, sentence : str
        The question, and what the figure shows.
    path : Path
        An SVG file.
    """

    question: str
    sentence: str
    path: Path


@dataclass(frozen=True)
class StudyResult:
    """The result of a finished study, as text.

    Attributes
    ----------
    choices : Choices
        What was compared.
    finished : str
        When, as a date.
    verdict, tally : str
        Which side won more often, and how often.
    headline : list of str
        The results of picking the highest scores.
    lines : list of PickLine
        All picks.
    figures : list of StudyFigure
        One for each question.
    page : Path
        All of it as one page.
    """

    choices: Choices
    finished: str
    verdict: str
    tally: str
    headline: list[str]
    lines: list[PickLine]
    figures: list[StudyFigure]
    page: Path


@dataclass(frozen=True)
class StudyFound:
    """A study as it lies on disk.

    Attributes
    ----------
    folder : Path
        Where it lies.
    choices : Choices
        What was planned last.
    result : StudyResult or None
        Its result; None where it is not finished.
    """

    folder: Path
    choices: Choices
    result: StudyResult | None


def study_subject(project_path: Path) -> StudySubject:
    """Return the source and the checkpoint of a project for a study.

    Raises
    ------
    UnusableError
        Where there is no project.
    """
    settings = Project.open(project_path).settings
    source, checkpoint = settings.source, settings.checkpoint
    return StudySubject(
        Path(source.path),
        Path(checkpoint.path),
        checkpoint.digest,
        project_path,
        source.label_column,
        source.unit_column,
        source.split,
        source.labels,
        source.text_column,
    )


def studies_of(subject: StudySubject, kind: StudyKind | None = None) -> list[Path]:
    """Return the folders of the studies of a subject, the most recently planned last.

    Parameters
    ----------
    subject : StudySubject
        What is studied.
    kind : str or None
        Of which kind; None for all.
    """
    beside, stem = _beside(subject), subject.project.stem
    named = [beside / f"{stem}{SUFFIX}", *beside.glob(f"{glob.escape(stem)}-*{SUFFIX}")]
    keys: set[str] = set(STUDY_KINDS) if kind is None else {kind}
    folders = [folder for folder in named if _is_study_of(folder, subject, keys)]
    return sorted(folders, key=lambda folder: (folder / PLAN).stat().st_mtime_ns)


def study_place(
    subject: StudySubject,
    start: Start | None = None,
    *,
    anew: bool = False,
    kind: StudyKind = "choices",
) -> Path:
    """Return the folder of the newest study of a subject, or of a new one.

    It lies beside the project, or in the ledger's folder where the program cannot write beside the
    project or other accounts can.

    Parameters
    ----------
    subject : StudySubject
        What is studied.
    start : str or None
        What trainings start from; None for either.
    anew : bool
        Whether to return a new folder although there is a study.
    kind : str
        Of which kind.
    """
    folders = [
        folder
        for folder in studies_of(subject, kind)
        if start in {None, read_json(folder / SETTING).get("start")}
    ]
    if folders and not anew:
        return folders[-1]
    beside, stem, number = _beside(subject), subject.project.stem, 2
    folder = beside / f"{stem}{SUFFIX}"
    while folder.exists():
        folder, number = beside / f"{stem}-{number}{SUFFIX}", number + 1
    return folder


def study_at(folder: Path) -> StudyFound | None:
    """Return the study that lies in a folder; None where none was begun.

    Raises
    ------
    UnusableError
        Where it is damaged.
    """
    if not (folder / PLAN).is_file():
        return None
    is_finished = (folder / PAGE).is_file()
    return StudyFound(folder, _choices_of(folder / PLAN), _result(folder) if is_finished else None)


def trainings_left(folder: Path, choices: Choices) -> list[Training]:
    """Return the trainings of a study that are not done yet."""
    return [
        training
        for training in in_order(trainings(choices))
        if not (folder / RESULTS / f"{training.name}.json").is_file()
    ]


class _Planned(msgspec.Struct):
    """The part of a plan's file that holds the choices."""

    choices: Choices


def _beside(subject: StudySubject) -> Path:
    return place_beside(subject.project)


def _is_study_of(folder: Path, subject: StudySubject, keys: set[str]) -> bool:
    """Say whether a folder holds a study of a subject with one of the keys, whatever its records."""
    try:
        setting, plan = read_json(folder / SETTING), read_json(folder / PLAN)
    except UnusableError:
        return False
    is_its = (
        setting.get("checkpoint") == subject.digest
        and setting.get("most records") == MOST_RECORDS
        and bool(keys & plan.keys())
        and plan.get("label column") == subject.label_column
        and plan.get("unit column") == subject.unit_column
        and plan.get("split") == subject.split
        and plan.get("text column") == subject.text_column
        and plan.get("labels") == stored_rule(subject.labels)
    )
    if is_its:
        close_study(folder)
    return is_its


def _choices_of(path: Path) -> Choices:
    """Return the choices in a file of a study."""
    try:
        return msgspec.convert(read_json(path), _Planned).choices
    except msgspec.ValidationError:
        raise damaged(path) from None


def _result(folder: Path) -> StudyResult:
    path, findings = folder / FINDINGS, read_findings(folder)
    try:
        return StudyResult(
            findings.choices,
            time.strftime("%Y-%m-%d", time.localtime(path.stat().st_mtime)),
            verdict(findings),
            tally(findings),
            headline(findings),
            [line_of(pick) for pick in findings.picks],
            [
                StudyFigure(text, caption_of(key, findings), folder / FIGURES / f"{key}.svg")
                for key, text in QUESTIONS.items()
            ],
            folder / PAGE,
        )
    except (KeyError, ValueError, IndexError, AssertionError, StopIteration):
        raise damaged(path) from None  # Something is missing.
