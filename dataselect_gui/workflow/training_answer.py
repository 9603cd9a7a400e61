"""Store in a project whether its records helped to train the checkpoint."""

from pathlib import Path

from dataselect_gui.project.project import MOMENT_SECONDS, Project


def answer_training(project_path: Path, answer: str) -> None:
    """Remember the answer to “did these records help to train this checkpoint?” for releases.

    Parameters
    ----------
    project_path : Path
        The project.
    answer : str
        ``no``, ``dp:E,D``, ``yes`` or ``unknown``, as `ReleaseRequest` has it.

    Raises
    ------
    UnusableError
        Where another process holds the project for longer than a moment.
    """
    project = Project.open(project_path)
    with project.exclusive(MOMENT_SECONDS):
        project.settings.in_training = answer
        project.save()
