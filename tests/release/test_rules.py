"""Releases by rules on one record and public numbers, and of everything that is eligible."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import UsageError
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import Conditions
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.selection.forms import read_rule
from dataselect_gui.texts.promises import AFTER_EXACT, AFTER_MARKED, BY_MARKS, BY_RULE, EVERYTHING
from tests.helpers import write_json
from tests.ledgers import Desk
from tests.projects import consortium, owner_records, scored_project
from tests.releases import document_of, files, is_verified, release, select, silent

pytestmark = pytest.mark.usefixtures("home")

CLASSES = ("bird", "cat", "dog")
BY_CLASS = {
    "conditions": [
        {"score": "loss", "most": {"bird": 0.4, "cat": 0.8}, "otherwise": "keep"},
        {"score": "vog", "least": 0.1, "most": 0.9},
    ]
}
HALF: dict[str, Any] = {
    "conditions": [{"score": "loss", "least": 0}],
    "keep": {"by": "class", "probabilities": {"cat": 0.5}, "otherwise": 1},
}
WORD: dict[str, Any] = {"epsilon": None, "budget": None, "acknowledge_disclosure": True}


def add_vog(folder: Path, values: Sequence[float]) -> None:
    """Score a project by a second score."""
    project = Project.open(folder)
    column, rows = project.table.column("vog"), np.arange(len(values))
    column.write(rows, np.array(values, dtype=np.float64))
    column.mark_done(rows)
    project.scores["vog"] = Conditions(
        fixed=True,
        program="0.1.0",
        variant=find_score("vog").variant,
        device="cpu",
        precision="float32",
        threads=1,
        batch=32,
    )
    project.save()


def made(folder: Path, *, unit_column: str | None = None, **request: object) -> Path:
    """Make a project of forty records with two scores and a request."""
    project = scored_project(
        folder / "p.dataselect",
        owner_records(folder / "r.npz"),
        consortium(folder / "consortium", bounds={"loss": [0, 1]}, **request),
        unit_column=unit_column,
    )
    add_vog(project, np.random.default_rng(1).random(40).tolist())
    return project


def pick(project: Path, form: object) -> list[str]:
    return workflow.select_records(project, read_rule(form))[0]


def rows_of(project: Path) -> list[dict[str, Any]]:
    table = workflow.scores(project)
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def left(project: Path, bundle: Path) -> set[str]:
    """Return the ids of the records in a bundle, as the owner's ledger has them."""
    return set(workflow.tokens(project, document_of(bundle)["release"]).values())


def whole_text(bundle: Path) -> str:
    return "".join(c.decode() for name, c in files(bundle).items() if name.endswith((".md", ".json")))


def fulfils(record: dict[str, Any]) -> bool:
    """Say by hand whether a record fulfils `BY_CLASS`."""
    most = {"bird": 0.4, "cat": 0.8}.get(record["label"])
    return bool((most is None or record["loss"] <= most) and 0.1 <= record["vog"] <= 0.9)


# The rule of a request, and one's own


def test_the_requests_rule_is_claimed_and_stated(tmp_path: Path) -> None:
    project = made(tmp_path, rule=BY_CLASS)
    request = workflow.look(project).request
    rule = workflow.requested_rule(request, ["loss", "vog"], 40)
    assert rule == read_rule(BY_CLASS)
    assert workflow.requested_rule(request, ["loss"], 40) is None
    ids, cut = workflow.select_records(project, rule)
    assert cut is None
    assert ids == [record["id"] for record in rows_of(project) if fulfils(record)]
    done = release(project, tmp_path / "b", epsilon="2")
    assert (done.epsilon, done.conditional) == ("2", False)
    assert is_verified(tmp_path / "b")
    assert left(project, tmp_path / "b") <= set(ids)
    stated = document_of(tmp_path / "b")
    assert stated["parameters"]["rule"] == {
        "value": {
            "conditions": [
                {"score": "loss", "most": {"bird": "0.4", "cat": "0.8"}, "otherwise": "keep"},
                {"score": "vog", "least": "0.1", "most": "0.9", "otherwise": "leave"},
            ]
        },
        "from": "the consortium's request",
    }
    assert not {"score", "direction", "cut", "threshold"} & set(stated["parameters"])
    assert "the rule was in the consortium's request before anybody looked" in stated["assumptions"]
    card = (tmp_path / "b" / "README.md").read_text(encoding="utf-8")
    assert "- By a rule on each record alone: the consortium's request.\n" in card
    assert "loss is at most that of its class (bird: 0.4, cat: 0.8)" in card
    assert "roughly how many records the rule picks, in all and of each label" in card


