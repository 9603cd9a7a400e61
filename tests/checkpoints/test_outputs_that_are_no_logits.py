"""Exported models that return something else than logits are refused, never scored as if they did."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.scoring.model import load_model
from tests.helpers import write_json
from tests.models import export, stir

CPU = torch.device("cpu")


class Ending(nn.Module):
    def __init__(self, ending: Callable[[Tensor, Tensor], object], outputs: int = 3) -> None:
        super().__init__()
        self.ending, self.entry, self.exit = ending, nn.Linear(4, 5), nn.Linear(5, outputs)

    def forward(self, inputs: Tensor) -> object:
        features = self.entry(inputs).tanh()
        return self.ending(features, self.exit(features))


def load(
    folder: Path, ending: Callable[[Tensor, Tensor], object], outputs: int = 3, **request: str
) -> None:
    if request:
        write_json(folder / "dataselect.json", {"dataselect": 1, **request})
    export(folder / "model.pt2", stir(Ending(ending, outputs), 0), torch.zeros(2, 4))
    load_model(find_checkpoint(folder).final, CPU)


PROBABILITIES: dict[str, Callable[[Tensor, Tensor], object]] = {
    "softmax": lambda _features, logits: logits.softmax(1),
    "log-softmax": lambda _features, logits: logits.log_softmax(1),
    "sigmoid": lambda _features, logits: logits.sigmoid(),
    "sigmoid in place": lambda _features, logits: logits.sigmoid_(),
    "sigmoid, rearranged": lambda _features, logits: logits.sigmoid().unsqueeze(2).squeeze(2).clone(),
    "sigmoid, kept from 0 and 1": lambda _features, logits: logits.sigmoid().clamp(1e-6, 1 - 1e-6),
    "a logarithm of sigmoid": lambda _features, logits: logits.sigmoid().clamp_min(1e-9).log(),
    "log-sigmoid": lambda _features, logits: nn.functional.logsigmoid(logits),
    "softmax by hand": lambda _features, logits: logits.exp() / logits.exp().sum(1, keepdim=True),
    "a logarithm of softmax": lambda _features, logits: logits.softmax(1).log(),
    "log-softmax by hand": lambda _features, logits: logits - logits.logsumexp(1, keepdim=True),
    "a sigmoid and what is left of 1": lambda _features, logits: torch.stack(
        [logits[:, 0].sigmoid(), 1 - logits[:, 0].sigmoid()], dim=1
    ),
    "sigmoid by hand": lambda _features, logits: 1 / (1 + (-logits).exp()),
    "sigmoid by hand, of two sides": lambda _features, logits: torch.where(
        logits >= 0, 1 / (1 + (-logits).exp()), logits.exp() / (1 + logits.exp())
    ),
    "sigmoid by tanh": lambda _features, logits: 0.5 * (logits / 2).tanh() + 0.5,
    "log-sigmoid by hand": lambda _features, logits: -(1 + (-logits).exp()).log(),
    "log-sigmoid by softplus": lambda _features, logits: logits - nn.functional.softplus(logits),
    "cut off at 0 and 1": lambda _features, logits: logits.clamp(0, 1).reshape(-1, 3),
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


@pytest.mark.parametrize("ending", ["softmax", "sigmoid by hand", "log-sigmoid by softplus"])
def test_a_regression_may_predict_any_numbers(tmp_path: Path, ending: str) -> None:
    load(tmp_path, PROBABILITIES[ending], task="regression")


@pytest.mark.parametrize("task", ["binary", "multi_label", "single_label"])
def test_no_classification_may_predict_probabilities(tmp_path: Path, task: str) -> None:
    with pytest.raises(UnusableError, match="probabilities instead of logits") as refused:
        load(tmp_path, PROBABILITIES["sigmoid by hand"], 1, task=task)
    assert "regression" in refused.value.do


UNNAMED: dict[str, Callable[[Tensor, Tensor], object]] = {
    "features first": lambda features, logits: (features, logits),
    "logits first": lambda features, logits: (logits, features),
    "a list": lambda features, logits: [features, logits],
    "a number first": lambda _features, logits: (logits.sum(), logits),
    "as wide as each other": lambda _features, logits: (logits.tanh(), logits),
    "a name beside one without": lambda features, logits: (features, {"logits": logits}),
}


@pytest.mark.parametrize("ending", UNNAMED)
def test_several_tensors_without_a_name_are_refused(tmp_path: Path, ending: str) -> None:
    with pytest.raises(UnusableError, match="nothing says which of them"):
        load(tmp_path, UNNAMED[ending])


@pytest.mark.parametrize("name", ["scores", "Logits", "output"])
def test_a_tensor_by_another_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnusableError, match="named “logits”"):
        load(tmp_path, lambda features, logits: {"features": features, name: logits})


@pytest.mark.parametrize(
    "ending",
    [
        lambda _features, logits: logits,
        lambda _features, logits: (logits,),
        lambda features, logits: {"features": features, "logits": logits},
        lambda features, logits: logits * features.sigmoid().sum(1, keepdim=True),
        lambda _features, logits: logits.softmax(1) * 5,
        lambda _features, logits: logits.clamp(-30, 30),
        lambda _features, logits: logits.exp().log(),
        lambda _features, logits: 16 * nn.functional.normalize(logits, dim=1),
        lambda _features, logits: -logits.square(),
    ],
)
def test_logits_are_taken(tmp_path: Path, ending: Callable[[Tensor, Tensor], object]) -> None:
    load(tmp_path, ending)
