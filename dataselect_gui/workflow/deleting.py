"""Delete a project; list beforehand what is deleted and what is not."""

from dataclasses import dataclass
from pathlib import Path

from dataselect_gui.project.project import Project, cannot_write
from dataselect_gui.scoring.catalog import in_order, spoken_name
from dataselect_gui.texts import _
from dataselect_gui.workflow.study_folders import studies_of, study_subject


@dataclass(frozen=True)
class Deletion:
    """What deleting a project removes and keeps.

    Attributes
    ----------
    name : str
        The project's display name.
    goes : tuple of str
        What would be deleted.
    stays : tuple of str
        What would not.
    """

    name: str
    goes: tuple[str, ...]
    stays: tuple[str, ...]


def before_deletion(project_path: Path) -> Deletion:
    """List what deleting a project would remove, and what it would keep.

    Raises
    ------
    UnusableError
        Where there is no project.
    """
    project = Project.open(project_path)
    settings, own = project.settings, project.own_files()
    others = [path.name for path in sorted(project.folder.iterdir()) if path not in own]
    # Scores by other checkpoints are deleted, too.
    scores = in_order({name for of_one in settings.scores.values() for name in of_one})
    goes = [
        _("The scores: {scores}", scores=", ".join(map(spoken_name, scores)) or _("none yet")),
        _("The rule, and with it the selection"),
        _("The list of withheld records: {records:,}", records=len(project.withheld)),
        _("The list of those who opted out: {people:,}", people=len(project.opted_out)),
        _("The answer about training"),
        _(
            "In the folder {folder}: {files}",
            folder=project.folder,
            files=", ".join(path.name for path in own),
        ),
    ]
    stays = [
        _("The records: {path}", path=settings.source.path),
        _("The checkpoint: {path}", path=settings.checkpoint.path),
        _("The ledger: what was released still counts for these records"),
        _("Every bundle that was written, and every copy of it"),
    ]
    studies = studies_of(study_subject(project_path))
    if studies:
        folders = ", ".join(folder.name for folder in studies)
        stays.append(
            _("Studies beside the project, with scores of these records: {folders}", folders=folders)
        )
    if others:
        stays.append(_("Other files in the project's folder: {files}", files=", ".join(others)))
    name = "Demo" if settings.demo else project_path.stem
    return Deletion(name, tuple(goes), tuple(stays))


def delete(project_path: Path) -> bool:
    """Delete a project with its scores. The ledger stays: its releases still count.

    Returns
    -------
    bool
        Whether the folder is gone; it stays where other files are in it.
    """
    project = Project.open(project_path)
    try:
        with project.exclusive():
            pass  # Refuses while another process works on it.
        return project.delete()
    except OSError as error:
        raise cannot_write(project_path, error) from None
