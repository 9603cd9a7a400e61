"""Rules on one record and public numbers: what is claimed of releases by them, and their mistakes.

A record has a label and two scores: EL2N, and how far its first logit lies above its second. All rules
here are read from their written form, and applied, by the program.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.deciding_count import counting_mechanism, draw_answers
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.kinds.kind import as_noise
from dataselect_gui.release.kinds.report import Report
from dataselect_gui.release.terms import Terms
from dataselect_gui.selection.forms import read_rule
from dataselect_gui.selection.selecting import select
from tests.audit.bounds import Sampler
from tests.audit.claims import PRESSES, Case, Floats, copies, new_ledger
from tests.audit.worlds import (
    RIGHT,
    WRONG,
    candidates,
    fresh_coins,
    fresh_secrets,
    leaving,
    records,
    score,
    terms,
    weaker,
)

EVEN = (0.0, 0.0)
"""Contents of a record that scores between right and wrong: 0.71."""
WINDOW = {"conditions": [{"score": "el2n", "least": 0.5, "most": 1}]}
BY_CLASS = {"conditions": [{"score": "el2n", "most": {"a": 1, "b": 0.5}, "otherwise": "leave"}]}
BOTH = {
    "conditions": [{"score": "el2n", "most": {"a": 1}}, {"score": "margin", "least": -1, "most": 1}]
}
HALF = {**WINDOW, "keep": {"by": "class", "probabilities": {"a": 0.5}, "otherwise": 0}}
BINS = {"keep": {"by": "score", "score": "el2n", "edges": [0.5, 1], "probabilities": [0, 0.5, 0]}}
ONE_COIN = -math.log(1 - 0.5 * (1 - math.exp(-1)))
"""The ε that is left of 1 where a record is kept with probability ½ by one coin of its own."""
BITS, SIDED = "randomized-response", "one-sided"


def picked(contents: Floats, labels: Sequence[str | None], rule: object) -> Candidates:
    """Return records from which a rule picks, by its written form."""
    columns = {"el2n": score(contents), "margin": contents[:, 0] - contents[:, 1]}
    everybody = np.ones(len(contents), dtype=bool)
    chosen = select(read_rule(rule), columns, everybody, labels)
    return candidates(contents, chosen=chosen.chosen, keep=chosen.keep)


Unit = tuple[tuple[float, float], str]
"""The contents of a record, and its label."""
INSIDE: Unit = (EVEN, "a")
OUTSIDE: Unit = (WRONG, "a")
RELABELLED: Unit = (EVEN, "c")


def against(outcomes: Callable[[Unit, int], Floats], other: Unit) -> Sampler:
    """Sample a unit that a rule picks against one that differs in contents or label."""
    return lambda count: (outcomes(INSIDE, count), outcomes(other, count))


def absences(rule: object, stated: Terms, other: Unit, m: int = 1) -> Sampler:
    """Whether a unit of m records stays wholly out; nothing is promised where one left."""

    def outcomes(unit: Unit, count: int) -> Floats:
        contents, label = unit
        chosen_from = picked(records(contents, copies=m * count), [label] * m * count, rule)
        there = leaving(chosen_from, stated).reshape(count, m).any(axis=1)
        return np.where(there, np.nan, 0.0)

    return against(outcomes, other)


def told_bits(rule: object, stated: Terms, other: Unit) -> Sampler:
    """Whether a record is on offer."""

    def outcomes(unit: Unit, count: int) -> Floats:
        contents, label = unit
        there = leaving(picked(records(contents, copies=count), [label] * count, rule), stated)
        return there.astype(np.float64)

    return against(outcomes, other)


def passing_terms(mechanism: str, m: int, delta: str | None = None) -> Terms:
    """Return the terms of a report by class of how many records pass, at ε = 1."""
    parts = {"passing": True, "classes": ("a", "b"), "delta": delta}
    return terms(mechanism, 1.0, m=m, kind="report", **parts)  # type: ignore[arg-type]


def passing(stated: Terms, m: int) -> Sampler:
    """How far the numbers that pass in two classes lie on a unit's side: its records move from a to b.

    The records are counted by the program.
    """
    report = stated.kind
    assert isinstance(report, Report)
    rule = {"conditions": [{"score": "el2n", "most": {"a": 1, "b": 1}}]}

    def outcomes(label: str, count: int) -> Floats:
        unit = picked(records(EVEN, copies=m), [label] * m, rule)
        true = report.count(unit.scores, ["ab".index(label)] * m, unit.chosen, lowest=False)
        steps = true * as_noise(stated.mechanism).query.steps
        noised = as_noise(stated.mechanism).add_noise(np.tile(steps, count)).reshape(count, 3)
        nearest: Floats = (noised[:, :2] * np.array([-1, 1])).min(axis=1).astype(np.float64)
        return nearest

    return lambda count: (outcomes("a", count), outcomes("b", count))


# Transcripts: many presses of the button, by the program's own ledger


def pressed_one_sided(epsilon: float, *, sealed: bool) -> Sampler:
    """Absence from ten one-sided releases by other windows, with a keep-probability."""
    stated = terms(SIDED, epsilon, kind="records")

    def outcomes(unit: Unit, count: int) -> Floats:
        contents, label = unit
        world, there = records(contents, copies=count), np.zeros(count, dtype=bool)
        with new_ledger() as ledger:
            for press in range(PRESSES):
                rule = {
                    **HALF,
                    "conditions": [{"score": "el2n", "least": 0.5, "most": 1 + press / 100}],
                }
                chosen_from = picked(world, [label] * count, rule)
                coins_of = ledger.coins_of if sealed else fresh_coins
                there |= leaving(chosen_from, stated, ledger.secrets_of, coins_of)
        return np.where(there, np.nan, 0.0)

    return against(outcomes, OUTSIDE)


def pressed_bits(epsilon: float, *, sealed: bool) -> Sampler:
    """In how many of ten presses a record was on offer, where the flips are those of one draw.

    The same release again is the same draw. A program that kept the flips, and threw the coins anew,
    would take that for the same.
    """
    stated = terms(BITS, epsilon)

    def outcomes(unit: Unit, count: int) -> Floats:
        contents, label = unit
        chosen_from = picked(records(contents, copies=count), [label] * count, HALF)
        nobody = candidates(records(contents, copies=count), chosen=np.zeros(count, dtype=bool))
        seen = np.zeros(count)
        with new_ledger() as ledger:
            flips = leaving(nobody, stated)
            for _ in range(PRESSES):
                coins_of = ledger.coins_of if sealed else fresh_coins
                assert chosen_from.keep is not None
                names = [row.to_bytes(32) for row in range(count)]
                kept = chosen_from.chosen & (coins_of(names) < chosen_from.keep)
                seen += kept ^ flips
        return seen

    return against(outcomes, OUTSIDE)


# The other record: it may not depend on the unit


def other_record(rule_of: Callable[[NDArray[np.float64]], object]) -> Sampler:
    """Whether another record leaves one-sided while the unit stays out, under a rule made from a world.

    Nothing is promised where the unit itself left.
    """
    stated = terms(SIDED, 1.0, kind="records")

    def outcomes(unit: tuple[float, float], count: int) -> Floats:
        world = records(unit, EVEN)
        rule = rule_of(score(world))
        there = leaving(picked(copies(world, count), ["a"] * 2 * count, rule), stated).reshape(count, 2)
        return np.where(there[:, 0], np.nan, there[:, 1].astype(np.float64))

    return lambda count: (outcomes(WRONG, count), outcomes(RIGHT, count))


def fixed_beforehand(scores: NDArray[np.float64]) -> object:
    del scores
    return {"conditions": [{"score": "el2n", "most": 1}]}


def own_quantile(scores: NDArray[np.float64]) -> object:
    return {"conditions": [{"score": "el2n", "most": float(np.quantile(scores, 0.75))}]}


def by_the_share_seen(scores: NDArray[np.float64]) -> object:
    """Look at how many a strict rule leaves out, and take a lenient one where that is too many."""
    left_out = float((scores > 0.5).mean())
    return {"conditions": [{"score": "el2n", "most": 1 if left_out > 0.5 else 0.5}]}


# A noised count that decides whether a rule is used


COUNTED = {"conditions": [{"score": "el2n", "most": 1}]}
TENTH = Decimal("0.1")


def counts(epsilon: float, *, m: int = 1, presses: int = 1, weaker: float = 1) -> Sampler:
    """How often a count decides to leave out, where a unit's m records look wrong or do not.

    With them there are as many wrong records as the cut allows, without them m fewer.
    """
    mechanism = counting_mechanism(Decimal(str(epsilon)), m)
    mechanism = replace(mechanism, scale=mechanism.scale / weaker)
    taking_part = 10 * (m + 1)

    def outcomes(contents: tuple[float, float], count: int) -> Floats:
        unit = [contents] * m
        others = [WRONG] * (m + 2) + [RIGHT] * (taking_part - 2 * m - 2)
        world = records(*unit, *others)
        left_out = int((~picked(world, ["a"] * taking_part, COUNTED).chosen).sum())
        seen = np.zeros(count)
        for _ in range(presses):
            seen += draw_answers(np.full(count, left_out), taking_part, TENTH, mechanism)
        return seen

    return lambda count: (outcomes(WRONG, count), outcomes(RIGHT, count))


# Everything


def everything(*, marked_by: Callable[[NDArray[np.float64]], NDArray[np.bool_]]) -> Sampler:
    """Whether a record is in a release of everything; nothing is promised where it is."""
    stated = terms("everything", None, kind="records")

    def outcomes(contents: tuple[float, float], count: int) -> Floats:
        world = records(contents, copies=count)
        chosen_from = candidates(world, part=~marked_by(score(world)))
        return np.where(leaving(chosen_from, stated, fresh_secrets), np.nan, 0.0)

    return lambda count: (outcomes(WRONG, count), outcomes(RIGHT, count))


def honest() -> list[Case]:
    """Return what is claimed of releases by rules."""
    sided, bits = terms(SIDED, 1.0, kind="records"), terms(BITS, 1.0)
    three = terms(SIDED, 1.0, m=3, kind="records")
    return [
        Case("rule: one-sided, a window", 1.0, absences(WINDOW, sided, OUTSIDE), tight=True),
        Case(
            "rule: one-sided, a label changes", 1.0, absences(BY_CLASS, sided, RELABELLED), tight=True
        ),
        Case(
            "rule: one-sided, two conditions, m 3", 1.0, absences(BOTH, three, OUTSIDE, 3), tight=True
        ),
        Case("rule: offers, bits, a window", 1.0, told_bits(WINDOW, bits, OUTSIDE), tight=True),
        Case("rule: offers, bits, two conditions", 1.0, told_bits(BOTH, bits, RELABELLED), tight=True),
        Case("rule: one-sided, kept by class", 1.0, absences(HALF, sided, RELABELLED)),
        Case("rule: one-sided, kept by bin", 1.0, absences(BINS, sided, OUTSIDE)),
        Case("rule: offers, bits, kept by class", 1.0, told_bits(HALF, bits, RELABELLED)),
        Case("rule: what one coin leaves of ε", ONE_COIN, absences(HALF, sided, OUTSIDE), tight=True),
        Case("rule: ten presses, one coin", ONE_COIN, pressed_one_sided(1.0, sealed=True), tight=True),
        Case("rule: ten presses, same offers, one coin", 1.0, pressed_bits(1.0, sealed=True)),
        Case("rule: the other record, a fixed rule", 1.0, other_record(fixed_beforehand)),
        Case("count that decides, ε 1", 1.0, counts(1.0), tight=True),
        Case("count that decides, ε 0.3", 0.3, counts(0.3), tight=True, rare=True),
        Case("count that decides, m 3", 1.0, counts(1.0, m=3), tight=True),
        Case("rule: everything, a record left out", 0.0, everything(marked_by=np.isfinite)),
    ]


def mistakes() -> list[Case]:
    """Return the negative controls: each claims what it does not keep."""
    return [
        Case(
            "rule: a keep-coin drawn anew at each press", ONE_COIN, pressed_one_sided(1.0, sealed=False)
        ),
        Case("rule: a keep-coin drawn anew, flips kept", 1.0, pressed_bits(1.0, sealed=False)),
        Case("rule: the owner's own quantile as a window", 1.0, other_record(own_quantile)),
        Case(
            "rule: everything, marked after the first view", 0.0, everything(marked_by=lambda s: s > 1)
        ),
        Case("count that decides, drawn anew at each press", 1.0, counts(1.0, presses=PRESSES)),
        Case("count that decides, half the noise", 1.0, counts(1.0, weaker=2)),
        Case("count that decides, noise for one record of three", 1.0, counts(1.0, m=3, weaker=3)),
        Case(
            "rule: who passes by class, charged for one class",
            1.0,
            passing(weaker(passing_terms("discrete-laplace", 1), 2), 1),
            rare=True,
        ),
        Case("rule: chosen from the share seen", 1.0, other_record(by_the_share_seen)),
    ]
