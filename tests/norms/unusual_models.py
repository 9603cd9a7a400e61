"""Models that use their parameters in every way."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.models import RECORDS


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


class ChannelsLast(nn.Module):
    def forward(self, inputs: Tensor) -> Tensor:
        is_flat = inputs.dim() == 4
        return inputs.contiguous(memory_format=torch.channels_last) if is_flat else inputs


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


class ChangedLater(Patches):
    """A layer's input and its output are changed in place after their use.

    The weights' gradients need the input as it was, so that PyTorch refuses to train this model; that
    its norms are computed without those gradients must not hide the change.
    """

    def __init__(self, tokens: int, *, in_place: bool) -> None:
        super().__init__(tokens)
        self.in_place = in_place
        self.later = nn.Linear(4, 4)

    def mixed(self, tokens: Tensor) -> Tensor:
        tokens = tokens.sin()
        before: Tensor = self.entry(tokens)
        tokens = tokens.add_(1.0) if self.in_place else tokens + 1.0
        after: Tensor = self.later(tokens)
        return before.square() + after.square()


class BiasOfOne(nn.Module):
    """Adds one trained number to all logits, within the product."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(256, 3)), nn.Parameter(torch.randn(1))
        self.factor = nn.Parameter(torch.ones(()))

    def forward(self, inputs: Tensor) -> Tensor:
        logits = torch.addmm(self.bias, torch.tanh(inputs.flatten(1) / 100), self.weight)
        return logits * logits.new_tensor([1.0, 2.0, 3.0]) * self.factor


class Steep(nn.Module):
    """Has no slope where numbers are below 1, as made-up ones are."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.factor = nn.Linear(256, 3), nn.Parameter(torch.ones(()))

    def forward(self, inputs: Tensor) -> Tensor:
        flat = inputs.flatten(1)
        root = torch.sqrt(self.factor * torch.relu(flat[:, :3] - 1))
        logits: Tensor = self.hidden(flat) + root
        return logits


class PartInPlace(nn.Module):
    """Scales a part of an activation in place."""

    def __init__(self) -> None:
        super().__init__()
        self.entry, self.exit = nn.Linear(256, 4), nn.Linear(4, 3)
        self.scale = nn.Parameter(torch.randn(2))

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.entry(inputs.flatten(1))
        hidden[:, :2].mul_(self.scale)
        logits: Tensor = self.exit(hidden)
        return logits


class Direct(nn.Module):
    """Calls the operations behind functions, which take their arguments in another order."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(1, 4, 3), nn.Linear(784, 3)
        self.batch, self.instance = nn.BatchNorm2d(4), nn.InstanceNorm2d(4, affine=True)
        self.embedding = nn.Embedding(3, 784)

    def forward(self, inputs: Tensor) -> Tensor:
        norm, other = self.batch, self.instance
        maps = torch.batch_norm(
            self.first(inputs), norm.weight, norm.bias, norm.running_mean, norm.running_var,
            False, 0.1, norm.eps, False,
        )  # fmt: skip
        maps = torch.instance_norm(
            maps.tanh(), other.weight, other.bias, None, None, True, 0.1, other.eps, False
        )
        actual = (inputs.flatten(1)[:, :5] > 0).sum(dim=1) % 3
        logits: Tensor = self.last(maps.flatten(1) + torch.embedding(self.embedding.weight, actual))
        return logits


class Pooled(Patches):
    """Batch norm amid tokens: for one record its strides fit two layouts at once."""

    def __init__(self, tokens: int) -> None:
        super().__init__(tokens)
        self.norm = nn.BatchNorm2d(4)

    def mixed(self, tokens: Tensor) -> Tensor:
        maps = super().mixed(tokens).transpose(1, 2).unflatten(2, (-1, 2))
        normalised: Tensor = self.norm(maps.tanh())
        return normalised.flatten(2).transpose(1, 2).contiguous().tanh()


class Gathered(Pooled):
    """The same, copied into the layout of maps before it, and not after it."""

    def mixed(self, tokens: Tensor) -> Tensor:
        maps = Patches.mixed(self, tokens).transpose(1, 2).unflatten(2, (-1, 2)).contiguous()
        normalised: Tensor = self.norm(maps)
        return normalised.flatten(2).transpose(1, 2)


