"""The consortium's request, ``dataselect.json`` beside its checkpoint. All keys are optional."""

import json
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from dataselect_gui.errors import UnusableError

FILE_NAME = "dataselect.json"
TRAINING = ("noise_multiplier", "max_grad_norm", "sample_rate", "steps", "delta")
"""What the consortium's training by DP-SGD is described by."""
_POSITIVE = ("noise_multiplier", "max_grad_norm", "sample_rate", "delta", "epsilon")
_NUMBERS = (*_POSITIVE, "threshold")
_COUNTS = ("steps", "count")
_TEXTS = ("score", "direction", "contact", "deadline")
_OBJECTS = ("bounds", "class_statistics")
_TOO_LARGE = 1e300
"""No score comes near, and thresholds are read up to there."""
KNOWN = (*_NUMBERS, *_COUNTS, *_TEXTS, *_OBJECTS)


@dataclass(frozen=True)
class Request:
    """What the consortium asks for.

    Attributes
    ----------
    stated : dict
        The keys that are known here, with their checked values.
    unknown : dict
        All other keys: they are shown to the owner, never silently dropped.
    """

    stated: dict[str, Any] = field(default_factory=dict)
    unknown: dict[str, Any] = field(default_factory=dict)

    @property
    def score(self) -> str | None:
        """The score that the consortium asks to select by."""
        return self.stated.get("score")

    @property
    def direction(self) -> str | None:
        """The name of the file with the direction of `alignment`, beside the request."""
        return self.stated.get("direction")

    @property
    def threshold(self) -> float | None:
        """The public threshold of that score."""
        return self.stated.get("threshold")


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
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise _bad("It is not JSON in UTF-8.") from None
    if not isinstance(content, dict):
        raise _bad("It is not a JSON object.")
    stated = {key: value for key, value in content.items() if key in KNOWN}
    for key, value in stated.items():
        _check(key, value)
    return Request(stated, {key: value for key, value in content.items() if key not in KNOWN})


def _check(key: str, value: object) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _TOO_LARGE
    if key in _NUMBERS and not number:
        raise _bad(f"“{key}” is not a number.")
    if key in _POSITIVE and isinstance(value, int | float) and value <= 0:
        raise _bad(f"“{key}” is not positive.")
    if key in _COUNTS and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise _bad(f"“{key}” is not a whole number above zero.")
    if key in _TEXTS and not isinstance(value, str):
        raise _bad(f"“{key}” is not a text.")
    if key == "direction" and (PurePosixPath(str(value)).name != value or "\\" in str(value)):
        raise _bad("“direction” is not the name of a file beside it.")
    if key in _OBJECTS and not isinstance(value, dict):
        raise _bad(f"“{key}” is not a JSON object.")


def _bad(why: str) -> UnusableError:
    return UnusableError(
        f"The consortium's request ({FILE_NAME}) cannot be used.",
        why,
        "Ask the consortium for a corrected file.",
    )
