"""The forms, windows and averages of scores against formulas over the maps that they are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import nn

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.scoring.scorer import Scorer
from tests.benchmarks.models import Logits
from tests.helpers import write_json
from tests.models import SIDE, save_series, stir, tiny_convnext
from tests.oracle import oracle, oracle_plis, oracle_slopes

COUNT = 7
RECORDS = np.random.default_rng(3).normal(size=(4, 1, SIDE, SIDE)).astype(np.float32)
TARGETS = [2, 0, 1, 1]
TRAINING = {
    "noise_multiplier": 1.0,
    "max_grad_norm": 5.5,
    "sample_rate": 1.0,
    "steps": 70,
    "delta": 1e-5,
}
Values = NDArray[np.float64]
Formula = Callable[[Values], Values]


def mean(values: Values) -> Values:
    means: Values = values.reshape(len(values), -1).mean(axis=1)
    return means


def spread(maps: Values) -> Values:
    """Return the mean over pixels of √(1/K Σ (S_t − μ)²)."""
    return mean(np.sqrt(((maps - maps.mean(axis=1, keepdims=True)) ** 2).sum(axis=1) / maps.shape[1]))


def variance(maps: Values) -> Values:
    """Return the mean over pixels of √(1/K) Σ (S_t − μ)²."""
    squares = ((maps - maps.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    return mean(squares / np.sqrt(maps.shape[1]))


def third(place: int) -> Formula:
    return lambda maps: np.array_split(maps, 3, axis=1)[place]


OF_SLOPES: dict[str, Formula] = {
    "vog": spread,
    "vog-var": variance,
    "vog-early": lambda maps: spread(third(0)(maps)),
    "vog-middle": lambda maps: spread(third(1)(maps)),
    "vog-late": lambda maps: spread(third(2)(maps)),
    "vog-var-early": lambda maps: variance(third(0)(maps)),
    "vog-var-late": lambda maps: variance(third(2)(maps)),
}
OF_SUSCEPTIBILITY: dict[str, Formula] = {
    "plis": lambda maps: np.sqrt((maps**2).sum(axis=(1, 2, 3))),
    "plis-l1": lambda maps: np.abs(maps).sum(axis=(1, 2, 3)),
    "plis-mean": lambda maps: np.abs(maps).mean(axis=(1, 2, 3)),
}
AVERAGED = ["loss", "el2n", "grad_norm", "clipped_norm", "plis", "plis-l1", "alignment"]
NAMES = [
    *OF_SLOPES,
    *OF_SUSCEPTIBILITY,
    *(name for name in AVERAGED if name not in OF_SUSCEPTIBILITY),
    *(f"{name}-series" for name in AVERAGED),
    "privacy_loss",
]


@dataclass(frozen=True)
class Run:
    models: list[nn.Module]
    folder: Path
    scored: dict[str, Values]

    def scorer(self, *names: str) -> Scorer:
        return Scorer(find_checkpoint(self.folder), names, torch.device("cpu"), "float64")

    def score(self, *names: str) -> dict[str, Values]:
        return self.scorer(*names).score(names, RECORDS, np.array(TARGETS))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("series")
    models = [stir(tiny_convnext(), seed) for seed in range(COUNT)]
    save_series(folder, models)
    direction = {name: p.detach() * 0.1 for name, p in models[0].named_parameters()}
    save_file(direction, folder / "direction.safetensors")
    write_json(folder / "dataselect.json", {**TRAINING, "direction": "direction.safetensors"})
    whole = Run(models, folder, {})
    whole.scored.update(whole.score(*NAMES))
    return whole


@pytest.fixture(scope="module")
def slopes(run: Run) -> Values:
    return oracle_slopes(run.models, RECORDS, TARGETS)


@pytest.fixture(scope="module")
def susceptibility(run: Run) -> Values:
    return oracle_plis(run.models[-1], RECORDS, TARGETS)


@pytest.mark.parametrize("name", OF_SLOPES)
def test_vog_is_its_formula_over_the_maps(run: Run, slopes: Values, name: str) -> None:
    np.testing.assert_allclose(run.scored[name], OF_SLOPES[name](slopes), rtol=1e-12)


@pytest.mark.parametrize("name", OF_SUSCEPTIBILITY)
def test_plis_is_its_formula_over_the_map(run: Run, susceptibility: Values, name: str) -> None:
    np.testing.assert_allclose(run.scored[name], OF_SUSCEPTIBILITY[name](susceptibility), rtol=1e-12)


def test_forms_and_windows_differ(run: Run) -> None:
    for form in (*OF_SLOPES, *OF_SUSCEPTIBILITY):
        others = [name for name in NAMES if name != form]
        assert not any(np.allclose(run.scored[form], run.scored[name], rtol=1e-3) for name in others)


def test_known_wrong_variants_of_vog_are_told_apart(run: Run, slopes: Values) -> None:
    """Probabilities in place of logits, and gradients that pile up: the published toy script."""
    of_chances = [nn.Sequential(Logits(model), nn.Softmax(dim=1)) for model in run.models]
    for wrong in (oracle_slopes(of_chances, RECORDS, TARGETS), slopes.cumsum(axis=1)):
        assert np.abs(spread(wrong) / run.scored["vog"] - 1).max() > 0.01


def test_plis_of_the_clipped_norm_is_told_apart(run: Run) -> None:
    norms = oracle(run.models[-1], RECORDS, TARGETS)["grad_norm"]
    is_clipped = norms > TRAINING["max_grad_norm"]
    assert is_clipped.any()
    assert (run.scored["plis"][is_clipped] > 0).all()


def test_maps_are_those_that_the_scores_are_made_of(
    run: Run, slopes: Values, susceptibility: Values
) -> None:
    names = ["vog", "vog-var-late", "plis"]
    maps = run.scorer(*names).maps(names, RECORDS, np.array(TARGETS))
    for name in ("vog", "vog-var-late"):
        np.testing.assert_allclose(mean(maps[name]), run.scored[name], rtol=1e-12)
    np.testing.assert_allclose(maps["vog"], slopes.std(axis=1), rtol=1e-9)
    np.testing.assert_allclose(maps["plis"], np.abs(susceptibility[:, 0]), rtol=1e-9)


@pytest.mark.parametrize("name", AVERAGED)
def test_an_average_over_the_series_is_one_of_what_each_state_gives(
    run: Run, tmp_path: Path, name: str
) -> None:
    each = []
    for number, model in enumerate(run.models):
        folder = tmp_path / str(number)
        save_series(folder, [model])
        for file in ("direction.safetensors", "dataselect.json"):
            (folder / file).write_bytes((run.folder / file).read_bytes())
        each.append(Run([model], folder, {}).score(name)[name])
    np.testing.assert_allclose(run.scored[f"{name}-series"], np.mean(each, axis=0), rtol=1e-12)
    np.testing.assert_allclose(run.scored[name], each[-1], rtol=1e-12)


def test_a_clipped_norm_is_the_smaller_of_norm_and_clip_norm(run: Run) -> None:
    norms = oracle(run.models[-1], RECORDS, TARGETS)["grad_norm"]
    clip = TRAINING["max_grad_norm"]
    assert norms.min() < clip < norms.max()
    np.testing.assert_allclose(run.scored["clipped_norm"], np.minimum(norms, clip), rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_score_asked_for_alone_is_the_same(run: Run, name: str) -> None:
    np.testing.assert_allclose(run.score(name)[name], run.scored[name], rtol=1e-12, atol=0)


@pytest.mark.parametrize("names", [("loss", "el2n"), ("vog", "vog-var"), ("plis", "plis-l1")])
def test_scores_of_the_same_passes_are_the_same_to_the_last_digit(
    run: Run, names: tuple[str, ...]
) -> None:
    together = run.score(*names)
    for name in names:
        np.testing.assert_array_equal(run.score(name)[name], together[name])
