"""Read the steps of an exported graph, each held against the list of operations."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dataselect_gui.checkpoints.exported.program import (
    Device,
    Dtype,
    Format,
    Graph,
    Name,
    Operation,
    Region,
)
from dataselect_gui.checkpoints.exported.values import (
    DamagedError,
    check_layout,
    read_bool,
    read_dtype,
    read_float,
    read_integer,
    read_name,
    read_word,
    refuse,
)
from dataselect_gui.checkpoints.operations import SIGNATURES, Signature, objection
from dataselect_gui.texts import _

_FORMATS = {
    1: "contiguous_format",
    2: "channels_last",
    3: "channels_last_3d",
    4: "preserve_format",
}
_CHECKS = re.compile(
    r"torch\.ops\.aten\.(_assert_tensor_metadata|_assert_scalar|_assert_async|sym_constrain_range"
    r"|sym_constrain_range_for_size)\.\w+"
)
"""Operations that only hold what was true at the export; they are left out."""
_REGION = re.compile(r"torch\.ops\.higher_order\.wrap_with_(set_grad_enabled|autocast)")


class GraphReader:
    """Reads the steps of a graph, and holds each against the list of operations.

    Parameters
    ----------
    protected, of_record : frozenset of str
        Inputs that no step may change, because they are stored; and those that depend on the record.
    """

    def __init__(self, protected: frozenset[str], of_record: frozenset[str]) -> None:
        self._kinds: dict[str, str] = {}
        self._origins: dict[str, frozenset[str]] = {}
        self._protected, self._of_record = protected, set(of_record)
        self._dtypes: Mapping[str, Any] = {}

    def read(self, content: Mapping[str, Any], inputs: Mapping[str, str]) -> Graph:
        """Return the graph; of each of its inputs the kind is given, ``Tensor`` or ``Number``."""
        if content.get("custom_obj_values"):
            refuse(_("Its graph holds program objects."))
        self._dtypes = content["tensor_values"]
        for name, kind in inputs.items():
            self._define(name, kind, frozenset((name,)))
        steps = [step for node in content["nodes"] if (step := self._step(node)) is not None]
        outputs = tuple(
            None
            if "as_tensor" not in output
            else self._reference(output["as_tensor"]["name"], "Tensor")
            for output in content["outputs"]
        )
        return Graph(tuple(inputs), tuple(steps), outputs)

    def _step(self, node: Mapping[str, Any]) -> Operation | Region | None:
        target = node["target"]
        if not isinstance(target, str):
            raise DamagedError
        if _CHECKS.fullmatch(target):
            return None
        if _REGION.fullmatch(target):
            return self._region(node)
        signature = SIGNATURES.get(target)
        if signature is None:
            refuse(
                _(
                    "Its graph calls “{target}”, which is not among the operations that are allowed.",
                    target=target,
                )
            )
        arguments = self._arguments(signature, node["inputs"])
        of_record = any(map(self._is_of_record, _tensors(list(arguments.values()))))
        why = objection(signature, arguments, of_record=of_record)
        if why is not None:
            refuse(why)
        results = tuple(self._results(signature, node["outputs"]))
        origins = self._origins_of(signature, arguments)
        if signature.in_place and origins & self._protected:
            refuse(
                _("Running it changes its own numbers: one record would leave a trace for the next.")
            )
        for name, kind in results:
            shared = origins if signature.shares else frozenset((name,))
            self._define(name, kind, shared)
            if of_record:
                self._of_record |= {name} | (origins if signature.in_place else frozenset())
        names = tuple(name for name, _kind in results)
        has_no_kind = "dtype" in signature.arguments and arguments.get("dtype") is None
        if has_no_kind and signature.group == "constant" and not origins:
            # What makes numbers out of nothing takes PyTorch's usual kind, which may be another here.
            arguments["dtype"] = self._declared(names[0])
        return Operation(signature, arguments, names)

    def _region(self, node: Mapping[str, Any]) -> Region:
        target, given = node["target"], [entry["arg"] for entry in node["inputs"]]
        gradients: bool | None = None
        if target.endswith("set_grad_enabled"):
            gradients = given[0]["as_bool"] is True
        places = [number for number, value in enumerate(given) if "as_graph" in value]
        if len(places) != 1:
            refuse(_("Its graph calls “{target}” with something else than a graph.", target=target))
        (place,) = places
        content = given[place]["as_graph"]["graph"]
        arguments = tuple(self._reference(*_named(value)) for value in given[place + 1 :])
        inputs = dict(map(_named, content["inputs"]))
        origins = [self._origins.get(argument.of, frozenset[str]()) for argument in arguments]
        inner = GraphReader(
            frozenset(n for n, origin in zip(inputs, origins, strict=True) if origin & self._protected),
            frozenset(inputs),
        )
        graph = inner.read(content, inputs)
        results = []
        for output in node["outputs"]:
            many = output["as_tensors"] if "as_tensors" in output else [output["as_tensor"]]
            results += [read_name(entry["name"]) for entry in many]
        for name in results:  # It may lie in the memory of anything that went in.
            self._define(name, "Tensor", frozenset((name,)).union(*origins))
        self._of_record.update(results, *origins)
        if len(results) != len(graph.outputs) or None in graph.outputs:
            raise DamagedError
        return Region(gradients, graph, arguments, tuple(results))

    def _arguments(self, signature: Signature, given: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        for argument in given:
            expected = signature.arguments.get(argument["name"])
            if expected is None or argument["name"] in arguments:
                refuse(
                    _("Its graph calls “{target}” with what it does not take.", target=signature.target)
                )
            ((kind, value),) = argument["arg"].items()
            try:
                arguments[argument["name"]] = self._value(expected.type, kind, value)
            except KeyError:
                refuse(
                    _(
                        "Its graph calls “{target}” with something else for “{argument}” than it "
                        "takes.",
                        target=signature.target,
                        argument=argument["name"],
                    )
                )
        # In the operation's own order.
        return {name: arguments[name] for name in signature.arguments if name in arguments}

    def _value(self, expected: str, kind: str, value: Any) -> Any:  # noqa: ANN401
        """Return an argument; raise KeyError where it is not of the type that is expected."""
        plain = expected.removesuffix("?")
        if kind == "as_none":
            if plain == expected:
                raise KeyError(kind)
            return None
        if plain.endswith("[]"):
            return [
                self._value(plain[:-2], tag, part) for tag, part in self._parts(plain[:-2], kind, value)
            ]
        return _READERS[plain, kind](self, value)

    def _parts(self, expected: str, kind: str, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
        """Yield the parts of a list, each with its kind."""
        single = kind.removesuffix("s")
        if kind == single:
            # One number stands for as many as are needed.
            if expected not in {"SymInt", "int"}:
                raise KeyError(kind)
            yield kind, value
        elif kind in {"as_sym_ints", "as_optional_tensors"}:
            for each in value:
                ((inner, content),) = each.items()
                yield (
                    {"as_name": "as_sym_int"}.get(inner, inner),
                    each if inner == "as_name" else content,
                )
        else:
            for each in value:
                yield single, each

    def _results(
        self, signature: Signature, outputs: Sequence[Mapping[str, Any]]
    ) -> Iterator[tuple[str, str]]:
        expected = signature.results
        if expected == ("Tensor[]",):
            (output,) = outputs
            outputs = [{"as_tensor": tensor} for tensor in output["as_tensors"]]
            expected = ("Tensor",) * len(outputs)
        for kind, output in zip(expected, outputs, strict=True):
            ((stored, content),) = output.items()
            if kind == "Tensor" and stored == "as_tensor":
                yield read_name(content["name"]), "Tensor"
            elif kind != "Tensor" and stored in {"as_sym_int", "as_sym_float", "as_sym_bool"}:
                yield read_name(content["as_name"]), "Number"
            else:
                raise DamagedError

    def _origins_of(self, signature: Signature, arguments: Mapping[str, Any]) -> frozenset[str]:
        """Return in whose memory the arguments may lie; of what changes its first, only that one's."""
        names = list(_tensors(list(arguments.values())))
        if signature.in_place:
            names = names[:1]
        return frozenset[str]().union(*(self._origins[name] for name in names if name in self._origins))

    def _is_of_record(self, name: str) -> bool:
        return name in self._of_record or not self._of_record.isdisjoint(self._origins.get(name, ()))

    def _declared(self, name: str) -> Dtype:
        return read_dtype(self._dtypes[name]["dtype"])

    def _define(self, name: str, kind: str, origins: frozenset[str]) -> None:
        if name in self._kinds:
            refuse(_("Two values of its graph have one name."))
        self._kinds[name] = kind
        if kind == "Tensor":
            self._origins[name] = origins

    def _reference(self, name: Any, kind: str) -> Name:  # noqa: ANN401
        if self._kinds.get(read_name(name)) != kind:
            raise DamagedError
        return Name(name)

    def _tensor(self, value: Any) -> Name:  # noqa: ANN401
        return self._reference(value["name"], "Tensor")

    def _number(self, value: Any) -> Name | int:  # noqa: ANN401
        return (
            self._reference(value["as_name"], "Number")
            if "as_name" in value
            else read_integer(value["as_int"])
        )