class Rows(nn.Module):
    """A layer that takes the rows of all records for records."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, inputs: Tensor) -> Tensor:
        rows = self.inner(inputs.flatten(0, 1))
        outputs: Tensor = rows.unflatten(0, inputs.shape[:2]).tanh()
        return outputs


class Tempered(Patches):
    """A parameter that is a single number."""

    def __init__(self, tokens: int) -> None:
        super().__init__(tokens)
        self.temperature = nn.Parameter(torch.ones(()))

    def mixed(self, tokens: Tensor) -> Tensor:
        return super().mixed(tokens) * self.temperature


class Normalised(Patches):
    """A weight that is computed from a parameter, and then transposed."""

    def __init__(self, tokens: int) -> None:
        super().__init__(tokens)
        self.factor = nn.Parameter(torch.rand(4, 4))

    def mixed(self, tokens: Tensor) -> Tensor:
        outputs: Tensor = super().mixed(tokens) @ (self.factor / self.factor.norm()).t()
        return outputs


class Repeating(Patches):
    """Rows of two weights, repeated for every record and rearranged on the way."""

    def __init__(self, tokens: int) -> None:
        super().__init__(tokens)
        self.first = nn.Parameter(torch.rand(2, 4, 4))
        self.second = nn.Parameter(torch.rand(1, 4, 4))
        self.third = nn.Parameter(torch.rand(4, 4))

    def mixed(self, tokens: Tensor) -> Tensor:
        hidden = super().mixed(tokens)
        first = self.first.repeat(len(hidden), 1, 1).transpose(1, 2).tanh().unflatten(0, (-1, 2))
        second = self.second.expand(len(hidden), -1, -1).transpose(1, 2)
        outputs: Tensor = hidden @ first.sum(dim=1) + hidden.square() @ second @ self.third.tanh()
        return outputs


class Padded(nn.Module):
    """Three words, of which one stands for none, and a head that shares their weights."""

    def __init__(self, padding: int) -> None:
        super().__init__()
        self.padding = padding
        self.vectors = nn.Parameter(torch.rand(3, 4))

    def forward(self, inputs: Tensor) -> Tensor:
        numbers = inputs.flatten(1)
        tokens = (numbers[:, :9] * 2).abs().long().clamp(max=2)
        hidden = functional.embedding(tokens, self.vectors, padding_idx=self.padding).tanh()
        return functional.linear(hidden.mean(dim=1) + numbers[:, 9:13], self.vectors)


def convolution(**options: object) -> nn.Module:
    layer = nn.Conv2d(4, 6, **{"kernel_size": 3, **options})  # type: ignore[arg-type]
    head = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, 3))
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.Tanh(), layer, nn.Tanh(), head)


def met_twice(norm: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3), norm, nn.Tanh(), norm, nn.Flatten(), nn.Linear(784, 3))


def without_scale(norm: nn.GroupNorm) -> nn.Module:
    norm.weight.requires_grad_(False)
    return norm


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
    "view changed in place": lambda: nn.Sequential(
        nn.Flatten(2),
        nn.Linear(256, 4),
        nn.Tanh(),
        nn.Linear(4, 4),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(4, 3),
    ),
    "group norm first": lambda: nn.Sequential(
        nn.GroupNorm(1, 1), nn.Tanh(), nn.Flatten(), nn.Linear(256, 3)
    ),
    "group norm of rows": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.Flatten(2), Rows(nn.GroupNorm(2, 196)), nn.Flatten(), nn.Linear(784, 3)
    ),
    "group norm met twice": lambda: met_twice(nn.GroupNorm(2, 4)),
    "group norm, its shift alone": lambda: met_twice(without_scale(nn.GroupNorm(2, 4))),
    "group norm on channels last": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3), ChannelsLast(), nn.GroupNorm(2, 4), nn.Flatten(), nn.Linear(784, 3)
    ),
    "batch norm amid tokens": lambda: Pooled(8),
    "batch norm amid tokens, copied before": lambda: Gathered(8),
    "batch norm of rows": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.Flatten(2), Rows(nn.BatchNorm1d(196)), nn.Flatten(), nn.Linear(784, 3)
    ),
    "first word is padding": lambda: Padded(0),
    "last word is padding": lambda: Padded(-1),
    "single number": lambda: Tempered(7),
    "computed and transposed": lambda: Normalised(7),
    "rows repeated": lambda: Repeating(7),
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
    "same padding, even kernel": lambda: convolution(kernel_size=(2, 4), padding="same"),
    "patches that tile": lambda: convolution(kernel_size=2, stride=2),
    "patches that leave a rest": lambda: convolution(kernel_size=4, stride=4),
    "scale and shift": Scaled,
    "one dimension": one_dimensional,
    "weight norm": lambda: nn.Sequential(
        nn.Flatten(), nn.utils.parametrizations.weight_norm(nn.Linear(256, 3))
    ),
    "transposed convolution": lambda: nn.Sequential(
        nn.ConvTranspose2d(1, 2, 3), nn.Flatten(), nn.Linear(648, 3)
    ),
    "transposed and padded": lambda: nn.Sequential(
        nn.ConvTranspose2d(1, 2, 3, 2, padding=1, output_padding=1), nn.Flatten(), nn.Linear(2048, 3)
    ),
    "chunks of a parameter": lambda: Split(7),
    "instance norm": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.InstanceNorm2d(4, affine=True), nn.Flatten(), nn.Linear(784, 3)
    ),
    "operations behind functions": Direct,
}
UNCOVERED: dict[str, Callable[[], nn.Module]] = {
    "tokens first": lambda: Transposed(7),
    "tokens first, as many as records": lambda: Transposed(len(RECORDS)),
    "attention": lambda: Attending(7),
    "recurrent": lambda: Recurrent(7),
    "function of its own": lambda: OwnFunction(7),
    "bias of one number": BiasOfOne,
    "part changed in place": PartInPlace,
}
UNUSUAL = COVERED | UNCOVERED
