"""Which scores there are and what each needs. No torch here: the window and the terminal read it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from dataselect_gui.errors import UsageError

Precision = Literal["float32", "float64"]
PRECISIONS = get_args(Precision)
WINDOWS = ("early", "middle", "late")


@dataclass(frozen=True)
class Score:
    """One score per record.

    Attributes
    ----------
    name : str
        Its name in commands, files and the window: that of its definition, and what of it differs.
    meaning : str
        What it says, in one line.
    base : str
        The definition.
    form : str
        Which of several forms of the definition is meant; empty where there is one.
    window : str
        The third of the series that it reads; empty for all of it.
    is_averaged : bool
        Whether it is averaged over the series instead of read from the final checkpoint.
    needs_label : bool
        Empty for records without a label.
    reads_series : bool
        Its definition is one over the series.
    needs : tuple of str
        The keys of the consortium's request without which it cannot be computed.
    """

    name: str
    meaning: str
    base: str
    form: str = ""
    window: str = ""
    is_averaged: bool = False
    needs_label: bool = True
    reads_series: bool = False
    needs: tuple[str, ...] = ()

    @property
    def needs_model(self) -> bool:
        """Whether it is computed from the checkpoints."""
        return self.base != "random"

    @property
    def has_map(self) -> bool:
        """Whether the same question can be asked of each element of a record's input."""
        return self.base in {"vog", "plis"}

    @property
    def variant(self) -> str:
        """What is stored with the score: the form, the window, the average."""
        parts = (
            self.form,
            f"{self.window} third of the series" if self.window else "",
            "averaged over the series" if self.is_averaged else "",
        )
        return ", ".join(part for part in parts if part)

    def members(self, series: int) -> range:
        """Return which checkpoints of a series of that length it reads, where it reads the series."""
        if not self.window:
            return range(series)
        # As `numpy.array_split` cuts: the first parts take what is left over.
        part, left = divmod(series, len(WINDOWS))
        place = WINDOWS.index(self.window)
        start = place * part + min(place, left)
        return range(start, start + part + (place < left))


_TRAINING = ("noise_multiplier", "max_grad_norm", "sample_rate", "steps", "delta")
SCORES = {
    score.name: score
    for score in (
        Score("loss", "cross-entropy of the given label", "loss"),
        Score("el2n", "distance of the prediction from the given label (arXiv 2107.07075)", "el2n"),
        Score(
            "grad_norm",
            "L2 norm of the gradient over all trainable parameters (arXiv 2107.07075)",
            "grad_norm",
        ),
        Score(
            "clipped_norm",
            "that norm, at most the consortium's clip norm: what its training sees",
            "clipped_norm",
            needs=("max_grad_norm",),
        ),
        Score(
            "privacy_loss",
            "the ε that the record would incur in the consortium's training (arXiv 2008.11193)",
            "privacy_loss",
            reads_series=True,
            needs=_TRAINING,
        ),
        Score(
            "vog",
            "variance of the label's input gradient over the series (arXiv 2008.11600)",
            "vog",
            form="std",
            needs_label=False,
            reads_series=True,
        ),
        Score(
            "plis",
            "susceptibility of the gradient norm to the input (arXiv 2211.10173)",
            "plis",
            form="L2",
        ),
        Score(
            "alignment",
            "inner product of the gradient and the consortium's direction (arXiv 2002.08484)",
            "alignment",
            needs=("direction",),
        ),
        Score("random", "a keyed random number in [0, 1): the baseline", "random", needs_label=False),
    )
}
"""The scores that are computed by default, each in its usual form."""
_FORMS = {"vog": {"var": "var"}, "plis": {"l1": "L1", "mean": "mean of absolute values"}}


def find_score(name: str) -> Score:
    """Return a score by its name, such as ``vog``, ``vog-var-late``, ``plis-l1``, ``loss-series``.

    Raises
    ------
    UsageError
        Where there is none of that name.
    """
    base, *options = name.split("-")
    score = SCORES.get(base)
    for option in options if score is not None else []:
        assert score is not None
        is_single = score.needs_model and not score.reads_series
        if option in _FORMS.get(base, {}) and score.form == SCORES[base].form:
            score = replace(score, form=_FORMS[base][option])
        elif option in WINDOWS and base == "vog" and not score.window:
            score = replace(score, window=option)
        elif option == "series" and is_single and not score.is_averaged:
            score = replace(score, is_averaged=True)
        else:
            score = None
            break
    if score is None:
        raise UsageError(
            f"There is no score “{name}”.",
            f"The scores are {', '.join(SCORES)}; with forms vog-var, vog-early, vog-middle, vog-late, "
            "plis-l1, plis-mean, and NAME-series for an average over the series.",
            "Name one or more of these, separated by commas.",
        )
    return replace(score, name=name)


def in_order(names: Iterable[str]) -> list[str]:
    """Return names of scores in the order of the catalog, forms after their usual form."""
    places = {base: place for place, base in enumerate(SCORES)}
    # Those that are not known here, by a newer version of the program, go last.
    return sorted(names, key=lambda name: (places.get(name.split("-")[0], len(places)), name))


def applicable(
    names: Iterable[str] | None, *, series: int, labelled: bool, request: Mapping[str, Any]
) -> list[Score]:
    """Return the scores to compute.

    Parameters
    ----------
    names : iterable of str or None
        What was asked for; None for all that apply.
    series : int
        How many checkpoints the series has.
    labelled : bool
        Whether any record has a label.
    request : mapping
        What the consortium's request states.

    Raises
    ------
    UsageError
        Where a name is unknown, or a score that was asked for cannot be computed.
    """
    if names is None:
        return [
            score
            for score in SCORES.values()
            if _obstacle(score, series=series, labelled=labelled, request=request) is None
        ]
    chosen = []
    for name in dict.fromkeys(names):
        score = find_score(name)
        obstacle = _obstacle(score, series=series, labelled=labelled, request=request)
        if obstacle is not None:
            raise UsageError(f"“{name}” cannot be computed.", *obstacle)
        chosen.append(score)
    return chosen


def _obstacle(
    score: Score, *, series: int, labelled: bool, request: Mapping[str, Any]
) -> Sequence[str] | None:
    """Return why a score cannot be computed, and what to do; None where it can."""
    if score.base == "vog" and len(score.members(series)) < 2:
        return (
            "It needs at least two checkpoints of one training run"
            + (f" in the {score.window} third of the series" if score.window else "")
            + f"; there {'is' if series == 1 else 'are'} {len(score.members(series))}.",
            "Ask the consortium for the series, or leave this score out.",
        )
    if score.needs_label and not labelled:
        return (
            "It needs labels, and no record has one.",
            "Name the label column, or leave this score out.",
        )
    missing = [key for key in score.needs if key not in request]
    if missing:
        return (
            f"The consortium's request does not state {', '.join(missing)}.",
            "Ask the consortium for a dataselect.json that does, or leave this score out.",
        )
    return None
