"""What a project was scored with stays: other choices would mix scores, or lose those who opted out."""

from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.project.project import Project
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.scoring.names import PRECISIONS, Precision
from dataselect_gui.texts import _
from dataselect_gui.workflow.conditions import precision_of


def same_split(project: Project, split: str | None) -> str | None:
    """Return the part of the source that a project is about; refuse another one."""
    known = project.settings.source.split
    if project.settings.table is not None and split not in {None, known}:
        raise UnusableError(
            _("“{name}” is the project of another part.", name=project.folder.name),
            _(
                "It was scored with {known}; {split} is asked for now.",
                known=known or _("no part"),
                split=split,
            ),
            _("Score it into another project, or leave the part out."),
        )
    return split or known


def same_unit_column(project: Project, column: str | None) -> str | None:
    """Return the column that names a project's people; refuse another one once some opted out."""
    known = project.settings.source.unit_column
    if project.opted_out and column not in {None, known}:
        raise UnusableError(
            _("People opted out of “{name}” by other names.", name=project.folder.name),
            _(
                "They are named as in {known}; in “{column}” nobody would find them, and their records "
                "could leave.",
                known=_("no column") if known is None else f"“{known}”",
                column=column,
            ),
            _(
                "Leave the column of people as it is, or take them off the list of those who opted out "
                "first, and put them on it again by the other names."
            ),
        )
    return column or known


def same_text_column(project: Project, column: str | None) -> str | None:
    """Return the column that holds a project's texts; refuse another one."""
    known = project.settings.source.text_column
    if project.settings.table is not None and column not in {None, known}:
        raise UnusableError(
            _("“{name}” is the project of other texts.", name=project.folder.name),
            _(
                "They are those of {known}; those of “{column}” are asked for now.",
                known=_("no column") if known is None else f"“{known}”",
                column=column,
            ),
            _("Score them into another project, or leave the column out."),
        )
    return column or known


def same_rule(project: Project, labels: LabelRule | None) -> LabelRule:
    """Return how a project's labels are read; refuse another way: its scores would be mixed."""
    known = project.settings.source.labels
    if project.settings.table is not None and labels not in {None, known}:
        raise UnusableError(
            _("The labels of “{name}” are read in another way.", name=project.folder.name),
            _("Its scores were computed with labels as they were read then; they are not mixed."),
            _("Score into another project, or leave the options of labels out."),
        )
    return labels or known


def settle_precision(project: Project, requested: str | None) -> Precision:
    """Return the precision of a project's scores, which is the same for all."""
    earlier = precision_of(project)
    if requested not in {None, *PRECISIONS}:
        raise UsageError(
            _("The precision “{precision}” is not known.", precision=requested),
            _("It is one of {precisions}.", precisions=", ".join(PRECISIONS)),
            _("Leave it out for float32, or for what the project has."),
        )
    if requested is not None and earlier is not None and requested != earlier:
        raise UsageError(
            _("The scores of this project cannot be computed with {precision}.", precision=requested),
            _(
                "Those that it has were computed with {earlier}; numbers that differ are not mixed.",
                earlier=earlier,
            ),
            _("Leave the precision as it is, or score into another project."),
        )
    return requested or earlier or PRECISIONS[0]
