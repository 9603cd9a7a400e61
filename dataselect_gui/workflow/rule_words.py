"""The owner's rule as one sentence."""

from dataselect_gui.checkpoints.request import Request
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.scoring.catalog import spoken_name
from dataselect_gui.selection.describing import rule_sentences, short_number
from dataselect_gui.selection.rules import RecordRule, Rule, ScoreCut
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.workflow.calibrated_rules import calibrated_rule


def rule_sentence(rule: Rule, request: Request) -> str:
    """Say a rule in words; that of the request's calibration without its many numbers."""
    if isinstance(rule, RecordRule) and rule == calibrated_rule(request):
        return _(
            "Records that look wrong are left out: above the consortium's threshold of their class, by "
            "{scores}.",
            scores=_(" or ").join(map(spoken_name, rule.scores)),
        )
    if not isinstance(rule, ScoreCut):
        return " ".join(rule_sentences(rule, short_number, spoken_name))
    match rule.by:
        case "threshold":
            message = (
                N_("Records whose {score} is at most {value}.")
                if rule.lowest
                else N_("Records whose {score} is at least {value}.")
            )
            return _(message, score=spoken_name(rule.score), value=short_number(rule.value))
        case "count" if rule.lowest:
            return ngettext(
                "The {count} record with the lowest {score}.",
                "The {count} records with the lowest {score}.",
                int(rule.value),
                score=spoken_name(rule.score),
            )
        case "count":
            return ngettext(
                "The {count} record with the highest {score}.",
                "The {count} records with the highest {score}.",
                int(rule.value),
                score=spoken_name(rule.score),
            )
        case "fraction":
            message = (
                N_("The {share} in 100 records with the lowest {score}.")
                if rule.lowest
                else N_("The {share} in 100 records with the highest {score}.")
            )
            return _(message, score=spoken_name(rule.score), share=exact(rule.value * 100))
