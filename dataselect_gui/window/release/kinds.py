"""What can be released and how, as the form needs it: by name, and what each has a use for."""

from dataselect_gui.workflow import KINDS, MECHANISMS, Answer, Kind, KindAnswer, Mechanism


def kind_named(name: str) -> type[Kind]:
    """Return a kind of release."""
    return KINDS[name]


def mechanism_named(name: str | None) -> type[Mechanism] | None:
    """Return a mechanism; None where none is chosen."""
    return None if not name else MECHANISMS[name]


def takes(kind: str, mechanism: str | None) -> frozenset[Answer | KindAnswer]:
    """Return which answers a kind and its mechanism have a use for."""
    chosen = mechanism_named(mechanism)
    nothing: frozenset[Answer] = frozenset()
    return kind_named(kind).takes | (nothing if chosen is None else chosen.takes)


def is_unprotected(mechanism: str | None) -> bool:
    """Say whether a mechanism promises nothing."""
    chosen = mechanism_named(mechanism)
    return chosen is not None and "epsilon" not in chosen.takes


def is_of_everything(mechanism: str | None) -> bool:
    """Say whether a mechanism is that all that is eligible leaves, by no score."""
    chosen = mechanism_named(mechanism)
    return chosen is not None and not chosen.takes


def is_of_counts(kind: str) -> bool:
    """Say whether what leaves are counts."""
    return "bins" in kind_named(kind).takes


def has_cut(kind: str, mechanism: str | None, *, passing: bool) -> bool:
    """Say whether where the cut-off comes from changes what is promised."""
    taken = takes(kind, mechanism)
    counts = passing and "passing" in taken
    return ("threshold" in taken or counts) and not is_unprotected(mechanism)


def has_bounds(kind: str, mechanism: str | None, *, buys: bool) -> bool:
    """Say whether public bounds of the score are needed."""
    return buys or "bounds" in takes(kind, mechanism)
