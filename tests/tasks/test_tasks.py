"""Every task: each score is what its definition says, record by record."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.scoring.catalog import applicable
from dataselect_gui.scoring.clipped_sum import ClippedSum
from dataselect_gui.scoring.model import load_model
from dataselect_gui.scoring.naive import naive_scores
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.tasks.names import NAMES, TaskName
from dataselect_gui.tasks.registry import TASKS
from dataselect_gui.tasks.task import Targets
from tests.helpers import write_json
from tests.models import export, stir

CPU = torch.device("cpu")
FEATURES = 6
RECORDS = np.random.default_rng(3).normal(size=(5, FEATURES)).astype(np.float32)
OF_GRADIENTS = ["grad_norm", "vog", "plis", "alignment"]


class Perceptron(nn.Module):
    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.entry, self.exit = nn.Linear(FEATURES, 7), nn.Linear(7, outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.exit(self.entry(inputs).tanh())
        return logits


@dataclass(frozen=True)
class Case:
    """A task with targets, and its definitions of one record by other means than the program's."""

    name: TaskName
    outputs: int
    targets: Targets
    loss: Callable[[Tensor, Tensor], Tensor]
    distance: Callable[[Tensor, Tensor], Tensor] | None
    watched: Callable[[Tensor, Tensor], Tensor]
    """The number whose input gradient VoG takes, from logits and target of a record."""


def two_logits(logit: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(logit), logit])


