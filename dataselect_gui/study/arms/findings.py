"""What a study of arms found, as its ``findings.json`` holds it. No torch here."""

from pathlib import Path

import msgspec

from dataselect_gui.study.arms.comparing import Difference, Measure
from dataselect_gui.study.arms.plan import Arm, ArmChoices, Cell, Comparison
from dataselect_gui.study.statistics import Interval
from dataselect_gui.study.store import FINDINGS, read_as


class ArmResult(msgspec.Struct, frozen=True):
    """What came of an arm in a cell.

    Attributes
    ----------
    arm, cell
        Which.
    records : float
        How many of the owner's records were trained on, on average.
    accuracy, balanced : Interval
        On how many held-out records the model was right; the same with classes weighed alike.
    """

    arm: Arm
    cell: Cell
    records: float
    accuracy: Interval
    balanced: Interval


class Compared(msgspec.Struct, frozen=True):
    """A comparison, and its difference in the primary measure."""

    comparison: Comparison
    difference: Difference


class LeftOut(msgspec.Struct, frozen=True):
    """What the rule leaves out of the pool.

    Attributes
    ----------
    planted : bool
        Whether dirt was planted.
    share : Interval
        Of all records.
    share_of_rest : Interval
        Of those in which nothing was planted.
    share_of_dirt : dict
        Kind of dirt → of those that it was planted in, where there are some.
    planted_records : dict
        Kind of dirt → in how many records it was planted, on average.
    """

    planted: bool
    share: Interval
    share_of_rest: Interval
    share_of_dirt: dict[str, Interval]
    planted_records: dict[str, float]


class ArmCounts(msgspec.Struct, frozen=True):
    """How many records were used, and for what; the consortium's `clean` ones class by class."""

    used: int
    left_out: int
    pool: int
    held_out: int
    units: int | None
    clean: list[int]
    rows: int


class Absent(msgspec.Struct, frozen=True):
    """An arm that was not tried, and why."""

    arm: str
    why: str


class ArmFindings(msgspec.Struct, frozen=True, kw_only=True):
    """What a study of arms found.

    Attributes
    ----------
    choices : ArmChoices
        What was compared.
    measure : str
        The primary one: it follows from the classes of the records alone.
    records : ArmCounts
        How many were used.
    classes : list of str
        Their classes.
    results : list of ArmResult
        Every arm of every cell.
    comparisons : list of Compared
        As they were fixed beforehand.
    left_out : list of LeftOut
        What the rule leaves out; empty where there is no rule.
    absent : list of Absent
        What was not tried.
    accountants_apart : float
        How far two accountants of DP-SGD were apart at most, relative to ε.
    """

    choices: ArmChoices
    measure: Measure
    records: ArmCounts
    classes: list[str]
    results: list[ArmResult]
    comparisons: list[Compared]
    left_out: list[LeftOut]
    absent: list[Absent]
    accountants_apart: float

    def as_json(self) -> dict[str, object]:
        """Return all of it as JSON can hold it."""
        content: dict[str, object] = msgspec.to_builtins(self)
        return content


def read_arm_findings(folder: Path) -> ArmFindings:
    """Read what a study of arms found.

    Raises
    ------
    UnusableError
        Where the file is damaged.
    """
    return read_as(folder / FINDINGS, ArmFindings)
