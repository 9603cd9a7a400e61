"""What became of each claim on the rule: confirmed, weaker, not confirmed, by a rule fixed beforehand.

A claim is one cell of the evidence that the program's advice came from: points over a random pick of
the same size, or over everything. Where it was above nothing, it is *confirmed* where the rule is
better here and by at least half of it, *weaker* where it is better by less, else *not confirmed*. Where
it was nothing or below, the claim is that the rule does not help: *confirmed* where it is not better
here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dataselect_gui.study.arms.findings import ArmFindings, Compared, read_arm_findings
from dataselect_gui.study.arms.plan import EVERYTHING, RANDOM, RULE, UNTOUCHED, Arm, Cell
from dataselect_gui.study.arms.sentences import spread_of
from dataselect_gui.study.sentences import percent

Outcome = Literal["confirmed", "weaker", "not confirmed", "not run"]
PARTS = ("full", "core")
"""The kept results of a study, the more complete first."""


@dataclass(frozen=True)
class Claim:
    """One cell of the evidence.

    Attributes
    ----------
    study : str
        On which records.
    planted : bool
        Whether everything was planted at once.
    epsilon : str or None
        Of the training by DP-SGD.
    against : Arm
        What the rule was compared with.
    points : float
        By how many percentage points it was better.
    """

    study: str
    planted: bool
    epsilon: str | None
    against: Arm
    points: float


def _cells(
    study: str, planted: bool, plain: tuple[float, float], private: tuple[float, float]
) -> list[Claim]:
    return [
        Claim(study, planted, epsilon, against, points)
        for epsilon, pair in ((None, plain), ("3", private))
        for against, points in zip((RANDOM, EVERYTHING), pair, strict=True)
    ]


CLAIMS = (
    *_cells("fashion-mnist", False, (-0.3, -0.5), (0.0, 0.0)),
    *_cells("fashion-mnist", True, (11.8, 13.1), (3.2, 2.7)),
    *_cells("chest-xray", False, (-0.8, -0.7), (0.1, -0.3)),
    *_cells("cifar10", True, (10.4, 9.9), (3.6, 3.3)),
)
TIES = {("chest-xray", False, "3")}
"""Cells in which neither figure was above chance: the claim is that the rule does not help."""


def _word_claims(results: Mapping[str, ArmFindings]) -> list[str]:
    """Return what became of the claims in words, study by study, with everything planted at once."""
    lines = [
        "| records | claim | here | outcome |",
        "| --- | --- | --- | --- |",
    ]
    for name, findings in results.items():
        alpha = float(findings.choices.alpha)
        for left_out in findings.left_out:
            share = left_out.share
            here = f"{percent(share.mean)} ({percent(share.low)} to {percent(share.high)})"
            claim, holds = (
                f"at most about {percent(alpha)} of clean records is left out",
                share.low <= alpha,
            )
            if left_out.planted:
                claim, holds = (
                    "36 % are left out with everything at once",
                    share.low <= 0.36 <= share.high,
                )
            lines.append(f"| {name} | {claim} | {here} | {_confirmed(holds)} |")
        for compared in findings.comparisons:
            in_words = _claim_in_words(compared)
            if in_words is not None:
                outcome = _confirmed(compared.difference.verdict == "better")
                lines.append(f"| {name} | {in_words} | {spread_of(compared.difference)} | {outcome} |")
    return lines if results else ["Not run yet."]


def _claim_in_words(compared: Compared) -> str | None:
    """Return the claim that a comparison beside the rule itself is one on; None for most."""
    (first, cell), (second, other) = compared.comparison.first, compared.comparison.second
    trained = "no DP" if cell.epsilon is None else f"DP-SGD, ε = {cell.epsilon}"
    if not cell.planted:
        return None
    if first == RULE and second == RULE and cell.mixed and not other.mixed:
        return f"mixing in the consortium's rows mends it ({trained})"
    if first.kind == "released" and not cell.mixed:
        return (
            f"after {first.mechanism} at ε = {first.release_epsilon} a gain over a random release is "
            f"left ({trained})"
        )
    return None


def _confirmed(holds: bool) -> Outcome:
    return "confirmed" if holds else "not confirmed"


def outcome_of(claim: Claim, compared: Compared | None) -> Outcome:
    """Return what became of a claim; see the module."""
    if compared is None:
        return "not run"
    is_better = compared.difference.verdict == "better"
    is_tie = (claim.study, claim.planted, claim.epsilon) in TIES
    if claim.points <= 0 or is_tie:
        return "not confirmed" if is_better else "confirmed"
    if not is_better:
        return "not confirmed"
    return "confirmed" if 100 * compared.difference.mean >= claim.points / 2 else "weaker"


def read_results(folder: Path) -> dict[str, ArmFindings]:
    """Return the findings that are kept, by study: those of the full one where it was run."""
    results: dict[str, ArmFindings] = {}
    for part in PARTS:
        for path in sorted((folder / part).glob("*/findings.json")):
            results.setdefault(path.parent.name, read_arm_findings(path.parent))
    return results


def claims_page(results: Mapping[str, ArmFindings]) -> str:
    """Return the page of claims, as Markdown.

    Parameters
    ----------
    results : mapping
        Study → its findings; claims on others were not run.
    """
    lines = [
        "# What became of the claims",
        "",
        "Written by `resources/make_study.py` from the kept results; the rule of each outcome is in",
        "`resources/study_claims.py`, and nothing was tuned after the first full run. Points over a",
        "random pick of the same size, or over everything, for “leave out records that look wrong”",
        "(α = 0.05, by the loss), with the 95 % interval of each by itself; what is better was decided",
        "after Holm's correction.",
        "",
        "| records | dirt | trained | against | claimed | here | outcome |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for claim in CLAIMS:
        compared = _found(claim, results)
        here = "–" if compared is None else spread_of(compared.difference)
        trained = "no DP" if claim.epsilon is None else f"DP-SGD, ε = {claim.epsilon}"
        dirt = "everything at once" if claim.planted else "none"
        claimed = f"{claim.points:+.1f}".replace("-", "−")
        cells = (
            claim.study,
            dirt,
            trained,
            claim.against.kind,
            claimed,
            here,
            outcome_of(claim, compared),
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "## Claims in words", "", *_word_claims(results)]
    lines += ["", "## Beside the claims", "", *_beside(results), ""]
    return "\n".join(lines)


def _beside(results: Mapping[str, ArmFindings]) -> list[str]:
    """Return what no claim was made on: other records, and the untouched checkpoint."""
    claimed = {(c.study, c.planted, c.epsilon) for c in CLAIMS}
    lines = [
        "| records | dirt | trained | against | here | |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, findings in results.items():
        for compared in findings.comparisons:
            (first, cell), (second, _other) = compared.comparison.first, compared.comparison.second
            is_known = (name, cell.planted, cell.epsilon) in claimed and second != UNTOUCHED
            if first != RULE or cell.mixed or is_known or second == RULE:
                continue
            cells = (
                name,
                "everything at once" if cell.planted else "none",
                "no DP" if cell.epsilon is None else f"DP-SGD, ε = {cell.epsilon}",
                second.kind,
                spread_of(compared.difference),
                compared.difference.verdict,
            )
            lines.append(f"| {' | '.join(cells)} |")
    return lines if len(lines) > 2 else ["Not run yet."]


def _found(claim: Claim, results: Mapping[str, ArmFindings]) -> Compared | None:
    if claim.study not in results:
        return None
    cell = Cell(claim.planted, mixed=False, epsilon=claim.epsilon)
    return next(
        (
            compared
            for compared in results[claim.study].comparisons
            if compared.comparison.first == (RULE, cell)
            and compared.comparison.second == (claim.against, cell)
        ),
        None,
    )
