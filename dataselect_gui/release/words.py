"""What is said of a release, in words for people: the same in the window, the card and the documents.

All of it follows from the terms of the release.
"""

from decimal import Decimal

from dataselect_gui.privacy.mechanisms import kept_share
from dataselect_gui.release.terms import CLIP_STEPS, COUNT_STEPS, SCORE_STEPS, Terms

PROMISE_ONE_SIDED = (
    "If none of someone's records is in this bundle, that hardly tells the receiver whether they "
    "would have scored high: it can shift the odds by at most a factor of {odds}."
)
PROMISE_ABSENCE = (
    "If none of someone's records is in this bundle, that hardly tells the receiver what their records "
    "hold: it can shift the odds of anything about them by at most a factor of {odds}."
)
PROMISE_DP = (
    "Whatever the receiver knew before, this bundle can shift the odds of anything about what {unit} "
    "by at most a factor of {odds}."
)
BUT_FOR_DELTA = " There is one extra chance in {inverse} at most that it tells more (δ = {delta})."
NO_PROMISE_EXACT = (
    "No protection. Every selected record leaves. Anyone who knows of a record learns for certain "
    "whether it was selected."
)
NO_PROMISE_CONDITIONAL = (
    "No ε is claimed. The mechanism worked as if the threshold had been fixed beforehand; that is "
    "not covered, because {why}."
)
DISCLOSED = (
    "Records that leave are disclosed by the owner's decision. No mechanism protects them, and the "
    "program does not know whether the people in them agreed."
)
COUNT_TELLS = (
    "The number of files tells roughly how many records scored high (the number of files divided by "
    "{share})."
)
WITHHELD = (
    "The owner may have withheld records. They never leave; someone who knows of one sees only that "
    "it is missing. If the owner withheld a record because of another, ε does not cover that."
)
WITHHELD_HERE = (
    "The owner may have withheld records. They took no part. If the owner withheld a record because of "
    "another, ε does not cover that."
)
PIXELS = "Pixels leave unchanged: a name or date written into an image leaves too."
CANNOT_CHECK = (
    "that the mechanism drew its randomness as described",
    "that the threshold was fixed before anybody looked at the scores",
    "that there were no other releases of the same records",
    "that the owner's answers about the checkpoints and the people are true",
)
AFTER_EXACT = "records of this source that left earlier without protection are not covered"
_BOUNDS_FROM = {
    "request": "the consortium's request",
    "score": "which the score cannot leave",
    "agreed": "agreed beforehand",
}
BOUNDS_TOLD = {words: origin for origin, words in _BOUNDS_FROM.items()}
_FIXED = "how many records the source has, how they are grouped into units, and which are eligible"
_RELATED = "what one unit's records tell about another's: c related units together cost c·ε"
_MANY = "what holds for many records together, such as roughly how many score high"
TITLES = {
    "records": "A selection of records",
    "offers": "Records on offer",
    "scores": "Scores of records, with noise",
    "report": "Counts of records, with noise",
    "gradient": "A clipped sum of gradients, with noise",
}
DESCRIPTIONS = {
    "records": "Records that a data owner contributes to the training of a model.",
    "offers": "Random names of records that a data owner offers for the training of a model.",
    "scores": "One score per record of a data owner, each with noise, under random names.",
    "report": "Counts of a data owner's records by the score of a model, each with noise.",
    "gradient": "The sum of the clipped gradients of a data owner's records, with noise.",
}


def promise(terms: Terms) -> str:
    """Return what the release promises, or that it does not."""
    if terms.mechanism == "exact":
        return NO_PROMISE_EXACT
    if terms.conditional:
        why = (
            "it was chosen after the scores were seen"
            if terms.cut == "threshold"
            else f"a {terms.cut} of the records depends on everybody's scores"
        )
        return NO_PROMISE_CONDITIONAL.format(why=why)
    if terms.mechanism == "one-sided" and terms.threshold_from != "bought":
        text = PROMISE_ONE_SIDED
    else:
        # A bought threshold moves a little with everybody's scores, whichever way these lie.
        text = PROMISE_ABSENCE if terms.kind == "records" else PROMISE_DP
    unit = "one person's records hold" if terms.unit == "person" else "one record holds"
    text = text.format(odds=f"{terms.odds:.3g}", unit=unit)
    if terms.delta is not None:
        inverse = f"{1 / Decimal(terms.delta):,.0f}"
        text += BUT_FOR_DELTA.format(inverse=inverse, delta=terms.delta)
    if terms.unit == "person":
        records = "one record" if terms.per_unit == 1 else f"{terms.per_unit} records"
        text += f" This covers each person, with at most {records}."
    return text


