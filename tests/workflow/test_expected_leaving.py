"""How many records are expected to leave, against a count one by one; and the page that says so."""

import math
import re
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.cli.app import main
from dataselect_gui.workflow import ClassExpected, ExpectedLeaving, Preview, ReleaseRequest
from dataselect_gui.workflow.expected_leaving import count_people
from tests.projects import consortium, owner_records, scored_project
from tests.releases import release, select, silent

pytestmark = pytest.mark.usefixtures("home")

LOSSES = [0.9] * 8 + [0.1] * 19
"""Of 27 records in 3 classes and of 9 people, three each: the first eight have a high loss."""
KEPT = 1 - math.exp(-1)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    source = owner_records(tmp_path / "r.npz", 27)
    folder = tmp_path / "ward-of-mine.dataselect"
    made = scored_project(folder, source, consortium(tmp_path / "c"), LOSSES, unit_column="patient")
    select(made, threshold="0.5")
    return made


def previewed(project: Path, **asked: object) -> Preview:
    request = ReleaseRequest(to=project.with_name("b"), in_training="no", **asked)  # type: ignore[arg-type]
    preview = workflow.preview(project, request, silent).preview
    assert preview is not None
    return preview


def expected_of(project: Path, **asked: object) -> ExpectedLeaving:
    expected = previewed(project, **{"epsilon": "1", **asked}).expected
    assert expected is not None
    return expected


@pytest.mark.parametrize("most", [1, 2, 3, 5, 40])
def test_people_are_counted_as_by_trying_all_that_may_take_part(most: int) -> None:
    random = np.random.default_rng(most)
    people = [None if code == 0 else f"p{code}" for code in random.integers(0, 6, 24).tolist()]
    leaves = random.random(24) * (random.random(24) < 0.7)
    by_person: dict[str, list[float]] = defaultdict(list)
    for row, person in enumerate(people):
        by_person[person or f"alone {row}"].append(leaves[row])
    reached = 0.0
    for chances in by_person.values():
        subsets = list(combinations(chances, min(most, len(chances))))
        reached += sum(1 - math.prod(1 - chance for chance in each) for each in subsets) / len(subsets)
    number, counted = count_people(people, leaves, most)
    assert number == len(by_person)
    assert counted == pytest.approx(reached)
    assert count_people([], np.empty(0), most) == (0, 0.0)


def test_one_sided_figures_are_those_of_a_count_by_hand(project: Path) -> None:
    """People 0 and 1 have three records each in the selection, person 2 has two of three."""
    expected = expected_of(project, max_contributions=1)
    assert (expected.records, expected.selected, expected.people) == (27, 8, 9)
    assert expected.leaving == pytest.approx(KEPT * 8 / 3)
    assert expected.people_leaving == pytest.approx(KEPT * (1 + 1 + 2 / 3))
    three = expected_of(project, max_contributions=3)
    kept = 1 - math.exp(-1 / 3)
    assert three.leaving == pytest.approx(8 * kept)
    assert three.people_leaving == pytest.approx(2 * (1 - (1 - kept) ** 3) + 1 - (1 - kept) ** 2)
    # Row 8 is the one of person 2 that is not in the selection; its class is row % 3.
    assert [each.name for each in three.classes] == ["bird", "cat", "dog"]
    assert [each.records for each in three.classes] == [9, 9, 9]
    assert [each.leaving for each in three.classes] == pytest.approx([3 * kept, 3 * kept, 2 * kept])
    assert not three.distorted


@pytest.mark.parametrize(
    ("asked", "leaving", "sentence"),
    [
        ({"mechanism": "exact", "epsilon": None}, 8, "8 of your 27 records leave, of 3 people."),
        (
            {"mechanism": "randomized-response", "epsilon": "3"},
            8 / (1 + math.exp(-1)) + 19 / (1 + math.exp(1)),
            "About 11 of your 27 records leave, of about 7 people.",
        ),
        (
            {"mechanism": "noisy-top-k", "count": 5, "bounds": "0,1"},
            5,
            "5 of your 27 records leave.",
        ),
        ({"kind": "report", "bins": "0,0.5,1"}, None, "None of your 27 records leave."),
        (
            {"kind": "offers", "mechanism": "randomized-response", "epsilon": "3"},
            8 / (1 + math.exp(-1)) + 19 / (1 + math.exp(1)),
            "About 11 of your 27 records are offered, by made-up names, of about 7 people.",
        ),
    ],
)
def test_each_mechanism_has_its_own_figures(
    project: Path, asked: dict[str, object], leaving: float | None, sentence: str
) -> None:
    # A first release fixes who takes part: with three records of each, all do.
    release(project, project.with_name("first"), max_contributions=3, epsilon="0.5")
    expected = expected_of(project, max_contributions=3, **asked)
    assert expected.leaving == (None if leaving is None else pytest.approx(leaving))
    assert workflow.leaving_sentence(expected) == sentence


