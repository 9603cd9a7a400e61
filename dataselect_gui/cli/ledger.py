"""The command `ledger`."""

from pathlib import Path
from typing import Annotated

import typer

from dataselect_gui import workflow
from dataselect_gui.cli.options import Json
from dataselect_gui.cli.output import tell
from dataselect_gui.errors import UsageError
from dataselect_gui.texts import _


def ledger(
    project: Annotated[Path | None, typer.Argument(help=_("A project; without one, all."))] = None,
    bundle: Annotated[
        Path | None, typer.Option(help=_("A bundle from here: is its entry still in the ledger?"))
    ] = None,
    set_budget: Annotated[str | None, typer.Option(help=_("The new budget."))] = None,
    reason: Annotated[str | None, typer.Option(help=_("Why."))] = None,
    tokens: Annotated[
        str | None,
        typer.Option(
            metavar="RELEASE", help=_("Show which records its tokens stand for, for you alone.")
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what was released from these records and what is left, or change the budget."""
    if tokens is not None:
        _tell_tokens(project, tokens, as_json)
        return
    if bundle is not None:
        workflow.hold_against(bundle, project)
    accounts = workflow.ledger(project, set_budget, reason)
    documents = [account.as_json() for account in accounts]
    content = documents[0] if project is not None else {"ledgers": documents}
    lines = [line for account in accounts for line in ("", *workflow.statement_in_words(account))][1:]
    tell("ledger", as_json, content, lines or [_("Nothing was ever released.")])


def _tell_tokens(project: Path | None, release: str, as_json: bool) -> None:
    if project is None:
        raise UsageError(
            _("Whose release is meant is not clear."),
            _("Tokens stand for records of one project."),
            _("Name the project."),
        )
    records = workflow.tokens(project, release)
    listed = [{"token": token, "id": record} for token, record in records.items()]
    lines = [f"{token}  {record}" for token, record in records.items()]
    tell("ledger", as_json, {"tokens": listed}, lines)
