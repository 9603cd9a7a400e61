"""Record every use of a parameter in a forward pass, and take its gradients from a backward pass.

Every call is intercepted, not every module: class tokens, position embeddings and layer scales are seen
like any weight, on an unmodified model, and a ``.pt2`` graph runs the same operations. Tensors made of
parameters alone (a transposed weight, a standardised one, some rows of a table) are weights too: they
are computed with their history, by which gradients are carried back to the parameters.

The model computes with weights that require no gradient, so the backward pass computes none of theirs.
A result that autograd would then not follow is tied to an anchor.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from dataselect_gui.norms import autograd
from dataselect_gui.norms.operations import Function, name_of, named_arguments
from dataselect_gui.norms.rules import RULES, Call, Gradients, UncoveredError
from dataselect_gui.norms.sample_gradients import Derived, SampleGradient, Sum, Tokens, Whole

_REARRANGEMENTS = frozenset(
    "view reshape flatten unflatten t transpose permute movedim squeeze unsqueeze contiguous clone "
    "chunk split unbind select narrow".split()
)
_MARK = "_depends_on_records"


@dataclass(frozen=True)
class _Weight:
    """A tensor made of parameters alone.

    Attributes
    ----------
    tracked : Tensor
        Its values with their history.
    leaves : dict
        Where that history begins, by the parameter's name.
    is_rearranged : bool
        Whether it holds the elements of one parameter, or some of them, each once.
    sources : frozenset of int
        The derivations behind it.
    """

    tracked: Tensor
    leaves: Mapping[str, Tensor]
    is_rearranged: bool
    sources: frozenset[int] = frozenset()

    def gradient_of(self, name: str, inner: SampleGradient) -> SampleGradient:
        """Return a parameter's gradient from that of this tensor."""
        leaf = self.leaves[name]
        if leaf is self.tracked:
            return inner
        return Derived(inner, self._pull_back(leaf), leaf.shape, keeps_norm=self.is_rearranged)

    def _pull_back(self, leaf: Tensor) -> Callable[[Tensor], Tensor]:
        def pull_back(values: Tensor) -> Tensor:
            (gradients,) = torch.autograd.grad(
                self.tracked,
                leaf,
                values,
                is_grads_batched=True,
                retain_graph=True,
                create_graph=torch.is_grad_enabled(),
            )
            return gradients

        return pull_back


@dataclass(frozen=True)
class Derivation:
    """A call that made a tensor of weights alone.

    Attributes
    ----------
    leading : int
        The tensor's first side.
    sources : frozenset of int
        Which earlier derivations it was made from, directly or not.
    """

    leading: int
    sources: frozenset[int]


@dataclass(frozen=True)
class _Use:
    """A call that combines weights with data, kept until the gradient at its output is known."""

    weights: Mapping[str, _Weight]
    gradients: Gradients


