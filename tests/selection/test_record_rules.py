"""Rules on one record, held against a loop over records that reads the written form by itself."""

import json
import math
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataselect_gui.privacy.noise import draw_coins
from dataselect_gui.selection.classes import CodedClasses
from dataselect_gui.selection.describing import rule_sentences
from dataselect_gui.selection.forms import read_rule, rule_form
from dataselect_gui.selection.rules import Everything, RecordRule
from dataselect_gui.selection.selecting import select

Record = dict[str, Any]
NAMES, CLASSES = ("loss", "vog"), ("Coat", "Shirt", "Été")
NUMBERS = st.sampled_from([-1, 0, 0.1, 0.25, 0.83, 1, 2.5])
VALUES = st.sampled_from([-1.0, 0.0, 0.1, 0.25, 0.83, 1.0, 2.5, math.nan, math.inf, -math.inf, 0.3])
CHANCES = st.sampled_from([0, 0.5, 1, "0.000000000000000001", 0.1])
BOUNDS = NUMBERS | st.dictionaries(st.sampled_from(CLASSES), NUMBERS, min_size=1)
CONDITIONS = st.fixed_dictionaries(
    {"score": st.sampled_from(NAMES)},
    optional={"least": BOUNDS, "most": BOUNDS, "otherwise": st.sampled_from(["keep", "leave"])},
).filter(lambda condition: "least" in condition or "most" in condition)
KEEPS = st.fixed_dictionaries(
    {
        "by": st.just("class"),
        "probabilities": st.dictionaries(st.sampled_from(CLASSES), CHANCES, min_size=1),
        "otherwise": CHANCES,
    }
) | st.fixed_dictionaries(
    {
        "by": st.just("score"),
        "score": st.sampled_from(NAMES),
        "edges": st.just([0.1, 1]),
        "probabilities": st.lists(CHANCES, min_size=3, max_size=3),
        "otherwise": CHANCES,
    }
)
RULES = st.fixed_dictionaries(
    {"conditions": st.lists(CONDITIONS, min_size=1, max_size=3)}, optional={"keep": KEEPS}
)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"loss": VALUES, "vog": VALUES, "class": st.sampled_from([*CLASSES, "Bag", None])}
    ),
    min_size=1,
    max_size=12,
)


def bound_of(stated: Any, of_class: str | None) -> Any:  # noqa: ANN401
    """Return a bound for a class; None where the table lists it not."""
    return stated.get(of_class) if isinstance(stated, dict) else stated


def holds(condition: dict[str, Any], record: Record) -> bool:
    value, of_class = record[condition["score"]], record["class"]
    bounds = {
        name: bound_of(condition[name], of_class) for name in ("least", "most") if name in condition
    }
    if not math.isfinite(value) or None in bounds.values():
        return bool(condition.get("otherwise") == "keep")
    above = "least" not in bounds or value >= float(bounds["least"])
    return above and ("most" not in bounds or value <= float(bounds["most"]))


def chance(rule: dict[str, Any], record: Record) -> Decimal:
    """Return with which probability the rule picks a record."""
    if not all(holds(condition, record) for condition in rule["conditions"]):
        return Decimal(0)
    keep = rule.get("keep")
    if keep is None:
        return Decimal(1)
    if keep["by"] == "class":
        return Decimal(str(keep["probabilities"].get(record["class"], keep["otherwise"])))
    value = record[keep["score"]]
    if not math.isfinite(value):
        return Decimal(str(keep["otherwise"]))
    place = sum(value >= edge for edge in keep["edges"])
    return Decimal(str(keep["probabilities"][place]))


def is_refused(rule: dict[str, Any]) -> bool:
    """Say whether no value at all fulfils some condition for some class that both bounds list."""
    for condition in rule["conditions"]:
        if "least" in condition and "most" in condition:
            for name in CLASSES:
                low, high = (bound_of(condition[side], name) for side in ("least", "most"))
                if low is not None and high is not None and low > high:
                    is_table = any(isinstance(condition[s], dict) for s in ("least", "most"))
                    listed = not is_table or any(
                        isinstance(condition[s], dict) and name in condition[s]
                        for s in ("least", "most")
                    )
                    if listed:
                        return True
    return False


