"""What was computed of a project's records, by the labels that they had then."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.request import Request
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.project.project import Project
from dataselect_gui.project.table import Index, Labels
from dataselect_gui.selection.classes import CodedClasses
from dataselect_gui.workflow.answers import RecordAnswers
from dataselect_gui.workflow.calibrated_rules import calibrated_rule
from dataselect_gui.workflow.selecting import class_reader, rule_of


@dataclass(frozen=True)
class AsScored:
    """What was computed of records, by the labels that they had then.

    Attributes
    ----------
    labels : mapping of int to str or None
        Row → the label by which it was scored, where the owner's files have another one.
    scores : dict
        Score → values, as `Look` has them.
    undone : ndarray of bool
        Which records lack a score that was begun, shape (n,).
    answers : RecordAnswers or None
        What the model answers, compared with these labels.
    problems : dict
        As `Look` has them.
    classes : CodedClasses or None
        Of the labels that the owner's files have, as `Look` has them.
    class_of : mapping of str to str or None
        The class of each label that there is.
    """

    labels: Mapping[int, str | None] = field(default_factory=dict)
    scores: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    undone: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    answers: RecordAnswers | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    classes: CodedClasses | None = None
    class_of: Mapping[str | None, str | None] = field(default_factory=dict)


def by_row(labels: Labels, index: Index) -> dict[int, str | None]:
    """Return labels by the rows of their records instead of by ids."""
    if not labels:
        return {}
    return {row: labels[record] for row, record in enumerate(index.ids) if record in labels}


def own_classes(
    project: Project, request: Request
) -> tuple[CodedClasses | None, dict[str | None, str | None]]:
    """Return the class of each record by its own label, and of each label, where a rule reads classes.

    Such a rule is one that may be shown: the project's, the request's, or the calibration's.
    """
    with contextlib.suppress(UnusableError, UsageError):
        for rule in (rule_of(project), request.asked_rule, calibrated_rule(request)):
            reader = None if rule is None else class_reader(project, rule)
            if reader is not None:
                table = project.table
                class_of = {
                    label: reader.written(label)
                    for label in {*table.own.labels, *project.settings.relabelled.values()}
                }
                return CodedClasses(class_of[label] for label in table.own.labels), class_of
    return None, {}
