"""The arms of a study, its trainings and its comparisons, fixed before any of them runs. No torch."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal, TypeAlias

from dataselect_gui.privacy.mechanisms.one_sided import OneSided
from dataselect_gui.privacy.mechanisms.randomized_response import RandomizedResponse
from dataselect_gui.study.plan import Start

ArmKind: TypeAlias = Literal[
    "untouched",
    "all records",
    "rule",
    "random",
    "oracle",
    "Cleanlab",
    "dattri",
    "released",
    "random released",
]
"""What a model is trained on; see `Arm`."""
Family: TypeAlias = Literal["primary", "beside"]
LIBRARIES: tuple[Literal["Cleanlab", "dattri"], ...] = ("Cleanlab", "dattri")
"""Other libraries whose picks are arms, where they are installed."""
RELEASED_BY = (OneSided.name, RandomizedResponse.name)
DISTANCE = "distance"
JUDGED_BY = ("loss",)
"""The scores of the rule, unless others are named; α is split evenly among them."""
JUDGING = ("loss", DISTANCE)
"""The scores that a rule of clean rows may go by."""
ALPHA = "0.05"
"""The share of clean records that the rule may leave out, unless another is named."""


@dataclass(frozen=True)
class Arm:
    """One way to choose what a model is trained on.

    Attributes
    ----------
    kind : str
        ``untouched``: nothing, the checkpoint is tested as it is. ``all records``: all of them.
        ``rule``: those that do not look wrong. ``random``: as many as the rule keeps. ``oracle``: those
        that nothing was planted in. A library's name: without the records that it suspects most, so
        that as many stay as the rule keeps. ``released``: what a release of the rule's choice lets
        leave, and ``random released``: as many random ones.
    mechanism, release_epsilon : str or None
        Of the release.
    """

    kind: ArmKind
    mechanism: str | None = None
    release_epsilon: str | None = None

    @property
    def name(self) -> str:
        """A name of its own, which a file can have."""
        release = f"-{self.mechanism}-{self.release_epsilon}" if self.mechanism else ""
        return self.kind.replace(" ", "-") + release


UNTOUCHED, EVERYTHING, RULE, RANDOM, ORACLE = (
    Arm("untouched"),
    Arm("all records"),
    Arm("rule"),
    Arm("random"),
    Arm("oracle"),
)


@dataclass(frozen=True)
class ArmChoices:
    """What is compared.

    Attributes
    ----------
    epsilons : tuple of str
        ε of the trainings by DP-SGD, as decimals; there is always one without.
    release_epsilons : tuple of str
        ε of the releases of the rule's choice; none leaves releases out.
    seeds : int
        How often each training is repeated, each time with another split, order and planting.
    start : str
        What trainings start from: the consortium's model, or the study's own small network.
    plant : str
        What is planted, as `read_planting` takes it; empty for nothing.
    alpha : str
        The share of clean records that the rule may leave out.
    has_rule : bool
        Whether there are clean rows of the consortium to make thresholds of, or thresholds in its
        request.
    has_rows : bool
        Whether there are rows of the consortium to mix in.
    libraries : tuple of str
        Which of `LIBRARIES` are installed.
    judged_by : tuple of str
        The scores of the rule.
    by_request : bool
        Whether the thresholds are the request's, and none are made.
    """

    epsilons: tuple[str, ...] = ("3",)
    release_epsilons: tuple[str, ...] = ("1",)
    seeds: int = 5
    start: Start = "checkpoint"
    plant: str = ""
    alpha: str = ALPHA
    has_rule: bool = True
    has_rows: bool = False
    libraries: tuple[str, ...] = ()
    judged_by: tuple[str, ...] = JUDGED_BY
    by_request: bool = False


@dataclass(frozen=True)
class Cell:
    """What the arms that are compared with each other have in common.

    Attributes
    ----------
    planted : bool
        Whether dirt was planted in the records.
    mixed : bool
        Whether the consortium's rows are mixed in.
    epsilon : str or None
        Of the training by DP-SGD; None for one without.
    """

    planted: bool
    mixed: bool
    epsilon: str | None


@dataclass(frozen=True)
class ArmTraining:
    """A training on what an arm chooses, or the test of the untouched checkpoint.

    Attributes
    ----------
    seed : int
        Of the split, the planting, the order and whatever the arm draws.
    arm : Arm
        What is trained on.
    cell : Cell
        How.
    """

    seed: int
    arm: Arm
    cell: Cell

    @property
    def name(self) -> str:
        """A name of its own, which a file can have."""
        cell = self.cell
        state = "planted" if cell.planted else "as-is"
        mixed = "-mixed" if cell.mixed else ""
        way = "plain" if cell.epsilon is None else f"dp{cell.epsilon}"
        return f"arm-{self.arm.name}-{state}{mixed}-{way}-{self.seed}"

    @property
    def kind(self) -> str:
        """What kind of work it is: what is of one kind takes about as long."""
        if self.arm == UNTOUCHED:
            return "testing the checkpoint"
        return "training without DP" if self.cell.epsilon is None else "training by DP-SGD"


@dataclass(frozen=True)
class CleanTask:
    """Scores of the consortium's clean rows, of which thresholds are made."""

    kind = "scoring"
    name = "clean"


