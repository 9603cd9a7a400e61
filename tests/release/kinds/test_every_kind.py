"""Every kind of release: charged, repeated for nothing, verified, and shown beforehand."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import UsageError
from tests.release.kinds.asked import KINDS
from tests.releases import (
    document_of,
    failed,
    files,
    is_verified,
    rebuild,
    release,
    select,
    table,
)

every_kind = pytest.mark.parametrize("asked", KINDS.values(), ids=KINDS)

pytestmark = pytest.mark.usefixtures("home")


@every_kind
def test_each_release_is_charged_and_verified(
    project: Path, tmp_path: Path, asked: dict[str, Any]
) -> None:
    done = release(project, tmp_path / "b", **asked)
    assert done.epsilon == asked.get("epsilon", "1")
    assert done.spent == Decimal(done.epsilon or 0)
    assert not done.conditional
    assert is_verified(tmp_path / "b")
    document = document_of(tmp_path / "b")
    chosen = [
        each for each in document["parameters"].values() if each["from"] == "chosen after viewing"
    ]
    assert chosen
    assert any(
        "ε does not cover what such a choice tells" in assumption
        for assumption in document["assumptions"]
    )
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
    assert ("No ε is claimed" in document_of(tmp_path / "b")["promise"]) == looks
    assert is_verified(tmp_path / "b")
    text = b"\n".join(files(tmp_path / "b").values()).decode("utf-8", "replace")
    cut = select(project, count=10)
    values = workflow.scores(project)["loss"]
    assert repr(min(values[int(row)] for row in cut)) not in text


@every_kind
@pytest.mark.parametrize("answer", ["yes", "unknown"])
def test_nothing_is_promised_of_records_that_may_have_trained_the_model(
    project: Path, tmp_path: Path, asked: dict[str, Any], answer: str
) -> None:
    with pytest.raises(UsageError, match="No privacy guarantee"):
        release(project, tmp_path / "b", **asked, in_training=answer)


@pytest.mark.parametrize("change", ["noise", "epsilon", "total", "m", "kept"])
@every_kind
def test_a_bundle_that_claims_more_than_its_noise_gives_is_found(
    people: Path, tmp_path: Path, asked: dict[str, Any], change: str
) -> None:
    """Also where whoever changed the bundle made its checksums fit again."""
    release(people, tmp_path / "b", **asked, max_contributions=2)
    document = document_of(tmp_path / "b")
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
    failures = failed(tmp_path / "b")
    assert failures & {"arithmetic", "promise", "documents"}
    assert "checksums" not in failures


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
    (before,) = workflow.ledger(project)
    done = release(project, tmp_path / "b", **asked, dry_run=True)
    assert not (tmp_path / "b").exists()
    assert {entry.kind for entry in before.entries} <= {"opened", "settled", "shown"}
    assert workflow.ledger(project) == [before]
    assert done.preview is not None
    epsilon = int(asked.get("epsilon", 1))
    assert done.preview.cost == epsilon
    assert done.preview.left_after == 4 - epsilon
    assert done.preview.usefulness is not None
    assert {0.1, 0.25, 0.5, 1, 2, 4, 8} <= {row["epsilon"] for row in done.preview.usefulness}
    json.dumps(done.preview.as_json())
    real = release(project, tmp_path / "b", **asked)
    assert real.spent == done.preview.cost
    fields = {part["file"] for part in done.preview.leaves}
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
