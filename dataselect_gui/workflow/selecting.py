"""A project's table of scores and its selection."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.request import Request
from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.amounts import decimal_of
from dataselect_gui.project.project import MOMENT_SECONDS, Project
from dataselect_gui.project.settings import StoredRule
from dataselect_gui.scoring.catalog import in_order
from dataselect_gui.selection.rules import Cut, Rule, Selection, is_cut, select
from dataselect_gui.texts import N_, _, ngettext

_REFUSED_CUTS: dict[Cut, tuple[str, str, str]] = {
    "threshold": (
        N_("The threshold cannot be “{text}”."),
        N_("It is a number."),
        N_("Give another threshold."),
    ),
    "count": (
        N_("The count cannot be “{text}”."),
        N_("It is a whole number above zero."),
        N_("Give another count."),
    ),
    "fraction": (
        N_("The fraction cannot be “{text}”."),
        N_("It is above 0 and at most 1."),
        N_("Give another fraction."),
    ),
}
"""What is said of a threshold, a count or a fraction that is none: what, why, and what to do."""


def scores(project_path: Path) -> dict[str, list[Any]]:
    """Return the table of scores: column name → values, in the source's order."""
    project = Project.open(project_path)
    table = project.table
    index = table.index
    eligible = eligible_records(project, index.ids)
    columns: dict[str, list[Any]] = {
        "id": list(index.ids),
        "label": list(index.labels),
        "unit": list(index.ids if index.units is None else index.units),
        "eligible": eligible.tolist(),
        "selected": selection_of(project, eligible).chosen.tolist(),
    }
    for name in in_order(table.columns()):
        columns[name] = [None if np.isnan(v) else v for v in table.values(name).tolist()]
    return columns


def make_rule(
    by: str,
    *,
    threshold: str | None = None,
    count: int | None = None,
    fraction: str | None = None,
    lowest: bool = False,
) -> Rule:
    """Make a rule from exactly one of threshold, count and fraction.

    Raises
    ------
    UsageError
        Where there is not exactly one, or it makes no sense.
    """
    given: dict[Cut, str | int | None] = {
        "threshold": threshold,
        "count": count,
        "fraction": fraction,
    }
    stated = {cut: value for cut, value in given.items() if value is not None}
    if len(stated) != 1:
        raise UsageError(
            _("The rule is not clear."),
            ngettext(
                "It needs exactly one of threshold, count and fraction; {count} were given.",
                "It needs exactly one of threshold, count and fraction; {count} were given.",
                len(stated),
            ),
            _("Give one of them."),
        )
    ((cut, text),) = stated.items()
    value = decimal_of(str(text))
    if value is None or not is_cut(cut, value):
        what, why, do = _REFUSED_CUTS[cut]
        raise UsageError(
            _(what, text=text),
            _(why),
            _(do),
        )
    return Rule(by, cut, value, lowest)


def requested_rule(request: Request, scores: Collection[str], records: int) -> Rule | None:
    """Return the rule that the consortium's request asks for; None where it asks for none.

    Parameters
    ----------
    request : Request
        The consortium's.
    scores : collection of str
        The scores that there are.
    records : int
        How many records there are.
    """
    if request.score is None or request.score not in scores:
        return None
    if request.threshold is not None:
        return make_rule(request.score, threshold=str(request.threshold))
    if request.count is None:
        return None
    return make_rule(request.score, count=min(request.count, records))


def select_records(
    project_path: Path,
    rule: Rule | None,
    *,
    withhold: Sequence[str] = (),
    restore: Sequence[str] = (),
) -> tuple[list[str], float | None]:
    """Replace the project's selection, or withhold and restore records.

    Parameters
    ----------
    project_path : Path
        The project.
    rule : Rule or None
        The new rule; None to keep the one there is.
    withhold, restore : sequence of str
        Ids.

    Returns
    -------
    tuple of list of str and float or None
        The selected ids in the source's order, and the threshold.

    Raises
    ------
    UsageError
        Where the score was not computed or an id is unknown.
    """
    project = Project.open(project_path)
    with project.exclusive():
        table = project.table
        unknown = ({*withhold, *restore}) - set(table.index.ids)
        if unknown:
            raise UsageError(
                _("There is no record “{record}”.", record=min(unknown)),
                ngettext(
                    "{count} of the ids are not in this project.",
                    "{count} of the ids are not in this project.",
                    len(unknown),
                ),
                _("Ids are those in the table of scores."),
            )
        if rule is not None:
            if rule.score not in table.columns():
                raise UsageError(
                    _("The score “{score}” was not computed.", score=rule.score),
                    _("The project has {scores}.", scores=", ".join(table.columns()) or _("none")),
                    _("Select by one of these, or score the records by it."),
                )
            project.settings.rule = StoredRule.of(rule)
        project.settings.withheld = sorted((project.withheld | set(withhold)) - set(restore))
        project.save()
        chosen = selection_of(project, eligible_records(project, table.index.ids))
    ids = [table.index.ids[row] for row in np.flatnonzero(chosen.chosen).tolist()]
    return ids, chosen.threshold


def put_selection(project_path: Path, rule: Rule | None, withheld: Sequence[str]) -> None:
    """Replace a project's rule and its list of withheld ids.

    Raises
    ------
    UnusableError
        Where another process holds the project: a person waits for this, so it waits a moment only.
    """
    project = Project.open(project_path)
    with project.exclusive(MOMENT_SECONDS):
        project.settings.rule = None if rule is None else StoredRule.of(rule)
        project.settings.withheld = sorted(withheld)
        project.save()


def eligible_records(project: Project, ids: Sequence[str]) -> NDArray[np.bool_]:
    """Return which records neither the owner withholds nor a person opted out of, shape (n,)."""
    units = project.table.index.units or ids
    return ~(among(ids, project.withheld) | among(units, project.opted_out))


def among(names: Sequence[str], listed: Collection[str]) -> NDArray[np.bool_]:
    """Return which names are listed, shape (n,)."""
    return np.array([name in listed for name in names], dtype=bool)


def rule_of(project: Project) -> Rule | None:
    """Return the project's rule; None where it has none yet."""
    stored = project.settings.rule
    return None if stored is None else stored.rule


def selection_of(project: Project, eligible: NDArray[np.bool_]) -> Selection:
    """Return the selection by the project's rule; an empty one where it has none."""
    rule = rule_of(project)
    if rule is None:
        return Selection(np.zeros(len(eligible), dtype=bool), None)
    return select(rule, project.table.values(rule.score), eligible)
