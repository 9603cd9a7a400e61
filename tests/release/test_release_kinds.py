"""Offers, scores, reports and records by their mechanisms: from the terminal's words to the check."""

import json
import math
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import RefusedError, UnusableError, UsageError
from dataselect_gui.privacy.identity import record_keys, unit_marks
from dataselect_gui.privacy.ledger import Session
from dataselect_gui.project.project import Project
from tests.helpers import config, write_json
from tests.ledgers import Desk
from tests.projects import consortium, scored_project
from tests.releases import (
    failed,
    files,
    is_verified,
    rebuild,
    release,
    select,
    shown,
    table,
    told,
)

KINDS: dict[str, dict[str, Any]] = {
    "offers": {"kind": "offers"},
    "top offers": {"kind": "offers", "mechanism": "noisy-top-k", "count": 7},
    "records": {"kind": "records", "mechanism": "randomized-response", "epsilon": "3"},
    "top records": {"kind": "records", "mechanism": "noisy-top-k", "count": 7},
    "scores": {"kind": "scores"},
    "report": {"kind": "report", "bins": "0.25,0.5", "by_class": True, "count_threshold": "0.9"},
    "gaussian report": {
        "kind": "report",
        "mechanism": "discrete-gaussian",
        "delta": "1e-6",
        "bins": "0.25,0.5",
    },
}
every_kind = pytest.mark.parametrize("asked", KINDS.values(), ids=KINDS)


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return consortium(tmp_path / "consortium", bounds={"loss": [0, 1]})


@pytest.fixture
def project(project: Path) -> Path:
    select(project, threshold="0.5")
    return project


def test_the_owner_finds_the_records_behind_tokens(project: Path, tmp_path: Path) -> None:
    chosen, _ = workflow.select_records(project, workflow.make_rule("loss", threshold="0.5"))
    sure = {"epsilon": "30", "budget": "100"}  # At which no bit is ever turned.
    done = release(project, tmp_path / "b", kind="offers", **sure)
    assert done.release is not None
    found = workflow.tokens(project, done.release)
    assert list(found) == [row["token"] for row in table(tmp_path / "b", "offers.csv")]
    assert set(found.values()) == set(chosen)
    report = release(project, tmp_path / "r", kind="report", bins="0.25,0.5", budget=None)
    assert report.release is not None
    for without in (report.release, "0123456789abcdef"):
        with pytest.raises(UsageError, match="has no tokens"):
            workflow.tokens(project, without)


@pytest.fixture
def people(tmp_path: Path, source: Path, checkpoint: Path) -> Path:
    """A project of 14 people with up to three records each."""
    folder = scored_project(tmp_path / "u.dataselect", source, checkpoint, unit_column="patient")
    select(folder, threshold="0.5")
    return folder


@every_kind
def test_each_release_is_charged_and_verified(
    project: Path, tmp_path: Path, asked: dict[str, Any]
) -> None:
    done = release(project, tmp_path / "b", **asked)
    assert done.epsilon == asked.get("epsilon", "1")
    assert done.spent == Decimal(done.epsilon or 0)
    assert not done.conditional
    assert is_verified(tmp_path / "b")
    document = told(tmp_path / "b")
    chosen = [one for one in document["parameters"].values() if one["from"] == "chosen after viewing"]
    assert chosen
    assert any("ε does not cover what such a choice tells" in one for one in document["assumptions"])
    assert document["kind"] == asked["kind"]
    assert document["delta"] == ((asked.get("delta") and "0.000001") or "0")


@every_kind
def test_the_same_again_is_the_same_draw_for_nothing(
    project: Path, tmp_path: Path, asked: dict[str, Any]
) -> None:
    first = release(project, tmp_path / "one", **asked)
    for to in ("one", "two"):
        again = release(project, tmp_path / to, **asked)
        assert (again.repeated, again.release, again.spent) == (True, first.release, first.spent)
    assert files(tmp_path / "one") == files(tmp_path / "two")


