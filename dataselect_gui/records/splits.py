"""The parts of a source that a training keeps apart: train, test and the like.

Records of several parts are never mixed: which one is meant, a person says.
"""

from collections.abc import Iterable, Mapping

from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _

_NAMES = frozenset(
    "train training val valid validation dev test testing eval evaluation holdout unsupervised".split()
)


class SplitNeededError(UnusableError):
    """A source has several parts, and nobody said which is meant.

    Attributes
    ----------
    splits : dict
        Part → how many records it has.
    """

    def __init__(self, source: str, splits: Mapping[str, int]) -> None:
        self.splits = dict(splits)
        super().__init__(
            _("“{name}” has several parts, and which one is meant is not said.", name=source),
            _("Its parts are {splits}; they are not mixed.", splits=_listed(splits)),
            _("Choose one of them (--split NAME)."),
        )


def is_split(name: str) -> bool:
    """Say whether a folder or an array is called as parts of data usually are."""
    return name.casefold() in _NAMES


def are_splits(names: Iterable[str]) -> bool:
    """Say whether folders are parts of data, not classes: two of them are called so, or all are."""
    called = [is_split(name) for name in names]
    return sum(called) > 1 or (bool(called) and all(called))


def chosen_split(source: str, splits: Mapping[str, int], wanted: str | None) -> str | None:
    """Return which part of a source is meant; None where it has none.

    Parameters
    ----------
    source : str
        What the source is called.
    splits : mapping
        Part → how many records it has.
    wanted : str or None
        The part that a person chose.

    Raises
    ------
    SplitNeededError
        Where there are several, and nobody chose.
    UnusableError
        Where there is none of that name.
    """
    if wanted is None:
        if len(splits) > 1:
            raise SplitNeededError(source, splits)
        return next(iter(splits), None)
    if wanted not in splits:
        raise UnusableError(
            _("“{name}” has no part “{split}”.", name=source, split=wanted),
            _("Its parts are {splits}.", splits=_listed(splits) or _("(none)")),
            _("Choose one of these, or leave the choice out where there is none."),
        )
    return wanted


def _listed(splits: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({count:,})" for name, count in splits.items())
