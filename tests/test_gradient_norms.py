from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from dataselect_gui.scoring.gradient_norms import BY_FUNCTION, GradientNorms
from dataselect_gui.scoring.measures import logit_gradients
from tests.models import SIDE, stir
from tests.oracle import oracle

RECORDS = np.random.default_rng(7).normal(size=(5, 1, SIDE, SIDE)).astype(np.float32)
TARGETS = [0, 1, 2, 1, 0]


def norms(model: nn.Module, inputs: Tensor, targets: Sequence[int]) -> NDArray[np.float64]:
    done = GradientNorms(model).run(inputs)
    at_logits = logit_gradients(done.logits.detach(), torch.tensor(targets))
    found: NDArray[np.float64] = done.measure(at_logits).squares.sqrt().numpy()
    return found


# Models that use their parameters in every way


class Shared(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.entry = nn.Conv2d(1, 4, 3)
        self.twice = nn.Conv2d(4, 4, 3, padding=1)
        self.exit = nn.Linear(4, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.twice(self.twice(self.entry(inputs)).tanh()).tanh()
        logits: Tensor = self.exit(hidden.mean(dim=(2, 3)))
        return logits


class Scaled(nn.Module):
    """A parameter that is multiplied, one that is added, one that is never used."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.rand(1, 16, 16))
        self.shift = nn.Parameter(torch.rand(16))
        self.unused = nn.Parameter(torch.rand(3))
        self.exit = nn.Linear(256, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.exit((inputs * self.scale + self.shift).sin().flatten(1))
        return logits


class Patches(nn.Module):
    """The parameters meet T tokens of each record."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.tokens = tokens
        self.entry = nn.Linear(4, 4)
        self.exit = nn.Linear(4, 3)

    def cut(self, inputs: Tensor) -> Tensor:
        return inputs.flatten(1)[:, : 4 * self.tokens].reshape(-1, self.tokens, 4)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.exit(self.mixed(self.cut(inputs)).mean(dim=1))
        return logits

    def mixed(self, tokens: Tensor) -> Tensor:
        hidden: Tensor = self.entry(tokens)
        return hidden.tanh()


class Transposed(Patches):
    """Tokens come first, records second."""

    def mixed(self, tokens: Tensor) -> Tensor:
        return super().mixed(tokens.transpose(0, 1)).transpose(0, 1)


class Split(Patches):
    """One parameter holds the weights of two layers."""

    def __init__(self, tokens: int) -> None:
        super().__init__(tokens)
        self.both = nn.Parameter(torch.rand(8, 4))

    def mixed(self, tokens: Tensor) -> Tensor:
        first, second = self.both.chunk(2)
        return functional.linear(super().mixed(tokens), first) * functional.linear(tokens, second)


class Attending(Patches):
    def __init__(self, tokens: int) -> None:
        super().__init__(tokens)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def mixed(self, tokens: Tensor) -> Tensor:
        hidden = super().mixed(tokens)
        attended: Tensor = self.attention(hidden, hidden, hidden)[0]
        return attended


class Recurrent(Patches):
    def __init__(self, tokens: int) -> None:
        super().__init__(tokens)
        self.recurrent = nn.LSTM(4, 4, batch_first=True)

    def mixed(self, tokens: Tensor) -> Tensor:
        states: Tensor = self.recurrent(super().mixed(tokens))[0]
        return states


class Product(torch.autograd.Function):
    @staticmethod
    def forward(context: torch.autograd.function.FunctionCtx, *given: Tensor) -> Tensor:
        context.save_for_backward(*given)
        return given[0] @ given[1]

    @staticmethod
    def backward(
        context: torch.autograd.function.FunctionCtx, *gradients: Tensor
    ) -> tuple[Tensor, Tensor]:
        first, second = context.saved_tensors  # type: ignore[attr-defined]
        (gradient,) = gradients
        return gradient @ second.T, (first.transpose(1, 2) @ gradient).sum(dim=0)


class OwnFunction(Patches):
    """A parameter goes into a function with a backward pass of its own."""

    def __init__(self, tokens: int) -> None:
        super().__init__(tokens)
        self.factor = nn.Parameter(torch.rand(4, 4))

    def mixed(self, tokens: Tensor) -> Tensor:
        product: Tensor = Product.apply(super().mixed(tokens), self.factor)  # type: ignore[no-untyped-call]
        return product


class Frozen(Shared):
    def __init__(self) -> None:
        super().__init__()
        self.twice.requires_grad_(False)
        self.entry.bias = None


def convolution(**options: object) -> nn.Module:
    layer = nn.Conv2d(4, 6, **{"kernel_size": 3, **options})  # type: ignore[arg-type]
    head = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, 3))
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.Tanh(), layer, nn.Tanh(), head)


def one_dimensional() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(2), nn.Conv1d(1, 4, 5, stride=3), nn.ReLU(), nn.Flatten(), nn.Linear(336, 3)
    )