@every_kind
def test_another_epsilon_is_another_draw_and_both_count(
    project: Path, tmp_path: Path, asked: dict[str, Any]
) -> None:
    first = release(project, tmp_path / "one", **asked)
    second = release(project, tmp_path / "two", **{**asked, "epsilon": "0.5"})
    assert second.release != first.release
    assert second.spent == first.spent + Decimal("0.5")


@every_kind
def test_withheld_records_take_no_part(project: Path, tmp_path: Path, asked: dict[str, Any]) -> None:
    ids = [str(row) for row in range(40)]
    workflow.select_records(project, None, withhold=ids[:33])
    release(project, tmp_path / "b", **{**asked, "epsilon": "4"})
    assert is_verified(tmp_path / "b")
    content = files(tmp_path / "b")
    if asked["kind"] == "offers":
        assert len(table(tmp_path / "b", "offers.csv")) <= 7
    if asked["kind"] == "scores":
        assert len(table(tmp_path / "b", "scores.csv")) == 7
    if asked["kind"] == "report":
        rows = table(tmp_path / "b", "report.csv")
        total = sum(float(row["count"]) for row in rows if row["table"] == "histogram")
        assert abs(total - 7) < 33 / 2
    if asked["kind"] == "records":
        assert sum(name.endswith(".png") for name in content) <= 7


@every_kind
def test_a_conditional_threshold_is_never_claimed(
    project: Path, tmp_path: Path, asked: dict[str, Any]
) -> None:
    """By a count, what looks at a threshold claims nothing; what does not look at one is as it was."""
    select(project, count=10)
    done = release(project, tmp_path / "b", **asked)
    looks = "count" not in asked and asked["kind"] in {"offers", "records"}
    assert done.conditional == looks
    assert (done.epsilon is None) == looks
    assert ("No ε is claimed" in told(tmp_path / "b")["promise"]) == looks
    assert is_verified(tmp_path / "b")
    text = b"\n".join(files(tmp_path / "b").values()).decode("utf-8", "replace")
    cut = select(project, count=10)
    values = workflow.scores(project)["loss"]
    assert repr(min(values[int(row)] for row in cut)) not in text


def test_scores_are_one_per_eligible_record_and_near_the_truth(project: Path, tmp_path: Path) -> None:
    release(project, tmp_path / "b", kind="scores", epsilon="300", budget="300")
    rows = table(tmp_path / "b", "scores.csv")
    noised = sorted(float(row["score"]) for row in rows)
    true = sorted(workflow.scores(project)["loss"])
    assert len(rows) == 40
    assert np.abs(np.array(noised) - true).max() < 0.1
    assert not set(map(repr, noised)) & set(map(repr, true))
    assert [row["token"] for row in rows] == sorted({row["token"] for row in rows})


def test_scores_are_padded_to_the_declared_number(project: Path, tmp_path: Path) -> None:
    release(project, tmp_path / "b", kind="scores", epsilon="300", budget="300", pad_to=50)
    noised = sorted(float(row["score"]) for row in table(tmp_path / "b", "scores.csv"))
    assert len(noised) == 50
    # Rows that pad look like records of the lowest score.
    assert max(noised[:10]) < 0.1
    document = told(tmp_path / "b")
    assert document["parameters"]["padded_to"]["value"] == 50
    assert "40" not in json.dumps({**document, "ledger_head": "", "release": "", "checkpoint": ""})
    with pytest.raises(UsageError, match="--pad-to is too small"):
        release(project, tmp_path / "c", kind="scores", pad_to=39, budget=None)


def test_a_record_without_a_score_is_taken_for_the_lowest(
    tmp_path: Path, source: Path, checkpoint: Path
) -> None:
    values = [float("nan")] * 5 + [0.9] * 35
    project = scored_project(tmp_path / "nan.dataselect", source, checkpoint, values)
    select(project, threshold="0.5")
    release(project, tmp_path / "b", kind="scores", epsilon="300", budget="300")
    noised = sorted(float(row["score"]) for row in table(tmp_path / "b", "scores.csv"))
    assert max(noised[:5]) < 0.1 < 0.8 < min(noised[5:])


