"""Run the graph of a ``.pt2`` file, operation by operation, with nothing of Python made from it."""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

import torch
from torch import Tensor, nn

from dataselect_gui.checkpoints.exported.program import (
    Device,
    Dtype,
    Format,
    Graph,
    Name,
    Operation,
    Program,
    Region,
    Stored,
)
from dataselect_gui.checkpoints.operations import Signature
from dataselect_gui.errors import UnusableError
from dataselect_gui.scoring.batching.calls import Call, Each, NotTogetherError
from dataselect_gui.scoring.batching.together import run_together
from dataselect_gui.scoring.graph_memory import GraphMemory
from dataselect_gui.texts import _

_LARGEST_TENSOR = 2**28
"""Numbers of one record in one tensor: 1 GB of float32."""
_LARGEST_NUMBER = 2**53
_LOOK_UPS = {"embedding.default": "indices", "gather.default": "index", "index_select.default": "index"}
"""Operations that look a place up, and which argument says it."""


class ExportedModel(nn.Module):
    """The model of a ``.pt2`` file. Its parameters have the names that its authors gave them.

    Floating-point numbers of whatever precision the file names are computed in that of the input.

    Parameters
    ----------
    program : Program
        What the file holds.

    Attributes
    ----------
    runs_together : bool
        Whether several records are computed at once; otherwise they go one at a time.
    """

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.runs_together = True
        self._program = program
        self._steps = _Steps(program.graph)
        self._owners: dict[str, tuple[nn.Module, str]] = {}
        self._shapes: set[tuple[torch.Size, torch.dtype]] = set()
        made: dict[tuple[object, ...], Tensor] = {}
        for name, stored in program.stored.items():
            # What shares its numbers is one parameter by several names.
            key = *stored.numbers, stored.is_parameter, stored.is_trained
            if key not in made:
                made[key] = _tensor(stored)
            self._owners[name] = _attach(self, stored, made[key])

    @property
    def input_sides(self) -> tuple[int | None, ...]:
        """The shape of one record's input; None for a side that may vary."""
        return self._program.input_sizes[1:]

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the logits, shape (records, classes), of inputs of shape (records, …)."""
        self.check_sizes(inputs)
        if self.runs_together:
            with suppress(NotTogetherError):
                return self.together(inputs)
        return torch.cat([self.as_written(record) for record in inputs.split(1)])

    def together(self, inputs: Tensor) -> Tensor:
        """Compute all records at once, none of which can meet another.

        Raises
        ------
        NotTogetherError
            Where there is no rule for something that the graph does.
        """
        each = Each(inputs, len(inputs), is_stacked=False)
        logits = self._run(each, self._stored(), inputs)
        if isinstance(logits, Each):
            return logits.rows if logits.shape else logits.values
        same: Tensor = logits  # Whatever the record is.
        return same.expand(len(inputs), *same.shape[1:])

    def as_written(self, inputs: Tensor) -> Tensor:
        """Compute a batch as the graph's authors wrote it: what they do with other records, they do."""
        logits: Tensor = self._run(inputs, self._stored(), inputs)
        return logits

    def _stored(self) -> dict[str, Tensor]:
        return {name: getattr(owner, key) for name, (owner, key) in self._owners.items()}

    def _dtype(self, inputs: Tensor) -> torch.dtype:
        # Whole numbers as inputs say nothing of the precision.
        kinds = (tensor.dtype for tensor in (inputs, *self.parameters()) if tensor.is_floating_point())
        return next(kinds, torch.float32)

    def _run(self, given: Tensor | Each, stored: Mapping[str, Tensor], inputs: Tensor) -> Any:  # noqa: ANN401
        running = _Running(self._dtype(inputs), inputs.device)
        watched = list(stored.values()) if self._steps.change_tensors else []
        versions = [tensor._version for tensor in watched]
        values = {**stored, self._program.input: given}
        outputs = running.run(self._steps, [values[name] for name in self._steps.inputs])
        if versions != [tensor._version for tensor in watched]:
            raise UnusableError(
                _("The checkpoint cannot be used for scoring."),
                _("Running it changes its own numbers: one record would leave a trace for the next."),
                _("Ask the consortium for the model in evaluation mode."),
            )
        return running.without_wrong_places(outputs[self._program.logits])

    def check_sizes(self, inputs: Tensor) -> None:
        """Go through the graph once by sizes alone, before anything of these sizes is allocated."""
        key = inputs.shape[1:], inputs.dtype
        if key in self._shapes:
            return
        kinds = {name: getattr(torch, tensor.dtype) for name, tensor in self._program.stored.items()}
        stored = {  # Tensors on this device have no numbers.
            name: torch.empty(
                tensor.sizes,
                dtype=self._dtype(inputs) if kinds[name].is_floating_point else kinds[name],
                device="meta",
            )
            for name, tensor in self._program.stored.items()
        }
        record = torch.empty((1, *inputs.shape[1:]), dtype=inputs.dtype, device="meta")
        with torch.no_grad(), GraphMemory():
            self._run(record, stored, record)
        self._shapes.add(key)


