import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModelForImageClassification

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import Source, SourceRef
from dataselect_gui.scoring.model import load_model
from dataselect_gui.scoring.scorer import Scorer
from tests.helpers import targets_of, write_json, write_safetensors
from tests.models import FAMILIES, RECORDS, SIDE, export, save_member, save_series, stir, tiny_resnet
from tests.norms.unusual_models import UNUSUAL, Patches
from tests.oracle import oracle, oracle_vog

CPU = torch.device("cpu")
NAMES = ("loss", "el2n", "grad_norm", "vog")
TARGETS = [0, 1, 2, 1, 0]

Scores = dict[str, NDArray[np.float64]]


def score(
    scorer: Scorer,
    inputs: NDArray[np.float32],
    targets: Sequence[int],
    names: Sequence[str] = NAMES,
) -> Scores:
    return scorer.score(names, inputs, np.array(targets, dtype=np.int64))


def assert_scores_equal(actual: Scores, expected: Scores, tolerance: float) -> None:
    assert actual.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(actual[name], values, rtol=tolerance, atol=0, err_msg=name)


# Every family, from its files, against the definitions


class Family:
    """A series of three states of one model, as saved and as the scorer loads it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.models = [stir(FAMILIES[name](), seed) for seed in range(3)]
        self.scorer = Scorer(find_checkpoint(save_series(folder, self.models)), NAMES, CPU, "float64")


@pytest.fixture(scope="module", params=list(FAMILIES))
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Family:
    return Family(request.param, tmp_path_factory.mktemp(request.param))


def test_all_scores_agree_with_their_definitions(family: Family) -> None:
    expected = oracle(family.models[-1], RECORDS, TARGETS)
    expected["vog"] = oracle_vog(family.models, RECORDS, TARGETS)
    assert_scores_equal(score(family.scorer, RECORDS, TARGETS), expected, 1e-9)


def test_a_score_is_the_same_in_whatever_company_and_order(family: Family) -> None:
    together = score(family.scorer, RECORDS, TARGETS)
    for order in ([0], [4], [4, 3, 2, 1, 0], [1, 1, 3], [2, 4]):
        some = score(family.scorer, RECORDS[order], [TARGETS[index] for index in order])
        expected = {name: values[order] for name, values in together.items()}
        assert_scores_equal(some, expected, 1e-12)


def test_a_model_in_evaluation_mode_is_accepted(family: Family) -> None:
    family.scorer.check_independence(RECORDS, np.array(TARGETS))


def test_an_unlabelled_record_has_only_the_scores_that_need_no_label(family: Family) -> None:
    scored = score(family.scorer, RECORDS, [-1, 1, -1, 1, -1])
    known = score(family.scorer, RECORDS, TARGETS)
    for name in ("loss", "el2n", "grad_norm"):
        assert np.isnan(scored[name][::2]).all()
        np.testing.assert_array_equal(scored[name][1::2], known[name][1::2])
    expected = oracle_vog(family.models, RECORDS, [-1, 1, -1, 1, -1])
    np.testing.assert_allclose(scored["vog"], expected, rtol=1e-9)


def test_only_what_is_asked_for_is_scored(family: Family) -> None:
    assert score(family.scorer, RECORDS, TARGETS, ["el2n"]).keys() == {"el2n"}


def test_a_label_beyond_the_models_classes_is_refused(family: Family) -> None:
    with pytest.raises(UnusableError, match="speaks of another one"):
        score(family.scorer, RECORDS, [0, 1, 2, 3, 0])


def test_inputs_of_another_shape_are_refused(family: Family) -> None:
    with pytest.raises(UnusableError, match=r"\(2, 9, 9\)"):
        score(family.scorer, np.zeros((2, 2, 9, 9), np.float32), [0, 1])


def test_the_final_state_and_the_series_have_their_own_scores(tmp_path: Path) -> None:
    models = [stir(tiny_resnet(), seed) for seed in range(3)]
    save_series(tmp_path, models[:2])
    save_member(tmp_path, models[2])
    scored = score(Scorer(find_checkpoint(tmp_path), NAMES, CPU, "float64"), RECORDS, TARGETS)
    expected = oracle(models[2], RECORDS, TARGETS)
    expected["vog"] = oracle_vog(models[:2], RECORDS, TARGETS)
    assert_scores_equal(scored, expected, 1e-9)


def test_the_weights_that_are_loaded_are_those_that_the_digest_covers(tmp_path: Path) -> None:
    save_member(tmp_path / "model", stir(tiny_resnet(), 0))
    save_member(tmp_path / "shards", stir(tiny_resnet(), 1))
    (tmp_path / "shards" / "model.safetensors").rename(tmp_path / "model" / "a.safetensors")
    loaded = load_model(find_checkpoint(tmp_path / "model").final, CPU).state_dict()
    names = [name.removeprefix("inner.") for name in loaded]
    index = {"weight_map": dict.fromkeys(names, "a.safetensors")}
    write_json(tmp_path / "model" / "model.safetensors.index.json", index)
    check_digest_covers_loaded(tmp_path / "model")


@pytest.mark.parametrize("named", ["a.safetensors"])
def test_a_config_cannot_name_other_weights(tmp_path: Path, named: str) -> None:
    save_member(tmp_path / "model", stir(tiny_resnet(), 0))
    save_member(tmp_path / "other", stir(tiny_resnet(), 1))
    (tmp_path / "other" / "model.safetensors").rename(tmp_path / "model" / named)
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    write_json(tmp_path / "model" / "config.json", {**config, "transformers_weights": named})
    check_digest_covers_loaded(tmp_path / "model")


def check_digest_covers_loaded(folder: Path) -> None:
    """Assert that no weight file can change the model without changing the digest."""
    try:
        checkpoint = find_checkpoint(folder)
        loaded = load_model(checkpoint.final, CPU).state_dict()
    except UnusableError:
        return
    before = {name: value.clone() for name, value in loaded.items()}
    uncovered = set(folder.glob("*.safetensors")) - set(checkpoint.final.files())
    for path in uncovered:
        whole = path.read_bytes()
        path.write_bytes(whole[:-64] + np.ones(16, np.float32).tobytes())
        after = load_model(checkpoint.final, CPU).state_dict()
        assert all(torch.equal(before[name], after[name]) for name in before), path.name
        path.write_bytes(whole)


# Graphs


@pytest.mark.parametrize("name", ["shared by two calls", "attention", "chunks of a parameter"])
def test_an_exported_model_has_the_norms_of_the_model_itself(tmp_path: Path, name: str) -> None:
    model = stir(UNUSUAL[name](), 3)
    path = export(tmp_path / "model.pt2", model, torch.zeros(2, 1, SIDE, SIDE))
    names = ("loss", "el2n", "grad_norm")
    scored = score(Scorer(find_checkpoint(path), names, CPU, "float64"), RECORDS, TARGETS, names)
    assert_scores_equal(scored, oracle(model, RECORDS, TARGETS), 1e-9)


# Numbers at the edge


def exact(inputs: NDArray[np.float32], targets: Sequence[int]) -> Scores:
    """Return the scores where the inputs are the logits, from formulas in extended precision."""
    rows = []
    for row, target in zip(inputs.astype(np.longdouble), targets, strict=True):
        odds = np.exp(np.delete(row, target) - row[target])
        others = odds / (1 + odds.sum())
        distance = np.sqrt((others**2).sum() + others.sum() ** 2)
        rows.append((np.log1p(odds.sum()), distance, distance * np.sqrt((row**2).sum())))
    loss, el2n, norm = np.array(rows, dtype=np.float64).T
    return {"loss": loss, "el2n": el2n, "grad_norm": norm}


def identity(folder: Path) -> Path:
    layer = nn.Linear(3, 3, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(3))
    return export(folder / "model.pt2", layer.eval(), torch.zeros(2, 3))


@pytest.mark.parametrize("margin", [0.0, 10.0, 40.0, 300.0])
@pytest.mark.parametrize("targets", [[0, 0], [1, 2]], ids=["right", "wrong"])
def test_a_confident_prediction_keeps_all_digits(
    tmp_path: Path, margin: float, targets: list[int]
) -> None:
    scorer = Scorer(find_checkpoint(identity(tmp_path)), NAMES[:3], CPU, "float64")
    inputs = np.array([[margin + 1, 1, 1], [margin, 0.5, -2]], np.float32)
    assert_scores_equal(score(scorer, inputs, targets, NAMES[:3]), exact(inputs, targets), 1e-12)


def test_vog_of_vectors_is_the_mean_over_their_elements(tmp_path: Path) -> None:
    folder = tmp_path / "series"
    layers = [stir(nn.Linear(4, 3), seed) for seed in range(3)]
    for index, layer in enumerate(layers):
        export(folder / f"checkpoint-{index}" / "model.pt2", layer, torch.zeros(2, 4))
    weights = np.stack([layer.state_dict()["weight"].double().numpy() for layer in layers])
    scorer = Scorer(find_checkpoint(folder), ["vog"], CPU, "float64")
    scored = score(scorer, RECORDS.reshape(5, -1)[:, :4], TARGETS, ["vog"])
    np.testing.assert_allclose(scored["vog"], weights.std(axis=0).mean(axis=1)[TARGETS], rtol=1e-9)


# Models that cannot be used


@pytest.mark.parametrize(
    "layer", [nn.BatchNorm2d(4), nn.BatchNorm2d(4, track_running_stats=False), nn.Dropout(0.5)]
)
def test_a_model_exported_in_training_mode_is_refused(tmp_path: Path, layer: nn.Module) -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 3), layer, nn.Flatten(), nn.Linear(784, 3)).train()
    path = export(tmp_path / "model.pt2", model, torch.zeros(2, 1, SIDE, SIDE))
    with pytest.raises(UnusableError, match="evaluation mode"):
        Scorer(find_checkpoint(path), ["loss"], CPU)


class Centred(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.exit = nn.Linear(256, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.exit((inputs - inputs.mean(dim=0)).flatten(1))
        return logits


def test_a_model_that_mixes_records_is_refused(tmp_path: Path) -> None:
    path = export(tmp_path / "model.pt2", Centred().eval(), torch.zeros(2, 1, SIDE, SIDE))
    with pytest.raises(UnusableError, match="other records of the batch"):
        Scorer(find_checkpoint(path), ["loss"], CPU).check_independence(RECORDS, np.array(TARGETS))


class WithConstants(Patches):
    """Tensors that are no parameters: an attribute, a buffer that is not saved, one made anew."""

    def __init__(self, kind: str) -> None:
        super().__init__(7)
        self.kind = kind
        self.attribute = torch.ones(4, 4)
        self.register_buffer("unsaved", torch.ones(4, 4), persistent=False)
        self.register_buffer("saved", torch.ones(4, 4))

    def mixed(self, tokens: Tensor) -> Tensor:
        if self.kind == "cast":
            return functional.linear(super().mixed(tokens).float(), self.exit.weight.new_ones(4, 4))
        factor = torch.ones(4, 4) if self.kind == "made anew" else getattr(self, self.kind)
        return super().mixed(tokens) @ factor


@pytest.mark.parametrize(
    "kind",
    [
        "saved",
        "unsaved",
        "attribute",
        "made anew",
        "cast",
    ],
)
def test_an_exported_model_may_hold_tensors_that_are_no_parameters(tmp_path: Path, kind: str) -> None:
    model = stir(WithConstants(kind), 0)
    path = export(tmp_path / "model.pt2", model, torch.zeros(2, 1, SIDE, SIDE))
    scorer = Scorer(find_checkpoint(path), ["el2n"], CPU, "float64")
    with torch.no_grad():
        chances = model(torch.from_numpy(RECORDS)).softmax(dim=1).double()
    expected = (chances - torch.eye(3)[TARGETS]).norm(dim=1).numpy()
    scored = score(scorer, RECORDS, TARGETS, ["el2n"])
    np.testing.assert_allclose(scored["el2n"], expected, rtol=1e-5)


@pytest.mark.parametrize("damage", ["missing", "shape", "architecture"])
def test_a_checkpoint_that_makes_no_whole_model_is_refused(tmp_path: Path, damage: str) -> None:
    save_member(tmp_path, stir(tiny_resnet(), 0))
    config = json.loads((tmp_path / "config.json").read_text())
    match damage:
        case "missing":
            write_safetensors(tmp_path / "model.safetensors", {"classifier.1.bias": (3,)})
        case "shape":
            config["hidden_sizes"] = [4, 16]
        case "architecture":
            config["model_type"] = "nothing known"
    write_json(tmp_path / "config.json", config)
    with pytest.raises(UnusableError, match=tmp_path.name):
        load_model(find_checkpoint(tmp_path).final, CPU)


# Real checkpoints, real records


REAL = {
    "fashion-mnist-resnet": "fashion-mnist",
    "chest-xray-resnet": "chest-xray/owner",
    "cifar10-resnet20": "cifar10",
}


def real_source(folder: Path) -> Source:
    (path,) = folder.glob("*.npz") if not (folder / "metadata.csv").exists() else (folder,)
    return open_source(SourceRef(path))


def real_models(folder: Path, form: str) -> list[nn.Module]:
    """Load the final state and the series without the program's own loader."""
    if form == "exported":
        return [torch.export.load(folder / "model.pt2").module()]
    numbered = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name[11:]))
    return [
        AutoModelForImageClassification.from_pretrained(path, dtype=torch.float32)
        for path in (folder, *numbered)
    ]


