"""How a study of arms speaks: whether leaving out records that look wrong helps, with its figures."""

from collections.abc import Sequence
from typing import Literal, TypeAlias, assert_never

from dataselect_gui.privacy.amounts import exact
from dataselect_gui.study.arms.comparing import Answer, Difference, answer_of
from dataselect_gui.study.arms.findings import ArmFindings, LeftOut
from dataselect_gui.study.arms.plan import (
    EVERYTHING,
    RANDOM,
    RULE,
    UNTOUCHED,
    Arm,
    ArmChoices,
    ArmKind,
    Cell,
)
from dataselect_gui.study.arms.planting import read_planting
from dataselect_gui.study.sentences import name_of, percent, points, way
from dataselect_gui.texts import N_, _

Whole: TypeAlias = Answer | Literal["helps in some", "helps here and hurts there"]
"""What the rule does over several kinds of training."""

_ARMS: dict[ArmKind, str] = {
    "untouched": N_("the untouched checkpoint"),
    "all records": N_("everything"),
    "rule": N_("without what looks wrong"),
    "random": N_("as many random records"),
    "oracle": N_("without what was planted"),
    "Cleanlab": N_("without what Cleanlab suspects most, as many"),
    "dattri": N_("without what dattri suspects most, as many"),
    "released": N_("what leaves of the rule's choice, {mechanism} at ε = {epsilon}"),
    "random released": N_("as many random ones as leave, {mechanism} at ε = {epsilon}"),
}
_AS_THEY_ARE: dict[Whole, str] = {
    "helps": N_("On your records as they are, leaving out those that look wrong helps: {figures}."),
    "helps in some": N_(
        "On your records as they are, leaving out those that look wrong helps in {helping} of {cells} "
        "kinds of training and hurts in none: {figures}."
    ),
    "makes no difference": N_(
        "On your records as they are, leaving out those that look wrong makes no difference that "
        "{seeds} repetitions can show: {figures}."
    ),
    "hurts": N_("On your records as they are, leaving out those that look wrong hurts: {figures}."),
    "helps here and hurts there": N_(
        "On your records as they are, leaving out those that look wrong helps in some trainings and "
        "hurts in others: {figures}."
    ),
}
_PLANTED: dict[Whole, str] = {
    "helps": N_(
        "With wrong records planted among yours ({planted}), leaving out those that look wrong helps: "
        "{figures}."
    ),
    "helps in some": N_(
        "With wrong records planted among yours ({planted}), leaving out those that look wrong helps "
        "in {helping} of {cells} kinds of training and hurts in none: {figures}."
    ),
    "makes no difference": N_(
        "With wrong records planted among yours ({planted}), leaving out those that look wrong makes "
        "no difference that {seeds} repetitions can show: {figures}."
    ),
    "hurts": N_(
        "With wrong records planted among yours ({planted}), leaving out those that look wrong hurts: "
        "{figures}."
    ),
    "helps here and hurts there": N_(
        "With wrong records planted among yours ({planted}), leaving out those that look wrong helps "
        "in some trainings and hurts in others: {figures}."
    ),
}
_VERDICTS = {
    "better": N_("better"),
    "worse": N_("worse"),
    "no difference": N_("not shown"),
}
_DIRT = {
    "wrong labels": N_("wrong labels"),
    "foreign": N_("foreign records"),
    "exact copies": N_("exact copies"),
    "near copies": N_("near copies"),
}


def arm_name(arm: Arm) -> str:
    """Return what an arm trains on, in text."""
    return _(_ARMS[arm.kind], mechanism=arm.mechanism, epsilon=arm.release_epsilon)


def cell_name(cell: Cell) -> str:
    """Return how is trained in a cell, in text."""
    if cell.mixed:
        return _("{way}, the consortium's rows mixed in", way=way(cell.epsilon))
    return way(cell.epsilon)


def verdict_name(difference: Difference) -> str:
    """Return what a difference shows, in text."""
    return _(_VERDICTS[difference.verdict])


def spread_of(difference: Difference) -> str:
    """Return a difference with its interval, in percentage points."""
    return _(
        "{mean} ({low} to {high})",
        mean=points(difference.mean),
        low=points(difference.low),
        high=points(difference.high),
    )


def planted_words(plant: str) -> str:
    """Return what is planted, in words; an empty text where nothing is."""
    if not plant:
        return ""
    planting = read_planting(plant)
    shares = (
        (planting.labels, _("wrong labels")),
        (planting.confusable, _("labels of the class most like theirs")),
        (planting.foreign, _("foreign records")),
        (planting.duplicates, _("copies")),
    )
    parts = [f"{exact(100 * share)} % {name}" for share, name in shares if share]
    if planting.tail > 1:
        parts.append(_("a long tail, the rarest class 1 in {number}", number=planting.tail))
    return ", ".join(parts)


def answers(findings: ArmFindings) -> dict[Cell, Answer]:
    """Return what the rule does in each cell; nothing where there is no rule."""
    return {
        cell: answer_of(random.verdict, everything.verdict)
        for cell, (random, everything) in _differences(findings).items()
    }


def whole_of(several: Sequence[Answer]) -> Whole:
    """Return what the rule does over several cells."""
    if "helps" in several and "hurts" in several:
        return "helps here and hurts there"
    if "helps" in several:
        return "helps" if set(several) == {"helps"} else "helps in some"
    return "hurts" if "hurts" in several else "makes no difference"


