"""Each record's own gradient norm, for about the price of the one gradient that training takes of all.

A forward pass records every use of a parameter, a backward pass down to the activations gives the
gradient at the output of every use, and the two together give each record's norm. What no rule covers,
and what does not agree with plain autograd on two records of the first batch of a shape, goes through
`torch.func` for those parameters alone: slower, and as exact. That first batch is made up; see
`GradientNorms.settle`.

Modules and ``.pt2`` graphs take the same way. Interception of calls was chosen over hooks of modules,
which miss parameters that belong to none and record nothing in evaluation mode, and over rewriting
graphs, which not every model has.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from dataselect_gui.errors import UnusableError
from dataselect_gui.scoring import autograd
from dataselect_gui.scoring.measures import logit_gradients
from dataselect_gui.scoring.memory import is_out_of_memory
from dataselect_gui.scoring.recording import Derivation, Recording
from dataselect_gui.scoring.sample_gradients import SampleGradient
from dataselect_gui.scoring.single_record import SingleRecord
from dataselect_gui.scoring.stored_statistics import StoredStatistics
from dataselect_gui.scoring.twice import differentiable_twice

BY_FUNCTION = "torch.func"
_FUNCTION_CHUNK = 8
_BY_NEIGHBOURS = frozenset(("sin", "cos"))
"""Operations that libraries may compute by another formula where a neighbour's number is large."""


@dataclass
class _Way:
    """How batches of one shape are computed: found out on the first of them, and then kept.

    Attributes
    ----------
    following : frozenset of int
        What the model repeats for every record, see `Recording`.
    channels_last : bool
        Whether images are laid out with channels last.
    changed : frozenset of int
        The activations that the model changes in place after their use.
    uncovered : set of str
        The parameters that go through `torch.func`.
    by_loop : bool
        Whether these cannot be vectorised, and are taken a record at a time.
    is_settled : bool
        Whether all of this stands.
    """

    following: frozenset[int]
    channels_last: bool
    changed: frozenset[int] = frozenset()
    uncovered: set[str] = field(default_factory=set)
    by_loop: bool = False
    is_settled: bool = False


