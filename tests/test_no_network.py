"""Nothing ever leaves but a bundle: releases without a network, and no module that opens a socket."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NO_NETWORK = ("unshare", "--user", "--map-root-user", "--net")
WATCHED = """
import sys
opened = []
sys.addaudithook(lambda event, _: opened.append(event) if event.startswith("socket.") else None)
import importlib, os, pkgutil, tempfile
from pathlib import Path
import dataselect_gui
for module in pkgutil.walk_packages(dataselect_gui.__path__, "dataselect_gui."):
    if module.name.startswith("dataselect_gui.window") and not {window}:
        continue
    if module.name != "dataselect_gui.__main__":
        importlib.import_module(module.name)
from dataselect_gui import workflow
from tests.projects import consortium, owner_records, scored_project
from tests.releases import is_verified, release, select
with tempfile.TemporaryDirectory() as name:
    root = Path(name)
    os.environ["DATASELECT_HOME"] = str(root / "home")
    source = owner_records(root / "records.npz")
    checkpoint = consortium(root / "consortium", bounds={{"loss": [0, 1]}})
    project = scored_project(root / "p.dataselect", source, checkpoint)
    select(project, fraction="0.3")
    for kind in ("records", "offers", "scores"):
        source_of = {{}} if kind == "scores" else {{"threshold_from": "bought:0.25"}}
        release(project, root / kind, kind=kind, **source_of, budget="9")
        assert is_verified(root / kind)
    release(project, root / "report", kind="report", bins="0.5", budget=None)
    workflow.ledger(project)
print(opened)
"""


def test_no_module_opens_a_socket() -> None:
    """All of them are imported, and releases of all kinds are made, charged, checked and looked up."""
    try:
        import PySide6.QtWidgets  # noqa: F401

        window = True
    except ImportError:
        window = False
    run = subprocess.run(
        [sys.executable, "-c", WATCHED.format(window=window)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.strip() == "[]"


def test_the_watch_sees_a_socket() -> None:
    code = WATCHED.split("import importlib")[0] + "\nimport socket; socket.socket(); print(opened)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "socket.__new__" in run.stdout


def without_network(*tests: str) -> None:
    if subprocess.run([*NO_NETWORK, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody make a network namespace")
    devices = subprocess.run(
        [*NO_NETWORK, "cat", "/proc/net/dev"], check=True, capture_output=True, text=True
    )
    names = {line.split(":")[0].strip() for line in devices.stdout.splitlines() if ":" in line}
    assert names <= {"lo"}  # Which is down, too.
    with tempfile.TemporaryDirectory() as folder:  # Apart from what other runs left, and of whom.
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["--basetemp", f"{folder}/tests"]
        run = subprocess.run(
            [*NO_NETWORK, *command, *tests], capture_output=True, text=True, cwd=ROOT, check=False
        )
    assert run.returncode == 0, run.stdout[-3000:]


def test_releases_need_no_network() -> None:
    without_network("tests/release/kinds", "-k", "charged_and_verified")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_all_release_tests_need_no_network() -> None:
    without_network(
        "tests/release/test_release.py",
        "tests/release/test_people.py",
        "tests/release/test_written_records.py",
        "tests/release/kinds",
        "tests/release/gradient",
        "tests/privacy/test_ledger.py",
        "tests/release/test_signing.py",
        *(f"tests/cli/test_{name}.py" for name in ("verbs", "errors", "start", "verify")),
    )
