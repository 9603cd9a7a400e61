"""Which records the owner marked, and how a project takes the marks of another one over."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.project.following import followed, followed_units
from dataselect_gui.project.project import Project


def eligible_records(project: Project, ids: Sequence[str]) -> NDArray[np.bool_]:
    """Return which records neither the owner withholds nor a person opted out of, shape (n,)."""
    units = project.table.index.units or ids
    return ~(among(ids, project.withheld) | among(units, project.opted_out))


def among(names: Sequence[str], listed: Collection[str]) -> NDArray[np.bool_]:
    """Return which names are listed, shape (n,)."""
    if not listed:
        return np.zeros(len(names), dtype=bool)
    return np.array([name in listed for name in names], dtype=bool)


def take_over(new: Project, earlier: Project) -> None:
    """Give a new project the marks of an earlier one of the same records, which are read another way.

    Where people are named by another column, the records of those who opted out are withheld, each by
    itself.
    """
    settings = new.settings
    if _people_of(new) == _people_of(earlier):
        settings.withheld, settings.opted_out = sorted(earlier.withheld), sorted(earlier.opted_out)
    else:
        ids = earlier.table.index.ids
        kept = eligible_records(earlier, ids).tolist()
        marked = {record for record, is_kept in zip(ids, kept, strict=True) if not is_kept}
        settings.withheld, settings.opted_out = sorted(marked | earlier.withheld), []
    new.save()


def follow(new: Project, earlier: Project) -> None:
    """Find the marked records of an earlier project again, where their source lists them anew."""
    settings, (old, now) = new.settings, (earlier.table.index, new.table.index)
    settings.withheld = followed(settings.withheld, old, now)
    settings.opted_out = followed_units(settings.opted_out, old, now)
    new.save()


def _people_of(project: Project) -> str | None:
    return project.settings.source.unit_column
