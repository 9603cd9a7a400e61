"""What is found out of a checkpoint on a few records before the long run."""

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from msgspec import structs
from numpy.typing import NDArray
from torch import nn

from dataselect_gui import workflow
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import InterruptedByPersonError, UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.norms.gradient_norms import BY_FUNCTION
from dataselect_gui.norms.passes import Measured, Pass
from dataselect_gui.records.source import SourceRef
from dataselect_gui.scoring.naive import naive_scores
from dataselect_gui.scoring.preflight import try_on
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.scoring.trial import Trial
from dataselect_gui.worker.input_loading import InputLoader, LoadedInput
from dataselect_gui.worker.jobs import PreflightJob
from dataselect_gui.worker.preflight_run import run_preflight
from dataselect_gui.worker.results import PreflightResult
from tests.helpers import write_json
from tests.models import SIDE, save_member, save_series, stir, tiny_plain, tiny_resnet, tiny_vit
from tests.oracle import oracle, oracle_susceptibility, oracle_vog
from tests.projects import owner_records

CPU = torch.device("cpu")
TARGETS = np.array([0, 1, 2, 0, 1, 2, 0, 1])


@pytest.fixture
def inputs() -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal((8, 1, SIDE, SIDE)).astype(np.float32)


def member(folder: Path, model: nn.Module) -> Path:
    save_member(folder, stir(model, 0))
    return folder


def test_the_naive_loop_is_what_the_definitions_say(
    tmp_path: Path, inputs: NDArray[np.float32]
) -> None:
    models = [stir(tiny_resnet(), seed) for seed in range(2)]
    checkpoint = find_checkpoint(save_series(tmp_path, models))
    few, classes = inputs[:2], [0, 1]
    actual = naive_scores(checkpoint, ["loss", "grad_norm", "plis", "vog"], few, np.array(classes))
    assert set(actual) == {"grad_norm", "plis", "vog"}
    assert actual["grad_norm"] == pytest.approx(oracle(models[1], few, classes)["grad_norm"], rel=1e-12)
    assert actual["vog"] == pytest.approx(oracle_vog(models, few, classes), rel=1e-9)
    maps = oracle_susceptibility(models[1], few, classes)
    assert actual["plis"] == pytest.approx([np.linalg.norm(values) for values in maps], rel=1e-5)


def test_a_preflight_tells_ways_precision_time_and_memory(tmp_path: Path) -> None:
    checkpoint = member(tmp_path / "model", tiny_resnet())
    records = owner_records(tmp_path / "records.npz")
    preflight = workflow.preflight(checkpoint, SourceRef(records), JobContext())
    actual, model = preflight.result, tiny_resnet()
    assert sum(actual.parameters.values()) == sum(p.numel() for p in model.parameters())
    assert {"conv2d", "batch_norm", "linear"} <= set(actual.parameters)
    assert actual.by_function == []
    assert (actual.checked, actual.precision) == (3, "float32")
    assert 0 < actual.deviation < 1e-9, "in float64"
    assert actual.tried > 0
    assert actual.at_once == 512
    assert actual.records == 40
    assert 0 < preflight.seconds < 60
    assert 1e8 < actual.bytes_needed < 1e10
    assert actual.dp_training == "no"
    assert "BatchNorm" in actual.dp_objections[0]
    facts = dict(workflow.preflight_facts(preflight))
    assert facts["Checked"].startswith(
        "3 of your records were also computed the plain way; the scores agree (to "
    )
    assert "BatchNorm" in facts["Private training"]
    assert re.fullmatch(
        r"float32; it moves \d of \d+ of your records by more than 0.01 %. In float64, scoring would "
        r"take \d+\.\d times as long",
        facts["Precision"],
    )


def preflight_of(trial: Trial) -> workflow.Preflight:
    """Return a preflight of eight records that came to a trial."""
    result = PreflightResult(
        **structs.asdict(trial), records=8, seconds_to_load=0.0, seconds_to_read=0.0
    )
    return workflow.Preflight(result, 1.0)


def fly(folder: Path, names: list[str], inputs: NDArray[np.float32]) -> Trial:
    checkpoint = find_checkpoint(folder)
    scorer = Scorer(checkpoint, names, CPU)
    return try_on(scorer, checkpoint, names, inputs, TARGETS)


def test_float32_moves_no_record_of_a_smooth_model_which_may_be_trained_privately(
    tmp_path: Path, inputs: NDArray[np.float32]
) -> None:
    actual = fly(member(tmp_path, tiny_vit()), ["grad_norm"], inputs)
    assert actual.precision == "float32"
    assert (actual.tried, actual.moved) == (8, 0)
    assert (actual.dp_training, actual.dp_objections) == ("yes", [])


def test_a_graph_does_not_tell_whether_it_could_be_trained_privately(
    tmp_path: Path, inputs: NDArray[np.float32]
) -> None:
    assert fly(member(tmp_path / "plain", tiny_plain()), ["loss", "grad_norm"], inputs).dp_training == (
        "unknown"
    )
    mixing = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.LazyLinear(3))
    mixing(torch.zeros(2, 1, SIDE, SIDE))
    assert fly(member(tmp_path / "mixing", mixing), ["grad_norm"], inputs).dp_training == "no"


class Odd(nn.Module):
    """Has a parameter that no rule covers."""

    def __init__(self) -> None:
        super().__init__()
        self.power = nn.Parameter(torch.ones(SIDE))
        self.head = nn.Linear(SIDE * SIDE, 3)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(torch.pow(inputs.abs() + 1, self.power).flatten(1))
        return logits


