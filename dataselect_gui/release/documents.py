"""A bundle's documents for machines: ``release.json``, and ``privacy.json`` for the registry.

All of it follows from the terms of the release, which are written into the ledger before anything is
drawn, and from the release's id and place in the ledger. So the same release gives the same documents.
"""

import json
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from dataselect_gui.privacy.amounts import exact
from dataselect_gui.privacy.mechanisms.everything import Everything
from dataselect_gui.release.codec import TermsForm, from_form, to_form
from dataselect_gui.release.guarantees import (
    BOUNDS_OF_ORIGIN,
    ORIGIN_OF_BOUNDS,
    RULE_OF_ORIGIN,
    assumptions,
    how_drawn,
    not_protected,
    origin_of,
    promise,
    score_origin,
)
from dataselect_gui.release.terms import BoundsSource, Marks, Terms
from dataselect_gui.release.well_formed import is_well_formed
from dataselect_gui.texts import english
from dataselect_gui.texts.promises import AFTER_EXACT, AFTER_MARKED, RELABELLED

_ORIGIN_OF_MARKS: dict[Marks, str] = {
    "settled": "settled before any score was shown",
    "viewed": "changed after a score was shown",
    "chosen": "settled before any score was shown; that no rule leaves any out, chosen after viewing",
}
_MARKS_OF_ORIGIN = {text: marks for marks, text in _ORIGIN_OF_MARKS.items()}


@english()
def release_document(terms: Terms, ledger_head: str) -> dict[str, Any]:
    """Return the content of ``release.json``."""
    return {
        "format": 1,
        "release": terms.release,
        "date": terms.date,
        "program": {"name": "DataSelect", "version": terms.program},
        "kind": terms.kind.name,
        "mechanism": terms.mechanism.name,
        "epsilon": None if terms.claimed is None else exact(terms.claimed),
        "delta": claimed_delta(terms),
        "conditional": terms.conditional,
        "promise": promise(terms),
        "unit": terms.unit,
        "records_per_unit": terms.max_contributions,
        "relation": "the contents of one unit are replaced",
        "parameters": _parameters(terms),
        **({} if terms.scoring.program is None else {"scoring": asdict(terms.scoring)}),
        "checkpoint": {"sha256": terms.checkpoint, "records_in_training": terms.in_training},
        "assumptions": assumptions(terms),
        "not_protected": not_protected(terms),
        "ledger_head": ledger_head,
    }


