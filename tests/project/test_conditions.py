"""How scores were computed stands in the terms of a release, its card and ``release.json``."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import Conditions
from tests.helpers import hugging_face_folder
from tests.projects import scored_project
from tests.releases import document_of, failed, is_verified, rebuild, release, select

SCORING = {"program": "0.1.0", "precision": "float32", "device": "cpu", "batch": 32}
CAVEAT = "rounding of the last digits"


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def project(tmp_path: Path, source: Path) -> Path:
    checkpoint = hugging_face_folder(tmp_path / "model")
    folder = scored_project(tmp_path / "p.dataselect", source, checkpoint)
    select(folder, threshold="0.5")
    return folder


def change(project: Path, **conditions: object) -> None:
    """Change how the scores of a project were computed; what is None is not known."""
    opened = Project.open(project)
    known = msgspec.to_builtins(opened.scores["loss"]) | conditions
    stated = {name: value for name, value in known.items() if value is not None}
    opened.scores["loss"] = msgspec.convert(stated, Conditions)
    opened.save()


def card_of(bundle: Path) -> str:
    return (bundle / "README.md").read_text(encoding="utf-8")


def test_a_bundle_says_how_its_scores_were_computed(project: Path, tmp_path: Path) -> None:
    release(project, tmp_path / "b", threshold_from="agreed")
    assert document_of(tmp_path / "b")["scoring"] == SCORING
    assert "computed in float32 on cpu, in batches of 32 places" in card_of(tmp_path / "b")
    assert CAVEAT not in card_of(tmp_path / "b")
    assert is_verified(tmp_path / "b")


@pytest.mark.parametrize("fixed", [None, False])
def test_an_older_project_says_what_was_not_fixed(
    project: Path, tmp_path: Path, *, fixed: bool | None
) -> None:
    change(project, fixed=fixed, precision="float64", threads=None)
    release(project, tmp_path / "b", threshold_from="agreed")
    assert document_of(tmp_path / "b")["scoring"] == {**SCORING, "precision": "float64", "batch": None}
    assert "in batches that were not fixed beforehand" in card_of(tmp_path / "b")
    assert CAVEAT in card_of(tmp_path / "b")
    assert CAVEAT in str(document_of(tmp_path / "b")["assumptions"])
    assert is_verified(tmp_path / "b")


def test_the_same_release_is_the_same_wherever_it_was_computed(project: Path, tmp_path: Path) -> None:
    """What tells releases apart is the scores: the device is not in the key."""
    first = release(project, tmp_path / "one", threshold_from="agreed")
    change(project, device="cuda", batch=64, precision="float64")
    again = release(project, tmp_path / "two", threshold_from="agreed")
    assert again.repeated
    assert again.release == first.release
    assert document_of(tmp_path / "two")["scoring"] == SCORING, "as it was drawn"


@pytest.mark.parametrize(
    "change_to",
    [
        {"precision": "float16"},
        {"device": "abacus"},
        {"batch": 0},
        {"batch": True},
        {"batch": 1 << 40},
        {"program": "<b>"},
    ],
)
def test_what_no_program_of_ours_says_does_not_verify(
    project: Path, tmp_path: Path, change_to: dict[str, Any]
) -> None:
    release(project, tmp_path / "b", threshold_from="agreed")
    document = document_of(tmp_path / "b")
    rebuild(tmp_path / "b", {**document, "scoring": {**SCORING, **change_to}})
    assert "documents" in failed(tmp_path / "b")


@pytest.mark.parametrize("change_to", [{"precision": "float64"}, {"batch": 16}, {"device": "mps"}])
def test_a_card_that_says_otherwise_does_not_verify(
    project: Path, tmp_path: Path, change_to: dict[str, Any]
) -> None:
    release(project, tmp_path / "b", threshold_from="agreed")
    document = document_of(tmp_path / "b")
    rebuild(tmp_path / "b", {**document, "scoring": {**SCORING, **change_to}})
    assert "documents" in failed(tmp_path / "b")
