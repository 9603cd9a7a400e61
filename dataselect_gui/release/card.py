"""The card of a bundle, its ``README.md``: what a lawyer can read."""

from dataselect_gui.release.contents import TABLES
from dataselect_gui.release.terms import Terms
from dataselect_gui.release.words import (
    CANNOT_CHECK,
    COUNT_TELLS,
    DISCLOSED,
    PIXELS,
    TITLES,
    WITHHELD,
    WITHHELD_HERE,
    assumptions,
    bounds_origin,
    cut_in_words,
    how_drawn,
    how_scored,
    not_protected,
    promise,
    score_origin,
)


def card(terms: Terms) -> str:
    """Return the ``README.md`` of a bundle: what a lawyer can read."""
    title, scored = TITLES[terms.kind], how_scored(terms)
    head = ["---", f"pretty_name: {title}"]
    if terms.kind == "records":
        head += ["task_categories:", "- image-classification"]
    elif terms.kind in TABLES:
        head += ["configs:", "- config_name: default", f"  data_files: {TABLES[terms.kind]}"]
    lines = [
        *head,
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
    if terms.mechanism == "one-sided":
        of_people = " that take part" if terms.unit == "person" else ""
        lines += [
            f"Of 100 records in the owner's selection{of_people}, about {100 * terms.share:.0f} "
            "leave and the rest stay; which ones, chance decided.",
            COUNT_TELLS.format(share=f"{terms.share:.2f}"),
            "",
        ]
    if terms.in_training in {"yes", "unknown"}:
        lines += [
            "The records took part in training the checkpoints without differential privacy, or that "
            "is unknown; so no ε can be claimed.",
            "",
        ]
    lines += ["## What is not protected", ""]
    if terms.kind == "records":
        lines += [f"- {DISCLOSED}", f"- {PIXELS}", f"- {WITHHELD}"]
    else:
        lines.append(f"- {WITHHELD_HERE}")
    lines += [
        *(f"- Not protected: {item}." for item in not_protected(terms)),
        "",
        "## What the promise rests on",
        "",
        *(f"- {item[0].upper()}{item[1:]}." for item in assumptions(terms)),
        "",
        "## How this was made",
        "",
        f"- By the score `{terms.score}`{f' ({terms.variant})' if terms.variant else ''}, "
        f"{'lowest' if terms.lowest else 'highest'} first.",
        *(f"- {line}" for line in _made(terms)),
        f"- {how_drawn(terms)}",
        f"- Score and direction: {score_origin(terms)}. Whatever is not named here: chosen after "
        "viewing.",
        *([] if scored is None else [f"- {scored}"]),
        f"- Checkpoints: SHA-256 {terms.checkpoint}.",
        "",
        "## What a check of this bundle cannot show",
        "",
        *(f"- {item[0].upper()}{item[1:]}." for item in CANNOT_CHECK),
        "",
        "Check it with `dataselect verify BUNDLE`, or the files alone with `sha256sum -c SHA256SUMS`.",
        "",
    ]
    return "\n".join(lines)


def _figures(terms: Terms) -> str:
    delta = "" if terms.delta is None else f", δ = {terms.delta}"
    bought = (
        ""
        if terms.threshold_epsilon is None
        else f" ({terms.epsilon} for the draw and {terms.threshold_epsilon} for the threshold)"
    )
    return f"ε = {terms.total}{bought}{delta} for each {terms.unit}."


def _made(terms: Terms) -> list[str]:
    """Return the parameters that only some releases have, as sentences."""
    lines = []
    if terms.unit == "person":
        records = "one record takes" if terms.per_unit == 1 else f"{terms.per_unit} records take"
        lines.append(f"Of each person at most {records} part, by one random choice; the others stay.")
    if terms.cut is not None:
        lines.append(cut_in_words(terms))
    if terms.bounds is not None:
        low, high = terms.bounds
        lines.append(f"Bounds of the score: {low} to {high}, {bounds_origin(terms)}.")
    if terms.clip is not None:
        lines.append(f"Norm that gradients are clipped to: {terms.clip}, {bounds_origin(terms)}.")
    if terms.kind == "scores":
        padded = (
            "There is one row per eligible record"
            if terms.padded is None
            else f"The rows were padded to {terms.padded}, which was declared, with rows that look "
            "like records of the lowest score"
        )
        lines.append(f"{padded}; the tokens are random.")
    if terms.bins is not None:
        lines.append(
            "A histogram over fixed bins with an open one at each end; each cell holds its lower edge. "
            "Records without a score are in no cell. Counts with noise may be negative."
        )
    if terms.count_threshold is not None:
        side = "at or below" if terms.lowest else "at or above"
        lines.append(f"A count of the records {side} {terms.count_threshold}.")
    return lines
