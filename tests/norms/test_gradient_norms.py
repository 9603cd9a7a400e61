from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dataselect_gui.norms import convolutions
from dataselect_gui.norms.cross_entropy import logit_gradients
from dataselect_gui.norms.gradient_norms import BY_FUNCTION, GradientNorms
from dataselect_gui.norms.recording import Recording
from dataselect_gui.norms.sample_gradients import OneHot, Outer, SampleGradient, Sum, TokenSum
from tests.models import RECORDS, stir
from tests.norms.unusual_models import (
    COVERED,
    UNCOVERED,
    UNUSUAL,
    ChangedLater,
    ChannelsLast,
    Padded,
    Patches,
    Shared,
    Steep,
)
from tests.oracle import oracle, oracle_alignment, oracle_plis

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
TARGETS = [0, 1, 2, 1, 0]


def norms(model: nn.Module, inputs: Tensor, targets: Sequence[int]) -> NDArray[np.float64]:
    done = GradientNorms(model).run(inputs)
    at_logits = logit_gradients(done.logits.detach(), torch.tensor(targets))
    actual: NDArray[np.float64] = done.measure(at_logits).squares.sqrt().numpy()
    return actual


def between(layer: nn.Conv1d | nn.Conv2d | nn.Conv3d, *shape: int) -> nn.Module:
    entry = nn.Conv2d(1, 4, 1), nn.Tanh(), nn.Flatten(), nn.Unflatten(1, shape), ChannelsLast()
    exit_ = nn.Tanh(), nn.Flatten(2), nn.AdaptiveAvgPool1d(2), nn.Flatten()
    return nn.Sequential(*entry, layer, *exit_, nn.Linear(2 * layer.out_channels, 3))


# Every channel has kernels of its own.
DEPTHWISE: dict[str, Callable[[], nn.Module]] = {
    "one side": lambda: between(nn.Conv1d(4, 4, 5, stride=3, padding=1, groups=4), 4, 256),
    "two sides": lambda: between(nn.Conv2d(4, 4, 3, padding=1, groups=4), 4, 16, 16),
    "three sides": lambda: between(nn.Conv3d(4, 4, 3, stride=(1, 2, 1), groups=4), 4, 4, 8, 8),
    "strided, dilated": lambda: between(
        nn.Conv2d(4, 4, (3, 2), stride=(2, 3), dilation=(1, 2), padding=(2, 1), groups=4), 4, 16, 16
    ),
    "two kernels each": lambda: between(nn.Conv2d(4, 8, 5, stride=2, padding=2, groups=4), 4, 16, 16),
    "one channel": lambda: between(nn.Conv2d(1, 8, 7, stride=4, padding=3), 1, 32, 32),
}


def batches_seen(model: nn.Module) -> list[int]:
    seen: list[int] = []
    model.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    return seen


@pytest.mark.parametrize("name", UNUSUAL)
def test_norms_agree_with_plain_autograd(name: str) -> None:
    torch.manual_seed(0)
    model = stir(UNUSUAL[name]().double(), 3)
    actual = norms(model, torch.from_numpy(RECORDS).double(), TARGETS)
    expected = oracle(model, RECORDS, TARGETS)["grad_norm"]
    np.testing.assert_allclose(actual, expected, rtol=1e-9)


@pytest.mark.parametrize("is_large", [True, False], ids=["large", "small"])
@pytest.mark.parametrize("name", DEPTHWISE)
def test_depthwise_convolutions_agree_in_both_precisions(
    monkeypatch: pytest.MonkeyPatch, name: str, *, is_large: bool
) -> None:
    """Each precision, and maps of each size, take their own way."""
    if is_large:
        monkeypatch.setattr(convolutions, "LARGE", 0)
    model = stir(DEPTHWISE[name](), 3)
    expected = oracle(model, RECORDS, TARGETS)
    for dtype, tolerance in ((torch.float32, 1e-4), (torch.float64, 1e-9)):
        gradients = GradientNorms(model.to(dtype))
        done = gradients.run(torch.from_numpy(RECORDS).to(dtype), for_inputs=True, twice=True)
        measured, plis = done.susceptibility(
            lambda logits: logit_gradients(logits, torch.tensor(TARGETS))
        )
        assert BY_FUNCTION not in gradients.paths.values()
        actual = measured.squares.sqrt().numpy()
        np.testing.assert_allclose(actual, expected["grad_norm"], rtol=tolerance)
        slopes = oracle_plis(model, RECORDS, TARGETS)
        np.testing.assert_allclose(plis.numpy(), slopes, rtol=0, atol=tolerance * np.abs(slopes).max())


