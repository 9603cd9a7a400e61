"""What would leave, what it would cost and what it would be worth, before anything is drawn.

For the owner alone: it reads how many records take part and are selected, and no score. The samples
of fields are made up.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dataselect_gui.privacy import usefulness
from dataselect_gui.privacy.accounting import Charge, total_delta
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.privacy.calibration import gaussian_scale, laplace_scale
from dataselect_gui.privacy.ledger import Statement
from dataselect_gui.release.contents import COLUMNS, TABLES
from dataselect_gui.release.drawing import Candidates, cells
from dataselect_gui.release.releasing import Foresight
from dataselect_gui.release.terms import CLIP_STEPS, COUNT_STEPS, Terms
from dataselect_gui.release.words import how_drawn, not_protected, promise

MARKS = tuple(Decimal(mark) for mark in ("0.1", "0.25", "0.5", "1", "2", "4", "8"))


@dataclass(frozen=True)
class Preview:
    """What a release would come to.

    Attributes
    ----------
    leaves : list of dict
        What would leave, field by field: ``file``, ``field``, ``what``.
    promise, mechanism : str
        In words.
    not_protected : list of str
        What no ε covers.
    same : bool
        Whether it is an earlier release again, at no cost.
    cost : Decimal
        What it would add to the plain total.
    left_after : Decimal or None
        What the budget would leave; below zero where it does not allow the release.
    spent_after, delta_after : Decimal
        The plain total, and the sum of δ, of everything that was released by then.
    nearest : dict or None
        How the most similar earlier release differs: parameter → value there and here.
    usefulness : list of dict
        For a range of ε, what to expect: ``epsilon``, and ``precision``, ``recall`` and ``random``,
        or ``width`` (noise within it 95 times in 100) and ``against`` (an average count).
    """

    leaves: list[dict[str, str]]
    promise: str
    mechanism: str
    not_protected: list[str]
    same: bool
    cost: Decimal
    left_after: Decimal | None
    spent_after: Decimal
    delta_after: Decimal
    nearest: dict[str, tuple[object, object]] | None
    usefulness: list[dict[str, float]]

    def told(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            **vars(self),
            "cost": exact(self.cost),
            "left_after": None if self.left_after is None else exact(self.left_after),
            "spent_after": exact(self.spent_after),
            "delta_after": exact(self.delta_after),
        }


def preview_of(
    terms: Terms,
    candidates: Candidates,
    foresight: Foresight,
    statement: Statement,
    pending: Charge | None,
) -> Preview:
    """Return what a release would come to.

    Parameters
    ----------
    terms : Terms
        What the release would be.
    candidates : Candidates
        What it would choose from.
    foresight : Foresight
        What the ledger says.
    statement : Statement
        The account as it is, with the budget that would hold.
    pending : Charge or None
        A training's, which is not in the account yet and counts before the release.
    """
    taking = candidates.eligible if candidates.part is None else candidates.part
    records, selected = int(taking.sum()), int((taking & candidates.chosen).sum())
    left = None if statement.left is None else statement.left - foresight.cost
    delta = total_delta(statement.charges) + (Decimal(0) if pending is None else pending.delta)
    if not foresight.same:
        delta += Decimal(terms.delta or 0)
    marks = sorted({*MARKS, Decimal(terms.epsilon)}) if terms.epsilon is not None else []
    return Preview(
        leaves=what_leaves(terms.kind),
        promise=promise(terms),
        mechanism=how_drawn(terms),
        not_protected=not_protected(terms),
        same=foresight.same,
        cost=foresight.cost,
        left_after=left,
        spent_after=statement.spent + foresight.cost,
        delta_after=delta,
        nearest=foresight.nearest,
        usefulness=[
            {"epsilon": float(mark), **_expected(terms, mark, records, selected)} for mark in marks
        ],
    )


def _expected(terms: Terms, epsilon: Decimal, records: int, selected: int) -> dict[str, float]:
    match terms.mechanism:
        case "one-sided":
            return vars(usefulness.one_sided(epsilon, terms.per_unit, records, selected))
        case "randomized-response":
            return vars(usefulness.randomized_response(epsilon, terms.per_unit, records, selected))
        case "noisy-top-k":
            return vars(
                usefulness.noisy_scores(epsilon, terms.per_unit, records, int(terms.count or 0))
            )
        case "laplace":
            return vars(usefulness.noisy_scores(epsilon, terms.per_unit, records, selected))
        case "discrete-laplace":
            assert terms.sensitivity is not None
            width = usefulness.laplace_width(laplace_scale(epsilon, terms.sensitivity))
            return {"width": width, "against": records / len(cells(terms))}
        case _:
            assert terms.squared_sensitivity is not None
            delta = Decimal(str(terms.delta))
            sigma = gaussian_scale(epsilon, delta, terms.squared_sensitivity)
            if terms.kind == "report":
                width = usefulness.gaussian_width(sigma / COUNT_STEPS)
                return {"width": width, "against": records / len(cells(terms))}
            # In units of the norm that one record may have at most, for each element of the sum.
            return {"width": usefulness.gaussian_width(sigma / CLIP_STEPS), "against": float(selected)}


def what_leaves(kind: str) -> list[dict[str, str]]:
    """Return what a release of some kind lets leave, field by field: ``file``, ``field``, ``what``."""
    told: list[tuple[str, str, str]] = []
    if kind == "records":
        told += [
            ("data/train/", "record", "the record itself, in full, without metadata"),
            ("data/train/metadata.jsonl", "file_name", "a random name, like 3f9a….png"),
            ("data/train/metadata.jsonl", "label", "the label"),
        ]
    elif kind == "gradient":
        told.append(
            ("data/gradient.safetensors", "every parameter", "a noised sum over records, in float32")
        )
    else:
        meanings = {
            "token": "a random name that only you can tie to a record",
            "score": "the clipped score with noise",
            "table": "histogram or count",
            "class": "one of the checkpoint's classes, or other; empty where not by class",
            "from": "the lower edge of the cell, public",
            "to": "the upper edge of the cell, public",
            "count": "the count with noise",
        }
        name = TABLES[kind]
        told += [(name, column, meanings[column]) for column in COLUMNS[name]]
    told += [
        ("release.json, privacy.json", "parameters", "mechanism, ε, score, and where each came from"),
        ("release.json", "hashes", "of the checkpoints and of the ledger's last entry"),
        ("croissant.json, README.md", "description", "the same for machines and for people"),
        ("SHA256SUMS", "checksums", "of the bundle's own files"),
    ]
    return [{"file": file, "field": field, "what": what} for file, field, what in told]
