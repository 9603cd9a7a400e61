"""Every score that is registered: its oracle, its description, what it costs."""

import hashlib
import hmac
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.norms import GradientNorms
from dataselect_gui.scoring import scores
from dataselect_gui.scoring.centres import Centres
from dataselect_gui.scoring.direction import ClassDirections
from dataselect_gui.scoring.model import Model
from dataselect_gui.scoring.naive import naive_scores
from dataselect_gui.scoring.quantities import MeasuredBatch, State
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.scoring.scores import SCORES
from dataselect_gui.scoring.scores.base import KeyedScore, MappedScore, ModelScore, Quantity, Score
from dataselect_gui.tasks.single_label import SINGLE_LABEL
from tests.helpers import write_json
from tests.models import SIDE, save_series, stir, tiny_convnext
from tests.oracle import (
    oracle,
    oracle_alignment,
    oracle_distance,
    oracle_features,
    oracle_margin,
    oracle_plis,
    oracle_privacy_loss,
    oracle_vog,
)

CPU = torch.device("cpu")
RECORDS = np.random.default_rng(11).normal(size=(3, 1, SIDE, SIDE)).astype(np.float32)
TARGETS = [2, 0, 1]
REQUEST = {
    "noise_multiplier": 1.0,
    "max_grad_norm": 5.5,
    "sample_rate": 0.5,
    "steps": 30,
    "delta": 1e-5,
}
WIDTH, SHRINKAGE = 8, 0.1
CALIBRATION = {
    "alpha": 0.05,
    "scores": {},
    "split": {"statistics": 9, "thresholds": 9},
    "seen_in_training": "no",
    "file": "calibration.safetensors",
    "features": {"shrinkage": SHRINKAGE, "rows": 9, "source": "own"},
    "directions": {"rows": 9},
}
Values = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """A series of models and what the consortium states, with the program's own scores."""

    models: list[nn.Module]
    direction: dict[str, Tensor]
    calibrated: dict[str, Tensor]
    scorer: Scorer
    folder: Path

    @property
    def norms(self) -> list[Values]:
        return [oracle(model, RECORDS, TARGETS)["grad_norm"] for model in self.models]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("series")
    models = [stir(tiny_convnext(), seed) for seed in range(3)]
    save_series(folder, models)
    drawn = torch.Generator().manual_seed(5)
    named = dict(models[-1].named_parameters())
    direction = {name: torch.randn(p.shape, generator=drawn) for name, p in named.items()}
    save_file(direction, folder / "direction.safetensors")
    some = torch.randn(9, WIDTH, generator=drawn, dtype=torch.float64)
    calibrated = {
        "means": torch.randn(3, WIDTH, generator=drawn, dtype=torch.float64),
        "covariance": some.T @ some / 9,
    }
    for index in range(3):
        for name, p in named.items():
            values = torch.randn(p.shape, generator=drawn)
            calibrated[f"direction.{index}.{name}"] = values
    save_file(calibrated, folder / "calibration.safetensors")
    content = {
        **REQUEST,
        "direction": "direction.safetensors",
        "reference": "checkpoint-10",
        "calibration": CALIBRATION,
    }
    write_json(folder / "dataselect.json", content)
    names = [name for name, score in SCORES.items() if score.needs_model]
    scorer = Scorer(find_checkpoint(folder), names, CPU, "float64")
    return World(models, direction, calibrated, scorer, folder)


def of_classes(world: World) -> Values:
    """Return min(1, C/‖g‖)·⟨g, v_y⟩/‖v_y‖ of each record."""
    values = []
    for row, target in enumerate(TARGETS):
        prefix = f"direction.{target}."
        own = {
            name.removeprefix(prefix): direction
            for name, direction in world.calibrated.items()
            if name.startswith(prefix)
        }
        (product,) = oracle_alignment(world.models[-1], RECORDS[row : row + 1], [target], own)
        length = sum(float(v.double().square().sum()) for v in own.values()) ** 0.5
        values.append(product / length * min(1, REQUEST["max_grad_norm"] / world.norms[-1][row]))
    return np.array(values)


