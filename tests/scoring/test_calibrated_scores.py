"""The scores that read more than one state of a model: a calibration's file, a reference state."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from dataselect_gui.checkpoints.layout import files_beside, find_checkpoint
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.scoring.catalog import applicable
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.tasks.names import TaskName
from tests.helpers import config, preprocessor, write_json
from tests.models import FAMILIES, SIDE, export, save_member, save_series, stir, tiny_resnet, tiny_vit
from tests.oracle import logits_of, oracle, oracle_alignment, oracle_distance, oracle_features

CPU = torch.device("cpu")
RECORDS = np.random.default_rng(21).normal(size=(5, 1, SIDE, SIDE)).astype(np.float32)
TARGETS = [2, 0, 1, 1, 0]
SHRINKAGE = 0.25
HEADS: dict[str, Callable[[Any], nn.Module]] = {
    "resnet": lambda model: model.classifier[-1],
    "convnext": lambda model: model.classifier,
    "vit": lambda model: model.classifier,
    "bit": lambda model: model.classifier[-1],
    "exported": lambda model: model[-1],
}


def calibration(**more: object) -> dict[str, object]:
    return {
        "alpha": 0.05,
        "scores": {},
        "split": {"statistics": 9, "thresholds": 9},
        "seen_in_training": "no",
        "file": "calibration.safetensors",
        **more,
    }


OF_FEATURES = {"features": {"shrinkage": SHRINKAGE, "rows": 9, "source": "own"}}


def made_up(width: int, classes: int = 3) -> dict[str, Tensor]:
    """Return means, and a covariance of fewer rows than features."""
    drawn = torch.Generator().manual_seed(width)
    rows = torch.randn(max(2, width // 2), width, generator=drawn, dtype=torch.float64)
    covariance = rows.T @ rows / len(rows)
    means = torch.randn(classes, width, generator=drawn, dtype=torch.float64)
    return {"means": means, "covariance": (covariance + covariance.T) / 2}


def with_features(folder: Path, stored: dict[str, Tensor]) -> Path:
    save_file(stored, folder / "calibration.safetensors")
    write_json(folder / "dataselect.json", {"calibration": calibration(**OF_FEATURES)})
    return folder


def scored(folder: Path, name: str, precision: Any = "float64") -> NDArray[np.float64]:  # noqa: ANN401
    scorer = Scorer(find_checkpoint(folder), [name], CPU, precision)
    return scorer.score([name], RECORDS, np.array(TARGETS))[name]


# The distance


@pytest.mark.parametrize("family", FAMILIES)
def test_the_distance_of_every_family_is_that_of_what_its_last_layer_is_given(
    tmp_path: Path, family: str
) -> None:
    model = stir(FAMILIES[family](), 3)
    save_member(tmp_path, model)
    features = oracle_features(model, RECORDS, HEADS[family])
    stored = made_up(features.shape[1])
    with_features(tmp_path, stored)
    means, covariance = stored["means"].numpy(), stored["covariance"].numpy()
    expected = oracle_distance(features, TARGETS, means, covariance, SHRINKAGE)
    np.testing.assert_allclose(scored(tmp_path, "distance"), expected, rtol=1e-9)
    np.testing.assert_allclose(scored(tmp_path, "distance", "float32"), expected, rtol=1e-3)


def test_the_distance_is_the_same_beside_gradients_and_alone(tmp_path: Path) -> None:
    model = stir(tiny_vit(), 3)
    save_member(tmp_path, model)
    with_features(tmp_path, made_up(8))
    names = ["distance", "grad_norm", "plis", "loss"]
    scorer = Scorer(find_checkpoint(tmp_path), names, CPU, "float64")
    together = scorer.score(names, RECORDS, np.array(TARGETS))
    np.testing.assert_allclose(together["distance"], scored(tmp_path, "distance"), rtol=1e-12)
    for row in range(len(RECORDS)):
        alone = scorer.score(["distance"], RECORDS[row : row + 1], np.array(TARGETS[row : row + 1]))
        np.testing.assert_allclose(alone["distance"][0], together["distance"][row], rtol=1e-12)


def test_a_class_without_a_mean_and_a_record_without_a_label_have_no_distance(tmp_path: Path) -> None:
    save_member(tmp_path, stir(tiny_vit(), 3))
    stored = made_up(8)
    stored["means"][1] = torch.nan
    scorer = Scorer(find_checkpoint(with_features(tmp_path, stored)), ["distance"], CPU)
    actual = scorer.score(["distance"], RECORDS, np.array([2, 0, 1, -1, 0]))["distance"]
    assert np.isnan(actual).tolist() == [False, False, True, True, False]


class Pooled(nn.Module):
    """Its logits are a mean over places of what a linear layer makes."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(SIDE, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.head(inputs[:, 0]).mean(dim=1)
        return logits


