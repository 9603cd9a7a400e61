"""Read a ``.pt2`` file of `torch.export` as what it is to us: numbers, and a list of operations.

`torch.export.load` trusts its input. It unpickles, executes ``guards_code`` as Python, parses sizes
with an evaluating parser, imports what the nesting of inputs and outputs names, looks operations up by
attribute from modules that lead anywhere, and pastes names into source code. None of it is done here,
and `torch.export.load` is never called: the archive is read without torch, each part of it either into
a plain value of a known kind or not at all, and `dataselect_gui.scoring.graph` runs the operations one
by one.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from dataselect_gui.checkpoints.archive import Archive, ArchiveError, DamagedArchiveError
from dataselect_gui.checkpoints.operations import SIGNATURES, Signature, objection
from dataselect_gui.errors import UnusableError

_GRAPH = re.compile(r"models/([^/]+)\.json")
_TENSOR = re.compile(r"data/(?:weights/weight|constants/tensor)_\d+")
_KNOWN = re.compile(
    r"data/(weights|constants)/[^/]+_config\.json|data/sample_inputs/[^/]+\.pt|extra/.*"
    r"|archive_format|archive_version|byteorder|\.data/(version|serialization_id)|version"
)
_LARGEST_JSON = 16 << 20
"""Bytes: a graph of ten thousand operations. In memory, JSON may take twenty times its own size."""
_MAJOR = 8
"""The version of the graph's JSON that is read."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PATH = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")
_DEEPEST = 32
_LARGEST = 2**31
_OPEN = 2**63 - 1
"""How a slice says that it goes on to the end."""
_DTYPES: Mapping[int, tuple[str, int]] = {
    1: ("uint8", 1),
    2: ("int8", 1),
    3: ("int16", 2),
    4: ("int32", 4),
    5: ("int64", 8),
    6: ("float16", 2),
    7: ("float32", 4),
    8: ("float64", 8),
    12: ("bool", 1),
    13: ("bfloat16", 2),
}
"""Of each kind of number its name, and its bytes, by PyTorch's number for it."""
_STRIDED = 7
_FORMATS = {
    1: "contiguous_format",
    2: "channels_last",
    3: "channels_last_3d",
    4: "preserve_format",
}
_FLOATS = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}
_CHECKS = re.compile(
    r"torch\.ops\.aten\.(_assert_tensor_metadata|_assert_scalar|_assert_async|sym_constrain_range"
    r"|sym_constrain_range_for_size)\.\w+"
)
"""Operations that only hold what was true at the export; they are left out."""
_REGION = re.compile(r"torch\.ops\.higher_order\.wrap_with_(set_grad_enabled|autocast)")


@dataclass(frozen=True)
class Name:
    """A value made earlier."""

    of: str


@dataclass(frozen=True)
class Dtype:
    """A kind of number: ``float32``, ``int64``, …."""

    name: str


@dataclass(frozen=True)
class Format:
    """An order of a tensor's numbers in memory."""

    name: str


@dataclass(frozen=True)
class Device:
    """Where the model runs, whatever device the file names."""


@dataclass(frozen=True)
class Operation:
    """One step of a graph.

    Attributes
    ----------
    signature : Signature
        What is done.
    arguments : dict
        With what, by name: numbers, words, None, `Name`, `Dtype`, `Format`, `Device`, and lists of
        these.
    results : tuple of str
        What the results are called.
    """

    signature: Signature
    arguments: Mapping[str, Any]
    results: tuple[str, ...]


@dataclass(frozen=True)
class Region:
    """A part of a graph that is run with or without gradients, whatever holds around it.

    Attributes
    ----------
    gradients : bool or None
        Whether with them; None for as it is around it.
    graph : Graph
        The part.
    arguments : tuple of Name
        What it is given.
    results : tuple of str
        What its results are called.
    """

    gradients: bool | None
    graph: "Graph"
    arguments: tuple[Name, ...]
    results: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """Steps, in order, from inputs to outputs."""

    inputs: tuple[str, ...]
    steps: tuple[Operation | Region, ...]
    outputs: tuple[Name | None, ...]


