"""What a bundle says about itself: the machine's version, the registry's, and a card for people.

All of it follows from the terms of the release, which are written into the ledger before anything is
drawn, and from the release's id and place in the ledger. So the same release gives the same words.
"""

from decimal import Decimal
from typing import Any

from dataselect_gui.privacy.mechanisms import kept_share
from dataselect_gui.release.contents import TABLES
from dataselect_gui.release.terms import (
    CLIP_STEPS,
    COUNT_STEPS,
    SCORE_STEPS,
    Terms,
)

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
_AFTER_EXACT = "records of this source that left earlier without protection are not covered"
_BOUNDS_FROM = {
    "request": "the consortium's request",
    "score": "which the score cannot leave",
    "agreed": "agreed beforehand",
}
_BOUNDS_TOLD = {words: origin for origin, words in _BOUNDS_FROM.items()}
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
_DESCRIPTIONS = {
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
    scale = terms.noise_scale
    match terms.mechanism:
        case "one-sided":
            return (
                f"Each record beyond the threshold leaves with probability {terms.share:.6f}{m}, by "
                "one secret drawn once per record."
            )
        case "exact":
            return "None: every selected record leaves."
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
    listed = [
        "a score depends on one record and the checkpoints alone; remaining rounding of the last "
        "digits is assumed harmless, not covered",
    ]
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
        case "agreed":
            listed.append("the threshold was agreed before anybody looked at the scores")
        case "request":
            listed.append("the threshold was in the consortium's request before anybody looked")
        case "bought":
            listed.append("the threshold was drawn under differential privacy, and its ε is counted")
    if terms.bounds_from == "agreed":
        listed.append("the bounds of the score were agreed before anybody looked at the scores")
    if terms.after_exact:
        listed.append(_AFTER_EXACT)
    return listed


def release_document(terms: Terms, ledger_head: str) -> dict[str, Any]:
    """Return the content of ``release.json``."""
    return {
        "format": 1,
        "release": terms.release,
        "date": terms.date,
        "program": {"name": "DataSelect", "version": terms.program},
        "kind": terms.kind,
        "mechanism": terms.mechanism,
        "epsilon": terms.claimed,
        "delta": (terms.delta or "0") if terms.claims else None,
        "conditional": terms.conditional,
        "promise": promise(terms),
        "unit": terms.unit,
        "records_per_unit": terms.per_unit,
        "relation": "the contents of one unit are replaced",
        "parameters": _parameters(terms),
        "checkpoint": {"sha256": terms.checkpoint, "records_in_training": terms.in_training},
        "assumptions": assumptions(terms),
        "not_protected": not_protected(terms),
        "ledger_head": ledger_head,
    }


def terms_told(document: dict[str, Any]) -> Terms:
    """Return the terms that a ``release.json`` tells.

    Raises
    ------
    KeyError, TypeError, ValueError
        Where it is not built as `release_document` builds it.
    """
    told = document["parameters"]

    def value(name: str) -> Any:  # noqa: ANN401  (any JSON value)
        return told[name]["value"] if name in told else None

    def origin(name: str, names: dict[str, str]) -> str | None:
        return names[told[name]["from"]] if name in told else None

    bounds, bins, classes, noise = (value(name) for name in ("bounds", "bins", "classes", "noise"))
    return Terms(
        release=document["release"],
        program=document["program"]["version"],
        date=document["date"],
        kind=document["kind"],
        mechanism=document["mechanism"],
        epsilon=value("epsilon"),
        delta=value("delta"),
        conditional=document["conditional"],
        unit=document["unit"],
        per_unit=document["records_per_unit"],
        score=value("score"),
        variant=told["score"]["variant"],
        lowest={"lowest": True, "highest": False}[value("direction")],
        cut=value("cut"),
        threshold=value("threshold"),
        threshold_from=told["cut"]["from"] if "cut" in told else None,
        threshold_epsilon=value("threshold_epsilon"),
        in_training=document["checkpoint"]["records_in_training"],
        after_exact=_AFTER_EXACT in document["assumptions"],
        checkpoint=document["checkpoint"]["sha256"],
        bounds=None if bounds is None else (bounds[0], bounds[1]),
        bounds_from=origin("bounds", _BOUNDS_TOLD) or origin("clip", _BOUNDS_TOLD),
        count=value("count"),
        padded=value("padded_to"),
        bins=None if bins is None else tuple(bins),
        classes=None if classes is None else tuple(classes),
        count_threshold=value("count_threshold"),
        clip=value("clip"),
        noise_scale=None if noise is None else noise["scale_in_steps"],
    )


def _parameters(terms: Terms) -> dict[str, Any]:
    """Return every parameter with its value and where it came from."""
    viewed = "chosen after viewing"
    told: dict[str, Any] = {
        "epsilon": {"value": terms.epsilon, "from": viewed},
        "score": {"value": terms.score, "variant": terms.variant, "from": _score_origin(terms)},
        "direction": {
            "value": "lowest" if terms.lowest else "highest",
            "from": _score_origin(terms),
        },
        "withheld": {"value": "not told", "from": viewed},
    }
    if terms.delta is not None:
        told["delta"] = {"value": terms.delta, "from": viewed}
    if terms.cut is not None:
        told["cut"] = {"value": terms.cut, "from": terms.threshold_from}
        told["threshold"] = {"value": terms.threshold, "from": _origin(terms)}
    if terms.threshold_epsilon is not None:
        told["threshold_epsilon"] = {"value": terms.threshold_epsilon, "from": viewed}
    if terms.mechanism == "one-sided" or terms.mechanism == "exact":
        told["share_that_leaves"] = {
            "value": terms.share,
            "from": "1 - exp(-epsilon / records_per_unit)",
        }
    if terms.mechanism == "randomized-response":
        kept = kept_share(Decimal(str(terms.epsilon)), terms.per_unit)
        told["share_told_truly"] = {
            "value": kept,
            "from": "1 / (1 + exp(-epsilon / records_per_unit))",
        }
    told["odds_factor"] = {"value": terms.odds if terms.claims else None, "from": "exp(epsilon)"}
    if terms.bounds is not None:
        told["bounds"] = {"value": list(terms.bounds), "from": _bounds_origin(terms)}
    if terms.count is not None:
        told["count"] = {"value": terms.count, "from": viewed}
    if terms.padded is not None:
        told["padded_to"] = {"value": terms.padded, "from": viewed}
    if terms.bins is not None:
        told["bins"] = {"value": list(terms.bins), "from": viewed}
    if terms.classes is not None:
        told["classes"] = {"value": list(terms.classes), "from": "the checkpoint"}
    if terms.count_threshold is not None:
        told["count_threshold"] = {"value": terms.count_threshold, "from": viewed}
    if terms.clip is not None:
        told["clip"] = {"value": terms.clip, "from": _bounds_origin(terms)}
    if terms.noise_scale is not None:
        told["noise"] = {
            "value": {
                "distribution": _distribution(terms),
                "scale_in_steps": terms.noise_scale,
                **_steps(terms),
            },
            "from": "epsilon, delta and the sensitivity of one unit",
        }
    return told


def _distribution(terms: Terms) -> str:
    return "discrete Gaussian" if terms.mechanism == "discrete-gaussian" else "discrete Laplace"


def _steps(terms: Terms) -> dict[str, Any]:
    if terms.mechanism in {"laplace", "noisy-top-k"}:
        return {"steps_between_bounds": SCORE_STEPS, "l1_sensitivity_in_steps": terms.sensitivity}
    if terms.mechanism == "discrete-laplace":
        return {"steps_per_count": 1, "l1_sensitivity_in_steps": terms.sensitivity}
    squared = terms.squared_sensitivity
    if terms.kind == "report":
        return {"steps_per_count": COUNT_STEPS, "squared_l2_sensitivity_in_steps": squared}
    return {"steps_per_clip": CLIP_STEPS, "squared_l2_sensitivity_in_steps": squared}


def privacy_document(terms: Terms) -> dict[str, Any]:
    """Return the content of ``privacy.json``, in the terms of the deployments registry."""
    unit = "One record" if terms.unit == "record" else f"One person (records: {terms.per_unit} at most)"
    details = "Neighbours differ in the contents of one unit."
    if terms.kind == "records":
        details += (
            " Bounded is what the absence of a unit from the release can tell, not what its presence "
            "tells."
        )
    loss: dict[str, Any] = {
        "privacy_unit": unit,
        "privacy_unit_details": details,
        "privacy_parameters_details": promise(terms),
    }
    if terms.claims:
        loss["privacy_parameters"] = {"epsilon": float(terms.total or 0)}
        if terms.delta is not None:
            loss["privacy_parameters"]["delta"] = float(terms.delta)
    variant = "Custom"
    if terms.claims and terms.kind != "records":
        variant = "Pure DP" if terms.delta is None else "Approximate DP"
    return {
        "url_slug": f"dataselect-{terms.release}",
        "deployment": {
            "basic": {
                "name": TITLES[terms.kind],
                "data_curators": [
                    {
                        # The schema wants one of three types; the program knows none.
                        "data_curator_name": "The data owner (the type is not known)",
                        "data_curator_type": "Nonprofit",
                    }
                ],
                "description": _DESCRIPTIONS[terms.kind],
                "intended_use": "Training of the model whose checkpoints the records were scored with.",
                "data_product_type": ("Dataset" if terms.kind == "records" else "Summary statistics"),
                "data_product_region": "Not stated",
                "publication_date": terms.date,
            },
            "dp_variant": {
                "variant_name": variant,
                "data_domain": "Records of a fixed number, grouping and eligibility; each has a score "
                "computed from that record and public checkpoints alone.",
                "unprotected_quantities": "; ".join(not_protected(terms)),
            },
            "privacy_loss": loss,
            "deployment_model": {
                "model_name": "Central",
                "trust_assumptions": "; ".join(assumptions(terms)),
                "release_type": "Many releases",
                "data_source_type": "Static",
                "access_type": "Non-interactive",
            },
            "implementation": {
                "mechanisms": how_drawn(terms),
                "post_processing": "Random order, random names, fixed times, no metadata.",
            },
            "administrative": {
                "status": "Draft",
                "registry_authors": ["The data owner"],
                "tier": 3,
            },
        },
    }


def card(terms: Terms) -> str:
    """Return the ``README.md`` of a bundle: what a lawyer can read."""
    title = TITLES[terms.kind]
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
        lines += [
            f"Of 100 records in the owner's selection, about {100 * terms.share:.0f} leave and the "
            "rest stay; which ones, chance decided.",
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
        f"- Score and direction: {_score_origin(terms)}. Whatever is not named here: chosen after "
        "viewing.",
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
    if terms.cut is not None:
        lines.append(_cut_in_words(terms))
    if terms.bounds is not None:
        low, high = terms.bounds
        lines.append(f"Bounds of the score: {low} to {high}, {_bounds_origin(terms)}.")
    if terms.clip is not None:
        lines.append(f"Norm that gradients are clipped to: {terms.clip}, {_bounds_origin(terms)}.")
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


def _origin(terms: Terms) -> str:
    return {
        "request": "the consortium's request",
        "agreed": "agreed beforehand",
        "bought": "drawn under differential privacy",
    }.get(terms.threshold_from or "", "chosen after viewing")


def _score_origin(terms: Terms) -> str:
    # A bought threshold says nothing about where the score came from.
    return "chosen after viewing" if terms.threshold_from == "bought" else _origin(terms)


def _bounds_origin(terms: Terms) -> str:
    return _BOUNDS_FROM[terms.bounds_from or "agreed"]


def _beyond(terms: Terms) -> str:
    return f"whose score is {'at most' if terms.lowest else 'at least'} {terms.threshold}"


def _cut_in_words(terms: Terms) -> str:
    if terms.cut != "threshold":
        return f"The threshold is that of a {terms.cut} of the records, chosen after viewing."
    if terms.threshold is None:
        return "Threshold chosen after viewing; its value is not told: it may be a record's score."
    return f"Threshold {terms.threshold}: {_origin(terms)}."