@pytest.mark.parametrize("name", REAL)
@pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")  # A copy of an exported module.
def test_real_records_agree_with_the_definitions(shared_data: Path, name: str) -> None:
    source = real_source(shared_data / REAL[name])
    checkpoint = find_checkpoint(shared_data / "checkpoints" / name)
    names = NAMES if len(checkpoint.series) > 1 else NAMES[:3]
    scorer = Scorer(checkpoint, names, CPU, "float64")
    rows = np.linspace(0, len(source.ids) - 1, 12).astype(int)
    to_input = source.kind.to_input(checkpoint.final, scorer.model.channels)
    read = [to_input(source.kind.decode(source.read(row))) for row in rows]
    inputs = np.stack(read).astype(np.float32)
    targets = targets_of(source, checkpoint)[rows].tolist()
    final, *series = real_models(checkpoint.path, checkpoint.final.form)
    scorer.check_independence(inputs, np.array(targets))
    expected = oracle(final, inputs, targets)
    if "vog" in names:
        expected["vog"] = oracle_vog(series, inputs, targets)
    assert_scores_equal(score(scorer, inputs, targets, names), expected, 1e-4)


@pytest.mark.parametrize(
    ("name", "mean", "std"),
    [
        ("fashion-mnist-resnet", [0.5], [0.5]),
        ("cifar10-resnet20", [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ],
)
def test_real_inputs_are_what_the_processors_file_says(
    shared_data: Path, name: str, mean: list[float], std: list[float]
) -> None:
    source = real_source(shared_data / REAL[name])
    final = find_checkpoint(shared_data / "checkpoints" / name).final
    to_input = source.kind.to_input(final, load_model(final, CPU).channels)
    content = source.kind.decode(source.read(3))
    assert isinstance(content, Image.Image)
    pixels = np.asarray(content).reshape(content.height, content.width, len(mean))
    expected = (pixels / 255 - np.array(mean)) / np.array(std)
    np.testing.assert_allclose(to_input(content), expected.transpose(2, 0, 1), atol=1e-6)