@given(rule=RULES, records=RECORDS, data=st.data())
def test_a_rule_picks_what_a_loop_picks(
    rule: dict[str, Any], records: list[Record], data: st.DataObject
) -> None:
    if is_refused(rule):
        with pytest.raises(ValueError, match="No value"):
            read_rule(rule)
        return
    eligible = np.array(
        data.draw(st.lists(st.booleans(), min_size=len(records), max_size=len(records)))
    )
    columns = {name: np.array([record[name] for record in records]) for name in NAMES}
    read = read_rule(json.loads(json.dumps(rule)))
    picked = select(read, columns, eligible, [record["class"] for record in records])
    chances = [chance(rule, record) for record in records]
    expected = [bool(may) and p > 0 for may, p in zip(eligible.tolist(), chances, strict=True)]
    assert picked.chosen.tolist() == expected
    if "keep" in rule:
        assert picked.keep is not None
        for row in np.flatnonzero(picked.chosen):
            assert Decimal(int(picked.keep[row])) / 10**18 == chances[row]
    else:
        assert picked.keep is None


@given(st.lists(st.sampled_from([*CLASSES, None])))
def test_coded_classes_are_those_that_they_are_made_of(classes: list[str | None]) -> None:
    coded = CodedClasses(classes)
    assert list(coded) == classes
    assert [coded[row] for row in range(len(coded))] == classes
    assert coded[1:3] == classes[1:3]
    assert coded.names == tuple(dict.fromkeys(name for name in classes if name is not None))
    looked_up = coded.look_up({"Coat": np.int64(7), "Hat": np.int64(3)}, np.int64(-1))
    assert looked_up.tolist() == [7 if name == "Coat" else -1 for name in classes]


def test_a_million_records_by_class_are_no_wait_for_a_window() -> None:
    """A rule is applied in the window's thread at each click, so it must take far less than a blink."""
    drawn, count = np.random.default_rng(1), 1_000_000
    names = [f"class {number}" for number in range(100)]
    codes, losses = drawn.integers(0, 101, count), drawn.random(count)
    bounds = {name: number / 100 for number, name in enumerate(names[:-1])}
    rule = read_rule({"conditions": [{"score": "loss", "most": bounds}]})
    spelled = [*names, None]
    classes = CodedClasses(spelled[code] for code in codes.tolist())
    eligible = drawn.random(count) < 0.9
    began = time.thread_time()
    picked = select(rule, {"loss": losses}, eligible, classes)
    taken = time.thread_time() - began
    # A class that is not listed, and a record without one, is left out.
    most = np.array([number / 100 for number in range(99)] + [-1.0, -1.0])[codes]
    assert np.array_equal(picked.chosen, eligible & (losses <= most))
    assert taken < 0.05


@given(rule=RULES.filter(lambda rule: not is_refused(rule)))
def test_the_written_form_is_one(rule: dict[str, Any]) -> None:
    """Whatever order and whatever spelling of its numbers a rule was written in."""
    read = read_rule(rule)
    again = json.loads(json.dumps(rule_form(read)))
    assert read_rule(again) == read
    assert json.dumps(rule_form(read_rule(again))) == json.dumps(again)
    turned = {**rule, "conditions": rule["conditions"][::-1]}
    assert rule_form(read_rule(turned)) == rule_form(read)
    assert rule_sentences(read)


def test_numbers_are_exact_decimals() -> None:
    spelled = [0.83, "0.830", "83e-2", "+.83"]
    forms = [rule_form(read_rule({"conditions": [{"score": "loss", "most": n}]})) for n in spelled]
    expected = {"conditions": [{"score": "loss", "most": "0.83", "otherwise": "leave"}]}
    assert forms == [expected] * 4


