"""A project's table of scores and its selection."""

import contextlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.json_file import LARGEST, parse_object
from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.checkpoints.request import Request
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.privacy.amounts import decimal_of
from dataselect_gui.project.project import MOMENT_SECONDS, Project
from dataselect_gui.project.settings import StoredRule
from dataselect_gui.records.opening import open_source
from dataselect_gui.scoring.catalog import in_order
from dataselect_gui.selection.forms import read_rule
from dataselect_gui.selection.rules import (
    ByClass,
    CutBy,
    Everything,
    FixedRule,
    RecordRule,
    Rule,
    ScoreCut,
    is_cut,
)
from dataselect_gui.selection.selecting import Selection, select
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.workflow.answers import answers_of
from dataselect_gui.workflow.calibrated_rules import calibrated_rule
from dataselect_gui.workflow.decisions import Decision, note_choice
from dataselect_gui.workflow.marks import eligible_records
from dataselect_gui.workflow.viewing import note_settled, note_view, was_shown

_REFUSED_CUTS: dict[CutBy, tuple[str, str, str]] = {
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
    """Return the table of scores: column name → values, in the source's order.

    Raises
    ------
    UnusableError
        Where it is no project, or it cannot be noted there that scores are shown.
    """
    project = Project.open(project_path)
    table = project.table
    note_view(project)
    index = table.index
    eligible = eligible_records(project, index.ids)
    columns: dict[str, list[Any]] = {
        "id": list(index.ids),
        "label": list(index.labels),
        **({} if index is table.own else {"label_before": list(table.own.labels)}),
        "unit": list(index.ids if index.units is None else index.units),
        "eligible": eligible.tolist(),
        "selected": selection_of(project, eligible).chosen.tolist(),
    }
    if (answers := answers_of(table)) is not None:
        columns |= answers.columns()
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
) -> ScoreCut:
    """Make a rule from exactly one of threshold, count and fraction.

    Raises
    ------
    UsageError
        Where there is not exactly one, or it makes no sense.
    """
    given: dict[CutBy, str | int | None] = {
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
    return ScoreCut(by, cut, value, lowest)


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
    asked = request.asked_rule
    if asked is not None:
        return asked if scores and set(asked.scores) <= set(scores) else None
    if request.score is None or request.score not in scores:
        return None
    if request.threshold is not None:
        return make_rule(request.score, threshold=str(request.threshold))
    if request.count is None:
        return None
    return make_rule(request.score, count=min(request.count, records))


def usual_rule(
    decision: Decision | None, request: Request, scores: Collection[str], records: int
) -> Rule | None:
    """Return the rule that a project begins with, where nothing was selected.

    It is what was decided, or else what the request asks for. Where that asks for nothing, or for what
    its calibration says, it is everything that is eligible: whether to leave out is for the owner to
    decide.

    Parameters
    ----------
    decision : Decision or None
        The project's.
    request, scores, records
        As `requested_rule` takes them.

    Returns
    -------
    Rule or None
        None as long as nothing is scored, or a count is to decide.
    """
    if not scores:
        return None
    if decision is not None and decision.taken == "before":
        return decision.decided
    asked = requested_rule(request, scores, records)
    return Everything() if asked is None or asked == calibrated_rule(request) else asked


def read_rule_file(path: Path) -> FixedRule:
    """Return the rule in a file, in the form that a request has it in.

    Raises
    ------
    UnusableError
        Where the file cannot be read, or holds none.
    """
    try:
        with path.open("rb") as file:
            return read_rule(parse_object(file.read(LARGEST + 1)))
    except (OSError, ValueError) as error:
        raise UnusableError(
            _("“{name}” holds no rule.", name=path.name),
            _("It cannot be read.") if isinstance(error, OSError) else str(error),
            _("Give a JSON object like the request's “rule”."),
        ) from None


def rule_per_class(project_path: Path, score: str) -> RecordRule:
    """Return the request's thresholds of one score by class, as a rule of their own.

    Raises
    ------
    UsageError
        Where the request states none.
    """
    asked = find_checkpoint(checkpoint_path(Project.open(project_path))).request.asked_rule
    conditions = asked.conditions if isinstance(asked, RecordRule) else ()
    by_class = tuple(
        condition
        for condition in conditions
        if condition.score == score
        and any(isinstance(bound, ByClass) for bound in (condition.least, condition.most))
    )
    if not by_class:
        raise UsageError(
            _("The request states no thresholds of “{score}” by class.", score=score),
            _("They are part of the rule that a consortium may ask for."),
            _("Select by one threshold for all classes, or by a rule of your own."),
        )
    return RecordRule(by_class)


def _check(rule: Rule, project: Project, computed: Sequence[str]) -> None:
    """Refuse a rule that reads a score that was not computed, or lists a class that there is not.

    Raises
    ------
    UsageError
        Where it does.
    """
    for score in rule.scores:
        if score not in computed:
            raise UsageError(
                _("The score “{score}” was not computed.", score=score),
                _("The project has {scores}.", scores=", ".join(computed) or _("none")),
                _("Select by one of these, or score the records by it."),
            )
    if isinstance(rule, RecordRule) and rule.reads_classes:
        unknown = find_checkpoint(checkpoint_path(project)).unknown_classes(rule)
        if unknown:
            raise UsageError(
                _("The rule names a class that the model does not know: “{name}”.", name=unknown[0]),
                _("A record's class is what the model calls it, letter for letter."),
                _("Write the rule in the model's names."),
            )


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
            _check(rule, project, table.columns())
            _note_choice(project, rule)
            project.settings.rule = StoredRule.of(rule)
        project.settings.withheld = sorted((project.withheld | set(withhold)) - set(restore))
        settle_again(project)
        project.save()
        if project.settings.rule is not None and project.settings.rule.rule.scores:
            note_view(project)  # Whoever sees what it picks has seen something of the scores.
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
        if rule is not None:
            _note_choice(project, rule)
        project.settings.rule = None if rule is None else StoredRule.of(rule)
        project.settings.withheld = sorted(withheld)
        settle_again(project)
        project.save()


def _note_choice(project: Project, rule: Rule) -> None:
    """Note what is selected by, see `note_choice`."""
    request = Request() if isinstance(rule, ScoreCut) else _request_of(project)
    note_choice(project, request, rule, was_shown=was_shown(project))


def settle_again(project: Project) -> None:
    """Note in the ledger what is settled, as long as that can still be changed."""
    if not project.was_shown:
        note_settled(project, _request_of(project))


def _request_of(project: Project) -> Request:
    """Return the consortium's request; a checkpoint that moved brings none."""
    with contextlib.suppress(UnusableError, UsageError):
        return find_checkpoint(checkpoint_path(project)).request
    return Request()


def rule_of(project: Project) -> Rule | None:
    """Return the project's rule; None where it has none yet."""
    stored = project.settings.rule
    return None if stored is None else stored.rule


def selection_of(project: Project, eligible: NDArray[np.bool_]) -> Selection:
    """Return the selection by the project's rule; an empty one where it has none."""
    rule = rule_of(project)
    if rule is None:
        return Selection(np.zeros(len(eligible), dtype=bool), None)
    values = {score: project.table.values(score) for score in rule.scores}
    return select(rule, values, eligible, classes_for(project, rule))


def classes_for(project: Project, rule: Rule) -> list[str | None] | None:
    """Return the class of each record in the consortium's spelling, shape (n,), where a rule reads it.

    Raises
    ------
    UnusableError
        Where the checkpoint or the source, which it takes to read labels, is not where it was.
    """
    reader = class_reader(project, rule)
    if reader is None:
        return None
    return [reader.written(label) for label in project.table.index.labels]


def class_reader(project: Project, rule: Rule) -> LabelReader | None:
    """Return what reads labels as classes, where a rule reads classes, as `classes_for`."""
    if not isinstance(rule, RecordRule) or not rule.reads_classes:
        return None
    ref, checkpoint = project.settings.source.ref, find_checkpoint(checkpoint_path(project))
    return LabelReader.of(checkpoint, open_source(ref).classes, ref.labels)


def checkpoint_path(project: Project) -> Path:
    """Return where a project's checkpoint is."""
    return Path(project.settings.checkpoint.path)


def check_rule(project_path: Path, rule: Rule) -> None:
    """Refuse a rule that a project cannot select by.

    Raises
    ------
    UsageError
        Where it reads a score that was not computed, or names a class that the model does not know.
    UnusableError
        Where that cannot be told, since the checkpoint is not where it was.
    """
    project = Project.open(project_path)
    _check(rule, project, project.table.columns())
