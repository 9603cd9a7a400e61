import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import RefusedError, UnusableError, UsageError
from dataselect_gui.privacy.ledger import Session
from dataselect_gui.records.images import decode_image
from dataselect_gui.release.bundle import SUMS
from tests.ledgers import Desk
from tests.projects import owner_records, scored_project
from tests.releases import files, is_verified, release, select, shown

pytestmark = pytest.mark.usefixtures("home")


def reserved_in(accounts: list[workflow.Account]) -> list[workflow.AccountEntry]:
    """Return the reservations of accounts."""
    return [entry for account in accounts for entry in account.entries if entry.kind == "reserved"]


def test_what_leaves_is_a_part_of_the_selection(project: Path, source: Path, tmp_path: Path) -> None:
    done = release(project, tmp_path / "bundle")
    pixels = np.load(source)["x"]
    selected = {pixels[int(record)].tobytes() for record in select(project, threshold="0.5")}
    assert shown(tmp_path / "bundle") < selected
    assert done.epsilon == "1"
    assert not done.conditional
    assert done.left == 3
    assert is_verified(tmp_path / "bundle")


def test_labels_stay_with_their_records(project: Path, source: Path, tmp_path: Path) -> None:
    release(project, tmp_path / "bundle", epsilon="4")
    arrays = np.load(source)
    known = {
        pixels.tobytes(): str(arrays["classes"][label])
        for pixels, label in zip(arrays["x"], arrays["y"], strict=True)
    }
    lines = (tmp_path / "bundle/data/train/metadata.jsonl").read_text(encoding="utf-8").splitlines()
    for entry in map(json.loads, lines):
        image = (tmp_path / "bundle/data/train" / entry["file_name"]).read_bytes()
        assert known[decode_image(image).tobytes()] == entry["label"]


def test_the_same_release_again_is_the_same_files_for_nothing(project: Path, tmp_path: Path) -> None:
    first = release(project, tmp_path / "one")
    for to in ("one", "two", "two"):
        again = release(project, tmp_path / to)
        assert again.repeated
        assert again.release == first.release
        assert again.left == first.left
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_ten_presses_of_the_button_are_one_release(project: Path, tmp_path: Path) -> None:
    for number in range(10):
        release(project, tmp_path / f"bundle{number}")
    entries = workflow.ledger(project)[0].entries
    assert [entry.kind for entry in entries].count("reserved") == 1
    assert [entry.kind for entry in entries].count("drawn") == 1


def test_another_threshold_is_another_release_by_the_same_secrets(
    project: Path, tmp_path: Path
) -> None:
    """Or the absence of a record from both releases would cost twice."""
    everything = select(project, threshold="0")
    assert len(everything) == 40
    release(project, tmp_path / "all", threshold_from="agreed")
    select(project, threshold="0.5")
    second = release(project, tmp_path / "high")
    assert not second.repeated
    assert second.left == 3
    assert shown(tmp_path / "high") <= shown(tmp_path / "all")


@pytest.mark.parametrize("change", ["copy", "rename", "thin", "extend"])
def test_a_changed_source_meets_the_same_ledger(
    project: Path, source: Path, checkpoint: Path, tmp_path: Path, change: str
) -> None:
    release(project, tmp_path / "bundle")
    arrays = dict(np.load(source))
    other = tmp_path / ("elsewhere.npz" if change == "rename" else "copies/records.npz")
    other.parent.mkdir(exist_ok=True)
    rows = {"thin": np.arange(3, 11), "extend": np.r_[np.arange(40), np.arange(5)]}.get(change)
    if rows is not None:
        arrays |= {name: arrays[name][rows] for name in ("x", "y", "patient")}
        if change == "extend":
            arrays["x"][40:] += 1
    np.savez_compressed(other, **arrays)
    again = scored_project(tmp_path / "again.dataselect", other, checkpoint)
    assert workflow.ledger(again)[0].left == 3
    assert workflow.ledger(again)[0].id == workflow.ledger(project)[0].id