@dataclass(frozen=True)
class JudgingTask:
    """Scores of the records of one pool, and what other libraries make of them.

    Attributes
    ----------
    seed : int
        Of the split and the planting.
    planted : bool
        Whether dirt is planted.
    """

    seed: int
    planted: bool
    kind = "scoring"

    @property
    def name(self) -> str:
        """A name of its own, which a file can have."""
        return f"judged-{'planted' if self.planted else 'as-is'}-{self.seed}"


ArmTask: TypeAlias = CleanTask | JudgingTask | ArmTraining
UNTRAINED = Cell(planted=False, mixed=False, epsilon=None)
"""Where the untouched checkpoint is tested: it is the same in every cell."""


@dataclass(frozen=True)
class Comparison:
    """Two trainings whose difference is tested, seed by seed.

    Attributes
    ----------
    family : str
        ``primary``: what the first line of the page rests on; ``beside``: everything else. Each family
        is corrected for the number of its comparisons (Holm).
    first, second : tuple
        An arm and its cell; the difference is that of the first beyond the second.
    """

    family: Family
    first: tuple[Arm, Cell]
    second: tuple[Arm, Cell]


def installed() -> tuple[str, ...]:
    """Return which of `LIBRARIES` are installed."""
    return tuple(name for name in LIBRARIES if find_spec(name.lower()) is not None)


def cells(choices: ArmChoices) -> list[Cell]:
    """Return the cells: records as they are before planted ones, without DP before DP-SGD."""
    return [
        Cell(planted, mixed, epsilon)
        for planted in ([False, True] if choices.plant else [False])
        for mixed in ([False, True] if choices.has_rows else [False])
        for epsilon in (None, *choices.epsilons)
    ]


def arms(choices: ArmChoices, cell: Cell) -> list[Arm]:
    """Return what is trained on in a cell."""
    there = [EVERYTHING]
    if choices.has_rule:
        there += [RULE, RANDOM]
    if cell.planted:
        there.append(ORACLE)
    if choices.has_rule:
        there += [Arm(name) for name in LIBRARIES if name in choices.libraries]
        for mechanism in RELEASED_BY:
            for epsilon in choices.release_epsilons:
                there += [
                    Arm("released", mechanism, epsilon),
                    Arm("random released", mechanism, epsilon),
                ]
    return there


def arm_trainings(choices: ArmChoices) -> list[ArmTraining]:
    """Return all trainings, seed by seed."""
    every: list[ArmTraining] = []
    for seed in range(choices.seeds):
        if choices.start == "checkpoint":
            every.append(ArmTraining(seed, UNTOUCHED, UNTRAINED))
        every += [
            ArmTraining(seed, arm, cell) for cell in cells(choices) for arm in arms(choices, cell)
        ]
    return every


def arm_tasks(choices: ArmChoices) -> list[ArmTask]:
    """Return all the work of a study, in order: what judges first, then seed by seed."""
    states = [False, True] if choices.plant else [False]
    judging: list[ArmTask] = []
    if choices.has_rule:
        judging = [JudgingTask(s, p) for s in range(choices.seeds) for p in states]
        if not choices.by_request:
            judging.insert(0, CleanTask())
    return [*judging, *arm_trainings(choices)]


def comparisons(choices: ArmChoices) -> list[Comparison]:
    """Return what is compared: it follows from the choices alone, never from a result."""
    return [comparison for cell in cells(choices) for comparison in _of_cell(choices, cell)]


def _of_cell(choices: ArmChoices, cell: Cell) -> Iterator[Comparison]:
    there = arms(choices, cell)
    if RULE in there:
        yield Comparison("primary", (RULE, cell), (RANDOM, cell))
        yield Comparison("primary", (RULE, cell), (EVERYTHING, cell))
    for arm in (EVERYTHING, RULE):
        if arm in there and choices.start == "checkpoint":
            yield Comparison("beside", (arm, cell), (UNTOUCHED, UNTRAINED))
        if arm in there and cell.mixed:
            alone = Cell(cell.planted, mixed=False, epsilon=cell.epsilon)
            yield Comparison("beside", (arm, cell), (arm, alone))
    if ORACLE in there:
        yield Comparison("beside", (ORACLE, cell), (EVERYTHING, cell))
    if ORACLE in there and RULE in there:
        yield Comparison("beside", (RULE, cell), (ORACLE, cell))
    for arm in there:
        if arm.kind in LIBRARIES:
            yield Comparison("beside", (arm, cell), (RANDOM, cell))
        elif arm.kind == "released":
            random = Arm("random released", arm.mechanism, arm.release_epsilon)
            yield Comparison("beside", (arm, cell), (random, cell))
