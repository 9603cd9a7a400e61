"""A ``.pt2`` file from a stranger: whatever it holds, loading and running it runs no code of theirs."""

import contextlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dataselect_gui.checkpoints.exported import read_exported
from dataselect_gui.errors import UnusableError
from tests.models import export, stir, tiny_plain

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.filterwarnings("ignore:Unable to execute the generated python source code:UserWarning"),
]

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


def load_and_run(archive: io.BytesIO | Path) -> Tensor:
    module = torch.export.load(archive).module()
    output: Tensor = module(torch.ones(3, 4))
    return output


def load_and_run_if_allowed(path: Path) -> None:
    """Do with a stranger's file all that the program does; only what it leaves behind counts."""
    with contextlib.suppress(Exception):
        load_and_run(read_exported(path))


def test_a_good_file_computes_the_same_after_it_was_made_safe(good: Path) -> None:
    expected = stir(Small(), 0)(torch.ones(3, 4))
    torch.testing.assert_close(load_and_run(read_exported(good)), expected)


def test_a_convolutional_model_survives(tmp_path: Path) -> None:
    model = stir(tiny_plain(), 1)
    path = export(tmp_path / "model.pt2", model, torch.zeros(2, 1, 16, 16))
    inputs = torch.rand(3, 1, 16, 16)
    module = torch.export.load(read_exported(path)).module()
    torch.testing.assert_close(module(inputs), model(inputs))


def test_the_shared_checkpoint_survives(shared_data: Path) -> None:
    path = shared_data / "checkpoints" / "cifar10-resnet20" / "model.pt2"
    inputs = torch.rand(2, 3, 32, 32)
    safe, given = (torch.export.load(file).module()(inputs) for file in (read_exported(path), path))
    torch.testing.assert_close(safe, given)


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
    load_and_run(read_exported(evil))
    assert not marker.exists()


def test_guards_are_never_executed(good: Path, tmp_path: Path, marker: Path) -> None:
    guard = f"{touching(marker)} is not None and L['inputs'].size()[0] >= 0"
    evil = with_graph(good, tmp_path, lambda graph: graph.update(guards_code=[guard]))
    load_and_run(evil)
    assert marker.exists(), "the payload works where it is let in"
    marker.unlink()
    load_and_run(read_exported(evil))
    assert not marker.exists()


def test_other_files_in_the_archive_are_left_out(good: Path, tmp_path: Path) -> None:
    path = rewritten(good, tmp_path, {"model/extra/evil.txt": b"text"})
    with zipfile.ZipFile(read_exported(path)) as archive:
        assert not [name for name in archive.namelist() if "extra" in name]


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
        read_exported(evil)
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
        read_exported(evil)
    load_and_run_if_allowed(evil)
    assert not marker.exists()


def test_a_packed_archive_is_refused_before_it_is_unpacked(good: Path, tmp_path: Path) -> None:
    bomb = {"model/data/weights/weight_9": bytes(1 << 24)}
    path = rewritten(good, tmp_path, bomb, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(UnusableError, match="packed"):
        read_exported(path)


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
        read_exported(evil)


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
        read_exported(evil)
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


def argument_names(marker: Path) -> Callable[[Graph], object]:
    def change(graph: Graph) -> None:
        signature = graph["graph_module"]["module_call_graph"][0]["signature"]
        signature["forward_arg_names"] = [f"inputs={touching(marker)}"]

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
    "constant": constant_input,
    "argument of the model": argument_names,
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
    with pytest.raises(UnusableError, match="refused"):
        read_exported(evil)


def with_size(good: Path, folder: Path, expression: str) -> Path:
    def change(graph: Graph) -> None:
        values = graph["graph_module"]["graph"]["tensor_values"]
        values["inputs"]["sizes"][0]["as_expr"]["expr_str"] = expression

    return with_graph(good, folder, change)


def tower(levels: int) -> str:
    """Return 9 to the power of 4, to the power of 4, …."""
    return "(" * levels + "9" + ")**4" * levels


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('true')",
        "().__class__.__base__.__subclasses__()",
        "Symbol('s0').func.__globals__",
        "[1 for x in (1,)]",
        "lambda: 1",
        "open('x')",
        "s0.is_integer",
        "(s0 := 1)",
        "f'{s0}'",
        "Symbol('__import__')",
        "9**9**9**9",
        "9**s0",
        "2**1000000",
        tower(13),
        "9 << 10000000000",
        "s0 @ 2",
        "1 +",
        "(" * 100_000 + "1" + ")" * 100_000,
        "-" * 100_000 + "1",
    ],
    ids=lambda text: text[:24],
)
def test_an_expression_that_is_more_than_arithmetic_on_sizes_is_refused(
    good: Path, tmp_path: Path, expression: str
) -> None:
    evil = with_size(good, tmp_path, expression)
    with pytest.raises(UnusableError, match=r"expression|damaged"):
        read_exported(evil)


@pytest.mark.parametrize(
    "expression",
    [
        "Symbol('s77', positive=True, integer=True)",
        "4*Symbol('s77', positive=True, integer=True)**2",
        "FloorDiv(Symbol('s77', positive=True, integer=True), 2) + 1",
        "Mod(Symbol('s77', positive=True, integer=True), 3)",
        "7",
    ],
)
def test_arithmetic_on_sizes_is_let_through(good: Path, tmp_path: Path, expression: str) -> None:
    assert read_exported(with_size(good, tmp_path, expression)).getbuffer().nbytes > 1000


@pytest.mark.parametrize(
    "content",
    [b"", b"not json", b"[1, 2]", b"\xff", b"[" * 100_000, b'{"a":' * 100_000],
    ids=["empty", "text", "list", "latin", "deep list", "deep object"],
)
def test_a_graph_that_is_no_json_object_is_refused(good: Path, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnusableError, match=r"model\.pt2"):
        read_exported(rewritten(good, tmp_path, {GRAPH: content}))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive"])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(content)
    with pytest.raises(UnusableError, match="damaged"):
        read_exported(path)


def test_a_cut_off_archive_is_refused(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(good.read_bytes()[:-100])
    with pytest.raises(UnusableError, match=r"model\.pt2"):
        read_exported(path)