def test_a_rule_of_ones_own_is_claimed_where_it_was_agreed(tmp_path: Path) -> None:
    project = made(tmp_path)
    pick(project, {"conditions": [{"score": "loss", "most": 0.73125}]})
    viewed = release(project, tmp_path / "viewed")
    assert (viewed.epsilon, viewed.conditional) == (None, True)
    assert document_of(tmp_path / "viewed")["promise"] == BY_RULE == viewed.promise
    assert "0.73125" not in whole_text(tmp_path / "viewed")
    agreed = release(project, tmp_path / "agreed", threshold_from="agreed")
    assert (agreed.epsilon, agreed.conditional) == ("1", False)
    assert "0.73125" in whole_text(tmp_path / "agreed")
    assert is_verified(tmp_path / "viewed")
    assert is_verified(tmp_path / "agreed")
    with pytest.raises(UsageError, match="not the request's"):
        release(project, tmp_path / "c", threshold_from="request")


def test_a_part_of_the_requests_rule_is_not_the_requests(tmp_path: Path) -> None:
    """Which rule is used is part of the threshold."""
    project = made(tmp_path, rule=BY_CLASS)
    rule = workflow.rule_per_class(project, "loss")
    assert rule == read_rule({"conditions": BY_CLASS["conditions"][:1]})
    workflow.select_records(project, rule)
    assert release(project, tmp_path / "b").conditional
    with pytest.raises(UsageError, match="no thresholds of “vog” by class"):
        workflow.rule_per_class(project, "vog")


def test_the_class_of_a_record_is_its_label_as_the_consortium_spells_it(tmp_path: Path) -> None:
    from dataselect_gui.records.reference import LabelRule

    source = owner_records(tmp_path / "r.npz")
    spelled = LabelRule(classes=(("bird", "Vogel"),))
    checkpoint = consortium(tmp_path / "c")
    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    config["id2label"] = {"0": "Vogel", "1": "cat", "2": "dog"}
    write_json(checkpoint / "config.json", config)
    project = scored_project(tmp_path / "p.dataselect", source, checkpoint, labels=spelled)
    form = {"conditions": [{"score": "loss", "least": {"Vogel": 0}}]}
    birds = [record["id"] for record in rows_of(project) if record["label"] == "bird"]
    assert pick(project, form) == birds
    with pytest.raises(UsageError, match="does not know: “bird”"):
        pick(project, {"conditions": [{"score": "loss", "least": {"bird": 0}}]})


def test_by_bits_and_for_people_too(tmp_path: Path) -> None:
    project = made(tmp_path, unit_column="patient", rule=BY_CLASS)
    pick(project, BY_CLASS)
    ways: dict[str, dict[str, Any]] = {
        "bits": {"mechanism": "randomized-response", "epsilon": "4"},
        "offers": {"kind": "offers"},
        "sided": {},
        "exact": {**WORD, "mechanism": "exact", "acknowledge_exact": True, "reason": "a test"},
    }
    for name, asked in ways.items():
        stated: dict[str, Any] = {"max_contributions": 2, "budget": "40"}
        done = release(project, tmp_path / name, **(stated | asked))
        assert (done.epsilon is None) == (name == "exact")
        assert not done.conditional
        assert is_verified(tmp_path / name)
    assert "that the rule picks and that takes part leaves" in whole_text(tmp_path / "sided")


# A keep-probability


