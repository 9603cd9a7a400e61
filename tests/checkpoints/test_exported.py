"""A ``.pt2`` file from a stranger: whatever it holds, loading and running it runs no code of theirs."""

import contextlib
import io
import json
import operator
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.checkpoints.exported.program import Program
from dataselect_gui.checkpoints.exported.reading import read_exported
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.checkpoints.operations import SIGNATURES
from dataselect_gui.errors import UnusableError
from dataselect_gui.scoring.exported_model import load_exported
from dataselect_gui.scoring.graph import ExportedModel
from tests.models import export, stir, tiny_plain

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.filterwarnings("ignore:Unable to execute the generated python source code:UserWarning"),
]

CPU = torch.device("cpu")
Graph = dict[str, Any]
GRAPH = "model/models/model.json"
WEIGHTS = "model/data/weights/model_weights_config.json"
CONSTANTS = "model/data/constants/model_constants_config.json"
SAMPLE_INPUTS = "model/data/sample_inputs/model.pt"


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden: Tensor = self.linear(inputs)
        return hidden.relu()


class Payload:
    """Touches a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.marker,))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    return export(folder / "model.pt2", stir(Small(), 0), torch.zeros(2, 4))


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "marker"


def touching(marker: Path) -> str:
    """Return a Python expression that leaves a mark."""
    return f"__import__('os').system('touch {marker}')"


def rewritten(
    good: Path, folder: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED
) -> Path:
    """Copy an archive with some members replaced or added."""
    path = folder / "model.pt2"
    with zipfile.ZipFile(good) as archive, zipfile.ZipFile(path, "w", compression) as written:
        for name in dict.fromkeys((*archive.namelist(), *members)):
            written.writestr(name, members[name] if name in members else archive.read(name))
    return path


def read(path: Path) -> Program:
    return read_exported(path.name, path.read_bytes())


def with_graph(good: Path, folder: Path, change: Callable[[Graph], object]) -> Path:
    with zipfile.ZipFile(good) as archive:
        graph: Graph = json.loads(archive.read(GRAPH))
    change(graph)
    return rewritten(good, folder, {GRAPH: json.dumps(graph).encode()})


def renamed(old: str, new: str) -> Callable[[Graph], object]:
    """Rename whatever has a name throughout a graph, as keys and as values."""

    def walk(node: Any) -> Any:  # noqa: ANN401
        if isinstance(node, dict):
            return {new if key == old else key: walk(value) for key, value in node.items()}
        if isinstance(node, list):
            return [walk(value) for value in node]
        return new if node == old else node

    return lambda graph: graph.update(walk(graph))


def nodes(graph: Graph) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = graph["graph_module"]["graph"]["nodes"]
    return found


def loaded(path: Path) -> ExportedModel:
    """Load a file as the program does."""
    model, _ = load_exported(Member(path.parent, "exported", (path,), None, {}, None), CPU)
    return model


def load_and_run(path: Path) -> Tensor:
    output: Tensor = loaded(path)(torch.ones(3, 4))
    return output


def load_and_run_trusting(path: Path) -> Tensor:
    """Load a file as PyTorch does."""
    output: Tensor = torch.export.load(path).module()(torch.ones(3, 4))
    return output


def load_and_run_if_allowed(path: Path) -> None:
    """Do with a stranger's file all that the program does; only what it leaves behind counts."""
    with contextlib.suppress(UnusableError):
        load_and_run(path)


def test_a_good_file_computes_the_same_after_it_was_made_safe(good: Path) -> None:
    expected = stir(Small(), 0)(torch.ones(3, 4))
    torch.testing.assert_close(load_and_run(good), expected)


def test_a_convolutional_model_survives(tmp_path: Path) -> None:
    model = stir(tiny_plain(), 1)
    path = export(tmp_path / "model.pt2", model, torch.zeros(2, 1, 16, 16))
    inputs = torch.rand(3, 1, 16, 16)
    torch.testing.assert_close(loaded(path)(inputs), model(inputs))


def test_the_shared_checkpoint_survives(shared_data: Path) -> None:
    path = shared_data / "checkpoints" / "cifar10-resnet20" / "model.pt2"
    inputs = torch.rand(2, 3, 32, 32)
    model = loaded(path)
    assert model.runs_together
    torch.testing.assert_close(model(inputs), torch.export.load(path).module()(inputs))


# What is neutralised