@pytest.mark.parametrize("lowest", [False, True])
def test_noisy_top_k_takes_what_is_wanted(project: Path, tmp_path: Path, lowest: bool) -> None:
    wanted = set(select(project, count=10, lowest=lowest))
    release(
        project,
        tmp_path / "b",
        mechanism="noisy-top-k",
        epsilon="300",
        budget="300",
    )
    pixels = np.load(Project.open(project).settings.source.path)["x"]
    taken = shown(tmp_path / "b")
    assert len(taken) == 10
    assert len(taken & {pixels[int(row)].tobytes() for row in wanted}) >= 8


def test_a_report_counts_what_it_says(project: Path, tmp_path: Path) -> None:
    asked = {**KINDS["report"], "epsilon": "300", "budget": "300"}
    release(project, tmp_path / "b", **asked)
    values = np.array(workflow.scores(project)["loss"])
    labels = np.array(workflow.scores(project)["label"])
    rows = {
        (row["table"], row["class"], row["from"]): float(row["count"])
        for row in table(tmp_path / "b", "report.csv")
    }
    for name in ("bird", "cat", "dog"):
        mine = values[labels == name]
        assert rows["histogram", name, "-inf"] == (mine < 0.25).sum()
        assert rows["histogram", name, "0.25"] == ((mine >= 0.25) & (mine < 0.5)).sum()
        assert rows["histogram", name, "0.5"] == (mine >= 0.5).sum()
    assert rows["histogram", "other", "0.5"] == 0
    assert rows["count", "", "0.9"] == (values >= 0.9).sum()
    assert len(rows) == 13


def test_a_bought_threshold_is_charged_once_and_told(project: Path, tmp_path: Path) -> None:
    select(project, fraction="0.25")
    bought = {"threshold_from": "bought:0.5"}
    first = release(project, tmp_path / "one", **bought)
    assert (first.epsilon, first.conditional, first.left) == ("1.5", False, Decimal("2.5"))
    assert is_verified(tmp_path / "one")
    parameters = told(tmp_path / "one")["parameters"]
    assert parameters["threshold_epsilon"]["value"] == "0.5"
    assert parameters["threshold"]["from"] == "drawn under differential privacy"
    # One-sided at a smaller ε adds nothing, and the same threshold is not bought again.
    second = release(project, tmp_path / "two", **bought, epsilon="0.5")
    assert second.left == first.left
    assert told(tmp_path / "two")["parameters"]["threshold"] == parameters["threshold"]
    third = release(project, tmp_path / "three", kind="offers", threshold_from="bought:0.25")
    assert third.spent == second.spent + Decimal("1.25")


def test_a_bought_threshold_lies_near_the_quantile(project: Path, tmp_path: Path) -> None:
    for lowest in (False, True):
        select(project, fraction="0.25", lowest=lowest)
        to = tmp_path / f"lowest {lowest}"
        release(project, to, threshold_from="bought:100", epsilon="100", budget="300")
        threshold = float(told(to)["parameters"]["threshold"]["value"])
        values = np.array(workflow.scores(project)["loss"])
        beyond = values <= threshold if lowest else values >= threshold
        assert 8 <= beyond.sum() <= 12


def test_a_bought_threshold_has_a_line_of_its_own(project: Path, tmp_path: Path) -> None:
    select(project, fraction="0.25")
    release(project, tmp_path / "one", threshold_from="bought:0.5")
    entries = workflow.ledger(project)[0].entries
    (line,) = [entry for entry in entries if entry.threshold_of is not None]
    assert line.terms is not None
    assert (line.kind, line.epsilon, line.terms.score) == ("reserved", "0.5", "loss")