@dataclass(frozen=True)
class Stored:
    """A tensor that the file holds.

    Attributes
    ----------
    path : str
        What the model calls it, with dots between modules.
    is_parameter, is_trained : bool
        Whether it is a parameter, and one that is trained.
    dtype : str
        The kind of its numbers.
    content : bytearray
        Numbers one after the other; some tensors share it.
    sizes, strides : tuple of int
        As PyTorch has them. They stay within the content.
    offset : int
        The place of its first number.
    """

    path: str
    is_parameter: bool
    is_trained: bool
    dtype: str
    content: bytearray = field(repr=False)
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int

    @property
    def numbers(self) -> tuple[object, ...]:
        """Which numbers it is made of: the same for tensors that share all of theirs."""
        return id(self.content), self.dtype, self.sizes, self.strides, self.offset


@dataclass(frozen=True)
class Program:
    """What a ``.pt2`` file holds.

    Attributes
    ----------
    graph : Graph
        From stored tensors and the input to outputs.
    stored : dict
        The stored tensors, by the names of the graph's inputs.
    input : str
        The name of the graph's other input.
    input_sizes : tuple of (int or None)
        The input's shape, batch first; None for a side that may vary.
    input_example : tuple of int
        A shape that it had.
    logits : int
        Which of the outputs holds logits.
    """

    graph: Graph
    stored: Mapping[str, Stored]
    input: str
    input_sizes: tuple[int | None, ...]
    input_example: tuple[int, ...]
    logits: int


class _RefusedError(Exception):
    """Something in the file is not known to be harmless; the words say what."""


class _DamagedError(Exception):
    """Something in the file is not as `torch.export.save` writes it."""


def read_exported(name: str, content: bytes) -> Program:
    """Read a ``.pt2`` file. Nothing in it is run, imported or evaluated.

    Parameters
    ----------
    name : str
        What the file is called.
    content : bytes
        What it holds.

    Raises
    ------
    UnusableError
        Where the file is damaged, or holds something that is not known to be harmless.
    """
    try:
        return _read(Archive(content))
    except (_RefusedError, ArchiveError) as error:
        raise UnusableError(
            f"“{name}” is refused.",
            str(error),
            "Ask the consortium for a plain model in evaluation mode, written by torch.export.save as "
            "torch.export.export returned it.",
        ) from None
    except (
        _DamagedError,
        DamagedArchiveError,
        ArithmeticError,
        AttributeError,
        LookupError,
        OSError,
        TypeError,
        ValueError,
        RecursionError,
        MemoryError,
    ):
        raise UnusableError(
            f"“{name}” is damaged.",
            "It is not a model as torch.export.save writes it.",
            "Fetch the checkpoint again.",
        ) from None


def _read(archive: Archive) -> Program:
    members = {}
    for name in archive:
        root, _, inner = name.partition("/")
        if not (_KNOWN.fullmatch(inner) or _TENSOR.fullmatch(inner) or _GRAPH.fullmatch(inner)):
            _refuse(f"It holds “{inner or root}”, which is neither a tensor nor a graph.")
        members[inner] = name
    if len({name.partition("/")[0] for name in archive}) != 1:
        _refuse("Its members lie in more than one folder.")
    models = [match[1] for match in map(_GRAPH.fullmatch, members) if match]
    if len(models) != 1:
        _refuse("It does not hold exactly one graph.")
    if "byteorder" in members and archive.read(members["byteorder"]) != b"little":
        _refuse("Its numbers are stored in an order of bytes that is not read here.")
    content = _json(archive, members[f"models/{models[0]}.json"])
    if content["schema_version"]["major"] != _MAJOR:
        _refuse("It was written by a version of PyTorch whose graphs are not read here.")
    module = content["graph_module"]
    tensors = _Tensors(archive, members, models[0])
    names, stored, given = _inputs(module, tensors)
    reader = _GraphReader(protected=frozenset(stored), of_record=frozenset((given,)))
    graph = reader.read(module["graph"], dict.fromkeys(names, "Tensor"))
    specs = module["signature"]["output_specs"]
    if any("user_output" not in spec for spec in specs) or len(specs) != len(graph.outputs):
        _refuse("Running it changes its own numbers: one record would leave a trace for the next.")
    entry = module["module_call_graph"][0]["signature"]
    _check_input_spec(entry["in_spec"])
    logits = _place_of_logits(entry["out_spec"])
    if logits >= len(graph.outputs) or graph.outputs[logits] is None:
        _refuse("What it returns holds no logits.")
    meta = module["graph"]["tensor_values"][given]
    sizes = tuple(size.get("as_int") for size in meta["sizes"])
    example = tuple(
        _size(size["as_int"] if "as_int" in size else size["as_expr"]["hint"]["as_int"])
        for size in meta["sizes"]
    )
    if not sizes or math.prod(example) > _LARGEST:
        _refuse("Its input is no batch of records.")
    return Program(graph, stored, given, sizes, example, logits)


