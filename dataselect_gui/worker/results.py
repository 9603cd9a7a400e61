"""The results of jobs, as the child sends them and the parent reads them.

The child may have been taken over by a hostile file, so every type here bounds how much may come.
"""

from typing import Annotated

import msgspec

from dataselect_gui.checkpoints.label_account import LabelAccount
from dataselect_gui.checkpoints.request import Request, request_of
from dataselect_gui.jobs.progress import Count, Seconds, Text
from dataselect_gui.scoring.names import Batching
from dataselect_gui.scoring.trial import Trial
from dataselect_gui.tasks.names import TaskName


class Result(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """What a job ends with."""


class ScoringResult(Result, frozen=True):
    """The scores are kept.

    Attributes
    ----------
    scored : int
        How many records have some.
    device : str
        Where they were computed; ``none`` where nothing was to be computed.
    notes : list of str
        What a person should know of how records became inputs.
    """

    scored: Count
    device: Text
    notes: list[Text] = []


class FilesResult(Result, frozen=True):
    """What was asked for lies in the job's folder.

    Attributes
    ----------
    records : int
        Of how many records.
    """

    records: Count


class ParametersResult(Result, frozen=True):
    """What the gradient of a checkpoint consists of.

    Attributes
    ----------
    layout : list of (str, list of int)
        The names of the parameters in the checkpoint's files, and their shapes, in order.
    """

    layout: Annotated[list[tuple[str, list[Count]]], msgspec.Meta(min_length=1)]

    def __post_init__(self) -> None:
        if len({name for name, _shape in self.layout}) != len(self.layout):
            raise ValueError("two parameters of one name")


class PreflightResult(Result, Trial, frozen=True, kw_only=True):
    """A trial of a checkpoint, with what the parent needs to estimate the whole.

    Attributes
    ----------
    records : int
        How many records the source has.
    seconds_to_load : float
        How long it takes to load the libraries and the model.
    seconds_to_read : float
        How long reading one takes, many at once.
    notes : list of str
        What a person should know of how the records that were tried became inputs.
    """

    records: Count
    seconds_to_load: Seconds
    seconds_to_read: Seconds
    notes: list[Text] = []


class StudyResult(Result, frozen=True):
    """The study lies in its folder, or its plan was sent.

    Attributes
    ----------
    trainings : int
        How many are done.
    """

    trainings: Count


class CheckResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that was checked of a bundle; see `dataselect_gui.release.verify.Check`."""

    name: Text
    ok: bool
    detail: Text


Checks = Annotated[list[CheckResult], msgspec.Meta(min_length=1)]


class VerificationResult(Result, frozen=True):
    """What a check of a bundle found.

    Attributes
    ----------
    checks : list of CheckResult
        At least one.
    release : dict or None
        The bundle's ``release.json``, where all checks hold; None where its word is not worth
        repeating.
    """

    checks: Checks
    release: dict[str, object] | None

    def __post_init__(self) -> None:
        _check_release(self.checks, self.release)


def _check_release(checks: list[CheckResult], release: dict[str, object] | None) -> None:
    if release is not None and not all(check.ok for check in checks):
        raise ValueError("a release that does not hold")


class ProblemFound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record that cannot be read; see `dataselect_gui.records.source.Problem`."""

    id: str
    reason: str


class Inspected(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):
    """What something is."""


class BundleInspected(Inspected, frozen=True, tag="bundle"):
    """A bundle, with what `VerificationResult` has."""

    problems: list[ProblemFound]
    checks: Checks
    release: dict[str, object] | None

    def __post_init__(self) -> None:
        _check_release(self.checks, self.release)


class CheckpointFacts(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What is known of a checkpoint without records.

    Attributes
    ----------
    form : str
        How it is stored.
    batching : str
        See `PreflightResult`.
    architecture : str or None
        As its ``config.json`` names it.
    elements : int or None
        How many numbers its parameters are.
    preprocessing : bool
        Whether it says how records become inputs.
    scores : list of str
        The scores that apply to it.
    task : str
        What the model predicts.
    labels : dict or None
        The owner's label → the index of the model's; None where no source was given.
    features : list of str
        The columns that it takes of a table, each with its unit where that is stated.
    feature_columns : list of str
        Their names alone.
    takes_texts : bool
        Whether it has a tokenizer.
    outputs : int or None
        How many numbers it predicts; None where it does not say.
    notes : list of str
        What a person should know of the source beside it, as sentences.
    label_account : LabelAccount or None
        What becomes of the labels of all records; None where no source was given.
    proposed_label : str or None
        The column that labels were read from because its values are the model's classes: nobody named
        one, and none is called so.
    """

    form: str
    batching: Batching
    architecture: str | None
    elements: Count | None
    preprocessing: bool
    scores: list[str]
    task: TaskName
    labels: dict[str, int] | None = None
    features: list[str] = []
    feature_columns: list[str] = []
    takes_texts: bool = False
    outputs: Count | None = None
    notes: list[str] = []
    label_account: LabelAccount | None = None
    proposed_label: str | None = None


class CheckpointInspected(Inspected, frozen=True, tag="checkpoint"):
    """A checkpoint, with what its request states."""

    problems: list[ProblemFound]
    labels: list[str]
    series: list[int | None]
    request: dict[str, object]
    unknown_in_request: list[str]
    digest: str
    preflight: CheckpointFacts

    @property
    def asks(self) -> Request:
        """The consortium's request."""
        return request_of(self.request)


class SourceInspected(Inspected, frozen=True, tag="source", omit_defaults=True):
    """A source of records.

    Attributes
    ----------
    form : str
        ``images`` or ``arrays``.
    records, readable, ignored : int
        How many there are, can be read, and how many other files.
    labels, columns : list of str
        The labels, and the columns that may serve as label or unit.
    unlabelled : int
        How many records have no label.
    person : str or None
        The column that plainly names the person of each record.
    notes : list of str
        What a person should know of how it was read, as sentences.
    splits : dict
        The parts of data to choose from, with how many records each has; none where there are not
        several.
    split : str or None
        The part that was chosen; where there are several and none was, nothing else is said.
    label_columns : list of str
        The columns that may hold labels, the one that does among them.
    label_column : str or None
        The usual column, where labels were read from it.
    text_columns : list of str
        The columns that may hold texts; none where the source is no table.
    """

    form: str
    records: Count
    readable: Count
    problems: list[ProblemFound]
    labels: list[str]
    unlabelled: Count
    columns: list[str]
    person: str | None
    ignored: Count
    notes: list[str] = []
    splits: dict[str, Count] = {}
    split: str | None = None
    label_columns: list[str] = []
    label_column: str | None = None
    text_columns: list[str] = []


class InspectionResult(Result, frozen=True):
    """What something is.

    Attributes
    ----------
    inspected : Inspected
        By its kind.
    """

    inspected: BundleInspected | CheckpointInspected | SourceInspected
