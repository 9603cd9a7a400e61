"""What an audited claim is, and neighbours that differ in the contents of one unit."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tests.audit.bounds import Sampler
from tests.audit.worlds import RIGHT, WRONG, records
from tests.ledgers import Desk

PRESSES = 10
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One claim.

    Attributes
    ----------
    name : str
        What is audited.
    claim, delta : float
        What is claimed of one unit.
    sample : Sampler
        Draws outcomes.
    tight : bool
        Whether the mechanism reaches its claim, so that an audit must see nine tenths of it.
    rare : bool
        Whether the telling event is so rare that it needs more draws than others.
    """

    name: str
    claim: float
    sample: Sampler
    delta: float = 0.0
    tight: bool = False
    rare: bool = False


def both(outcomes: Callable[[NDArray[np.float64], int], Floats], m: int = 1) -> Sampler:
    """Sample a unit of m records that are all right against one whose records are all wrong."""

    def sample(count: int) -> tuple[Floats, Floats]:
        return outcomes(records(*[WRONG] * m), count), outcomes(records(*[RIGHT] * m), count)

    return sample


def copies(contents: Floats, count: int) -> Floats:
    return np.tile(contents, (count, 1))


@contextmanager
def new_ledger() -> Iterator[Desk]:
    """Keep a ledger in memory where the system can."""
    memory = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Desk(Path(folder))
