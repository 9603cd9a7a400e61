"""The card of a bundle, its ``README.md``: what a lawyer can read."""

from typing import assert_never

from dataselect_gui.privacy.amounts import exact
from dataselect_gui.records.forms.form import WrittenForm
from dataselect_gui.records.forms.labels_said import LabelsSaid
from dataselect_gui.release.guarantees import (
    ORIGIN_OF_BOUNDS,
    assumptions,
    cut_in_words,
    how_drawn,
    how_scored,
    not_protected,
    promise,
    rule_in_words,
    score_origin,
)
from dataselect_gui.release.terms import Terms
from dataselect_gui.texts import english
from dataselect_gui.texts.promises import CANNOT_CHECK, as_sentence


@english()
def card(terms: Terms, form: WrittenForm | None, labels: LabelsSaid | None) -> str:
    """Return the ``README.md`` of a bundle: what a lawyer can read.

    Parameters
    ----------
    terms : Terms
        What the release is.
    form : WrittenForm or None
        In which the records in it are written, where there are some.
    labels : LabelsSaid or None
        What their labels are.
    """
    title, scored = terms.kind.heading, how_scored(terms)
    lines = [
        "---",
        f"pretty_name: {title}",
        *terms.kind.front_matter(form),
        "---",
        "",
        f"# {title}",
        "",
        f"Released on {terms.date} with DataSelect {terms.program} (release {terms.release}).",
        "",
        "## What is promised",
        "",
        promise(terms),
        "",
    ]
    if terms.claims:
        lines += [f"In figures: {_figures(terms)}", ""]
    remarks = terms.mechanism.remarks(of_people=terms.of_people, by_rule=terms.rule is not None)
    lines += [*remarks, ""] if remarks else []
    if terms.in_training in {"yes", "unknown"}:
        lines += [
            "The records took part in training the checkpoints without differential privacy, or that "
            "is unknown; so no ε can be claimed.",
            "",
        ]
    lines += ["## What is not protected", ""]
    lines += [f"- {warning}" for warning in terms.kind.warnings(form)]
    lines += [
        *(f"- Not protected: {item}." for item in not_protected(terms)),
        "",
        "## What the promise rests on",
        "",
        *(f"- {as_sentence(item)}" for item in assumptions(terms)),
        "",
        "## How this was made",
        "",
        *(f"- {line}" for line in _selected(terms)),
        *(f"- {line}" for line in _made(terms)),
        f"- {how_drawn(terms)}",
        f"- {_origin(terms)} Whatever is not named here: chosen after viewing.",
        *([] if scored is None else [f"- {scored}"]),
        *([] if labels is None else [f"- {line}" for line in _of_labels(labels)]),
        f"- Checkpoints: SHA-256 {terms.checkpoint}.",
        "",
        "## What a check of this bundle cannot show",
        "",
        *(f"- {as_sentence(item)}" for item in CANNOT_CHECK),
        "",
        "Check it with `dataselect verify BUNDLE`, or the files alone with `sha256sum -c SHA256SUMS`.",
        "",
    ]
    return "\n".join(lines)


def _selected(terms: Terms) -> list[str]:
    """Return by what records were selected, as sentences."""
    if terms.marks is not None:
        return []
    if terms.rule is not None:
        return rule_in_words(terms.rule)
    variant = f" ({terms.variant})" if terms.variant else ""
    return [f"By the score `{terms.score}`{variant}, {'lowest' if terms.lowest else 'highest'} first."]


def _origin(terms: Terms) -> str:
    """Return where that came from, as a sentence."""
    match terms.marks:
        case "settled":
            return "Which records are eligible: settled before any score was shown."
        case "viewed":
            return "Which records are eligible: changed after a score was shown."
        case "chosen":
            return (
                "Which records are eligible: settled before any score was shown. That no rule leaves "
                "any out: chosen after viewing."
            )
        case None if terms.rule is not None:
            return f"The rule: {score_origin(terms)}."
        case None:
            return f"Score and direction: {score_origin(terms)}."
        case unknown:
            assert_never(unknown)


def _of_labels(labels: LabelsSaid) -> list[str]:
    """Return sentences on labels that are no plain names, or are not known of some records."""
    lines = [labels.type_in_words] if labels.type_in_words else []
    if labels.has_blanks:
        lines.append("A blank label (null, or an empty text) means that the label is not known.")
    return lines


def _figures(terms: Terms) -> str:
    mechanism, cut, rule, total = terms.mechanism, terms.cut, terms.rule, terms.total
    assert mechanism.epsilon is not None
    assert total is not None
    delta = "" if mechanism.delta is None else f", δ = {exact(mechanism.delta)}"
    bought = ""
    if cut is not None and cut.epsilon is not None:
        bought = (
            f" ({exact(mechanism.epsilon)} for the draw and {exact(cut.epsilon)} for the threshold)"
        )
    elif rule is not None and rule.epsilon is not None:
        bought = (
            f" ({exact(mechanism.epsilon)} for the draw and {exact(rule.epsilon)} for the count that "
            "decided)"
        )
    return f"ε = {exact(total)}{bought}{delta} for each {terms.unit}."


def _made(terms: Terms) -> list[str]:
    """Return sentences on the parameters that only some releases have."""
    lines = []
    if terms.of_people and terms.marks is None:
        records = (
            "one record takes"
            if terms.max_contributions == 1
            else f"{terms.max_contributions} records take"
        )
        lines.append(f"Of each person at most {records} part, by one random choice; the others stay.")
    if terms.cut is not None:
        lines.append(cut_in_words(terms.cut))
    if terms.bounds is not None:
        low, high = exact(terms.bounds.low), exact(terms.bounds.high)
        lines.append(f"Bounds of the score: {low} to {high}, {ORIGIN_OF_BOUNDS[terms.bounds.source]}.")
    return [*lines, *terms.kind.remarks(terms)]
