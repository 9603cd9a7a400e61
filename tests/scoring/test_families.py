"""Every score of every family of models agrees with its definition, and by the fast way alone."""

from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from transformers import PreTrainedModel

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.norms.cross_entropy import cross_entropy, logit_gradients
from dataselect_gui.norms.gradient_norms import BY_FUNCTION, GradientNorms
from dataselect_gui.scoring.model import PREFIX, Model
from dataselect_gui.scoring.names import Precision
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.tasks.single_label import SINGLE_LABEL
from tests.families import IMAGES, MORE_IMAGES, TEXTS, image_model, images, text_model, texts
from tests.helpers import write_json
from tests.models import save_series
from tests.oracle import (
    logits_of,
    oracle,
    oracle_alignment,
    oracle_plis,
    oracle_privacy_loss,
    oracle_slopes,
)

NAMES = (
    "loss el2n grad_norm clipped_norm privacy_loss vog vog-var plis plis-l1 plis-mean alignment "
    "grad_norm-series"
).split()
TARGETS = [0, 1, 2, 0]
SMOOTH = set(
    "beit convnext cvt data2vec-vision deit dinov2 dinov2_with_registers donut-swin efficientnet "
    "focalnet ijepa mobilevit poolformer pvt pvt_v2 segformer swin vit vit_msn".split()
)
"""Families without a kink. In the others, rounding may move a gradient by some hundredths."""
UNTRAINED = {"cvt": 3, "dinov2": 1, "dinov2_with_registers": 1, "swiftformer": 4}
"""How many parameters a family has that its logits do not depend on."""


Values = dict[str, NDArray[np.float64]]


class Family:
    """Two states of one model, as saved, with a request; and what the scores are by definition."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.series = [image_model(name, seed) for seed in range(2)]
        *rows, extra = images(name, len(TARGETS) + 1).numpy()
        self.records = np.stack(rows)
        self.norms = np.stack(
            [oracle(model, self.records, TARGETS)["grad_norm"] for model in self.series], axis=1
        )
        self.training = {
            "noise_multiplier": 1.1,
            "max_grad_norm": float(np.median(self.norms)),
            "sample_rate": 0.01,
            "steps": 500,
            "delta": 1e-5,
        }
        self.direction = gradient(self.series[-1], extra, TARGETS[-1])
        save_series(folder, self.series)
        save_file(self.direction, folder / "direction.safetensors")
        write_json(folder / "dataselect.json", {**self.training, "direction": "direction.safetensors"})

    def score(self, scorer: Scorer) -> Values:
        return scorer.score(NAMES, self.records, np.array(TARGETS))

    def scorer(self, precision: Precision) -> Scorer:
        return Scorer(find_checkpoint(self.folder), NAMES, torch.device("cpu"), precision)

    @cached_property
    def expected(self) -> Values:
        final = self.series[-1]
        actual = oracle(final, self.records, TARGETS)
        norms, clip = actual["grad_norm"], self.training["max_grad_norm"]
        maps = oracle_slopes(self.series, self.records, TARGETS)
        plis = oracle_plis(final, self.records, TARGETS).reshape(len(TARGETS), -1)
        return {
            **actual,
            "clipped_norm": np.minimum(norms, clip),
            "privacy_loss": oracle_privacy_loss(self.norms, self.training),
            "vog": maps.std(axis=1).mean(axis=(1, 2)),
            "vog-var": (2**0.5 * maps.var(axis=1)).mean(axis=(1, 2)),
            "plis": np.linalg.norm(plis, axis=1),
            "plis-l1": np.abs(plis).sum(axis=1),
            "plis-mean": np.abs(plis).mean(axis=1),
            "alignment": oracle_alignment(final, self.records, TARGETS, self.direction),
            "grad_norm-series": self.norms.mean(axis=1),
        }


def gradient(model: nn.Module, record: NDArray[np.float32], target: int) -> dict[str, Tensor]:
    """Return the gradient at another record: a direction as a consortium would give it."""
    double, logits = logits_of(model)
    loss = nn.functional.cross_entropy(
        logits(torch.from_numpy(record)[None].double()), torch.tensor([target])
    )
    named = dict(double.named_parameters())
    actual = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
    return {n: g.float().contiguous() for n, g in zip(named, actual, strict=True) if g is not None}


def furthest(actual: Values, expected: Values) -> dict[str, float]:
    """Return the largest relative error of each score."""
    assert actual.keys() == expected.keys()
    return {name: float(np.abs(actual[name] / expected[name] - 1).max()) for name in expected}


@pytest.fixture(
    scope="module",
    params=[*IMAGES, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE_IMAGES)],
)
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Family:
    return Family(request.param, tmp_path_factory.mktemp(request.param))


def test_every_score_agrees_with_its_definition(family: Family) -> None:
    errors = furthest(family.score(family.scorer("float64")), family.expected)
    assert errors.pop("privacy_loss") < 5e-5  # It is interpolated.
    assert max(errors.values()) < 1e-11, errors


def test_float32_is_enough_for_smooth_models_and_close_for_all(family: Family) -> None:
    errors = furthest(family.score(family.scorer("float32")), family.expected)
    assert max(errors.values()) < (1e-4 if family.name in SMOOTH else 5e-2), errors


def test_no_parameter_is_left_to_the_slow_way(family: Family) -> None:
    scorer = family.scorer("float64")
    scorer.score(["grad_norm"], family.records, np.array(TARGETS))
    assert BY_FUNCTION not in scorer.paths.values()
    assert {PREFIX + name for name in family.direction} <= scorer.paths.keys()


def test_a_family_has_no_dead_parameter(family: Family) -> None:
    names = {name for name, _ in family.series[-1].named_parameters()}
    dead = names - {name for name, values in family.direction.items() if values.any()}
    assert len(dead) == UNTRAINED.get(family.name, 0), dead


@pytest.mark.slow
def test_a_score_is_the_same_in_whatever_company(family: Family) -> None:
    scorer = family.scorer("float64")
    together = family.score(scorer)
    for rows in ([2], [3, 1, 0], [1, 1]):
        actual = scorer.score(NAMES, family.records[rows], np.array(TARGETS)[rows])
        errors = furthest(actual, {name: values[rows] for name, values in together.items()})
        assert max(errors.values()) < 1e-11, errors


class Float64(TorchFunctionMode):
    """Keeps float64 where a model asks for float32, as attention does before its softmax."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        def kept(value: object) -> object:
            return torch.float64 if value is torch.float32 else value

        kwargs = {name: kept(value) for name, value in (kwargs or {}).items()}
        return func(*map(kept, args), **kwargs)


