"""What a person reads where a job was stopped: only what is true of that job."""

import subprocess
import sys

import pytest

from dataselect_gui.errors import InterruptedByPersonError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.kinds import JobKind
from dataselect_gui.jobs.progress import Phase


@pytest.mark.parametrize("kind", JobKind)
def test_a_job_that_is_stopped_is_named_with_what_can_be_done(kind: JobKind) -> None:
    context = JobContext(kind=kind)
    context.check()
    context.stop.request()
    for stopping in (context.check, lambda: context.advance(Phase.SCORING, 1, 2)):
        with pytest.raises(InterruptedByPersonError) as stopped:
            stopping()
        assert stopped.value.what == f"{kind.title} was stopped."
        assert stopped.value.do == kind.afterwards


def test_work_without_a_kind_promises_nothing() -> None:
    context = JobContext()
    context.stop.request()
    with pytest.raises(InterruptedByPersonError) as stopped:
        context.check()
    assert stopped.value.do == JobKind.MAPS.afterwards, "as where nothing is kept"


@pytest.mark.parametrize(("verb", "kind"), [("verify", JobKind.VERIFICATION), ("scores", None)])
def test_a_command_that_is_interrupted_says_what_is_true_of_it(verb: str, kind: JobKind | None) -> None:
    program = (
        "import sys; from dataselect_gui.cli import app\n"
        "def interrupted(*_, **__): raise KeyboardInterrupt\n"
        "app.app = interrupted\n"
        f"sys.exit(app.main(['{verb}', 'x']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    do = "Ask for it again." if kind is None else kind.afterwards
    assert done.stderr.rstrip().endswith(do)
