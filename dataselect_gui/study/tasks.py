"""The tasks of a study, listed before any of them is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.scoring.catalog import applicable
from dataselect_gui.study import libraries
from dataselect_gui.study.plan import (
    SCORED,
    Choices,
    PickTraining,
    StandInTraining,
    Training,
    in_order,
    trainings,
)

CHUNK = 1_000
"""How many records a task scores by the checkpoint."""
GIVEN = "given"


@dataclass(frozen=True)
class ScoringTask:
    """Scores of some records by the checkpoint.

    Attributes
    ----------
    group : str
        Of scores that are computed together, see `groups_of`.
    number : int
        Which of the chunks of records.
    """

    group: str
    number: int
    kind = "scoring by the checkpoint"

    @property
    def name(self) -> str:
        """A name of its own, which a file can have."""
        return f"{self.group}-{self.number}"


@dataclass(frozen=True)
class FlippedLabelsTask:
    """Scores of records with wrong labels, by the checkpoint.

    Attributes
    ----------
    seed : int
        Of the split and of the wrong labels.
    """

    seed: int
    kind = "scoring flipped labels"

    @property
    def name(self) -> str:
        """A name of its own, which a file can have."""
        return f"flips-{self.seed}"


@dataclass(frozen=True)
class LibraryTask:
    """What another library makes of records with wrong labels.

    Attributes
    ----------
    library : str
        Which.
    seed : int
        Of the split and of the wrong labels.
    """

    library: str
    seed: int
    kind = "other libraries"

    @property
    def name(self) -> str:
        """A name of its own, which a file can have."""
        return f"{self.library}-{self.seed}"


Task: TypeAlias = ScoringTask | FlippedLabelsTask | LibraryTask | Training
"""A task: its ``name`` is that of its result, and those of one ``kind`` take about as long."""


def tasks_of(choices: Choices, compared: Sequence[str], records: int) -> list[Task]:
    """Return all the work of a study, in order.

    Parameters
    ----------
    choices : Choices
        The owner's.
    compared : sequence of str
        The scores that are compared, see `compared_scores`.
    records : int
        How many records are studied.
    """
    seeds = range(choices.seeds)
    return [
        *(
            ScoringTask(group, number)
            for group in groups_of(choices, compared)
            for number in range(chunks(records))
        ),
        *(FlippedLabelsTask(seed) for seed in seeds),
        *(LibraryTask(library, seed) for library in libraries.installed() for seed in seeds),
        *in_order(trainings(choices)),
    ]


def compared_scores(checkpoint: Checkpoint) -> list[str]:
    """Return which of the scores that are always compared a checkpoint allows."""
    series, request = len(checkpoint.series), checkpoint.request
    there = applicable(None, series=series, labelled=True, request=request, indexed=checkpoint.indexed)
    return [score.name for score in there if score.name in SCORED]


def groups_of(choices: Choices, compared: Sequence[str]) -> dict[str, list[str]]:
    """Return the scores by the checkpoint: those that are compared, and each other one chosen."""
    chosen = [name for name in choices.scores if name not in compared]
    return {GIVEN: list(compared), **{f"{GIVEN}-{name}": [name] for name in chosen}}


def chunks(records: int) -> int:
    """Return in how many chunks records are scored."""
    return -(-records // CHUNK)


def is_training(task: Task) -> bool:
    """Say whether a task is a training."""
    return isinstance(task, PickTraining | StandInTraining)