@pytest.mark.parametrize("name", UNUSUAL)
def test_a_record_alone_has_its_norm_and_its_susceptibility(name: str) -> None:
    model = stir(UNUSUAL[name]().double(), 3)
    done = GradientNorms(model).run(
        torch.from_numpy(RECORDS[2:3]).double(), for_inputs=True, twice=True
    )
    measured, plis = done.susceptibility(
        lambda logits: logit_gradients(logits, torch.tensor(TARGETS[2:3]))
    )
    norm = oracle(model, RECORDS[2:3], TARGETS[2:3])["grad_norm"]
    np.testing.assert_allclose(measured.squares.sqrt().numpy(), norm, rtol=1e-9)
    expected = oracle_plis(model, RECORDS[2:3], TARGETS[2:3])
    np.testing.assert_allclose(plis.numpy(), expected, rtol=0, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("name", COVERED)
def test_after_the_first_batch_one_pass_serves_all_records(name: str) -> None:
    model = COVERED[name]().double().eval()
    gradients, records = GradientNorms(model), torch.from_numpy(RECORDS).double()
    gradients.run(records).measure(torch.ones(5, 3))
    assert BY_FUNCTION not in gradients.paths.values()
    seen = batches_seen(model)
    gradients.run(records).measure(torch.ones(5, 3))
    assert seen == [len(RECORDS)]


@pytest.mark.parametrize("name", UNCOVERED)
def test_what_no_rule_covers_is_named(name: str) -> None:
    model = UNCOVERED[name]().double().eval()
    gradients = GradientNorms(model)
    gradients.run(torch.from_numpy(RECORDS).double()).measure(torch.ones(5, 3))
    named = {key for key, path in gradients.paths.items() if path == BY_FUNCTION}
    assert named
    assert named < set(dict(model.named_parameters()))


@pytest.mark.parametrize("name", UNUSUAL)
def test_norms_leave_no_trace_on_the_model(name: str) -> None:
    model = stir(UNUSUAL[name]().double(), 3)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    norms(model, torch.from_numpy(RECORDS).double(), TARGETS)
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(module.training for module in model.modules())


@pytest.mark.parametrize("is_looked_at", [True, False], ids=["looked at", "not looked at"])
def test_what_is_changed_in_place_after_its_use_counts_as_it_was(
    monkeypatch: pytest.MonkeyPatch, *, is_looked_at: bool
) -> None:
    """Without the look at versions, such a change would go unnoticed."""
    monkeypatch.setattr(GradientNorms, "_check", lambda *_: None)  # Plain autograd refuses this model.
    if not is_looked_at:
        monkeypatch.setattr(Recording, "finish", lambda _: frozenset())
    model, plain = (stir(ChangedLater(7, in_place=changed).double(), 3) for changed in (True, False))
    actual = norms(model, torch.from_numpy(RECORDS).double(), TARGETS)
    errors = np.abs(actual / oracle(plain, RECORDS, TARGETS)["grad_norm"] - 1)
    assert errors.max() < 1e-9 if is_looked_at else errors.max() > 1e-3


def without_cross_terms(self: Sum) -> Tensor:
    return torch.stack([use.squares() for use in self._uses]).sum(dim=0)


def of_the_mean(self: Outer) -> Tensor:
    mean = next(self.parts(self.batch)).mean(dim=0)
    return mean.square().sum().expand(self.batch)


def with_padding_as_a_word(self: OneHot, places: Tensor, size: int, dtype: torch.dtype) -> None:
    self._places, self._dtype, self.size = places.clamp(min=0), dtype, size
    self.batch, self.count = places.shape


def of_both_as_one(self: TokenSum) -> Tensor:
    return self._tokens.vectors.square().sum(dim=(1, 2))


WRONG: dict[str, tuple[type, str, Callable[..., object], Callable[[], nn.Module]]] = {
    "no cross terms": (Sum, "squares", without_cross_terms, Shared),
    "no cross terms of a tied head": (Sum, "squares", without_cross_terms, lambda: Padded(0)),
    "padding as a word": (OneHot, "__init__", with_padding_as_a_word, lambda: Padded(0)),
    "gradient of the batch": (Outer, "squares", of_the_mean, lambda: Patches(7)),
    "squares of tokens summed": (TokenSum, "squares", of_both_as_one, lambda: Patches(7)),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("is_checked", [True, False], ids=["checked", "not checked"])
def test_a_wrong_norm_differs_from_the_loop_and_is_not_used(
    monkeypatch: pytest.MonkeyPatch, name: str, *, is_checked: bool
) -> None:
    owner, method, wrong, make = WRONG[name]
    model = stir(make().double(), 3)
    expected = oracle(model, RECORDS, TARGETS)["grad_norm"]
    records = torch.from_numpy(RECORDS).double()
    np.testing.assert_allclose(norms(model, records, TARGETS), expected, rtol=1e-9)
    monkeypatch.setattr(owner, method, wrong)
    if not is_checked:
        monkeypatch.setattr(GradientNorms, "_check", lambda *_: None)
    errors = np.abs(norms(model, records, TARGETS) / expected - 1)
    assert (errors < 1e-9).all() if is_checked else errors.max() > 1e-3


def scaled(factors: Sequence[float]) -> Callable[[SampleGradient], Tensor]:
    """Return squares of gradients that are off by a factor for each record."""
    original = SampleGradient.squares

    def squares(own: SampleGradient) -> Tensor:
        actual = original(own)
        return actual * actual.new_tensor(factors[: len(actual)])

    return squares


def with_small_gradients(scale: float, dtype: torch.dtype) -> nn.Module:
    """Return a model whose first layer has small gradients."""
    model = stir(Patches(7).to(dtype), 3)
    with torch.no_grad():
        model.exit.weight *= scale  # type: ignore[operator, union-attr]
    return model


@pytest.mark.parametrize(
    ("factors", "scale", "dtype"),
    [
        ([1.0001] * 5, 1.0, torch.float64),
        ([1.1] * 5, 1e-2, torch.float64),
        ([1.1] * 5, 1.0, torch.float32),
        ([2.0, 1, 1, 1, 1], 1.0, torch.float64),
        ([1, 1, 1, 1, 2.0], 1.0, torch.float64),
    ],
    ids=["a little", "of little weight", "in float32", "the first record", "the last record"],
)
def test_a_norm_that_is_a_little_wrong_is_not_used(
    monkeypatch: pytest.MonkeyPatch, factors: list[float], scale: float, dtype: torch.dtype
) -> None:
    model = with_small_gradients(scale, dtype)
    monkeypatch.setattr(Outer, "squares", scaled(factors))
    gradients = GradientNorms(model)
    done = gradients.run(torch.from_numpy(RECORDS).to(dtype))
    done.measure(logit_gradients(done.logits.detach(), torch.tensor(TARGETS)))
    names = {name for name, path in gradients.paths.items() if path == BY_FUNCTION}
    assert names == {"entry.weight", "exit.weight"}


@pytest.mark.parametrize("twice", [False, True])
def test_what_could_not_be_held_against_autograd_is_not_trusted(
    monkeypatch: pytest.MonkeyPatch, *, twice: bool
) -> None:
    """On made-up records the gradients are no numbers, on these they are; and a rule is wrong."""
    model = Steep().double()
    monkeypatch.setattr(Outer, "squares", scaled([2.0] * 5))
    records = torch.from_numpy(np.abs(RECORDS) + 2).double()
    gradients, targets = GradientNorms(model), torch.tensor(TARGETS)
    for _ in range(3):
        done = gradients.run(torch.rand_like(records), twice=twice, for_inputs=twice)
        done.measure(logit_gradients(done.logits.detach(), targets), create_graph=twice)
    assert not gradients.is_settled(records.shape)
    gradients.settle(records.shape)
    done = gradients.run(records, twice=twice, for_inputs=twice)
    measured = done.measure(logit_gradients(done.logits.detach(), targets), create_graph=twice)
    expected = oracle(model, records.numpy(), TARGETS)["grad_norm"]
    np.testing.assert_allclose(measured.squares.detach().sqrt().numpy(), expected, rtol=1e-9)


def test_every_shape_is_checked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    model = with_small_gradients(1.0, torch.float64)
    gradients, records = GradientNorms(model), torch.from_numpy(RECORDS).double()
    gradients.run(records).measure(torch.ones(5, 3))
    monkeypatch.setattr(Outer, "squares", scaled([2.0] * 5))
    gradients.run(records[:4]).measure(torch.ones(4, 3))
    assert gradients.paths["entry.weight"] == BY_FUNCTION


def test_products_alone_go_by_the_rules_too() -> None:
    model = with_small_gradients(1.0, torch.float64)
    direction = {name: torch.ones_like(p) for name, p in model.named_parameters()}
    gradients = GradientNorms(model)
    done = gradients.run(torch.from_numpy(RECORDS).double())
    at_logits = logit_gradients(done.logits.detach(), torch.tensor(TARGETS))
    actual = done.measure(at_logits, direction, with_norms=False).products
    expected = oracle_alignment(model, RECORDS, TARGETS, direction)
    np.testing.assert_allclose(actual.numpy(), expected, rtol=1e-9)
    assert BY_FUNCTION not in gradients.paths.values()


def test_a_model_with_nothing_to_train_has_no_gradient() -> None:
    model = Shared().double().requires_grad_(False)
    assert norms(model, torch.from_numpy(RECORDS).double(), TARGETS).tolist() == [0] * 5
