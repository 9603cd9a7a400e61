"""The child process: takes one job from standard input and reports on standard output.

It confines itself to what its first line names before anything heavy is imported, and touches nothing
of a stranger before. Libraries may print; so the original standard output is kept for messages alone,
and whatever else is printed goes to standard error.
"""

import os
import signal
import sys

from dataselect_gui.errors import (
    DataSelectError,
    InterruptedByPersonError,
    disk_refused,
)
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.faults import fault_of
from dataselect_gui.jobs.progress import Progress
from dataselect_gui.sandbox.confining import Grant, confine
from dataselect_gui.sandbox.frames import write_frame
from dataselect_gui.worker.jobs import AnyJob
from dataselect_gui.worker.messages import (
    MESSAGE,
    Crashed,
    Ending,
    Failed,
    OutOfMemory,
    Stopped,
    StudyPlanned,
    job_from_line,
    to_bytes,
)
from dataselect_gui.worker.parent import Parent
from dataselect_gui.worker.results import Result

_MOST_DESCRIPTORS = 1 << 16


def main() -> int:
    """Do one job. Returns the exit code of the process."""
    os.closerange(3, _MOST_DESCRIPTORS)  # Whatever else was inherited.
    # The terminal's Ctrl+C reaches both processes; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from_parent = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    to_parent = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def send(message: Progress | StudyPlanned | Ending | Result) -> None:
        write_frame(to_parent, MESSAGE, to_bytes(message))

    confine(Grant.from_line(from_parent.readline().decode()))
    job = job_from_line(from_parent.readline())
    parent = Parent(from_parent, to_parent, job.kind)
    context = JobContext(send, parent.stop, job.kind)
    try:
        send(run(job, context, parent))
    except BrokenPipeError:
        return 1  # The parent is gone: nobody is left to tell.
    except InterruptedByPersonError:
        send(Stopped())
    except DataSelectError as error:
        send(Failed.of(error))
    except OSError as error:
        send(Failed.of(disk_refused(error)))
    except Exception as error:  # The last stop for faults of our own: told without their content.
        send(OutOfMemory() if _is_of_memory(error) else Crashed(fault_of(error)))
    return 0


def _is_of_memory(error: Exception) -> bool:
    if "torch" not in sys.modules:  # Perhaps it is what could not be loaded.
        return isinstance(error, MemoryError)
    from dataselect_gui.worker.running import is_of_memory

    return is_of_memory(error)


def run(job: AnyJob, context: JobContext, parent: Parent) -> Result:
    """Do a job; what it takes is imported only now, when the process has confined itself."""
    from dataselect_gui.worker import running

    return running.run(job, context, parent)
