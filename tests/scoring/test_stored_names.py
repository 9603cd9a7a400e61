"""What leaves or is read by a parameter's name goes by the names of the checkpoint's files."""

import copy
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save, save_file
from torch import Tensor, nn
from torch.nn.utils import parametrize
from transformers import AutoModelForImageClassification, PreTrainedModel

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.scoring.clipped_sum import ClippedSum
from dataselect_gui.scoring.direction import load_direction
from dataselect_gui.scoring.model import PREFIX, Model, in_precision, load_model
from dataselect_gui.tasks.single_label import SINGLE_LABEL
from tests.families import IMAGES, MORE_IMAGES, image_model, images
from tests.models import SIDE, export, save_member, stir, tiny_vit
from tests.oracle import logits_of

CPU = torch.device("cpu")
CLIP, STEPS, TARGET = 1e6, 1 << 30, 1
"""A norm that clips nothing; and steps of a thousandth."""
WEIGHTS = "model.safetensors"


def released(folder: Path, record: Tensor) -> dict[str, Tensor]:
    """Return a record's gradient by the names under which it would leave."""
    model = in_precision(load_model(find_checkpoint(folder).final, CPU), torch.float64)
    summed = ClippedSum(model, SINGLE_LABEL, 3, CLIP, STEPS)
    gradient = torch.from_numpy(summed.gradient(record.double(), np.array([TARGET])))
    parts = gradient.split([int(np.prod(shape, dtype=int)) for _name, shape in summed.layout])
    return {name: part.reshape(shape) for (name, shape), part in zip(summed.layout, parts, strict=True)}


def by_definition(model: nn.Module, record: Tensor) -> dict[str, Tensor]:
    """Return it by autograd in float64, by the names in the model."""
    double, logits = logits_of(model)
    named = dict(double.named_parameters())
    loss = nn.functional.cross_entropy(logits(record.double()), torch.tensor([TARGET]))
    actual = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
    return {
        name: torch.zeros_like(p) if gradient is None else gradient
        for (name, p), gradient in zip(named.items(), actual, strict=True)
    }


def check_receiver(folder: Path, gradient: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    """Hold a gradient against the expected one as its receiver would use it.

    It is put in the place of the tensors of the checkpoint's file, and loaded by the plain library.
    """
    stored = load_file(folder / WEIGHTS)
    assert gradient.keys() <= stored.keys()
    assert all(gradient[name].shape == stored[name].shape for name in gradient)
    save_file(stored | {n: g.float() for n, g in gradient.items()}, folder / WEIGHTS, {"format": "pt"})
    moved = AutoModelForImageClassification.from_pretrained(folder, attn_implementation="eager")
    actual = dict(moved.named_parameters())
    assert actual.keys() == expected.keys()
    for name, values in expected.items():
        torch.testing.assert_close(actual[name].detach(), values.float(), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    "name", [*IMAGES, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE_IMAGES)]
)
def test_a_gradient_is_loaded_by_the_names_of_the_checkpoints_file(tmp_path: Path, name: str) -> None:
    model, record = image_model(name, 0), images(name, 1)
    save_member(tmp_path, model)
    check_receiver(tmp_path, released(tmp_path, record), by_definition(model, record))


@pytest.mark.parametrize("kind", ["new", "without", "without new", "resnet without"])
def test_a_file_may_have_other_names_than_the_library_writes(tmp_path: Path, kind: str) -> None:
    family = "resnet" if "resnet" in kind else "vit"
    model, record = image_model(family, 0), images(family, 1)
    save_member(tmp_path, model)
    if "new" in kind:
        model.save_pretrained(tmp_path, save_original_format=False)
    stored = load_file(tmp_path / WEIGHTS)
    names = set(stored)
    if "without" in kind:
        stored = {name.removeprefix(f"{family}."): values for name, values in stored.items()}
        assert names != set(stored)
    save_file(stored, tmp_path / WEIGHTS, {"format": "pt"})
    gradient = released(tmp_path, record)
    assert gradient.keys() <= stored.keys()
    check_receiver(tmp_path, gradient, by_definition(model, record))


