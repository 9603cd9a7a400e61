"""A rule in a line."""

from dataselect_gui.texts import _
from dataselect_gui.workflow import (
    Request,
    Rule,
    ScoreCut,
    calibrated_rule,
    rule_sentences,
    short_number,
)


def rule_line_text(rule: Rule, request: Request) -> str:
    """Return a rule in a line."""
    if rule == calibrated_rule(request):
        return _("Without what looks wrong")
    if not isinstance(rule, ScoreCut):
        return " ".join(rule_sentences(rule, short_number))
    match rule.by:
        case "threshold":
            return f"{rule.score} {'≤' if rule.lowest else '≥'} {short_number(rule.value)}"
        case "count":
            count = int(rule.value)
            if rule.lowest:
                return _("lowest {count:,} by {score}", count=count, score=rule.score)
            return _("highest {count:,} by {score}", count=count, score=rule.score)
        case "fraction":
            percent = float(rule.value * 100)
            if rule.lowest:
                return _("lowest {percent:g} % by {score}", percent=percent, score=rule.score)
            return _("highest {percent:g} % by {score}", percent=percent, score=rule.score)
