"""Small worlds to audit: records that are scored by a model, and the program's own draws from them.

A record is a pair of logits with a label; the score is EL2N by the program's own function. One that is
confidently right scores 0, one that is confidently wrong √2. A *population* holds many copies of one
unit at once: where each record is drawn by itself, one draw of the population is that many draws of the
unit.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from dataselect_gui.privacy.mechanisms.mechanism import Setting
from dataselect_gui.privacy.noise import draw_coins, draw_exponentials
from dataselect_gui.project.table import Index
from dataselect_gui.records.source import Source
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.drawing import draw
from dataselect_gui.release.kinds.kind import as_noise
from dataselect_gui.release.registry import registered
from dataselect_gui.release.terms import Bounds, Cut, Terms
from dataselect_gui.tasks.single_label import SINGLE_LABEL

Scores = NDArray[np.float64]
Scoring = Callable[[NDArray[np.float64]], Scores]
BOUNDS = Bounds(Decimal(0), Decimal("1.4142135624"), "score")
THRESHOLD = 0.7
RIGHT, WRONG = (20.0, -20.0), (-20.0, 20.0)
"""Contents of a record: logits that are confidently right, and confidently wrong."""


def score(records: NDArray[np.float64]) -> Scores:
    """Score records, each by itself."""
    logits = torch.from_numpy(records)
    targets = torch.zeros(len(logits), dtype=torch.int64)
    return SINGLE_LABEL.distances(logits, targets).numpy()


def records(*contents: Sequence[float], copies: int = 1) -> NDArray[np.float64]:
    """Return records one after the other, all of them so many times."""
    return np.tile(np.array(contents, dtype=np.float64), (copies, 1))


def terms(
    mechanism: str,
    epsilon: float | None,
    *,
    m: int = 1,
    kind: str = "offers",
    delta: str | None = None,
    count: int | None = None,
    bins: tuple[str, ...] | None = None,
    count_threshold: str | None = None,
    passing: bool = False,
    classes: tuple[str, ...] | None = None,
    clip: str | None = None,
) -> Terms:
    """Return the terms of a release, its noise calibrated as the program does it."""
    line = registered(kind, mechanism)
    what = line.kind.of_form(
        {
            "padded": None,
            "bins": bins,
            "classes": classes,
            "count_threshold": count_threshold,
            "passing": passing,
            "clip": clip,
            "clip_from": "agreed",
        }
    )
    setting = Setting(
        max_contributions=m,
        epsilon=None if epsilon is None else Decimal(str(epsilon)),
        delta=None if delta is None else Decimal(delta),
        count=count,
        query=what.query(line.mechanism),
    )
    by_score = mechanism != "everything"
    return Terms(
        release="audit",
        program="audit",
        date="2000-01-01",
        kind=what,
        mechanism=line.mechanism.calibrated(setting),
        conditional=False,
        unit="record" if m == 1 else "person",
        score="el2n" if by_score else None,
        variant="" if by_score else None,
        lowest=False,
        cut=Cut("threshold", "agreed", Decimal(str(THRESHOLD))) if by_score else None,
        bounds=BOUNDS if by_score else None,
        marks=None if by_score else "settled",
        in_training="no",
        after_exact=False,
        checkpoint="0" * 64,
    )


def candidates(
    contents: NDArray[np.float64],
    *,
    scoring: Scoring = score,
    part: NDArray[np.bool_] | None = None,
    threshold: float = THRESHOLD,
    chosen: NDArray[np.bool_] | None = None,
    keep: NDArray[np.int64] | None = None,
) -> Candidates:
    """Return what a release chooses from, scored; chosen by the threshold where not stated."""
    scores = scoring(contents)
    everybody = np.ones(len(scores), dtype=bool)
    return Candidates(
        source=cast(Source, None),
        index=cast(Index, None),
        scores=scores,
        eligible=everybody,
        chosen=scores >= threshold if chosen is None else chosen,
        unit_column=None,
        scored_by="audit",
        labels=(),
        part=everybody if part is None else part,
        keep=keep,
    )


def keys(count: int) -> list[bytes]:
    """Return the ledger's keys of records."""
    return [row.to_bytes(32) for row in range(count)]


def fresh_secrets(asked: Sequence[bytes]) -> NDArray[np.int64]:
    """Return secrets of a source that was never released before."""
    return draw_exponentials(len(asked))


def fresh_coins(asked: Sequence[bytes]) -> NDArray[np.int64]:
    """Return coins of a source that was never released before."""
    return draw_coins(len(asked))


def leaving(
    chosen_from: Candidates,
    stated: Terms,
    secrets_of: Callable[[Sequence[bytes]], NDArray[np.int64]] = fresh_secrets,
    coins_of: Callable[[Sequence[bytes]], NDArray[np.int64]] | None = None,
) -> NDArray[np.bool_]:
    """Draw a release, and say which records are in it, shape (n,)."""
    names = keys(len(chosen_from.scores))
    drawn = json.loads(draw(chosen_from, names, stated, secrets_of, None, coins_of or fresh_coins))[
        "names"
    ]
    return np.array([key.hex() in drawn for key in names])


def noised(chosen_from: Candidates, stated: Terms) -> NDArray[np.float64]:
    """Draw noised scores, in the order of the records, in steps."""
    names = keys(len(chosen_from.scores))
    drawn = json.loads(draw(chosen_from, names, stated, fresh_secrets))
    return np.array([drawn["values"][drawn["names"][key.hex()]] for key in names], dtype=np.float64)


def weaker(stated: Terms, by: float) -> Terms:
    """Return terms with less noise than they say."""
    noise = as_noise(stated.mechanism)
    return replace(stated, mechanism=replace(noise, scale=noise.scale / by))
