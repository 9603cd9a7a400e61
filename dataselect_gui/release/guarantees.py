"""The promise of a release and its limits in sentences: translated for the owner, English in a bundle.

The sentences that other surfaces show too are in ``texts/promises.py``; those of one mechanism or kind
of release are in its own file.
"""

from typing import assert_never

from dataselect_gui.privacy.amounts import exact
from dataselect_gui.release.terms import (
    BoundsSource,
    Cut,
    CutSource,
    Marks,
    RuleSource,
    RuleTerms,
    Terms,
)
from dataselect_gui.selection.describing import rule_sentences
from dataselect_gui.texts import N_, _
from dataselect_gui.texts.promises import (
    AFTER_EXACT,
    AFTER_MARKED,
    BUT_FOR_DELTA,
    EVERYTHING,
    EVERYTHING_CHOSEN,
    EVERYTHING_MARKED,
    EVERYTHING_RELABELLED,
    MARKS_SETTLED,
    NO_PROTECTION,
    ONE_PERSON,
    ONE_RECORD,
    RELABELLED,
    covers_people,
    not_claimed,
)

ORIGIN_OF_BOUNDS: dict[BoundsSource, str] = {
    "request": "the consortium's request",
    "score": "which the score cannot leave",
    "agreed": "agreed beforehand",
}
BOUNDS_OF_ORIGIN = {text: origin for origin, text in ORIGIN_OF_BOUNDS.items()}
_ORIGIN_OF_CUT: dict[CutSource, str] = {
    "request": "the consortium's request",
    "agreed": "agreed beforehand",
    "bought": "drawn under differential privacy",
    "viewed": "chosen after viewing",
}
_ORIGIN_OF_RULE: dict[RuleSource, str] = {
    "request": _ORIGIN_OF_CUT["request"],
    "agreed": _ORIGIN_OF_CUT["agreed"],
    "viewed": _ORIGIN_OF_CUT["viewed"],
    "counted": "the consortium's, used after a noised count whose ε is counted",
}
RULE_OF_ORIGIN = {text: source for source, text in _ORIGIN_OF_RULE.items()}
_THRESHOLD_RESTS_ON: dict[CutSource, str | None] = {
    "agreed": N_("the threshold was agreed before anybody looked at the scores"),
    "request": N_("the threshold was in the consortium's request before anybody looked"),
    "bought": N_("the threshold was drawn under differential privacy, and its ε is counted"),
    "viewed": None,
}
_RULE_RESTS_ON: dict[RuleSource, str | None] = {
    "agreed": N_("the rule, and that it is used, was agreed before anybody looked at the scores"),
    "request": N_("the rule was in the consortium's request before anybody looked"),
    "viewed": None,
    "counted": N_(
        "the rule is the consortium's, and what was known of the records when it was decided to use it "
        "is the answer of a noised count whose ε is counted"
    ),
}
_EVERYTHING: dict[Marks, str] = {
    "settled": EVERYTHING,
    "viewed": EVERYTHING_MARKED,
    "chosen": EVERYTHING_CHOSEN,
}
_ONE_COIN = N_(
    "each record has one coin, drawn once, kept by the owner, and independent of its other secret"
)
_BOUNDS_AGREED = N_("the bounds of the score were agreed before anybody looked at the scores")


def promise(terms: Terms) -> str:
    """Return what the release promises, or that it does not."""
    mechanism = terms.mechanism
    if terms.marks is not None:
        sentence = _(_EVERYTHING[terms.marks])
        return f"{sentence} {_(EVERYTHING_RELABELLED)}" if terms.relabelled else sentence
    if mechanism.epsilon is None:
        return _(NO_PROTECTION)
    if terms.conditional:
        return not_claimed(terms.not_claimed_by)
    # A bought threshold depends a little on everybody's scores; a rule looks at more than one score.
    is_own = not terms.is_bought and terms.rule is None
    message = (mechanism.promise if is_own else None) or terms.kind.promise
    unit, odds = _(ONE_PERSON if terms.of_people else ONE_RECORD), f"{terms.odds:.3g}"
    sentences = [_(message, odds=odds, unit=unit)]
    if mechanism.delta is not None:
        inverse = f"{1 / mechanism.delta:,.0f}"
        sentences.append(_(BUT_FOR_DELTA, inverse=inverse, delta=exact(mechanism.delta)))
    if terms.of_people:
        sentences.append(covers_people(terms.max_contributions))
    return " ".join(sentences)


def how_drawn(terms: Terms) -> str:
    """Return how the release was drawn, as a sentence."""
    return terms.kind.how_drawn(terms)