def answer_lines(findings: ArmFindings) -> list[str]:
    """Return the answer in plain sentences; the first one answers for the records as they are.

    One sentence each for the records as they are and with dirt, by trainings on the owner's records
    alone; then the same with the consortium's rows mixed in; and how what was trained on what the rule
    keeps does beside no training at all.
    """
    by_cell = answers(findings)
    if not by_cell:
        why = next(absent.why for absent in findings.absent if absent.arm == "rule")
        return [_("Whether leaving out records that look wrong helps was not tried. {why}", why=why)]
    lines = []
    for mixed in (False, True):
        for planted in (False, True):
            of_line = [cell for cell in by_cell if (cell.mixed, cell.planted) == (mixed, planted)]
            if of_line:
                lines.append(_line(findings, of_line, [by_cell[cell] for cell in of_line]))
    return [*lines, *_beside_untouched(findings)]


def _line(findings: ArmFindings, of_line: Sequence[Cell], several: Sequence[Answer]) -> str:
    differences = _differences(findings)
    figures = "; ".join(
        _(
            "{cell} {random} points against as many random records, {everything} against everything",
            cell=cell_name(cell),
            random=spread_of(differences[cell][0]),
            everything=spread_of(differences[cell][1]),
        )
        for cell in of_line
    )
    sentences = _PLANTED if of_line[0].planted else _AS_THEY_ARE
    choices = findings.choices
    return _(
        sentences[whole_of(several)],
        figures=figures,
        seeds=choices.seeds,
        planted=planted_words(choices.plant),
        helping=several.count("helps"),
        cells=len(several),
    )


def _beside_untouched(findings: ArmFindings) -> list[str]:
    """Return how the rule does beside the untouched checkpoint: doing nothing can win."""
    beside = [
        (compared.comparison.first[1], compared.difference)
        for compared in findings.comparisons
        if compared.comparison.first[0] == RULE and compared.comparison.second[0] == UNTOUCHED
    ]
    if not beside:
        return []
    figures = "; ".join(
        _(
            "{records}, {cell} {difference} points",
            records=_("with dirt") if cell.planted else _("as they are"),
            cell=cell_name(cell),
            difference=spread_of(difference),
        )
        for cell, difference in beside
    )
    lines = [
        _("Beside the untouched checkpoint, training on what is left: {figures}.", figures=figures)
    ]
    if any(difference.high < 0 for _cell, difference in beside):
        lines.append(
            _(
                "Where that is below nothing, not training on your records at all was better than "
                "leaving out what looks wrong."
            )
        )
    return lines


def _differences(findings: ArmFindings) -> dict[Cell, tuple[Difference, Difference]]:
    """Return of each cell how the rule differs from random and from everything."""
    primary = {
        (compared.comparison.first[1], compared.comparison.second[0]): compared.difference
        for compared in findings.comparisons
        if compared.comparison.family == "primary" and compared.comparison.first[0] == RULE
    }
    there = dict.fromkeys(cell for cell, _arm in primary)
    return {cell: (primary[cell, RANDOM], primary[cell, EVERYTHING]) for cell in there}


def on_measure(findings: ArmFindings) -> str:
    """Say what is measured, and by which rule."""
    match findings.measure:
        case "accuracy":
            return _(
                "Differences are points of accuracy on held-out records: the largest class has at most "
                "1.5 times the records of the smallest. That rule, the comparisons and the meaning of "
                "“helps” were fixed beforehand."
            )
        case "balanced":
            return _(
                "Differences are points of balanced accuracy (all classes weighed alike) on held-out "
                "records: the largest class has more than 1.5 times the records of the smallest. That "
                "rule, the comparisons and the meaning of “helps” were fixed beforehand."
            )
        case never:
            assert_never(never)


def rule_lines(findings: ArmFindings) -> list[str]:
    """Say which rule it is and what it left out; nothing where there is none."""
    if not findings.left_out:
        return []
    choices = findings.choices
    return [_on_rule(choices), *(on_left_out(part, choices.alpha) for part in findings.left_out)]


def _on_rule(choices: ArmChoices) -> str:
    """Say which rule it is."""
    scores = _(" and its ").join(name_of(score) for score in choices.judged_by)
    alpha = percent(float(choices.alpha))
    if choices.by_request:
        return _(
            "A record looks wrong where its {scores} is above the threshold of its class. The "
            "thresholds are those of the consortium's request, for {alpha} of clean records at most.",
            scores=scores,
            alpha=alpha,
        )
    return _(
        "A record looks wrong where its {scores} is above the threshold of its class. The thresholds "
        "were made of the consortium's clean rows, for {alpha} of clean records at most.",
        scores=scores,
        alpha=alpha,
    )


def on_left_out(left_out: LeftOut, alpha: str) -> str:
    """Say what the rule left out of a pool."""
    share = percent(float(alpha))
    if not left_out.planted:
        return _(
            "Of your records as they are, the rule left out {share}; of records like the consortium's "
            "clean ones it leaves out {alpha} at most, on average.",
            share=percent(left_out.share.mean),
            alpha=share,
        )
    dirt = ", ".join(
        _(
            "{share} of {count:.0f} {kind}",
            share=percent(of_kind.mean),
            count=left_out.planted_records[kind],
            kind=_(_DIRT[kind]),
        )
        for kind, of_kind in left_out.share_of_dirt.items()
    )
    rest = percent(left_out.share_of_rest.mean)
    if not dirt:
        return _("With dirt planted, the rule left out {rest} of the records.", rest=rest)
    return _(
        "With dirt planted, the rule left out {dirt}, and {rest} of the records in which nothing was "
        "planted.",
        dirt=dirt,
        rest=rest,
    )
