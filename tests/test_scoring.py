import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModelForImageClassification

from dataselect_gui.checkpoints.labels import match_labels
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import Source
from dataselect_gui.scoring.gradient_norms import BY_FUNCTION, GradientNorms
from dataselect_gui.scoring.measures import logit_gradients
from dataselect_gui.scoring.model import load_model
from dataselect_gui.scoring.scorer import Scorer
from tests.helpers import write_json, write_safetensors
from tests.models import FAMILIES, SIDE, export, save_member, save_series, stir, tiny_resnet
from tests.oracle import oracle, oracle_vog

CPU = torch.device("cpu")
NAMES = ("loss", "el2n", "grad_norm", "vog")
RECORDS = np.random.default_rng(7).normal(size=(5, 1, SIDE, SIDE)).astype(np.float32)
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


def norms(model: nn.Module, inputs: Tensor, targets: Sequence[int]) -> NDArray[np.float64]:
    done = GradientNorms(model).run(inputs)
    at_logits = logit_gradients(done.logits.detach(), torch.tensor(targets))
    found: NDArray[np.float64] = done.squared_norms(at_logits).sqrt().numpy()
    return found


# Every family, from its files, against the definitions


class Family:
    """A series of three states of one model, as saved and as the scorer loads it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.models = [stir(FAMILIES[name](), seed) for seed in range(3)]
        self.scorer = Scorer(find_checkpoint(save_series(folder, self.models)), NAMES, CPU)


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
    family.scorer.check_independence(RECORDS)


def test_an_unlabelled_record_has_only_the_scores_that_need_no_label(family: Family) -> None:
    found = score(family.scorer, RECORDS, [-1, 1, -1, 1, -1])
    known = score(family.scorer, RECORDS, TARGETS)
    for name in ("loss", "el2n", "grad_norm"):
        assert np.isnan(found[name][::2]).all()
        np.testing.assert_array_equal(found[name][1::2], known[name][1::2])
    expected = oracle_vog(family.models, RECORDS, [-1, 1, -1, 1, -1])
    np.testing.assert_allclose(found["vog"], expected, rtol=1e-9)


def test_only_what_is_asked_for_is_scored(family: Family) -> None:
    assert score(family.scorer, RECORDS, TARGETS, ["el2n"]).keys() == {"el2n"}


def test_a_label_beyond_the_models_classes_is_refused(family: Family) -> None:
    with pytest.raises(UnusableError, match="index 3"):
        score(family.scorer, RECORDS, [0, 1, 2, 3, 0])


def test_inputs_of_another_shape_are_refused(family: Family) -> None:
    with pytest.raises(UnusableError, match=r"\(2, 9, 9\)"):
        score(family.scorer, np.zeros((2, 2, 9, 9), np.float32), [0, 1])


def test_the_final_state_and_the_series_have_their_own_scores(tmp_path: Path) -> None:
    models = [stir(tiny_resnet(), seed) for seed in range(3)]
    save_series(tmp_path, models[:2])
    save_member(tmp_path, models[2])
    found = score(Scorer(find_checkpoint(tmp_path), NAMES, CPU), RECORDS, TARGETS)
    expected = oracle(models[2], RECORDS, TARGETS)
    expected["vog"] = oracle_vog(models[:2], RECORDS, TARGETS)
    assert_scores_equal(found, expected, 1e-9)


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


# Models that use their parameters in every way


class Shared(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.entry = nn.Conv2d(1, 4, 3)
        self.twice = nn.Conv2d(4, 4, 3, padding=1)
        self.exit = nn.Linear(4, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.twice(self.twice(self.entry(inputs)).tanh()).tanh()
        logits: Tensor = self.exit(hidden.mean(dim=(2, 3)))
        return logits


class Scaled(nn.Module):
    """A parameter that is multiplied, one that is added, one that is never used."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.rand(1, 16, 16))
        self.shift = nn.Parameter(torch.rand(16))
        self.unused = nn.Parameter(torch.rand(3))
        self.exit = nn.Linear(256, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.exit((inputs * self.scale + self.shift).sin().flatten(1))
        return logits


class Patches(nn.Module):
    """The parameters meet T tokens of each record."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.tokens = tokens
        self.entry = nn.Linear(4, 4)
        self.exit = nn.Linear(4, 3)

    def cut(self, inputs: Tensor) -> Tensor:
        return inputs.flatten(1)[:, : 4 * self.tokens].reshape(-1, self.tokens, 4)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.exit(self.mixed(self.cut(inputs)).mean(dim=1))
        return logits

    def mixed(self, tokens: Tensor) -> Tensor:
        hidden: Tensor = self.entry(tokens)
        return hidden.tanh()


class Transposed(Patches):
    """Tokens come first, records second."""

    def mixed(self, tokens: Tensor) -> Tensor:
        return super().mixed(tokens.transpose(0, 1)).transpose(0, 1)


class Split(Patches):
    """One parameter holds the weights of two layers."""

    def __init__(self, tokens: int) -> None:
        super().__init__(tokens)
        self.both = nn.Parameter(torch.rand(8, 4))

    def mixed(self, tokens: Tensor) -> Tensor:
        first, second = self.both.chunk(2)
        return functional.linear(super().mixed(tokens), first) * functional.linear(tokens, second)


class Attending(Patches):
    def __init__(self, tokens: int) -> None:
        super().__init__(tokens)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def mixed(self, tokens: Tensor) -> Tensor:
        hidden = super().mixed(tokens)
        attended: Tensor = self.attention(hidden, hidden, hidden)[0]
        return attended


class Recurrent(Patches):
    def __init__(self, tokens: int) -> None:
        super().__init__(tokens)
        self.recurrent = nn.LSTM(4, 4, batch_first=True)

    def mixed(self, tokens: Tensor) -> Tensor:
        states: Tensor = self.recurrent(super().mixed(tokens))[0]
        return states


class Product(torch.autograd.Function):
    @staticmethod
    def forward(context: torch.autograd.function.FunctionCtx, *given: Tensor) -> Tensor:
        context.save_for_backward(*given)
        return given[0] @ given[1]

    @staticmethod
    def backward(
        context: torch.autograd.function.FunctionCtx, *gradients: Tensor
    ) -> tuple[Tensor, Tensor]:
        first, second = context.saved_tensors  # type: ignore[attr-defined]
        (gradient,) = gradients
        return gradient @ second.T, (first.transpose(1, 2) @ gradient).sum(dim=0)


class OwnFunction(Patches):
    """A parameter goes into a function with a backward pass of its own."""

    def __init__(self, tokens: int) -> None:
        super().__init__(tokens)
        self.factor = nn.Parameter(torch.rand(4, 4))

    def mixed(self, tokens: Tensor) -> Tensor:
        product: Tensor = Product.apply(super().mixed(tokens), self.factor)  # type: ignore[no-untyped-call]
        return product


class Frozen(Shared):
    def __init__(self) -> None:
        super().__init__()
        self.twice.requires_grad_(False)
        self.entry.bias = None


def convolution(**options: object) -> nn.Module:
    layer = nn.Conv2d(4, 6, **{"kernel_size": 3, **options})  # type: ignore[arg-type]
    head = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, 3))
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.Tanh(), layer, nn.Tanh(), head)


def one_dimensional() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(2), nn.Conv1d(1, 4, 5, stride=3), nn.ReLU(), nn.Flatten(), nn.Linear(336, 3)
    )


# The parameters of each meet a rule: one pass for the whole batch is enough.
COVERED: dict[str, Callable[[], nn.Module]] = {
    "shared by two calls": Shared,
    "some frozen": Frozen,
    "grouped": lambda: convolution(groups=2),
    "depthwise": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.Conv2d(4, 8, 3, groups=4), nn.Flatten(), nn.Linear(8 * 144, 3)
    ),
    "dilated and strided": lambda: convolution(dilation=(2, 1), stride=(1, 3), padding=(1, 2)),
    "valid padding in numbers": lambda: convolution(padding=0, bias=False),
    "padded in a circle": lambda: convolution(padding=1, padding_mode="circular"),
    "one by one": lambda: convolution(kernel_size=1, stride=2),
    "kernel of two sides": lambda: convolution(kernel_size=(1, 4)),
    "ReLU in place": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(784, 3)
    ),
    "normalised": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.GroupNorm(2, 4),
        nn.LayerNorm([14, 14]),
        nn.Flatten(),
        nn.BatchNorm1d(784),
        nn.Linear(784, 3),
    ),
    "without affine": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4, affine=False), nn.Flatten(), nn.Linear(784, 3)
    ),
    "tokens": lambda: Patches(7),
    "same padding": lambda: convolution(padding="same"),
    "scale and shift": Scaled,
    "one dimension": one_dimensional,
    "weight norm": lambda: nn.Sequential(
        nn.Flatten(), nn.utils.parametrizations.weight_norm(nn.Linear(256, 3))
    ),
    "transposed convolution": lambda: nn.Sequential(
        nn.ConvTranspose2d(1, 2, 3), nn.Flatten(), nn.Linear(648, 3)
    ),
    "chunks of a parameter": lambda: Split(7),
}
UNCOVERED: dict[str, Callable[[], nn.Module]] = {
    "instance norm": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.InstanceNorm2d(4, affine=True), nn.Flatten(), nn.Linear(784, 3)
    ),
    "tokens first": lambda: Transposed(7),
    "tokens first, as many as records": lambda: Transposed(len(RECORDS)),
    "attention": lambda: Attending(7),
    "recurrent": lambda: Recurrent(7),
    "function of its own": lambda: OwnFunction(7),
}
UNUSUAL = COVERED | UNCOVERED


def batches_seen(model: nn.Module) -> list[int]:
    seen: list[int] = []
    model.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    return seen


@pytest.mark.parametrize("name", UNUSUAL)
def test_norms_agree_with_plain_autograd(name: str) -> None:
    torch.manual_seed(0)
    model = stir(UNUSUAL[name]().double(), 3)
    found = norms(model, torch.from_numpy(RECORDS).double(), TARGETS)
    expected = oracle(model, RECORDS, TARGETS)["grad_norm"]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("name", COVERED)
def test_after_the_first_batch_one_pass_serves_all_records(name: str) -> None:
    model = COVERED[name]().double().eval()
    gradients, records = GradientNorms(model), torch.from_numpy(RECORDS).double()
    gradients.run(records).squared_norms(torch.ones(5, 3))
    assert BY_FUNCTION not in gradients.paths.values()
    seen = batches_seen(model)
    gradients.run(records).squared_norms(torch.ones(5, 3))
    assert seen == [len(RECORDS)]


@pytest.mark.parametrize("name", UNCOVERED)
def test_what_no_rule_covers_is_named(name: str) -> None:
    model = UNCOVERED[name]().double().eval()
    gradients = GradientNorms(model)
    gradients.run(torch.from_numpy(RECORDS).double()).squared_norms(torch.ones(5, 3))
    named = {key for key, path in gradients.paths.items() if path == BY_FUNCTION}
    assert named
    assert named < set(dict(model.named_parameters()))


@pytest.mark.parametrize("name", UNUSUAL)
def test_norms_leave_no_trace_on_the_model(name: str) -> None:
    model = stir(UNUSUAL[name]().double(), 3)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    norms(model, torch.from_numpy(RECORDS).double(), TARGETS)
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(module.training for module in model.modules())


def test_a_model_with_nothing_to_train_has_no_gradient() -> None:
    model = Shared().double().requires_grad_(False)
    assert norms(model, torch.from_numpy(RECORDS).double(), TARGETS).tolist() == [0] * 5


@pytest.mark.parametrize("name", ["shared by two calls", "attention", "chunks of a parameter"])
def test_an_exported_model_has_the_norms_of_the_model_itself(tmp_path: Path, name: str) -> None:
    model = stir(UNUSUAL[name](), 3)
    path = export(tmp_path / "model.pt2", model, torch.zeros(2, 1, SIDE, SIDE))
    names = ("loss", "el2n", "grad_norm")
    found = score(Scorer(find_checkpoint(path), names, CPU), RECORDS, TARGETS, names)
    assert_scores_equal(found, oracle(model, RECORDS, TARGETS), 1e-9)


@st.composite
def networks(draw: st.DrawFn) -> nn.Module:
    layers: list[nn.Module] = []
    channels, side = 1, SIDE
    for _ in range(draw(st.integers(1, 3))):
        groups = draw(st.sampled_from([g for g in (1, 2) if channels % g == 0]))
        kernel, stride = draw(st.integers(1, 3)), draw(st.integers(1, 2))
        padding, dilation = draw(st.integers(0, 2)), draw(st.integers(1, 2))
        wide = (side + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
        if wide < 2:
            break
        out = draw(st.sampled_from([2, 4]))
        bias, bounds = draw(st.booleans()), (stride, padding, dilation, groups)
        layers.append(nn.Conv2d(channels, out, kernel, *bounds, bias=bias))
        match draw(st.sampled_from(["none", "batch", "group", "layer", "instance"])):
            case "batch":
                layers.append(nn.BatchNorm2d(out))
            case "group":
                layers.append(nn.GroupNorm(2, out))
            case "layer":
                layers.append(nn.LayerNorm([wide, wide]))
            case "instance":
                layers.append(nn.InstanceNorm2d(out, affine=True))
        layers.append(draw(st.sampled_from([nn.Tanh(), nn.ReLU(inplace=True), nn.GELU()])))
        channels, side = out, wide
    layers += [nn.Flatten(), nn.Linear(channels * side * side, 3, bias=draw(st.booleans()))]
    return stir(nn.Sequential(*layers).double(), draw(st.integers(0, 99)))


@given(model=networks(), batch=st.integers(1, 4))
@settings(max_examples=30, deadline=None, derandomize=True, database=None)
def test_norms_of_any_small_network_agree_with_plain_autograd(model: nn.Module, batch: int) -> None:
    found = norms(model, torch.from_numpy(RECORDS[:batch]).double(), TARGETS[:batch])
    expected = oracle(model, RECORDS[:batch], TARGETS[:batch])["grad_norm"]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


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
    scorer = Scorer(find_checkpoint(identity(tmp_path)), NAMES[:3], CPU)
    inputs = np.array([[margin + 1, 1, 1], [margin, 0.5, -2]], np.float32)
    assert_scores_equal(score(scorer, inputs, targets, NAMES[:3]), exact(inputs, targets), 1e-12)


def test_vog_of_vectors_is_the_mean_over_their_elements(tmp_path: Path) -> None:
    folder = tmp_path / "series"
    layers = [stir(nn.Linear(4, 3), seed) for seed in range(3)]
    for index, layer in enumerate(layers):
        export(folder / f"checkpoint-{index}" / "model.pt2", layer, torch.zeros(2, 4))
    weights = np.stack([layer.state_dict()["weight"].double().numpy() for layer in layers])
    scorer = Scorer(find_checkpoint(folder), ["vog"], CPU)
    found = score(scorer, RECORDS.reshape(5, -1)[:, :4], TARGETS, ["vog"])
    np.testing.assert_allclose(found["vog"], weights.std(axis=0).mean(axis=1)[TARGETS], rtol=1e-9)


# Models that cannot be used


@pytest.mark.parametrize(
    "layer", [nn.BatchNorm2d(4), nn.BatchNorm2d(4, track_running_stats=False), nn.Dropout(0.5)]
)
def test_a_model_exported_in_training_mode_is_refused(tmp_path: Path, layer: nn.Module) -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 3), layer, nn.Flatten(), nn.Linear(784, 3)).train()
    path = export(tmp_path / "model.pt2", model, torch.zeros(2, 1, SIDE, SIDE))
    scorer = Scorer(find_checkpoint(path), ["loss"], CPU)
    torch.manual_seed(0)
    with pytest.raises(UnusableError, match="evaluation mode"):
        scorer.check_independence(RECORDS)


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
        Scorer(find_checkpoint(path), ["loss"], CPU).check_independence(RECORDS)


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
    scorer = Scorer(find_checkpoint(path), ["el2n"], CPU)
    with torch.no_grad():
        chances = model(torch.from_numpy(RECORDS)).softmax(dim=1).double()
    expected = (chances - torch.eye(3)[TARGETS]).norm(dim=1).numpy()
    found = score(scorer, RECORDS, TARGETS, ["el2n"])
    np.testing.assert_allclose(found["el2n"], expected, rtol=1e-5)


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
    return open_source(path)


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
    scorer = Scorer(checkpoint, names, CPU)
    rows = np.linspace(0, len(source.ids) - 1, 12).astype(int)
    inputs = np.stack([scorer.preprocess(source.decode(source.read(row))) for row in rows])
    labels = match_labels(source.labels, source.classes, checkpoint.labels)
    targets = [labels[label] for row in rows if (label := source.labels[row]) is not None]
    final, *series = real_models(checkpoint.path, checkpoint.final.form)
    scorer.check_independence(inputs)
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
    scorer = Scorer(find_checkpoint(shared_data / "checkpoints" / name), ["loss"], CPU)
    content = source.decode(source.read(3))
    assert isinstance(content, Image.Image)
    pixels = np.asarray(content).reshape(content.height, content.width, len(mean))
    expected = (pixels / 255 - np.array(mean)) / np.array(std)
    np.testing.assert_allclose(scorer.preprocess(content), expected.transpose(2, 0, 1), atol=1e-6)