class Recording(TorchFunctionMode):
    """Records one forward pass, then takes the gradients of one backward pass.

    Parameters
    ----------
    parameters : dict
        The trainable parameters, by name. They must not require gradients.
    inputs : Tensor
        What the model is given, shape (batch, …).
    per_record : set of int
        Which derivations hold a row, or some, for every record.
    copied : set of int
        Which of the activations to copy, because the model changes them in place later.

    Attributes
    ----------
    derivations : list of Derivation
        In order; `per_record` is found by comparing those of two batch sizes.
    paths : dict
        By the parameter's name, the operation that uses it, or the last of several.
    operations : set of str
        The operations on floating-point numbers that depend on the records.
    uncovered : set of str
        The parameters that were used in a way for which there is no rule.
    """

    def __init__(
        self,
        parameters: Mapping[str, Tensor],
        inputs: Tensor,
        per_record: frozenset[int] = frozenset(),
        copied: frozenset[int] = frozenset(),
    ) -> None:
        super().__init__()
        self.derivations: list[Derivation] = []
        self.paths: dict[str, str] = {}
        self.operations: set[str] = set()
        self.uncovered: set[str] = set()
        self._anchor = torch.zeros((), device=inputs.device, requires_grad=True)
        self._per_record = per_record
        self._batch = len(inputs)
        self._copied = copied
        self._numbers = count()
        self._kept: list[tuple[int, Tensor, int]] = []
        self._shared: dict[tuple[int, int], Tokens] = {}
        self._weights: dict[int, _Weight] = {}
        self._seen: list[Tensor] = []  # Kept alive: the id of a freed tensor may be given again.
        self._uses: list[_Use | None] = []
        self._times: Counter[str] = Counter()
        self._waiting: dict[str, list[SampleGradient]] = {}
        self._measure: Callable[[str, SampleGradient], None] | None = None
        for name, parameter in parameters.items():
            leaf = parameter.detach().requires_grad_()
            self._weights[id(parameter)] = _Weight(leaf, {name: leaf}, is_rearranged=True)
        _mark(inputs)

    # While the model runs

    def __torch_function__(
        self,
        func: Function,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (whatever the intercepted function returns)
        kwargs = kwargs or {}
        tensors = [value for value in _flat((args, kwargs)) if isinstance(value, Tensor)]
        others = [tensor for tensor in tensors if id(tensor) not in self._weights]
        data = [tensor for tensor in others if _is_marked(tensor)]
        if any(tensor.is_floating_point() for tensor in data):
            self.operations.add(name_of(func))
        if len(others) == len(tensors) or not torch.is_grad_enabled():
            output = func(*args, **kwargs)
        elif data:
            output = self._use(func, args, kwargs)
        else:
            return self._derive(func, args, kwargs)
        if data:
            _mark(output)
        return output

    def _use(self, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
        """Run a call that combines weights with data, and keep what its gradients will need."""
        name = name_of(func)
        rule = RULES.get(name)
        arguments = named_arguments(func, args, kwargs)
        weights = {key: self._weights[id(v)] for key, v in arguments.items() if id(v) in self._weights}
        involved = {id(value) for value in _flat((args, kwargs)) if id(value) in self._weights}
        gradients: Gradients | None = None
        if rule is not None and len(weights) == len(involved):
            call = Call(arguments, frozenset(weights), self._batch, self._keep, self._share)
            if rule.with_own_weights is not None:
                folded = rule.with_own_weights(call, partial(self._repeated, call, weights, name))
                if folded is not None:
                    return folded
            with suppress(UncoveredError):
                gradients = rule.gradients(call)
        output = func(*args, **kwargs)
        if any(output is value and value._is_view() for value in arguments.values()):
            gradients = None  # A part of a tensor was changed in place: its own hook is never called.
        if gradients is None or not isinstance(output, Tensor) or not output.is_floating_point():
            self.uncovered.update(leaf for key in involved for leaf in self._weights[key].leaves)
            return output
        return self._watch(output, _Use(weights, gradients), name)

    def _repeated(
        self, call: Call, weights: Mapping[str, _Weight], operation: str, key: str
    ) -> Tensor | None:
        """Repeat what scales channels for every row of an operation's input, and watch it."""
        value, rows = call.get(key), len(call.arguments["input"])
        if value is None:
            return None
        repeated: Tensor = value.repeat(rows)
        if key not in weights:
            return repeated

        def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
            return {key: Whole(call.by_channel(output.reshape(rows, -1)))}

        return self._watch(repeated, _Use({key: weights[key]}, gradients), operation)

    def _derive(self, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
        """Run a call on weights alone, which makes another weight, or rows of one for every record."""
        weights = [self._weights[id(v)] for v in _flat((args, kwargs)) if id(v) in self._weights]
        made = func(*self._with_history(args), **self._with_history(kwargs))
        sources = frozenset[int]().union(*(weight.sources for weight in weights))
        if isinstance(made, Tensor):
            number = len(self.derivations)
            self.derivations.append(Derivation(made.shape[0] if made.dim() else 1, sources))
            if number in self._per_record:
                output = self._use(func, args, kwargs)
                _mark(output)
                return output
            sources |= {number}
        name = name_of(func)
        leaves = {key: leaf for weight in weights for key, leaf in weight.leaves.items()}
        is_rearranged = (
            len(weights) == 1
            and weights[0].is_rearranged
            and (name in _REARRANGEMENTS or (name == "__getitem__" and _is_plain(args[1])))
        )

        def seen(value: Any) -> Any:  # noqa: ANN401
            if isinstance(value, tuple | list):
                return type(value)(map(seen, value))
            if not isinstance(value, Tensor) or not value.requires_grad:
                return value
            shown = value.detach()
            self._weights[id(shown)] = _Weight(value, leaves, is_rearranged, sources)
            self._seen.append(shown)
            return shown

        return seen(made)

    def _with_history(self, value: Any) -> Any:  # noqa: ANN401  (arguments of any function)
        if isinstance(value, tuple | list):
            return type(value)(map(self._with_history, value))
        if isinstance(value, dict):
            return {key: self._with_history(part) for key, part in value.items()}
        weight = self._weights.get(id(value))
        return value if weight is None else weight.tracked

    def _keep(self, tensor: Tensor) -> Tensor:
        number = next(self._numbers)
        if number in self._copied:
            tensor = tensor.clone()
        self._kept.append((number, tensor, tensor._version))
        return tensor

    def _share(self, tensor: Tensor) -> Tokens:
        key = id(tensor), tensor._version
        if key not in self._shared:
            if tensor.shape[0] % self._batch:
                raise UncoveredError
            rows = self._keep(tensor).reshape(self._batch, -1, tensor.shape[-1])
            self._shared[key] = Tokens(rows)
        return self._shared[key]

    def _watch(self, output: Tensor, use: _Use, name: str) -> Tensor:
        if output.requires_grad and output._is_view():
            # As linear returns it: where a view is changed in place, its hook is never called.
            output = torch.ops.aten._unsafe_view(output, output.shape)
        elif not output.requires_grad:
            output = _Anchored.apply(output.clone() if output._is_view() else output, self._anchor)  # type: ignore[no-untyped-call]
        for weight in use.weights.values():
            self._times.update(list(weight.leaves))
            self.paths.update(dict.fromkeys(weight.leaves, name))
        self._uses.append(use)
        number = len(self._uses) - 1
        output.register_hook(lambda gradient: self._receive(number, gradient))
        return output

    def finish(self) -> frozenset[int]:
        """End the forward pass. Returns which activations were changed in place after their use."""
        changed = frozenset(n for n, tensor, version in self._kept if tensor._version != version)
        self._kept.clear()
        self._shared.clear()
        return changed

    # During the backward pass

    def backward(
        self,
        logits: Tensor,
        inputs: Tensor,
        weights: Tensor,
        measure: Callable[[str, SampleGradient], None],
        *,
        create_graph: bool,
    ) -> None:
        """Run the backward pass from the logits. Afterwards nothing that was recorded is kept.

        Parameters
        ----------
        logits, inputs : Tensor
            What the model returned, and what it was given.
        weights : Tensor
            The gradient at the logits.
        measure : callable
            Is given the name and the gradient of each parameter that was used and is covered, as soon
            as it is known; its activations are freed then.
        create_graph : bool
            Whether what is measured is to be differentiated.
        """
        leaves = [leaf for leaf in (self._anchor, inputs) if leaf.requires_grad]
        self._measure = measure
        try:
            if logits.requires_grad:
                autograd.gradients(logits, leaves, weights, create_graph=create_graph)
            with torch.set_grad_enabled(create_graph):
                for name, parts in self._waiting.items():
                    measure(name, Sum(parts))
        finally:
            self.close()

    def _receive(self, number: int, gradient: Tensor) -> None:
        use = None if self._measure is None else self._uses[number]
        if self._measure is None or use is None:
            return  # Another backward pass, for the inputs alone.
        try:
            gradients = use.gradients(gradient)
        except UncoveredError:
            gradients = {}
        if not torch.is_grad_enabled():
            self._uses[number] = None  # Frees the activation.
        for key, weight in use.weights.items():
            for name in weight.leaves:
                if key not in gradients:
                    self.uncovered.add(name)
                elif self._times[name] == 1:
                    self._measure(name, weight.gradient_of(name, gradients[key]))
                else:
                    self._waiting.setdefault(name, []).append(weight.gradient_of(name, gradients[key]))

    def close(self) -> None:
        """Free everything that was recorded."""
        self._waiting.clear()
        self._uses.clear()
        self._weights.clear()
        self._seen.clear()
        self._measure = None


class _Anchored(torch.autograd.Function):
    """The same tensor, tied to the anchor: as autograd sees it, changed in place."""

    @staticmethod
    def forward(context: Any, output: Tensor, anchor: Tensor) -> Tensor:  # noqa: ANN401
        del anchor
        context.mark_dirty(output)
        return output

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[None, None]:  # noqa: ANN401
        del context, gradient
        return None, None


def _is_plain(index: Any) -> bool:  # noqa: ANN401  (whatever stands between brackets)
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is ... or isinstance(part, int | slice) for part in parts)


def _mark(value: Any) -> None:  # noqa: ANN401  (the result of any function)
    for part in _flat(value):
        if isinstance(part, Tensor):
            setattr(part, _MARK, True)


def _is_marked(tensor: Tensor) -> bool:
    return hasattr(tensor, _MARK) or tensor.requires_grad


def _flat(value: Any) -> Iterator[Any]:  # noqa: ANN401  (arguments of any function)
    if isinstance(value, tuple | list):
        for part in value:
            yield from _flat(part)
    elif isinstance(value, dict):
        yield from _flat(list(value.values()))
    else:
        yield value