def test_coins_are_thrown_once_and_are_independent_of_the_secrets(tmp_path: Path, home: Path) -> None:
    project = made(tmp_path, rule=HALF)
    ids = pick(project, HALF)
    assert len(ids) == 40  # Whom the coin keeps is decided at the release.
    for number, epsilon in enumerate(("40", "30", "20")):
        release(project, tmp_path / str(number), epsilon=epsilon, budget="90")
    there = [left(project, tmp_path / str(number)) for number in range(3)]
    assert there[0] == there[1] == there[2]
    by_class = {record["id"]: record["label"] for record in rows_of(project)}
    assert {i for i in ids if by_class[i] != "cat"} <= there[0] < set(ids)
    again = release(project, tmp_path / "again", epsilon="40", budget="90")
    assert again.repeated
    assert files(tmp_path / "again") == files(tmp_path / "0")
    assert is_verified(tmp_path / "0")
    names = [row.to_bytes(32) for row in range(4000)]
    desk = Desk(home)
    coins, secrets = desk.coins_of(names), desk.secrets_of(names)
    assert desk.coins_of(names[::-1]).tolist() == coins[::-1].tolist()
    assert abs(np.corrcoef(coins, secrets)[0, 1]) < 5 / np.sqrt(len(names))


def test_a_keep_probability_does_not_lower_what_is_charged(tmp_path: Path) -> None:
    project = made(tmp_path, rule=HALF)
    pick(project, HALF)
    release(project, tmp_path / "b", epsilon="1.5")
    assert workflow.ledger(project)[0].total_plain == Decimal("1.5")
    assert "each record has one coin, drawn once" in " ".join(
        document_of(tmp_path / "b")["assumptions"]
    )


def test_the_preview_counts_on_average(tmp_path: Path) -> None:
    project = made(tmp_path, rule=HALF)
    pick(project, HALF)
    asked = workflow.ReleaseRequest(to=tmp_path / "b", epsilon="1", in_training="no", budget="4")
    seen = workflow.preview(project, asked, silent).preview
    assert seen is not None
    cats = sum(record["label"] == "cat" for record in rows_of(project))
    expected = (40 - cats / 2) / 40
    assert seen.usefulness is not None
    assert abs(seen.usefulness[0]["random"] - expected) < 0.02


def test_the_key_of_sameness_covers_the_rule(tmp_path: Path) -> None:
    """The same records, picked by another rule or kept with another probability."""
    project = made(tmp_path)
    rules = [
        HALF,
        {**HALF, "keep": {**HALF["keep"], "probabilities": {"cat": 0.25}}},
        {"conditions": [{"score": "loss", "least": 0}]},
        {"conditions": [{"score": "loss", "least": -1}]},
        {"conditions": [{"score": "loss", "least": 0.0, "otherwise": "leave"}]},
    ]
    repeated = []
    for number, rule in enumerate(rules):
        pick(project, rule)
        for source in ("viewed", "agreed"):
            done = release(project, tmp_path / f"{number} {source}", threshold_from=source, budget="9")
            repeated.append(done.repeated)
    assert repeated == [False] * 8 + [True, True]  # The last is the third, spelled otherwise.


# Everything


def test_everything_leaves_by_ones_word_alone(tmp_path: Path) -> None:
    project = made(tmp_path, rule="everything")
    workflow.put_selection(project, read_rule("everything"), ["3", "5"])
    with pytest.raises(UsageError, match="needs your word"):
        release(project, tmp_path / "b", epsilon=None, budget=None, in_training="unknown")
    done = release(project, tmp_path / "b", **WORD, in_training="unknown")
    assert (done.epsilon, done.conditional, done.promise) == (None, False, EVERYTHING)
    every = {record["id"] for record in rows_of(project)}
    assert left(project, tmp_path / "b") == every - {"3", "5"}
    assert is_verified(tmp_path / "b")
    stated = document_of(tmp_path / "b")
    assert (stated["mechanism"], stated["epsilon"]) == ("everything", None)
    assert not {"score", "rule", "threshold", "cut"} & set(stated["parameters"])
    privacy = json.loads((tmp_path / "b" / "privacy.json").read_text(encoding="utf-8"))
    assert "privacy_parameters" not in privacy["deployment"]["privacy_loss"]
    card = (tmp_path / "b" / "README.md").read_text(encoding="utf-8")
    assert "ε = 0" not in card
    assert "- None:" not in card
    assert "which records can be read at all" in card
    again = release(project, tmp_path / "c", **WORD, in_training="unknown")
    assert again.repeated


