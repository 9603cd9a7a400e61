"""The command `verify`."""

from pathlib import Path
from typing import Annotated

import typer

from dataselect_gui import workflow
from dataselect_gui.cli.options import Json
from dataselect_gui.cli.output import tell, tell_error
from dataselect_gui.errors import VerificationError
from dataselect_gui.texts import _
from dataselect_gui.texts.promises import CANNOT_CHECK


def verify(
    bundle: Annotated[Path, typer.Argument(help=_("The bundle's folder."))],
    digest: Annotated[str | None, typer.Option(help=_("The digest that the owner sent."))] = None,
    key: Annotated[Path | None, typer.Option(help=_("The owner's public Ed25519 key."))] = None,
    page: Annotated[
        Path | None, typer.Option(help=_("Also write the result as one page, HTML."))
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a bundle, with nothing but the bundle."""
    verified = workflow.verify(bundle, digest, key)
    checks = verified.checks
    if page is not None:
        workflow.write_page(bundle, verified, page)
    failed = [check for check in checks if not check.ok]
    if failed:
        fault = VerificationError(
            _("The bundle is not what it says it is."),
            " ".join(f"{check.name}: {check.detail}" for check in failed),
            _("Do not use it; ask the owner to send it again."),
        )
        tell_error("verify", as_json, fault, {"checks": [vars(check) for check in checks]})
        raise typer.Exit(fault.exit_code)
    lines = [
        *(_("ok  {check}: {detail}", check=check.name, detail=check.detail) for check in checks),
        "",
        _("What this check cannot show:"),
        *(f"- {_(item)}" for item in CANNOT_CHECK),
    ]
    tell("verify", as_json, {"checks": [vars(check) for check in checks]}, lines)
