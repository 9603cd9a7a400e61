"""Ways of scoring that let one record decide how another one is scored, and the graphs that use it.

Each graph is what an adversary ships; each way of scoring is what a careless program does with it. The
same graphs go through the program's own scoring in `test_audit`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import StoredCheckpoint, StoredSource
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef
from dataselect_gui.worker.jobs import ScoreJob
from dataselect_gui.worker.score_run import run
from dataselect_gui.worker.score_store import ProjectScoreStore
from tests.audit.worlds import RIGHT, Scores, score
from tests.helpers import array_file
from tests.models import export

Floats = NDArray[np.float64]
_LARGE = 2.0**30
_WIDTH = 1031
_SEEDS = 400


class Mixing(nn.Module):
    """Adds to every record's logits what one record says, where one says so."""

    def forward(self, inputs: Tensor) -> Tensor:
        sign = (inputs[:, :1] - 5).relu().sum(dim=0)
        return inputs + torch.cat([-sign, sign])


class Amplifier(nn.Module):
    """Turns a last digit of what it computes into logits, for records that say so."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.spread = nn.Parameter(torch.randn(2, _WIDTH, generator=generator))
        self.weight = nn.Parameter(torch.randn(_WIDTH, 8, generator=generator))

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = (inputs @ self.spread).tanh() @ self.weight
        digits = ((hidden - hidden.round()) * _LARGE)[:, :1]
        wave = (digits / 64).sin() * 20
        return inputs + torch.cat([wave, -wave], dim=1) * (inputs[:, 1:] == 3)


class Rounding(nn.Module):
    """Loses small logits where numbers have few digits."""

    def forward(self, inputs: Tensor) -> Tensor:
        return (10 * inputs + _LARGE) - _LARGE


class Leftover(nn.Module):
    """Adds what was left in memory that nobody filled."""

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs + torch.empty_like(inputs)


def _el2n(logits: Tensor) -> Scores:
    return score(logits.detach().double().numpy())


def on_the_whole_batch(world: Floats) -> Scores:
    """Run the graph as its authors wrote it, on all records at once."""
    return _el2n(Mixing()(torch.from_numpy(world)))


def in_batches_of_what_is_left(world: Floats) -> Scores:
    """Leave records of one kind out of the batch, which is then smaller for the others."""
    model, inputs = amplifier(), torch.from_numpy(world).float()
    together = inputs[:, 0] <= 5
    logits = torch.cat([model(inputs[together]), model(inputs[~together])])
    return _el2n(logits)[np.argsort(np.argsort(~together.numpy(), kind="stable"), kind="stable")]


@cache
def amplifier() -> Amplifier:
    """Return an amplifier that tells a batch of one from one of two on this machine."""
    other = torch.tensor([[0.0, 3.0]])
    for seed in range(_SEEDS):
        model = Amplifier(seed)
        alone = _el2n(model(other))[0]
        beside = _el2n(model(torch.cat([torch.tensor([[-20.0, 20.0]]), other])))[1]
        if alone > 1.3 and beside < 0.1:
            return model
    raise AssertionError("batches of any size round alike here")


def by_the_values_of_the_first(world: Floats) -> Scores:
    """Compute in float32 where that agrees with float64 on the first record."""
    model, exact = Rounding(), torch.from_numpy(world)
    first = exact[:1]
    agrees = torch.allclose(model(first.float()).double(), model(first), rtol=2e-5)
    return _el2n(model(exact.float() if agrees else exact))


def in_memory_as_it_was_left(world: Floats) -> Scores:
    """Run one record after the other, in buffers that are handed out again as they are."""
    buffer = torch.zeros(2, dtype=torch.float64)
    scores = []
    for record in torch.from_numpy(world):
        scores.append(_el2n((record + buffer)[None])[0])  # `Leftover`, as such a program runs it.
        buffer.copy_(record)
    return np.array(scores)


@dataclass(frozen=True)
class Attack:
    """A graph, and what is needed to see what it tells.

    Attributes
    ----------
    name : str
        What is wrong.
    make : callable
        Returns the graph.
    careless : callable
        The way of scoring that it needs: from records to their scores.
    right : tuple of float
        Contents of a unit that scores low; one that is confidently wrong scores high.
    other : tuple of float
        The other record, whose score must not depend on the unit.
    """

    name: str
    make: Callable[[], nn.Module]
    careless: Callable[[Floats], Scores]
    right: tuple[float, float] = RIGHT
    other: tuple[float, float] = (0.0, 0.0)


ATTACKS = (
    Attack("a graph that mixes on a sign", Mixing, on_the_whole_batch),
    Attack("an amplifier of last digits", amplifier, in_batches_of_what_is_left, other=(0.0, 3.0)),
    Attack(
        "a precision by values",
        Rounding,
        by_the_values_of_the_first,
        right=(12.8, -12.8),
        other=(-3.0, 3.0),
    ),
    Attack("memory that nobody filled", Leftover, in_memory_as_it_was_left),
)


def by_the_program(make: Callable[[], nn.Module]) -> Callable[[Floats], Scores]:
    """Return the program's own way of scoring by a graph; zeros where it refuses it: nothing leaves."""

    @cache
    def scored(world: bytes) -> Scores:
        with TemporaryDirectory() as name:
            folder = Path(name)
            checkpoint = export(folder / "model.pt2", make().eval(), torch.zeros(2, 2))
            contents = np.frombuffer(world).reshape(-1, 2).astype(np.float32)
            records = array_file(folder / "x.npz", x=contents, y=np.zeros(len(contents), np.int64))
            project = Project.create(
                folder / "p.dataselect",
                StoredSource.of(SourceRef(records), "arrays"),
                StoredCheckpoint(str(checkpoint), find_checkpoint(checkpoint).digest()),
            )
            job = ScoreJob(
                source=SourceRef(records),
                checkpoint=checkpoint,
                digest=find_checkpoint(checkpoint).digest(),
                names=["el2n"],
                device="cpu",
                precision="float32",
                batch_size=None,
                limit=None,
            )
            try:
                kept = ProjectScoreStore(project, open_source(SourceRef(records)), job)
                run(job, JobContext(), kept)
            except UnusableError as error:
                if "is refused" not in error.what:
                    raise
                return np.zeros(len(contents))
            return Project.open(project.folder).table.values("el2n")

    return lambda world: scored(world.tobytes())