def pickled(value: object) -> bytes:
    stored = io.BytesIO()
    torch.save(value, stored)
    return stored.getvalue()


def test_sample_inputs_are_never_unpickled(good: Path, tmp_path: Path, marker: Path) -> None:
    evil = rewritten(good, tmp_path, {SAMPLE_INPUTS: pickled(((Payload(marker),), {}))})
    with contextlib.suppress(TypeError):  # From a message of torch with one value too few.
        torch.export.load(evil)
    assert marker.exists(), "the payload works where it is let in"
    marker.unlink()
    load_and_run(evil)
    assert not marker.exists()


def test_guards_are_never_executed(good: Path, tmp_path: Path, marker: Path) -> None:
    guard = f"{touching(marker)} is not None and L['inputs'].size()[0] >= 0"
    evil = with_graph(good, tmp_path, lambda graph: graph.update(guards_code=[guard]))
    load_and_run_trusting(evil)
    assert marker.exists(), "the payload works where it is let in"
    marker.unlink()
    load_and_run(evil)
    assert not marker.exists()


def test_other_files_in_the_archive_are_left_out(good: Path, tmp_path: Path) -> None:
    path = rewritten(good, tmp_path, {"model/extra/evil.txt": b"text"})
    torch.testing.assert_close(load_and_run(path), load_and_run(good))


# What is refused


@pytest.mark.parametrize("config", [WEIGHTS, CONSTANTS])
@pytest.mark.parametrize(
    ("path_name", "use_pickle"),
    [
        ("weight_0", True),
        ("custom_obj_0", False),
        ("opaque_obj_0", False),
        ("opaque_obj_0", True),
        ("../weights/weight_0", False),
        ("model.pt", False),
    ],
)
def test_pickled_tensors_and_program_objects_are_refused(
    good: Path, tmp_path: Path, marker: Path, config: str, path_name: str, use_pickle: bool
) -> None:
    with zipfile.ZipFile(good) as archive:
        content = json.loads(archive.read(WEIGHTS))
    entry = next(iter(content["config"].values()))
    entry.update(path_name=path_name, use_pickle=use_pickle)
    stored = f"{config.rpartition('/')[0]}/{path_name}"
    evil = rewritten(
        good, tmp_path, {config: json.dumps(content).encode(), stored: pickled(Payload(marker))}
    )
    with pytest.raises(UnusableError, match="refused"):
        read(evil)
    load_and_run_if_allowed(evil)
    assert not marker.exists()


@pytest.mark.parametrize(
    "name",
    [
        "model/data/weights/model.pt",
        "model/data/constants/model.pt",
        "model/data/constants/custom_obj_0",
        "model/data/constants/opaque_obj_0",
        "model/data/aotinductor/model/model.so",
        "model/data/aotinductor/model/model.cpp",
        "model/data/aotinductor/model/metadata.json",
        "model/code/evil.py",
        "model/models/sub/model.json",
        "model/../evil",
        "evil",
        "other/data/weights/model.pt",
    ],
)
def test_a_member_of_an_unknown_kind_is_refused(
    good: Path, tmp_path: Path, marker: Path, name: str
) -> None:
    evil = rewritten(good, tmp_path, {name: pickled(Payload(marker))})
    with pytest.raises(UnusableError, match="refused"):
        read(evil)
    load_and_run_if_allowed(evil)
    assert not marker.exists()