def _json(archive: Archive, name: str) -> Any:  # noqa: ANN401  (any part of JSON)
    if archive[name] > _LARGEST_JSON:
        _refuse("Its graph is larger than any that is read here.")
    return json.loads(archive.read(name))


class _Tensors:
    """The tensors of an archive, by their paths."""

    def __init__(self, archive: Archive, members: Mapping[str, str], model: str) -> None:
        self._archive, self._members = archive, members
        self._entries = {
            kind: _json(archive, members[f"data/{kind}/{model}_{kind}_config.json"])["config"]
            for kind in ("weights", "constants")
        }
        self._contents: dict[str, bytearray] = {}
        self._rooms: dict[str, int] = {}
        self._read: set[tuple[object, ...]] = set()

    def __getitem__(self, path: str) -> Stored:
        kind = "weights" if path in self._entries["weights"] else "constants"
        entry = self._entries[kind][path]
        member = f"data/{kind}/{entry['path_name']}"
        if entry["use_pickle"] or not _TENSOR.fullmatch(member):
            _refuse(f"“{path}” is stored as a pickle or a program object.")
        if not _PATH.fullmatch(path):
            _refuse("A name in it is more than a name.")
        meta = entry["tensor_meta"]
        if meta["dtype"] not in _DTYPES:
            _refuse("It holds numbers of a kind, such as complex numbers, that scores do not know.")
        if meta["layout"] != _STRIDED:
            _refuse("It holds a sparse tensor.")
        name, width = _DTYPES[meta["dtype"]]
        sizes = tuple(_size(size["as_int"]) for size in meta["sizes"])
        strides = tuple(_size(stride["as_int"]) for stride in meta["strides"])
        offset = _size(meta["storage_offset"]["as_int"])
        room = self._archive[self._members[member]] // width
        count = math.prod(sizes)
        end = offset + sum((size - 1) * step for size, step in zip(sizes, strides, strict=True)) + 1
        if len(sizes) > _DEEPEST or count > room or (count and end > room):
            _refuse(f"“{path}” claims more numbers than the file holds for it.")
        if member not in self._contents:
            self._contents[member] = self._archive.read(self._members[member])
            self._rooms[member] = self._archive[self._members[member]]
        is_parameter = kind == "weights" and entry["is_param"] is True
        stored = Stored(
            path,
            is_parameter,
            is_parameter and meta["requires_grad"] is True,
            name,
            self._contents[member],
            sizes,
            strides,
            offset,
        )
        if stored.numbers not in self._read:
            # Tensors are copied out of what they share: all of them are to be no more than the file.
            self._read.add(stored.numbers)
            self._rooms[member] -= count * width
        if self._rooms[member] < 0:
            _refuse("Its tensors share their numbers: together they claim more than the file holds.")
        return stored


