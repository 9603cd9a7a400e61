"""Which records the owner marked, and whether that was settled before any score was shown."""

import contextlib
from collections.abc import Collection, Sequence

import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from dataselect_gui.errors import UnusableError
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import Marks


def eligible_records(project: Project, ids: Sequence[str]) -> NDArray[np.bool_]:
    """Return which records neither the owner withholds nor a person opted out of, shape (n,)."""
    return _unmarked(project, ids, project.withheld, project.opted_out)


def among(names: Sequence[str], listed: Collection[str]) -> NDArray[np.bool_]:
    """Return which names are listed, shape (n,)."""
    return np.array([name in listed for name in names], dtype=bool)


def note_shown(project: Project) -> None:
    """Note the marks as they are when a score is shown for the first time.

    Where the project cannot be written now, because another process scores into it, marks cannot be
    made either, and the next look notes them.
    """
    if project.settings.shown is not None:
        return
    with contextlib.suppress(UnusableError, OSError), project.exclusive(0):
        settle(project)
        project.save()


def settle(project: Project) -> None:
    """Note the marks, as `note_shown`, in a project that the caller has locked and saves."""
    settings = project.settings
    if settings.shown is None:
        settings.shown = Marks(list(settings.withheld), list(settings.opted_out))


def are_late(project: Project) -> bool:
    """Say whether a record was marked, or a mark taken back, after a score of it was shown.

    Of a project of an earlier version that is not known: there, any mark counts as late.
    """
    shown, ids = project.settings.shown, project.table.index.ids
    if shown is None:
        return False
    now = eligible_records(project, ids)
    if shown is UNSET:
        return not bool(now.all())
    return bool((now != _unmarked(project, ids, set(shown.withheld), set(shown.opted_out))).any())


def _unmarked(
    project: Project, ids: Sequence[str], withheld: Collection[str], opted_out: Collection[str]
) -> NDArray[np.bool_]:
    units = project.table.index.units or ids
    return ~(among(ids, withheld) | among(units, opted_out))
