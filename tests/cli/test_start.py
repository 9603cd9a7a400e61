"""The program starts with nothing heavy, and its commands are those of the README."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from dataselect_gui import __version__
from dataselect_gui.cli.app import main

HEAVY = [
    "torch",
    "transformers",
    "pandas",
    "scipy",
    "pyarrow",
    "opendp",
    "dp_accounting",
    "mlcroissant",
    "jinja2",
]


pytestmark = pytest.mark.usefixtures("workplace")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"dataselect {__version__}"


def test_the_terminal_starts_without_anything_heavy() -> None:
    code = f"""
import sys
import dataselect_gui.cli.app
print([name for name in {HEAVY} if name in sys.modules])
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert run.stdout.strip() == "[]"


def test_the_readmes_commands_are_those_of_the_program() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"dataselect (\w+)", readme))
    from typer.main import get_command

    from dataselect_gui.cli.app import app

    verbs = set(get_command(app).commands)  # type: ignore[attr-defined]
    assert verbs <= named
