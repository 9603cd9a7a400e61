"""A filter becomes a rule only where a rule says the same."""

from decimal import Decimal

import numpy as np
import pytest

from dataselect_gui.errors import UsageError
from dataselect_gui.selection.classes import CodedClasses
from dataselect_gui.selection.filter_rules import rule_of_filter
from dataselect_gui.selection.filters import Column, matching
from dataselect_gui.selection.forms import read_rule, rule_form
from dataselect_gui.selection.rules import RecordRule, Rule, ScoreCut
from dataselect_gui.selection.selecting import select

SCORES = {
    "loss": np.array([-1.0, 0.1, 0.3, 0.7, 2.0, np.nan, 0.3, 5.0]),
    "vog-var": np.array([3.0, 2.0, np.nan, 1.0, 0.5, 0.2, 9.0, 0.3]),
}
WITHHELD = np.array([False, False, False, True, False, False, False, False])
COLUMNS: dict[str, Column] = {
    **SCORES,
    "withheld": WITHHELD,
    "label": CodedClasses(["cat", "dog"] * 4),
}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("loss >= 0.3", ScoreCut("loss", "threshold", Decimal("0.3"))),
        ("0.3 >= loss", ScoreCut("loss", "threshold", Decimal("0.3"), lowest=True)),
        ("loss >= 0.3 and not withheld", ScoreCut("loss", "threshold", Decimal("0.3"))),
        ("0.1 <= loss <= 0.7", None),
        ("loss >= 0.1 and loss <= 0.7 and vog-var <= 2", None),
        ("vog-var <= 2 and loss >= -1", None),
    ],
)
def test_the_rule_picks_what_the_filter_finds(text: str, rule: Rule | None) -> None:
    made = rule_of_filter(text, list(SCORES))
    assert rule is None or made == rule
    chosen = select(made, SCORES, ~WITHHELD).chosen
    np.testing.assert_array_equal(chosen, matching(text, COLUMNS) & ~WITHHELD)
    if isinstance(made, RecordRule):
        assert read_rule(rule_form(made)) == made, "as it comes back from a file"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("loss > 0.3", ">="),
        ("loss <= 0.1 or loss >= 2", "one range"),
        ('label == "cat" and loss >= 0.3', "“label”"),
        ("withheld", "“withheld”"),
        ("not withheld", "no score"),
        ("not loss <= 0.3", ">="),
        ("loss >= 0.1 or vog-var >= 2", "“and” alone"),
        ("loss >= vog-var", "“and” alone"),
        ("loss >= 3 and loss <= 1", "one range"),
        ("nowhere >= 3", "“nowhere”"),
    ],
)
def test_what_no_rule_says_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(UsageError) as refused:
        rule_of_filter(text, list(SCORES))
    assert why in refused.value.why
