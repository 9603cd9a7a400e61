"""What is said of a release, in words for people: the same in the window, the card and the documents.

All of it follows from the terms of the release.
"""

from dataselect_gui.privacy.amounts import exact
from dataselect_gui.release.terms import BoundsSource, Cut, CutSource, Terms

BUT_FOR_DELTA = " There is one extra chance in {inverse} at most that it tells more (δ = {delta})."
NO_PROMISE_EXACT = (
    "No protection. Every selected record leaves. Anyone who knows of a record learns for certain "
    "whether it was selected."
)
NO_PROMISE_CONDITIONAL = (
    "No ε is claimed. The mechanism worked as if the threshold had been fixed beforehand; that is "
    "not covered, because {why}."
)
CANNOT_CHECK = (
    "that the mechanism drew its randomness as described",
    "that the threshold was fixed before anybody looked at the scores",
    "that there were no other releases of the same records",
    "that the owner's answers about the checkpoints and the people are true",
)
AFTER_EXACT = "records of this source that left earlier without protection are not covered"
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
_THRESHOLD_RESTS_ON: dict[CutSource, list[str]] = {
    "agreed": ["the threshold was agreed before anybody looked at the scores"],
    "request": ["the threshold was in the consortium's request before anybody looked"],
    "bought": ["the threshold was drawn under differential privacy, and its ε is counted"],
    "viewed": [],
}
_BOUNDS_AGREED = "the bounds of the score were agreed before anybody looked at the scores"


def promise(terms: Terms) -> str:
    """Return what the release promises, or that it does not."""
    mechanism = terms.mechanism
    if mechanism.epsilon is None:
        return NO_PROMISE_EXACT
    if terms.conditional:
        by = "threshold" if terms.cut is None else terms.cut.by
        why = (
            "it was chosen after the scores were seen"
            if by == "threshold"
            else f"a {by} of the records depends on everybody's scores"
        )
        return NO_PROMISE_CONDITIONAL.format(why=why)
    # A bought threshold moves a little with everybody's scores, whichever way these lie.
    text = terms.kind.promise if terms.is_bought else mechanism.promise or terms.kind.promise
    unit = "one person's records hold" if terms.of_people else "one record holds"
    text = text.format(odds=f"{terms.odds:.3g}", unit=unit)
    if mechanism.delta is not None:
        text += BUT_FOR_DELTA.format(
            inverse=f"{1 / mechanism.delta:,.0f}", delta=exact(mechanism.delta)
        )
    if terms.of_people:
        records = "one record" if terms.per_unit == 1 else f"{terms.per_unit} records"
        text += f" This covers each person, with at most {records}."
    return text


def how_drawn(terms: Terms) -> str:
    """Return how the release was drawn, as a sentence."""
    return terms.kind.how_drawn(terms)


def how_scored(terms: Terms) -> str | None:
    """Return how the scores were computed, as a sentence; None where an earlier version did not say."""
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
    told = f"Scores were computed {precision}on {scoring.device}, {batches}, {by}."
    return told + terms.kind.how_computed(terms)


def not_protected(terms: Terms) -> list[str]:
    """Return what no ε covers."""
    return terms.kind.not_protected(terms.mechanism)


def assumptions(terms: Terms) -> list[str]:
    """Return what the promise rests on and nobody but the owner can check."""
    listed = ["a score depends on one record and the checkpoints alone"]
    scoring = terms.scoring
    if (scoring.device is not None and scoring.batch is None) or scoring.program is None:
        listed[0] += "; remaining rounding of the last digits is assumed harmless, not covered"
    if terms.claims:
        listed.append(
            "what is marked as chosen after viewing was not chosen because of one record or person; ε "
            "does not cover what such a choice tells"
        )
    if terms.mechanism.assumption is not None:
        listed.append(terms.mechanism.assumption)
    match terms.in_training:
        case "no":
            listed.append("the records took no part in training the checkpoints")
        case "dp":
            listed.append(
                "the records took part in training the checkpoints under differential privacy, "
                "which the owner's ledger counts"
            )
        case _:
            listed = ["none: the records took part in training the checkpoints, or it is unknown"]
    # That of a count or a fraction was not fixed, whoever agreed on these.
    if terms.cut is not None and terms.cut.by == "threshold":
        listed += _THRESHOLD_RESTS_ON[terms.cut.source]
    # Where there are none, it is written of the norm that gradients are clipped to.
    clip_from = terms.kind.form.get("clip_from")
    if (clip_from if terms.bounds is None else terms.bounds.source) == "agreed":
        listed.append(_BOUNDS_AGREED)
    if terms.after_exact:
        listed.append(AFTER_EXACT)
    return listed


def origin_of(terms: Terms) -> str:
    """Return where the threshold came from, in words."""
    return _ORIGIN_OF_CUT["viewed" if terms.cut is None else terms.cut.source]


def score_origin(terms: Terms) -> str:
    """Return where the score and its direction came from, in words."""
    # A bought threshold says nothing about where the score came from.
    return _ORIGIN_OF_CUT["viewed"] if terms.is_bought else origin_of(terms)


def cut_in_words(cut: Cut) -> str:
    """Return where records were cut, as a sentence."""
    if cut.by != "threshold":
        return f"The threshold is that of a {cut.by} of the records, chosen after viewing."
    if cut.threshold is None:
        return "Threshold chosen after viewing; its value is not told: it may be a record's score."
    return f"Threshold {exact(cut.threshold)}: {_ORIGIN_OF_CUT[cut.source]}."
