"""What the options of a release say of themselves: one loop over what can be released."""

from collections.abc import Iterable

from dataselect_gui.workflow import KINDS, MECHANISMS, Answer, mechanisms_of


def one_of(names: Iterable[str]) -> str:
    """Return names as a choice: a, b or c."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def _takers(answer: Answer) -> list[str]:
    return [name for name, mechanism in MECHANISMS.items() if answer in mechanism.takes]


def _by_kind() -> str:
    ways = (
        f"{name}: {one_of(mechanism.name for mechanism in mechanisms_of(kind))}"
        for name, kind in KINDS.items()
    )
    return f"{'; '.join(ways)}. The first is the usual one."


KIND = f"{one_of(KINDS)}."
MECHANISM = _by_kind()
DELTA = f"The chance that the promise fails; for {one_of(_takers('delta'))}."
COUNT = f"How many {one_of(_takers('count'))} takes; public."