def test_everything_needs_no_answer_about_training(tmp_path: Path) -> None:
    """Nothing is claimed that the answer could break; it stays open for a release by a score."""
    project = made(tmp_path, rule="everything")
    pick(project, "everything")
    done = release(project, tmp_path / "b", **{**WORD, "in_training": None})
    assert (done.epsilon, done.conditional, done.promise) == (None, False, EVERYTHING)
    assert document_of(tmp_path / "b")["checkpoint"]["records_in_training"] == "unknown"
    assert is_verified(tmp_path / "b")
    assert workflow.look(project).in_training is None
    select(project, threshold="0.5")
    with pytest.raises(UsageError, match="did these records help to train"):
        release(project, tmp_path / "later", in_training=None)


def test_the_promise_of_everything_is_that_of_the_page(shared_data: Path) -> None:
    page = (shared_data.parent / "PRIVACY.md").read_text(encoding="utf-8")
    for sentence in EVERYTHING.split(". "):
        assert sentence.rstrip(".") in page


def test_later_totals_name_what_left(tmp_path: Path) -> None:
    project = made(tmp_path)
    pick(project, "everything")
    release(project, tmp_path / "b", **WORD)
    select(project, threshold="0.5")
    done = release(project, tmp_path / "later")
    assert done.epsilon == "1"
    assert AFTER_EXACT in document_of(tmp_path / "later")["assumptions"]
    account = workflow.ledger(project)[0]
    assert (account.exact_releases, account.total_plain) == (1, Decimal(1))
    lines = workflow.statement_in_words(account)
    assert any("Records by everything, no protection" in line for line in lines)


def test_all_records_of_a_person_leave(tmp_path: Path) -> None:
    project = made(tmp_path, unit_column="patient")
    pick(project, "everything")
    release(project, tmp_path / "b", **WORD)
    assert len(left(project, tmp_path / "b")) == 40
    assert "Of each person" not in (tmp_path / "b" / "README.md").read_text(encoding="utf-8")


def test_marks_made_after_the_first_view_break_the_promise_and_later_ones(tmp_path: Path) -> None:
    project = made(tmp_path)
    workflow.put_selection(project, read_rule("everything"), ["7"])
    workflow.look(project)  # Scores are shown.
    workflow.put_selection(project, read_rule("everything"), ["7", "8"])
    workflow.put_selection(project, read_rule("everything"), ["7"])
    settled = release(project, tmp_path / "settled", **WORD)
    assert not settled.conditional  # The mark was taken back: eligible are those who were.
    workflow.put_selection(project, read_rule("everything"), ["7", "9"])
    done = release(project, tmp_path / "late", **WORD)
    assert done.conditional
    assert is_verified(tmp_path / "settled")
    assert is_verified(tmp_path / "late")
    assert document_of(tmp_path / "late")["promise"] != EVERYTHING
    workflow.put_selection(project, workflow.make_rule("loss", threshold="0.5"), ["7", "9"])
    later = release(project, tmp_path / "later")
    assert (later.conditional, later.epsilon) == (True, None)
    stated = document_of(tmp_path / "later")
    assert stated["promise"] == BY_MARKS
    assert AFTER_MARKED in stated["assumptions"]
    assert is_verified(tmp_path / "later")
    assert release(project, tmp_path / "once more").repeated


@pytest.mark.parametrize("way", ["table", "selection", "opting out"])
def test_whatever_shows_a_score_settles_the_marks(tmp_path: Path, way: str) -> None:
    project = made(tmp_path, unit_column="patient")
    if way == "selection":
        pick(project, {"conditions": [{"score": "loss", "most": 0.5}]})
    else:
        workflow.scores(project)
    if way == "opting out":
        workflow.put_opted_out(project, ["patient 1"])
        workflow.select_records(project, workflow.Everything())
    else:
        workflow.select_records(project, workflow.Everything(), withhold=["1"])
    assert release(project, tmp_path / "b", **WORD).conditional


