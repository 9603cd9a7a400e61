"""The demo's project, with its own ledger and public key, takes the demo's records alone."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import InterruptedByPersonError, UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project import demo as project_demo
from dataselect_gui.project.demo import COUNT, RECORDS, digest_of
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import StoredCheckpoint, StoredSource
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef
from dataselect_gui.resources import resource
from dataselect_gui.worker.indexing import read_index
from dataselect_gui.workflow import demo as demo_module
from tests.helpers import array_file
from tests.projects import owner_records, scored_project
from tests.releases import files, release, select

SHIPPED = resource("demo/records.npz")


quiet = JobContext()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path / "owner" / "home"))
    return tmp_path / "owner" / "home"


@pytest.fixture
def real(tmp_path: Path) -> Path:
    return owner_records(tmp_path / "real.npz")


def stopped_demo(out: Path) -> Path:
    """The demo, stopped before it has read anything."""
    context = JobContext()
    context.stop.insist()
    with pytest.raises(InterruptedByPersonError):
        workflow.score_demo(out, context)
    settings = settings_of(out / "project")
    assert settings["table"] is None
    assert settings["in_training"] == "no"
    return out / "project"


def scored_demo(out: Path) -> Path:
    """The demo's project with its records, and a score made up."""
    project = scored_project(out / "project", SHIPPED, resource("demo/checkpoint"))
    change(project, demo=True)
    return project


def settings_of(project: Path) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads((project / "project.json").read_text("utf-8"))
    return settings


def change(project: Path, **settings: object) -> None:
    whole = {**settings_of(project), **settings}
    (project / "project.json").write_text(json.dumps(whole), encoding="utf-8")


def score_into(project: Path, source: Path, checkpoint: Path) -> None:
    workflow.score(source, checkpoint, quiet, names=["random"], project_path=project)


