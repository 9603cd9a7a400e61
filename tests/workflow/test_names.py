"""The names of the workflow, which are imported when they are first used."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from dataselect_gui import workflow

ROOT = Path(__file__).parents[2]


def imports() -> dict[str, tuple[str, str]]:
    """Return what the type checker knows: name → its module, and what it is called there."""
    tree = ast.parse(Path(str(workflow.__file__)).read_text(encoding="utf-8"))
    block = next(part for part in tree.body if isinstance(part, ast.If))
    return {
        alias.asname or alias.name: (str(part.module), alias.name)
        for part in block.body
        if isinstance(part, ast.ImportFrom)
        for alias in part.names
    }


def test_every_name_is_what_the_type_checker_takes_it_for() -> None:
    for name, (module, called) in imports().items():
        assert getattr(workflow, name) is getattr(import_module(module), called), name


def test_no_name_is_known_that_the_type_checker_does_not_know() -> None:
    assert set(workflow._MODULES) == set(imports())
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        getattr(workflow, "nothing")  # noqa: B009


def test_no_name_is_that_of_a_module_beside_it() -> None:
    """Such a module, once imported, would stand in the name's place."""
    assert not {module.name for module in iter_modules(workflow.__path__)} & set(imports())


def test_only_what_is_used_is_loaded() -> None:
    code = """
import sys
from dataselect_gui.workflow import JobKind
print([name for name in sys.modules if name.startswith("dataselect_gui.release")])
"""
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "[]"
