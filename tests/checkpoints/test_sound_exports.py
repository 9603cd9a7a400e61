"""Exported models that are written in another way than most: scored as what they are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import Tensor, nn

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.scoring.clipped_sum import ClippedSum
from dataselect_gui.scoring.direction import load_direction
from dataselect_gui.scoring.model import load_model
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.tasks.single_label import SINGLE_LABEL
from tests.helpers import config, write_json
from tests.models import RECORDS, SIDE, stir, tiny_convnext, tiny_resnet, tiny_vit
from tests.oracle import oracle

CPU = torch.device("cpu")
NAMES = ["loss", "el2n", "grad_norm"]
TARGETS = [0, 1, 2, 1, 0]
PIXELS = SIDE * SIDE
Forward = Callable[["Written", Tensor], Tensor]


class Written(nn.Module):
    """A classifier, and what a function makes of it."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self.layer = nn.Linear(PIXELS, 8)
        self.norm = nn.BatchNorm1d(8)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 3)
        self.function = forward

    def forward(self, inputs: Tensor) -> Tensor:
        return self.function(self, inputs)

    def tokens(self, inputs: Tensor) -> Tensor:
        hidden = self.layer(inputs.flatten(1))[:, None]
        return torch.cat([self.token.expand(inputs.shape[0], -1, -1), hidden], dim=1)


def save_export(
    folder: Path,
    model: nn.Module,
    shapes: Any,  # noqa: ANN401  (as torch.export takes it)
    *arguments: Tensor,
    **keywords: Any,  # noqa: ANN401
) -> Path:
    folder.mkdir(exist_ok=True)
    program = torch.export.export(model, arguments, keywords, dynamic_shapes=shapes)
    torch.export.save(program, folder / "model.pt2")
    write_json(folder / "config.json", config())
    return folder


def check(folder: Path, model: nn.Module, tolerance: float = 1e-9) -> None:
    """Hold what is scored against the model as it was before its export."""
    scorer = Scorer(find_checkpoint(folder), NAMES, CPU, "float64")
    scored = scorer.score(NAMES, RECORDS, np.array(TARGETS))
    expected = oracle(model, RECORDS, TARGETS)
    for name in NAMES:
        np.testing.assert_allclose(scored[name], expected[name], rtol=tolerance, err_msg=name)


# The range of the batch

BATCHES: dict[str, Forward] = {
    "flattened": lambda m, x: m.head(m.layer(x.view(x.shape[0], -1))),
    "stored statistics": lambda m, x: m.head(m.norm(m.layer(x.flatten(1)))),
    "a token for each": lambda m, x: m.head(
        m.attention(m.tokens(x), m.tokens(x), m.tokens(x), need_weights=False)[0][:, 0]
    ),
    "by its size": lambda m, x: m.head(m.layer(x.flatten(1))) * (x.shape[0] / x.shape[0]),
}
RANGES = [{"max": 64}, {"min": 2, "max": 64}, {"min": 8, "max": 16}, {"min": 100}]


@pytest.mark.parametrize("limits", RANGES, ids=str)
@pytest.mark.parametrize("kind", BATCHES)
def test_a_range_of_batches_does_not_bound_what_is_scored(
    tmp_path: Path, kind: str, limits: dict[str, int]
) -> None:
    """Five records, fewer than some ranges begin with: each is scored by itself."""
    model = stir(Written(BATCHES[kind]), 1)
    batch = torch.export.Dim("batch", **limits)
    example = torch.rand(max(limits.get("min", 1), 3), 1, SIDE, SIDE)
    check(save_export(tmp_path, model, ({0: batch},), example), model)


def test_a_multiple_of_some_number_of_records_is_scored(tmp_path: Path) -> None:
    model = stir(Written(BATCHES["flattened"]), 1)
    shapes = ({0: 4 * torch.export.Dim("quarter", max=9)},)
    check(save_export(tmp_path, model, shapes, torch.rand(8, 1, SIDE, SIDE)), model)


def test_a_fixed_batch_is_refused(tmp_path: Path) -> None:
    model = stir(Written(BATCHES["flattened"]), 1)
    save_export(tmp_path, model, None, torch.rand(8, 1, SIDE, SIDE))
    with pytest.raises(UnusableError, match="batches of 8 alone"):
        load_model(find_checkpoint(tmp_path).final, CPU)


# Arguments by keyword


