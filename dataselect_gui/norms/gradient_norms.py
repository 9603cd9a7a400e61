"""Per-sample gradient norms, for about the cost of a training step.

A forward pass records every use of a parameter, a backward pass down to the activations gives the
gradient at the output of every use, and the two together give each record's norm. What no rule covers,
and what does not agree with plain autograd on two records of the first batch of a shape, goes through
`torch.func` for those parameters alone: slower, and as exact. That first batch is made up; see
`GradientNorms.settle`.

Modules and ``.pt2`` graphs are handled alike. Interception of calls was chosen over hooks of modules,
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

from dataselect_gui.errors import UnusableError
from dataselect_gui.norms.embedding_output import EmbeddingOutput
from dataselect_gui.norms.memory import is_out_of_memory
from dataselect_gui.norms.passes import Measured, Pass
from dataselect_gui.norms.recording import Derivation, Recording
from dataselect_gui.norms.rules import RULES
from dataselect_gui.norms.sample_gradients import SampleGradient
from dataselect_gui.norms.single_record import SingleRecord
from dataselect_gui.norms.stored_statistics import StoredStatistics
from dataselect_gui.norms.twice import differentiable
from dataselect_gui.norms.whole_gradients import Measures, by_function, one_by_one
from dataselect_gui.texts import _

BY_FUNCTION = "torch.func"
_BY_NEIGHBOURS = frozenset(("sin", "cos"))
"""Operations that libraries may compute by another formula where a neighbour's number is large."""


