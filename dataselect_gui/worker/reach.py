"""What a job's process may reach: the paths that the job names, and a folder of its own."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from dataselect_gui.checkpoints.layout import files_beside
from dataselect_gui.paths import resolved
from dataselect_gui.privacy.home import grant
from dataselect_gui.records.opening import linked_files
from dataselect_gui.sandbox.confining import Grant
from dataselect_gui.worker.jobs import (
    ArmsJob,
    FeatureJob,
    InspectJob,
    Job,
    MapJob,
    ParametersJob,
    PreflightJob,
    ScoreJob,
    StudyJob,
    SumJob,
    VerifyJob,
)
from dataselect_gui.worker.results import Result

R = TypeVar("R", bound=Result)


@contextlib.contextmanager
def reached_places(job: Job[R]) -> Iterator[tuple[Grant, Path]]:
    """Yield what a job may reach, and a folder for what its libraries leave, until it is over."""
    with tempfile.TemporaryDirectory(prefix="dataselect-") as name:
        scratch = resolved(Path(name))
        read, write = _reached_by(job)
        made = [folder for folder in write if not folder.exists()]
        for folder in made:  # What is not there cannot be granted.
            folder.mkdir(mode=0o700, parents=True)
        try:
            yield grant(read, [*write, scratch]), scratch
        finally:
            for folder in made:
                with contextlib.suppress(OSError):  # It is not empty: the job came to something.
                    folder.rmdir()


def _reached_by(job: Job[R]) -> tuple[list[Path], list[Path]]:
    """Return what a job reads, and what it writes."""
    match job:
        case VerifyJob():
            return [path for path in (job.bundle, job.key) if path is not None], []
        case InspectJob():
            is_checkpoint = job.read_as == "checkpoint"
            beside = files_beside(job.path) if is_checkpoint else linked_files(job.path)
            return [job.path, *beside, *([] if job.records is None else _source(job.records.path))], []
        case ParametersJob():
            return _checkpoint(job.checkpoint), []
        case ScoreJob() | PreflightJob():
            return [*_source(job.source.path), *_checkpoint(job.checkpoint)], []
        case MapJob() | SumJob() | FeatureJob() | StudyJob():
            return [*_source(job.source.path), *_checkpoint(job.checkpoint)], [job.folder]
        case ArmsJob():
            sources = [
                ref for ref in (job.source, job.clean, job.rows, job.strangers) if ref is not None
            ]
            read = [path for ref in sources for path in _source(ref.path)]
            return [*read, *_checkpoint(job.checkpoint)], [job.folder]
        case _:
            raise TypeError(f"no job: {type(job).__name__}")


def _source(path: Path) -> list[Path]:
    return [path, *linked_files(path)]


def _checkpoint(path: Path) -> list[Path]:
    return [path, *files_beside(path)]
