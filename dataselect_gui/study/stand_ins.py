"""Stand-ins for the consortium's model: trained here, written as checkpoints, scored as any other."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.checkpoints.request import FILE_NAME
from dataselect_gui.records.kinds.kind import InputArray
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.study.train import CLIP, DELTA, Privacy

BATCH = 64

Inputs = Callable[[NDArray[np.int64]], InputArray]
"""Returns the inputs of some rows."""


class SeriesWriter:
    """Writes states of one network as a series of ``.pt2`` checkpoints.

    Parameters
    ----------
    folder : Path
        Takes ``checkpoint-<step>`` folders.
    network : Module
        Whose states are written.
    shape : tuple of int
        Of one input.
    """

    def __init__(self, folder: Path, network: nn.Module, shape: Sequence[int]) -> None:
        self._folder, self._network = folder, network
        batch = torch.export.Dim("batch")
        example = torch.zeros(2, *shape)
        # Exporting takes a second, storing other weights in what was exported hundredths of one.
        self._program = torch.export.export(network, (example,), dynamic_shapes=({0: batch},))

    def __call__(self, step: int) -> None:
        """Write the network as it is now."""
        with torch.no_grad():
            for name, value in self._network.state_dict().items():
                self._program.state_dict[name].copy_(value)
        folder = self._folder / f"checkpoint-{step}"
        folder.mkdir(parents=True)
        torch.export.save(self._program, folder / "model.pt2")

    def state(self, privacy: Privacy) -> None:
        """Write down how the series was trained by DP-SGD, as a consortium's request does."""
        training = {
            "noise_multiplier": privacy.noise_multiplier,
            "max_grad_norm": CLIP,
            "sample_rate": privacy.sample_rate,
            "steps": privacy.steps,
            "delta": DELTA,
            "epsilon": privacy.epsilon,
        }
        (self._folder / FILE_NAME).write_text(json.dumps(training), encoding="utf-8")


@contextmanager
def new_series(network: nn.Module, shape: Sequence[int]) -> Iterator[tuple[SeriesWriter, Path]]:
    """Give a writer and its folder, which is gone afterwards."""
    with TemporaryDirectory() as name:
        yield SeriesWriter(Path(name), network, shape), Path(name)


def score_rows(
    checkpoint: Checkpoint | Path,
    names: Sequence[str],
    inputs: Inputs,
    rows: NDArray[np.int64],
    targets: NDArray[np.int64],
    advance: Callable[[int], None] = lambda _: None,
) -> dict[str, NDArray[np.float64]]:
    """Score records, as `dataselect score` does.

    Parameters
    ----------
    checkpoint : Checkpoint or Path
        By what.
    names : sequence of str
        The scores.
    inputs : callable
        Gives the inputs of rows.
    rows : ndarray of int64
        Which records, shape (n,).
    targets : ndarray of int64
        Their labels, shape (n,).
    advance : callable
        Told after each batch how many are done; what it raises ends the scoring.
    """
    loaded = find_checkpoint(checkpoint) if isinstance(checkpoint, Path) else checkpoint
    scorer = Scorer(loaded, names, torch.device("cpu"))
    scores = {name: np.empty(len(rows)) for name in names}
    for at in range(0, len(rows), BATCH):
        some = slice(at, at + BATCH)
        for name, values in scorer.score(names, inputs(rows[some]), targets[some]).items():
            scores[name][some] = values
        advance(min(at + BATCH, len(rows)))
    return scores
