"""The operations of a .pt2 file, and how its inputs and outputs are nested."""

import json
import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dataselect_gui.checkpoints.operations import SIGNATURES
from dataselect_gui.errors import UnusableError
from tests.checkpoints.exported_files import (
    OF_STRANGE_FILES,
    Graph,
    load_and_run,
    loaded,
    nodes,
    read,
    spec,
    with_graph,
)
from tests.models import export

pytestmark = OF_STRANGE_FILES


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
    parts = ("_", "empty", "rand", "sparse", "quant", "resize", "set_", "strided", "item", "nonzero")
    for target in SIGNATURES:
        name = target.removeprefix("torch.ops.aten.").removeprefix("_operator.")
        assert name.startswith(("__and__", "__or__")) or not any(
            name.startswith(word) if word == "_" else word in name for word in parts
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
        assert [argument.by_keyword for argument in signature.arguments.values()] == by_keyword, target
        assert signature.in_place == schema.is_mutable, target
        shares = any(argument.alias_info is not None for argument in schema.returns)
        assert signature.shares or not shares, target
        for ours, theirs in zip(signature.arguments.values(), schema.arguments, strict=True):
            if ours.type.startswith("Tensor"):
                assert isinstance(theirs.type, torch.TensorType) == (ours.type == "Tensor"), target


Change = Callable[[Graph], object]


def first_inputs(*inputs: dict[str, Any], target: str) -> Change:
    given = [{"name": name, "arg": arg, "kind": 1} for group in inputs for name, arg in group.items()]
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
