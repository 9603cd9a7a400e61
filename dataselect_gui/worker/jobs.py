"""The jobs of the child process, each with the type of its result.

Every path in a job is what the child may reach, see `dataselect_gui.worker.reach`.
"""

from pathlib import Path
from typing import ClassVar, Generic, Literal, TypeVar

import msgspec

from dataselect_gui.jobs.kinds import JobKind
from dataselect_gui.records.reference import SourceRef
from dataselect_gui.scoring.names import Precision
from dataselect_gui.tasks.answer_form import AnswerForm
from dataselect_gui.worker.results import (
    FilesResult,
    InspectionResult,
    ParametersResult,
    PreflightResult,
    Result,
    ScoringResult,
    StudyResult,
    VerificationResult,
)

R = TypeVar("R", bound=Result, covariant=True)
_SHORT, _LONG = 1 << 18, 1 << 28
"""Bytes of a message of the child; only some jobs end with more than a few sentences."""


class Job(msgspec.Struct, Generic[R], frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """Work for a child process, which ends with a result of type `R`."""

    kind: ClassVar[JobKind]
    most_bytes: ClassVar[int] = _SHORT

    @classmethod
    def result_type(cls) -> type[R]:
        """Return the type of the result."""
        raise NotImplementedError


class ScoreJob(Job[ScoringResult], frozen=True):
    """Score the records of a project.

    Attributes
    ----------
    source : SourceRef
        The records.
    checkpoint : Path
        Of the consortium.
    digest : str
        That of the checkpoint.
    names : list of str
        The scores that need the model.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    precision : str
        ``float32`` or ``float64``.
    batch_size : int or None
        At most so many records at once; None for as many as memory allows.
    limit : int or None
        Only the first so many records.
    answers : AnswerForm
        How the model's answers are kept.
    """

    kind = JobKind.SCORING

    source: SourceRef
    checkpoint: Path
    digest: str
    names: list[str]
    device: str
    precision: Precision
    batch_size: int | None
    limit: int | None
    answers: AnswerForm = AnswerForm()

    @classmethod
    def result_type(cls) -> type[ScoringResult]:
        """Return the type of the result."""
        return ScoringResult


class ParametersJob(Job[ParametersResult], frozen=True):
    """Name the parameters that the gradient of a checkpoint consists of.

    The job has no records: what it says can hold nothing of them.

    Attributes
    ----------
    checkpoint : Path
        Of the consortium.
    digest : str
        That of the checkpoint.
    """

    kind = JobKind.PARAMETERS
    most_bytes = _LONG

    checkpoint: Path
    digest: str

    @classmethod
    def result_type(cls) -> type[ParametersResult]:
        """Return the type of the result."""
        return ParametersResult


class ClippingJob(Job[R], frozen=True):
    """Clip gradients of records, and sum them.

    Attributes
    ----------
    source : SourceRef
        The records.
    checkpoint : Path
        Of the consortium.
    digest : str
        That of the checkpoint.
    folder : Path
        Holds which records, as `rows_file` writes them; takes what is computed.
    clip : float
        The norm that each record's gradient is clipped to.
    steps : int
        Into how many steps that norm is divided.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    source: SourceRef
    checkpoint: Path
    digest: str
    folder: Path
    clip: float
    steps: int
    device: str


class SumJob(ClippingJob[FilesResult], frozen=True):
    """Sum the clipped gradients of records."""

    kind = JobKind.SUMMING

    @classmethod
    def result_type(cls) -> type[FilesResult]:
        """Return the type of the result."""
        return FilesResult


class FeatureJob(ClippingJob[FilesResult], frozen=True):
    """Take the features of records, and sum the clipped gradients of some of them, class by class.

    Attributes
    ----------
    classes : int
        How many the checkpoint tells apart.
    with_features : bool
        Whether features are wanted.
    summed : list of int
        Whose gradients are summed, by their places among the records; none where none are wanted.
    """

    kind = JobKind.CALIBRATION

    classes: int
    with_features: bool
    summed: list[int]

    @classmethod
    def result_type(cls) -> type[FilesResult]:
        """Return the type of the result."""
        return FilesResult


class PreflightJob(Job[PreflightResult], frozen=True):
    """Try a checkpoint on some records of a source.

    Attributes
    ----------
    source : SourceRef
        The records.
    checkpoint : Path
        Of the consortium.
    names : list of str
        The scores that need the model.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    kind = JobKind.PREFLIGHT
    most_bytes = _LONG

    source: SourceRef
    checkpoint: Path
    names: list[str]
    device: str

    @classmethod
    def result_type(cls) -> type[PreflightResult]:
        """Return the type of the result."""
        return PreflightResult


class MapJob(Job[FilesResult], frozen=True):
    """Make the maps of a few records.

    Attributes
    ----------
    source : SourceRef
        The records.
    checkpoint : Path
        Of the consortium.
    digest : str
        That of the checkpoint.
    folder : Path
        Holds the records, as `rows_file` writes them; takes the maps.
    rows : list of int
        Rows of the project's table, the most urgent first.
    names : list of str
        Scores that have a map.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    precision : str
        That of the project's scores.
    seconds : float
        How long to go on to further records; the first one is always done.
    """

    kind = JobKind.MAPS

    source: SourceRef
    checkpoint: Path
    digest: str
    folder: Path
    rows: list[int]
    names: list[str]
    device: str
    precision: Precision
    seconds: float

    @classmethod
    def result_type(cls) -> type[FilesResult]:
        """Return the type of the result."""
        return FilesResult


class StudyJob(Job[StudyResult], frozen=True):
    """Study whether a selection helps.

    Attributes
    ----------
    source : SourceRef
        The records.
    checkpoint : Path
        Of the consortium.
    folder : Path
        Takes the study.
    scores, shares, epsilons : list of str
        What to pick by, how much, and ε of the trainings by DP-SGD.
    seeds : int
        How often each training is repeated.
    start : str
        What trainings start from.
    limit : int
        At most so many records.
    plan_only : bool
        Estimate how long it takes, and train nothing.
    """

    kind = JobKind.STUDY

    source: SourceRef
    checkpoint: Path
    folder: Path
    scores: list[str]
    shares: list[str]
    epsilons: list[str]
    seeds: int
    start: Literal["scratch", "checkpoint"]
    limit: int
    plan_only: bool

    @classmethod
    def result_type(cls) -> type[StudyResult]:
        """Return the type of the result."""
        return StudyResult


class ArmsJob(Job[StudyResult], frozen=True):
    """Study whether leaving out records that look wrong helps.

    Attributes
    ----------
    source : SourceRef
        The owner's records.
    clean, rows : SourceRef or None
        Clean rows of the consortium, for thresholds; and rows of it that are mixed in.
    strangers : SourceRef or None
        Records of something else, to be planted.
    checkpoint : Path
        Of the consortium.
    folder : Path
        Takes the study.
    epsilons, release_epsilons : list of str
        ε of the trainings by DP-SGD, and of releases.
    seeds : int
        How often each training is repeated.
    start : str
        What trainings start from.
    plant : str
        What is planted; empty for nothing.
    alpha : str
        The share of clean records that the rule may leave out.
    libraries : list of str
        Of those that are installed, which are compared.
    limit : int
        At most so many records of a source.
    plan_only : bool
        Estimate how long it takes, and train nothing.
    judged_by : list of str
        The scores of the rule.
    by_request : bool
        Whether its thresholds are the request's.
    """

    kind = JobKind.STUDY

    source: SourceRef
    clean: SourceRef | None
    rows: SourceRef | None
    strangers: SourceRef | None
    checkpoint: Path
    folder: Path
    epsilons: list[str]
    release_epsilons: list[str]
    seeds: int
    start: Literal["scratch", "checkpoint"]
    plant: str
    alpha: str
    libraries: list[str]
    limit: int
    plan_only: bool
    judged_by: list[str] = msgspec.field(default_factory=lambda: ["loss"])
    by_request: bool = False

    @classmethod
    def result_type(cls) -> type[StudyResult]:
        """Return the type of the result."""
        return StudyResult


class InspectJob(Job[InspectionResult], frozen=True):
    """Say what a bundle, a checkpoint or a source is, and what is wrong with it.

    Attributes
    ----------
    path : Path
        What to look at.
    records : SourceRef or None
        A source whose labels are held against a checkpoint's; or the source that is looked at, with its
        columns.
    read_as : str
        What it is to be read as.
    """

    kind = JobKind.INSPECTION
    most_bytes = _LONG

    path: Path
    records: SourceRef | None
    read_as: Literal["bundle", "checkpoint", "source"]

    @classmethod
    def result_type(cls) -> type[InspectionResult]:
        """Return the type of the result."""
        return InspectionResult


class VerifyJob(Job[VerificationResult], frozen=True):
    """Check a bundle.

    Attributes
    ----------
    bundle : Path
        Its folder.
    digest : str or None
        The digest that the owner sent separately.
    key : Path or None
        A file with the owner's public key.
    """

    kind = JobKind.VERIFICATION
    most_bytes = _LONG

    bundle: Path
    digest: str | None
    key: Path | None

    @classmethod
    def result_type(cls) -> type[VerificationResult]:
        """Return the type of the result."""
        return VerificationResult


AnyJob = (
    ScoreJob
    | ParametersJob
    | SumJob
    | FeatureJob
    | PreflightJob
    | MapJob
    | StudyJob
    | ArmsJob
    | InspectJob
    | VerifyJob
)
