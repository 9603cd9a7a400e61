"""What a bundle says about itself: the machine's version, the registry's, and a card for people.

All of it follows from the terms of the release, which are written into the ledger before anything is
drawn, and from the release's id and place in the ledger. So the same release gives the same words.
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

PROMISE_ONE_SIDED = (
    "If none of someone's records is in this bundle, that hardly tells the receiver whether they "
    "would have scored high: it can shift the odds by at most a factor of {odds}."
)
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
PIXELS = "Pixels leave unchanged: a name or date written into an image leaves too."
CANNOT_CHECK = (
    "that the mechanism drew its randomness as described",
    "that the threshold was fixed before anybody looked at the scores",
    "that there were no other releases of the same records",
    "that the owner's answers about the checkpoints and the people are true",
)
NOT_PROTECTED = (
    "the records in this bundle, in full",
    "how many records the source has, how they are grouped into units, and which are eligible",
    "roughly how many records scored beyond the threshold, by the number of files",
    "what one unit's records tell about another's: c related units together cost c·ε",
)


@dataclass(frozen=True)
class Terms:
    """What a release is, in everything that may be told.

    Attributes
    ----------
    release : str
        A random id.
    program, date : str
        Version of the program; day of the reservation.
    mechanism : str
        ``"one-sided"`` or ``"exact"``.
    epsilon : str or None
        The mechanism's ε per unit, as an exact decimal; None for ``exact``.
    conditional : bool
        Whether the threshold depends on the records, so that no ε is claimed.
    unit : str
        ``"record"`` or ``"person"``.
    per_unit : int
        At most so many records of a unit take part.
    score, variant : str
        What was selected by.
    lowest : bool
        Whether the lowest scores were taken.
    cut : str
        ``"threshold"``, ``"count"`` or ``"fraction"``.
    threshold : str or None
        Its value where it is public; a threshold chosen after looking may be somebody's score.
    threshold_from : str
        ``"request"``, ``"agreed"`` or ``"viewed"``.
    in_training : str
        ``"no"``, ``"dp"``, ``"yes"`` or ``"unknown"``.
    after_exact : bool
        Whether records of the source were released without protection before.
    checkpoint : str
        SHA-256 over the checkpoint's files.
    """

    release: str
    program: str
    date: str
    mechanism: Literal["one-sided", "exact"]
    epsilon: str | None
    conditional: bool
    unit: Literal["record", "person"]
    per_unit: int
    score: str
    variant: str
    lowest: bool
    cut: Literal["threshold", "count", "fraction"]
    threshold: str | None
    threshold_from: str
    in_training: str
    after_exact: bool
    checkpoint: str

    @property
    def claims(self) -> bool:
        """Whether an ε is claimed."""
        return self.mechanism == "one-sided" and not self.conditional

    @property
    def odds(self) -> float | None:
        """The factor e^ε by which absence can shift the odds, where the mechanism has an ε."""
        return None if self.epsilon is None else math.exp(float(self.epsilon))

    @property
    def share(self) -> float:
        """The share of candidates that leave."""
        if self.epsilon is None:
            return 1.0
        return -math.expm1(-float(Decimal(self.epsilon) / self.per_unit))


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
    text = PROMISE_ONE_SIDED.format(odds=f"{terms.odds:.3g}")
    if terms.unit == "person":
        records = "one record" if terms.per_unit == 1 else f"{terms.per_unit} records"
        text += f" This covers each person, with at most {records}."
    return text


def assumptions(terms: Terms) -> list[str]:
    """Return what the promise rests on and nobody but the owner can check."""
    listed = [
        "a score depends on one record and the checkpoints alone; remaining rounding of the last "
        "digits is assumed harmless, not covered",
        "each record has one secret, drawn once and kept by the owner",
    ]
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
    if terms.threshold_from == "agreed":
        listed.append("the threshold was agreed before anybody looked at the scores")
    if terms.threshold_from == "request":
        listed.append("the threshold was in the consortium's request before anybody looked")
    if terms.after_exact:
        listed.append("records of this source that left earlier without protection are not covered")
    return listed


def release_document(terms: Terms, ledger_head: str) -> dict[str, Any]:
    """Return the content of ``release.json``."""
    return {
        "format": 1,
        "release": terms.release,
        "date": terms.date,
        "program": {"name": "DataSelect", "version": terms.program},
        "kind": "records",
        "mechanism": terms.mechanism,
        "epsilon": terms.epsilon if terms.claims else None,
        "delta": "0" if terms.claims else None,
        "conditional": terms.conditional,
        "promise": promise(terms),
        "unit": terms.unit,
        "records_per_unit": terms.per_unit,
        "relation": "the contents of one unit are replaced",
        "parameters": {
            "epsilon": {"value": terms.epsilon, "from": "chosen after viewing"},
            "share_that_leaves": {
                "value": terms.share,
                "from": "1 - exp(-epsilon / records_per_unit)",
            },
            "odds_factor": {"value": terms.odds if terms.claims else None, "from": "exp(epsilon)"},
            "score": {
                "value": terms.score,
                "variant": terms.variant,
                "from": _origin(terms),
            },
            "direction": {
                "value": "lowest" if terms.lowest else "highest",
                "from": _origin(terms),
            },
            "cut": {"value": terms.cut, "from": terms.threshold_from},
            "threshold": {"value": terms.threshold, "from": _origin(terms)},
            "withheld": {"value": "not told", "from": "chosen after viewing"},
        },
        "checkpoint": {"sha256": terms.checkpoint, "records_in_training": terms.in_training},
        "assumptions": assumptions(terms),
        "not_protected": list(NOT_PROTECTED),
        "ledger_head": ledger_head,
    }


def privacy_document(terms: Terms) -> dict[str, Any]:
    """Return the content of ``privacy.json``, in the terms of the deployments registry."""
    unit = "One record" if terms.unit == "record" else f"One person (records: {terms.per_unit} at most)"
    loss: dict[str, Any] = {
        "privacy_unit": unit,
        "privacy_unit_details": "Neighbours differ in the contents of one unit. Bounded is what the "
        "absence of a unit from the release can tell, not what its presence tells.",
        "privacy_parameters_details": promise(terms),
    }
    if terms.claims and terms.epsilon is not None:
        loss["privacy_parameters"] = {"epsilon": float(terms.epsilon)}
    mechanism = (
        f"Each record beyond the threshold leaves with probability {terms.share:.6f}, by one secret "
        "drawn once per record."
        if terms.mechanism == "one-sided"
        else "None: every selected record leaves."
    )
    return {
        "url_slug": f"dataselect-{terms.release}",
        "deployment": {
            "basic": {
                "name": "A selection of records",
                "data_curators": [
                    {"data_curator_name": "The data owner", "data_curator_type": "Nonprofit"}
                ],
                "description": "Records that a data owner contributes to the training of a model.",
                "intended_use": "Training of the model whose checkpoints the records were scored with.",
                "data_product_type": "Dataset",
                "data_product_region": "Not stated",
                "publication_date": terms.date,
            },
            "dp_variant": {
                "variant_name": "Custom",
                "data_domain": "Records of a fixed number, grouping and eligibility; each has a score "
                "computed from that record and public checkpoints alone.",
                "unprotected_quantities": "; ".join(NOT_PROTECTED),
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
                "mechanisms": mechanism,
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
    lines = [
        "---",
        "pretty_name: A selection of records",
        "task_categories:",
        "- image-classification",
        "---",
        "",
        "# A selection of records",
        "",
        f"Released on {terms.date} with DataSelect {terms.program} (release {terms.release}).",
        "",
        "## What is promised",
        "",
        promise(terms),
        "",
    ]
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
    lines += [
        "## What is not protected",
        "",
        f"- {DISCLOSED}",
        f"- {PIXELS}",
        f"- {WITHHELD}",
        *(f"- Not protected: {item}." for item in NOT_PROTECTED),
        "",
        "## What the promise rests on",
        "",
        *(f"- {item[0].upper()}{item[1:]}." for item in assumptions(terms)),
        "",
        "## How the records were chosen",
        "",
        f"- By the score `{terms.score}`{f' ({terms.variant})' if terms.variant else ''}, "
        f"{'lowest' if terms.lowest else 'highest'} first.",
        f"- {_cut_in_words(terms)}",
        f"- Score and direction: {_origin(terms)}. ε: chosen after viewing.",
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


def _origin(terms: Terms) -> str:
    return {
        "request": "the consortium's request",
        "agreed": "agreed beforehand",
        "viewed": "chosen after viewing",
    }[terms.threshold_from]


def _cut_in_words(terms: Terms) -> str:
    if terms.cut != "threshold":
        return f"The threshold is that of a {terms.cut} of the records, chosen after viewing."
    if terms.threshold is None:
        return "Threshold chosen after viewing; its value is not told: it may be a record's score."
    return f"Threshold {terms.threshold}: {_origin(terms)}."