@dataclass
class _Plan:
    """How batches of one shape are computed: decided on the first of them, then kept.

    Attributes
    ----------
    per_record : frozenset of int
        The derivations that hold rows for every record, see `Recording`.
    channels_last : bool
        Whether images are laid out with channels last.
    changed : frozenset of int
        The activations that the model changes in place after their use.
    uncovered : set of str
        The parameters that go through `torch.func`.
    by_loop : bool
        Whether these cannot be vectorised, and are taken a record at a time.
    is_settled : bool
        Whether it is final.
    """

    per_record: frozenset[int]
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
    embedding : nn.Module or None
        What maps inputs that are whole numbers to vectors, at whose output input gradients are taken;
        None where the inputs are differentiable.

    Attributes
    ----------
    paths : dict
        How each parameter's norm is computed, by its name: the operation that it meets, or
        ``torch.func``. Complete after the first batch.
    operations : set of str
        The operations that the model is made of, as far as they can round. Complete after the first
        batch.
    """

    def __init__(self, model: nn.Module, embedding: nn.Module | None = None) -> None:
        self.paths: dict[str, str] = {}
        self.operations: set[str] = set()
        self._model, self._embedding = model, embedding
        self._parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self._plans: dict[torch.Size, _Plan] = {}

    def run(self, inputs: Tensor, *, for_inputs: bool = False, twice: bool = False) -> Pass:
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
        if inputs.shape not in self._plans:
            self._plans[inputs.shape] = self._make_plan(inputs)
        plan = self._plans[inputs.shape]
        inputs = _laid_out(inputs, last=plan.channels_last)
        embedding = self._embedding if for_inputs else None
        if embedding is None:
            inputs.requires_grad_(for_inputs)
        while True:
            with differentiable(twice=twice), EmbeddingOutput(embedding) as embedded:
                recording, logits = self._record(inputs, plan)
            changed = recording.finish()
            if not changed:
                return Pass(self, inputs, embedded.place(inputs), logits, recording)
            plan.changed |= changed  # Copied next time, before the model changes them in place.

    def is_settled(self, shape: torch.Size) -> bool:
        """Say whether the plan for a shape is final, or there is none yet."""
        return shape not in self._plans or self._plans[shape].is_settled

    def settle(self, shape: torch.Size) -> None:
        """Make the plan for a shape final: no later batch changes it.

        So that no record decides how another one is computed, the batches before this call are made
        up. Where their gradients were not finite, the plan could not be compared with plain autograd
        and is not trusted: all parameters are then computed one record at a time.
        """
        plan = self._plans.get(shape)
        if plan is not None and not plan.is_settled:
            self._plans[shape] = _Plan(
                frozenset(),
                plan.channels_last,
                uncovered=set(self._parameters),
                by_loop=True,
                is_settled=True,
            )

    def trace(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the logits of a batch where gradients at the inputs alone are wanted.

        Returns
        -------
        tuple of Tensor
            The inputs as they were given to the model, shape (batch, …), or the output of their
            embedding; and the logits, shape (batch, classes), with their history back to them.
        """
        inputs = _laid_out(inputs, last=True)
        if self._embedding is None:
            inputs.requires_grad_()
        embedded = EmbeddingOutput(self._embedding)
        with self._frozen(), torch.enable_grad(), StoredStatistics(), _exact(inputs), embedded:
            logits: Tensor = self._model(inputs)
        return embedded.place(inputs), logits

    def _record(self, inputs: Tensor, plan: _Plan) -> tuple[Recording, Tensor]:
        covered = {n: p for n, p in self._parameters.items() if n not in plan.uncovered}
        recording = Recording(covered, inputs, plan.per_record, plan.changed)
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

    def _make_plan(self, inputs: Tensor, uncovered: Iterable[str] = ()) -> _Plan:
        """Decide how to compute batches of a shape, from the first of them.

        What the model repeats for every record (a class token, the embedding of positions) has a first
        axis that grows with the batch. Two batch sizes are compared, since an axis may have the length
        of one batch by chance.
        """
        derivations, operations = [], set[str]()
        for rows in (1, 2):
            some = inputs[:1].detach().expand(rows, *inputs.shape[1:]).clone()
            plan = _Plan(frozenset(), channels_last=False, uncovered=set(uncovered))
            recording, _ = self._record(some, plan)
            derivations.append(recording.derivations)
            operations |= recording.operations
            recording.close()
        is_last = not any(RULES[name].is_slow_channels_last for name in operations & RULES.keys())
        return _Plan(
            _per_record(*derivations),
            is_last,
            uncovered=set(uncovered),
            by_loop=not _BY_NEIGHBOURS.isdisjoint(operations),
            is_settled=not self._parameters,
        )

    def measure(
        self,
        done: Pass,
        weights: Tensor,
        direction: Mapping[str, Tensor],
        *,
        with_norms: bool,
        create_graph: bool,
    ) -> Measured:
        """Measure the gradients of a pass, by rules and without: see `Pass.measure`."""
        inputs, recording = done.inputs, done.recording
        plan = self._plans[inputs.shape]
        is_new = bool(self._parameters) and not plan.is_settled
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
            plan = self._learn(plan, inputs, squares, weights, recording.uncovered)
        if plan.uncovered and create_graph and self._embedding is not None:
            raise UnusableError(
                _("PLIS cannot be computed for this model of texts."),
                _("Some of its operations are taken apart from the vectors of the words."),
                _("Leave out plis."),
            )
        if plan.uncovered:
            self.paths |= dict.fromkeys(plan.uncovered, BY_FUNCTION)
            with torch.set_grad_enabled(create_graph):
                more_squares, more_products = self._whole(inputs, weights, direction, plan)
            squares |= more_squares
            products |= more_products
        return Measured(_total(squares, inputs), _total(products, inputs, *self._several(direction)))

    def _several(self, direction: Mapping[str, Tensor]) -> tuple[int, ...]:
        """Return how many directions there are, as the side of a shape; nothing for a single one."""
        for name, values in direction.items():
            return tuple(values.shape[: values.dim() - self._model.get_parameter(name).dim()])
        return ()

    def _learn(
        self,
        plan: _Plan,
        inputs: Tensor,
        squares: Mapping[str, Tensor],
        weights: Tensor,
        uncovered: set[str],
    ) -> _Plan:
        """Return the plan after a batch: as it was, or without the rules that were wrong."""
        with torch.no_grad():
            wrong = self._check(inputs, squares, weights)
        without = plan.uncovered | uncovered | (wrong or set())
        if without == plan.uncovered:
            plan.is_settled = wrong is not None
            return plan
        # Without a rule, derivations and changed activations have other numbers.
        self._plans[inputs.shape] = self._make_plan(inputs, without)
        return self._plans[inputs.shape]

    def _check(self, inputs: Tensor, squares: Mapping[str, Tensor], weights: Tensor) -> set[str] | None:
        """Compare the gradients of two records with plain autograd.

        A rule may have taken another axis for that of the records, or a use may have been missed.
        Returns the parameters whose gradients differ; None where none could be compared, because they
        are not finite.
        """
        wrong, has_compared = set[str](), False
        doubtful = set(self._parameters)
        # In float32, rounding at a kink of the network may move a gradient by a hundredth, but hardly
        # for both records.
        is_double = weights.dtype == torch.float64
        own, tight, whole = (1e-6, 1e-6, 1e-12) if is_double else (3e-2, 2e-3, 1e-4)
        for row in {0, len(inputs) - 1}:
            place = slice(row, row + 1)
            alone, _ = one_by_one(
                self._model, self._parameters, inputs[place].detach(), weights[place].detach(), {}
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

    def _whole(
        self, inputs: Tensor, weights: Tensor, direction: Mapping[str, Tensor], plan: _Plan
    ) -> Measures:
        """Measure whole gradients of the parameters that no rule covers."""
        left = {name: p for name, p in self._parameters.items() if name in plan.uncovered}
        given = self._model, left, inputs, weights, direction
        # Differentiated once more, `vmap` returns wrong gradients of instance norm (PyTorch 2.13).
        if not (plan.by_loop or torch.is_grad_enabled()):
            try:
                with self._frozen():
                    return by_function(*given)
            except (RuntimeError, UnusableError) as error:  # Some operations cannot be vectorised.
                if plan.is_settled or is_out_of_memory(error):
                    raise
                plan.by_loop = True
        return one_by_one(*given)


def _laid_out(inputs: Tensor, *, last: bool) -> Tensor:
    """Return the inputs without history, in the order in which the model is fastest."""
    inputs = inputs.detach()
    if last and inputs.dim() == 4 and inputs.device.type == "cpu":
        # Convolutions are faster with channels last, and what follows them keeps the order.
        inputs = inputs.contiguous(memory_format=torch.channels_last)
    return inputs.detach()


def _exact(inputs: Tensor) -> AbstractContextManager[Any]:
    """Return the context in which PyTorch's gradients are right for these inputs."""
    return SingleRecord() if len(inputs) == 1 else nullcontext()


def _per_record(single: Sequence[Derivation], double: Sequence[Derivation]) -> frozenset[int]:
    """Return which derivations hold rows for every record, from batches of one and of two.

    What is made from one of these counts as data in later passes, and has no number there.
    """
    grows = {
        n for n, (a, b) in enumerate(zip(single, double, strict=True)) if b.leading == 2 * a.leading
    }
    counted = [n for n, derivation in enumerate(single) if not grows & derivation.sources]
    return frozenset(place for place, n in enumerate(counted) if n in grows)


def _total(parts: Mapping[str, Tensor], inputs: Tensor, *sides: int) -> Tensor:
    if not parts:
        return torch.zeros(len(inputs), *sides, dtype=torch.float64, device=inputs.device)
    return torch.stack(list(parts.values())).sum(dim=0, dtype=torch.float64)