class GradientNorms:
    """Gradient norms of one model, over all parameters that require gradients.

    Parameters
    ----------
    model : nn.Module
        Maps inputs to logits, each record by itself, in evaluation mode.

    Attributes
    ----------
    paths : dict
        How each parameter's norm is computed, by its name: the operation that it meets, or
        ``torch.func``. Complete after the first batch.
    operations : set of str
        The operations that the model is made of, as far as they can round. Complete after the first
        batch.
    """

    def __init__(self, model: nn.Module) -> None:
        self.paths: dict[str, str] = {}
        self.operations: set[str] = set()
        self._model = model
        self._parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self._ways: dict[torch.Size, _Way] = {}

    def run(self, inputs: Tensor, *, for_inputs: bool = False, twice: bool = False) -> "Pass":
        """Compute the logits of a batch, ready for its gradients.

        Parameters
        ----------
        inputs : Tensor
            Shape (batch, …).
        for_inputs : bool
            Whether gradients at the inputs are wanted, too.
        twice : bool
            Whether the norms are to be differentiated by the inputs.
        """
        if inputs.shape not in self._ways:
            self._ways[inputs.shape] = self._find_way(inputs)
        way = self._ways[inputs.shape]
        inputs = _laid_out(inputs, last=way.channels_last).requires_grad_(for_inputs)
        while True:
            with _differentiable(twice=twice):
                recording, logits = self._record(inputs, way)
            changed = recording.finish()
            if not changed:
                return Pass(self, inputs, logits, recording)
            way.changed |= changed  # Copied next time, before the model changes them in place.

    def is_settled(self, shape: torch.Size) -> bool:
        """Say whether batches of a shape have their way, or none was measured."""
        return shape not in self._ways or self._ways[shape].is_settled

    def settle(self, shape: torch.Size) -> None:
        """Keep how batches of a shape are computed: no later batch changes it.

        So that no record decides how another one is computed, the batches before this call are made
        up. A way that could not be held against plain autograd on them, because the gradients were no
        finite numbers, is not trusted: all parameters are then taken a record at a time.
        """
        way = self._ways.get(shape)
        if way is not None and not way.is_settled:
            self._ways[shape] = _Way(
                frozenset(),
                way.channels_last,
                uncovered=set(self._parameters),
                by_loop=True,
                is_settled=True,
            )

    def trace(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the logits of a batch where gradients at the inputs alone are wanted.

        Returns
        -------
        tuple of Tensor
            The inputs as they were given to the model, shape (batch, …), and the logits, shape
            (batch, classes), with their history back to them.
        """
        inputs = _laid_out(inputs, last=True).requires_grad_()
        with self._frozen(), torch.enable_grad(), StoredStatistics(), _exact(inputs):
            logits: Tensor = self._model(inputs)
        return inputs, logits

    def _record(self, inputs: Tensor, way: _Way) -> tuple[Recording, Tensor]:
        covered = {n: p for n, p in self._parameters.items() if n not in way.uncovered}
        recording = Recording(covered, inputs, way.following, way.changed)
        with self._frozen(), torch.enable_grad(), StoredStatistics(), _exact(inputs), recording:
            logits: Tensor = self._model(inputs)
        self.operations |= recording.operations
        return recording, logits

    @contextmanager
    def _frozen(self) -> Iterator[None]:
        for parameter in self._parameters.values():
            parameter.requires_grad = False
        try:
            yield
        finally:
            for parameter in self._parameters.values():
                parameter.requires_grad = True

    def _find_way(self, inputs: Tensor, uncovered: Iterable[str] = ()) -> _Way:
        """Find how to compute batches of a shape, from the first of them.

        What the model repeats for every record (a class token, the embedding of positions) has a first
        side that grows with the batch. That it equals the batch's size would prove nothing.
        """
        derivations, operations = [], set[str]()
        for rows in (1, 2):
            some = inputs[:1].detach().expand(rows, *inputs.shape[1:]).clone()
            way = _Way(frozenset(), channels_last=False, uncovered=set(uncovered))
            recording, _ = self._record(some, way)
            derivations.append(recording.derivations)
            operations |= recording.operations
            recording.close()
        # On channels last, group norm is slow, and the rearranging of its input eats what is won.
        is_last = "group_norm" not in operations
        return _Way(
            _following(*derivations),
            is_last,
            uncovered=set(uncovered),
            by_loop=not _BY_NEIGHBOURS.isdisjoint(operations),
            is_settled=not self._parameters,
        )

    def _measure(
        self,
        done: "Pass",
        weights: Tensor,
        direction: Mapping[str, Tensor],
        *,
        with_norms: bool,
        create_graph: bool,
    ) -> "Measured":
        """Measure the gradients of a pass, each parameter's by its own way."""
        inputs, recording = done.inputs, done.recording
        way = self._ways[inputs.shape]
        is_new = bool(self._parameters) and not way.is_settled
        squares: dict[str, Tensor] = {}
        products: dict[str, Tensor] = {}

        def measure(name: str, gradient: SampleGradient) -> None:
            if with_norms or is_new:
                squares[name] = gradient.squares()
            if name in direction:
                products[name] = gradient.along(direction[name])

        recording.backward(done.logits, inputs, weights, measure, create_graph=create_graph)
        self.paths |= recording.paths
        if is_new:
            way = self._learn(way, inputs, squares, weights, recording.uncovered)
        if way.uncovered:
            self.paths |= dict.fromkeys(way.uncovered, BY_FUNCTION)
            with torch.set_grad_enabled(create_graph):
                by_function = self._by_function(inputs, weights, direction, way)
            squares |= by_function[0]
            products |= by_function[1]
        return Measured(_total(squares, inputs), _total(products, inputs))

    def _learn(
        self,
        way: _Way,
        inputs: Tensor,
        squares: Mapping[str, Tensor],
        weights: Tensor,
        uncovered: set[str],
    ) -> _Way:
        """Return the way of a shape after a batch: as it was, or without the rules that fell short."""
        with torch.no_grad():
            wrong = self._check(inputs, squares, weights)
        without = way.uncovered | uncovered | (wrong or set())
        if without == way.uncovered:
            way.is_settled = wrong is not None
            return way
        # Where a rule is left out, what is repeated and what is changed are counted otherwise.
        self._ways[inputs.shape] = self._find_way(inputs, without)
        return self._ways[inputs.shape]

    def _check(self, inputs: Tensor, squares: Mapping[str, Tensor], weights: Tensor) -> set[str] | None:
        """Hold two records against plain autograd, one record at a time.

        Another axis may have been taken for that of the records, or a use not have been seen. Returns
        the parameters whose gradients differ; None where nothing could be compared, because these are
        no finite numbers.
        """
        wrong, has_compared = set[str](), False
        doubtful = set(self._parameters)
        # In float32 a rounding at a kink of the network may move a gradient by a hundredth; but hardly
        # that of either record.
        is_double = weights.dtype == torch.float64
        own, tight, whole = (1e-6, 1e-6, 1e-12) if is_double else (3e-2, 2e-3, 1e-4)
        for row in {0, len(inputs) - 1}:
            one = slice(row, row + 1)
            alone, _ = self._one_by_one(
                inputs[one].detach(), weights[one].detach(), self._parameters, {}
            )
            total = sum(float(square) for square in alone.values())
            if not math.isfinite(total):
                continue
            has_compared = True
            for name, square in alone.items():
                if name not in squares:
                    error = float(square) and math.inf
                else:
                    error = abs(float(squares[name][row]) - float(square))
                if not error <= own * float(square) + whole * total:
                    wrong.add(name)
                elif error <= tight * float(square) + whole * total:
                    doubtful.discard(name)
        wrong |= doubtful
        return wrong if has_compared else None

    def _by_function(
        self, inputs: Tensor, weights: Tensor, direction: Mapping[str, Tensor], way: _Way
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return the squared norms of the parameters that no rule covers, and their products."""
        left = {n: p.detach() for n, p in self._parameters.items() if n in way.uncovered}

        def product(parameters: dict[str, Tensor], record: Tensor, weight: Tensor) -> Tensor:
            logits = functional_call(self._model, parameters, (record[None],))
            result: Tensor = (logits[0] * weight).sum()
            return result

        def measures(record: Tensor, weight: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
            return _measures(grad(product)(left, record, weight), direction)

        # Differentiated once more, `vmap` returns wrong gradients of instance norm (PyTorch 2.13).
        if not (way.by_loop or torch.is_grad_enabled()):
            try:
                with self._frozen():
                    return vmap(measures, chunk_size=_FUNCTION_CHUNK)(inputs, weights)
            except (RuntimeError, UnusableError) as error:  # Some operations cannot be vectorised.
                if way.is_settled or is_out_of_memory(error):
                    raise
                way.by_loop = True
        return self._one_by_one(inputs, weights, left, direction)

    def _one_by_one(
        self, inputs: Tensor, weights: Tensor, names: Iterable[str], direction: Mapping[str, Tensor]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return the same for some parameters by plain autograd, a record at a time."""
        parameters = {name: self._parameters[name] for name in names}
        create_graph = torch.is_grad_enabled()
        each = []
        for record, weight in zip(inputs.split(1), weights.split(1), strict=True):
            with torch.enable_grad(), SingleRecord(), _differentiable(twice=create_graph):
                # PyTorch 2.13 crashes where a group norm on channels last is the first layer.
                logits = self._model(record.contiguous())
            found = autograd.gradients(
                logits, list(parameters.values()), weight, create_graph=create_graph
            )
            each.append(_measures(dict(zip(parameters, found, strict=True)), direction))
        first, second = zip(*each, strict=True)
        return _stacked(first), _stacked(second)


def _laid_out(inputs: Tensor, *, last: bool) -> Tensor:
    """Return the inputs without history, in the order in which the model is fastest."""
    inputs = inputs.detach()
    if last and inputs.dim() == 4 and inputs.device.type == "cpu":
        # Convolutions are faster with channels last, and what follows them keeps the order.
        inputs = inputs.contiguous(memory_format=torch.channels_last)
    return inputs.detach()


def _exact(inputs: Tensor) -> AbstractContextManager[Any]:
    """Let gradients of a batch be right also where it is of one."""
    return SingleRecord() if len(inputs) == 1 else nullcontext()


def _following(one: Sequence[Derivation], two: Sequence[Derivation]) -> frozenset[int]:
    """Say which derivations follow the records, from those of one record and of two.

    What is made from one of these is no derivation once it is followed, and is not counted.
    """
    grows = {n for n, (a, b) in enumerate(zip(one, two, strict=True)) if b.leading == 2 * a.leading}
    counted = [n for n, derivation in enumerate(one) if not grows & derivation.sources]
    return frozenset(place for place, n in enumerate(counted) if n in grows)


def _differentiable(*, twice: bool) -> AbstractContextManager[None]:
    return differentiable_twice() if twice else nullcontext()


def _measures(
    gradients: Mapping[str, Tensor], direction: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    squares = {name: gradient.square().sum() for name, gradient in gradients.items()}
    products = {n: (g * direction[n]).sum() for n, g in gradients.items() if n in direction}
    return squares, products


def _stacked(each: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack([one[name] for one in each]) for name in each[0]}


def _total(found: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
    if not found:
        return torch.zeros(len(inputs), dtype=torch.float64, device=inputs.device)
    return torch.stack(list(found.values())).sum(dim=0, dtype=torch.float64)


@dataclass(frozen=True)
class Measured:
    """What is told of each record's gradient.

    Attributes
    ----------
    squares : Tensor
        The squared L2 norm, shape (batch,), float64.
    products : Tensor
        The inner product with the direction that was given, shape (batch,), float64.
    """

    squares: Tensor
    products: Tensor


class Pass:
    """A batch that ran through the model.

    Attributes
    ----------
    inputs : Tensor
        Shape (batch, …).
    logits : Tensor
        Shape (batch, classes), with their history.
    """

    def __init__(
        self, norms: GradientNorms, inputs: Tensor, logits: Tensor, recording: Recording
    ) -> None:
        self.inputs, self.logits, self.recording = inputs, logits, recording
        self._norms = norms

    def input_gradient(self, weights: Tensor) -> Tensor:
        """Return the gradient of ``(logits * weights).sum()`` at the inputs, in their shape."""
        (gradient,) = autograd.gradients(self.logits, [self.inputs], weights, retain_graph=True)
        return gradient

    def susceptibility(
        self, targets: Tensor, direction: Mapping[str, Tensor] | None = None
    ) -> tuple[Measured, Tensor]:
        """Measure each record's gradient, and how its norm changes with the input.

        Parameters
        ----------
        targets : Tensor
            Class indices of the cross-entropy, shape (batch,).
        direction : dict or None
            As `measure` takes it.

        Returns
        -------
        tuple of Measured and Tensor
            The second is ∇_x ‖g‖₂ (Mueller et al., arXiv 2211.10173), in the shape of the inputs;
            zero where the gradient vanishes.
        """
        found = self.measure(logit_gradients(self.logits, targets), direction, create_graph=True)
        measured = Measured(found.squares.detach(), found.products.detach())
        if not found.squares.requires_grad:
            return measured, torch.zeros_like(self.inputs)
        # √ has no derivative at 0: there the record's gradient does not move.
        norms = found.squares.where(found.squares > 0, 1.0).sqrt()
        (gradient,) = autograd.gradients(norms.sum(), [self.inputs])
        return measured, gradient

    def measure(
        self,
        at_logits: Tensor,
        direction: Mapping[str, Tensor] | None = None,
        *,
        with_norms: bool = True,
        create_graph: bool = False,
    ) -> Measured:
        """Measure each record's gradient; the pass is used up by it.

        Parameters
        ----------
        at_logits : Tensor
            The loss's gradient at the logits, shape (batch, classes). Taken in float64 and rounded
            once, since softmax − onehot cancels in float32 for a record that is confidently right.
        direction : dict or None
            A tensor for some parameters' names, to take inner products with.
        with_norms : bool
            Whether norms are wanted; without, the squares may come out as zeros.
        create_graph : bool
            Whether what is measured is to be differentiated by the inputs.
        """
        weights = at_logits.to(self.logits.dtype)
        return self._norms._measure(
            self, weights, direction or {}, with_norms=with_norms, create_graph=create_graph
        )
