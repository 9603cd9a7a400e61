"""The calibration of a request: what the consortium found out on clean rows of its own.

`dataselect calibrate` makes it. What is large (means, covariance, directions) lies in a safetensors
file beside the request, see `calibration_file`.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from dataselect_gui.privacy.amounts import LARGEST as LARGEST_EPSILON
from dataselect_gui.privacy.amounts import LARGEST_COUNT, LARGEST_DELTA
from dataselect_gui.texts import _

_LARGEST_SCORE = 1e299
_Share = Annotated[float, Meta(ge=0, le=1)]
_Alpha = Annotated[float, Meta(gt=0, lt=1)]
_Count = Annotated[int, Meta(ge=0, le=LARGEST_COUNT)]
_Threshold = Annotated[float, Meta(ge=-_LARGEST_SCORE, le=_LARGEST_SCORE)]
_Epsilon = Annotated[float, Meta(gt=0, le=float(LARGEST_EPSILON))]
_Delta = Annotated[float, Meta(ge=0, le=float(LARGEST_DELTA))]
_ClassName = Annotated[str, Meta(max_length=1000)]
_ScoreName = Annotated[str, Meta(pattern=r"\A[a-z0-9_-]{1,100}\Z")]
_Sentence = Annotated[str, Meta(max_length=200)]
# A name beside the request: no path leads out of its folder.
_FileName = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}\.safetensors\Z")]
_MOST_CLASSES, _MOST_SCORES = 100_000, 100


class _Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of a calibration."""


class ClassThreshold(_Part, frozen=True):
    """What a score of a class was found to be.

    Attributes
    ----------
    count : int
        On how many clean rows; where noise was added, on about how many.
    threshold : float or None
        At most α of clean rows lie above; None where there were too few rows to say so.
    """

    count: _Count
    threshold: _Threshold | None = None


class ScoreThresholds(_Part, frozen=True):
    """The thresholds of one score.

    Attributes
    ----------
    alpha : float
        Its own part of α.
    classes : dict
        Class's name → what was found of it.
    """

    alpha: _Alpha
    classes: Annotated[dict[_ClassName, ClassThreshold], Meta(max_length=_MOST_CLASSES)]


class Recall(_Part, frozen=True):
    """How many clean rows of a class the checkpoint recognises.

    Attributes
    ----------
    count : int
        Of how many; where noise was added, of about how many.
    recall : float or None
        The share; None without rows.
    """

    count: _Count
    recall: _Share | None = None


class FeatureStatistics(_Part, frozen=True):
    """Where the file's means and covariance come from.

    Attributes
    ----------
    shrinkage : float
        λ, see the score `distance`.
    rows : int
        How many rows they are of.
    source : str
        ``own``: other clean rows than those of the thresholds; ``public``: rows that everybody may see.
    """

    shrinkage: _Alpha
    rows: _Count
    source: Literal["own", "public"]


class ClassDirectionNotes(_Part, frozen=True):
    """Where the file's directions come from.

    Attributes
    ----------
    rows : int
        How many rows they are of.
    """

    rows: _Count


class Split(_Part, frozen=True):
    """Which rows the statistics are of, and which the thresholds.

    Attributes
    ----------
    statistics, thresholds : int
        How many rows.
    seed : str or None
        By which the rows were parted; None where that would tell of single rows.
    """

    statistics: _Count
    thresholds: _Count
    seed: Annotated[str, Meta(pattern=r"\A[0-9a-f]{1,64}\Z")] | None = None


class Query(_Part, frozen=True):
    """One question that was asked of the rows, and what the answer cost."""

    what: _Sentence
    epsilon: _Epsilon
    delta: _Delta = 0.0


class Privacy(_Part, frozen=True):
    """What is promised of the clean rows: (ε, δ), where one row is replaced, its label included.

    Attributes
    ----------
    epsilon, delta : float
        Of all that left.
    confidence : float
        With which no noise made a threshold lower than its rank.
    queries : list of Query
        What that is the sum of.
    """

    epsilon: _Epsilon
    delta: _Delta
    confidence: _Share
    queries: Annotated[list[Query], Meta(min_length=1, max_length=1000)]


class Calibration(_Part, frozen=True, kw_only=True):
    """What was calibrated.

    Attributes
    ----------
    alpha : float
        At most so large a share of clean records is left out, by all scores together.
    scores : dict
        Score → its thresholds.
    recall : dict
        Class's name → how well it is recognised.
    split : Split
        Which rows were used for what.
    seen_in_training : str
        Whether these rows took part in training: ``no``, ``unknown``, or ``compared``, where no row was
        among the training's.
    file : str or None
        The name of the safetensors file beside the request.
    features, directions : FeatureStatistics, ClassDirectionNotes or None
        What that file holds.
    privacy : Privacy or None
        What is promised of the rows; None: nothing.
    """

    alpha: _Alpha
    scores: Annotated[dict[_ScoreName, ScoreThresholds], Meta(max_length=_MOST_SCORES)]
    recall: Annotated[dict[_ClassName, Recall], Meta(max_length=_MOST_CLASSES)] = {}
    split: Split
    seen_in_training: Literal["no", "unknown", "compared"]
    file: _FileName | None = None
    features: FeatureStatistics | None = None
    directions: ClassDirectionNotes | None = None
    privacy: Privacy | None = None

    def __post_init__(self) -> None:
        if self.file is None and (self.features is not None or self.directions is not None):
            raise ValueError("features and directions lie in a file that is not named")
        total = sum(each.alpha for each in self.scores.values())
        if total > self.alpha * (1 + 1e-9):
            raise ValueError("the scores take more of alpha than there is")
        if self.privacy is not None and self.split.seed is not None:
            raise ValueError("where rows are protected, the seed of their split is not told")


def why_no_calibration(key: str, value: object) -> str | None:
    """Return a sentence on what is wrong with a calibration; None where nothing is."""
    if not isinstance(value, dict):
        return _("“{key}” is not a JSON object.", key=key)
    try:
        msgspec.convert(value, Calibration)
    except msgspec.ValidationError as error:
        # In its message are types, limits and names of this form: no content but the last.
        return _("“{key}” is no calibration: {why}.", key=key, why=str(error)[:300])
    return None
