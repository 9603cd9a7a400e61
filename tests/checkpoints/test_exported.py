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
from torch import Tensor

from dataselect_gui.errors import UnusableError
from tests.checkpoints.exported_files import (
    OF_STRANGE_FILES,
    WEIGHTS,
    Graph,
    Small,
    load_and_run,
    loaded,
    nodes,
    read,
    rewritten,
    with_graph,
)
from tests.models import export, stir, tiny_plain

pytestmark = OF_STRANGE_FILES

CONSTANTS = "model/data/constants/model_constants_config.json"
SAMPLE_INPUTS = "model/data/sample_inputs/model.pt"


class Payload:
    """Touches a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.marker,))


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "marker"


def touching(marker: Path) -> str:
    """Return a Python expression that leaves a mark."""
    return f"__import__('os').system('touch {marker}')"


def renamed(old: str, new: str) -> Callable[[Graph], object]:
    """Rename whatever has a name throughout a graph, as keys and as values."""

    def walk(node: Any) -> Any:  # noqa: ANN401
        if isinstance(node, dict):
            return {new if key == old else key: walk(value) for key, value in node.items()}
        if isinstance(node, list):
            return [walk(value) for value in node]
        return new if node == old else node

    return lambda graph: graph.update(walk(graph))


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
