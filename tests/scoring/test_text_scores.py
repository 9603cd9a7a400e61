"""Scores of texts: each as its definition says, of the text alone, at the vectors of its words."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.scoring.naive import naive_scores
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.scoring.synthetic import filler, synthetic
from tests.families import CLASSIFIERS_OF_TEXTS, packed_texts, text_classifier

CPU = torch.device("cpu")
PARTLY_BY_FUNCTION = "deberta"
"""Its norms are exact, and part of them cannot be differentiated by the words' vectors."""
TOLERANCE = {"modernbert": 1e-7}
"""The library turns its vectors by angles in float32."""
LENGTHS, TARGETS = [3, 12, 7, 1, 9], np.array([0, 1, 2, 0, -1])
NAMES = ["loss", "el2n", "grad_norm", "vog", "vog-var", "plis", "plis-l1", "plis-mean"]


class World:
    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.names = [n for n in NAMES if name != PARTLY_BY_FUNCTION or "plis" not in n]
        self.models = [text_classifier(name, seed) for seed in (1, 2, 3)]
        for step, model in enumerate(self.models):
            model.save_pretrained(folder / f"checkpoint-{step}")
        self.scorer = Scorer(find_checkpoint(folder), self.names, CPU, "float64")
        self.texts = packed_texts(name, LENGTHS, 12).numpy()

    @property
    def scores(self) -> dict[str, NDArray[np.float64]]:
        return self.scorer.score(self.names, self.texts, TARGETS)


@pytest.fixture(scope="module", params=CLASSIFIERS_OF_TEXTS)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(request.param, tmp_path_factory.mktemp("series"))


def in_double(model: PreTrainedModel) -> PreTrainedModel:
    made = AutoModelForSequenceClassification.from_config(model.config, attn_implementation="eager")
    made.load_state_dict(model.state_dict())
    return made.double().eval()  # type: ignore[no-any-return]


def at_words(model: PreTrainedModel, text: Tensor) -> tuple[Tensor, Tensor]:
    """Return the logits of a text alone, not filled up, and the vectors of its words."""
    tokens, kept = int(text[1].sum()), []
    handle = model.get_input_embeddings().register_forward_hook(
        lambda _module, _arguments, output: kept.append(output)
    )
    more = {} if len(text) == 2 else {"token_type_ids": text[None, 2, :tokens]}
    logits = model(input_ids=text[None, 0, :tokens], **more).logits[0]
    handle.remove()
    return logits, kept[0]


def by_definition(world: World, row: int) -> dict[str, float]:
    text, target = torch.from_numpy(world.texts[row]), int(TARGETS[row])
    doubles = [in_double(model) for model in world.models]
    final, embedded = at_words(doubles[-1], text)
    watched = int(final.argmax()) if target < 0 else target
    slopes = []
    for double in doubles:
        logits, vectors = at_words(double, text)
        (slope,) = torch.autograd.grad(logits[watched], vectors)
        slopes.append(slope[0])
    spread = torch.stack(slopes).std(dim=0, correction=0)
    scores = {
        "vog": spread.mean().item(),
        "vog-var": len(slopes) ** 0.5 * spread.square().mean().item(),
    }
    if target < 0:
        return scores
    loss = torch.nn.functional.cross_entropy(final[None], torch.tensor([target]))
    parameters = list(doubles[-1].parameters())
    gradients = torch.autograd.grad(loss, parameters, create_graph=True, allow_unused=True)
    norm = torch.cat([g.flatten() for g in gradients if g is not None]).norm()
    (plis,) = torch.autograd.grad(norm, embedded)
    return scores | {
        "loss": loss.item(),
        "grad_norm": norm.item(),
        "el2n": (final.softmax(0) - torch.eye(3)[target]).norm().item(),
        "plis": plis.norm().item(),
        "plis-l1": plis.abs().sum().item(),
        "plis-mean": plis.abs().mean().item(),
    }


def test_every_score_is_that_of_the_text_alone(world: World) -> None:
    scores = world.scores
    for row in range(len(LENGTHS)):
        expected = by_definition(world, row)
        for name in expected.keys() & scores.keys():
            allowed = TOLERANCE.get(world.name, 1e-9)
            close = pytest.approx(expected[name], rel=allowed, abs=1e-13)
            assert scores[name][row] == close, (name, row)
    assert np.isnan(scores["grad_norm"][4])
    assert np.isfinite(scores["vog"]).all()


def test_the_naive_loop_of_the_preflight_agrees(world: World) -> None:
    scores = world.scores
    naive = naive_scores(find_checkpoint(world.folder), world.names, world.texts[:4], TARGETS[:4])
    for name, values in naive.items():
        np.testing.assert_allclose(values, scores[name][:4], rtol=1e-9, atol=1e-13, err_msg=name)


def test_neighbours_and_what_fills_them_up_change_no_digit(world: World) -> None:
    size, rows = len(LENGTHS), world.texts.shape[1:]
    others = synthetic((size, *rows), world.scorer.model.vocabulary)
    empty = filler((size, *rows), world.scorer.model.vocabulary)
    for row in (0, 2):
        seen = []
        for beside in (world.texts, others, empty):
            batch, targets = beside.copy(), np.full(size, -1, dtype=np.int64)
            batch[row], targets[row] = world.texts[row], TARGETS[row]
            scores = world.scorer.score(world.names, batch, targets)
            seen.append([scores[name][row] for name in world.names])
        assert seen[0] == seen[1] == seen[2]


def test_plis_is_refused_where_it_would_miss_a_part(tmp_path: Path) -> None:
    text_classifier(PARTLY_BY_FUNCTION, 1).save_pretrained(tmp_path)
    scorer = Scorer(find_checkpoint(tmp_path), ["plis"], CPU, "float64")
    with pytest.raises(UnusableError, match="Leave out plis"):
        scorer.prepare((5, 3, 12))