def test_what_no_rule_covers_is_named(tmp_path: Path, inputs: NDArray[np.float32]) -> None:
    actual = fly(member(tmp_path, Odd()), ["grad_norm"], inputs)
    assert actual.by_function == ["power"]
    assert actual.parameters[BY_FUNCTION] == SIDE
    facts = dict(workflow.preflight_facts(preflight_of(actual)))
    assert "the gradients of power are computed the slow way" in facts["Parameters"]


def test_the_pace_is_that_of_a_usual_batch(
    tmp_path: Path, inputs: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what is checked once in a shape nor one moment in which the machine was busy counts."""
    now, timed, checked = [0.0], list[int](), set[tuple[Scorer, tuple[int, ...]]]()
    original, prepare = Scorer.score, Scorer.prepare

    def scored(scorer: Scorer, *batch: Any) -> dict[str, NDArray[np.float64]]:  # noqa: ANN401
        size, is_single = len(batch[1]), scorer.precision == "float32"
        now[0] += size * (0.001 if is_single else 0.004)
        if size == 1024 and is_single:
            timed.append(size)
            now[0] += 3.0 if len(timed) == 2 else 0.0
        return original(scorer, *batch)

    def prepared(scorer: Scorer, shape: tuple[int, ...]) -> int:
        now[0] += 0.0 if (scorer, shape) in checked else 5.0
        checked.add((scorer, shape))
        return prepare(scorer, shape)

    monkeypatch.setattr(Scorer, "score", scored)
    monkeypatch.setattr(Scorer, "prepare", prepared)
    monkeypatch.setattr("dataselect_gui.scoring.stopwatch.time.perf_counter", lambda: now[0])
    monkeypatch.setattr("dataselect_gui.scoring.stopwatch.time.process_time", lambda: now[0])
    actual = fly(member(tmp_path, tiny_resnet()), ["grad_norm"], inputs)
    assert (actual.precision, actual.at_once, len(timed)) == ("float32", 1024, 3)
    assert actual.seconds_per_record == pytest.approx(0.001)
    assert actual.float64_pace == pytest.approx(4.0)


def test_other_programs_that_keep_the_machine_are_told_and_not_counted(
    tmp_path: Path, inputs: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    """This process works for an eighth of the time, in batches of full size all the same."""
    clock, worked, sizes = [0.0], [0.0], list[int]()
    original = Scorer.score

    def scored(scorer: Scorer, *batch: Any) -> dict[str, NDArray[np.float64]]:  # noqa: ANN401
        sizes.append(len(batch[1]))
        worked[0] += 0.001 * sizes[-1]
        clock[0] += 0.008 * sizes[-1]
        return original(scorer, *batch)

    monkeypatch.setattr(Scorer, "score", scored)
    monkeypatch.setattr("dataselect_gui.scoring.stopwatch.time.perf_counter", lambda: clock[0])
    monkeypatch.setattr("dataselect_gui.scoring.stopwatch.time.process_time", lambda: worked[0])
    trial = fly(member(tmp_path, tiny_resnet()), ["grad_norm"], inputs)
    assert max(sizes) == trial.at_once == 1024
    assert trial.seconds_per_record == pytest.approx(0.001)
    assert trial.busy == pytest.approx(8.0)
    facts = dict(workflow.preflight_facts(replace(preflight_of(trial), seconds=60.0)))
    assert facts["Time"] == (
        "about 60 s for your 8 records; up to 8 min while other programs keep this machine as busy as "
        "now"
    )
    quiet = preflight_of(structs.replace(trial, busy=1.2))
    assert dict(workflow.preflight_facts(quiet))["Time"] == "about 1 s for your 8 records"


def test_what_is_opened_once_is_not_counted_for_each_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unpacking an array file takes long, and is done before the first of 70,000 records."""
    source, checkpoint = owner_records(tmp_path / "r.npz"), member(tmp_path / "model", tiny_resnet())
    original = InputLoader.first

    def slowly(loader: InputLoader, *given: Any) -> list[LoadedInput]:  # noqa: ANN401
        time.sleep(1.0)
        return original(loader, *given)

    monkeypatch.setattr(InputLoader, "first", slowly)
    ref = SourceRef(source, pixel_range=None)
    job = PreflightJob(source=ref, checkpoint=checkpoint, names=["loss"], device="cpu")
    result = run_preflight(job, JobContext())
    assert 0 < 40 * result.seconds_to_read < 1.0


def test_scores_that_differ_from_the_naive_loop_are_refused(
    tmp_path: Path,
    inputs: NDArray[np.float32],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = Pass.measure

    def wrong(run: Pass, *given: Any, **options: Any) -> Measured:  # noqa: ANN401
        measured = original(run, *given, **options)
        return Measured(measured.squares * 1.01, measured.products)

    folder = member(tmp_path, tiny_resnet())
    fly(folder, ["grad_norm"], inputs)
    monkeypatch.setattr(Pass, "measure", wrong)
    with pytest.raises(UnusableError, match="cannot be computed exactly"):
        fly(folder, ["grad_norm"], inputs)


def test_a_checkpoint_that_cannot_be_loaded_is_told_before_the_long_run(tmp_path: Path) -> None:
    checkpoint = member(tmp_path / "model", tiny_resnet())
    write_json(checkpoint / "config.json", {"model_type": "nothing that is known"})
    with pytest.raises(UnusableError):
        workflow.preflight(checkpoint, SourceRef(owner_records(tmp_path / "records.npz")), JobContext())


def test_a_preflight_can_be_ended(tmp_path: Path) -> None:
    context = JobContext()
    context.stop.insist()
    with pytest.raises(InterruptedByPersonError):
        workflow.preflight(
            member(tmp_path / "model", tiny_resnet()),
            SourceRef(owner_records(tmp_path / "records.npz")),
            context,
        )
