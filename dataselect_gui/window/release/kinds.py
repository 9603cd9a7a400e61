"""What can be released and how, in words, and what each needs to be told."""

from dataselect_gui.workflow import BY_THRESHOLD

KINDS = {
    "records": ("Records", "The records themselves leave, in full, with their labels."),
    "offers": (
        "Offers",
        "Random names of records that you offer leave. No record leaves, and only you can tell which "
        "name is which.",
    ),
    "scores": (
        "Scores",
        "One score with noise for each eligible record leaves, under a random name. No record leaves.",
    ),
    "report": (
        "Report",
        "Counts with noise leave: how many of your records score how high. No record leaves.",
    ),
    "gradient": (
        "Gradient",
        "One sum with noise leaves: what your selection would teach the model in a step. No record "
        "leaves.",
    ),
}
"""Kind → what it is called, and what leaves."""
MECHANISMS = {
    "one-sided": (
        "One-sided: chance decides",
        "Nothing but your selection leaves, and chance keeps a part of it back, by one draw per record "
        "that is made once for good.",
    ),
    "randomized-response": (
        "Randomised response",
        "Whether a record is in your selection is told truly or turned round, by chance. So some "
        "others leave too.",
    ),
    "noisy-top-k": (
        "Noisy top-k",
        "Scores get noise, and a public number of the best by it is taken. So some others leave too.",
    ),
    "exact": ("Exact: everything, no protection", ""),
    "laplace": (
        "Laplace noise on each score",
        "Each score is clipped to public bounds first.",
    ),
    "discrete-laplace": ("Laplace noise on each count", "ε alone bounds what counts reveal."),
    "discrete-gaussian": (
        "Gaussian noise",
        "Less noise for many numbers at once, for a promise that holds but for a small chance δ.",
    ),
}
"""Mechanism → what it is called, and what it does."""
OFFERED = " others leave too.", " others are offered too."
"""What is said of records, and of offers instead."""


def explained(kind: str, mechanism: str) -> str:
    """Return what a mechanism does."""
    text = MECHANISMS[mechanism][1]
    return text.replace(*OFFERED) if kind == "offers" else text


def has_cut(kind: str, mechanism: str | None) -> bool:
    """Say whether where the cut-off comes from changes what is promised."""
    return kind == "gradient" or (mechanism in BY_THRESHOLD and mechanism != "exact")


def has_delta(mechanism: str | None) -> bool:
    """Say whether a δ is needed."""
    return mechanism == "discrete-gaussian"


def has_bounds(mechanism: str | None, *, buys: bool) -> bool:
    """Say whether public bounds of the score are needed."""
    return mechanism in {"laplace", "noisy-top-k"} or buys