def known(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    return logits[~target.isnan()], target[~target.isnan()]


def watched_classes(logits: Tensor, target: Tensor) -> Tensor:
    return logits[target == 1].sum() if bool((target == 1).any()) else logits.max()


MANY = np.array([[1, 0, 1], [0, 0, 0], [np.nan, 1, 0], [np.nan, np.nan, 0], [1, 1, 1]])
CASES = {
    case.name: case
    for case in (
        Case(
            "single_label",
            3,
            np.array([2, 0, 1, 1, 0]),
            lambda logits, target: functional.cross_entropy(logits[None], target[None]),
            lambda logits, target: (logits.softmax(0) - functional.one_hot(target, 3)).norm(),
            lambda logits, target: logits[target],
        ),
        Case(
            "binary",
            1,
            np.array([0, 1, 1, 0, 1]),
            lambda logits, target: functional.binary_cross_entropy_with_logits(
                logits[0], target.double()
            ),
            lambda logits, target: (
                two_logits(logits).softmax(0) - functional.one_hot(target, 2)
            ).norm(),
            lambda logits, _target: logits[0],
        ),
        Case(
            "multi_label",
            3,
            MANY,
            lambda logits, target: functional.binary_cross_entropy_with_logits(
                *known(logits, target), reduction="sum"
            ),
            lambda logits, target: (
                known(logits, target)[0].sigmoid() - known(logits, target)[1]
            ).norm(),
            watched_classes,
        ),
        Case(
            "regression",
            2,
            np.array([[0.5, -1.0], [3.0, 2.0], [0.0, 0.0], [1e3, -7.0], [0.25, 0.125]]),
            lambda logits, target: functional.mse_loss(logits, target, reduction="sum"),
            None,
            lambda logits, _target: logits.sum(),
        ),
    )
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def series(folder: Path, case: Case) -> list[nn.Module]:
    """Write three checkpoints, and what the consortium states."""
    models = [stir(Perceptron(case.outputs), seed) for seed in range(3)]
    for step, model in enumerate(models, start=1):
        member = folder / f"checkpoint-{step}"
        member.mkdir(parents=True)
        export(member / "model.pt2", model, torch.zeros(2, FEATURES))
    direction = {name: torch.ones_like(p) for name, p in models[-1].named_parameters()}
    save_file(direction, folder / "direction.safetensors")
    write_json(folder / "dataselect.json", {"task": case.name, "direction": "direction.safetensors"})
    return models


def names_of(case: Case) -> list[str]:
    return ["loss", *(["el2n"] if case.distance else []), *OF_GRADIENTS]


def expected(models: list[nn.Module], case: Case) -> dict[str, NDArray[np.float64]]:
    rows = [
        of_record([model.double() for model in models], case, *record)
        for record in zip(torch.from_numpy(RECORDS), torch.from_numpy(case.targets), strict=True)
    ]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def of_record(models: list[nn.Module], case: Case, record: Tensor, target: Tensor) -> dict[str, float]:
    leaf = record.double().requires_grad_()
    logits = models[-1](leaf[None])[0]
    loss = case.loss(logits, target)
    gradients = torch.autograd.grad(loss, list(models[-1].parameters()), create_graph=True)
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    (susceptibility,) = torch.autograd.grad(flat.norm(), leaf, retain_graph=True)
    slopes = [slope_of(model, case, leaf.detach(), logits.detach(), target) for model in models]
    scores = {
        "loss": loss.item(),
        "grad_norm": flat.norm().item(),
        "alignment": flat.sum().item(),
        "plis": susceptibility.norm().item(),
        "vog": torch.stack(slopes).std(dim=0, correction=0).mean().item(),
    }
    return scores | ({"el2n": case.distance(logits, target).item()} if case.distance else {})


def slope_of(model: nn.Module, case: Case, record: Tensor, final: Tensor, target: Tensor) -> Tensor:
    """Return the input gradient of what is watched, which the final checkpoint decides."""
    chosen = final.clone().requires_grad_()
    (weights,) = torch.autograd.grad(case.watched(chosen, target), chosen)
    leaf = record.clone().requires_grad_()
    (slope,) = torch.autograd.grad((model(leaf[None])[0] * weights).sum(), leaf)
    return slope


def test_every_task_has_a_case() -> None:
    assert tuple(TASKS) == NAMES
    assert tuple(CASES) == NAMES
    assert all(name == task.name and task.meaning and task.loss for name, task in TASKS.items())


def test_every_score_is_what_its_definition_says(tmp_path: Path, case: Case) -> None:
    models = series(tmp_path, case)
    scorer = Scorer(find_checkpoint(tmp_path), names_of(case), CPU, "float64")
    scored = scorer.score(names_of(case), RECORDS, case.targets)
    for name, values in expected(models, case).items():
        np.testing.assert_allclose(scored[name], values, rtol=1e-9, err_msg=name)


def test_the_naive_loop_of_the_preflight_agrees(tmp_path: Path, case: Case) -> None:
    models = series(tmp_path, case)
    scored = naive_scores(find_checkpoint(tmp_path), names_of(case), RECORDS, case.targets)
    values = expected(models, case)
    assert set(scored) == set(OF_GRADIENTS)
    for name in OF_GRADIENTS:
        np.testing.assert_allclose(scored[name], values[name], rtol=1e-9, err_msg=name)


def test_a_record_without_a_label_has_what_needs_none(tmp_path: Path, case: Case) -> None:
    series(tmp_path, case)
    scorer = Scorer(find_checkpoint(tmp_path), names_of(case), CPU, "float64")
    targets = case.targets.copy()
    targets[1] = TASKS[case.name].unlabelled(1, case.outputs)[0]
    scored = scorer.score(names_of(case), RECORDS, targets)
    whole = scorer.score(names_of(case), RECORDS, case.targets)
    others = [0, 2, 3, 4]
    for name, values in scored.items():
        assert np.isnan(values[1]) == (name != "vog"), name
        np.testing.assert_array_equal(values[others], whole[name][others], err_msg=name)


def test_a_loss_is_summed_never_averaged_over_the_batch(tmp_path: Path, case: Case) -> None:
    series(tmp_path, case)
    scorer = Scorer(find_checkpoint(tmp_path), ["loss", "grad_norm"], CPU, "float64")
    together = scorer.score(["loss", "grad_norm"], RECORDS, case.targets)
    for row in range(len(RECORDS)):
        place = slice(row, row + 1)
        alone = scorer.score(["loss", "grad_norm"], RECORDS[place], case.targets[place])
        for name, values in alone.items():
            np.testing.assert_allclose(values[0], together[name][row], rtol=1e-12)


def test_a_released_gradient_is_of_the_same_loss(tmp_path: Path, case: Case) -> None:
    models = series(tmp_path, case)
    checkpoint = find_checkpoint(tmp_path)
    model = load_model(checkpoint.final, CPU).double()
    summed = ClippedSum(model, checkpoint.task, 0, 1e9, 1000)
    norms = []
    for row, record in enumerate(torch.from_numpy(RECORDS).double()):
        gradient = summed.gradient(record[None], case.targets[row : row + 1])
        norms.append(np.linalg.norm(gradient))
    np.testing.assert_allclose(norms, expected(models, case)["grad_norm"], rtol=1e-9)


@pytest.mark.parametrize("sure", [40.0, 800.0])
def test_a_confident_prediction_keeps_its_digits(case: Case, sure: float) -> None:
    """σ − y cancels for a record that is confidently right; −log σ does too."""
    if case.name == "regression":
        return
    logits = torch.full((1, case.outputs), -sure, dtype=torch.float64)
    targets = torch.from_numpy(TASKS[case.name].made_up(1, case.outputs) * 0)
    if case.name == "single_label":
        logits[0, 0] = 0.0
    rest = {"single_label": 2, "binary": 1, "multi_label": case.outputs}[case.name]
    loss = float(TASKS[case.name].losses(logits, targets))
    assert loss == pytest.approx(rest * float(np.exp(-sure)), rel=1e-9, abs=5e-324)


def test_one_logit_scores_as_two() -> None:
    """A binary model is that of the logits (0, f): every score that both have is the same."""
    case = CASES["binary"]
    logits = torch.randn(5, 1, dtype=torch.float64)
    targets = torch.from_numpy(case.targets)
    pair = torch.cat([torch.zeros_like(logits), logits], dim=1)
    single, two = TASKS["binary"], TASKS["single_label"]
    torch.testing.assert_close(single.losses(logits, targets), two.losses(pair, targets))
    torch.testing.assert_close(single.distances(logits, targets), two.distances(pair, targets))
    torch.testing.assert_close(
        single.logit_gradients(logits, targets), two.logit_gradients(pair, targets)[:, 1:]
    )


def test_el2n_of_a_regression_is_refused_with_the_reason(tmp_path: Path) -> None:
    series(tmp_path, CASES["regression"])
    checkpoint = find_checkpoint(tmp_path)

    def chosen(names: list[str] | None) -> list[str]:
        scores = applicable(
            names, series=3, labelled=True, request=checkpoint.request, task=checkpoint.task.name
        )
        return [score.name for score in scores]

    assert "el2n" not in chosen(None)
    assert {"loss", "grad_norm", "vog"} <= set(chosen(None))
    with pytest.raises(UsageError, match="predicts a number"):
        chosen(["el2n"])


# Which task it is


@pytest.mark.parametrize(
    ("config", "request_", "task"),
    [
        ({}, {}, "single_label"),
        ({"problem_type": None}, {}, "single_label"),
        ({"problem_type": "single_label_classification"}, {}, "single_label"),
        ({"problem_type": "multi_label_classification"}, {}, "multi_label"),
        ({"problem_type": "regression"}, {}, "regression"),
        ({}, {"task": "binary"}, "binary"),
        ({"problem_type": "multi_label_classification"}, {"task": "binary"}, "binary"),
        ({"problem_type": "regression"}, {"task": "regression"}, "regression"),
    ],
)
def test_a_task_is_stated(
    tmp_path: Path, config: dict[str, object], request_: dict[str, object], task: str
) -> None:
    assert checkpoint_of(tmp_path, 3, config, request_).task.name == task


def checkpoint_of(
    folder: Path, outputs: int, config: dict[str, object], request_: dict[str, object]
) -> Checkpoint:
    export(folder / "model.pt2", stir(Perceptron(outputs), 0), torch.zeros(2, FEATURES))
    if config:
        write_json(folder / "config.json", config)
    write_json(folder / "dataselect.json", request_)
    return find_checkpoint(folder)


@pytest.mark.parametrize(
    ("config", "request_", "why"),
    [
        ({"problem_type": "regression"}, {"task": "binary"}, "problem_type regression"),
        ({"problem_type": "multi_label_classification"}, {"task": "single_label"}, "contradict"),
        ({"problem_type": "ranking"}, {}, "problem_type is none of"),
        ({"problem_type": ["regression"]}, {}, "problem_type is none of"),
        ({}, {"task": "segmentation"}, "“task” is none of"),
        ({}, {"task": 1}, "“task” is none of"),
    ],
)
def test_a_contradiction_is_refused(
    tmp_path: Path, config: dict[str, object], request_: dict[str, object], why: str
) -> None:
    with pytest.raises(UnusableError, match=why):
        checkpoint_of(tmp_path, 3, config, request_).task  # noqa: B018  (found when it is read)


@pytest.mark.parametrize(
    ("outputs", "names", "request_", "why"),
    [
        (1, 0, {}, "returns one number"),
        (3, 0, {"task": "binary"}, "returns 3 numbers"),
        (3, 4, {}, "tells 3 classes apart; its config.json names 4"),
        (4, 3, {}, "tells 4 classes apart; its config.json names 3"),
        (4, 3, {"task": "multi_label"}, "names 3"),
        (1, 3, {"task": "binary"}, "names 3"),
    ],
)
def test_outputs_that_the_task_does_not_have_are_refused(
    tmp_path: Path, outputs: int, names: int, request_: dict[str, object], why: str
) -> None:
    config: dict[str, object] = {"id2label": {str(n): f"c{n}" for n in range(names)}} if names else {}
    checkpoint = checkpoint_of(tmp_path, outputs, config, request_)
    with pytest.raises(UnusableError, match=why):
        Scorer(checkpoint, ["loss"], CPU).prepare((2, FEATURES))
