"""Which scores there are and what each needs. No torch here: the window and the terminal read it."""

from collections.abc import Iterable
from dataclasses import dataclass

from dataselect_gui.errors import UsageError


@dataclass(frozen=True)
class Score:
    """One score per record.

    Attributes
    ----------
    name : str
        Its name in commands, files and the window.
    meaning : str
        What it says, in one line.
    needs_label : bool
        Empty for records without a label.
    needs_series : bool
        Needs at least two checkpoints of one training run.
    needs_model : bool
        Computed from the checkpoints.
    variant : str
        Which of several definitions in use is meant; stored with the score.
    """

    name: str
    meaning: str
    needs_label: bool = True
    needs_series: bool = False
    needs_model: bool = True
    variant: str = ""


SCORES = {
    score.name: score
    for score in (
        Score("loss", "cross-entropy of the given label"),
        Score("el2n", "distance of the prediction from the given label (arXiv 2107.07075)"),
        Score("grad_norm", "L2 norm of the gradient over all trainable parameters (arXiv 2107.07075)"),
        Score(
            "vog",
            "variance of the label's input gradient over the series (arXiv 2008.11600)",
            needs_label=False,
            needs_series=True,
            variant="std",
        ),
        Score(
            "random",
            "a keyed random number in [0, 1): the baseline",
            needs_label=False,
            needs_model=False,
        ),
    )
}


def applicable(names: Iterable[str] | None, *, series: int, labelled: bool) -> list[Score]:
    """Return the scores to compute.

    Parameters
    ----------
    names : iterable of str or None
        What was asked for; None for all that apply.
    series : int
        How many checkpoints the series has.
    labelled : bool
        Whether any record has a label.

    Raises
    ------
    UsageError
        Where a name is unknown, or a score that was asked for cannot be computed.
    """
    if names is None:
        return [
            score
            for score in SCORES.values()
            if (series >= 2 or not score.needs_series) and (labelled or not score.needs_label)
        ]
    chosen = []
    for name in dict.fromkeys(names):
        score = SCORES.get(name)
        if score is None:
            raise UsageError(
                f"There is no score “{name}”.",
                f"The scores are {', '.join(SCORES)}.",
                "Name one or more of these, separated by commas.",
            )
        if score.needs_series and series < 2:
            raise UsageError(
                f"“{name}” cannot be computed.",
                "It needs at least two checkpoints of one training run; there is one.",
                "Ask the consortium for the series, or leave this score out.",
            )
        if score.needs_label and not labelled:
            raise UsageError(
                f"“{name}” cannot be computed.",
                "It needs labels, and no record has one.",
                "Name the label column, or leave this score out.",
            )
        chosen.append(score)
    return chosen
