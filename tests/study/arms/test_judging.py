"""By which rule a study of arms judges: its scores, and where their thresholds are from."""

import json
import shutil
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from msgspec import structs
from torch import nn

from dataselect_gui.calibration.calibrating import split_rows
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import OtherStudyError, UsageError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.scoring.model import load_model
from dataselect_gui.study.arms.findings import read_arm_findings
from dataselect_gui.study.arms.judging import SPLIT_SEED
from dataselect_gui.study.arms.records import split_arms
from dataselect_gui.study.dataset import Dataset
from dataselect_gui.study.store import PAGE, RESULTS, SETTING, read_json
from dataselect_gui.worker.arms_run import run_arms
from dataselect_gui.workflow.arms_study import ArmsRequest, arm_choices, check_arms
from tests.helpers import CLASSES, write_json
from tests.study.arms.test_arms import every_record_of, few_steps, job_of, planned
from tests.study.conftest import dataset_of, learnable_records

pytestmark = [
    pytest.mark.filterwarnings("ignore:Optimal order is the largest alpha:UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
KEPT = Path(__file__).parent / "kept" / "arms.json"
"""Of a study by the first version, in its usual setting."""
LIMITS = {"bird": 1.0, "dog": 1.1}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return learnable_records(tmp_path_factory.mktemp("rows") / "rows.npz", 60)


@pytest.fixture(scope="module")
def asking(consortium: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A consortium whose request has thresholds for two of three classes."""
    folder = tmp_path_factory.mktemp("asking") / "consortium"
    shutil.copytree(consortium, folder)
    classes = {name: {"count": 30, "threshold": limit} for name, limit in LIMITS.items()}
    write_json(
        folder / "dataselect.json",
        {
            "calibration": {
                "alpha": 0.1,
                "scores": {"loss": {"alpha": 0.1, "classes": {**classes, "cat": {"count": 3}}}},
                "split": {"statistics": 0, "thresholds": 63},
                "seen_in_training": "no",
            }
        },
    )
    return folder


def judged(folder: Path) -> list[bool]:
    with np.load(folder / RESULTS / "judged-as-is-0.npz") as stored:
        kept: list[bool] = stored["kept"].tolist()
    return kept


def measured(dataset: Dataset, consortium: Path, places: Sequence[int]) -> list[tuple[float, Any]]:
    """Return the loss and the last features of each record, one by one."""
    model = load_model(find_checkpoint(consortium).final, torch.device("cpu"))
    last = [module for module in model.modules() if isinstance(module, nn.Linear)][-1]
    seen: list[torch.Tensor] = []
    last.register_forward_pre_hook(lambda _module, given: seen.append(given[0].reshape(-1).double()))
    pairs = []
    for place in places:
        with torch.no_grad():
            logits = model(torch.from_numpy(dataset.inputs(np.array([place])))).double()
        loss = float(logits.logsumexp(dim=1) - logits[0, dataset.targets[place]])
        pairs.append((loss, seen[-1].numpy()))
    return pairs


def limits_of(values: Sequence[float], labels: Sequence[int], ranked: int) -> dict[int, float]:
    """Return of each class the ⌈(1 − 1/ranked)(n + 1)⌉-th smallest value, in whole numbers."""
    limits = {}
    for label in set(labels):
        its = sorted(value for value, other in zip(values, labels, strict=True) if other == label)
        rank = -(-(ranked - 1) * (len(its) + 1) // ranked)
        limits[label] = its[rank - 1] if rank <= len(its) else np.inf
    return limits


def test_without_new_options_all_is_as_the_first_version_kept_it(
    records: Path, rows: Path, consortium: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    few_steps(monkeypatch)
    job = job_of(records, rows, consortium, tmp_path / "s", epsilons=[], release_epsilons=[])
    run_arms(structs.replace(job, rows=None), JobContext(), planned)
    assert read_json(tmp_path / "s" / SETTING) == kept["setting"]
    names = {path.stem for path in (tmp_path / "s" / RESULTS).glob("*.json")} - {"times"}
    assert names <= set(kept["results"])
    for name in names:
        again = read_json(tmp_path / "s" / RESULTS / f"{name}.json")
        assert kept["results"][name].items() <= again.items(), name


def test_with_the_distance_a_naive_loop_keeps_the_same(
    records: Path, rows: Path, consortium: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """α = 0.2 is 0.1 for each; means and covariance are of other rows than all thresholds."""
    few_steps(monkeypatch)
    job = job_of(records, rows, consortium, tmp_path / "s", seeds=1, plant="", epsilons=[])
    job = structs.replace(job, rows=None, release_epsilons=[], judged_by=["loss", "distance"])
    run_arms(job, JobContext(), planned)
    clean = every_record_of(rows, consortium)
    labels = clean.targets.tolist()
    of_clean = measured(clean, consortium, range(len(labels)))
    is_statistic = split_rows(len(labels), SPLIT_SEED).tolist()
    assert sum(is_statistic) == 30
    halves = [[place for place in range(60) if is_statistic[place] == part] for part in (True, False)]
    width = len(of_clean[0][1])
    means, scatter = {}, np.zeros((width, width))
    for label in set(labels):
        means[label] = np.mean([of_clean[p][1] for p in halves[0] if labels[p] == label], axis=0)
    for place in halves[0]:
        away = of_clean[place][1] - means[labels[place]]
        scatter += np.outer(away, away) / len(halves[0])
    shrunk = 0.9 * scatter + 0.1 * np.trace(scatter) / width * np.eye(width)
    inverse = np.linalg.inv(shrunk)

    def distance(features: Any, label: int) -> float:  # noqa: ANN401
        away = features - means[label]
        return float(np.sqrt(away @ inverse @ away))

    its = [labels[place] for place in halves[1]]
    most_loss = limits_of([of_clean[place][0] for place in halves[1]], its, 10)
    far = [distance(of_clean[place][1], labels[place]) for place in halves[1]]
    most_distance = limits_of(far, its, 10)
    owner = dataset_of(records, consortium, "patient")
    pool = split_arms(owner.index.units, len(owner.targets), 0).pool.tolist()
    expected = [
        loss <= most_loss[label] and distance(features, label) <= most_distance[label]
        for (loss, features), label in zip(
            measured(owner, consortium, pool), owner.targets[pool].tolist(), strict=True
        )
    ]
    assert judged(tmp_path / "s") == expected
    assert 0 < sum(expected) < len(pool)
    by_loss = [
        loss <= most_loss[label]
        for (loss, _), label in zip(
            measured(owner, consortium, pool), owner.targets[pool].tolist(), strict=True
        )
    ]
    assert by_loss != expected, "the distance has a say"
    page = unescape((tmp_path / "s" / PAGE).read_text(encoding="utf-8"))
    assert "where its loss and its distance is above the threshold of its class" in page
    with pytest.raises(OtherStudyError):
        run_arms(structs.replace(job, judged_by=["loss"]), JobContext(), planned)


def test_without_clean_rows_the_rule_is_the_requests(
    records: Path, asking: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_steps(monkeypatch)
    job = job_of(records, None, asking, tmp_path / "s", seeds=1, plant="", epsilons=[])
    job = structs.replace(job, release_epsilons=[], alpha="0.1", by_request=True)
    run_arms(job, JobContext(), planned)
    owner = dataset_of(records, asking, "patient")
    pool = split_arms(owner.index.units, len(owner.targets), 0).pool.tolist()
    expected = [
        loss <= LIMITS.get(CLASSES[label], np.inf)
        for (loss, _), label in zip(
            measured(owner, asking, pool), owner.targets[pool].tolist(), strict=True
        )
    ]
    assert judged(tmp_path / "s") == expected
    assert 0 < sum(expected) < len(pool)
    assert not (tmp_path / "s" / RESULTS / "clean.json").exists()
    findings = read_arm_findings(tmp_path / "s")
    by = {result.arm.name: result.records for result in findings.results}
    assert by["rule"] == by["random"] == sum(expected)
    assert {absent.arm for absent in findings.absent} == {"Cleanlab", "dattri"}
    page = unescape((tmp_path / "s" / PAGE).read_text(encoding="utf-8"))
    assert "thresholds are those of the consortium's request, for 10.0 % of clean records" in page
    # Other thresholds in the request are another study.
    request = json.loads((asking / "dataselect.json").read_text(encoding="utf-8"))
    request["calibration"]["scores"]["loss"]["classes"]["bird"]["threshold"] = 0.5
    other = tmp_path / "other"
    shutil.copytree(asking, other)
    write_json(other / "dataselect.json", request)
    with pytest.raises(OtherStudyError):
        run_arms(structs.replace(job, checkpoint=other), JobContext(), planned)


def test_what_is_given_decides_on_the_rule(
    records: Path, rows: Path, consortium: Path, asking: Path, tmp_path: Path
) -> None:
    plain, calibrated = find_checkpoint(consortium), find_checkpoint(asking)
    assert not arm_choices(ArmsRequest(records, consortium), plain).has_rule
    by_request = arm_choices(ArmsRequest(records, asking), calibrated)
    assert (by_request.has_rule, by_request.by_request, by_request.alpha) == (True, True, "0.1")
    assert (by_request.judged_by, by_request.libraries) == (("loss",), ())
    # A calibration in which no class has a threshold is none.
    bare = tmp_path / "bare"
    shutil.copytree(asking, bare)
    request = json.loads((asking / "dataselect.json").read_text(encoding="utf-8"))
    request["calibration"]["scores"]["loss"]["classes"] = {"cat": {"count": 3}}
    write_json(bare / "dataselect.json", request)
    assert not arm_choices(ArmsRequest(records, bare), find_checkpoint(bare)).has_rule
    # Clean rows go before the request.
    own = arm_choices(ArmsRequest(records, asking, clean=rows), calibrated)
    assert (own.by_request, own.alpha, own.judged_by) == (False, "0.05", ("loss",))
    turned = ArmsRequest(records, asking, clean=rows, judged_by=("distance", "loss"))
    assert arm_choices(turned, calibrated).judged_by == ("loss", "distance")
    for wrong in (
        ArmsRequest(records, asking, alpha="0.2"),
        ArmsRequest(records, asking, judged_by=("loss",)),
        ArmsRequest(records, consortium, clean=rows, judged_by=("vog",)),
        ArmsRequest(records, consortium, clean=rows, judged_by=()),
    ):
        with pytest.raises(UsageError):
            check_arms(wrong, 1000)