class _Steps:
    """A graph's steps, each ready to be run, with the values that nobody needs after it."""

    def __init__(self, graph: Graph) -> None:
        self.inputs = graph.inputs
        self.change_tensors = any(
            step.signature.in_place if isinstance(step, Operation) else True for step in graph.steps
        )
        self.outputs = [None if output is None else output.of for output in graph.outputs]
        last: dict[str, int] = {}
        for number, step in enumerate(graph.steps):
            last |= dict.fromkeys((*_names(step.arguments), *step.results), number)
        for kept in self.outputs:
            last.pop(kept or "", None)
        done: list[list[str]] = [[] for _ in graph.steps]
        for name, number in last.items():
            done[number].append(name)
        self.steps: list[tuple[_Operation | _Region, list[str]]] = [
            (_Operation(step) if isinstance(step, Operation) else _Region(step), names)
            for step, names in zip(graph.steps, done, strict=True)
        ]


class _Operation:
    """An operation of PyTorch, with what it is called with and what its results are called."""

    def __init__(self, step: Operation) -> None:
        self.signature, self.arguments, self.results = step.signature, step.arguments, step.results
        self.name = step.signature.target.removeprefix("torch.ops.aten.").removeprefix("_operator.")
        self.function = _function(step.signature)
        self.by_keyword = frozenset(
            name for name, argument in step.signature.arguments.items() if argument.by_keyword
        )
        self.is_many = step.signature.results in {("Tensor[]",), ("Tensor", "Tensor")}

    def call(self, given: Mapping[str, Any]) -> Any:  # noqa: ANN401  (whatever it returns)
        """Run it on arguments by name."""
        ordered, keywords, in_order = [], {}, True
        for name in self.signature.arguments:
            if name not in given:
                in_order = False
            elif in_order and name not in self.by_keyword:
                ordered.append(given[name])
            else:
                keywords[name] = given[name]
        return self.function(*ordered, **keywords)


class _Region:
    """A part of a graph, with what it is called with and what its results are called."""

    def __init__(self, step: Region) -> None:
        self.steps, self.arguments, self.results = _Steps(step.graph), step.arguments, step.results
        self._gradients = step.gradients

    def entered(self) -> AbstractContextManager[Any]:
        """Return with or without gradients, as it is to be."""
        return nullcontext() if self._gradients is None else torch.set_grad_enabled(self._gradients)