def test_everything_is_everything() -> None:
    assert read_rule("everything") == Everything()
    assert rule_form(Everything()) == "everything"
    eligible = np.array([True, False, True])
    assert select(Everything(), {}, eligible).chosen.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("all", "A rule is “everything”"),
        ([], "A rule is “everything”"),
        ({}, "without a condition"),
        ({"conditions": []}, "without a condition"),
        ({"condition": [{"score": "loss", "most": 1}]}, "A rule has no “condition”"),
        ({"conditions": {"score": "loss"}}, "not a list"),
        ({"conditions": [{"score": "loss", "most": 1}] * 17}, "not a list of 16"),
        ({"conditions": [{"score": "loss"}]}, "neither “least” nor “most”"),
        ({"conditions": [{"most": 1}]}, "not the name of a score"),
        ({"conditions": [{"score": "loss", "mots": 1}]}, "has no “mots”"),
        ({"conditions": [{"score": "loss", "most": True}]}, "not a number"),
        ({"conditions": [{"score": "loss", "most": "1_0"}]}, "not a number"),
        ({"conditions": [{"score": "loss", "most": "nan"}]}, "not a number"),
        ({"conditions": [{"score": "loss", "most": 1e300}]}, "not a number"),
        ({"conditions": [{"score": "loss", "most": [1]}]}, "not a number"),
        ({"conditions": [{"score": "loss", "most": {}}]}, "a number for each class"),
        ({"conditions": [{"score": "loss", "least": 2, "most": 1}]}, "No value of “loss”"),
        ({"conditions": [{"score": "loss", "least": {"a": 2}, "most": 1}]}, "No value of “loss”"),
        ({"conditions": [{"score": "loss", "most": 1, "otherwise": "maybe"}]}, "not keep or leave"),
        ({"keep": {"by": "person"}}, "“by”: class or score"),
        ({"keep": {"by": "class"}}, "a number for each class"),
        ({"keep": {"by": "class", "probabilities": {"a": 1.5}}}, "not a probability"),
        ({"keep": {"by": "class", "probabilities": {"a": -0.1}}}, "not a probability"),
        ({"keep": {"by": "class", "probabilities": {"a": "1e-19"}}}, "18 decimal places"),
        ({"keep": {"by": "score", "score": "loss", "edges": [], "probabilities": [1]}}, "ascending"),
        (
            {"keep": {"by": "score", "score": "loss", "edges": [1, 1], "probabilities": [1, 1, 1]}},
            "ascending",
        ),
        (
            {"keep": {"by": "score", "score": "loss", "edges": [1], "probabilities": [1]}},
            "1 edges make 2 bins",
        ),
    ],
)
def test_what_is_no_rule_is_refused_with_the_reason(rule: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_rule(rule)


def test_the_form_of_the_decided_example_is_read() -> None:
    example = {
        "conditions": [
            {"score": "loss", "most": {"Coat": 0.83}, "otherwise": "keep"},
            {"score": "vog", "least": 0.1, "most": 2.5},
        ],
        "keep": {"by": "class", "probabilities": {"Shirt": 0.5}, "otherwise": 1},
    }
    rule = read_rule(example)
    assert isinstance(rule, RecordRule)
    assert rule.scores == ("loss", "vog")
    assert rule.classes == {"Coat", "Shirt"}
    assert rule_sentences(rule) == [
        "Records whose loss is at most that of its class (Coat: 0.83). A record for which that is no "
        "finite number, or of another class, is kept.",
        "Records whose vog is at least 0.1 and at most 2.5. A record for which that is no finite "
        "number is left out.",
        "Each is kept by a coin of its own, with the probability of its class (Shirt: 0.5; others: 1).",
    ]


def test_coins_are_uniform_on_their_steps() -> None:
    """A probability is met exactly in the limit: here to four standard errors of 20,000 coins."""
    coins = draw_coins(20_000)
    assert coins.min() >= 0
    assert coins.max() < 10**18
    for probability in (0.1, 0.5, 0.9):
        share = float((coins < int(probability * 10**18)).mean())
        assert abs(share - probability) < 4 * math.sqrt(probability * (1 - probability) / len(coins))
    assert len(set((coins % 10).tolist())) == 10  # The last digit is drawn too.


def test_rules_are_read_without_numpy(tmp_path: Path) -> None:
    """A process reads requests before it is confined, and NumPy starts threads."""
    import subprocess
    import sys

    code = "import dataselect_gui.worker.results, sys; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=tmp_path).returncode == 0
