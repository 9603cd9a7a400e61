"""The classes of a project's records, as rules read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.project.project import Project
from dataselect_gui.records.opening import open_source
from dataselect_gui.selection.classes import CodedClasses
from dataselect_gui.workflow.request_writing import class_names_of
from dataselect_gui.workflow.selecting import checkpoint_path


@dataclass(frozen=True)
class RecordClasses:
    """The classes of records in the consortium's spelling.

    Attributes
    ----------
    names : sequence of str
        All that the model knows; none where its labels are not single classes.
    own : CodedClasses
        Of each record by its label in the owner's files, shape (n,); None where it has none.
    class_of : mapping of str to str or None
        Of each label that there is, in the files or in the project.
    """

    names: Sequence[str]
    own: CodedClasses
    class_of: Mapping[str | None, str | None]


def read_classes(project_path: Path) -> RecordClasses:
    """Return the classes of a project's records.

    Raises
    ------
    UnusableError
        Where the checkpoint or the source, which it takes to read labels, is not where it was.
    """
    project = Project.open(project_path)
    ref, checkpoint = project.settings.source.ref, find_checkpoint(checkpoint_path(project))
    if not checkpoint.task.has_classes:
        return RecordClasses((), CodedClasses(()), {})
    reader = LabelReader.of(checkpoint, open_source(ref).classes, ref.labels)
    own = project.table.own.labels
    class_of = {label: reader.written(label) for label in {*own, *project.settings.relabelled.values()}}
    classes = CodedClasses(class_of[label] for label in own)
    return RecordClasses(class_names_of(reader), classes, class_of)
