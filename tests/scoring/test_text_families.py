"""Families that read texts: exact by plain autograd on the text alone, whatever fills it up."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.norms.cross_entropy import cross_entropy, logit_gradients
from dataselect_gui.norms.gradient_norms import BY_FUNCTION, GradientNorms
from dataselect_gui.scoring.clipped_sum import ClippedSum
from dataselect_gui.scoring.model import Model, in_precision, load_model
from dataselect_gui.tasks.single_label import SINGLE_LABEL
from tests.families import CLASSIFIERS_OF_TEXTS, TYPED, packed_texts, text_classifier
from tests.helpers import write_json

CPU = torch.device("cpu")
LENGTHS, TARGETS = [3, 12, 7, 1, 9], [0, 1, 2, 0, 1]
"""One of the texts is not filled up at all."""
SMOOTH = 1e-9
BY_HEADS = {"deberta"}
"""Families that use parts of a weight by themselves, for which there is no rule: exact, but slow."""


@pytest.fixture(scope="module", params=CLASSIFIERS_OF_TEXTS)
def saved(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, PreTrainedModel]:
    folder, model = tmp_path_factory.mktemp("texts") / "model", text_classifier(request.param, 1)
    model.save_pretrained(folder)
    return request.param, folder, model


Saved = tuple[str, Path, PreTrainedModel]


def loaded(folder: Path, dtype: torch.dtype = torch.float64) -> Model:
    return in_precision(load_model(find_checkpoint(folder).final, CPU), dtype)


def alone(text: Tensor) -> dict[str, Tensor]:
    """Return the arguments of a text by itself, as it was before it was filled up: without a mask."""
    tokens = int(text[1].sum())
    arguments = {"input_ids": text[None, 0, :tokens]}
    return arguments if len(text) == 2 else {**arguments, "token_type_ids": text[None, 2, :tokens]}


def by_definition(model: PreTrainedModel, texts: Tensor) -> dict[str, NDArray[np.float64]]:
    """Return loss and norm of each text by the plain library in float64, each by itself."""
    double = AutoModelForSequenceClassification.from_config(model.config, attn_implementation="eager")
    double.load_state_dict(model.state_dict())
    double.double().eval()
    losses, norms = [], []
    for text, target in zip(texts, TARGETS, strict=True):
        logits = double(**alone(text)).logits
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor([target]))
        gradients = torch.autograd.grad(loss, list(double.parameters()), allow_unused=True)
        norms.append(sum(g.square().sum().item() for g in gradients if g is not None) ** 0.5)
        losses.append(loss.item())
    return {"loss": np.array(losses), "grad_norm": np.array(norms)}


def measured(model: Model, texts: Tensor) -> tuple[dict[str, NDArray[np.float64]], GradientNorms]:
    targets = torch.tensor(TARGETS[: len(texts)])
    gradients = GradientNorms(model)
    done = gradients.run(texts)
    squares = done.measure(logit_gradients(done.logits.detach(), targets)).squares
    losses = cross_entropy(done.logits.detach(), targets)
    return {"loss": losses.numpy(), "grad_norm": squares.double().sqrt().numpy()}, gradients


def test_a_text_is_scored_as_the_plain_library_scores_it_alone(saved: Saved) -> None:
    name, folder, model = saved
    texts = packed_texts(name, LENGTHS, 12)
    scores, gradients = measured(loaded(folder), texts)
    expected = by_definition(model, texts)
    for score, values in expected.items():
        np.testing.assert_allclose(scores[score], values, rtol=SMOOTH, err_msg=score)
    assert (BY_FUNCTION in gradients.paths.values()) == (name in BY_HEADS)


def test_a_text_is_scored_in_float32_close_to_that(saved: Saved) -> None:
    name, folder, model = saved
    texts = packed_texts(name, LENGTHS, 12)
    scores, _gradients = measured(loaded(folder, torch.float32), texts)
    for score, values in by_definition(model, texts).items():
        np.testing.assert_allclose(scores[score], values, rtol=1e-4, err_msg=score)


def test_how_far_a_text_is_filled_up_changes_nothing(saved: Saved) -> None:
    name, folder, _model = saved
    model, short = loaded(folder), packed_texts(name, LENGTHS, 12)
    long = torch.zeros(len(short), short.shape[1], 14, dtype=torch.int64)
    long[:, 0] = 1
    long[:, :, :12] = short
    for score, values in measured(model, short)[0].items():
        np.testing.assert_allclose(measured(model, long)[0][score], values, rtol=1e-9, err_msg=score)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_a_score_does_not_depend_on_what_fills_its_neighbours_up(
    saved: Saved, dtype: torch.dtype
) -> None:
    """Bit for bit, whether the others are as long as can be, empty, or other texts."""
    name, folder, _model = saved
    model = loaded(folder, dtype)
    for own in (12, 5):
        row = packed_texts(name, [own], 12)
        seen = []
        for others in ([12] * 4, [1] * 4, [3, 12, 7, 2]):
            batch = packed_texts(name, [own, *others], 12)
            batch[0] = row
            scores, _gradients = measured(model, batch)
            seen.append((scores["loss"][0], scores["grad_norm"][0]))
        assert len(set(seen)) == 1


def test_the_same_is_done_whatever_the_masks_of_a_batch_hold(saved: Saved) -> None:
    """The library leaves a mask out where it is full; that is seen in the operations of a batch."""
    name, folder, _model = saved
    model = loaded(folder)
    _scores, full = measured(model, packed_texts(name, [12] * 5, 12))
    _scores, other = measured(model, packed_texts(name, LENGTHS, 12))
    assert full.operations == other.operations


def test_gradients_are_named_as_in_the_file(saved: Saved) -> None:
    _name, folder, model = saved
    summed = ClippedSum(loaded(folder), SINGLE_LABEL, 3, 1e6, 1 << 30)
    stored = load_file(folder / "model.safetensors")
    assert {n: tuple(s) for n, s in summed.layout} == {
        n: tuple(t.shape) for n, t in stored.items() if n in dict(summed.layout)
    }
    assert len(summed.layout) == len(list(model.parameters()))


@pytest.mark.parametrize("names", ["gamma and beta", "without a prefix"])
def test_older_names_are_kept(tmp_path: Path, names: str) -> None:
    """BERT's first files say gamma and beta for the weights of a norm."""
    model = text_classifier("bert", 1)
    model.save_pretrained(tmp_path)
    stored = {}
    for name, values in load_file(tmp_path / "model.safetensors").items():
        if names == "gamma and beta":
            older = name.replace("LayerNorm.weight", "LayerNorm.gamma")
            stored[older.replace("LayerNorm.bias", "LayerNorm.beta")] = values
        else:
            stored[name.removeprefix("bert.")] = values
    save_file(stored, tmp_path / "model.safetensors", {"format": "pt"})
    summed = ClippedSum(loaded(tmp_path), SINGLE_LABEL, 3, 1e6, 1 << 30)
    assert {name for name, _shape in summed.layout} == stored.keys()
    texts = packed_texts("bert", LENGTHS, 12)
    gradient = summed.gradient(texts[:1], np.array(TARGETS[:1]))
    norms = by_definition(model, texts)["grad_norm"]
    assert np.linalg.norm(gradient) == pytest.approx(norms[0], rel=1e-9)


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "relative positions": ("bert", {"position_embedding_type": "relative_key"}, "absolute"),
    "an unknown activation": ("distilbert", {"activation": "xielu"}, "activation"),
    "positions by the longest text": (
        "modernbert",
        {"rope_parameters": {"full_attention": {"rope_type": "dynamic", "factor": 2.0}}},
        "not reviewed",
    ),
    "pruned heads": ("bert", {"pruned_heads": {"0": [1]}}, "not reviewed"),
    "a decoder": ("bert", {"architectures": ["BertLMHeadModel"]}, "writes texts"),
    "convolutions": ("deberta-v2", {"conv_kernel_size": 3}, "not reviewed"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_was_not_reviewed_is_refused(tmp_path: Path, kind: str) -> None:
    name, stated, why = REFUSED[kind]
    model = text_classifier(name, 1)
    model.save_pretrained(tmp_path)
    write_json(tmp_path / "config.json", {**model.config.to_dict(), **stated})
    with pytest.raises(UnusableError, match=why):
        find_checkpoint(tmp_path)


def test_families_with_types_take_them() -> None:
    assert CLASSIFIERS_OF_TEXTS.keys() >= TYPED
