"""The command line: its verbs, how they are run, and how every fault is told."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from dataselect_gui import __version__
from dataselect_gui.cli.delete import delete
from dataselect_gui.cli.demo import demo
from dataselect_gui.cli.inspect import inspect
from dataselect_gui.cli.ledger import ledger
from dataselect_gui.cli.output import print_lines, ready_streams, results, tell_error
from dataselect_gui.cli.release import release
from dataselect_gui.cli.score import score
from dataselect_gui.cli.scores import scores
from dataselect_gui.cli.select import select
from dataselect_gui.cli.study import study
from dataselect_gui.cli.verify import verify
from dataselect_gui.cli.window import gui, has_display
from dataselect_gui.errors import (
    DataSelectError,
    InternalError,
    InterruptedByPersonError,
    UsageError,
    disk_refused,
)
from dataselect_gui.texts import _
from dataselect_gui.workflow import is_text

app = typer.Typer(
    name="dataselect",
    help=_(
        "What your records are worth to a shared model, what they cost in privacy, and a privatised "
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
    (delete, _("Delete a project with its scores; records and ledger stay.")),
)
"""Each with what the help says of it."""
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
) -> None:
    """Read what stands before the verb."""


def main(arguments: Sequence[str]) -> int:
    """Run one verb.

    Returns
    -------
    int
        0 done; 1 internal fault or killed worker; 2 usage; 3 refused by the ledger; 4 unusable input
        or place for output; 5 verification failed; 130 interrupted.
    """
    ready_streams()
    if not arguments and has_display():
        arguments = ["gui"]
    verb = next((word for word in arguments if not word.startswith("-")), "")
    fault: DataSelectError
    try:
        _check_texts(arguments)
        outcome = app(list(arguments), standalone_mode=False)
        if outcome != InterruptedByPersonError.exit_code:
            return outcome if isinstance(outcome, int) else 0
        fault = _interrupted()
    except DataSelectError as error:
        fault = error
    except (KeyboardInterrupt, typer.Abort):
        fault = _interrupted()
    except TyperException as error:  # Every complaint about the arguments.
        if not str(error):
            return 0  # The help was shown.
        fault = _misused(verb, error)
    except OSError as error:
        fault = disk_refused(error)
    except Exception as error:  # The last stop.
        fault = _internal(error)
    tell_error(verb, "--json" in arguments, fault)
    return fault.exit_code


def _check_texts(arguments: Sequence[str]) -> None:
    """Refuse bytes that are no characters: no ledger, project or page could hold them."""
    for place, argument in enumerate(arguments, start=1):
        if not is_text(argument):
            raise UsageError(
                _("Word {place} of the command is not text in UTF-8.", place=place),
                _("It holds bytes that stand for no character."),
                _("Type it again, or rename the file that it names."),
            )


def _interrupted() -> InterruptedByPersonError:
    return InterruptedByPersonError(_("Stopped."), _("You asked for it."), _("What was done is kept."))


def _misused(verb: str, error: TyperException) -> UsageError:
    # Typer passes on what pydantic puts before the words of a choice that is none.
    complaint = error.format_message().replace("Value error, ", "").rstrip(".")
    command = f"dataselect {verb}" if verb else "dataselect"
    return UsageError(
        f"{complaint}.",
        _("The command is not as it should be."),
        _("See “{command} --help”.", command=command),
    )


def _internal(error: Exception) -> InternalError:
    """Return what is told of a fault of the program; its message might hold content."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "?"
    if trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename).name
        place = _("{file}, line {line}", file=file, line=trace.tb_lineno)
    return InternalError(
        _("Something went wrong inside the program."),
        _("{error} in {place}.", error=type(error).__name__, place=place),
        _("Nothing was lost. Please report these words."),
    )