def test_a_packed_archive_is_refused_before_it_is_unpacked(good: Path, tmp_path: Path) -> None:
    bomb = {"model/data/weights/weight_9": bytes(1 << 24)}
    path = rewritten(good, tmp_path, bomb, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(UnusableError, match="packed"):
        read(path)


@pytest.mark.parametrize(
    "target",
    [
        "torch.os.system",
        "torch.load",
        "torch.hub.load",
        "torch.ops.load_library",
        "torch.ops.aten.from_file.default",
        "torch.ops.aten.relu.default.__class__",
        "torch.ops.mine.op.default",
        "torch.ops.higher_order.cond",
        "torch.sys.modules",
        "math.__loader__.load_module",
        "_operator.methodcaller",
        "_operator.call",
        "_operator.attrgetter",
        "#extension:op",
        "torch.ops.aten.relu.default\n",
        "",
    ],
)
def test_an_operation_that_is_not_on_the_list_is_refused(
    good: Path, tmp_path: Path, target: str
) -> None:
    evil = with_graph(good, tmp_path, lambda graph: nodes(graph)[1].update(target=target))
    with pytest.raises(UnusableError, match="graph calls"):
        read(evil)


def hidden_call(graph: Graph, argument: dict[str, Any], command: str) -> None:
    """Let an allowed operation call what it gets as an argument."""
    arguments = ({"as_bool": True}, argument, {"as_string": command})
    inputs = [{"name": "", "arg": each, "kind": 1} for each in arguments]
    nodes(graph)[1].update(
        target="torch.ops.higher_order.wrap_with_set_grad_enabled",
        inputs=inputs,
        is_hop_single_tensor_return=True,
    )


def test_an_operation_as_an_argument_is_checked_too(good: Path, tmp_path: Path, marker: Path) -> None:
    def change(graph: Graph) -> None:
        hidden_call(graph, {"as_operator": "torch.os.system"}, f"touch {marker}")

    evil = with_graph(good, tmp_path, change)
    with pytest.raises(UnusableError, match="refused"):
        read(evil)
    load_and_run_if_allowed(evil)
    assert not marker.exists()


def named_argument(marker: Path) -> Callable[[Graph], object]:
    def change(graph: Graph) -> None:
        hidden_call(graph, {"as_tensor": {"name": "linear"}}, "x")
        name = f"key={touching(marker)}, other"
        nodes(graph)[1]["inputs"].append({"name": name, "arg": {"as_int": 1}, "kind": 2})

    return change


def constant_input(marker: Path) -> Callable[[Graph], object]:
    def change(graph: Graph) -> None:
        name = f"constant={touching(marker)}"
        spec = {"constant_input": {"name": name, "value": {"as_int": 1}}}
        graph["graph_module"]["signature"]["input_specs"].append(spec)
        graph["graph_module"]["graph"]["inputs"].append({"as_int": 1})

    return change


def keyword_names(marker: Path) -> Callable[[Graph], object]:
    def change(graph: Graph) -> None:
        signature = graph["graph_module"]["module_call_graph"][0]["signature"]
        spec = json.loads(signature["in_spec"])
        spec[1]["children_spec"][1]["context"] = json.dumps([f"key={touching(marker)}"])
        spec[1]["children_spec"][1]["children_spec"] = [spec[1]["children_spec"][0]]
        signature["in_spec"] = json.dumps(spec)
        signature["forward_arg_names"] = None

    return change


NAMES: dict[str, Callable[[Path], Callable[[Graph], object]]] = {
    "input": lambda marker: renamed("inputs", f"inputs={touching(marker)}"),
    "parameter's input": lambda marker: renamed("p_linear_weight", f"p={touching(marker)}; p"),
    "parameter": lambda marker: renamed("linear.weight", f"']+{touching(marker)}+['"),
    "operation": lambda marker: renamed("linear", f"a = {touching(marker)}; linear"),
    "line": lambda marker: renamed("linear", f"a = 1\n    {touching(marker)}\n    linear"),
    "output": lambda marker: renamed("relu", f"({touching(marker)}, relu)"),
    "argument of an operation": named_argument,
    "keyword of the model": keyword_names,
}


@pytest.mark.parametrize("kind", NAMES)
# constant's and the operation's argument name run a stranger's program.
def test_a_name_that_is_source_code_is_refused(
    good: Path, tmp_path: Path, marker: Path, kind: str
) -> None:
    evil = with_graph(good, tmp_path, NAMES[kind](marker))
    load_and_run_if_allowed(evil)
    assert not marker.exists()
    with pytest.raises(UnusableError, match=r"refused|damaged"):
        read(evil)


def test_names_of_the_models_arguments_are_not_read(good: Path, tmp_path: Path, marker: Path) -> None:
    def change(graph: Graph) -> None:
        signature = graph["graph_module"]["module_call_graph"][0]["signature"]
        signature["forward_arg_names"] = [f"inputs={touching(marker)}"]

    load_and_run(with_graph(good, tmp_path, change))
    load_and_run(with_graph(good, tmp_path, constant_input(marker)))
    assert not marker.exists()


def with_size(good: Path, folder: Path, expression: str) -> Path:
    def change(graph: Graph) -> None:
        values = graph["graph_module"]["graph"]["tensor_values"]
        values["inputs"]["sizes"][0]["as_expr"]["expr_str"] = expression
        values["linear"]["sizes"][0]["as_expr"]["expr_str"] = expression

    return with_graph(good, folder, change)


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('touch {}')",
        "9**9**9**9",
        "(" * 10_000,
        "Symbol('s0').func.__globals__",
    ],
    ids=lambda text: text[:24],
)
def test_expressions_of_sizes_are_never_evaluated(
    good: Path, tmp_path: Path, marker: Path, expression: str
) -> None:
    evil = with_size(good, tmp_path, expression.replace("{}", str(marker)))
    torch.testing.assert_close(load_and_run(evil), load_and_run(good))
    assert not marker.exists()


