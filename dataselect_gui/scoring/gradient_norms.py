"""Per-sample gradient norms: the one place where they are computed.

Each *use* of a parameter is intercepted while the model runs (modules and ``.pt2`` graphs alike), with
the activation that it met. One backward pass for the whole batch, down to the input, then gives the
gradient at the output of every use, and the two together give each record's own gradient for that
parameter; uses of one parameter are added before the norm is taken. Only one parameter's gradients
exist at a time.

Rules cover linear layers, two-dimensional convolutions and the usual normalisations. A model that
uses a parameter in any other way is run one record at a time: slower, and exact for every model.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

SLICE_BYTES = 256 << 20
"""How much memory the gradients of one parameter for a slice of the batch may take."""


class _UncoveredError(Exception):
    """The model uses a parameter in a way that no rule covers."""


def gradient_norms(model: nn.Module, inputs: Tensor, logit_gradients: Tensor) -> Tensor:
    """Return the L2 norm of each record's gradient over all trainable parameters.

    Parameters
    ----------
    model : nn.Module
        Maps inputs to logits, each record by itself.
    inputs : Tensor
        Shape (batch, …).
    logit_gradients : Tensor
        The loss's gradient at the logits, shape (batch, classes). Taken in float64 and rounded
        once, since softmax − onehot cancels in float32 for a record that is confidently right.

    Returns
    -------
    Tensor
        Shape (batch,), float64, on the device of the inputs.
    """
    weights = logit_gradients.to(inputs.dtype)
    try:
        squares = _squares_by_use(model, inputs, weights)
        _check_first(model, inputs, weights, squares)
    except _UncoveredError:
        squares = _squares_one_by_one(model, inputs, weights)
    return squares.sqrt()


def _check_first(model: nn.Module, inputs: Tensor, weights: Tensor, squares: Tensor) -> None:
    """Compute one record by itself: another axis may have been taken for that of the records."""
    alone = _squares_one_by_one(model, inputs[:1], weights[:1])
    if not torch.allclose(alone, squares[:1], rtol=1e-3, atol=0.0, equal_nan=True):
        raise _UncoveredError


def _squares_one_by_one(model: nn.Module, inputs: Tensor, weights: Tensor) -> Tensor:
    parameters = [p for p in model.parameters() if p.requires_grad]
    squares = torch.zeros(len(inputs), dtype=torch.float64, device=inputs.device)
    for index in range(len(inputs) if parameters else 0):
        one = slice(index, index + 1)
        gradients = torch.autograd.grad(model(inputs[one]), parameters, weights[one], allow_unused=True)
        for gradient in gradients:
            if gradient is not None:
                squares[index] += gradient.double().square().sum()
    return squares


def _squares_by_use(model: nn.Module, inputs: Tensor, weights: Tensor) -> Tensor:
    leaf = inputs.detach().requires_grad_()
    with _Uses(model, len(inputs)) as uses:
        logits = model(leaf)
    uses.check_complete(logits)
    # Asking for the input's gradient alone leaves all weight gradients out of the pass.
    torch.autograd.grad(logits, leaf, weights, allow_unused=True)
    squares = torch.zeros(len(inputs), dtype=torch.float64, device=inputs.device)
    for parameter, gradients in uses.by_parameter():
        rows = max(1, SLICE_BYTES // (parameter.numel() * parameter.element_size()))
        for start in range(0, len(inputs), rows):
            part = slice(start, start + rows)
            whole = sum(gradient(part).flatten(start_dim=1) for gradient in gradients)
            if isinstance(whole, Tensor):
                squares[part] += whole.double().square().sum(dim=1)
    return squares


class _Use:
    """One call in which parameters took part."""

    def __init__(self, rule: "Rule", arguments: dict[str, Any], names: dict[str, int]) -> None:
        self.rule = rule
        self.arguments = arguments
        self.names = names
        self.version = arguments["input"]._version
        self.output_gradient: Tensor | None = None

    def receive(self, gradient: Tensor) -> None:
        self.output_gradient = gradient.detach()

    def gradient_of(self, name: str) -> Callable[[slice], Tensor]:
        return lambda part: self._gradient(name, part)

    def _gradient(self, name: str, part: slice) -> Tensor:
        activation = self.arguments["input"]
        if activation._version != self.version:
            raise _UncoveredError  # Changed in place since: its old value is gone.
        if self.output_gradient is None:
            # No path from the input through this use; the parameter itself may still matter.
            raise _UncoveredError
        arguments = {**self.arguments, "input": activation.detach()[part]}
        return self.rule(name, self.output_gradient[part], arguments)


class _Uses(TorchFunctionMode):
    """Sees every call that has a trainable parameter among its arguments."""

    def __init__(self, model: nn.Module, batch: int) -> None:
        super().__init__()
        self._parameters = {id(p): p for p in model.parameters() if p.requires_grad}
        self._batch = batch
        self._uses: list[_Use] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (whatever the intercepted function returns)
        output = func(*args, **(kwargs or {}))
        if not isinstance(output, Tensor) or output.grad_fn is None:
            return output  # A look at a shape or a dtype.
        if not any(id(value) in self._parameters for value in _flat((args, kwargs))):
            return output
        entry = RULES.get(func)
        if entry is None:
            raise _UncoveredError
        signature, rule = entry
        arguments = dict(zip(signature, args, strict=False)) | (kwargs or {})
        names = {n: id(v) for n, v in arguments.items() if id(v) in self._parameters}
        activation = arguments["input"]
        if "input" in names or activation.shape[0] != self._batch or output.shape[0] != self._batch:
            raise _UncoveredError
        use = _Use(rule, arguments, names)
        output.register_hook(use.receive)  # type: ignore[no-untyped-call]
        self._uses.append(use)
        return output

    def check_complete(self, logits: Tensor) -> None:
        """Compare the uses that were seen with those that autograd recorded.

        A call with several results, or with a backward pass of its own, is not seen.
        """
        seen = Counter(key for use in self._uses for key in use.names.values())
        recorded: Counter[int] = Counter()
        waiting = [logits.grad_fn]
        visited = set(waiting)
        while waiting:
            node = waiting.pop()
            for following, _ in () if node is None else node.next_functions:
                key = id(getattr(following, "variable", None))
                recorded[key] += 1
                if following not in visited:
                    visited.add(following)
                    waiting.append(following)
        if any(recorded[key] > seen[key] for key in self._parameters):
            raise _UncoveredError

    def by_parameter(self) -> Iterable[tuple[Tensor, list[Callable[[slice], Tensor]]]]:
        """Yield every parameter that was used, with the per-sample gradient of each use."""
        for key, parameter in self._parameters.items():
            gradients = [
                use.gradient_of(name)
                for use in self._uses
                for name, used in use.names.items()
                if used == key
            ]
            if gradients:
                yield parameter, gradients


def _flat(value: Any) -> Iterable[Any]:  # noqa: ANN401  (arguments of any function)
    if isinstance(value, tuple | list):
        for part in value:
            yield from _flat(part)
    elif isinstance(value, dict):
        yield from _flat(list(value.values()))
    else:
        yield value


Rule = Callable[[str, Tensor, dict[str, Any]], Tensor]
"""From the argument's name, the output's gradient and all arguments to the per-sample gradient."""


def _linear(name: str, gradient: Tensor, arguments: dict[str, Any]) -> Tensor:
    batch, outputs = len(gradient), gradient.shape[-1]
    gradient = gradient.reshape(batch, -1, outputs)
    if name == "bias":
        return gradient.sum(dim=1)
    activation = arguments["input"].reshape(batch, -1, arguments["input"].shape[-1])
    product: Tensor = gradient.transpose(1, 2) @ activation
    return product


def _convolution(name: str, gradient: Tensor, arguments: dict[str, Any]) -> Tensor:
    batch, groups = len(gradient), arguments.get("groups", 1)
    if name == "bias":
        return gradient.sum(dim=(2, 3))
    padding = arguments.get("padding", 0)
    if isinstance(padding, str):
        raise _UncoveredError
    weight = arguments["weight"]
    patches = functional.unfold(
        arguments["input"],
        kernel_size=weight.shape[2:],
        dilation=arguments.get("dilation", 1),
        padding=padding,
        stride=arguments.get("stride", 1),
    )
    patches = patches.reshape(batch, groups, -1, patches.shape[-1])
    gradient = gradient.reshape(batch, groups, weight.shape[0] // groups, -1)
    return gradient @ patches.transpose(2, 3)


def _batch_norm(name: str, gradient: Tensor, arguments: dict[str, Any]) -> Tensor:
    if arguments.get("training", False):
        raise _UncoveredError
    if name == "weight":
        gradient = gradient * functional.batch_norm(
            arguments["input"],
            arguments["running_mean"],
            arguments["running_var"],
            eps=arguments.get("eps", 1e-5),
        )
    return gradient.flatten(start_dim=2).sum(dim=2) if gradient.dim() > 2 else gradient


def _layer_norm(name: str, gradient: Tensor, arguments: dict[str, Any]) -> Tensor:
    shape = list(arguments["normalized_shape"])
    if name == "weight":
        gradient = gradient * functional.layer_norm(
            arguments["input"], shape, eps=arguments.get("eps", 1e-5)
        )
    return gradient.reshape(len(gradient), -1, *shape).sum(dim=1)


def _group_norm(name: str, gradient: Tensor, arguments: dict[str, Any]) -> Tensor:
    if name == "weight":
        gradient = gradient * functional.group_norm(
            arguments["input"], arguments["num_groups"], eps=arguments.get("eps", 1e-5)
        )
    return gradient.flatten(start_dim=2).sum(dim=2) if gradient.dim() > 2 else gradient


_LINEAR = ("input", "weight", "bias")
_CONVOLUTION = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
_FUNCTIONAL_BATCH_NORM = (
    "input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps",
)  # fmt: skip
_ATEN_BATCH_NORM = (
    "input", "weight", "bias", "running_mean", "running_var", "training", "momentum", "eps",
)  # fmt: skip
_LAYER_NORM = ("input", "normalized_shape", "weight", "bias", "eps")
_GROUP_NORM = ("input", "num_groups", "weight", "bias", "eps")

RULES: dict[Callable[..., Any], tuple[tuple[str, ...], Rule]] = {
    functional.linear: (_LINEAR, _linear),
    torch.ops.aten.linear.default: (_LINEAR, _linear),
    functional.conv2d: (_CONVOLUTION, _convolution),
    torch.ops.aten.conv2d.default: (_CONVOLUTION, _convolution),
    functional.batch_norm: (_FUNCTIONAL_BATCH_NORM, _batch_norm),
    torch.ops.aten.batch_norm.default: (_ATEN_BATCH_NORM, _batch_norm),
    functional.layer_norm: (_LAYER_NORM, _layer_norm),
    torch.ops.aten.layer_norm.default: (_LAYER_NORM, _layer_norm),
    functional.group_norm: (_GROUP_NORM, _group_norm),
    torch.ops.aten.group_norm.default: (_GROUP_NORM, _group_norm),
}
