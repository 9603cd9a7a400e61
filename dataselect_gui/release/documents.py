"""What a bundle says about itself to machines: ``release.json``, and ``privacy.json`` for the registry.

All of it follows from the terms of the release, which are written into the ledger before anything is
drawn, and from the release's id and place in the ledger. So the same release gives the same words.
"""

import json
from decimal import Decimal
from typing import Any

from dataselect_gui.privacy.mechanisms import kept_share
from dataselect_gui.release.terms import CLIP_STEPS, COUNT_STEPS, SCORE_STEPS, Terms
from dataselect_gui.release.well_formed import is_well_formed
from dataselect_gui.release.words import (
    AFTER_EXACT,
    BOUNDS_TOLD,
    DESCRIPTIONS,
    TITLES,
    assumptions,
    bounds_origin,
    how_drawn,
    not_protected,
    origin_of,
    promise,
    score_origin,
)


def release_document(terms: Terms, ledger_head: str) -> dict[str, Any]:
    """Return the content of ``release.json``."""
    scoring = {
        "program": terms.scored_by,
        "precision": terms.precision,
        "device": terms.device,
        "batch": terms.batch,
    }
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
        **({} if terms.scored_by is None else {"scoring": scoring}),
        "checkpoint": {"sha256": terms.checkpoint, "records_in_training": terms.in_training},
        "assumptions": assumptions(terms),
        "not_protected": not_protected(terms),
        "ledger_head": ledger_head,
    }


def document_text(document: dict[str, Any]) -> str:
    """Return a document as it is written."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


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

    scoring = document.get("scoring", dict.fromkeys(("program", "precision", "device", "batch")))
    bounds, bins, classes, noise = (value(name) for name in ("bounds", "bins", "classes", "noise"))
    terms = Terms(
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
        after_exact=AFTER_EXACT in document["assumptions"],
        checkpoint=document["checkpoint"]["sha256"],
        bounds=None if bounds is None else (bounds[0], bounds[1]),
        bounds_from=origin("bounds", BOUNDS_TOLD) or origin("clip", BOUNDS_TOLD),
        count=value("count"),
        padded=value("padded_to"),
        bins=None if bins is None else tuple(bins),
        classes=None if classes is None else tuple(classes),
        count_threshold=value("count_threshold"),
        clip=value("clip"),
        noise_scale=None if noise is None else noise["scale_in_steps"],
        scored_by=scoring["program"],
        precision=scoring["precision"],
        device=scoring["device"],
        batch=scoring["batch"],
    )
    if not is_well_formed(terms):
        raise ValueError("not written by this program")
    return terms


def _parameters(terms: Terms) -> dict[str, Any]:
    """Return every parameter with its value and where it came from."""
    viewed = "chosen after viewing"
    told: dict[str, Any] = {
        "epsilon": {"value": terms.epsilon, "from": viewed},
        "score": {"value": terms.score, "variant": terms.variant, "from": score_origin(terms)},
        "direction": {
            "value": "lowest" if terms.lowest else "highest",
            "from": score_origin(terms),
        },
        "withheld": {"value": "not told", "from": viewed},
    }
    if terms.delta is not None:
        told["delta"] = {"value": terms.delta, "from": viewed}
    if terms.cut is not None:
        told["cut"] = {"value": terms.cut, "from": terms.threshold_from}
        told["threshold"] = {"value": terms.threshold, "from": origin_of(terms)}
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
        told["bounds"] = {"value": list(terms.bounds), "from": bounds_origin(terms)}
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
        told["clip"] = {"value": terms.clip, "from": bounds_origin(terms)}
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
                "description": DESCRIPTIONS[terms.kind],
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