def how_drawn(terms: Terms) -> str:
    """Return how the release was drawn, as a sentence."""
    m = "" if terms.per_unit == 1 else f" (ε/{terms.per_unit} a record)"
    of_people = " that takes part" if terms.unit == "person" else ""
    scale = terms.noise_scale
    match terms.mechanism:
        case "one-sided":
            return (
                f"Each record beyond the threshold{of_people} leaves with probability "
                f"{terms.share:.6f}{m}, by one secret drawn once per record."
            )
        case "exact":
            return f"None: every selected record{of_people} leaves."
        case "randomized-response":
            kept = kept_share(Decimal(str(terms.epsilon)), terms.per_unit)
            return (
                f"Whether a record is beyond the threshold is told truly with probability {kept:.6f}"
                f"{m} and turned round otherwise; the records for which the answer is yes are here."
            )
        case "noisy-top-k":
            return (
                f"Every score was clipped to its bounds and got discrete Laplace noise of scale "
                f"{scale:.6g} steps of {SCORE_STEPS} between the bounds; the {terms.count} "
                f"{'lowest' if terms.lowest else 'highest'} are here."
            )
        case "laplace":
            return (
                f"Every score was clipped to its bounds and got discrete Laplace noise of scale "
                f"{scale:.6g} steps of {SCORE_STEPS} between the bounds."
            )
        case "discrete-laplace":
            return f"Every count got discrete Laplace noise of scale {scale:.6g}."
        case "discrete-gaussian" if terms.kind == "report":
            assert scale is not None
            return f"Every count got discrete Gaussian noise, σ = {scale / COUNT_STEPS:.6g}."
        case _:
            assert scale is not None
            return (
                f"The gradient of the loss of each record {_beyond(terms)} was clipped to norm "
                f"{terms.clip} and brought to whole steps of norm at most {CLIP_STEPS}; every element "
                f"of their sum got discrete Gaussian noise, σ = {scale / CLIP_STEPS:.6g} × "
                f"{terms.clip}."
            )


def how_scored(terms: Terms) -> str | None:
    """Return how the scores were computed, as a sentence; None where an earlier version did not say."""
    if terms.scored_by is None:
        return None
    by = f"by DataSelect {terms.scored_by}"
    if terms.device is None:
        return f"Scores were computed {by}, from a record's name and a secret alone."
    batches = (
        "in batches that were not fixed beforehand"
        if terms.batch is None
        else "one record at a time"
        if terms.batch == 1
        else f"in batches of {terms.batch} places, each record in one that its own name decides"
    )
    precision = "" if terms.precision is None else f"in {terms.precision} "
    told = f"Scores were computed {precision}on {terms.device}, {batches}, {by}."
    if terms.kind == "gradient":
        double = "float32" if terms.device == "mps" else "float64"
        told += f" The gradient of each record was computed by itself, in {double}."
    return told


def not_protected(terms: Terms) -> list[str]:
    """Return what no ε covers."""
    if terms.kind != "records":
        return [_FIXED, _MANY, _RELATED]
    listed = ["the records in this bundle, in full", _FIXED]
    if terms.mechanism in {"randomized-response", "noisy-top-k"}:
        listed += ["which records can be read at all", _MANY]
    else:
        listed.append("roughly how many records scored beyond the threshold, by the number of files")
    return [*listed, _RELATED]


def assumptions(terms: Terms) -> list[str]:
    """Return what the promise rests on and nobody but the owner can check."""
    listed = ["a score depends on one record and the checkpoints alone"]
    if (terms.device is not None and terms.batch is None) or terms.scored_by is None:
        listed[0] += "; remaining rounding of the last digits is assumed harmless, not covered"
    if terms.claims:
        listed.append(
            "what is marked as chosen after viewing was not chosen because of one record or person; ε "
            "does not cover what such a choice tells"
        )
    if terms.mechanism == "one-sided":
        listed.append("each record has one secret, drawn once and kept by the owner")
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
    match terms.threshold_from:
        case _ if terms.cut != "threshold":
            pass  # It was that of a count or a fraction, whoever agreed on these.
        case "agreed":
            listed.append("the threshold was agreed before anybody looked at the scores")
        case "request":
            listed.append("the threshold was in the consortium's request before anybody looked")
        case "bought":
            listed.append("the threshold was drawn under differential privacy, and its ε is counted")
    if terms.bounds_from == "agreed":
        listed.append("the bounds of the score were agreed before anybody looked at the scores")
    if terms.after_exact:
        listed.append(AFTER_EXACT)
    return listed


def origin_of(terms: Terms) -> str:
    """Return where the threshold came from, in words."""
    return {
        "request": "the consortium's request",
        "agreed": "agreed beforehand",
        "bought": "drawn under differential privacy",
    }.get(terms.threshold_from or "", "chosen after viewing")


def score_origin(terms: Terms) -> str:
    """Return where the score and its direction came from, in words."""
    # A bought threshold says nothing about where the score came from.
    return "chosen after viewing" if terms.threshold_from == "bought" else origin_of(terms)


def bounds_origin(terms: Terms) -> str:
    """Return where bounds, or the norm to clip to, came from, in words."""
    return _BOUNDS_FROM[terms.bounds_from or "agreed"]


def _beyond(terms: Terms) -> str:
    return f"whose score is {'at most' if terms.lowest else 'at least'} {terms.threshold}"


def cut_in_words(terms: Terms) -> str:
    """Return where records were cut, as a sentence."""
    if terms.cut != "threshold":
        return f"The threshold is that of a {terms.cut} of the records, chosen after viewing."
    if terms.threshold is None:
        return "Threshold chosen after viewing; its value is not told: it may be a record's score."
    return f"Threshold {terms.threshold}: {origin_of(terms)}."
