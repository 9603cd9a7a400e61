"""The consortium's request, ``dataselect.json`` beside its checkpoint. All keys are optional."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

import msgspec

from dataselect_gui.checkpoints.calibration import Calibration, why_no_calibration
from dataselect_gui.checkpoints.json_file import LARGEST, JsonObject, parse_object
from dataselect_gui.errors import UnusableError
from dataselect_gui.privacy.amounts import LARGEST_BOUND, LARGEST_COUNT, LARGEST_DELTA, decimal_of
from dataselect_gui.selection.forms import RuleForm, read_rule
from dataselect_gui.selection.rules import FixedRule
from dataselect_gui.tasks.names import NAMES, TaskName
from dataselect_gui.texts import _

FILE_NAME = "dataselect.json"
TASK = "task"
PIXEL_RANGE = "pixel_range"
CALIBRATION = "calibration"
REFERENCE = "reference"
TRAINING = ("noise_multiplier", "max_grad_norm", "sample_rate", "steps", "delta")
"""What the consortium's training by DP-SGD is described by."""
_LARGEST_SCORE = 1e299
"""No score comes near, and thresholds are read up to there."""
_LARGEST_BOUND = float(LARGEST_BOUND)
_LEAST_RATE, _LEAST_DELTA = 1e-9, 1e-300
"""Down to there, the accounting of a training is exact."""
_LONGEST_TEXT = 10_000
_LARGEST_PIXEL = 1e30
Number: TypeAlias = int | float
"""As it was written: the digest tells 1 from 1.0."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the consortium asks for; None where it does not say.

    Attributes
    ----------
    noise_multiplier, max_grad_norm, sample_rate, steps, delta : number or None
        Its training by DP-SGD.
    epsilon : number or None
        What that came to.
    task : str or None
        What the model predicts, one of `TaskName`.
    score : str or None
        The score to select by.
    threshold : number or None
        The public threshold of that score.
    count : int or None
        How many records to select instead.
    rule : str, dict or None
        The rule to select by, as it was written; see `asked_rule`.
    direction : str or None
        The name of the file with the direction of `alignment`, beside the request.
    bounds : dict
        Score → its public bounds, the lower first.
    calibration : Calibration or None
        What it found out on clean rows of its own.
    reference : str or None
        The name of the state that `reducible_loss` compares with, beside the request: a folder, such as
        that of an earlier step, or a ``.pt2`` file.
    class_statistics : dict
        Whatever it says of classes.
    pixel_range : tuple or None
        The values of black and of white in images of more than 8 bits.
    contact, deadline : str or None
        Whom to ask, and until when.
    stated : dict
        All of these that it states, as they were written: what is shown, and part of the digest.
    unknown : dict
        All other keys: they are shown to the owner, never silently dropped.
    """

    noise_multiplier: Number | None = None
    max_grad_norm: Number | None = None
    sample_rate: Number | None = None
    steps: int | None = None
    delta: Number | None = None
    epsilon: Number | None = None
    task: TaskName | None = None
    score: str | None = None
    threshold: Number | None = None
    count: int | None = None
    rule: RuleForm | None = None
    direction: str | None = None
    bounds: dict[str, tuple[Number, Number]] = {}
    calibration: Calibration | None = None
    reference: str | None = None
    class_statistics: dict[str, object] = {}
    pixel_range: tuple[Number, Number] | None = None
    contact: str | None = None
    deadline: str | None = None
    stated: dict[str, object] = {}
    unknown: dict[str, object] = {}

    @property
    def asked_rule(self) -> FixedRule | None:
        """The rule to select by; None where it states none."""
        return None if self.rule is None else read_rule(self.rule)

    @property
    def content(self) -> dict[str, object]:
        """The whole request as it was written, what is known first."""
        return {**self.stated, **self.unknown}

    @property
    def shrinkage(self) -> float:
        """That of the calibration's covariance, which there must be."""
        assert self.calibration is not None
        assert self.calibration.features is not None
        return self.calibration.features.shrinkage

    def states(self, key: str) -> bool:
        """Say whether it states a key, or one inside of another, as ``calibration.features``."""
        content: object = self.stated
        for part in key.split("."):
            if not isinstance(content, dict) or content.get(part) is None:
                return False
            content = content[part]
        return True


def read_request(folder: Path) -> Request:
    """Read the request in a folder; an empty one where there is none.

    Raises
    ------
    UnusableError
        Where the file is no JSON object or a value is not what its key needs.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return Request()
    try:
        with path.open("rb") as file:
            content = parse_object(file.read(LARGEST + 1))
    except OSError:
        raise _bad(_("It cannot be read.")) from None
    except ValueError as error:
        raise _bad(str(error)) from None
    return request_of(content)


def request_of(content: JsonObject) -> Request:
    """Return the request that a JSON object states.

    Raises
    ------
    UnusableError
        Where a value is not what its key needs.
    """
    for why in faults_of(content).values():
        raise _bad(why)
    stated = {key: value for key, value in content.items() if key in KNOWN}
    unknown = {key: value for key, value in content.items() if key not in KNOWN}
    return msgspec.convert({**stated, "stated": stated, "unknown": unknown}, Request)


def faults_of(content: JsonObject) -> dict[str, str]:
    """Return what is wrong with each key of a request, as sentences; nothing of unknown ones."""
    checked = {key: check(key, content[key]) for key, check in _CHECKS.items() if key in content}
    return {key: why for key, why in checked.items() if why is not None}


_Check = Callable[[str, Any], str | None]
"""Returns a sentence on what is wrong with a key's value; None where nothing is."""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(least: float, most: float) -> _Check:
    """Check a number between two bounds, both of which it may be."""

    def check(key: str, value: Any) -> str | None:  # noqa: ANN401  (any part of JSON)
        if not _is_number(value):
            return _("“{key}” is not a number.", key=key)
        if not least <= value <= most:
            return _(
                "“{key}” is not a number from {least:g} to {most:g}.", key=key, least=least, most=most
            )
        return _digits(key, value)

    return check


