"""Reproduce the project's own studies: their data, figures and pages, by the shipped command.

The records come from the shared data folder, which is not part of the project::

    DATASELECT_TEST_DATA=… python resources/make_study.py --work study-work

makes the sources below ``study-work``, runs ``dataselect study`` on each, and copies page, figures,
table and numbers to ``resources/study/``. It goes on where it was stopped. ``--long`` runs the form
that an afternoon allows, into folders of its own; ``--only NAME`` runs one.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

KEPT = Path(__file__).parent / "study"
SEED = 20_260_101


@dataclass(frozen=True)
class Study:
    """One of the project's studies.

    Attributes
    ----------
    source : callable
        Given the shared data and a folder, returns the owner's records.
    checkpoint : str
        Below the shared data.
    options, long_options : tuple of str
        Of ``dataselect study``, in the short form and in the long one.
    """

    source: Callable[[Path, Path], Path]
    checkpoint: str
    options: tuple[str, ...]
    long_options: tuple[str, ...]


def fashion_mnist(shared: Path, work: Path) -> Path:
    """Return 10,000 rows that the checkpoint has never seen."""
    return _rows(shared / "fashion-mnist" / "fashion_mnist.npz", work, np.arange(40_000, 50_000))


def cifar10(shared: Path, work: Path) -> Path:
    """Return the rows marked as seen by the checkpoint: of the others there are too few."""
    with np.load(shared / "cifar10" / "cifar10_small.npz") as stored:
        seen = np.flatnonzero(stored["split"] == "train")
    return _rows(shared / "cifar10" / "cifar10_small.npz", work, seen)


def chest_xray(shared: Path, _work: Path) -> Path:
    """Return the owner's X-rays as they are."""
    return shared / "chest-xray" / "owner"


STUDIES = {
    "fashion-mnist": Study(
        fashion_mnist,
        "checkpoints/fashion-mnist-resnet",
        ("--scores", "vog,plis", "--limit-trainings", "260"),
        ("--scores", "vog,plis,el2n,grad_norm", "--shares", "0.05,0.1,0.3,0.6"),
    ),
    "cifar10": Study(
        cifar10,
        "checkpoints/cifar10-resnet20",
        ("--scores", "el2n,plis", "--limit-trainings", "260"),
        ("--scores", "plis,el2n,grad_norm", "--shares", "0.05,0.1,0.3,0.6"),
    ),
    "chest-xray": Study(
        chest_xray,
        "checkpoints/chest-xray-resnet",
        ("--scores", "vog", "--unit-column", "patient"),
        (
            "--scores",
            "vog,plis,el2n,grad_norm",
            "--shares",
            "0.05,0.1,0.3,0.6",
            "--unit-column",
            "patient",
        ),
    ),
}
LONG = ("--epsilons", "1,3,8", "--seeds", "10", "--limit-trainings", "5000")
COPIED = ("page.html", "findings.json", "table.csv", "setting.json", "figures")


def _rows(path: Path, work: Path, rows: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Path:
    made = work / f"{path.stem}-owner.npz"
    if not made.is_file():
        with np.load(path) as stored:
            np.savez_compressed(
                made, x=stored["x"][rows], y=stored["y"][rows], classes=stored["classes"]
            )
    return made


def main() -> int:
    """Run the studies. Returns the exit code of the first that did not finish."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--work", type=Path, required=True, help="takes sources and unfinished studies")
    parser.add_argument("--only", choices=STUDIES, help="one study instead of all")
    parser.add_argument("--long", action="store_true", help="the form that an afternoon allows")
    parser.add_argument("--dry-run", action="store_true", help="show the plans")
    given = parser.parse_args()
    shared = Path(os.environ["DATASELECT_TEST_DATA"])
    given.work.mkdir(parents=True, exist_ok=True)
    for name, study in STUDIES.items():
        if given.only not in {None, name}:
            continue
        folder = given.work / (f"{name}-long" if given.long else name)
        options = (*study.long_options, *LONG) if given.long else study.options
        command = [
            sys.executable,
            "-m",
            "dataselect_gui",
            "study",
            str(study.source(shared, given.work)),
        ]
        command += ["--checkpoint", str(shared / study.checkpoint), "--to", str(folder), *options]
        command += ["--dry-run"] if given.dry_run else []
        print(" ".join(command[2:]), flush=True)
        code = subprocess.run(command, check=False).returncode  # noqa: S603  (our own program)
        if code != 0:
            return code
        if not given.dry_run:
            keep(folder, KEPT / folder.name)
    return 0


def keep(folder: Path, kept: Path) -> None:
    """Copy what a finished study shows."""
    kept.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        if (folder / name).is_dir():
            shutil.copytree(folder / name, kept / name, dirs_exist_ok=True)
        else:
            shutil.copy(folder / name, kept / name)


if __name__ == "__main__":
    sys.exit(main())
