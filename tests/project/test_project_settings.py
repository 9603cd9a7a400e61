"""A project's settings are read from every earlier form, and refused where they are damaged."""

import copy
import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataselect_gui import workflow
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import (
    FORMAT,
    Conditions,
    EarlierRun,
    ProjectSettings,
    StoredRule,
    read_settings,
    written,
)
from dataselect_gui.release.terms import MOST_AT_ONCE

EARLIER = sorted(Path(__file__).parents[1].joinpath("earlier").iterdir())
FORMS = [json.loads((folder / "project.json").read_text(encoding="utf-8")) for folder in EARLIER]
DIGEST = "a9da0aa53c3cd67012c5d9a7982ae84a15755b0e6e51b9c07d36d1769d9cd583"


def read(document: object) -> ProjectSettings:
    return read_settings(json.dumps(document).encode())


@pytest.mark.parametrize("folder", EARLIER, ids=[folder.name for folder in EARLIER])
@pytest.mark.usefixtures("home")
def test_a_project_of_every_earlier_form_is_read_and_goes_on(folder: Path, tmp_path: Path) -> None:
    earlier = Path(shutil.copytree(folder, tmp_path / "p.dataselect"))
    stated = json.loads((earlier / "project.json").read_text(encoding="utf-8"))
    before = workflow.scores(earlier)
    assert not np.isnan(before["loss"]).any()
    workflow.put_selection(earlier, workflow.ScoreCut("loss", "count", Decimal(5)), ["2"])
    kept = Project.open(earlier).settings
    assert json.loads((earlier / "project.json").read_text(encoding="utf-8"))["format"] == FORMAT
    assert workflow.scores(earlier)["loss"] == before["loss"]
    assert msgspec.to_builtins(kept.source) == stated["source"]
    assert msgspec.to_builtins(kept.checkpoint) == stated["checkpoint"]
    assert (kept.demo, kept.table) == (stated["demo"], stated["table"])
    assert (kept.rule, kept.withheld) == (StoredRule("loss", "count", "5", False), ["2"])
    assert kept.in_training == stated["in_training"]
    assert kept.opted_out == stated.get("opted_out", [])
    assert kept.ended_by == stated.get("ended_by", [])


def test_format_1_is_migrated() -> None:
    without_run, with_run, two = map(read, FORMS)
    conditions = Conditions(
        fixed=True,
        program="0.1.0",
        variant="",
        device="cpu",
        precision="float32",
        threads=1,
        batch=32,
    )
    assert without_run.scores == {DIGEST: {"loss": conditions}}
    assert without_run.loose_scores == DIGEST
    assert with_run.scores == {DIGEST: {"loss": Conditions(program="0.1.0", variant="", device="cpu")}}
    assert (without_run.run, with_run.run) == (None, EarlierRun("float64"))
    assert two.loose_scores is msgspec.UNSET
    assert two.scores[DIGEST]["loss"] == conditions


def test_format_2_is_written_as_it_was_read() -> None:
    assert written(read(FORMS[-1])) == FORMS[-1]


@pytest.mark.parametrize("form", [0, 3, "2", None, [], 2.5])
def test_other_formats_are_refused(form: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        read({**FORMS[-1], "format": form})


def places_in(document: Any, place: tuple[str, ...] = ()) -> list[tuple[str, ...]]:  # noqa: ANN401
    """Return the keys that lead to every value that a document states by a key."""
    if not isinstance(document, dict):
        return []
    return [
        keys
        for key, value in document.items()
        for keys in [(*place, key), *places_in(value, (*place, key))]
    ]


def changed(document: Any, place: tuple[str, ...], value: object) -> Any:  # noqa: ANN401
    made = inner = copy.deepcopy(document)
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return made


PLACES = [(number, place) for number, form in enumerate(FORMS) for place in places_in(form)]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.sampled_from(PLACES), JUNK)
def test_whatever_is_damaged_is_read_or_refused(
    where: tuple[int, tuple[str, ...]], value: object
) -> None:
    number, place = where
    try:
        kept = read(changed(FORMS[number], place, value))
    except ValueError:
        return
    assert read(written(kept)) == kept


@pytest.mark.parametrize("name", ["in_training", "table", "rule", "demo", "withheld", "scores"])
def test_what_every_version_wrote_is_needed(name: str) -> None:
    stated = {key: value for key, value in FORMS[-1].items() if key != name}
    with pytest.raises(ValueError, match=name):
        read(stated)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("opted_uot",), ["patient 1"]),
        (("source", "units"), "patient"),
        (("checkpoint", "step"), 3),
        (("rule", "per_class"), True),
        (("rule", "value"), "-1"),
        (("rule", "value"), "0"),
        (("rule", "value"), "1.5"),
        (("scores", DIGEST, "loss", "batch"), 0),
        (("scores", DIGEST, "loss", "batch"), -5),
        (("scores", DIGEST, "loss", "batch"), MOST_AT_ONCE + 1),
        (("scores", DIGEST, "loss", "threads"), 0),
        (("scores", DIGEST, "loss", "threads"), 1 << 20),
    ],
    ids=lambda part: ".".join(part)[-20:] if isinstance(part, tuple) else str(part),
)
def test_what_no_version_wrote_is_damage(place: tuple[str, ...], value: object) -> None:
    """Otherwise somebody whose name was put in the wrong place would leave."""
    assert read(FORMS[-1]).rule == StoredRule("loss", "fraction", "0.25", True)
    with pytest.raises(ValueError, match=place[0]):
        read(changed(FORMS[-1], place, value))


@pytest.mark.parametrize("count", ["-1", "0", "0.5"])
def test_a_rule_picks_a_record_at_least(count: str) -> None:
    with pytest.raises(ValueError, match="none that a rule can have"):
        StoredRule("loss", "count", count, False)


@pytest.mark.parametrize("within", ["", "source"])
def test_a_name_that_is_given_twice_is_damage(within: str) -> None:
    stored = json.dumps(FORMS[-1])
    twice = {
        "": stored.replace('"withheld": ["3"]', '"withheld": ["3"], "withheld": []'),
        "source": stored.replace('"unit_column":', '"unit_column": null, "unit_column":'),
    }[within]
    assert twice != stored
    with pytest.raises(ValueError, match="twice"):
        read_settings(twice.encode())


@pytest.mark.parametrize("stored", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"a":' * 100_000])
def test_what_is_no_document_is_refused(stored: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_settings(stored)
