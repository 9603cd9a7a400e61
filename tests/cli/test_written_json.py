"""What ``--json`` prints, byte for byte, and what a finished study is said to have found.

The files in ``tests/written_json`` are made anew by ``python -m tests.cli.test_written_json``.
"""

import contextlib
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

import pytest

from dataselect_gui import workflow
from dataselect_gui.cli.app import main
from tests.helpers import image_folder
from tests.projects import consortium, owner_records, scored_project
from tests.releases import release, select

WRITTEN = Path(__file__).parents[1].joinpath("written_json")
EARLIER_LEDGER = Path(__file__).parents[1].joinpath("earlier_ledger")
STUDIES = Path(__file__).parents[2] / "resources" / "study"
MEASURED = "deviation|tried|moved|float64_pace|busy|bytes_needed|seconds(?:_[a-z_]+)?"


def printed(folder: Path, *arguments: object) -> str:
    """Return what a command prints, without what the machine and its clock decide."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main([*map(str, arguments), "--json"]) == 0
    confined = json.dumps(asdict(workflow.available_confinement()))
    text = out.getvalue().replace(json.dumps(str(folder))[1:-1], "FOLDER").replace(confined, "CONFINED")
    return re.sub(rf'"({MEASURED})": [0-9.e+-]+', r'"\1": MEASURED', text)


def a_folder(folder: Path) -> str:
    scans = image_folder(folder / "scans", ["a/1.png", "b/2.png", "b/5.png"])
    (scans / "b/3.png").write_bytes(b"")
    (scans / "notes.txt").write_text("not an image")
    (scans / "metadata.csv").write_text(
        "file_name,label,patient\na/1.png,a,p1\nb/2.png,b,p2\nb/5.png,b,p2\nb/3.png,b,p3\nb/4.png,b,p4\n"
    )
    return printed(folder, "inspect", scans)


def an_array_file(folder: Path) -> str:
    return printed(folder, "inspect", owner_records(folder / "records.npz"))


def a_checkpoint(folder: Path) -> str:
    request = {"colour": "blue", "epsilon": 3, "bounds": {"loss": [0, 2.5]}, "count": 7}
    return printed(folder, "inspect", consortium(folder / "c", **request))


def a_preflight(folder: Path) -> str:
    from tests.models import save_member, stir, tiny_resnet

    save_member(folder / "model", stir(tiny_resnet(), 0))
    records = owner_records(folder / "records.npz")
    text = printed(folder, "inspect", folder / "model", "--records", records)
    return re.sub('"(elements|digest)": ("[0-9a-f]+"|[0-9]+)', r'"\1": MEASURED', text)


def a_project(folder: Path) -> str:
    records, checkpoint = owner_records(folder / "r.npz"), consortium(folder / "c")
    project = scored_project(folder / "p.dataselect", records, checkpoint, unit_column="patient")
    workflow.select_records(project, workflow.ScoreCut("loss", "fraction", Decimal("0.25")))
    return printed(folder, "inspect", project)


def a_bundle(folder: Path) -> str:
    records, checkpoint = owner_records(folder / "r.npz"), consortium(folder / "c")
    project = scored_project(folder / "p.dataselect", records, checkpoint)
    select(project, threshold="0.5")
    release(project, folder / "b", threshold_from="agreed")
    stated = json.dumps(json.loads((folder / "b" / "release.json").read_text(encoding="utf-8")))
    text = printed(folder, "inspect", folder / "b").replace(stated, "RELEASE")
    return re.sub(r'"(All )?\d+ (files|records) ', r'"\1DRAWN \2 ', text)


def an_earlier_ledger(folder: Path) -> str:
    """Releases of each kind and mechanism, by the version before accounts had a type."""
    home = Path(os.environ["DATASELECT_HOME"])
    shutil.copytree(EARLIER_LEDGER, home)
    return printed(folder, "ledger")


def a_study(name: str) -> Callable[[Path], str]:
    def of(folder: Path) -> str:
        made = Path(shutil.copytree(STUDIES / name, folder / name))
        (made / "plan.json").write_bytes((made / "findings.json").read_bytes())
        os.utime(made / "findings.json", (1e9, 1e9))
        study = workflow.study_at(made)
        assert study is not None
        text = json.dumps(asdict(study), indent=1, ensure_ascii=False, default=str)
        return text.replace(str(folder), "FOLDER") + "\n"

    return of


CASES: dict[str, Callable[[Path], str]] = {
    "folder": a_folder,
    "arrays": an_array_file,
    "checkpoint": a_checkpoint,
    "preflight": a_preflight,
    "project": a_project,
    "bundle": a_bundle,
    "ledger": an_earlier_ledger,
    **{
        f"study-{path.name}": a_study(path.name)
        for path in sorted(STUDIES.iterdir())
        if (path / "findings.json").is_file()
    },
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("home")
def test_what_is_printed_stays_as_it_was(case: str, tmp_path: Path) -> None:
    expected = (WRITTEN / f"{case}.json").read_text(encoding="utf-8")
    assert CASES[case](tmp_path) == expected


def write_all() -> None:
    """Make the files anew."""
    WRITTEN.mkdir(exist_ok=True)
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            os.environ["DATASELECT_HOME"] = str(Path(folder) / "home")
            (WRITTEN / f"{name}.json").write_text(case(Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    write_all()
