"""The base class of kinds that tell of each record whether it is in the release."""

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.mechanisms.mechanism import Mechanism, Pool, Query
from dataselect_gui.privacy.usefulness import Agreement
from dataselect_gui.release.grid import SCORE_STEPS, SCORES, on_grid
from dataselect_gui.release.kinds.kind import Kind, KindForm, Material, as_selection

if TYPE_CHECKING:
    from dataselect_gui.release.terms import Terms


@dataclass(frozen=True)
class SelectionKind(Kind):
    """Records, or names that stand for them, picked by a mechanism."""

    selects: ClassVar[bool] = True

    @classmethod
    def of_form(cls, form: KindForm) -> Self:
        """Return the kind: it has no parameters of its own."""
        del form
        return cls()

    def query(self, mechanism: type[Mechanism]) -> Query | None:
        """Return the scores, where the mechanism adds noise to them."""
        return SCORES if "bounds" in mechanism.takes else None

    def draw(self, material: Material) -> bytes:
        """Draw which records are there, and give each a random name."""
        candidates, rows, terms = material.candidates, material.rows, material.terms

        def steps() -> NDArray[np.int64]:
            return on_grid(candidates.scores[rows], terms.bounds, SCORE_STEPS, turned=terms.lowest)

        pool = Pool(
            material.picked(),
            lambda: material.secrets_of(material.keys)[rows],
            steps,
        )
        picked = rows[as_selection(terms.mechanism).pick(pool)]
        names = {material.keys[row].hex(): secrets.token_hex(16) for row in picked.tolist()}
        return json.dumps({"names": names}).encode()

    def expect(self, mechanism: Mechanism, records: int, selected: int) -> Agreement:
        """Return how well what leaves will agree with the selection."""
        return as_selection(mechanism).expect(records, selected)

    def how_drawn(self, terms: "Terms") -> str:
        """Return how it was drawn, as a sentence."""
        mechanism = as_selection(terms.mechanism)
        return mechanism.how_drawn(
            of_people=terms.of_people, lowest=terms.lowest, by_rule=terms.rule is not None
        )