def test_nothing_is_bought_where_there_is_nothing_to_buy_or_no_place(
    people: Path, tmp_path: Path
) -> None:
    asked = {"kind": "offers", "threshold_from": "bought:0.5"}
    select(people, fraction="0.25")
    release(people, tmp_path / "one", kind="report", bins="0.5")
    before = workflow.ledger(people)
    write_json(tmp_path / "taken" / "note.json", {})
    with pytest.raises(UnusableError, match="is not empty"):
        release(people, tmp_path / "taken", **asked)
    # Of each person the one record that may take part, so that nobody is left to be cut.
    kept = taking_part(people)
    workflow.select_records(people, None, withhold=kept)
    assert len(kept) < 40
    with pytest.raises(UsageError, match="nothing to buy"):
        release(people, tmp_path / "two", **asked)
    assert workflow.ledger(people) == before


def taking_part(project: Path) -> list[str]:
    """Return the records of people that were chosen to take part, one of each."""
    index, desk = Project.open(project).table.index, Desk(Path(os.environ["DATASELECT_HOME"]))
    keys = record_keys(index.content, index.people)
    assert index.people is not None
    kept = desk.kept_already(unit_marks(keys, index.people), keys, 1)
    assert kept is not None
    return [index.ids[row] for row in np.flatnonzero(kept).tolist()]


def test_a_budget_that_does_not_allow_both_buys_nothing(project: Path, tmp_path: Path) -> None:
    select(project, fraction="0.25")
    with pytest.raises(RefusedError, match=r"needs ε 1\.5; 1 is left"):
        release(project, tmp_path / "b", threshold_from="bought:0.5", budget="1")
    assert {entry.kind for entry in workflow.ledger(project)[0].entries} == {"opened"}


@pytest.mark.parametrize("max_contributions", [1, 2, 3])
@pytest.mark.parametrize("asked", [KINDS["scores"], KINDS["report"], KINDS["gaussian report"]])
def test_noise_grows_with_the_records_of_a_person(
    people: Path, tmp_path: Path, asked: dict[str, Any], max_contributions: int
) -> None:
    release(people, tmp_path / "people", max_contributions=max_contributions, **asked)
    noise = told(tmp_path / "people")["parameters"]["noise"]["value"]["scale_in_steps"]
    assert is_verified(tmp_path / "people")
    assert "each person" in told(tmp_path / "people")["promise"]
    if asked.get("mechanism") is None:
        # A record moves its score by all steps, and counts in two cells and in one count.
        assert noise == max_contributions * {"scores": 65536, "report": 3}[asked["kind"]]
    else:
        assert noise / (1000 * max_contributions * math.sqrt(2)) == pytest.approx(4.6, abs=0.3)


@pytest.mark.parametrize("max_contributions", [1, 2])
def test_only_m_records_of_a_person_take_part(
    people: Path, tmp_path: Path, max_contributions: int
) -> None:
    release(people, tmp_path / "b", kind="scores", max_contributions=max_contributions)
    # 13 people with three records and one with a single one.
    assert len(table(tmp_path / "b", "scores.csv")) == 13 * max_contributions + 1