def _digits(key: str, value: Number) -> str | None:
    """Check that a number can be written and computed with exactly."""
    return _("“{key}” has too many digits.", key=key) if decimal_of(str(value)) is None else None


def _rate(key: str, value: Any) -> str | None:  # noqa: ANN401
    """Check the chance of a record to be in a batch."""
    if _is_number(value) and _LEAST_RATE <= value <= 1:
        return None
    return _(
        "“{key}” is not a number from {least:g} to 1: it is the chance of a record to be in a batch, "
        "not the number of records in it.",
        key=key,
        least=_LEAST_RATE,
    )


def _delta(key: str, value: Any) -> str | None:  # noqa: ANN401
    """Check δ, as what an owner types is checked: a promise that fails more often is none."""
    if _is_number(value) and _LEAST_DELTA <= value <= float(LARGEST_DELTA):
        return None
    return _(
        "“{key}” is not a number from {least:g} to {most}: it is the chance that the promise of the "
        "training fails.",
        key=key,
        least=_LEAST_DELTA,
        most=LARGEST_DELTA,
    )


def _count(key: str, value: Any) -> str | None:  # noqa: ANN401
    if type(value) is int and 1 <= value <= LARGEST_COUNT:
        return None
    return _("“{key}” is not a whole number from 1 to {most:,}.", key=key, most=LARGEST_COUNT)


def _text(key: str, value: Any) -> str | None:  # noqa: ANN401
    if isinstance(value, str) and len(value) <= _LONGEST_TEXT:
        return None
    return _("“{key}” is not a text of up to {most:,} characters.", key=key, most=_LONGEST_TEXT)


def _task(key: str, value: Any) -> str | None:  # noqa: ANN401
    if isinstance(value, str) and value in NAMES:
        return None
    return _("“{key}” is none of {known}.", key=key, known=", ".join(NAMES))


def _rule(key: str, value: Any) -> str | None:  # noqa: ANN401
    """Check a rule of conditions on one record, or everything."""
    try:
        read_rule(value)
    except ValueError as error:
        return _("“{key}” is no rule. {why}", key=key, why=error)
    return None


def _file_name(key: str, value: Any) -> str | None:  # noqa: ANN401
    is_name = isinstance(value, str) and PurePosixPath(value).name == value
    if is_name and 0 < len(value) < 256 and not {"\\", "\0"} & set(value) and value != "..":
        return None
    return _("“{key}” is not the name of a file beside it.", key=key)


def _bounds(key: str, value: Any) -> str | None:  # noqa: ANN401
    """Check bounds by score: two numbers each, the lower first."""
    if not isinstance(value, dict):
        return _object(key, value)
    for pair in value.values():
        are_two = isinstance(pair, list) and len(pair) == 2 and all(map(_is_number, pair))
        # Scores are doubles.
        if not are_two or not -_LARGEST_BOUND <= float(pair[0]) < float(pair[1]) <= _LARGEST_BOUND:
            return _(
                "“{key}” is not two numbers from {least:g} to {most:g} for each score, the lower "
                "first.",
                key=key,
                least=-_LARGEST_BOUND,
                most=_LARGEST_BOUND,
            )
        if (why := _digits(key, pair[0]) or _digits(key, pair[1])) is not None:
            return why
    return None


def _pixel_range(key: str, value: Any) -> str | None:  # noqa: ANN401
    are_two = isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))
    is_small = are_two and max(map(abs, value)) <= _LARGEST_PIXEL
    # Values are doubles, and are divided by the difference.
    if not is_small or float(value[1]) - float(value[0]) < 1 / _LARGEST_PIXEL:
        return _(
            "“{key}” is not two numbers from {least:g} to {most:g}, that of black and a larger one of "
            "white.",
            key=key,
            least=-_LARGEST_PIXEL,
            most=_LARGEST_PIXEL,
        )
    return _digits(key, value[0]) or _digits(key, value[1])


def _object(key: str, value: Any) -> str | None:  # noqa: ANN401
    return None if isinstance(value, dict) else _("“{key}” is not a JSON object.", key=key)


_CHECKS: dict[str, _Check] = {
    "noise_multiplier": _number(0.01, 1000),
    "max_grad_norm": _number(1e-9, 1e9),
    "sample_rate": _rate,
    "steps": _count,
    "delta": _delta,
    "epsilon": _number(1e-9, 1e9),
    "threshold": _number(-_LARGEST_SCORE, _LARGEST_SCORE),
    "count": _count,
    "score": _text,
    "rule": _rule,
    "task": _task,
    "direction": _file_name,
    "contact": _text,
    "deadline": _text,
    "bounds": _bounds,
    CALIBRATION: why_no_calibration,
    REFERENCE: _file_name,
    "class_statistics": _object,
    PIXEL_RANGE: _pixel_range,
}
KNOWN = _CHECKS.keys()


def _bad(why: str) -> UnusableError:
    return UnusableError(
        _("The consortium's request ({file_name}) cannot be used.", file_name=FILE_NAME),
        why,
        _("Ask the consortium for a corrected file."),
    )