def test_the_same_release_again_expects_nothing(project: Path) -> None:
    assert previewed(project, epsilon="1", max_contributions=3).expected is not None
    release(project, project.with_name("b"), max_contributions=3)
    again = previewed(project, epsilon="1", max_contributions=3)
    assert again.same
    assert again.expected is None


@pytest.mark.parametrize(
    ("leaving", "is_named"),
    [((50.0, 50.0), False), ((75.0, 25.0), False), ((80.0, 19.9), True), ((40.0, 0.4), True)],
)
def test_a_class_is_named_below_half_and_above_twice_its_share(
    leaving: tuple[float, float], is_named: bool
) -> None:
    total = sum(leaving)
    classes = tuple(
        ClassExpected(name, 100, part, 0.5, part / total)
        for name, part in zip(("a", "b"), leaving, strict=True)
    )
    expected = ExpectedLeaving(("{count} x", "{count} xs"), 200, 100, True, total, classes=classes)
    assert [each.name for each in expected.distorted] == (["b"] if is_named else [])
    rare = ClassExpected("rare", 10, 9.0, 0.1, 0.201)
    assert rare.is_distorted
    assert not ClassExpected("rare", 10, 9.0, 0.1, 0.199).is_distorted


def test_classes_that_are_lost_or_changed_are_said_worst_first() -> None:
    classes = (
        ClassExpected("common", 900, 9.0, 0.9, 0.1),
        ClassExpected("rare", 50, 81.0, 0.05, 0.9),
        ClassExpected("gone", 40, 0.2, 0.04, 0.0),
        ClassExpected(None, 10, 0.0, 0.01, 0.0),
    )
    expected = ExpectedLeaving(("{count} row", "{count} rows"), 1000, 90, True, 90.2, classes=classes)
    first, *lines = workflow.distortion_sentences(expected)
    assert first == "What leaves is unlike your records:"
    assert lines == [
        "None of your 40 rows of “gone” is expected to leave.",
        "None of your 10 rows of “(no label)” is expected to leave.",
        "“rare” is 5.0 in 100 of your records, and would be 90 in 100 of what leaves.",
        "The same is true of 1 more class.",
    ]


def page_of(project: Path, **asked: object) -> str:
    request = ReleaseRequest(to=project.with_name("bundle"), in_training="no", epsilon="1", **asked)  # type: ignore[arg-type]
    to = project.with_name("leaving.html")
    workflow.write_leaving_page(project, request, workflow.preview(project, request, silent), to)
    return to.read_text(encoding="utf-8")


def test_the_page_counts_in_the_part_for_the_owner_alone(project: Path) -> None:
    text = page_of(project, max_contributions=3)
    before, own, after = re.split(r"<section>|</section>", text)
    shared = re.sub(r"<style>.*?</style>", "", before + after, flags=re.DOTALL)
    expected = expected_of(project, max_contributions=3)
    assert workflow.leaving_sentence(expected) in own
    assert workflow.selection_sentence(expected) in own
    assert "Do not pass this part on" in own
    for each in expected.classes:
        assert f"<td>{each.name}</td>" in own
        assert str(each.name) not in shared
    for counted in ("27", "of about", "ward-of-mine"):
        assert counted in own
        assert counted not in shared
    assert "0.5" in own, "what the owner chose"
    preview = previewed(project, epsilon="1", max_contributions=3)
    for said in (preview.mechanism, *(item["what"] for item in preview.leaves)):
        assert said in shared.replace("&#39;", "'")
    assert "<script" not in text
    assert str(project.parent) not in text
    assert Path.home().name not in re.sub(r"<[^>]*>", "", text)
    assert not any(entry.kind in {"reserved", "drawn"} for entry in workflow.ledger(project)[0].entries)


def test_the_terminal_says_it_first_and_saves_the_same_page(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = project.with_name("there.html")
    asked = ["--epsilon", "1", "--per-unit", "3", "--in-training", "no", "--budget", "4"]
    verb = ["release", str(project), "--to", str(project.with_name("bundle")), *asked]
    assert main([*verb, "--dry-run", "--page", str(page)]) == 0
    sentence = workflow.leaving_sentence(expected_of(project, max_contributions=3))
    assert capsys.readouterr().out.splitlines()[1] == f"For you alone: {sentence}"
    assert sentence in page.read_text(encoding="utf-8")
    page.unlink()
    assert main([*verb, "--page", str(page)]) == 2
    assert not page.exists()
    assert not project.with_name("bundle").exists()