def test_bits_are_told_at_epsilon_over_m(people: Path, tmp_path: Path) -> None:
    release(people, tmp_path / "b", kind="offers", max_contributions=2, epsilon="1")
    kept = told(tmp_path / "b")["parameters"]["share_told_truly"]["value"]
    assert kept == pytest.approx(math.exp(0.5) / (1 + math.exp(0.5)))


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"kind": "songs"}, "cannot be released"),
        ({"kind": "scores", "mechanism": "one-sided"}, "no mechanism"),
        ({"kind": "offers", "mechanism": "exact"}, "no mechanism"),
        ({"kind": "report"}, "What the report shall tell"),
        ({"kind": "report", "bins": "0.5,0.25"}, "ascending"),
        ({"kind": "report", "bins": "a,b"}, "--bins cannot be"),
        ({"kind": "report", "bins": "0.5", "mechanism": "discrete-gaussian"}, "δ is missing"),
        ({"kind": "report", "bins": "0.5", "delta": "1e-6"}, "--delta does not belong"),
        ({"kind": "scores", "bins": "0.5"}, "--bins does not belong"),
        ({"kind": "scores", "bounds": "1,0"}, "bounds of the score"),
        ({"kind": "scores", "bounds": "0"}, "bounds of the score"),
        ({"mechanism": "noisy-top-k"}, "How many shall be taken"),
        ({"mechanism": "noisy-top-k", "count": 41}, "How many shall be taken"),
        ({"threshold_from": "bought:0.5"}, "nothing to buy"),
        ({"threshold_from": "bought:no"}, "The threshold's ε cannot be"),
        ({"epsilon": "1e-400"}, "ε cannot be"),
        ({"epsilon": "1e-999999999"}, "ε cannot be"),
        ({"epsilon": "1e999999999"}, "ε cannot be"),
        ({"epsilon": "0." + "9" * 40}, "ε cannot be"),
        ({"epsilon": "301"}, "ε cannot be"),
        ({"budget": "1e-13"}, "The budget cannot be"),
        ({**KINDS["gaussian report"], "delta": "1e-400"}, "δ cannot be"),
        ({**KINDS["gaussian report"], "delta": "0.2"}, "δ cannot be"),
        ({"kind": "report", "bins": "1e-999999999"}, "--bins cannot be"),
        ({"kind": "report", "bins": "0.1,0.10000000000000000001"}, "ascending"),
        ({"kind": "report", "count_threshold": "1e400"}, "--count-threshold cannot be"),
        ({"kind": "scores", "bounds": "1,1.00000000000000000001"}, "bounds of the score"),
        ({"kind": "scores", "bounds": "1e25,1e25.1"}, "--bounds cannot be"),
        ({"kind": "scores", "pad_to": 10**12}, "--pad-to cannot be"),
        ({"kind": "gradient", "delta": "1e-6", "clip": "0"}, "--clip cannot be"),
        ({"kind": "gradient", "delta": "1e-6", "clip": "1e-400"}, "--clip cannot be"),
    ],
)
def test_what_makes_no_sense_is_told_before_anything_is_drawn(
    project: Path, tmp_path: Path, asked: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint):
        release(project, tmp_path / "b", **asked)
    assert not (tmp_path / "b").exists()
    assert {entry.kind for entry in workflow.ledger(project)[0].entries} <= {"opened"}


@pytest.mark.parametrize("name", ["a\rb", "a\nb", "\0", ""])
def test_a_class_that_no_table_can_hold_is_told_before_anything_is_drawn(
    tmp_path: Path, source: Path, name: str
) -> None:
    folder = consortium(tmp_path / "odd")
    write_json(folder / "config.json", config(("bird", "cat", "dog", name)))
    project = scored_project(tmp_path / "odd.dataselect", source, folder)
    select(project, threshold="0.5")
    asked = {"kind": "report", "bins": "0.5"}
    if name:
        with pytest.raises(UsageError, match="--by-class does not apply"):
            release(project, tmp_path / "b", **asked, by_class=True)
    else:
        release(project, tmp_path / "b", **asked, by_class=True)
        assert is_verified(tmp_path / "b")
    release(project, tmp_path / "c", **asked)


def test_no_number_of_records_is_too_large_to_be_told(people: Path, tmp_path: Path) -> None:
    for max_contributions in (0, -1, 10**6 + 1, 10**15, 10**200):
        with pytest.raises(UsageError, match="--per-unit cannot be"):
            release(
                people, tmp_path / "b", max_contributions=max_contributions, **KINDS["gaussian report"]
            )
    for asked in (KINDS["scores"], KINDS["report"], KINDS["gaussian report"]):
        done = release(people, tmp_path / "b", max_contributions=10**6, **asked, dry_run=True)
        assert done.preview is not None


