"""A rule in a line."""

from dataselect_gui.texts import _
from dataselect_gui.workflow import (
    Request,
    Rule,
    ScoreCut,
    calibrated_rule,
    rule_sentences,
    short_number,
    spoken_name,
)


def rule_line_text(rule: Rule, request: Request) -> str:
    """Return a rule in a line."""
    if rule == calibrated_rule(request):
        return _("Without what looks wrong")
    if not isinstance(rule, ScoreCut):
        return " ".join(rule_sentences(rule, short_number, spoken_name))
    match rule.by:
        case "threshold":
            return f"{spoken_name(rule.score)} {'≤' if rule.lowest else '≥'} {short_number(rule.value)}"
        case "count":
            count = int(rule.value)
            if rule.lowest:
                return _(
                    "the {count:,} with the lowest {score}", count=count, score=spoken_name(rule.score)
                )
            return _(
                "the {count:,} with the highest {score}", count=count, score=spoken_name(rule.score)
            )
        case "fraction":
            percent = float(rule.value * 100)
            if rule.lowest:
                return _(
                    "the {percent:g} % with the lowest {score}",
                    percent=percent,
                    score=spoken_name(rule.score),
                )
            return _(
                "the {percent:g} % with the highest {score}",
                percent=percent,
                score=spoken_name(rule.score),
            )
