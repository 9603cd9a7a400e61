"""What a release would leave of a selection, drawn by the product's own mechanisms.

The draws are charged to a ledger that is thrown away: nothing leaves.
"""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from dataselect_gui import __version__
from dataselect_gui.privacy.identity import record_keys
from dataselect_gui.privacy.ledger import Ledger
from dataselect_gui.privacy.mechanisms.mechanism import Mechanism, Setting
from dataselect_gui.project.table import Index
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.drawing import draw
from dataselect_gui.release.kinds.records import Records
from dataselect_gui.release.procedure import part_of
from dataselect_gui.release.terms import Bounds, Cut, Terms
from dataselect_gui.study.dataset import Dataset

_BOUNDS = (0.01, 0.99)


def public_bounds(scores: NDArray[np.float64]) -> tuple[str, str]:
    """Return bounds of a score as a consortium would state them, from records of its own."""
    low, high = np.nanquantile(scores, _BOUNDS).tolist()
    return f"{low:.6g}", f"{max(high, low + 1e-9):.6g}"


def draw_release(
    dataset: Dataset,
    places: NDArray[np.int64],
    scores: NDArray[np.float64],
    chosen: NDArray[np.bool_],
    mechanism: type[Mechanism],
    epsilon: str,
    bounds: tuple[str, str],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Draw a release of records, at most one of a person.

    Parameters
    ----------
    dataset : Dataset
        The records.
    places : ndarray of int64
        Which of them are there to be released, shape (n,).
    scores : ndarray of float64
        Of these, shape (n,).
    chosen : ndarray of bool
        The selection, shape (n,).
    mechanism : type
        How.
    epsilon : str
        Per unit.
    bounds : tuple of str
        Of the score, public.

    Returns
    -------
    tuple of ndarray of bool
        What leaves, and what took part in the draw; each of shape (n,).
    """
    units = dataset.index.units
    index = dataset.index
    few = Index(
        [index.ids[place] for place in places],
        [index.labels[place] for place in places],
        None if units is None else [units[place] for place in places],
        index.content[places],
    )
    candidates = Candidates(
        source=dataset.source,
        index=few,
        scores=scores,
        eligible=np.ones(len(places), dtype=bool),
        chosen=chosen,
        unit_column=None if units is None else "unit",
        scored_by=__version__,
        labels=few.labels,
    )
    keys = record_keys(few.content, few.units)
    with TemporaryDirectory() as home, Ledger(Path(home)).session() as session:
        part = part_of(candidates, 1, session.keep)
        assert part is not None
        setting = Setting(
            max_contributions=1,
            epsilon=Decimal(epsilon),
            count=min(int(chosen.sum()), int(part.sum())),
            query=Records().query(mechanism),
        )
        terms = Terms(
            release="study",
            program=__version__,
            date="",
            kind=Records(),
            mechanism=mechanism.calibrated(setting),
            conditional="threshold" in mechanism.takes,
            unit="record" if units is None else "person",
            score="",
            variant="",
            lowest=False,
            cut=Cut("fraction", "viewed"),
            bounds=Bounds(Decimal(bounds[0]), Decimal(bounds[1]), "agreed"),
            in_training="no",
            after_exact=False,
            checkpoint="",
        )
        drawn = draw(replace(candidates, part=part), keys, terms, session.secrets_of)
    names = json.loads(drawn)["names"]
    return np.array([key.hex() in names for key in keys], dtype=bool), part
