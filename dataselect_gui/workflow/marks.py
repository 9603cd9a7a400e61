"""Which records the owner marked, and whether that was settled before the first view of a score."""

from collections.abc import Collection, Sequence

import msgspec
import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from dataselect_gui.project.following import followed, followed_marks, followed_units
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import Marks


def eligible_records(project: Project, ids: Sequence[str]) -> NDArray[np.bool_]:
    """Return which records neither the owner withholds nor a person opted out of, shape (n,)."""
    return _unmarked(project, ids, project.withheld, project.opted_out)


def among(names: Sequence[str], listed: Collection[str]) -> NDArray[np.bool_]:
    """Return which names are listed, shape (n,)."""
    return np.array([name in listed for name in names], dtype=bool)


def eligible_then(project: Project, ids: Sequence[str], marks: Marks) -> NDArray[np.bool_]:
    """Return which records were eligible by the marks of some moment, shape (n,)."""
    return _unmarked(project, ids, set(marks.withheld), set(marks.opted_out))


def take_over(new: Project, earlier: Project) -> None:
    """Give a new project the marks of an earlier one of the same records, which are read another way.

    Where people are named by another column, the records of those who opted out are withheld, each by
    itself. What was marked after a score had been shown counts as marked late here, too.
    """
    ids, is_same = earlier.table.index.ids, _people_of(new) == _people_of(earlier)

    def carried(withheld: Collection[str], opted_out: Collection[str]) -> Marks:
        if is_same:
            return Marks(sorted(withheld), sorted(opted_out))
        unmarked = _unmarked(earlier, ids, withheld, opted_out).tolist()
        marked = {record for record, kept in zip(ids, unmarked, strict=True) if not kept}
        return Marks(sorted(marked | set(withheld)), [])

    now, shown = carried(earlier.withheld, earlier.opted_out), earlier.settings.shown
    settings = new.settings
    settings.withheld, settings.opted_out = now.withheld, now.opted_out
    if isinstance(shown, Marks):
        then = carried(set(shown.withheld), set(shown.opted_out))
        shown = msgspec.structs.replace(then, is_thinned=shown.is_thinned)
    settings.shown = shown
    new.save()


def follow(new: Project, earlier: Project) -> None:
    """Find the marked records of an earlier project again, where their source lists them anew."""
    settings, (old, now) = new.settings, (earlier.table.index, new.table.index)
    settings.withheld = followed(settings.withheld, old, now)
    settings.opted_out = followed_units(settings.opted_out, old, now)
    if isinstance(settings.shown, Marks):
        settings.shown = followed_marks(settings.shown, old, now)
    new.save()


def _people_of(project: Project) -> str | None:
    return project.settings.source.unit_column


def are_late(project: Project) -> bool:
    """Say whether a record was marked, unmarked or taken out after a score of it was shown.

    Of a project of an earlier version that is not known: there, any mark counts as late.
    """
    shown, ids = project.settings.shown, project.table.index.ids
    if shown is None:
        return False
    now = eligible_records(project, ids)
    if shown is UNSET:
        return not bool(now.all())
    return shown.is_thinned or bool((now != eligible_then(project, ids, shown)).any())


def _unmarked(
    project: Project, ids: Sequence[str], withheld: Collection[str], opted_out: Collection[str]
) -> NDArray[np.bool_]:
    units = project.table.index.units or ids
    return ~(among(ids, withheld) | among(units, opted_out))
