"""How much computing a set of scores takes beside another one. No torch here: the window asks."""

from collections.abc import Iterable

from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.scoring.scores.base import ModelScore, passes_of

_REFERENCE = "reference"


def count_passes(names: Iterable[str], series: int) -> int:
    """Return how many passes through checkpoints a record takes for a set of scores.

    Scores share what they are made of, so that it is the passes of all together at each checkpoint, and
    not the sum of what each takes by itself. Through the final checkpoint every record goes at least
    once, for the model's answer.

    Parameters
    ----------
    names : iterable of str
        The scores; those that need no model take nothing.
    series : int
        How many checkpoints the series has, the final one last.
    """
    final: int | str = max(series, 1) - 1
    needed: dict[int | str, set[str]] = {final: set()}
    scores = [score for score in map(find_score, names) if isinstance(score, ModelScore)]
    for score in scores:
        states: list[int | str] = [final]
        if score.is_over_series:
            states = list(score.members(max(series, 1)))
        elif score.reads_reference:
            states = [final, _REFERENCE]
        for state in states:
            needed.setdefault(state, set()).update(passes_of(score.quantities))
    return sum(1 + len(passes) for passes in needed.values()) if scores else 0