def altered(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The demo's records in another file, changed."""
    with np.load(SHIPPED) as shipped:
        arrays = dict(shipped)
    change(arrays)
    return array_file(path, **arrays)


def assert_refused(project: Path, action: Callable[[], object]) -> None:
    """Nothing of the project changes, and nothing of the ledger beside it."""
    before, ledger = settings_of(project), files(project.parent / "home")
    with pytest.raises(UnusableError, match="is the demo's, and these are not the demo's records"):
        action()
    assert settings_of(project) == before
    assert not list(project.glob("hashes-*"))
    assert files(project.parent / "home") == ledger


def test_the_digest_is_that_of_the_shipped_records() -> None:
    index = read_index(open_source(SourceRef(SHIPPED)), JobContext())
    assert len(index.ids) == COUNT
    assert digest_of(index) == RECORDS


def test_a_demo_that_was_stopped_early_takes_no_other_records(
    tmp_path: Path, real: Path, checkpoint: Path
) -> None:
    project = stopped_demo(tmp_path / "demo")
    assert_refused(project, lambda: score_into(project, real, checkpoint))
    assert_refused(project, lambda: score_into(project, real, resource("demo/checkpoint")))
    assert_refused(project, lambda: workflow.find_again(project, real, quiet))


def test_it_goes_on_with_its_own_records_wherever_they_are_now(tmp_path: Path) -> None:
    """The refusal is not one of everything."""
    project = stopped_demo(tmp_path / "demo")
    moved = Path(shutil.copy(SHIPPED, tmp_path / "moved.npz"))
    score_into(project, moved, resource("demo/checkpoint"))
    assert settings_of(project)["source"]["path"] == str(moved)
    assert (tmp_path / "demo" / "home" / "ledger.sqlite").is_file()


def one_pixel(arrays: dict[str, Any]) -> None:
    arrays["x"][1999, 27, 27] ^= 1


def one_label(arrays: dict[str, Any]) -> None:
    arrays["y"][1000] = (arrays["y"][1000] + 1) % 10


def all_pixels(arrays: dict[str, Any]) -> None:
    arrays["x"] = np.random.default_rng(0).integers(0, 256, arrays["x"].shape, dtype=np.uint8)


def one_record_less(arrays: dict[str, Any]) -> None:
    for name in ("x", "y", "flipped", "foreign"):
        arrays[name] = arrays[name][:-1]


def one_record_more(arrays: dict[str, Any]) -> None:
    for name in ("x", "y", "flipped", "foreign"):
        arrays[name] = np.concatenate([arrays[name], arrays[name][:1]])


@pytest.mark.parametrize(
    "change_records", [one_pixel, one_label, all_pixels, one_record_less, one_record_more]
)
def test_records_of_the_same_names_are_others(
    tmp_path: Path, change_records: Callable[[dict[str, Any]], None]
) -> None:
    source = altered(tmp_path / "same-names.npz", change_records)
    own = resource("demo/checkpoint")
    unread = stopped_demo(tmp_path / "stopped")
    assert_refused(unread, lambda: score_into(unread, source, own))
    read = scored_demo(tmp_path / "read")
    assert_refused(read, lambda: score_into(read, source, own))
    assert_refused(read, lambda: workflow.find_again(read, source, quiet))


@pytest.mark.usefixtures("scoring_here")
def test_the_shipped_file_with_other_records_is_not_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = altered(tmp_path / "records.npz", one_pixel)
    monkeypatch.setattr(
        demo_module, "resource", lambda name: changed if name.endswith(".npz") else resource(name)
    )
    with pytest.raises(UnusableError, match="not the demo's records"):
        workflow.score_demo(tmp_path / "demo", quiet)
    assert settings_of(tmp_path / "demo" / "project")["table"] is None
    assert not (tmp_path / "demo" / "home").exists()


def test_a_demo_of_an_earlier_version_is_read_and_another_one_begun_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = altered(tmp_path / "former.npz", one_pixel)
    index = read_index(open_source(SourceRef(former)), JobContext())
    monkeypatch.setattr(project_demo, "EARLIER", digest_of(index))
    monkeypatch.setattr(demo_module, "EARLIER", digest_of(index))
    project = scored_project(tmp_path / "demo" / "project", former, resource("demo/checkpoint"))
    change(project, demo=True)
    before = settings_of(project)
    assert len(workflow.look(project).ids) == COUNT
    context = JobContext()
    context.stop.insist()
    for _again in range(2):
        with pytest.raises(InterruptedByPersonError):
            workflow.score_demo(tmp_path / "demo", context)
    assert settings_of(tmp_path / "demo" / "project-2")["source"]["path"] == str(SHIPPED)
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == ["project", "project-2"]
    assert {**settings_of(project), "shown": None} == {**before, "shown": None}


def uses(project: Path, bundle: Path) -> list[Callable[[], object]]:
    """Everything that reads a project's records or its ledger."""
    return [
        lambda: workflow.scores(project),
        lambda: select(project, threshold="0.5"),
        lambda: release(project, bundle),
        lambda: workflow.ledger(project),
        lambda: workflow.account(project),
        lambda: workflow.look(project),
        lambda: workflow.inspect(project, None, quiet),
        lambda: workflow.change_budget(project, "5", "more"),
    ]


def test_settings_that_say_demo_make_no_project_the_demos(
    tmp_path: Path, real: Path, checkpoint: Path
) -> None:
    project = scored_project(tmp_path / "mine" / "p.dataselect", real, checkpoint)
    select(project, threshold="0.5")
    change(project, demo=True, in_training="no")
    for use in [*uses(project, tmp_path / "b"), lambda: score_into(project, real, checkpoint)]:
        assert_refused(project, use)
    assert not (tmp_path / "b").exists()


def test_a_table_of_other_records_put_into_the_demo_is_refused(
    tmp_path: Path, real: Path, checkpoint: Path
) -> None:
    mine = scored_project(tmp_path / "mine.dataselect", real, checkpoint)
    project = scored_demo(tmp_path / "demo")
    select(project, threshold="0.5")
    change(project, in_training="no")
    shutil.rmtree(project / "table-1")
    shutil.copytree(mine / "table-1", project / "table-1")
    for use in uses(project, tmp_path / "b"):
        assert_refused(project, use)


def test_a_copy_of_the_demo_takes_no_other_records(
    tmp_path: Path, real: Path, checkpoint: Path
) -> None:
    shutil.copytree(scored_demo(tmp_path / "demo").parent, tmp_path / "copy")
    copy = tmp_path / "copy" / "project"
    change(copy, table=None)
    assert_refused(copy, lambda: score_into(copy, real, checkpoint))


def test_the_demo_itself_is_used_as_before(tmp_path: Path, home: Path) -> None:
    """The uses that are refused above are not refused here, and the owner's ledger is not touched."""
    project = scored_demo(tmp_path / "demo")
    select(project, threshold="0.5")
    for use in uses(project, tmp_path / "b"):
        use()
    assert (tmp_path / "b").is_dir()
    assert (tmp_path / "demo" / "home" / "ledger.sqlite").is_file()
    assert not home.exists()


def test_the_demo_answers_nothing_for_a_project_of_the_owners(
    tmp_path: Path, real: Path, checkpoint: Path
) -> None:
    project = scored_project(tmp_path / "out" / "project", real, checkpoint)
    change(project, table=None)
    with pytest.raises(UnusableError, match="a project of yours"):
        workflow.score_demo(tmp_path / "out", quiet)
    assert settings_of(project)["in_training"] is None
    assert settings_of(project)["source"]["path"] == str(real)


@pytest.mark.parametrize("other", ["records", "checkpoint"])
def test_an_answer_about_training_is_not_inherited(
    tmp_path: Path, real: Path, checkpoint: Path, other: str
) -> None:
    """Of a project that was stopped before it read anything, and then takes something else."""
    folder = tmp_path / "p.dataselect"
    described = StoredSource.of(SourceRef(real), "arrays")
    digest = "0" * 64
    if other == "records":
        described = StoredSource.of(SourceRef(tmp_path / "first.npz"), "arrays")
        digest = find_checkpoint(checkpoint).digest()
    Project.create(folder, described, StoredCheckpoint(str(checkpoint), digest))
    change(folder, in_training="no")
    score_into(folder, real, checkpoint)
    assert settings_of(folder)["in_training"] is None


def test_an_answer_about_training_stays_where_the_same_goes_on(
    tmp_path: Path, real: Path, checkpoint: Path
) -> None:
    folder = tmp_path / "p.dataselect"
    score_into(folder, real, checkpoint)
    change(folder, in_training="no", table=None)
    score_into(folder, real, checkpoint)
    assert settings_of(folder)["in_training"] == "no"


def test_a_source_that_is_put_in_by_hand_is_not_released_as_the_demos(tmp_path: Path) -> None:
    project = scored_demo(tmp_path / "demo")
    select(project, threshold="0.5")
    other = altered(tmp_path / "other.npz", all_pixels)
    change(project, source={**settings_of(project)["source"], "path": str(other)})
    with pytest.raises(UnusableError, match="2000 records changed"):
        release(project, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_bundle_beside_the_ledger_is_verified(home: Path) -> None:
    """The confined process may not enter the ledger's folder, but the demo's in it."""
    project = scored_demo(home / "demo")
    select(project, threshold="0.5")
    bundle = home / "demo" / "bundle"
    release(project, bundle, max_contributions=1)
    assert all(check.ok for check in workflow.verify(bundle).checks)
