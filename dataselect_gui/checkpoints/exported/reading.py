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
from collections.abc import Mapping
from typing import Any

from dataselect_gui.checkpoints.archive import Archive, ArchiveError, DamagedArchiveError
from dataselect_gui.checkpoints.exported.graph_reader import GraphReader
from dataselect_gui.checkpoints.exported.nesting import check_input_spec, place_of_logits
from dataselect_gui.checkpoints.exported.program import Program, Stored
from dataselect_gui.checkpoints.exported.values import (
    DEEPEST,
    DTYPES,
    LARGEST,
    STRIDED,
    DamagedError,
    RefusedError,
    read_name,
    read_size,
    refuse,
)
from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _

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
_PATH = re.compile(r"[\w /:@+-]{1,200}(\.[\w /:@+-]{1,200}){0,50}")
"""Modules are found by dots alone; the rest of a name is for people, in any script."""


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
    if b"/constants.pkl" in content and b"/code/" in content:
        raise UnusableError(
            _("“{name}” is refused.", name=name),
            _("It is a TorchScript file: a program, which is never run."),
            _(
                "Ask the consortium for a file of torch.export instead: "
                "torch.export.save(torch.export.export(model, (example,)), 'model.pt2')."
            ),
        )
    try:
        return _read(Archive(content))
    except (RefusedError, ArchiveError) as error:
        raise UnusableError(
            _("“{name}” is refused.", name=name),
            str(error),
            _(
                "Ask the consortium for a plain model in evaluation mode, written by "
                "torch.export.save as torch.export.export returned it."
            ),
        ) from None
    except (
        DamagedError,
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
            _("“{name}” is damaged.", name=name),
            _("It is not a model as torch.export.save writes it."),
            _("Fetch the checkpoint again."),
        ) from None


def _read(archive: Archive) -> Program:
    members = {}
    for name in archive:
        root, _slash, inner = name.partition("/")
        if not (_KNOWN.fullmatch(inner) or _TENSOR.fullmatch(inner) or _GRAPH.fullmatch(inner)):
            refuse(_("It holds “{inner}”, which is neither a tensor nor a graph.", inner=inner or root))
        members[inner] = name
    if len({name.partition("/")[0] for name in archive}) != 1:
        refuse(_("Its members lie in more than one folder."))
    models = [match[1] for match in map(_GRAPH.fullmatch, members) if match]
    if len(models) != 1:
        refuse(_("It does not hold exactly one graph."))
    if "byteorder" in members and archive.read(members["byteorder"]) != b"little":
        refuse(_("Its numbers are stored in an order of bytes that is not read here."))
    content = _json(archive, members[f"models/{models[0]}.json"])
    if content["schema_version"]["major"] != _MAJOR:
        refuse(_("It was written by a version of PyTorch whose graphs are not read here."))
    module = content["graph_module"]
    tensors = _Tensors(archive, members, models[0])
    names, stored, given, place = _inputs(module, tensors)
    reader = GraphReader(protected=frozenset(stored), of_record=frozenset((given,)))
    graph = reader.read(module["graph"], dict.fromkeys(names, "Tensor"))
    specs = module["signature"]["output_specs"]
    if any("user_output" not in spec for spec in specs) or len(specs) != len(graph.outputs):
        refuse(_("Running it changes its own numbers: one record would leave a trace for the next."))
    entry = module["module_call_graph"][0]["signature"]
    check_input_spec(entry["in_spec"], place)
    logits = place_of_logits(entry["out_spec"])
    if logits >= len(graph.outputs) or graph.outputs[logits] is None:
        refuse(_("What it returns holds no logits."))
    meta = module["graph"]["tensor_values"][given]
    sizes = tuple(size.get("as_int") for size in meta["sizes"])
    example = tuple(
        read_size(size["as_int"] if "as_int" in size else size["as_expr"]["hint"]["as_int"])
        for size in meta["sizes"]
    )
    if not sizes or math.prod(example) > LARGEST:
        refuse(_("Its input is no batch of records."))
    return Program(graph, stored, given, sizes, example, logits)


def _json(archive: Archive, name: str) -> Any:  # noqa: ANN401  (any part of JSON)
    if archive[name] > _LARGEST_JSON:
        refuse(_("Its graph is larger than any that is read here."))
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
            refuse(_("“{path}” is stored as a pickle or a program object.", path=path))
        if not _PATH.fullmatch(path):
            refuse(_("A name in it is more than a name."))
        meta = entry["tensor_meta"]
        if meta["dtype"] not in DTYPES:
            refuse(_("It holds numbers of a kind, such as complex numbers, that scores do not know."))
        if meta["layout"] != STRIDED:
            refuse(_("It holds a sparse tensor."))
        name, width = DTYPES[meta["dtype"]]
        sizes = tuple(read_size(size["as_int"]) for size in meta["sizes"])
        strides = tuple(read_size(stride["as_int"]) for stride in meta["strides"])
        offset = read_size(meta["storage_offset"]["as_int"])
        room = self._archive[self._members[member]] // width
        count = math.prod(sizes)
        end = offset + sum((size - 1) * step for size, step in zip(sizes, strides, strict=True)) + 1
        if len(sizes) > DEEPEST or count > room or (count and end > room):
            refuse(_("“{path}” claims more numbers than the file holds for it.", path=path))
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
            refuse(_("Its tensors share their numbers: together they claim more than the file holds."))
        return stored


def _inputs(
    module: Mapping[str, Any], tensors: _Tensors
) -> tuple[list[str], dict[str, Stored], str, int]:
    """Return a graph's inputs, the stored tensors among them, the record, and its place in a call."""
    names: list[str] = []
    stored: dict[str, Stored] = {}
    given: dict[str, int] = {}
    arguments = 0
    specs = module["signature"]["input_specs"]
    for spec, value in zip(specs, module["graph"]["inputs"], strict=True):
        ((kind, content),) = spec.items()
        if kind == "constant_input":
            arguments += 1
            continue  # Written into the graph wherever it is used.
        argument = content["arg"].get("as_tensor") if kind == "user_input" else content["arg"]
        if value.keys() != {"as_tensor"} or argument != value["as_tensor"]:
            refuse(_("It takes something else than one tensor of records."))
        name = read_name(argument["name"])
        names.append(name)
        if kind == "user_input":
            given[name] = arguments
            arguments += 1
        elif kind in {"parameter", "buffer", "tensor_constant"}:
            stored[name] = tensors[content[f"{kind}_name"]]
        else:
            refuse(_("It takes something else than one tensor of records."))
    if len(given) != 1:
        refuse(_("It takes {count} tensors, and a record is one.", count=len(given)))
    ((name, place),) = given.items()
    return names, stored, name, place
