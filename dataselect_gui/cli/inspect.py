"""The verb `inspect`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from dataselect_gui import workflow
from dataselect_gui.cli.options import Json
from dataselect_gui.cli.output import progress, tell
from dataselect_gui.texts import _


def inspect(
    path: Annotated[Path, typer.Argument(help=_("A source, checkpoint, project or bundle."))],
    records: Annotated[
        Path | None, typer.Option(help=_("A source, to hold against the checkpoint."))
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what something is, and what is wrong with it."""
    with progress() as context:
        content = workflow.inspect(path, records, context)
        is_tried = records is not None and content["kind"] == "checkpoint"
        tried = workflow.preflight(path, records, context) if is_tried and records is not None else {}
    facts = workflow.preflight_facts(tried) if tried else []
    shown = {name: value for name, value in content.items() if name != "release"}
    if "confined" in shown:
        shown["confined"] = workflow.what_confines().sentence
    lines = [*_listed(shown), *(f"{name}: {value}" for name, value in facts)]
    content.get("preflight", {}).update(tried)
    tell("inspect", as_json, content, lines)


def _listed(content: dict[str, Any]) -> list[str]:
    """Return a line for each item, under the name that it has in JSON."""
    lines = []
    for key, value in content.items():
        if key == "problems":
            lines.append(f"problems: {len(value)}")
            lines += [f"  {problem['id']}: {problem['reason']}" for problem in value]
        else:
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            lines.append(f"{key}: {shown}")
    return lines