class _Running:
    """One run of a graph.

    Parameters
    ----------
    dtype : torch.dtype
        Of its floating-point numbers.
    device : torch.device
        Where it runs. On ``meta``, where tensors have no numbers, their sizes are held against what is
        the most.
    """

    def __init__(self, dtype: torch.dtype, device: torch.device) -> None:
        self._dtype, self._device = dtype, device
        self._only_sizes = device.type == "meta"
        self._wrong: list[Tensor | Each] = []

    def run(self, graph: _Steps, inputs: Sequence[Any]) -> list[Any]:
        """Return the graph's outputs."""
        values: dict[str, Any] = dict(zip(graph.inputs, inputs, strict=True))
        for step, done in graph.steps:
            if isinstance(step, _Region):
                with step.entered():
                    made = self.run(step.steps, [values[argument.of] for argument in step.arguments])
            else:
                given = {name: self._given(value, values) for name, value in step.arguments.items()}
                result = self._do(step, given)
                made = result if step.is_many else [result]
            for name, value in zip(step.results, made, strict=True):
                if self._only_sizes or isinstance(value, int | float):
                    _check_size(value)
                values[name] = value
            for name in done:
                del values[name]
        return [None if name is None else values[name] for name in graph.outputs]

    def _given(self, argument: Any, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
        match argument:
            case Name():
                return values[argument.of]
            case list():
                return [self._given(item, values) for item in argument]
            case Dtype():
                dtype = getattr(torch, argument.name)
                return self._dtype if dtype.is_floating_point else dtype
            case Format():
                return getattr(torch, argument.name)
            case Device():
                return self._device
        return argument

    def _do(self, step: _Operation, given: dict[str, Any]) -> Any:  # noqa: ANN401
        of_each = [value for value in _flat(given.values()) if isinstance(value, Each)]
        if step.name == "sym_size.int":
            return int(given["self"].shape[given["dim"]])
        if step.signature.group == "constant":
            if of_each and "self" not in given:
                raise NotTogetherError(step.name)
            if of_each:  # It gives its kind of numbers, no more.
                given = {**given, "self": of_each[0].values}
            return step.call(given)
        if step.name == "pad.default" and given.get("mode", "constant") != "constant":
            _check_padding(given)
        if step.name in _LOOK_UPS or step.name == "index.Tensor":
            given = self._at_places_that_are(step.name, given)
        if not of_each:
            return step.call(given)
        call = Call(step.name, step.signature.group, step.call, given, step.signature.in_place)
        return run_together(call)

    def _at_places_that_are(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        """Let whatever is looked up be there, and remember where it was not.

        PyTorch would stop the whole run, by which one record would show itself.
        """
        if name in _LOOK_UPS:
            key = _LOOK_UPS[name]
            axis = given.get("dim", 0)
            size = given["weight" if name.startswith("embedding") else "self"].shape[axis]
            return {**given, key: self._place(given[key], size, is_counted_back=False)}
        indices = [
            None if index is None else self._place(index, size, is_counted_back=True)
            for index, size in zip(given["indices"], given["self"].shape, strict=False)
        ]
        return {**given, "indices": indices}

    def _place(self, index: Any, size: int, *, is_counted_back: bool) -> Any:  # noqa: ANN401
        values = index.values if isinstance(index, Each) else index
        if values.dtype not in {torch.int64, torch.int32} or not size:
            raise UnusableError(
                _("The checkpoint cannot be used for scoring."),
                _("How many numbers its graph takes would depend on the record."),
                _("Ask the consortium for a model whose tensors have one size for every record."),
            )
        first = -size if is_counted_back else 0
        there = values.clamp(first, size - 1)
        wrong = values != there
        self._wrong.append(
            Each(wrong, index.records, index.is_stacked) if isinstance(index, Each) else wrong
        )
        return Each(there, index.records, index.is_stacked) if isinstance(index, Each) else there

    def without_wrong_places(self, logits: Any) -> Any:  # noqa: ANN401
        """Return logits that are no numbers for a record that looked up what is not there."""
        for wrong in self._wrong:
            if isinstance(wrong, Each) and isinstance(logits, Each):
                of_record = wrong.stacked.reshape(wrong.records, -1).any(dim=1)
                values = logits.stacked
                of_record = of_record.reshape(-1, *(1,) * (values.dim() - 1))
                logits = Each(values.masked_fill(of_record, torch.nan), logits.records, is_stacked=True)
            elif isinstance(wrong, Tensor):
                values = logits.values if isinstance(logits, Each) else logits
                values = values.masked_fill(wrong.any(), torch.nan)
                logits = (
                    Each(values, logits.records, logits.is_stacked)
                    if isinstance(logits, Each)
                    else values
                )
        return logits


def _function(signature: Signature) -> Callable[..., Any]:
    if signature.group == "number":
        function: Callable[..., Any] = getattr(operator, signature.target.removeprefix("_operator."))
    else:
        name, _, overload = signature.target.removeprefix("torch.ops.aten.").partition(".")
        function = getattr(getattr(torch.ops.aten, name), overload)
    return function


def _flat(values: Any) -> Iterator[Any]:  # noqa: ANN401  (arguments of any operation)
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value


def _names(arguments: Any) -> Iterator[str]:  # noqa: ANN401
    values = arguments.values() if isinstance(arguments, Mapping) else arguments
    for value in _flat(values):
        if isinstance(value, Name):
            yield value.of


def _check_size(value: Tensor | float) -> None:
    if isinstance(value, Tensor):
        is_too_large = value.numel() > _LARGEST_TENSOR
    else:
        is_too_large = not abs(value) <= _LARGEST_NUMBER
    if is_too_large:
        raise UnusableError(
            _("The checkpoint is too large to be used."),
            _("For one record alone, its graph makes a tensor of more than 268 million numbers."),
            _("Ask the consortium for the model as it is trained."),
        )


def _check_padding(given: Mapping[str, Any]) -> None:
    """Refuse sides for which this padding is not defined: some numbers could be anything."""
    sides, is_circular = given["pad"], given["mode"] == "circular"
    sizes = [size for size in reversed(given["self"].shape) for _end in range(2)]
    if any(side < 0 or (is_circular and side > size) for side, size in zip(sides, sizes, strict=False)):
        raise UnusableError(
            _("The checkpoint cannot be used for scoring."),
            _("Its graph pads by less than nothing, or by more than there is."),
            _("Ask the consortium for the model as it is trained."),
        )


def _tensor(stored: Stored) -> Tensor:
    values = _numbers(stored)
    # The reader has held these against the size of what is stored.
    values = values.as_strided(stored.sizes, stored.strides, stored.offset).clone()
    if not stored.is_parameter:
        return values
    return nn.Parameter(values, requires_grad=stored.is_trained and values.is_floating_point())


def _numbers(stored: Stored) -> Tensor:
    dtype = getattr(torch, stored.dtype)
    width = torch.empty((), dtype=dtype).element_size()
    count = len(stored.content) // width
    if not count:
        return torch.zeros(0, dtype=dtype)
    if dtype == torch.bool:  # Whatever byte is stored, a truth value is 0 or 1.
        return torch.frombuffer(stored.content, dtype=torch.uint8) != 0
    return torch.frombuffer(stored.content, dtype=dtype, count=count)


def _attach(root: nn.Module, stored: Stored, tensor: Tensor) -> tuple[nn.Module, str]:
    """Give a tensor its name below a module. Returns the module that has it, and its name there."""
    *folders, name = stored.path.split(".")
    for folder in folders:
        if folder not in root._modules:
            root.add_module(folder, nn.Module())
        root = root.get_submodule(folder)
    if isinstance(tensor, nn.Parameter):
        root.register_parameter(name, tensor)
    else:
        root.register_buffer(name, tensor)
    return root, name
