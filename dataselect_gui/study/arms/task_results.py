"""The results of the tasks of a study of arms, as their files hold them."""

import msgspec

from dataselect_gui.study.task_results import HeldOutResult
from dataselect_gui.study.train import Privacy


class ArmTaskResult(HeldOutResult, frozen=True, kw_only=True):
    """What came of training on what an arm chose.

    Attributes
    ----------
    records : int
        How many of the owner's records were trained on.
    privacy : Privacy or None
        What the training came to; None for one without DP.
    seconds : float
        How long that took, in seconds of the processor.
    """

    records: int
    privacy: Privacy | None
    seconds: float


class JudgedResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the rule makes of a pool.

    Attributes
    ----------
    records : int
        How many there are.
    left_out : int
        How many the rule leaves out.
    """

    records: int
    left_out: int


class CleanResult(msgspec.Struct, frozen=True):
    """How many of the consortium's clean rows there are of each class."""

    rows: list[int]


MIXED_ROWS = "mixed-rows"


class MixedRows(msgspec.Struct, frozen=True):
    """Which rows of the consortium are mixed in, by their digest; results without them are the same."""

    digest: str