# How inputs and outputs are nested


def spec(kind: str, context: object, *parts: object) -> dict[str, object]:
    return {"type": kind, "context": json.dumps(context), "children_spec": list(parts)}


LEAF: dict[str, object] = {"type": None, "context": None, "children_spec": []}
IMPORTS = (
    "defaultdict",
    "enum",
    "named tuple",
    "ordered dict",
    "data class",
    "deque",
    "registered",
    "almost the library's",
    "the library's pipeline",
    "names that are none",
    "more names than values",
)


def importing(kind: str, module: str) -> dict[str, object]:
    factory = {
        "default_factory_module": module,
        "default_factory_name": "x",
        "dict_context": ["logits"],
    }
    return {
        "defaultdict": {**spec("collections.defaultdict", None, LEAF), "context": factory},
        "enum": spec("builtins.dict", [{"__enum__": True, "fqn": f"{module}.x", "name": "A"}], LEAF),
        "named tuple": spec("collections.namedtuple", f"{module}.x", LEAF),
        "ordered dict": spec("collections.OrderedDict", ["logits"], LEAF),
        "data class": spec(f"{module}.Record", [["logits"], []], LEAF),
        "deque": spec("collections.deque", 3, LEAF),
        "registered": spec(f"{module}.ImageClassifierOutput", ["logits"], LEAF),
        "almost the library's": spec(f"transformers{module}.ImageClassifierOutput", ["logits"], LEAF),
        "the library's pipeline": spec("transformers.pipeline", ["logits"], LEAF),
        "names that are none": spec("transformers.modeling_outputs.Output", ["a; b"], LEAF),
        "more names than values": spec("transformers.modeling_outputs.Output", ["a", "b"], LEAF),
    }[kind]


