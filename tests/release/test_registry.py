"""What holds of everything that can be released: loops over the registry."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from dataselect_gui import workflow
from dataselect_gui.cli import options
from dataselect_gui.errors import FaultError
from dataselect_gui.privacy.accounting import Charge
from dataselect_gui.privacy.mechanisms.exact import Exact
from dataselect_gui.privacy.mechanisms.laplace_on_scores import LaplaceOnScores
from dataselect_gui.privacy.mechanisms.mechanism import NoiseMechanism, Setting
from dataselect_gui.privacy.mechanisms.noisy_top_k import NoisyTopK
from dataselect_gui.release.checks.stated import Stated
from dataselect_gui.release.codec import from_entry, from_form, to_entry, to_form
from dataselect_gui.release.documents import release_document
from dataselect_gui.release.registry import (
    KINDS,
    MECHANISMS,
    REGISTRY,
    Registered,
    mechanisms_of,
    registered,
)
from dataselect_gui.release.terms import Terms
from tests.audit.worlds import terms
from tests.projects import consortium, owner_records, scored_project
from tests.releases import select, silent

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "dataselect_gui"
OPTIONS = {"count": "--count K", "delta": "--delta D"}
each_line = pytest.mark.parametrize(
    "line", REGISTRY, ids=[f"{line.kind.name} by {line.mechanism.name}" for line in REGISTRY]
)


def terms_of(line: Registered, m: int = 1) -> Terms:
    """Return the terms of a release of this kind by this mechanism, at ε = 1."""
    parts: dict[str, Any] = {
        "bins": ("0", "0.5"),
        "count_threshold": "0.5",
        "passing": True,
        "clip": "2",
        "count": 3,
        "delta": "0.001",
    }
    takes = line.kind.takes | line.mechanism.takes
    given = {name: value for name, value in parts.items() if name in takes}
    return terms(line.mechanism.name, 1.0, m=m, kind=line.kind.name, **given)


def stated_by(settled: Terms, **changed: object) -> Stated:
    """Return what the receiver's check reads of a release, with some parameters changed."""
    parameters = release_document(settled, "0" * 64)["parameters"]
    parameters |= {name: {"value": value} for name, value in changed.items()}
    mechanism = settled.mechanism
    return Stated(mechanism.epsilon, mechanism.delta, settled.max_contributions, parameters)


# What is written and read again


@each_line
@pytest.mark.parametrize("m", [1, 4])
def test_terms_are_read_as_they_were_written(line: Registered, m: int) -> None:
    settled = terms_of(line, m)
    assert from_form(to_form(settled)) == settled
    assert from_entry(to_entry(settled)) == settled


@pytest.mark.parametrize(
    "changed",
    [
        {"mechanism": "geometric"},
        {"kind": "rows"},
        {"kind": "offers", "mechanism": "exact"},
        {"noise_scale": None},
        {"count": None},
        {"epsilon": None},
    ],
    ids=str,
)
def test_what_is_not_registered_or_not_whole_ends_in_an_error(changed: dict[str, Any]) -> None:
    form = to_form(terms("noisy-top-k", 1.0, count=3))
    with pytest.raises(ValueError, match=r"nothing is released|is missing"):
        from_form(replace(form, **changed))


def test_bounds_and_norm_may_come_from_different_places() -> None:
    settled = terms("discrete-gaussian", 1.0, kind="gradient", clip="2", delta="0.001")
    assert settled.bounds is not None
    form = to_form(settled)
    assert (form.bounds_from, form.clip_from) == ("score", "agreed")
    parameters = release_document(settled, "0" * 64)["parameters"]
    assert parameters["bounds"]["from"] == "which the score cannot leave"
    assert parameters["clip"]["from"] == "agreed beforehand"
    alike = replace(settled, bounds=replace(settled.bounds, source="agreed"))
    assert "clip_from" not in to_entry(alike)


@each_line
def test_noise_is_written_under_its_own_name(line: Registered) -> None:
    settled = terms_of(line)
    noise = release_document(settled, "0" * 64)["parameters"].get("noise")
    mechanism = settled.mechanism
    if isinstance(mechanism, NoiseMechanism):
        assert noise["value"]["distribution"] == mechanism.distribution
        assert mechanism.distribution in settled.kind.how_drawn(settled)
    else:
        assert (noise is None) != isinstance(mechanism, NoisyTopK)