def test_parameters_stored_in_one_tensor_have_no_name_and_are_refused(tmp_path: Path) -> None:
    """DINOv2 with gated layers: the library cuts one stored tensor into two parameters."""
    from transformers import Dinov2Config, Dinov2ForImageClassification

    config = Dinov2Config(**image_model("dinov2", 0).config.to_dict() | {"use_swiglu_ffn": True})
    config._attn_implementation = "eager"
    model = stir(Dinov2ForImageClassification(config), 0)
    save_member(tmp_path, model)
    assert any("weights_in" in name for name in load_file(tmp_path / WEIGHTS))
    with pytest.raises(UnusableError, match="could not be used by anybody"):
        released(tmp_path, images("dinov2", 1))
    assert isinstance(model, PreTrainedModel)
    model.save_pretrained(tmp_path, save_original_format=False)  # As the refusal advises.
    record = images("dinov2", 1)
    check_receiver(tmp_path, released(tmp_path, record), by_definition(model, record))


class Tied(nn.Module):
    """Two layers with one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(SIDE * SIDE, 8)
        self.inner = nn.Linear(8, 8)
        self.again = nn.Linear(8, 8)
        self.again.weight = self.inner.weight
        self.exit = nn.Linear(8, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.inner(self.first(inputs.flatten(1)).tanh()).tanh()
        logits: Tensor = self.exit(self.again(hidden).tanh())
        return logits


class Positive(nn.Module):
    def forward(self, stored: Tensor) -> Tensor:
        return nn.functional.softplus(stored)


class Parametrized(nn.Module):
    """A layer whose weight is made of another tensor, which PyTorch keeps by a name of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(SIDE * SIDE, 3)
        parametrize.register_parametrization(self.layer, "weight", Positive())

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.layer(inputs.flatten(1))
        return logits


@pytest.mark.parametrize("kind", [Tied, Parametrized])
def test_a_gradient_of_an_exported_model_has_the_names_of_its_file(
    tmp_path: Path, kind: type[nn.Module]
) -> None:
    model, record = stir(kind(), 1), torch.randn(1, 1, SIDE, SIDE)
    export(tmp_path / "model.pt2", model, torch.rand(2, 1, SIDE, SIDE))
    gradient, expected = released(tmp_path, record), by_definition(model, record)
    names = set(torch.export.load(tmp_path / "model.pt2").state_dict)
    assert gradient.keys() == expected.keys() <= names
    for name, values in expected.items():
        torch.testing.assert_close(gradient[name], values, rtol=1e-6, atol=1e-9)
    # Whoever has the authors' module loads it as it is.
    assert not copy.deepcopy(model).load_state_dict(gradient, strict=False).unexpected_keys


# Directions


def loaded(tmp_path: Path) -> tuple[Model, dict[str, Tensor], dict[str, str]]:
    """Return a model, a direction by the names of its file, and what the library calls each."""
    save_member(tmp_path, stir(tiny_vit(), 0))
    model = load_model(find_checkpoint(tmp_path).final, CPU)
    stored = {n: t.contiguous() for n, t in load_file(tmp_path / WEIGHTS).items()}
    return model, stored, {name: own for own, name in model.stored_names.items()}


def test_a_direction_goes_by_the_names_of_the_file_or_of_the_library(tmp_path: Path) -> None:
    model, stored, owns = loaded(tmp_path)
    assert any(own != PREFIX + name for name, own in owns.items())
    own_values = {name: p.detach() for name, p in model.named_parameters()}
    for direction in (
        stored,
        {owns[name].removeprefix(PREFIX): values for name, values in stored.items()},
        {name: stored[name] for name in list(stored)[:3]},
    ):
        actual = load_direction(save(direction), model)
        assert len(actual) == len(direction)
        for name, values in actual.items():
            assert torch.equal(values, own_values[name])


def test_what_was_released_is_a_direction(tmp_path: Path) -> None:
    save_member(tmp_path, stir(tiny_vit(), 0))
    gradient = released(tmp_path, torch.randn(1, 1, SIDE, SIDE))
    model = load_model(find_checkpoint(tmp_path).final, CPU)
    actual = load_direction(save(gradient), model)
    assert actual.keys() == dict(model.named_parameters()).keys()


def test_a_direction_of_both_kinds_of_names_is_refused(tmp_path: Path) -> None:
    model, stored, owns = loaded(tmp_path)
    old = next(name for name, own in owns.items() if own != PREFIX + name)
    other = next(name for name, own in owns.items() if own != PREFIX + name and name != old)
    mixed = {old: stored[old], owns[other].removeprefix(PREFIX): stored[other]}
    with pytest.raises(UnusableError, match=re.escape("no parameter of the model")):
        load_direction(save(mixed), model)
    for name in (PREFIX + old, PREFIX + owns[old]):
        with pytest.raises(UnusableError, match="no parameter of the model"):
            load_direction(save({name: stored[old]}), model)