@pytest.mark.parametrize("text", ["1e999999999", "1e-999999999", "nan", "", "1" * 40, "0x1"])
def test_a_rule_has_a_number_that_a_score_can_have(project: Path, text: str) -> None:
    with pytest.raises(UsageError, match="The threshold cannot be"):
        select(project, threshold=text)


@pytest.mark.parametrize("text", ["1", "1.0", "1e0", " 1", "+1", "10e-1"])
def test_one_amount_has_one_release(project: Path, tmp_path: Path, text: str) -> None:
    first = release(project, tmp_path / "one", epsilon="1")
    again = release(project, tmp_path / "two", epsilon=text)
    assert (again.repeated, again.release, again.spent) == (True, first.release, first.spent)


def test_bounds_must_be_public(tmp_path: Path, source: Path) -> None:
    project = scored_project(tmp_path / "n.dataselect", source, consortium(tmp_path / "plain"))
    select(project, threshold="0.5")
    with pytest.raises(UsageError, match="Public bounds of “loss” are missing"):
        release(project, tmp_path / "b", kind="scores")
    release(project, tmp_path / "b", kind="scores", bounds="0,2")
    document = told(tmp_path / "b")
    assert document["parameters"]["bounds"] == {"value": ["0", "2"], "from": "agreed beforehand"}
    assert any("bounds of the score were agreed" in one for one in document["assumptions"])


@every_kind
@pytest.mark.parametrize("answer", ["yes", "unknown"])
def test_nothing_is_promised_of_records_that_may_have_trained_the_model(
    project: Path, tmp_path: Path, asked: dict[str, Any], answer: str
) -> None:
    with pytest.raises(UsageError, match="ε cannot be promised here"):
        release(project, tmp_path / "b", **asked, in_training=answer)


@pytest.mark.parametrize("change", ["noise", "epsilon", "total", "m", "kept"])
@every_kind
def test_a_bundle_that_claims_more_than_its_noise_gives_is_found(
    people: Path, tmp_path: Path, asked: dict[str, Any], change: str
) -> None:
    """Also where whoever changed the bundle made its checksums fit again."""
    release(people, tmp_path / "b", **asked, max_contributions=2)
    document = told(tmp_path / "b")
    parameters = document["parameters"]
    match change:
        case "noise" if "noise" in parameters:
            parameters["noise"]["value"]["scale_in_steps"] /= 2
        case "epsilon":
            parameters["epsilon"]["value"] = document["epsilon"] = "0.1"
        case "total":
            document["epsilon"] = "0.1"
        case "m" if "noise" in parameters:
            document["records_per_unit"] = 3
        case "kept" if "share_told_truly" in parameters:
            parameters["share_told_truly"]["value"] = 0.51
        case _:
            pytest.skip("not told by this release")
    rebuild(tmp_path / "b", document)
    found = failed(tmp_path / "b")
    assert found & {"arithmetic", "promise", "documents"}
    assert "checksums" not in found


@every_kind
def test_content_that_was_not_declared_is_found(
    project: Path, tmp_path: Path, asked: dict[str, Any]
) -> None:
    release(project, tmp_path / "b", **asked)
    listings = sorted((tmp_path / "b/data").rglob("*.csv")) + sorted(
        (tmp_path / "b/data").rglob("metadata.jsonl")
    )
    for listing in listings:
        with listing.open("a", encoding="utf-8") as file:
            file.write("Mrs Smith,1\n")
    rebuild(tmp_path / "b")
    assert "content" in failed(tmp_path / "b")


@every_kind
def test_each_bundle_loads_as_croissant(project: Path, tmp_path: Path, asked: dict[str, Any]) -> None:
    import mlcroissant

    release(project, tmp_path / "b", **asked)
    dataset = mlcroissant.Dataset(jsonld=str(tmp_path / "b/croissant.json"))
    assert not dataset.metadata.issues.errors
    rows = list(dataset.records("train" if asked["kind"] == "records" else "rows"))
    assert len(rows) == workflow.count_records(tmp_path / "b")