def test_a_project_of_an_earlier_version_knows_nothing_of_its_marks(tmp_path: Path) -> None:
    folder = made(tmp_path)
    project = Project.open(folder)
    project.settings.notes_views = False
    project.save()
    pick(folder, "everything")
    assert not release(folder, tmp_path / "all", **WORD).conditional  # Nothing is marked.
    workflow.select_records(folder, None, withhold=["1"])
    assert release(folder, tmp_path / "some", **WORD).conditional


def test_records_that_cannot_be_read_stay(tmp_path: Path) -> None:
    from tests.helpers import image_folder

    folder = image_folder(tmp_path / "scans", ["bird/1.png", "bird/2.png", "cat/3.png"])
    (folder / "cat/4.png").write_bytes(b"no image")
    nan = float("nan")
    checkpoint = consortium(tmp_path / "c")
    project = scored_project(tmp_path / "p.dataselect", folder, checkpoint, [0.1, 0.9, nan, nan])
    readable = {"bird/1.png", "bird/2.png", "cat/3.png"}
    pick(project, {"conditions": [{"score": "loss", "most": 0.5, "otherwise": "keep"}]})
    release(project, tmp_path / "b", threshold_from="agreed", epsilon="90", budget="90")
    assert left(project, tmp_path / "b") == readable - {"bird/2.png"}
    pick(project, "everything")
    release(project, tmp_path / "all", **WORD)
    assert left(project, tmp_path / "all") == readable


# What a release cannot go by


@pytest.mark.parametrize(
    ("form", "asked", "why"),
    [
        ("everything", {"mechanism": "one-sided"}, "all records that may leave"),
        ("everything", {"kind": "report", "bins": "0.5"}, "all records that may leave"),
        ("everything", {**WORD, "threshold_from": "agreed"}, "--threshold-source does not belong"),
        ("everything", {**WORD, "epsilon": "1"}, "no ε"),
        (BY_CLASS, {**WORD, "mechanism": "everything"}, "not all records"),
        (BY_CLASS, {"kind": "scores"}, "goes by one score"),
        (BY_CLASS, {"kind": "report", "bins": "0.5"}, "goes by one score"),
        (BY_CLASS, {"mechanism": "noisy-top-k", "count": 3}, "goes by one score"),
        (BY_CLASS, {"threshold_from": "bought:1"}, "nothing to buy"),
        (BY_CLASS, {"threshold_from": "guessed"}, "cannot be “guessed”"),
        (HALF, {"kind": "gradient", "clip": "1", "delta": "1e-6"}, "keep-probability"),
        (BY_CLASS, {"kind": "gradient", "clip": "1", "delta": "1e-6"}, "needs a public threshold"),
    ],
)
def test_what_makes_no_sense_is_refused(
    form: object, asked: dict[str, Any], why: str, tmp_path: Path
) -> None:
    project = made(tmp_path)
    pick(project, form)
    with pytest.raises(UsageError, match=why):
        release(project, tmp_path / "b", **asked)
    assert not (tmp_path / "b").exists()


def test_a_request_whose_rule_names_no_class_of_the_model_is_refused(tmp_path: Path) -> None:
    from dataselect_gui.checkpoints.layout import find_checkpoint
    from dataselect_gui.errors import UnusableError

    asked = {"conditions": [{"score": "loss", "most": {"Bird": 0.5}}]}
    with pytest.raises(UnusableError) as refused:
        find_checkpoint(consortium(tmp_path / "c", rule=asked))
    assert "“Bird”" in refused.value.why
    with pytest.raises(UnusableError) as refused:
        find_checkpoint(consortium(tmp_path / "d", rule={"conditions": [{"score": "loss"}]}))
    assert "neither “least” nor “most”" in refused.value.why
