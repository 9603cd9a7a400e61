"""Exported models that return something else than logits are refused, never scored as if they did."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.scoring.model import load_model
from tests.models import export, stir

CPU = torch.device("cpu")


class Ending(nn.Module):
    def __init__(self, ending: Callable[[Tensor, Tensor], object], outputs: int = 3) -> None:
        super().__init__()
        self.ending, self.entry, self.exit = ending, nn.Linear(4, 5), nn.Linear(5, outputs)

    def forward(self, inputs: Tensor) -> object:
        features = self.entry(inputs).tanh()
        return self.ending(features, self.exit(features))


def load(folder: Path, ending: Callable[[Tensor, Tensor], object], outputs: int = 3) -> None:
    export(folder / "model.pt2", stir(Ending(ending, outputs), 0), torch.zeros(2, 4))
    load_model(find_checkpoint(folder).final, CPU)


PROBABILITIES: dict[str, Callable[[Tensor, Tensor], object]] = {
    "softmax": lambda _features, logits: logits.softmax(1),
    "log-softmax": lambda _features, logits: logits.log_softmax(1),
    "sigmoid": lambda _features, logits: logits.sigmoid(),
    "sigmoid in place": lambda _features, logits: logits.sigmoid_(),
    "sigmoid, rearranged": lambda _features, logits: logits.sigmoid().unsqueeze(2).squeeze(2).clone(),
    "softmax by hand": lambda _features, logits: logits.exp() / logits.exp().sum(1, keepdim=True),
    "a logarithm of softmax": lambda _features, logits: logits.softmax(1).log(),
    "softmax by name": lambda _features, logits: {"logits": logits.softmax(1)},
}


@pytest.mark.parametrize("ending", PROBABILITIES)
def test_probabilities_are_refused(tmp_path: Path, ending: str) -> None:
    with pytest.raises(UnusableError, match="probabilities instead of logits"):
        load(tmp_path, PROBABILITIES[ending])


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_single_sigmoid_is_refused(tmp_path: Path, outputs: int) -> None:
    with pytest.raises(UnusableError, match="probabilities instead of logits"):
        load(tmp_path, lambda _features, logits: logits.sigmoid(), outputs)


def test_several_tensors_without_a_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="nothing says which of them"):
        load(tmp_path, lambda features, logits: (features, logits))


@pytest.mark.parametrize(
    "ending",
    [
        lambda _features, logits: logits,
        lambda _features, logits: (logits,),
        lambda features, logits: {"features": features, "logits": logits},
        lambda features, logits: logits * features.sigmoid().sum(1, keepdim=True),
        lambda _features, logits: logits.softmax(1) * 5,
    ],
)
def test_logits_are_taken(tmp_path: Path, ending: Callable[[Tensor, Tensor], object]) -> None:
    load(tmp_path, ending)