def how_scored(terms: Terms) -> str | None:
    """Return how the scores were computed, as a sentence; None where that was not recorded."""
    scoring = terms.scoring
    if scoring.program is None:
        return None
    by = f"by DataSelect {scoring.program}"
    if scoring.device is None:
        return f"Scores were computed {by}, from a record's name and a secret alone."
    batches = (
        "in batches that were not fixed beforehand"
        if scoring.batch is None
        else "one record at a time"
        if scoring.batch == 1
        else f"in batches of {scoring.batch} places, each record in one that its own name decides"
    )
    precision = "" if scoring.precision is None else f"in {scoring.precision} "
    sentence = f"Scores were computed {precision}on {scoring.device}, {batches}, {by}."
    return sentence + terms.kind.how_computed(terms)


def not_protected(terms: Terms) -> list[str]:
    """Return what no ε covers."""
    return terms.kind.not_protected(terms)


def assumptions(terms: Terms) -> list[str]:
    """Return the assumptions of the promise that only the owner can check."""
    if terms.marks is not None:  # No score is read, so nothing rests on the checkpoints.
        listed = [] if terms.marks == "viewed" else [_(MARKS_SETTLED)]
        return [*listed, *_on_earlier(terms)]
    match terms.in_training:
        case "no":
            listed = [*_on_scores(terms), _("the records took no part in training the checkpoints")]
        case "dp":
            listed = [
                *_on_scores(terms),
                _(
                    "the records took part in training the checkpoints under differential privacy, "
                    "which the owner's ledger counts"
                ),
            ]
        case "yes" | "unknown":
            listed = [_("none: the records took part in training the checkpoints, or it is unknown")]
        case unknown:
            assert_never(unknown)
    if terms.rule is not None:
        rests_on = _RULE_RESTS_ON[terms.rule.source]
        listed += [] if rests_on is None else [_(rests_on)]
        if terms.rule.rule is not None and terms.rule.rule.keep is not None:
            listed.append(_(_ONE_COIN))
    # The threshold of a count or a fraction was not fixed beforehand.
    if terms.cut is not None and terms.cut.by == "threshold":
        rests_on = _THRESHOLD_RESTS_ON[terms.cut.source]
        listed += [] if rests_on is None else [_(rests_on)]
    # Without bounds, the origin is that of the clipping norm.
    clip_from = terms.kind.form.get("clip_from")
    if (clip_from if terms.bounds is None else terms.bounds.source) == "agreed":
        listed.append(_(_BOUNDS_AGREED))
    return [*listed, *_on_earlier(terms)]


def _on_earlier(terms: Terms) -> list[str]:
    """Return what left earlier, or was relabelled, and is not covered."""
    stated = (AFTER_EXACT, terms.after_exact), (AFTER_MARKED, terms.after_marked)
    return [_(sentence) for sentence, is_so in (*stated, (RELABELLED, terms.relabelled)) if is_so]


def _on_scores(terms: Terms) -> list[str]:
    """Return the assumptions about the scores."""
    scoring = terms.scoring
    if (scoring.device is not None and scoring.batch is None) or scoring.program is None:
        listed = [
            _(
                "a score depends on one record and the checkpoints alone; remaining rounding of the "
                "last digits is assumed harmless, not covered"
            )
        ]
    else:
        listed = [_("a score depends on one record and the checkpoints alone")]
    if terms.claims:
        listed.append(
            _(
                "what is marked as chosen after viewing was not chosen because of one record or "
                "person; ε does not cover what such a choice tells"
            )
        )
    if terms.mechanism.assumption is not None:
        listed.append(_(terms.mechanism.assumption))
    return listed


def origin_of(terms: Terms) -> str:
    """Return where the threshold or the rule came from, in words."""
    if terms.rule is not None:
        return _ORIGIN_OF_RULE[terms.rule.source]
    return _ORIGIN_OF_CUT["viewed" if terms.cut is None else terms.cut.source]


def score_origin(terms: Terms) -> str:
    """Return where the score and its direction came from, in words."""
    # A bought threshold says nothing about where the score came from.
    return _ORIGIN_OF_CUT["viewed"] if terms.is_bought else origin_of(terms)


def rule_in_words(rule: RuleTerms) -> list[str]:
    """Return the rule and its origin, as sentences."""
    if rule.rule is None:
        read = ", ".join(f"`{score}`" for score, _variant in rule.scores) or "no score"
        return [
            f"By a rule on each record alone, chosen after viewing. It reads {read}; its numbers are "
            "not told: they may be records' scores."
        ]
    origin = f"By a rule on each record alone: {_ORIGIN_OF_RULE[rule.source]}."
    return [origin, *rule_sentences(rule.rule)]


def cut_in_words(cut: Cut) -> str:
    """Return the threshold and its origin, as a sentence."""
    if cut.by != "threshold":
        return f"The threshold is that of a {cut.by} of the records, chosen after viewing."
    if cut.threshold is None:
        return "Threshold chosen after viewing; its value is not told: it may be a record's score."
    return f"Threshold {exact(cut.threshold)}: {_ORIGIN_OF_CUT[cut.source]}."