def test_a_copy_of_the_source_gives_the_same_draw(
    project: Path, source: Path, checkpoint: Path, tmp_path: Path
) -> None:
    release(project, tmp_path / "one")
    shutil.copy(source, tmp_path / "copy.npz")
    again = scored_project(tmp_path / "again.dataselect", tmp_path / "copy.npz", checkpoint)
    select(again, threshold="0.5")
    assert release(again, tmp_path / "two").repeated
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_another_source_has_a_ledger_of_its_own(
    project: Path, checkpoint: Path, tmp_path: Path
) -> None:
    release(project, tmp_path / "bundle")
    other = owner_records(tmp_path / "other.npz", seed=1)
    stranger = scored_project(tmp_path / "other.dataselect", other, checkpoint)
    assert workflow.ledger(stranger)[0].budget is None


def test_beyond_the_budget_nothing_is_drawn_and_nothing_is_written(
    project: Path, tmp_path: Path
) -> None:
    before = set(tmp_path.iterdir())
    with pytest.raises(RefusedError, match=r"needs ε 5; 4 is left") as refused:
        release(project, tmp_path / "bundle", epsilon="5")
    assert refused.value.exit_code == 3
    assert set(tmp_path.iterdir()) - before <= {tmp_path / "home"}
    kinds = {entry.kind for entry in workflow.ledger(project)[0].entries}
    assert not kinds & {"reserved", "drawn", "published"}