@pytest.mark.parametrize("kind", IMPORTS)
@pytest.mark.parametrize("place", ["in_spec", "out_spec"])
def test_a_nesting_that_would_import_a_module_is_refused(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, place: str
) -> None:
    (tmp_path / "stranger_module.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))

    def change(graph: Graph) -> None:
        nested = importing(kind, "stranger_module")
        if place == "in_spec":
            nested = spec(
                "builtins.tuple", None, spec("builtins.tuple", None, nested), spec("builtins.dict", [])
            )
        graph["graph_module"]["module_call_graph"][0]["signature"][place] = json.dumps([1, nested])

    evil = with_graph(good, tmp_path, change)
    if kind in {"defaultdict", "enum"}:
        with pytest.raises(SystemExit, match="imported"):  # As it is where the file is trusted.
            torch.export.load(evil)
    with pytest.raises(UnusableError, match="tuples, lists, dicts and plain names"):
        read(evil)


@pytest.mark.parametrize(
    "nested",
    [
        LEAF,
        spec("builtins.tuple", None, LEAF),
        spec("builtins.list", None, LEAF),
        spec("builtins.dict", ["logits"], LEAF),
        spec("transformers.modeling_outputs.ImageClassifierOutput", ["logits"], LEAF),
        spec("transformers.models.levit.modeling_levit.LevitOutput", ["logits"], LEAF),
    ],
)
def test_logits_may_be_nested_in_what_python_has(good: Path, tmp_path: Path, nested: object) -> None:
    def change(graph: Graph) -> None:
        graph["graph_module"]["module_call_graph"][0]["signature"]["out_spec"] = json.dumps([1, nested])

    torch.testing.assert_close(load_and_run(with_graph(good, tmp_path, change)), load_and_run(good))


# Operations


UNSAFE = {
    "torch.ops.aten._sparse_coo_tensor_unsafe.default": "writes out of bounds",
    "torch.ops.aten._to_dense.default": "sparse",
    "torch.ops.aten.sparse_coo_tensor.indices": "sparse",
    "torch.ops.aten.to_sparse.default": "sparse",
    "torch.ops.aten.empty.memory_format": "memory as it was",
    "torch.ops.aten.empty_like.default": "memory as it was",
    "torch.ops.aten.new_empty.default": "memory as it was",
    "torch.ops.aten.empty_strided.default": "memory as it was",
    "torch.ops.aten.resize_.default": "memory as it was",
    "torch.ops.aten.set_.source_Storage": "any memory",
    "torch.ops.aten.as_strided.default": "any memory",
    "torch.ops.aten.rand.default": "draws",
    "torch.ops.aten.bernoulli.default": "draws",
    "torch.ops.aten.multinomial.default": "draws",
    "torch.ops.aten.item.default": "reads a number",
    "torch.ops.aten._local_scalar_dense.default": "reads a number",
    "torch.ops.aten.nonzero.default": "sizes by numbers",
    "torch.ops.aten.masked_select.default": "sizes by numbers",
    "torch.ops.aten.unique_dim.default": "sizes by numbers",
    "torch.ops.aten.quantize_per_tensor_dynamic.default": "by the whole batch",
    "torch.ops.aten.fake_quantize_per_tensor_affine.default": "by the whole batch",
    "torch.ops.aten.prod.default": "counts zeros of the whole batch in its gradient",
}


@pytest.mark.parametrize("target", UNSAFE)
def test_an_unsafe_operation_is_refused(good: Path, tmp_path: Path, target: str) -> None:
    evil = with_graph(good, tmp_path, lambda graph: nodes(graph)[1].update(target=target))
    with pytest.raises(UnusableError, match="not among the operations"):
        read(evil)


def test_nothing_on_the_list_is_of_a_kind_that_is_unsafe() -> None:
    words = ("_", "empty", "rand", "sparse", "quant", "resize", "set_", "strided", "item", "nonzero")
    for target in SIGNATURES:
        name = target.removeprefix("torch.ops.aten.").removeprefix("_operator.")
        assert name.startswith(("__and__", "__or__")) or not any(
            name.startswith(word) if word == "_" else word in name for word in words
        ), name


def test_every_signature_on_the_list_is_pytorchs_own() -> None:
    for target, signature in SIGNATURES.items():
        if signature.group == "number":
            assert hasattr(operator, target.removeprefix("_operator."))
            continue
        name, _, overload = target.removeprefix("torch.ops.aten.").partition(".")
        schema = getattr(getattr(torch.ops.aten, name), overload)._schema
        assert list(signature.arguments) == [argument.name for argument in schema.arguments], target
        by_keyword = [argument.kwarg_only for argument in schema.arguments]
        assert [one.by_keyword for one in signature.arguments.values()] == by_keyword, target
        assert signature.in_place == schema.is_mutable, target
        shares = any(one.alias_info is not None for one in schema.returns)
        assert signature.shares or not shares, target
        for ours, theirs in zip(signature.arguments.values(), schema.arguments, strict=True):
            if ours.type.startswith("Tensor"):
                assert isinstance(theirs.type, torch.TensorType) == (ours.type == "Tensor"), target


Change = Callable[[Graph], object]


def first_inputs(*inputs: dict[str, Any], target: str) -> Change:
    given = [{"name": name, "arg": arg, "kind": 1} for one in inputs for name, arg in one.items()]
    return lambda graph: nodes(graph)[1].update(target=f"torch.ops.aten.{target}", inputs=given)


LINEAR = {"self": {"as_tensor": {"name": "linear"}}}
WRONG_ARGUMENTS: dict[str, Change] = {
    "a word for a tensor": first_inputs({"self": {"as_string": "linear"}}, target="relu.default"),
    "a device for a number": first_inputs(
        LINEAR, {"dim": {"as_device": {"type": "cpu"}}}, target="unsqueeze.default"
    ),
    "an unknown argument": first_inputs(LINEAR, {"out": LINEAR["self"]}, target="relu.default"),
    "a huge number": first_inputs(LINEAR, {"dim": {"as_int": 2**40}}, target="unsqueeze.default"),
    "chance": first_inputs(
        {"input": LINEAR["self"]},
        {"p": {"as_float": 0.5}},
        {"train": {"as_bool": True}},
        target="dropout.default",
    ),
    "complex numbers": first_inputs(LINEAR, {"dtype": {"as_scalar_type": 10}}, target="to.dtype"),
    "an unknown word": first_inputs(
        LINEAR, {"pad": {"as_ints": [1, 1]}}, {"mode": {"as_string": "other"}}, target="pad.default"
    ),
    **{
        f"{mode} padding by less than nothing": first_inputs(
            LINEAR,
            {"pad": {"as_ints": [-3, 3]}},
            {"mode": {"as_string": mode}},
            target="pad.default",
        )
        for mode in ("circular", "reflect", "replicate")
    },
    "an address by a scale": first_inputs(
        {"input": LINEAR["self"]},
        {"output_size": {"as_none": True}},
        {"scale_factors": {"as_floats": [1e-300]}},
        target="upsample_nearest1d.vec",
    ),
}


@pytest.mark.parametrize("kind", WRONG_ARGUMENTS)
def test_an_argument_that_an_operation_does_not_take_is_refused(
    good: Path, tmp_path: Path, kind: str
) -> None:
    with pytest.raises(UnusableError, match="refused"):
        read(with_graph(good, tmp_path, WRONG_ARGUMENTS[kind]))


# What would leave a trace


class Counting(nn.Module):
    """Changes something of its own whenever it runs."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.linear = nn.Linear(4, 3)
        self.seen: Tensor
        self.register_buffer("seen", torch.zeros(4))

    def forward(self, inputs: Tensor) -> Tensor:
        seen: Tensor = self.seen
        if self.kind == "a buffer":
            seen.add_(inputs.mean(dim=0))
        elif self.kind == "a part of a buffer":
            seen[1:].copy_(inputs[0, 1:])
        elif self.kind == "a buffer by another shape":
            seen.view(2, 2).mul_(inputs.sum())
        elif self.kind == "a parameter":
            self.linear.bias.detach().add_(inputs.mean())
        logits: Tensor = self.linear(inputs + seen)
        return logits


@pytest.mark.parametrize(
    "kind", ["a buffer", "a part of a buffer", "a buffer by another shape", "a parameter"]
)
def test_a_graph_that_changes_its_own_numbers_is_refused(tmp_path: Path, kind: str) -> None:
    path = export(tmp_path / "model.pt2", Counting(kind), torch.zeros(2, 4))
    with pytest.raises(UnusableError, match="trace"):
        loaded(path)


# The archive


def joined(path: Path, folder: Path, change: Callable[[list[zipfile.ZipInfo]], object]) -> Path:
    """Rewrite an archive's directory alone."""
    evil = folder / "model.pt2"
    evil.write_bytes(path.read_bytes())
    with zipfile.ZipFile(evil, "a") as archive:
        change(archive.filelist)
        archive._didModify = True  # type: ignore[attr-defined]
    return evil


def another_name_for_it(members: list[zipfile.ZipInfo]) -> None:
    copy = zipfile.ZipInfo("model/data/weights/weight_7")
    first = members[0]
    copy.header_offset, copy.file_size = first.header_offset, first.file_size
    copy.compress_size, copy.CRC = first.compress_size, first.CRC
    members.append(copy)


def twice(members: list[zipfile.ZipInfo]) -> None:
    members.append(members[0])


def longer(members: list[zipfile.ZipInfo]) -> None:
    members[0].file_size = members[0].compress_size = members[0].file_size + 4000


def beyond_the_end(members: list[zipfile.ZipInfo]) -> None:
    members[-1].file_size = members[-1].compress_size = 1 << 30


def of_two_sizes(members: list[zipfile.ZipInfo]) -> None:
    members[0].file_size += 1 << 30


@pytest.mark.parametrize("change", [another_name_for_it, twice, longer, beyond_the_end, of_two_sizes])
def test_members_that_unpack_to_more_than_the_file_are_refused(
    good: Path, tmp_path: Path, change: Callable[[list[zipfile.ZipInfo]], object]
) -> None:
    with pytest.raises(UnusableError, match=r"overlap|one name|size|not where"):
        read(joined(good, tmp_path, change))


def test_a_member_that_is_not_what_was_stored_is_refused(good: Path, tmp_path: Path) -> None:
    content = bytearray(good.read_bytes())
    with zipfile.ZipFile(good) as archive:
        place = archive.getinfo("model/data/weights/weight_0").header_offset
    content[place + 100] ^= 1
    path = tmp_path / "model.pt2"
    path.write_bytes(content)
    with pytest.raises(UnusableError, match=r"damaged|not where"):
        read(path)


@pytest.mark.parametrize(
    "meta",
    [
        {"sizes": [{"as_int": 300_000}, {"as_int": 4}]},
        {"sizes": [{"as_int": -3}, {"as_int": 4}]},
        {"strides": [{"as_int": 4}, {"as_int": 4000}]},
        {"strides": [{"as_int": -4}, {"as_int": 1}]},
        {"storage_offset": {"as_int": 1}},
        {"storage_offset": {"as_int": 2**62}},
        {"sizes": [{"as_int": 1 << 28}, {"as_int": 4}], "strides": [{"as_int": 0}, {"as_int": 0}]},
        {"dtype": 8},
        {"dtype": 10},
        {"layout": 1},
    ],
    ids=str,
)
def test_a_tensor_that_reaches_beyond_what_is_stored_is_refused(
    good: Path, tmp_path: Path, meta: dict[str, Any]
) -> None:
    with zipfile.ZipFile(good) as archive:
        content = json.loads(archive.read(WEIGHTS))
    content["config"]["linear.weight"]["tensor_meta"].update(meta)
    evil = rewritten(good, tmp_path, {WEIGHTS: json.dumps(content).encode()})
    with pytest.raises(UnusableError, match="refused"):
        read(evil)


def with_views(good: Path, folder: Path, views: list[tuple[int, int]]) -> Path:
    """Add parameters that lie in the same stored numbers as another, by size and offset."""
    with zipfile.ZipFile(good) as archive:
        graph, weights = json.loads(archive.read(GRAPH)), json.loads(archive.read(WEIGHTS))
    module, first = graph["graph_module"], weights["config"]["linear.weight"]
    values, specs = module["graph"]["tensor_values"], module["signature"]["input_specs"]
    known = next(s for s in specs if s["parameter"]["parameter_name"] == "linear.weight")
    for number, (size, offset) in enumerate(views):
        name, entry = f"view_{number}", json.loads(json.dumps(first))
        entry["tensor_meta"].update(
            sizes=[{"as_int": size}], strides=[{"as_int": 1}], storage_offset={"as_int": offset}
        )
        weights["config"][name] = entry
        spec = json.loads(json.dumps(known))
        spec["parameter"].update(parameter_name=name, arg={"name": f"p_{name}"})
        values[f"p_{name}"] = values[known["parameter"]["arg"]["name"]]
        specs.insert(0, spec)
        module["graph"]["inputs"].insert(0, {"as_tensor": {"name": f"p_{name}"}})
    members = {GRAPH: json.dumps(graph).encode(), WEIGHTS: json.dumps(weights).encode()}
    return rewritten(good, folder, members)


@pytest.mark.parametrize(
    "views",
    [[(11, 1)], [(12, 0)], [(6, 0), (6, 6), (1, 3)], [(11, 0), (11, 1), (10, 1), (10, 2)]],
    ids=str,
)
def test_tensors_that_together_claim_more_than_is_stored_are_refused(
    good: Path, tmp_path: Path, views: list[tuple[int, int]]
) -> None:
    with pytest.raises(UnusableError, match="together they claim more than the file holds"):
        read(with_views(good, tmp_path, views))


def test_parameters_that_share_all_their_numbers_are_one(tmp_path: Path) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.other, self.exit = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 3)
            self.other.weight = self.one.weight

        def forward(self, inputs: Tensor) -> Tensor:
            logits: Tensor = self.exit(self.other(self.one(inputs)))
            return logits

    model = stir(Tied(), 0)
    tied = loaded(export(tmp_path / "model.pt2", model, torch.zeros(2, 4)))
    assert len(list(tied.parameters())) == len(list(model.parameters())) == 5
    torch.testing.assert_close(tied(torch.ones(2, 4)), model(torch.ones(2, 4)))