class Convolved(nn.Module):
    """Its logits are what a convolution makes; an earlier linear layer has as many outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.entry, self.head = nn.Linear(SIDE * SIDE, 3), nn.Conv1d(3, 3, 1)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.head(self.entry(inputs.flatten(start_dim=1))[:, :, None])[:, :, 0]
        return logits


class Scaled(nn.Module):
    """Its logits are twice what its linear layer returns."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(SIDE * SIDE, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = 2 * self.head(inputs.flatten(start_dim=1))
        return logits


@pytest.mark.parametrize("kind", [Pooled, Convolved, Scaled])
def test_a_model_without_one_vector_behind_its_logits_is_refused(
    tmp_path: Path, kind: type[nn.Module]
) -> None:
    torch.manual_seed(0)
    save_member(tmp_path, kind().eval())
    with_features(tmp_path, made_up(SIDE))
    with pytest.raises(UnusableError, match="distance cannot be computed"):
        scored(tmp_path, "distance")


class Product(nn.Module):
    """A head of plain products, as exports have them."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(SIDE * SIDE, 3) / SIDE)
        self.bias = nn.Parameter(torch.randn(3))

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.addmm(self.bias, inputs.flatten(start_dim=1).sin() ** 2, self.weight)


def test_a_head_written_as_a_product_has_features(tmp_path: Path) -> None:
    torch.manual_seed(1)
    save_member(tmp_path, Product().eval())
    stored = made_up(SIDE * SIDE)
    features = np.sin(RECORDS.astype(np.float64).reshape(len(RECORDS), -1)) ** 2
    means, covariance = stored["means"].numpy(), stored["covariance"].numpy()
    expected = oracle_distance(features, TARGETS, means, covariance, SHRINKAGE)
    actual = scored(with_features(tmp_path, stored), "distance")
    np.testing.assert_allclose(actual, expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"covariance": -torch.eye(8).double()}, "no data have it"),
        ({"covariance": torch.triu(torch.ones(8, 8).double()) + 9 * torch.eye(8)}, "no data have it"),
        ({"covariance": torch.full((8, 8), torch.nan).double()}, "no data have it"),
        ({"covariance": torch.eye(7).double()}, "not of the same features"),
        ({"means": torch.zeros(3).double()}, "not of the same features"),
        ({"means": torch.zeros(3, 9).double(), "covariance": torch.eye(9).double()}, "features are 8"),
        ({"means": torch.zeros(2, 8).double()}, "of 2 classes"),
        ({"direction.0.classifier.bias": torch.zeros(3)}, "Whether it holds directions"),
        ({"weights": torch.zeros(3)}, "no part of a calibration"),
    ],
)
def test_a_wrong_file_of_a_calibration_is_refused(
    tmp_path: Path, change: dict[str, Tensor], why: str
) -> None:
    save_member(tmp_path, stir(tiny_vit(), 3))
    with_features(tmp_path, made_up(8) | change)
    with pytest.raises(UnusableError) as caught:
        scored(tmp_path, "distance")
    assert why in caught.value.why


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    save_member(tmp_path, stir(tiny_vit(), 3))
    with_features(tmp_path, made_up(8))
    (tmp_path / "calibration.safetensors").unlink()
    with pytest.raises(UnusableError, match="calibration is missing"):
        find_checkpoint(tmp_path)


@pytest.mark.parametrize("what", ["the file", "the shrinkage"])
def test_the_digest_covers_what_the_distance_is_computed_from(tmp_path: Path, what: str) -> None:
    save_member(tmp_path, stir(tiny_vit(), 3))
    before = find_checkpoint(with_features(tmp_path, made_up(8))).digest()
    if what == "the file":
        save_file(
            made_up(8) | {"means": torch.zeros(3, 8).double()}, tmp_path / "calibration.safetensors"
        )
    else:
        features = {"features": {"shrinkage": 0.3, "rows": 9, "source": "own"}}
        write_json(tmp_path / "dataselect.json", {"calibration": calibration(**features)})
    assert find_checkpoint(tmp_path).digest() != before


# Directions of classes


def test_a_class_without_a_direction_and_a_zero_direction_have_no_alignment(tmp_path: Path) -> None:
    model = stir(tiny_vit(), 3)
    save_member(tmp_path, model)
    own = torch.randn(3, 8, generator=torch.Generator().manual_seed(1))
    stored = {
        "direction.0.classifier.weight": own,
        "direction.2.classifier.weight": torch.zeros(3, 8),
        "direction.2.vit.layernorm.bias": torch.zeros(8),
    }
    save_file(stored, tmp_path / "calibration.safetensors")
    content = {"max_grad_norm": 0.5, "calibration": calibration(directions={"rows": 9})}
    write_json(tmp_path / "dataselect.json", content)
    actual = scored(tmp_path, "clipped_alignment")
    assert np.isnan(actual).tolist() == [True, False, True, True, False]
    norms = oracle(model, RECORDS, TARGETS)["grad_norm"]
    products = oracle_alignment(model, RECORDS, TARGETS, {"classifier.weight": own})
    expected = products / float(own.double().norm()) * np.minimum(1, 0.5 / norms)
    np.testing.assert_allclose(actual[[1, 4]], expected[[1, 4]], rtol=1e-9)
    assert (np.abs(actual[[1, 4]]) <= 0.5).all()


@pytest.mark.parametrize("family", ["resnet", "bit", "exported"])
def test_directions_agree_for_models_of_every_kind_of_rule(tmp_path: Path, family: str) -> None:
    model = stir(FAMILIES[family](), 5)
    save_member(tmp_path, model)
    drawn = torch.Generator().manual_seed(2)
    directions = [
        {name: torch.randn(p.shape, generator=drawn) for name, p in model.named_parameters()}
        for _ in range(3)
    ]
    stored = {
        f"direction.{index}.{name}": values
        for index, direction in enumerate(directions)
        for name, values in direction.items()
    }
    save_file(stored, tmp_path / "calibration.safetensors")
    content = {"max_grad_norm": 1.5, "calibration": calibration(directions={"rows": 9})}
    write_json(tmp_path / "dataselect.json", content)
    norms = oracle(model, RECORDS, TARGETS)["grad_norm"]
    expected = []
    for row, target in enumerate(TARGETS):
        own = directions[target]
        (product,) = oracle_alignment(model, RECORDS[row : row + 1], [target], own)
        length = sum(float(v.double().square().sum()) for v in own.values()) ** 0.5
        expected.append(product / length * min(1, 1.5 / norms[row]))
    np.testing.assert_allclose(scored(tmp_path, "clipped_alignment"), expected, rtol=1e-8)


# The reference state


def reducible(final: nn.Module, reference: nn.Module) -> tuple[NDArray[np.float64], float]:
    losses = oracle(final, RECORDS, TARGETS)["loss"], oracle(reference, RECORDS, TARGETS)["loss"]
    return losses[0] - losses[1], float(np.maximum(*losses).min())


@pytest.mark.parametrize("family", ["resnet", "exported"])
def test_a_second_checkpoint_can_be_the_reference(tmp_path: Path, family: str) -> None:
    models = [stir(FAMILIES[family](), seed) for seed in (1, 2)]
    save_member(tmp_path, models[0])
    save_member(tmp_path / "reference", models[1])
    before = find_checkpoint(tmp_path).digest()
    write_json(tmp_path / "dataselect.json", {"reference": "reference"})
    expected, scale = reducible(models[0], models[1])
    np.testing.assert_allclose(scored(tmp_path, "reducible_loss"), expected, rtol=0, atol=1e-9 * scale)
    assert find_checkpoint(tmp_path).digest() != before


def test_an_earlier_state_can_be_the_reference_of_a_later_one(tmp_path: Path) -> None:
    models = [stir(tiny_resnet(), seed) for seed in range(3)]
    save_series(tmp_path, models)
    write_json(tmp_path / "dataselect.json", {"reference": "checkpoint-20"})
    expected, scale = reducible(models[2], models[1])
    np.testing.assert_allclose(scored(tmp_path, "reducible_loss"), expected, rtol=0, atol=1e-9 * scale)
    # The same folder, where one of its states is pointed at.
    expected, scale = reducible(models[0], models[1])
    actual = scored(tmp_path / "checkpoint-10", "reducible_loss")
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-9 * scale)
    assert tmp_path / "checkpoint-20" in files_beside(tmp_path / "checkpoint-10")


def test_the_final_state_as_its_own_reference_comes_to_nothing(tmp_path: Path) -> None:
    save_series(tmp_path, [stir(tiny_resnet(), seed) for seed in range(2)])
    write_json(tmp_path / "dataselect.json", {"reference": "checkpoint-20"})
    assert (scored(tmp_path, "reducible_loss") == 0).all()


@pytest.mark.parametrize("what", ["nothing", "a link", "another model", "other inputs"])
def test_a_reference_that_cannot_be_compared_is_refused(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "checkpoint"
    save_member(folder, stir(tiny_resnet(), 1))
    write_json(folder / "dataselect.json", {"reference": "other"})
    if what == "a link":
        save_member(tmp_path / "elsewhere", stir(tiny_resnet(), 2))
        (folder / "other").symlink_to(tmp_path / "elsewhere")
    elif what == "another model":
        save_member(folder / "other", stir(tiny_vit(), 2))
    elif what == "other inputs":
        save_member(folder / "other", stir(tiny_resnet(), 2))
        write_json(folder / "other" / "preprocessor_config.json", preprocessor(SIDE + 2, channels=1))
    with pytest.raises(UnusableError):
        find_checkpoint(folder)


def test_an_average_over_the_series_of_a_difference_of_two_states_makes_no_sense() -> None:
    with pytest.raises(UsageError, match="no score “reducible_loss-series”"):
        applicable(["reducible_loss-series"], series=2, labelled=True, request=None)  # type: ignore[arg-type]


# Two classes by one number, and tasks without a class


class Sigmoid(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.entry, self.exit = nn.Linear(SIDE * SIDE, 6), nn.Linear(6, 1)

    def features(self, inputs: Tensor) -> Tensor:
        entered: Tensor = self.entry(inputs.flatten(start_dim=1)).tanh()
        return entered

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.exit(self.features(inputs))
        return logits


def test_of_one_logit_for_two_classes_each_score_is_that_of_the_class(tmp_path: Path) -> None:
    torch.manual_seed(4)
    model = Sigmoid().eval()
    export(tmp_path / "model.pt2", model, torch.zeros(2, 1, SIDE, SIDE))
    write_json(tmp_path / "config.json", config(["no", "yes"]))
    write_json(tmp_path / "preprocessor_config.json", preprocessor(SIDE, channels=1))
    drawn = torch.Generator().manual_seed(2)
    directions = [torch.randn(1, 6, generator=drawn) for _ in range(2)]
    stored = made_up(6, classes=2) | {f"direction.{c}.exit.weight": v for c, v in enumerate(directions)}
    save_file(stored, tmp_path / "calibration.safetensors")
    stated = calibration(**OF_FEATURES, directions={"rows": 9})
    content = {"task": "binary", "max_grad_norm": 0.3, "calibration": stated}
    write_json(tmp_path / "dataselect.json", content)
    names, targets = ["margin", "distance", "clipped_alignment"], [1, 0, 0, 1, 1]
    scorer = Scorer(find_checkpoint(tmp_path), names, CPU, "float64")
    actual = scorer.score(names, RECORDS, np.array(targets))
    double, logits = logits_of(model)
    assert isinstance(double, Sigmoid)
    for row, label in enumerate(targets):
        record = torch.from_numpy(RECORDS[row])[None].double()
        logit = logits(record)[0, 0]
        assert actual["margin"][row] == pytest.approx(logit.item() * (1 if label else -1), rel=1e-9)
        h = double.features(record).detach().numpy()
        means, covariance = stored["means"].numpy(), stored["covariance"].numpy()
        (distance,) = oracle_distance(h, [label], means, covariance, SHRINKAGE)
        assert actual["distance"][row] == pytest.approx(distance, rel=1e-9)
        loss = functional.binary_cross_entropy_with_logits(logit, torch.tensor(float(label)).double())
        gradients = dict(
            zip(
                dict(double.named_parameters()),
                torch.autograd.grad(loss, list(double.parameters())),
                strict=True,
            )
        )
        norm = float(sum(g.square().sum() for g in gradients.values())) ** 0.5
        along = float((gradients["exit.weight"] * directions[label].double()).sum())
        expected = along / float(directions[label].double().norm()) * min(1, 0.3 / norm)
        assert actual["clipped_alignment"][row] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("task", ["multi_label", "regression"])
@pytest.mark.parametrize("name", ["margin", "distance", "clipped_alignment"])
def test_where_a_record_has_no_single_class_the_reason_is_told(
    tmp_path: Path,
    task: TaskName,
    name: str,
) -> None:
    save_member(tmp_path, stir(tiny_vit(), 3))
    request = find_checkpoint(with_features(tmp_path, made_up(8))).request
    with pytest.raises(UsageError) as caught:
        applicable([name], series=1, labelled=True, request=request, task=task)
    assert "class" in caught.value.why


def test_what_a_calibration_does_not_hold_is_not_computed(tmp_path: Path) -> None:
    save_member(tmp_path, stir(tiny_vit(), 3))
    request = find_checkpoint(with_features(tmp_path, made_up(8))).request
    names = [score.name for score in applicable(None, series=1, labelled=True, request=request)]
    assert "distance" in names
    assert not {"clipped_alignment", "reducible_loss"} & set(names)
    with pytest.raises(UsageError, match=r"“clipped_alignment” cannot"):
        applicable(["clipped_alignment"], series=1, labelled=True, request=request)
