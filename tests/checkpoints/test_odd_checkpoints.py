"""What a sloppy or hostile checkpoint does while it is scored: exact, or refused in words."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from msgspec import structs
from torch import Tensor, nn

from dataselect_gui import workflow
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.records.source import SourceRef
from dataselect_gui.scoring.clipped_sum import ClippedSum
from dataselect_gui.scoring.model import Model, load_model
from dataselect_gui.scoring.naive import naive_scores
from dataselect_gui.scoring.preflight import try_on
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.tasks.single_label import SINGLE_LABEL
from dataselect_gui.worker.results import PreflightResult
from tests.helpers import array_file, config, write_json
from tests.models import RECORDS, SIDE, export, stir
from tests.oracle import oracle, oracle_plis, oracle_vog

CPU = torch.device("cpu")
NAMES = ["loss", "el2n", "grad_norm", "vog", "plis"]
TARGETS = [0, 1, 2, 1, 0]
FIRST_IS_DARK = RECORDS + np.array([-3, 3, 3, 3, 3], np.float32)[:, None, None, None]
PIXELS = SIDE * SIDE
Forward = Callable[["Odd", Tensor], Any]


class Odd(nn.Module):
    """A linear classifier, and what a function makes of it."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self.layer = nn.Linear(PIXELS, 8)
        self.head = nn.Linear(8, 3)
        self.function = forward

    def forward(self, inputs: Tensor) -> Any:  # noqa: ANN401  (whatever the function returns)
        return self.function(self, inputs)

    def hidden(self, inputs: Tensor) -> Tensor:
        hidden: Tensor = self.layer(inputs.flatten(1)).tanh()
        return hidden

    def logits(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.head(self.hidden(inputs))
        return logits


def save(folder: Path, *models: nn.Module) -> Path:
    for step, model in enumerate(models):
        place = folder / f"checkpoint-{step}"
        export(place / "model.pt2", model, torch.rand(2, 1, SIDE, SIDE))
        write_json(place / "config.json", config())
    return folder


def series(folder: Path, forward: Forward) -> tuple[Path, list[nn.Module]]:
    models = [stir(Odd(forward), seed) for seed in range(2)]
    return save(folder, *models), models


def tried(folder: Path, names: list[str]) -> dict[str, np.ndarray]:
    """Do with a checkpoint all that the worker does; return the scores."""
    checkpoint, targets = find_checkpoint(folder), np.array(TARGETS)
    scorer = Scorer(checkpoint, names, CPU)
    try_on(scorer, checkpoint, names, RECORDS, targets)
    return scorer.score(names, RECORDS, targets)


# What is computed as it is


def in_place_at_the_input(model: Odd, inputs: Tensor) -> Tensor:
    return model.logits(inputs.sub_(0.5).div_(2.0))


def in_halves(model: Odd, inputs: Tensor) -> Tensor:
    return model.logits(inputs.half().float())


def in_doubles(model: Odd, inputs: Tensor) -> Tensor:
    return (model.logits(inputs).double() * torch.full((3,), 2.0, dtype=torch.float64)).float()


PLAIN: Mapping[Forward, Forward] = {
    in_place_at_the_input: lambda model, inputs: model.logits((inputs - 0.5) / 2),
    in_halves: lambda model, inputs: model.logits(inputs),
    in_doubles: lambda model, inputs: model.logits(inputs) * 2,
}


@pytest.mark.parametrize("forward", PLAIN)
def test_what_is_only_unusual_is_scored_as_its_plain_form(tmp_path: Path, forward: Forward) -> None:
    folder, _ = series(tmp_path, forward)
    plain = [stir(Odd(PLAIN[forward]), seed) for seed in range(2)]
    scored = tried(folder, NAMES)
    expected = oracle(plain[1], RECORDS, TARGETS)
    maps = oracle_plis(plain[1], RECORDS, TARGETS).reshape(5, -1)
    expected |= {"vog": oracle_vog(plain, RECORDS, TARGETS), "plis": np.linalg.norm(maps, axis=1)}
    for name, values in expected.items():
        np.testing.assert_allclose(scored[name], values, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_another_precision_are_taken_as_they_are(tmp_path: Path, dtype: torch.dtype) -> None:
    models = [stir(Odd(lambda m, x: m.logits(x.to(dtype))), seed).to(dtype) for seed in range(2)]
    folder = save(tmp_path, *models)
    plain = [stir(Odd(lambda m, x: m.logits(x)), seed).to(dtype).float() for seed in range(2)]
    scored = tried(folder, ["loss", "grad_norm"])
    expected = oracle(plain[1], RECORDS, TARGETS)
    for name, values in scored.items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-4, err_msg=name)


def test_a_model_with_nothing_to_train_has_only_scores_of_its_inputs(tmp_path: Path) -> None:
    models = [stir(Odd(lambda m, x: m.logits(x)), seed).requires_grad_(False) for seed in range(2)]
    folder = save(tmp_path, *models)
    scored = tried(folder, NAMES)
    assert not scored["grad_norm"].any()
    assert not scored["plis"].any()
    np.testing.assert_allclose(scored["vog"], oracle_vog(models, RECORDS, TARGETS), rtol=1e-4)
    checkpoint = find_checkpoint(folder)
    scorer = Scorer(checkpoint, ["grad_norm"], CPU)
    trial = try_on(scorer, checkpoint, ["grad_norm"], RECORDS, np.array(TARGETS))
    result = PreflightResult(
        **structs.asdict(trial), records=5, seconds_to_load=0.0, seconds_to_read=0.0
    )
    facts = dict(workflow.preflight_facts(workflow.Preflight(result, 1.0)))
    assert facts["Parameters"].startswith("none that is trained")
    with pytest.raises(UnusableError, match="no gradient that could be released"):
        ClippedSum(Model(models[0], 1), SINGLE_LABEL, 3, 1.0, 1000)


def test_a_record_without_a_finite_result_has_no_score_and_slows_no_other(tmp_path: Path) -> None:
    def root(model: Odd, inputs: Tensor) -> Tensor:
        return model.logits(inputs + inputs.mean(dim=(1, 2, 3), keepdim=True).sqrt())

    model = stir(Odd(root), 0)
    folder = save(tmp_path, model)
    names = ["loss", "grad_norm"]
    scorer = Scorer(find_checkpoint(folder), names, CPU, "float64")
    scored = scorer.score(names, FIRST_IS_DARK, np.array(TARGETS))
    expected = oracle(model, FIRST_IS_DARK[1:], TARGETS[1:])
    for name in names:
        assert np.isnan(scored[name][0])
        np.testing.assert_allclose(scored[name][1:], expected[name], rtol=1e-9)
    assert "torch.func" not in scorer.paths.values()


@pytest.mark.usefixtures("scoring_here")
def test_whoever_misses_a_score_is_told_why_also_later(tmp_path: Path) -> None:
    def root(model: Odd, inputs: Tensor) -> Tensor:
        return model.logits(inputs + inputs.mean(dim=(1, 2, 3), keepdim=True).sqrt())

    model = save(tmp_path / "model", *(stir(Odd(root), seed) for seed in range(2)))
    pixels = FIRST_IS_DARK.copy()
    pixels[3] = np.nan
    source = array_file(tmp_path / "records.npz", x=pixels, y=np.array([0, -1, 2, 1, 0]))
    project = tmp_path / "p.dataselect"
    done = workflow.score(
        source, model, JobContext(), project_path=project, names=["el2n", "vog", "random"]
    )
    assert done.scored == 3
    reasons = done.problems
    assert reasons.keys() == {"0", "1", "3"}
    assert "no finite number" in reasons["0"]
    assert "EL2N, VoG" in reasons["0"]
    assert "label" in reasons["1"]
    assert "not finite" in reasons["3"]
    assert workflow.look(project).problems == reasons
    inspected = workflow.inspect(project, None, JobContext())
    assert {problem.id: problem.reason for problem in inspected.problems} == reasons
    table = workflow.scores(project)
    for row, name in (("0", "el2n"), ("0", "vog"), ("1", "el2n")):
        assert table[name][table["id"].index(row)] is None
    assert sum(value is None for name in ("el2n", "vog", "random") for value in table[name]) == 5


# What is refused


def in_place_after_a_layer(model: Odd, inputs: Tensor) -> Tensor:
    hidden = model.hidden(inputs)
    logits: Tensor = model.head(hidden)
    hidden.relu_()
    return logits.square() + hidden[:, :3]


def in_place_after_a_function(model: Odd, inputs: Tensor) -> Tensor:
    grown = model.logits(inputs).exp()
    grown += 1
    return grown


@torch.no_grad()
def for_use_alone(model: Odd, inputs: Tensor) -> Tensor:
    return model.logits(inputs)


GRADIENTLESS: dict[Forward, str] = {
    in_place_after_a_layer: "in place",
    in_place_after_a_function: "in place",
    for_use_alone: "no gradient",
    lambda model, inputs: model.logits(inputs).detach(): "no gradient",
    lambda _, inputs: torch.ones_like(inputs.flatten(1)[:, :3]): "no gradient",
}


@pytest.mark.parametrize("forward", GRADIENTLESS)
@pytest.mark.parametrize("name", ["grad_norm", "plis", "vog"])
def test_a_gradient_that_cannot_be_is_refused_and_the_loss_is_not(
    tmp_path: Path, forward: Forward, name: str
) -> None:
    folder, models = series(tmp_path, forward)
    with pytest.raises(UnusableError, match=GRADIENTLESS[forward]) as refusal:
        tried(folder, [name])
    assert "loss and el2n alone" in refusal.value.do
    scored = tried(folder, ["loss", "el2n"])
    logits = models[1](torch.from_numpy(RECORDS))
    expected = nn.functional.cross_entropy(logits, torch.tensor(TARGETS), reduction="none")
    np.testing.assert_allclose(scored["loss"], expected.detach().numpy(), rtol=1e-4)


@pytest.mark.parametrize("forward", GRADIENTLESS)
def test_the_other_users_of_a_gradient_refuse_it_in_the_same_words(
    tmp_path: Path, forward: Forward
) -> None:
    folder, _ = series(tmp_path, forward)
    checkpoint = find_checkpoint(folder)
    with pytest.raises(UnusableError, match=GRADIENTLESS[forward]):
        naive_scores(checkpoint, ["grad_norm"], RECORDS, np.array(TARGETS))
    summed = ClippedSum(load_model(checkpoint.final, CPU), SINGLE_LABEL, 3, 1.0, 1000)
    with pytest.raises(UnusableError, match=GRADIENTLESS[forward]):
        summed.add(torch.from_numpy(RECORDS[:1]), np.array([0]))


def by_a_number_of_the_record(model: Odd, inputs: Tensor) -> Tensor:
    return model.logits(inputs) + model.head.bias[(inputs.flatten(1)[:, :1] * 1e6).abs().long()]


REFUSED: dict[str, tuple[Forward, str]] = {
    "one number a record": (lambda m, x: m.logits(x)[:, 0], r"no classifier.*float64.*\(2,\)"),
    "one number in all": (lambda m, x: m.logits(x).sum(), r"no classifier.*\(\)"),
    "a map": (lambda m, x: m.logits(x)[:, :, None, None].expand(-1, -1, 4, 4), r"\(2, 3, 4, 4\)"),
    "two rows a record": (lambda m, x: m.logits(x).repeat(2, 1), r"no classifier.*\(4, 3\)"),
    "one row for all": (lambda m, x: m.logits(x).sum(0, keepdim=True), r"no classifier.*\(1, 3\)"),
    "no classes": (lambda m, x: m.logits(x)[:, :0], r"no classifier.*\(2, 0\)"),
    "too few classes": (lambda m, x: m.logits(x)[:, :2], "tells 2 classes apart"),
    "whole numbers": (lambda m, x: m.logits(x).long(), "no classifier.*int64"),
    "yes and no": (lambda m, x: m.logits(x) > 0, "no classifier.*bool"),
    "complex numbers": (
        lambda m, x: torch.complex(m.logits(x), m.logits(x)),
        "calls “torch.ops.aten.complex.default”",
    ),
    "no logits by name": (lambda m, x: {"answer": m.logits(x)}, "returns no tensor"),
    "nested": (lambda m, x: ((m.logits(x),),), "returns no tensor"),
    "no numbers": (lambda m, x: m.logits(x) * math.nan, "Of made-up inputs"),
    "infinite": (lambda m, x: m.logits(x) / 0.0, "Of made-up inputs"),
    "a place that is not there": (by_a_number_of_the_record, "Of made-up inputs"),
    "chance": (lambda m, x: m.logits(x) + torch.rand(3), "calls “torch.ops.aten.rand.default”"),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("names", [["loss"], NAMES], ids=["loss", "all"])
def test_what_is_no_classifier_is_refused_in_words(tmp_path: Path, kind: str, names: list[str]) -> None:
    forward, expected = REFUSED[kind]
    folder, _ = series(tmp_path, forward)
    with pytest.raises(UnusableError, match=expected) as refusal:
        tried(folder, names)
    if refusal.value.__cause__ is not None:  # PyTorch's own words, which may hold a record's numbers.
        assert str(refusal.value.__cause__)[:40] not in str(refusal.value)


def test_a_graph_for_one_size_of_batch_is_refused(tmp_path: Path) -> None:
    model = stir(Odd(lambda m, x: m.logits(x)), 0)
    program = torch.export.export(model, (torch.zeros(4, 1, SIDE, SIDE),))
    torch.export.save(program, tmp_path / "model.pt2")
    with pytest.raises(UnusableError, match="takes batches of 4 alone") as refusal:
        load_model(find_checkpoint(tmp_path / "model.pt2").final, CPU)
    assert "dynamic_shapes" in refusal.value.do


def test_complex_parameters_are_refused(tmp_path: Path) -> None:
    class Waves(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.waves = nn.Parameter(torch.ones(PIXELS, 3, dtype=torch.complex64))

        def forward(self, inputs: Tensor) -> Tensor:
            return (inputs.flatten(1).to(torch.complex64) @ self.waves).abs()

    with pytest.raises(UnusableError, match="complex numbers"):
        tried(save(tmp_path, Waves().eval()), ["loss"])


# What mixes records where it is not seen at once


def gradients_mixed(model: Odd, inputs: Tensor) -> Tensor:
    mean = inputs.mean(dim=0, keepdim=True)
    return model.logits(inputs + mean.square() - mean.square().detach())


def gradients_mixed_a_little(model: Odd, inputs: Tensor) -> Tensor:
    mean = inputs.mean(dim=0, keepdim=True)
    return model.logits(inputs + (mean - mean.detach()) * 0.3)


def drowned(model: Odd, inputs: Tensor) -> Tensor:
    logits = model.logits(inputs)
    return torch.cat((logits[:, :2] + logits[:, :2].mean(dim=0), logits[:, 2:] - 1e6), dim=1)


def beside_no_number(model: Odd, inputs: Tensor) -> Tensor:
    logits = model.logits(inputs)
    return logits + logits.mean(dim=0) + inputs.mean(dim=(2, 3)).sqrt()


def beside_infinity(model: Odd, inputs: Tensor) -> Tensor:
    logits = model.logits(inputs)
    return logits + logits.mean(dim=0) + (inputs.mean(dim=(2, 3)).neg().relu() * 1e30).square()


@pytest.mark.parametrize(
    ("forward", "names"),
    [
        (drowned, ["loss"]),
        (drowned, ["el2n"]),
        (beside_no_number, ["loss"]),
        (beside_infinity, ["loss"]),
    ],
)
def test_a_graph_that_mixes_records_beside_large_or_no_numbers_is_refused(
    tmp_path: Path, forward: Forward, names: list[str]
) -> None:
    folder, _ = series(tmp_path, forward)
    with pytest.raises(UnusableError, match="other records of the batch"):
        Scorer(find_checkpoint(folder), names, CPU).prepare(RECORDS.shape)


def mixed_in_a_slot(row: int) -> Forward:
    def mixed(model: Odd, inputs: Tensor) -> Tensor:
        ones = torch.ones_like(inputs[:, :1, :1, :1])
        factor = (ones.cumsum(dim=0) == row + 1) * (ones.sum() - 1)
        return model.logits(inputs + factor * (inputs - inputs.detach()))

    return mixed


@pytest.mark.parametrize(
    "forward",
    [gradients_mixed, gradients_mixed_a_little, mixed_in_a_slot(0), mixed_in_a_slot(4)],
)
def test_a_graph_that_would_mix_gradients_is_scored_as_for_each_record_alone(
    tmp_path: Path, forward: Forward
) -> None:
    folder, models = series(tmp_path, forward)
    if forward.__name__ == "mixed":  # Of a record alone, no slot is mixed.
        models = [stir(Odd(lambda m, x: m.logits(x)), seed) for seed in range(2)]
    scored = tried(folder, ["vog", "plis"])
    np.testing.assert_allclose(scored["vog"], oracle_vog(models, RECORDS, TARGETS), rtol=1e-4)
    maps = oracle_plis(models[1], RECORDS, TARGETS).reshape(5, -1)
    np.testing.assert_allclose(scored["plis"], np.linalg.norm(maps, axis=1), rtol=1e-4)


def test_a_state_of_the_series_that_mixes_records_a_little_is_refused(tmp_path: Path) -> None:
    mixing = stir(Odd(lambda m, x: m.logits(x) + 1e-3 * m.logits(x).mean(dim=0)), 0)
    folder = save(tmp_path, mixing, stir(Odd(lambda m, x: m.logits(x)), 1))
    with pytest.raises(UnusableError, match="other records of the batch"):
        Scorer(find_checkpoint(folder), ["vog"], CPU).prepare(RECORDS.shape)


# Through the worker


@pytest.mark.usefixtures("home")
def test_the_worker_tells_it_as_an_unusable_checkpoint(tmp_path: Path) -> None:
    folder, _ = series(tmp_path / "consortium", in_place_after_a_layer)
    source = array_file(tmp_path / "records.npz", x=RECORDS, y=np.array(TARGETS))
    project = tmp_path / "p.dataselect"
    with pytest.raises(UnusableError, match="in place"):
        workflow.score(source, folder, JobContext(), project_path=project)
    names = ["loss", "el2n"]
    done = workflow.score(source, folder, JobContext(), project_path=project, names=names)
    assert done.scored == 5


@pytest.mark.usefixtures("home")
def test_a_model_that_makes_enormous_tensors_is_refused_before_it_does(tmp_path: Path) -> None:
    def enormous(model: Odd, inputs: Tensor) -> Tensor:
        return model.logits(inputs) + inputs.sum() * torch.ones(1 << 22, 1 << 22).mean()

    folder, _ = series(tmp_path / "consortium", enormous)
    source = array_file(tmp_path / "records.npz", x=RECORDS, y=np.array(TARGETS))
    with pytest.raises(UnusableError, match="too large"):
        workflow.preflight(folder, SourceRef(source), JobContext())
    project = tmp_path / "p.dataselect"
    with pytest.raises(UnusableError, match="too large"):
        workflow.score(source, folder, JobContext(), project_path=project)