ORACLES: dict[str, Callable[[World], Values]] = {
    "loss": lambda world: oracle(world.models[-1], RECORDS, TARGETS)["loss"],
    "reducible_loss": lambda world: (
        oracle(world.models[-1], RECORDS, TARGETS)["loss"]
        - oracle(world.models[0], RECORDS, TARGETS)["loss"]
    ),
    "margin": lambda world: oracle_margin(world.models[-1], RECORDS, TARGETS),
    "distance": lambda world: oracle_distance(
        oracle_features(world.models[-1], RECORDS, lambda model: model.classifier),  # type: ignore[arg-type, return-value]
        TARGETS,
        world.calibrated["means"].numpy(),
        world.calibrated["covariance"].numpy(),
        SHRINKAGE,
    ),
    "el2n": lambda world: oracle(world.models[-1], RECORDS, TARGETS)["el2n"],
    "grad_norm": lambda world: world.norms[-1],
    "clipped_norm": lambda world: np.minimum(world.norms[-1], REQUEST["max_grad_norm"]),
    "privacy_loss": lambda world: oracle_privacy_loss(np.stack(world.norms, axis=1), REQUEST),
    "vog": lambda world: oracle_vog(world.models, RECORDS, TARGETS),
    "plis": lambda world: np.linalg.norm(
        oracle_plis(world.models[-1], RECORDS, TARGETS).reshape(len(RECORDS), -1), axis=1
    ),
    "alignment": lambda world: oracle_alignment(world.models[-1], RECORDS, TARGETS, world.direction),
    "clipped_alignment": of_classes,
}
"""For each score of a model its definition, one record at a time."""
TOLERANCE = {"privacy_loss": 1e-4}
"""It is interpolated between a few hundred norms."""


def test_the_registry_holds_every_score_that_there_is() -> None:
    written: set[type[Score]] = set()
    for module in pkgutil.iter_modules(scores.__path__):
        file = import_module(f"{scores.__name__}.{module.name}")
        if module.name != "base":
            (score,) = (
                value
                for value in vars(file).values()
                if isinstance(value, type)
                and issubclass(value, Score)
                and value.__module__ == file.__name__
            )
            assert score.base == module.name
            written.add(score)
    assert written == {type(score) for score in SCORES.values()}
    assert all(name == score.base == score.name for name, score in SCORES.items())


def test_every_score_has_an_oracle() -> None:
    of_models = {name for name, score in SCORES.items() if isinstance(score, ModelScore)}
    assert of_models == ORACLES.keys()


@pytest.mark.parametrize("name", ORACLES)
def test_a_score_is_what_its_oracle_says(world: World, name: str) -> None:
    actual = world.scorer.score([name], RECORDS, np.array(TARGETS))[name]
    # A difference of two losses is exact relative to the larger one.
    largest = oracle(world.models[0], RECORDS, TARGETS)["loss"].min() if name == "reducible_loss" else 0
    atol = 1e-9 * largest
    np.testing.assert_allclose(actual, ORACLES[name](world), rtol=TOLERANCE.get(name, 1e-9), atol=atol)


def test_the_naive_loop_of_the_preflight_agrees(world: World) -> None:
    names = [name for name, score in SCORES.items() if score.needs_model]
    actual = naive_scores(find_checkpoint(world.folder), names, RECORDS, np.array(TARGETS))
    by_gradient = {
        name
        for name, score in SCORES.items()
        if isinstance(score, ModelScore) and score.is_of_gradients
    }
    assert actual.keys() == by_gradient
    assert {"grad_norm", "vog", "plis"} <= by_gradient
    for name, values in actual.items():
        expected = ORACLES[name](world)
        np.testing.assert_allclose(values, expected, rtol=TOLERANCE.get(name, 1e-9), err_msg=name)


def test_the_random_score_is_keyed_by_the_secret_and_the_id() -> None:
    score = SCORES["random"]
    assert isinstance(score, KeyedScore)
    digest = hmac.new(b"secret", "a/é.png".encode(), hashlib.sha256).digest()
    assert score.keyed(b"secret", "a/é.png") == int.from_bytes(digest[:8], "big") / 2**64