class ByKeyword(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(PIXELS, 3)

    def forward(
        self, pixel_values: Tensor, mask: Tensor | None = None, *, scale: float = 2.0
    ) -> dict[str, Tensor]:
        logits = self.layer(pixel_values.flatten(1)) * scale
        return {"logits": logits if mask is None else logits * mask}


class Plainly(nn.Module):
    """A model that takes its records by keyword, as the oracle calls it."""

    def __init__(self, inner: nn.Module, scale: float) -> None:
        super().__init__()
        self.inner, self.scale = inner, scale

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.inner(pixel_values=inputs, scale=self.scale)["logits"]
        return logits


BATCH = torch.export.Dim("batch")


@pytest.mark.parametrize("stated", [{}, {"scale": 2.0}, {"mask": None}, {"mask": None, "scale": 0.5}])
@pytest.mark.parametrize("by_keyword", [True, False])
def test_records_may_be_given_by_keyword(
    tmp_path: Path, *, stated: dict[str, Any], by_keyword: bool
) -> None:
    model, example = stir(ByKeyword(), 1), torch.rand(2, 1, SIDE, SIDE)
    shapes = {"pixel_values": {0: BATCH}, **dict.fromkeys(stated)}
    if by_keyword:
        save_export(tmp_path, model, shapes, pixel_values=example, **stated)
    else:
        save_export(tmp_path, model, shapes, example, **stated)
    check(tmp_path, Plainly(model, stated.get("scale", 2.0)))


class Nested(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(PIXELS, 3)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        logits: Tensor = self.layer(batch["x"].flatten(1))
        return logits


class OfTwo(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(PIXELS, 3)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        logits: Tensor = self.layer(x.flatten(1)) * mask
        return logits


def test_records_nested_or_beside_others_are_refused(tmp_path: Path) -> None:
    example = torch.rand(2, 1, SIDE, SIDE)
    program = torch.export.export(Nested(), ({"x": example},), dynamic_shapes=({"x": {0: BATCH}},))
    torch.export.save(program, tmp_path / "model.pt2")
    with pytest.raises(UnusableError, match="nested in something"):
        load_model(find_checkpoint(tmp_path).final, CPU)
    save_export(tmp_path, OfTwo(), {"x": {0: BATCH}, "mask": None}, x=example, mask=torch.ones(3))
    with pytest.raises(UnusableError, match="takes 2 tensors"):
        load_model(find_checkpoint(tmp_path).final, CPU)


# Models of the transformers library

LIBRARY = {"vit": tiny_vit, "resnet": tiny_resnet, "convnext": tiny_convnext}


@pytest.mark.parametrize("by_keyword", [True, False])
@pytest.mark.parametrize("family", LIBRARY)
def test_a_model_of_the_transformers_library_may_be_exported_as_it_is(
    tmp_path: Path, family: str, *, by_keyword: bool
) -> None:
    """Its results come in a class of the library, which is known by its name and not imported."""
    model, example = stir(LIBRARY[family](), 1), torch.rand(2, 1, SIDE, SIDE)
    if by_keyword:
        save_export(tmp_path, model, {"pixel_values": {0: BATCH}}, pixel_values=example)
    else:
        save_export(tmp_path, model, ({0: BATCH},), example)
    # The library's ViT takes softmax in float32, whatever its own precision is; the graph does not.
    check(tmp_path, model, 1e-6 if family == "vit" else 1e-9)


# Transposed

TRANSPOSED: dict[str, Forward] = {
    "weight.T": lambda m, x: m.head(x.flatten(1) @ m.layer.weight.T),
    "weight.mT": lambda m, x: m.head(x.flatten(1) @ m.layer.weight.mT),
    "weight.H": lambda m, x: m.head(x.flatten(1) @ m.layer.weight.H),
    "weight.mH": lambda m, x: m.head(x.flatten(1) @ m.layer.weight.mH),
    "weight.adjoint()": lambda m, x: m.head(x.flatten(1) @ m.layer.weight.adjoint()),
    "records.mT": lambda m, x: m.head(m.layer(x.mT.flatten(1))),
    "records.mH": lambda m, x: m.head(m.layer(x.mH.flatten(1))),
    "records.adjoint()": lambda m, x: m.head(m.layer(x.adjoint().flatten(1))),
    "records.T, twice": lambda m, x: m.head((m.layer.weight @ x.flatten(1).T).T),
}


@pytest.mark.parametrize("kind", TRANSPOSED)
def test_transposed_tensors_are_what_they_are(tmp_path: Path, kind: str) -> None:
    model = stir(Written(TRANSPOSED[kind]), 1)
    check(save_export(tmp_path, model, ({0: BATCH},), torch.rand(2, 1, SIDE, SIDE)), model)


# Names


class Named(nn.Module):
    """A layer and a parameter by any name."""

    def __init__(self, layer: str, scale: str) -> None:
        super().__init__()
        self.names = layer, scale
        self.add_module(layer, nn.Linear(PIXELS, 3))
        self.register_parameter(scale, nn.Parameter(torch.ones(3)))

    def forward(self, inputs: Tensor) -> Tensor:
        layer, scale = self.names
        logits: Tensor = getattr(self, layer)(inputs.flatten(1)) * getattr(self, scale)
        return logits


@pytest.mark.parametrize(
    ("layer", "scale"),
    [
        ("encoder/layer", "scale"),
        ("schicht", "größe"),
        ("täler/höhen", "a-b"),
        ("层", "名前"),
        ("with space", "w:0"),
        ("0", "a@b+c"),
    ],
)
def test_parameters_may_have_any_name(tmp_path: Path, layer: str, scale: str) -> None:
    model = stir(Named(layer, scale), 1)
    save_export(tmp_path, model, ({0: BATCH},), torch.rand(2, 1, SIDE, SIDE))
    check(tmp_path, model)
    loaded = load_model(find_checkpoint(tmp_path).final, CPU)
    names = {scale, f"{layer}.weight", f"{layer}.bias"}
    assert {name for name, _shape in ClippedSum(loaded, SINGLE_LABEL, 3, 1.0, 1000).layout} == names
    assert len(load_direction(save({scale: torch.ones(3)}), loaded)) == 1


@pytest.mark.parametrize("name", ["a'b", 'a"b', "a(b)", "a\nb", "a\\b", "a;b", "a=b", "x" * 201])
def test_a_name_that_may_be_more_than_one_is_refused(tmp_path: Path, name: str) -> None:
    model = stir(Named("layer", name), 1)
    save_export(tmp_path, model, ({0: BATCH},), torch.rand(2, 1, SIDE, SIDE))
    with pytest.raises(UnusableError, match="more than a name"):
        load_model(find_checkpoint(tmp_path).final, CPU)
