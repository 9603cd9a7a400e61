# The commands that matter, in the environment that is active. `just` alone lists them.
# `pip install rust-just` brings it; every line can be typed by hand too.

set windows-shell := ["powershell.exe", "-NoLogo", "-Command"]

# List the commands.
default:
    @just --list --unsorted

# Install the program with what its tests need, from this folder.
setup:
    python -m pip install -e ".[test]"

# The ordinary tests; arguments go to pytest.
test *arguments:
    python -m pytest -n 2 {{ arguments }}

# The tests that take minutes each.
slow *arguments:
    python -m pytest -m slow {{ arguments }}

# The ordinary tests with a coverage report and its floor.
coverage:
    python -m pytest --cov

# Formatter, linter, types, and who may import whom.
lint:
    ruff format --check .
    ruff check .
    mypy
    lint-imports

# Collect the texts to translate into resources/locale/dataselect.pot.
texts:
    pybabel -q extract -F pyproject.toml --omit-header --add-location=file --sort-by-file -o resources/locale/dataselect.pot dataselect_gui

# Begin the translation into a language, for example `just language de`.
language code:
    pybabel init -D dataselect -i resources/locale/dataselect.pot -d resources/locale -l {{ code }}

# Bring the translations up to date with the texts, and compile them.
languages: texts
    pybabel update -D dataselect -i resources/locale/dataselect.pot -d resources/locale
    pybabel compile -D dataselect -d resources/locale --statistics

# Known weaknesses of what is installed (needs `pip install pip-audit` and a network).
dependencies:
    pip-audit --skip-editable

# Lower bounds on what each release leaks, with mistakes that must be caught.
audit:
    python -m tests.audit

# Kill releases, and take the disk from under them.
faults:
    python -m tests.faults

# Change every kind of file that strangers send.
fuzz minutes="90":
    python -m tests.fuzz --minutes {{ minutes }}

# Freeze the program into one folder and try it (needs `pip install "pyinstaller>=6.11"`).
build:
    pyinstaller --noconfirm packaging/dataselect.spec
    python packaging/smoke.py dist/dataselect