@pytest.mark.slow
def test_plis_is_the_slope_of_the_norm(family: Family) -> None:
    model, step = family.series[-1], 1e-7
    along = np.random.default_rng(1).normal(size=family.records.shape)
    with Float64():
        up, down = (
            oracle(model, family.records + sign * step * along, TARGETS)["grad_norm"]
            for sign in (1, -1)
        )
        slopes = (oracle_plis(model, family.records, TARGETS) * along).sum(axis=(1, 2, 3))
    np.testing.assert_allclose((up - down) / (2 * step), slopes, rtol=1e-5)


def test_float32_is_taken_where_it_is_asked_for(tmp_path: Path) -> None:
    family = Family("resnet", tmp_path)
    scorer = family.scorer("float32")
    assert scorer.precision == "float32"
    errors = furthest(family.score(scorer), family.expected)
    assert 1e-9 < max(errors.values()) < 1e-3, errors


# Texts


class AtEmbedding(nn.Module):
    """A model of texts from where its input is continuous."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, embedded: Tensor) -> Tensor:
        output = self.inner(inputs_embeds=embedded)
        return output if isinstance(output, Tensor) else output.logits


class Texts:
    """A model of texts in one precision, and its records as tokens or as their embeddings."""

    def __init__(self, name: str, dtype: torch.dtype) -> None:
        self.plain = text_model(name, 1).to(dtype)
        self.model = Model(self.plain, None)
        self.tokens = texts()
        # T5 takes the mean of squares in float32 whatever its own precision is.
        self.tolerance = 1e-4 if dtype == torch.float32 else 1e-6 if "t5" in name else 1e-11

    def at_embedding(self) -> tuple[nn.Module, Tensor]:
        part = getattr(self.plain, "decoder", getattr(self.plain, "encoder", self.plain))
        assert isinstance(part, PreTrainedModel)
        return AtEmbedding(self.plain), part.get_input_embeddings()(self.tokens).detach()


@pytest.fixture(scope="module", params=[torch.float32, torch.float64], ids=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    actual: torch.dtype = request.param
    return actual


@pytest.fixture(scope="module", params=TEXTS)
def texted(request: pytest.FixtureRequest, dtype: torch.dtype) -> Texts:
    return Texts(request.param, dtype)


def at_logits(logits: Tensor) -> Tensor:
    return logit_gradients(logits.detach(), torch.tensor(TARGETS))


def test_norms_and_alignment_of_texts_agree_with_their_definitions(texted: Texts) -> None:
    tokens = texted.tokens.numpy()
    direction = text_gradient(texted)
    gradients = GradientNorms(texted.model)
    done = gradients.run(texted.tokens)
    measured = done.measure(at_logits(done.logits), direction)
    actual = {
        "loss": cross_entropy(done.logits.detach(), torch.tensor(TARGETS)).numpy(),
        "el2n": SINGLE_LABEL.distances(done.logits.detach(), torch.tensor(TARGETS)).numpy(),
        "grad_norm": measured.squares.sqrt().numpy(),
        "alignment": measured.products.numpy(),
    }
    expected = {
        **oracle(texted.model, tokens, TARGETS),
        "alignment": oracle_alignment(texted.model, tokens, TARGETS, direction),
    }
    errors = furthest(actual, expected)
    assert max(errors.values()) < texted.tolerance, errors
    assert BY_FUNCTION not in gradients.paths.values()


def text_gradient(texted: Texts) -> dict[str, Tensor]:
    """Return the gradient at another text."""
    named = dict(texted.model.named_parameters())
    loss = nn.functional.cross_entropy(texted.model(texted.tokens[:1].flip(1)), torch.tensor([1]))
    actual = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
    return {name: g for name, g in zip(named, actual, strict=True) if g is not None}


def test_gradients_of_texts_are_taken_at_the_embedding(texted: Texts) -> None:
    model, embedded = texted.at_embedding()
    done = GradientNorms(model).run(embedded, for_inputs=True, twice=True)
    chosen = torch.eye(done.logits.shape[1], dtype=embedded.dtype)[TARGETS]
    slopes = done.input_gradient(chosen).mean(dim=1)
    _, plis = done.susceptibility(lambda logits: logit_gradients(logits, torch.tensor(TARGETS)))
    (expected,) = oracle_slopes([model], embedded.numpy(), TARGETS).swapaxes(0, 1)
    assert distance(slopes, expected) < texted.tolerance
    assert distance(plis, oracle_plis(model, embedded.numpy(), TARGETS)) < texted.tolerance


def distance(actual: Tensor, expected: NDArray[np.float64]) -> float:
    """Return how far the records' maps are from what they should be, relative to their norms."""
    flat = expected.reshape(len(expected), -1)
    errors = actual.double().numpy().reshape(flat.shape) - flat
    return float((np.linalg.norm(errors, axis=1) / np.linalg.norm(flat, axis=1)).max())