def test_noise_without_a_name_is_none() -> None:
    """Or a new mechanism's noise would go by another's name."""

    class Nameless(NoiseMechanism):
        name: ClassVar[str] = "nameless"

        @classmethod
        def of(cls, setting: Setting) -> "Nameless":
            raise NotImplementedError

        def add_noise(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
            return values

        @property
        def noise(self) -> str:
            return ""

        @property
        def sensitivity(self) -> dict[str, int]:
            return {}

        def width(self) -> float:
            return 0.0

    query = terms("laplace", 1.0, kind="scores").kind.query(LaplaceOnScores)
    with pytest.raises(TypeError, match="distribution"):
        Nameless(max_contributions=1, epsilon=Decimal(1), query=query, scale=1.0)  # type: ignore[abstract, arg-type]


# The receiver's check


@each_line
@pytest.mark.parametrize("m", [1, 4])
def test_the_check_accepts_what_the_mechanism_states(line: Registered, m: int) -> None:
    line.check(stated_by(terms_of(line, m)))


@each_line
def test_the_check_refuses_figures_that_are_too_good(line: Registered) -> None:
    settled = terms_of(line)
    stated = stated_by(settled)
    worse: list[dict[str, object]] = [
        {name: float(stated.number(name)) * 0.99}
        for name in ("share_that_leaves", "share_told_truly")
        if stated.has(name)
    ]
    if stated.has("noise"):
        noise = dict(release_document(settled, "0" * 64)["parameters"]["noise"]["value"])
        worse += [{"noise": {**noise, "scale_in_steps": noise["scale_in_steps"] / 2}}, {"noise": {}}]
    if settled.mechanism.epsilon is None:
        with pytest.raises(FaultError):
            line.check(replace(stated, epsilon=Decimal(1)))
        return
    assert worse
    for changed in worse:
        with pytest.raises(FaultError):
            line.check(stated_by(settled, **changed))
    with pytest.raises(FaultError):
        line.check(replace(stated, max_contributions=2))


# What is said of it


@pytest.mark.parametrize("name", MECHANISMS)
def test_each_mechanism_has_a_page_that_argues_for_its_promise(name: str) -> None:
    page = MECHANISMS[name].proof().read_text(encoding="utf-8")
    assert page.startswith("# Why ")
    assert ("**Proof.**" in page) == ("epsilon" in MECHANISMS[name].takes)


@each_line
def test_a_charge_is_what_is_promised(line: Registered) -> None:
    mechanism = terms_of(line).mechanism
    charge = mechanism.charge()
    if charge is None:
        assert mechanism.epsilon is None
    else:
        assert isinstance(charge, Charge)
        assert (charge.epsilon, charge.delta) == (mechanism.epsilon, mechanism.delta or 0)


def table() -> list[str]:
    """Return the table of the README."""
    lines = [
        "| `--as` | what leaves | `--mechanism`, the usual one first | what is promised |",
        "| --- | --- | --- | --- |",
    ]
    for name, kind in KINDS.items():
        ways = []
        for mechanism in mechanisms_of(kind):
            options = [f"`{option}`" for answer, option in OPTIONS.items() if answer in mechanism.takes]
            ways.append(f"`{mechanism.name}`" + (f" ({', '.join(options)})" if options else ""))
        lines.append(f"| `{name}` | {kind.summary} | {', '.join(ways)} | {kind.guarantee} |")
    return lines


def test_the_table_of_the_readme_is_that_of_the_registry() -> None:
    assert "\n".join(table()) in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_help_names_everything_that_is_registered() -> None:
    for line in REGISTRY:
        assert line.kind.name in list(options.KindName)
        assert line.mechanism.name in options.mechanisms_by_kind()
        assert line.mechanism.name in list(options.MechanismName)
    assert registered("records", "noisy-top-k").mechanism.name in options.takers("count")


# One place for each name


def compared_names() -> Iterator[tuple[Path, int, str]]:
    """Yield where the program compares something with the name of a kind or mechanism."""
    rooms = {"privacy", "release", "workflow", "cli"}
    for path in sorted(PROGRAM.rglob("*.py")):
        # Elsewhere the names of kinds, such as “scores”, stand for other things.
        names = {*MECHANISMS, *(KINDS if rooms & set(path.parts) else ())}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare | ast.MatchValue):
                for part in ast.walk(node):
                    name = part.value if isinstance(part, ast.Constant) else None
                    if isinstance(name, str) and name in names:
                        yield path, node.lineno, name


def test_nothing_is_compared_with_the_name_of_a_kind_or_mechanism() -> None:
    places = [f"{path.relative_to(ROOT)}:{line}: {name}" for path, line, name in compared_names()]
    assert not places, "\n".join(places)


# A preview


def test_a_preview_gives_nobodys_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is for somebody who has not agreed to anything."""
    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path / "home"))
    given: list[tuple[bool, bool, str | None]] = []

    def check(*, unprotected: bool, disclosed: bool, reason: str | None) -> None:
        given.append((unprotected, disclosed, reason))

    monkeypatch.setattr(Exact, "check_acknowledged", check)
    project = scored_project(
        tmp_path / "p.dataselect", owner_records(tmp_path / "r.npz"), consortium(tmp_path / "c")
    )
    select(project, threshold="0.5")
    asked = workflow.ReleaseRequest(to=tmp_path / "b", mechanism="exact", in_training="no")
    assert workflow.preview(project, asked, silent).preview is not None
    assert not given