@every_kind
def test_a_dry_run_shows_all_and_draws_nothing(
    project: Path, tmp_path: Path, asked: dict[str, Any]
) -> None:
    done = release(project, tmp_path / "b", **asked, dry_run=True)
    assert not (tmp_path / "b").exists()
    assert workflow.ledger(project)[0].entries == ()
    assert done.preview is not None
    epsilon = int(asked.get("epsilon", 1))
    assert done.preview.cost == epsilon
    assert done.preview.left_after == 4 - epsilon
    assert {0.1, 0.25, 0.5, 1, 2, 4, 8} <= {one["epsilon"] for one in done.preview.usefulness}
    json.dumps(done.preview.as_json())
    real = release(project, tmp_path / "b", **asked)
    assert real.spent == done.preview.cost
    fields = {one["file"] for one in done.preview.leaves}
    for name in files(tmp_path / "b"):
        assert any(name.startswith(file) or name in file for file in fields), name
    again = release(project, tmp_path / "b", **asked, dry_run=True).preview
    assert again is not None
    assert again.same
    assert again.cost == 0
    assert again.nearest == {}


def test_a_dry_run_shows_the_nearest_earlier_release(project: Path, tmp_path: Path) -> None:
    release(project, tmp_path / "b")
    preview = release(project, tmp_path / "c", epsilon="2", kind="offers", dry_run=True).preview
    assert preview is not None
    assert preview.nearest is not None
    assert preview.nearest["epsilon"] == ("1", "2")
    assert preview.nearest["kind"] == ("records", "offers")
    assert preview.cost == 2
    closer = release(project, tmp_path / "c", epsilon="2", dry_run=True).preview
    assert closer is not None
    assert closer.nearest == {"epsilon": ("1", "2")}
    assert closer.cost == 1  # Of one-sided releases only the largest counts.


def test_a_dry_run_counts_a_training_that_is_not_in_the_ledger_yet(
    project: Path, tmp_path: Path
) -> None:
    asked = {"in_training": "dp:2,1e-5", "epsilon": "0.5"}
    preview = release(project, tmp_path / "b", **asked, dry_run=True).preview
    assert preview is not None
    assert (preview.cost, preview.left_after) == (Decimal("2.5"), Decimal("1.5"))
    assert release(project, tmp_path / "b", **asked).spent == Decimal("2.5")
    preview = release(project, tmp_path / "c", **{**asked, "epsilon": "1"}, dry_run=True).preview
    assert preview is not None
    assert preview.cost == Decimal("0.5")


@pytest.mark.parametrize("step", ["reserve", "keep_draw"])
def test_a_purchase_that_was_cut_off_is_paid_once(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Also where the budget has room for no more than one."""
    select(project, fraction="0.25")
    asked = {"kind": "offers", "threshold_from": "bought:0.5", "budget": "1.5"}

    class PowerCutError(Exception):
        pass

    real = getattr(Session, step)

    def die(*arguments: object, **more: object) -> None:
        real(*arguments, **more)
        raise PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr(Session, step, die)
        with pytest.raises(PowerCutError):
            release(project, tmp_path / "b", **asked)
    assert workflow.ledger(project)[0].total_plain == Decimal("0.5")
    preview = release(project, tmp_path / "b", **asked, dry_run=True).preview
    assert preview is not None
    assert preview.cost == 1
    assert release(project, tmp_path / "b", **asked).left == 0
    assert is_verified(tmp_path / "b")


def test_a_dry_run_of_people_chooses_nobody(people: Path, tmp_path: Path, home: Path) -> None:
    release(people, tmp_path / "b", dry_run=True)
    assert Desk(home).accounts() == []
    assert not home.exists()