def document_text(document: dict[str, Any]) -> str:
    """Return the text of a document."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def terms_of_document(document: dict[str, Any]) -> Terms:
    """Return the terms that a ``release.json`` states.

    Raises
    ------
    KeyError, TypeError, ValueError
        Where it is not built as `release_document` builds it.
    """
    parameters = document["parameters"]

    def value(name: str) -> Any:  # noqa: ANN401  (any JSON value)
        return parameters[name]["value"] if name in parameters else None

    def origin(name: str) -> BoundsSource | None:
        return BOUNDS_OF_ORIGIN[parameters[name]["from"]] if name in parameters else None

    scoring = document.get("scoring", dict.fromkeys(("program", "precision", "device", "batch")))
    bounds, bins, classes, noise = (value(name) for name in ("bounds", "bins", "classes", "noise"))
    read, is_everything = value("rule_scores"), document["mechanism"] == Everything.name
    form = TermsForm(
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
        variant=parameters["score"]["variant"] if "score" in parameters else None,
        lowest={"lowest": True, "highest": False, None: False}[value("direction")],
        cut=value("cut"),
        threshold=value("threshold"),
        threshold_from=parameters["cut"]["from"] if "cut" in parameters else None,
        threshold_epsilon=value("threshold_epsilon"),
        in_training=document["checkpoint"]["records_in_training"],
        after_exact=AFTER_EXACT in document["assumptions"],
        checkpoint=document["checkpoint"]["sha256"],
        bounds=None if bounds is None else (bounds[0], bounds[1]),
        bounds_from=origin("bounds") or origin("clip"),
        count=value("count"),
        padded=value("padded_to"),
        bins=None if bins is None else tuple(bins),
        classes=None if classes is None else tuple(classes),
        count_threshold=value("count_threshold"),
        passing=value("passing") is not None,
        clip=value("clip"),
        noise_scale=None if noise is None else noise["scale_in_steps"],
        scored_by=scoring["program"],
        precision=scoring["precision"],
        device=scoring["device"],
        batch=scoring["batch"],
        clip_from=None if origin("clip") == (origin("bounds") or origin("clip")) else origin("clip"),
        rule=value("rule"),
        rule_from=RULE_OF_ORIGIN[parameters["rule"]["from"]] if "rule" in parameters else None,
        rule_scores=None if read is None else tuple((name, variant) for name, variant in read),
        rule_epsilon=value("rule_epsilon"),
        marks=_MARKS_OF_ORIGIN[parameters["withheld"]["from"]] if is_everything else None,
        after_marked=AFTER_MARKED in document["assumptions"],
        relabelled=RELABELLED in document["assumptions"],
    )
    if not is_well_formed(form):
        raise ValueError("not written by this program")
    return from_form(form)


def claimed_delta(terms: Terms) -> str | None:
    """Return the δ that is claimed, as it is written; None where no ε is."""
    return exact(terms.mechanism.delta or Decimal(0)) if terms.claims else None


def _parameters(terms: Terms) -> dict[str, Any]:
    """Return every parameter with its value and where it came from."""
    form, viewed = to_form(terms), "chosen after viewing"
    noise = terms.mechanism.noise_document()
    parameters: dict[str, Any] = {
        "epsilon": {"value": form.epsilon, "from": viewed},
        "rule": {"value": form.rule, "from": origin_of(terms)},
        "rule_scores": {"value": _pairs(form.rule_scores), "from": origin_of(terms)},
        "rule_epsilon": {"value": form.rule_epsilon, "from": "chosen before viewing"},
        "score": {"value": form.score, "variant": form.variant, "from": score_origin(terms)},
        "direction": {"value": _direction(form), "from": score_origin(terms)},
        "withheld": {
            "value": "not told",
            "from": viewed if form.marks is None else _ORIGIN_OF_MARKS[form.marks],
        },
        "delta": {"value": form.delta, "from": viewed},
        "cut": {"value": form.cut, "from": form.threshold_from},
        "threshold": {"value": form.threshold, "from": origin_of(terms)},
        "threshold_epsilon": {"value": form.threshold_epsilon, "from": viewed},
        **terms.mechanism.parameters(),
        "odds_factor": {"value": terms.odds if terms.claims else None, "from": "exp(epsilon)"},
        "bounds": {"value": _listed(form.bounds), "from": _origin(form.bounds_from)},
        "count": {"value": form.count, "from": viewed},
        "padded_to": {"value": form.padded, "from": viewed},
        "bins": {"value": _listed(form.bins), "from": viewed},
        "classes": {"value": _listed(form.classes), "from": "the checkpoint"},
        "count_threshold": {"value": form.count_threshold, "from": viewed},
        "passing": {"value": form.passing or None, "from": viewed},
        "clip": {"value": form.clip, "from": _origin(form.clip_from or form.bounds_from)},
        "noise": {"value": noise, "from": "epsilon, delta and the sensitivity of one unit"},
    }
    always = {
        "epsilon",
        "odds_factor",
        *(["threshold"] if form.cut is not None else []),
        *(["rule"] if form.rule_from is not None else []),
    }
    return {
        name: parameter
        for name, parameter in parameters.items()
        if parameter["value"] is not None or name in always
    }


def _listed(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


def _pairs(pairs: tuple[tuple[str, str], ...] | None) -> list[list[str]] | None:
    return None if pairs is None else [list(pair) for pair in pairs]


def _direction(form: TermsForm) -> str | None:
    if form.score is None:
        return None
    return "lowest" if form.lowest else "highest"


def _origin(source: BoundsSource | None) -> str | None:
    return None if source is None else ORIGIN_OF_BOUNDS[source]


@english()
def privacy_document(terms: Terms) -> dict[str, Any]:
    """Return the content of ``privacy.json``, in the terms of the deployments registry."""
    unit = (
        "One record"
        if terms.unit == "record"
        else f"One person (records: {terms.max_contributions} at most)"
    )
    details = "Neighbours differ in the contents of one unit."
    if terms.marks is not None:
        details += " Nothing is bounded: every eligible unit is disclosed."
    elif terms.kind.discloses:
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
        if terms.mechanism.delta is not None:
            loss["privacy_parameters"]["delta"] = float(terms.mechanism.delta)
    variant = "Custom"
    if terms.claims and not terms.kind.discloses:
        variant = "Pure DP" if terms.mechanism.delta is None else "Approximate DP"
    return {
        "url_slug": f"dataselect-{terms.release}",
        "deployment": {
            "basic": {
                "name": terms.kind.heading,
                "data_curators": [
                    {
                        # The schema requires one of three types; the program does not know which.
                        "data_curator_name": "The data owner (the type is not known)",
                        "data_curator_type": "Nonprofit",
                    }
                ],
                "description": terms.kind.description,
                "intended_use": "Training of the model whose checkpoints the records were scored with.",
                "data_product_type": "Dataset" if terms.kind.discloses else "Summary statistics",
                "data_product_region": "Not stated",
                "publication_date": terms.date,
            },
            "dp_variant": {
                "variant_name": variant,
                "data_domain": "Records of a fixed number, grouping and eligibility"
                + (
                    "."
                    if terms.marks is not None
                    else "; each has a score computed from that record and public checkpoints alone."
                ),
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
