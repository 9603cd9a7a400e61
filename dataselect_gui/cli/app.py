"""The command line: its commands, how they run, and how errors are shown."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from dataselect_gui import __version__
from dataselect_gui.cli.calibrate import calibrate
from dataselect_gui.cli.delete import delete
from dataselect_gui.cli.demo import demo
from dataselect_gui.cli.inspect import inspect
from dataselect_gui.cli.ledger import ledger
from dataselect_gui.cli.output import print_lines, ready_streams, results, tell_error
from dataselect_gui.cli.relabel import relabel
from dataselect_gui.cli.release import release
from dataselect_gui.cli.request import request
from dataselect_gui.cli.score import score
from dataselect_gui.cli.scores import scores
from dataselect_gui.cli.select import select
from dataselect_gui.cli.study import study
from dataselect_gui.cli.verify import verify
from dataselect_gui.cli.window import gui, has_display, open_window
from dataselect_gui.errors import (
    DataSelectError,
    InterruptedByPersonError,
    UsageError,
    disk_refused,
)
from dataselect_gui.texts import _
from dataselect_gui.workflow import (
    LOG_VARIABLE,
    Crash,
    JobKind,
    Left,
    fault_of,
    internal_error,
    is_text,
    note_event,
    start_log,
    stop_log,
    stopped,
)

app = typer.Typer(
    name="dataselect",
    help=_(
        "Which of your records to send to a shared model, what that costs in privacy, and a privatised "
        "selection of them. Nothing leaves this machine except the bundle that you export."
    ),
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
_VERBS: tuple[tuple[Callable[..., None], str], ...] = (
    (
        demo,
        _("Score 2,000 images with five shared checkpoints, release a selection and verify it."),
    ),
    (gui, _("Open the window.")),
    (inspect, _("Say what something is, and what is wrong with it.")),
    (score, _("Compute scores of records; the same command goes on where it was stopped.")),
    (scores, _("Show or save the scores: your own copy, not a release.")),
    (select, _("Replace the project's selection, or withhold and restore records.")),
    (relabel, _("Give records other labels in the project; your files stay as they are.")),
    (release, _("Write a bundle of what leaves, charged to the ledger.")),
    (verify, _("Check a bundle, with nothing but the bundle.")),
    (
        ledger,
        _("Show what was released from these records and what is left, or change the budget."),
    ),
    (
        study,
        _("Try whether picking by a score helps, on your own records; for you alone, never a release."),
    ),
    (
        calibrate,
        _("For a consortium: find out on clean rows from which score on a record looks wrong."),
    ),
    (request, _("For a consortium: write its request, or say what is wrong with it.")),
    (delete, _("Delete a project with its scores; records and ledger stay.")),
)
"""Each with what the help says of it."""
_KINDS = {
    "inspect": JobKind.INSPECTION,
    "score": JobKind.SCORING,
    "release": JobKind.RELEASE,
    "verify": JobKind.VERIFICATION,
    "study": JobKind.STUDY,
    "delete": JobKind.DELETION,
}
"""Command → the job that was stopped where it was; none for one that does several or has no job."""
for _verb, _about in _VERBS:
    app.command(help=_about)(_verb)


def _show_version(wanted: bool) -> None:
    if wanted:
        print_lines(results, [f"dataselect {__version__}"])
        raise typer.Exit


@app.callback()
def dataselect(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help=_("Show the version.")),
    ] = False,
    log: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar=LOG_VARIABLE,
            help=_("Log what is needed to report a fault; no content, names or paths."),
        ),
    ] = None,
) -> None:
    """Read the options before the command."""
    del version
    if log is not None:
        start_log(log)


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Returns
    -------
    int
        0 done; 1 internal fault or killed worker; 2 usage; 3 refused by the ledger; 4 unusable input
        or place for output; 5 verification failed; 130 interrupted.
    """
    began = time.monotonic()
    code, fault = _run(arguments)
    seconds, error = time.monotonic() - began, None if fault is None else type(fault).__name__
    note_event(Left(exit_code=code, seconds=seconds, error=error))
    stop_log()
    return code


def _run(arguments: Sequence[str]) -> tuple[int, DataSelectError | None]:
    """Run one command; return its exit code and its error."""
    ready_streams()
    if not arguments and has_display():
        arguments = ["gui"]
    verb = _verb_of(arguments)
    fault: DataSelectError
    try:
        _check_texts(arguments)
        if _only_opens_window(arguments):
            return open_window(next(map(Path, arguments[1:]), None)), None
        outcome = app(list(arguments), standalone_mode=False)
        if outcome != InterruptedByPersonError.exit_code:
            return (outcome if isinstance(outcome, int) else 0), None
        fault = stopped(_KINDS.get(verb))
    except DataSelectError as error:
        fault = error
    except (KeyboardInterrupt, typer.Abort):
        fault = stopped(_KINDS.get(verb))
    except TyperException as error:  # Every complaint about the arguments.
        if not str(error):
            return 0, None  # The help was shown.
        fault = _misused(verb, error)
    except OSError as error:
        fault = disk_refused(error)
    except Exception as error:  # A message might hold content of records, so it is not shown.
        cause = fault_of(error)
        note_event(Crash.of(cause))
        fault = internal_error(cause)
    tell_error(verb, "--json" in arguments, fault)
    return fault.exit_code, fault


def _only_opens_window(arguments: Sequence[str]) -> bool:
    """Say whether a command is ``gui`` or ``gui PROJECT``: typer takes 50 ms to read even that."""
    verb, *projects = arguments or ("",)
    is_plain = verb == "gui" and len(projects) <= 1 and not any(p.startswith("-") for p in projects)
    return is_plain and LOG_VARIABLE not in os.environ


def _verb_of(arguments: Sequence[str]) -> str:
    """Return the command's name; empty where there is none."""
    remaining = iter(arguments)
    for word in remaining:
        if word == "--log":
            next(remaining, None)  # Its file.
        elif not word.startswith("-"):
            return word
    return ""


def _check_texts(arguments: Sequence[str]) -> None:
    """Refuse arguments that are not UTF-8: no ledger, project or page could hold them."""
    for place, argument in enumerate(arguments, start=1):
        if not is_text(argument):
            raise UsageError(
                _("Word {place} of the command is not text in UTF-8.", place=place),
                _("It holds bytes that stand for no character."),
                _("Type it again, or rename the file that it names."),
            )


def _misused(verb: str, error: TyperException) -> UsageError:
    # Typer passes on pydantic's prefix for an invalid choice.
    complaint = error.format_message().replace("Value error, ", "").rstrip(".")
    command = f"dataselect {verb}" if verb else "dataselect"
    return UsageError(
        f"{complaint}.",
        _("The command is not as it should be."),
        _("See “{command} --help”.", command=command),
    )
