"""The norm engine as somebody meets it who comes for that alone."""

import doctest
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dataselect_gui.norms import GradientNorms, per_sample, per_sample_norms, register_rule
from dataselect_gui.norms.gradient_norms import BY_FUNCTION
from dataselect_gui.norms.rules import RULES, Call, Gradients

README = Path(per_sample.__file__).with_name("README.md")


def naive(model: nn.Module, batch: Tensor, targets: Tensor, loss: Any) -> Tensor:  # noqa: ANN401
    norms = []
    for record, target in zip(batch.split(1), targets.split(1), strict=True):
        gradients = torch.autograd.grad(loss(model(record), target).sum(), list(model.parameters()))
        norms.append(torch.cat([g.flatten() for g in gradients]).norm())
    return torch.stack(norms)


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(3)
    return (
        nn.Sequential(nn.Conv2d(1, 3, 3), nn.PReLU(3), nn.Flatten(), nn.Linear(48, 3)).double().eval()
    )


@pytest.fixture
def batch() -> Tensor:
    return torch.rand(4, 1, 6, 6, generator=torch.Generator().manual_seed(5), dtype=torch.float64)


@pytest.fixture
def rules() -> Iterator[None]:
    before = dict(RULES)
    yield
    RULES.clear()
    RULES.update(before)


def test_its_example_is_right() -> None:
    failed, tried = doctest.testmod(per_sample)
    assert tried
    assert not failed


def test_norms_by_cross_entropy(model: nn.Module, batch: Tensor) -> None:
    targets = torch.tensor([0, 2, 1, 0])
    expected = naive(model, batch, targets, nn.functional.cross_entropy)
    torch.testing.assert_close(per_sample_norms(model, batch, targets), expected, rtol=1e-9, atol=0)


def test_norms_by_another_loss(model: nn.Module, batch: Tensor) -> None:
    def squared(outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs - targets).square().sum(dim=1)

    targets = torch.rand(4, 3, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    expected = naive(model, batch, targets, squared)
    actual = per_sample_norms(model, batch, targets, loss=squared)
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=0)


def test_it_leaves_the_model_as_it_was(model: nn.Module, batch: Tensor) -> None:
    per_sample_norms(model, batch, torch.zeros(4, dtype=torch.int64))
    assert all(p.requires_grad and p.grad is None for p in model.parameters())


def test_a_model_in_training_mode_is_refused(model: nn.Module, batch: Tensor) -> None:
    model[1].train()  # type: ignore[index]
    with pytest.raises(ValueError, match="evaluation mode"):
        per_sample_norms(model, batch, torch.zeros(4, dtype=torch.int64))


@pytest.mark.usefixtures("rules")
def test_the_rule_in_the_readme_is_right(model: nn.Module, batch: Tensor) -> None:
    targets = torch.tensor([0, 2, 1, 0])
    expected = naive(model, batch, targets, nn.functional.cross_entropy)
    blocks = re.findall("```python\n(.*?)```", README.read_text(), re.DOTALL)
    (example,) = (block for block in blocks if "register_rule" in block)
    before = GradientNorms(model)
    before.run(batch).measure(torch.ones(4, 3))
    assert before.paths["1.weight"] == BY_FUNCTION
    exec(example, {})  # noqa: S102  (a text of this repository)
    engine = GradientNorms(model)
    engine.run(batch).measure(torch.ones(4, 3))
    assert engine.paths["1.weight"] == "prelu"
    actual = per_sample_norms(model, batch, targets)
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=0)


def test_an_operation_has_one_rule() -> None:
    def rule(call: Call) -> Gradients:
        raise AssertionError(call)

    with pytest.raises(ValueError, match="linear"):
        register_rule("linear", arguments=())(rule)