def test_without_a_budget_the_flag_is_named(project: Path, tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refused:
        release(project, tmp_path / "bundle", budget=None)
    assert "--budget" in refused.value.do


def test_a_budget_is_not_quietly_changed(project: Path, tmp_path: Path) -> None:
    release(project, tmp_path / "one")
    with pytest.raises(UsageError, match="already set"):
        release(project, tmp_path / "two", budget="9")
    statement = workflow.ledger(project, "9", "the board agreed")[0]
    assert statement.left == 8
    assert statement.entries[-1].reason == "the board agreed"


def test_a_dry_run_draws_nothing(project: Path, tmp_path: Path) -> None:
    before = workflow.ledger(project)
    done = release(project, tmp_path / "bundle", dry_run=True)
    assert done.release is None
    assert not (tmp_path / "bundle").exists()
    assert workflow.ledger(project) == before
    assert not reserved_in(before)


@pytest.mark.parametrize("rule", [{"count": 10}, {"fraction": "0.25"}, {"threshold": "0.4"}])
def test_a_threshold_that_depends_on_the_records_claims_nothing(
    project: Path, tmp_path: Path, rule: dict[str, object]
) -> None:
    select(project, **rule)
    done = release(project, tmp_path / "bundle")
    assert done.conditional
    assert done.epsilon is None
    assert done.left == 3
    stated = json.loads((tmp_path / "bundle/release.json").read_text(encoding="utf-8"))
    privacy = json.loads((tmp_path / "bundle/privacy.json").read_text(encoding="utf-8"))
    assert stated["conditional"]
    assert stated["epsilon"] is None
    assert "privacy_parameters" not in privacy["deployment"]["privacy_loss"]
    assert stated["parameters"]["threshold"]["value"] is None
    assert "as if the threshold had been fixed beforehand" in stated["promise"]
    assert is_verified(tmp_path / "bundle")


def test_an_agreed_threshold_is_claimed_and_an_agreed_count_is_not(
    project: Path, tmp_path: Path
) -> None:
    select(project, threshold="0.4")
    assert release(project, tmp_path / "one", threshold_from="agreed").epsilon == "1"
    assert (
        "the threshold was agreed" in (tmp_path / "one/README.md").read_text(encoding="utf-8").lower()
    )
    select(project, count=10)
    assert release(project, tmp_path / "two", threshold_from="agreed").epsilon is None
    assert "was agreed" not in (tmp_path / "two/README.md").read_text(encoding="utf-8")
    assert is_verified(tmp_path / "two")


def test_a_threshold_is_the_requests_only_if_it_is(project: Path, tmp_path: Path) -> None:
    select(project, threshold="0.4")
    with pytest.raises(UsageError, match="not the request's"):
        release(project, tmp_path / "bundle", threshold_from="request")


@pytest.mark.parametrize("answer", ["yes", "unknown"])
def test_records_that_may_have_trained_the_model_leave_only_by_exact(
    project: Path, tmp_path: Path, answer: str
) -> None:
    with pytest.raises(UsageError, match="No privacy guarantee"):
        release(project, tmp_path / "bundle", in_training=answer)
    exact = {"mechanism": "exact", "epsilon": None, "acknowledge_exact": True, "reason": "a test"}
    done = release(project, tmp_path / "bundle", in_training=answer, **exact)
    assert done.epsilon is None
    assert is_verified(tmp_path / "bundle")


def test_training_under_dp_is_the_ledgers_first_charge(project: Path, tmp_path: Path) -> None:
    done = release(project, tmp_path / "bundle", in_training="dp:2.5,1e-5")
    assert done.left == 0.5
    assert release(project, tmp_path / "other").left == 0.5


@pytest.mark.parametrize(
    ("asked", "error"), [({}, RefusedError), ({"mechanism": "noisy-top-k"}, UsageError)]
)
def test_a_training_is_not_written_down_where_the_release_is_refused(
    project: Path, tmp_path: Path, asked: dict[str, Any], error: type[Exception]
) -> None:
    """A slip of the pen would stay in the ledger for ever."""
    with pytest.raises(error):
        release(project, tmp_path / "bundle", in_training="dp:25,1e-5", **asked)
    assert {entry.kind for entry in workflow.ledger(project)[0].entries} == {"opened"}
    assert release(project, tmp_path / "bundle", in_training="dp:2.5,1e-5").left == 0.5


def test_the_answer_is_asked_for_once(project: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did these records help"):
        release(project, tmp_path / "bundle", in_training=None)
    release(project, tmp_path / "bundle")
    release(project, tmp_path / "other", in_training=None)


def test_exact_needs_a_word_and_a_reason_and_releases_everything(project: Path, tmp_path: Path) -> None:
    exact = {"mechanism": "exact", "epsilon": None, "budget": None}
    for half in ({"acknowledge_exact": True}, {"reason": "because"}):
        with pytest.raises(UsageError, match="needs your word"):
            release(project, tmp_path / "bundle", **exact, **half)
    done = release(project, tmp_path / "bundle", **exact, acknowledge_exact=True, reason="because")
    assert len(shown(tmp_path / "bundle")) == len(select(project, threshold="0.5"))
    assert done.left is None
    assert workflow.ledger(project)[0].exact_releases == 1
    release(project, tmp_path / "later")
    card = (tmp_path / "later/README.md").read_text(encoding="utf-8")
    assert "left earlier without protection are not covered" in card


def test_withheld_records_never_leave(project: Path, source: Path, tmp_path: Path) -> None:
    selected = select(project, threshold="0.5")
    workflow.select_records(project, None, withhold=selected[:5])
    release(
        project,
        tmp_path / "bundle",
        mechanism="exact",
        epsilon=None,
        acknowledge_exact=True,
        reason="x",
    )
    pixels = np.load(source)["x"]
    assert not shown(tmp_path / "bundle") & {pixels[int(r)].tobytes() for r in selected[:5]}
    workflow.select_records(project, None, restore=selected[:5])
    assert select(project, threshold="0.5") == selected


def test_a_record_that_changed_since_it_was_scored_is_never_silently_used(
    project: Path, source: Path, tmp_path: Path
) -> None:
    arrays = dict(np.load(source))
    arrays["x"][7] += 1
    np.savez_compressed(source, **arrays)
    with pytest.raises(UnusableError, match="1 record changed"):
        release(project, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("rows", [slice(None), slice(3, 4)])
def test_a_score_of_a_record_without_known_content_is_not_released(
    project: Path, tmp_path: Path, rows: slice
) -> None:
    """The ledger would not know it: each release would be the first, at the whole budget."""
    (place,) = project.glob("table-*/content.npy")
    content = np.load(place)
    content[rows] = 0
    np.save(place, content)
    for kind in ("scores", "offers"):
        with pytest.raises(UnusableError, match="changed or went missing"):
            release(project, tmp_path / kind, kind=kind, bounds="0,1")
    assert not reserved_in(workflow.ledger(None))


def test_a_folder_with_anything_else_is_left_alone(project: Path, tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle/mine.txt").write_text("mine")
    with pytest.raises(UnusableError, match="not empty"):
        release(project, tmp_path / "bundle")
    assert files(tmp_path / "bundle") == {"mine.txt": b"mine"}
    entries = workflow.ledger(project)[0].entries
    assert not any(entry.kind == "reserved" for entry in entries)


def test_a_damaged_bundle_is_not_taken_for_the_release(project: Path, tmp_path: Path) -> None:
    release(project, tmp_path / "bundle")
    (tmp_path / "bundle/README.md").write_text("something else")
    with pytest.raises(UnusableError, match="not empty"):
        release(project, tmp_path / "bundle")


@pytest.mark.parametrize("inside", ["p.dataselect/bundle", "records.npz/bundle"])
def test_a_bundle_is_not_written_into_what_it_comes_from(
    project: Path, tmp_path: Path, inside: str
) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    for to in (tmp_path / inside, tmp_path / "link" / inside, tmp_path / "new/.." / inside):
        with pytest.raises(UnusableError, match="cannot be written into"):
            release(project, to)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mounts a folder a second time")
def test_a_bundle_is_not_written_into_what_has_another_name_too(project: Path, tmp_path: Path) -> None:
    """As a folder has in other letters, where the disk does not tell capitals apart."""
    (tmp_path / "other").mkdir()
    arguments = f"release {project} --to other/b --epsilon 1 --in-training no --budget 4"
    mounted = f"mount --bind {project} other && {sys.executable} -m dataselect_gui {arguments}"
    run = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mounted],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    if "unshare" in run.stderr or "mount:" in run.stderr:
        pytest.skip("this system lets nobody mount a folder for itself")
    assert run.returncode == 4
    assert "cannot be written into the project" in run.stderr


def test_a_link_that_goes_round_in_a_circle_is_told(project: Path, tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to(tmp_path / "round")
    with pytest.raises(UnusableError):
        release(project, tmp_path / "round")


@pytest.mark.parametrize("name", ["b" * 255, " ", "line\nbreak", "~", "ä\u202e"])
def test_a_bundle_may_be_called_anything(project: Path, tmp_path: Path, name: str) -> None:
    release(project, tmp_path / name)
    assert is_verified(tmp_path / name)


STEPS = ["claim", "reserve", "secrets_of", "keep_draw", "mark_published"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_wherever_a_release_dies_nothing_is_uncharged_and_the_repeat_finishes_it(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    class PowerCutError(Exception):
        pass

    real: Callable[..., object] = getattr(Session, step)

    def die(*arguments: object, **more: object) -> object:
        if when == "after":
            real(*arguments, **more)
        raise PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr(Session, step, die)
        with pytest.raises(PowerCutError):
            release(project, tmp_path / "bundle")
    kinds = [entry.kind for entry in workflow.ledger(project)[0].entries]
    assert not (tmp_path / "bundle").exists() or "reserved" in kinds
    first = files(tmp_path / "bundle") if (tmp_path / "bundle").exists() else None
    done = release(project, tmp_path / "bundle")
    assert done.left == 3
    kinds = [entry.kind for entry in workflow.ledger(project)[0].entries]
    assert (kinds.count("reserved"), kinds.count("drawn"), kinds.count("published")) == (1, 1, 1)
    assert first is None or files(tmp_path / "bundle") == first
    assert not [path for path in tmp_path.iterdir() if "partial" in path.name]


def test_the_sameness_key_does_not_leave(project: Path, home: Path, tmp_path: Path) -> None:
    release(project, tmp_path / "bundle")
    entry = next(
        e for e in Desk(home).statement(Desk(home).accounts()[0]).entries if e.kind == "reserved"
    )
    assert entry.body["key"].encode() not in b"".join(files(tmp_path / "bundle").values())


def test_sums_are_those_of_sha256sum(project: Path, tmp_path: Path) -> None:
    release(project, tmp_path / "bundle")
    import hashlib

    lines = (tmp_path / "bundle" / SUMS).read_text(encoding="utf-8").splitlines()
    stated = {name: digest for digest, name in (line.split("  ") for line in lines)}
    there = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files(tmp_path / "bundle").items()
        if name != SUMS
    }
    assert stated == there