@pytest.mark.parametrize("name", SCORES)
def test_a_description_is_whole(name: str) -> None:
    score = SCORES[name]
    for text in (score.short_name, score.meaning, score.definition, score.sentence):
        assert text
    assert re.fullmatch("#[0-9A-F]{6}", score.colour)
    if score.own_bounds is not None:
        low, high = map(float, score.own_bounds)
        assert low < high
    if isinstance(score, MappedScore):
        assert score.map_text.meaning
        assert score.map_text.unit


def test_descriptions_load_without_torch() -> None:
    code = (
        "import sys; from dataselect_gui.scoring.catalog import find_score; find_score('vog-var');"
        "print([m for m in ('torch', 'opacus', 'scipy', 'transformers', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# What they cost


class Counted(torch.autograd.Function):
    """Passes a tensor on and counts: forward, backward, and back through the backward pass."""

    @staticmethod
    def forward(context: Any, values: Tensor, seen: list[str]) -> Tensor:  # noqa: ANN401
        context.seen = seen
        seen.append("forward")
        return values.clone()

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        context.seen.append("backward")
        return CountedBack.apply(gradient, context.seen), None  # type: ignore[no-untyped-call]


class CountedBack(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, gradient: Tensor, seen: list[str]) -> Tensor:  # noqa: ANN401
        context.seen = seen
        return gradient.clone()

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        context.seen.append("back through backward")
        return gradient, None


class Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.entry, self.exit = nn.Linear(4, 5), nn.Linear(5, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.exit(Counted.apply(self.entry(inputs).tanh(), self.seen))  # type: ignore[no-untyped-call]
        return logits


@pytest.mark.parametrize("name", ORACLES)
def test_a_score_takes_the_passes_that_it_says(name: str) -> None:
    score = SCORES[name]
    assert isinstance(score, ModelScore)
    inner = Counting()
    state = State(Model(inner, None), GradientNorms(Model(inner, None)), SINGLE_LABEL)
    state.direction = {"inner.entry.weight": torch.ones(5, 4)}
    several = {"inner.entry.weight": torch.ones(3, 5, 4)}
    state.class_directions = ClassDirections((0, 1, 2), several, torch.full((3,), 20**0.5))
    state.centres = Centres(torch.zeros(3, 5).double(), torch.eye(5).double())
    inputs, targets = torch.rand(2, 4), torch.tensor([0, 1])
    for _ in range(2):  # How such a batch is computed is found out on the first.
        inner.seen.clear()
        actual = MeasuredBatch(state, inputs, targets, score.quantities).measure(torch.eye(3)[targets])
    assert score.quantities <= actual.keys()
    assert len(inner.seen) == score.passes


def test_scores_share_their_passes() -> None:
    inner = Counting()
    state = State(Model(inner, None), GradientNorms(Model(inner, None)), SINGLE_LABEL)
    inputs, targets = torch.rand(2, 4), torch.tensor([0, 1])
    needs = frozenset({Quantity.LOGITS, Quantity.NORM, Quantity.PRODUCT, Quantity.INPUT_GRADIENT})
    for _ in range(2):
        inner.seen.clear()
        MeasuredBatch(state, inputs, targets, needs).measure(torch.eye(3)[targets])
    assert inner.seen.count("forward") == 1
    assert len(inner.seen) == 3


# What is written of them


def test_the_readme_lists_every_score() -> None:
    text = Path(scores.__file__).with_name("README.md").read_text()
    rows = {
        name: cells
        for name, *cells in (
            [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in text.splitlines()
            if line.startswith("| `")
        )
    }
    assert [name.strip("`") for name in rows] == list(SCORES)
    for score in SCORES.values():
        needs = ["label"] if score.needs_label else []
        needs += ["series"] if score.reads_series else []
        needs += [f"`{key}`" for key in score.needs]
        assert rows[f"`{score.base}`"] == [score.definition, str(score.passes), ", ".join(needs)]
