"""Say between which bounds the outputs of a ``.pt2`` graph are, whatever the record and parameters are.

By abstract interpretation: the graph is run on intervals instead of numbers. The input and all
parameters may be anything. What has no rule here may be anything, too: bounds are never made up.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dataselect_gui.checkpoints.exported.program import Graph, Name, Operation, Program, Region
from dataselect_gui.scoring import interval
from dataselect_gui.scoring.bounds_of_operations import CONSTANT, RULES
from dataselect_gui.scoring.interval import NO_IDENTITY, UNKNOWN, Form, Known, constant, join

_ATEN = "torch.ops.aten."
_MOST_ABOVE = 16
"""Of so many values it is remembered that they are below another one."""


def output_bounds(program: Program, stored: Mapping[str, tuple[float, float]]) -> Known:
    """Return what is known of all numbers that the model returns.

    Parameters
    ----------
    program : Program
        The graph.
    stored : dict
        The least and the largest number of stored tensors that are no parameters, by the names of the
        graph's inputs.
    """
    inputs = []
    for place, name in enumerate(program.graph.inputs):
        low, high = stored.get(name, (-math.inf, math.inf))
        inputs.append(Known(low, high, varies=name == program.input, identity=place))
    return _Bounding(len(inputs)).run(program.graph, inputs)[program.logits]


class _Memory:
    """What is known of a graph's values, some of which lie in the memory of others."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}
        self._owners: dict[str, frozenset[str]] = {}
        self._changes: dict[str, tuple[int, Known]] = {}
        self._seen: dict[str, int] = {}

    def __getitem__(self, name: str) -> Known:
        if self._seen[name] == self._count(name):
            return self._known[name]
        # Since then some of its numbers became others: all of them, or none.
        changes = [self._changes[owner][1] for owner in self._owners[name] if owner in self._changes]
        return join([self._known[name], *changes])

    def put(self, name: str, known: Known, sources: Iterable[str] = ()) -> None:
        """Add a value that may lie in the memory of some others."""
        owners = frozenset[str]().union(*(self._owners[source] for source in sources))
        self._known[name], self._owners[name] = known, owners or frozenset((name,))
        self._seen[name] = self._count(name)

    def change(self, name: str, known: Known) -> None:
        """Give a value other numbers, and maybe those that lie in its memory, too."""
        for owner in self._owners[name]:
            count, change = self._changes.get(owner, (0, known))
            self._changes[owner] = count + 1, join([change, known])
        self.put(name, known, [name])

    def _count(self, name: str) -> int:
        """Return how often its memory was changed."""
        return sum(self._changes[owner][0] for owner in self._owners[name] if owner in self._changes)


class _Bounding:
    """Runs graphs on what is known of their values.

    Parameters
    ----------
    identities : int
        How many are taken.
    """

    def __init__(self, identities: int) -> None:
        self._first = identities
        self._identities: dict[tuple[object, ...], int] = {}
        self._exponents: dict[int, Known] = {}

    def run(self, graph: Graph, inputs: Sequence[Known]) -> list[Known]:
        """Return what is known of each output."""
        values = _Memory()
        for name, known in zip(graph.inputs, inputs, strict=True):
            values.put(name, known)
        for step in graph.steps:
            if isinstance(step, Region):
                self._enter(step, values)
            else:
                self._do(step, values)
        return [UNKNOWN if output is None else values[output.of] for output in graph.outputs]

    def _enter(self, step: Region, values: _Memory) -> None:
        given = [argument.of for argument in step.arguments]
        made = self.run(step.graph, [values[name] for name in given])
        if _changes_tensors(step.graph):
            for name in given:
                values.change(name, UNKNOWN)
        for name, known in zip(step.results, made, strict=True):
            values.put(name, known, given)

    def _do(self, step: Operation, values: _Memory) -> None:
        names = list(_names(step.arguments.values()))
        given = {name: _given(argument, values) for name, argument in step.arguments.items()}
        varies = any(values[name].varies for name in names)
        known = self._known(step.signature.target, given, varies=varies)
        if step.signature.in_place:
            values.change(names[0], known)
            names = names[:1]
        sources = names if step.signature.shares or step.signature.in_place else []
        if len(step.results) > 1:  # Parts of a value, none of which is like the other.
            known = known.bounded(known.low, known.high)
        for place, name in enumerate(step.results):
            # Of two, the second says at which place the first was.
            is_place = place > 0 and step.signature.results == ("Tensor", "Tensor")
            values.put(name, UNKNOWN if is_place else known, sources)

    def _known(self, target: str, given: Mapping[str, Any], *, varies: bool) -> Known:
        name = target.removeprefix(_ATEN).partition(".")[0]
        name = name if name.startswith("_") else name.rstrip("_")
        rule = RULES.get(name)
        varies = varies and name not in CONSTANT
        if name in {"log", "log2", "log1p"}:
            known = self._logarithm(name, given["self"])
        else:
            known = Known() if rule is None else rule(given)
        known = replace(known, varies=varies, form=known.form if varies else Form.OTHER)
        parts = list(_flat(given.values()))
        identities = [part.identity if isinstance(part, Known) else repr(part) for part in parts]
        if known.identity != NO_IDENTITY or NO_IDENTITY in identities:
            return known
        made = (target, *given, *identities)
        identity = self._identities.setdefault(made, self._first + len(self._identities))
        if name == "exp":
            self._exponents[identity] = given["self"]
        return replace(known, identity=identity, above=frozenset(sorted(known.above)[-_MOST_ABOVE:]))

    def _logarithm(self, name: str, value: Known) -> Known:
        """Return log(x), log₂(x) or log(1 + x). log(exp(x)) is x itself."""
        if name == "log1p":
            value = interval.add(value, constant(1))
        elif name == "log" and value.identity in self._exponents:
            return self._exponents[value.identity]
        below = [self._exponents[place].identity for place in value.above if place in self._exponents]
        known = interval.logarithm(value)
        if name == "log2":
            return known.bounded(known.low / math.log(2), known.high / math.log(2))
        return replace(known, above=frozenset(below))


def _changes_tensors(graph: Graph) -> bool:
    return any(
        step.signature.in_place if isinstance(step, Operation) else _changes_tensors(step.graph)
        for step in graph.steps
    )


def _given(argument: Any, values: _Memory) -> Any:  # noqa: ANN401  (what a graph states)
    if isinstance(argument, list):
        return [_given(part, values) for part in argument]
    return values[argument.of] if isinstance(argument, Name) else argument


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    """Yield arguments, and the parts of lists behind how many they are."""
    for value in values:
        if isinstance(value, list):
            yield len(value)
            yield from value
        else:
            yield value


def _names(arguments: Iterable[Any]) -> Iterator[str]:
    return (part.of for part in _flat(arguments) if isinstance(part, Name))