def _named(argument: Mapping[str, Any]) -> tuple[str, str]:
    """Return the name that an argument is, and its kind."""
    if "as_tensor" in argument:
        return read_name(argument["as_tensor"]["name"]), "Tensor"
    return read_name(argument["as_sym_int"]["as_name"]), "Number"


def _tensors(values: Any) -> Iterator[str]:  # noqa: ANN401  (an argument, or a list of some)
    if isinstance(values, Name):
        yield values.of
    elif isinstance(values, list):
        for value in values:
            yield from _tensors(value)


_NUMBERS = {
    "as_int": lambda _, value: read_integer(value),
    "as_sym_int": lambda reader, value: reader._number(value),
}
_SCALARS = {
    **_NUMBERS,
    "as_float": lambda _, value: read_float(value),
    "as_bool": lambda _, value: read_bool(value),
    "as_sym_float": lambda reader, value: reader._reference(value["as_name"], "Number"),
    "as_sym_bool": lambda reader, value: reader._reference(value["as_name"], "Number"),
}
_READERS: Mapping[tuple[str, str], Any] = {
    ("Tensor", "as_tensor"): lambda reader, value: reader._tensor(value),
    ("Tensor", "as_optional_tensor"): lambda reader, value: reader._tensor(value["as_tensor"]),
    # A number in a tensor's place, as in x * 2.
    **{("Tensor", kind): read for kind, read in _SCALARS.items()},
    **{("SymInt", kind): read for kind, read in _NUMBERS.items()},
    **{("int", kind): read for kind, read in _NUMBERS.items()},
    **{("Scalar", kind): read for kind, read in _SCALARS.items()},
    **{("Number", kind): read for kind, read in _SCALARS.items()},
    ("float", "as_float"): lambda _, value: read_float(value),
    ("float", "as_int"): lambda _, value: read_float(value),
    ("bool", "as_bool"): lambda _, value: read_bool(value),
    ("str", "as_string"): lambda _, value: read_word(value),
    ("ScalarType", "as_scalar_type"): lambda _, value: read_dtype(value),
    ("MemoryFormat", "as_memory_format"): lambda _, value: Format(_FORMATS[value]),
    ("Layout", "as_layout"): lambda _, value: check_layout(value),
    ("Device", "as_device"): lambda *_: Device(),
}
"""How an argument is read, by the type that is expected and the kind that is given."""