# The parameters of each meet a rule: one pass for the whole batch is enough.
COVERED: dict[str, Callable[[], nn.Module]] = {
    "shared by two calls": Shared,
    "some frozen": Frozen,
    "grouped": lambda: convolution(groups=2),
    "depthwise": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.Conv2d(4, 8, 3, groups=4), nn.Flatten(), nn.Linear(8 * 144, 3)
    ),
    "dilated and strided": lambda: convolution(dilation=(2, 1), stride=(1, 3), padding=(1, 2)),
    "valid padding in numbers": lambda: convolution(padding=0, bias=False),
    "padded in a circle": lambda: convolution(padding=1, padding_mode="circular"),
    "one by one": lambda: convolution(kernel_size=1, stride=2),
    "kernel of two sides": lambda: convolution(kernel_size=(1, 4)),
    "ReLU in place": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(784, 3)
    ),
    "normalised": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.GroupNorm(2, 4),
        nn.LayerNorm([14, 14]),
        nn.Flatten(),
        nn.BatchNorm1d(784),
        nn.Linear(784, 3),
    ),
    "without affine": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4, affine=False), nn.Flatten(), nn.Linear(784, 3)
    ),
    "tokens": lambda: Patches(7),
    "same padding": lambda: convolution(padding="same"),
    "scale and shift": Scaled,
    "one dimension": one_dimensional,
    "weight norm": lambda: nn.Sequential(
        nn.Flatten(), nn.utils.parametrizations.weight_norm(nn.Linear(256, 3))
    ),
    "transposed convolution": lambda: nn.Sequential(
        nn.ConvTranspose2d(1, 2, 3), nn.Flatten(), nn.Linear(648, 3)
    ),
    "chunks of a parameter": lambda: Split(7),
}
UNCOVERED: dict[str, Callable[[], nn.Module]] = {
    "instance norm": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.InstanceNorm2d(4, affine=True), nn.Flatten(), nn.Linear(784, 3)
    ),
    "tokens first": lambda: Transposed(7),
    "tokens first, as many as records": lambda: Transposed(len(RECORDS)),
    "attention": lambda: Attending(7),
    "recurrent": lambda: Recurrent(7),
    "function of its own": lambda: OwnFunction(7),
}
UNUSUAL = COVERED | UNCOVERED


def batches_seen(model: nn.Module) -> list[int]:
    seen: list[int] = []
    model.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    return seen


@pytest.mark.parametrize("name", UNUSUAL)
def test_norms_agree_with_plain_autograd(name: str) -> None:
    torch.manual_seed(0)
    model = stir(UNUSUAL[name]().double(), 3)
    found = norms(model, torch.from_numpy(RECORDS).double(), TARGETS)
    expected = oracle(model, RECORDS, TARGETS)["grad_norm"]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


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


def test_a_model_with_nothing_to_train_has_no_gradient() -> None:
    model = Shared().double().requires_grad_(False)
    assert norms(model, torch.from_numpy(RECORDS).double(), TARGETS).tolist() == [0] * 5


@st.composite
def networks(draw: st.DrawFn) -> nn.Module:
    layers: list[nn.Module] = []
    channels, side = 1, SIDE
    for _ in range(draw(st.integers(1, 3))):
        groups = draw(st.sampled_from([g for g in (1, 2) if channels % g == 0]))
        kernel, stride = draw(st.integers(1, 3)), draw(st.integers(1, 2))
        padding, dilation = draw(st.integers(0, 2)), draw(st.integers(1, 2))
        wide = (side + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
        if wide < 2:
            break
        out = draw(st.sampled_from([2, 4]))
        bias, bounds = draw(st.booleans()), (stride, padding, dilation, groups)
        layers.append(nn.Conv2d(channels, out, kernel, *bounds, bias=bias))
        match draw(st.sampled_from(["none", "batch", "group", "layer", "instance"])):
            case "batch":
                layers.append(nn.BatchNorm2d(out))
            case "group":
                layers.append(nn.GroupNorm(2, out))
            case "layer":
                layers.append(nn.LayerNorm([wide, wide]))
            case "instance":
                layers.append(nn.InstanceNorm2d(out, affine=True))
        layers.append(draw(st.sampled_from([nn.Tanh(), nn.ReLU(inplace=True), nn.GELU()])))
        channels, side = out, wide
    layers += [nn.Flatten(), nn.Linear(channels * side * side, 3, bias=draw(st.booleans()))]
    return stir(nn.Sequential(*layers).double(), draw(st.integers(0, 99)))


@given(model=networks(), batch=st.integers(1, 4))
@settings(max_examples=30, deadline=None, derandomize=True, database=None)
def test_norms_of_any_small_network_agree_with_plain_autograd(model: nn.Module, batch: int) -> None:
    found = norms(model, torch.from_numpy(RECORDS[:batch]).double(), TARGETS[:batch])
    expected = oracle(model, RECORDS[:batch], TARGETS[:batch])["grad_norm"]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