# What a run would hold


class Widening(nn.Module):
    """Makes much of little, of a size of which no memory is to be asked."""

    def __init__(self, kind: str, side: int) -> None:
        super().__init__()
        self.kind, self.side, self.exit = kind, side, nn.Linear(4, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.exit(inputs)
        summed: Tensor = logits + getattr(self, self.kind)(inputs[:, :1])
        return summed

    def product(self, one: Tensor) -> Tensor:
        left = one[:, :, None, None, None].expand(-1, self.side, 1, 1, self.side)
        return (left @ left.permute(0, 2, 1, 4, 3)).sum((1, 2, 3, 4))[:, None]

    def outer(self, one: Tensor) -> Tensor:
        wide, square = (one.new_ones(1).expand(*(self.side,) * rank) for rank in (1, 2))
        operands = [wide, square, square, square]
        summed: Tensor = torch.ops.aten.einsum.default("a,bc,ac,ab->", operands)
        return summed * one

    def attention(self, one: Tensor) -> Tensor:
        tokens = one[:, :, None, None].expand(-1, 2, self.side**2, 4)
        attended = nn.functional.scaled_dot_product_attention(tokens, tokens, tokens)
        return attended[:, 0, 0, :1]

    def convolution(self, one: Tensor) -> Tensor:
        image = one[:, :, None, None].expand(-1, 16, 2 * self.side, 2 * self.side)
        weight = one.new_ones(1, 16, 9, 9)
        return nn.functional.conv2d(image, weight)[:, 0, 0, :1]

    def many(self, one: Tensor) -> Tensor:
        kept = [one.expand(-1, self.side**2 * 24) + number for number in range(24)]
        return torch.stack([each[:, 0] for each in kept]).sum(dim=0)[:, None]

    def chain(self, one: Tensor) -> Tensor:
        square = one[:, :1, None].expand(-1, self.side, self.side) / self.side
        for _ in range(120):
            square = square @ square
        return square[:, 0, :1]

    def one_after_the_other(self, one: Tensor) -> Tensor:
        for number in range(24):
            one = (one.expand(-1, self.side**2 * 24) + number)[:, :1] * 1
        return one


WIDENING = ["product", "outer", "attention", "convolution", "many"]


@pytest.mark.parametrize("kind", WIDENING)
def test_a_graph_that_holds_too_much_is_refused_before_it_does(tmp_path: Path, kind: str) -> None:
    path = export(tmp_path / "model.pt2", Widening(kind, 1400), torch.zeros(2, 4))
    with pytest.raises(UnusableError, match="million numbers at once"):
        loaded(path)


def test_a_graph_that_takes_too_long_is_refused_before_it_does(tmp_path: Path) -> None:
    path = export(tmp_path / "model.pt2", Widening("chain", 1400), torch.zeros(2, 4))
    with pytest.raises(UnusableError, match="operations"):
        loaded(path)


@pytest.mark.parametrize("kind", [*WIDENING, "chain", "one_after_the_other"])
def test_a_graph_that_holds_less_runs(tmp_path: Path, kind: str) -> None:
    model = stir(Widening(kind, 8), 0)
    inputs = torch.randn(3, 4)
    path = export(tmp_path / "model.pt2", model, torch.zeros(2, 4))
    torch.testing.assert_close(loaded(path)(inputs), model(inputs))


def test_what_is_no_longer_held_does_not_count(tmp_path: Path) -> None:
    path = export(tmp_path / "model.pt2", Widening("one_after_the_other", 1400), torch.zeros(2, 4))
    program = read(path)
    ExportedModel(program).check_sizes(torch.zeros(1, 4))


def test_a_graph_of_more_bytes_than_any_is_refused_unread(good: Path, tmp_path: Path) -> None:
    evil = rewritten(good, tmp_path, {GRAPH: b"[" + b"[]," * (6 << 20) + b"[]]"})
    with pytest.raises(UnusableError, match="larger than any"):
        read(evil)


# What is no archive, or no graph


@pytest.mark.parametrize(
    "content",
    [b"", b"not json", b"[1, 2]", b"\xff", b"[" * 100_000, b'{"a":' * 100_000],
    ids=["empty", "text", "list", "latin", "deep list", "deep object"],
)
def test_a_graph_that_is_no_json_object_is_refused(good: Path, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnusableError, match=r"model\.pt2"):
        read(rewritten(good, tmp_path, {GRAPH: content}))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive"])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(content)
    with pytest.raises(UnusableError, match="damaged"):
        read(path)


def test_a_cut_off_archive_is_refused(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(good.read_bytes()[:-100])
    with pytest.raises(UnusableError, match=r"model\.pt2"):
        read(path)


def test_a_file_that_changed_since_it_was_hashed_is_not_loaded(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(good.read_bytes())
    member = find_checkpoint(path).final
    load_exported(member, torch.device("cpu"))
    export(path, stir(Small(), 1), torch.zeros(2, 4))
    with pytest.raises(UnusableError, match="changed while it was read"):
        load_exported(member, torch.device("cpu"))