def _inputs(module: Mapping[str, Any], tensors: _Tensors) -> tuple[list[str], dict[str, Stored], str]:
    """Return the names of a graph's inputs, the stored tensors among them, and the record's."""
    names: list[str] = []
    stored: dict[str, Stored] = {}
    given: list[str] = []
    specs = module["signature"]["input_specs"]
    for spec, value in zip(specs, module["graph"]["inputs"], strict=True):
        ((kind, content),) = spec.items()
        if kind == "constant_input":
            continue  # Written into the graph wherever it is used.
        argument = content["arg"].get("as_tensor") if kind == "user_input" else content["arg"]
        if value.keys() != {"as_tensor"} or argument != value["as_tensor"]:
            _refuse("It takes something else than one tensor of records.")
        name = _name(argument["name"])
        names.append(name)
        if kind == "user_input":
            given.append(name)
        elif kind in {"parameter", "buffer", "tensor_constant"}:
            stored[name] = tensors[content[f"{kind}_name"]]
        else:
            _refuse("It takes something else than one tensor of records.")
    if len(given) != 1:
        _refuse(f"It takes {len(given)} tensors, and a record is one.")
    return names, stored, given[0]


class _GraphReader:
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
            _refuse("Its graph holds program objects.")
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
            raise _DamagedError
        if _CHECKS.fullmatch(target):
            return None
        if _REGION.fullmatch(target):
            return self._region(node)
        signature = SIGNATURES.get(target)
        if signature is None:
            _refuse(f"Its graph calls “{target}”, which is not among the operations that are allowed.")
        arguments = self._arguments(signature, node["inputs"])
        of_record = any(map(self._is_of_record, _tensors(list(arguments.values()))))
        doubt = objection(signature, arguments, of_record=of_record)
        if doubt is not None:
            _refuse(f"Its graph calls “{target}” {doubt}.")
        results = tuple(self._results(signature, node["outputs"]))
        origins = self._origins_of(signature, arguments)
        if signature.in_place and origins & self._protected:
            _refuse("Running it changes its own numbers: one record would leave a trace for the next.")
        for name, kind in results:
            shared = origins if signature.shares else frozenset((name,))
            self._define(name, kind, shared)
            if of_record:
                self._of_record |= {name} | (origins if signature.in_place else frozenset())
        names = tuple(name for name, _ in results)
        has_no_kind = "dtype" in signature.arguments and arguments.get("dtype") is None
        if has_no_kind and signature.group == "constant" and not origins:
            # What makes numbers out of nothing takes PyTorch's usual kind, which may be another here.
            arguments["dtype"] = self._declared(names[0])
        return Operation(signature, arguments, names)

    def _region(self, node: Mapping[str, Any]) -> Region:
        target, given = node["target"], [one["arg"] for one in node["inputs"]]
        gradients: bool | None = None
        if target.endswith("set_grad_enabled"):
            gradients = given[0]["as_bool"] is True
        places = [number for number, one in enumerate(given) if "as_graph" in one]
        if len(places) != 1:
            _refuse(f"Its graph calls “{target}” with something else than a graph.")
        (place,) = places
        content = given[place]["as_graph"]["graph"]
        arguments = tuple(self._reference(*_named(one)) for one in given[place + 1 :])
        inputs = dict(map(_named, content["inputs"]))
        origins = [self._origins.get(argument.of, frozenset[str]()) for argument in arguments]
        inner = _GraphReader(
            frozenset(n for n, origin in zip(inputs, origins, strict=True) if origin & self._protected),
            frozenset(inputs),
        )
        graph = inner.read(content, inputs)
        results = []
        for output in node["outputs"]:
            many = output["as_tensors"] if "as_tensors" in output else [output["as_tensor"]]
            results += [_name(one["name"]) for one in many]
        for name in results:  # It may lie in the memory of anything that went in.
            self._define(name, "Tensor", frozenset((name,)).union(*origins))
        self._of_record.update(results, *origins)
        if len(results) != len(graph.outputs) or None in graph.outputs:
            raise _DamagedError
        return Region(gradients, graph, arguments, tuple(results))

    def _arguments(self, signature: Signature, given: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for one in given:
            expected = signature.arguments.get(one["name"])
            if expected is None or one["name"] in found:
                _refuse(f"Its graph calls “{signature.target}” with what it does not take.")
            ((kind, value),) = one["arg"].items()
            try:
                found[one["name"]] = self._value(expected.type, kind, value)
            except KeyError:
                _refuse(
                    f"Its graph calls “{signature.target}” with something else for “{one['name']}” "
                    "than it takes."
                )
        # In the operation's own order.
        return {name: found[name] for name in signature.arguments if name in found}

    def _value(self, expected: str, kind: str, value: Any) -> Any:  # noqa: ANN401
        """Return an argument; raise KeyError where it is not of the type that is expected."""
        plain = expected.removesuffix("?")
        if kind == "as_none":
            if plain == expected:
                raise KeyError(kind)
            return None
        if plain.endswith("[]"):
            return [
                self._value(plain[:-2], one, each) for one, each in self._parts(plain[:-2], kind, value)
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
            outputs = [{"as_tensor": one} for one in output["as_tensors"]]
            expected = ("Tensor",) * len(outputs)
        for kind, output in zip(expected, outputs, strict=True):
            ((stored, content),) = output.items()
            if kind == "Tensor" and stored == "as_tensor":
                yield _name(content["name"]), "Tensor"
            elif kind != "Tensor" and stored in {"as_sym_int", "as_sym_float", "as_sym_bool"}:
                yield _name(content["as_name"]), "Number"
            else:
                raise _DamagedError

    def _origins_of(self, signature: Signature, arguments: Mapping[str, Any]) -> frozenset[str]:
        """Return in whose memory the arguments may lie; of what changes its first, only that one's."""
        names = list(_tensors(list(arguments.values())))
        if signature.in_place:
            names = names[:1]
        return frozenset[str]().union(*(self._origins[name] for name in names if name in self._origins))

    def _is_of_record(self, name: str) -> bool:
        return name in self._of_record or not self._of_record.isdisjoint(self._origins.get(name, ()))

    def _declared(self, name: str) -> Dtype:
        return _dtype(self._dtypes[name]["dtype"])

    def _define(self, name: str, kind: str, origins: frozenset[str]) -> None:
        if name in self._kinds:
            _refuse("Two values of its graph have one name.")
        self._kinds[name] = kind
        if kind == "Tensor":
            self._origins[name] = origins

    def _reference(self, name: Any, kind: str) -> Name:  # noqa: ANN401
        if self._kinds.get(_name(name)) != kind:
            raise _DamagedError
        return Name(name)

    def _tensor(self, value: Any) -> Name:  # noqa: ANN401
        return self._reference(value["name"], "Tensor")

    def _number(self, value: Any) -> Name | int:  # noqa: ANN401
        return (
            self._reference(value["as_name"], "Number")
            if "as_name" in value
            else _integer(value["as_int"])
        )


def _named(argument: Mapping[str, Any]) -> tuple[str, str]:
    """Return the name that an argument is, and its kind."""
    if "as_tensor" in argument:
        return _name(argument["as_tensor"]["name"]), "Tensor"
    return _name(argument["as_sym_int"]["as_name"]), "Number"


def _tensors(values: Any) -> Iterator[str]:  # noqa: ANN401  (an argument, or a list of some)
    if isinstance(values, Name):
        yield values.of
    elif isinstance(values, list):
        for value in values:
            yield from _tensors(value)


def _name(name: Any) -> str:  # noqa: ANN401  (any part of JSON)
    if not isinstance(name, str):
        raise _DamagedError
    if not _NAME.fullmatch(name):
        _refuse("A name in its graph is more than a name.")
    return name


def _integer(value: Any) -> int:  # noqa: ANN401
    if type(value) is not int:
        raise _DamagedError
    if abs(value) > _LARGEST and value != _OPEN:
        _refuse("A number in its graph is out of bounds.")
    return value


def _size(value: Any) -> int:  # noqa: ANN401
    if _integer(value) < 0:
        _refuse("A number in its graph is out of bounds.")
    return int(value)


def _float(value: Any) -> float:  # noqa: ANN401
    if isinstance(value, str):
        return _FLOATS[value]
    if type(value) is not float:
        return float(_integer(value))
    return value


def _bool(value: Any) -> bool:  # noqa: ANN401
    if type(value) is not bool:
        raise _DamagedError
    return value


def _word(value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, str):
        raise _DamagedError
    return value


def _dtype(value: Any) -> Dtype:  # noqa: ANN401
    if value not in _DTYPES:
        _refuse("Its graph makes numbers of a kind that scores do not know.")
    return Dtype(_DTYPES[value][0])


def _layout(value: Any) -> None:  # noqa: ANN401
    if value != _STRIDED:
        _refuse("Its graph makes a sparse tensor.")


_NUMBERS = {
    "as_int": lambda _, value: _integer(value),
    "as_sym_int": lambda reader, value: reader._number(value),
}
_SCALARS = {
    **_NUMBERS,
    "as_float": lambda _, value: _float(value),
    "as_bool": lambda _, value: _bool(value),
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
    ("float", "as_float"): lambda _, value: _float(value),
    ("float", "as_int"): lambda _, value: _float(value),
    ("bool", "as_bool"): lambda _, value: _bool(value),
    ("str", "as_string"): lambda _, value: _word(value),
    ("ScalarType", "as_scalar_type"): lambda _, value: _dtype(value),
    ("MemoryFormat", "as_memory_format"): lambda _, value: Format(_FORMATS[value]),
    ("Layout", "as_layout"): lambda _, value: _layout(value),
    ("Device", "as_device"): lambda *_: Device(),
}
"""How an argument is read, by the type that is expected and the kind that is given."""


# The nesting of what goes in and what comes out


@dataclass(frozen=True)
class _Nested:
    """A tuple, list or dict, or one value where ``kind`` is None."""

    kind: str | None
    parts: tuple["_Nested", ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def values(self) -> int:
        return 1 if self.kind is None else sum(part.values for part in self.parts)


def _nesting(text: Any) -> _Nested:  # noqa: ANN401
    version, content = json.loads(text)
    if version != 1:
        _refuse("How its inputs or outputs are nested is written in a way that is not read here.")
    return _nested(content, _DEEPEST)


def _nested(content: Any, depth: int) -> _Nested:  # noqa: ANN401
    if not depth:
        raise _DamagedError
    kind, context, inner = content["type"], content["context"], content["children_spec"]
    parts = tuple(_nested(part, depth - 1) for part in inner)
    if kind is None and not parts:
        return _Nested(None)
    if kind in {"builtins.tuple", "builtins.list"} and context == "null":
        return _Nested(kind, parts)
    if kind == "builtins.dict":
        keys = json.loads(context)
        if isinstance(keys, list) and all(isinstance(k, str) and _NAME.fullmatch(k) for k in keys):
            return _Nested(kind, parts, tuple(keys))
    return _refuse(
        "Its inputs or outputs are nested in something else than tuples, lists, dicts and plain names."
    )


def _check_input_spec(text: Any) -> None:  # noqa: ANN401
    both = _nesting(text)
    if both.kind is None or len(both.parts) != 2 or both.parts[0].kind is None:
        raise _DamagedError
    arguments, keywords = both.parts
    if keywords.values or not arguments.parts or arguments.parts[0].kind is not None:
        _refuse("It takes its records by a keyword, or nested in something.")


def _place_of_logits(text: Any) -> int:  # noqa: ANN401
    """Return which output holds the logits: the only one, the first, or the one of that name."""
    nested, place = _nesting(text), 0
    if nested.kind is None:
        return place
    if nested.kind != "builtins.dict":
        parts: tuple[_Nested, ...] = nested.parts[:1]
    elif "logits" in nested.keys:
        number = nested.keys.index("logits")
        parts = nested.parts[number : number + 1]
        place = sum(part.values for part in nested.parts[:number])
    else:
        parts = ()
    if not parts or parts[0].kind is not None:
        _refuse("It returns no tensor where logits are expected: alone, first, or named “logits”.")
    return place


def _refuse(why: str) -> NoReturn:
    raise _RefusedError(why)
