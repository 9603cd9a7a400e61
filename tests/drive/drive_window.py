"""Drive the real window from its first page to a verified bundle or request, and count the clicks.

The program runs in its own process on a display of its own, and gets nothing but mouse and keyboard.
Where to press is found by a second process, which builds the same window in the same state on a
second display. It also hands on a picture of what is to be pressed, and the mouse waits until the
program shows just that at just that place: what a person cannot see yet is not pressed.
"""

import argparse
import contextlib
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from tests.drive import by_keys, dragging
from tests.drive.dragging import FILES
from tests.drive.finding import Eye
from tests.drive.hand import Hand
from tests.drive.screens import ROOT, DriveError, display, tell

RECORDS = 300
PATHS = ["demo", "own data", "request", "demo by keys", "own data by keys"]


class Drive:
    """One run of the program, along one path.

    Parameters
    ----------
    out : Path
        The folder for pictures.
    folder : Path
        An empty folder for everything that the run makes.
    name : str
        What the pictures' names begin with.
    """

    def __init__(self, out: Path, folder: Path, name: str) -> None:
        self._stack = contextlib.ExitStack()
        self.folder = folder
        self.home = folder / "home"
        screen = self._stack.enter_context(display())
        second = self._stack.enter_context(display())
        self.eye = Eye(second, folder / "eye")
        self.hand = Hand(screen, out, name)
        self._screen = screen
        self._log = out / f"{name}-program.txt"
        with self._log.open("wb") as log:
            self._program = subprocess.Popen(
                [_dataselect(), "gui"],
                env=screen.environment(self.home),
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def demo(self) -> None:
        """Walk from the demo's button to a bundle."""
        self.press("start.demo", patience=60)
        project = self.scored(self.home)
        self.press("header.tabs.release", project=project, place="explore", patience=30)
        self.release(project)

    def own(self, records: Path, checkpoint: Path) -> None:
        """Walk from two folders to a bundle."""
        taken = [str(records), str(checkpoint)]
        well = self.eye.find(self.home, "start.records")
        self.hand.see(well, 60)
        with self.file_manager(taken):
            self.hand.keep("two folders to drop")
            self.hand.drag((FILES[0] // 2, FILES[1] // 2), (well.x, well.y))
        self.press("setup.training.no", take=taken, place="setup", patience=90)
        setup: dict[str, Any] = {"take": taken, "place": "setup", "do": ["setup.training.no"]}
        score = self.eye.find(
            self.home,
            "setup.score",
            notches=self.hand.notches,
            ask=["setup.unit_column"],
            **setup,
        )
        if score.state["setup.unit_column"] != "patient":
            raise DriveError("The patient is not protected by default.")
        self.hand.click(score)
        project = self.scored(records.parent)
        self.press("header.tabs.release", project=project, place="explore", patience=30)
        self.release(project)

    def request(self, rows: Path, model: Path) -> None:
        """Walk from the first page to a written request, as a consortium."""
        taken = [str(rows), str(model)]
        self.hand.see(self.eye.find(self.home, "start.records"), 60)
        self.hand.wake()
        self.hand.key("ctrl+k", *"prepare", "Return")
        well = self.eye.find(self.home, "request.given.rows", place="request")
        self.hand.see(well)
        with self.file_manager(taken):
            self.hand.drag((FILES[0] // 2, FILES[1] // 2), (well.x, well.y))
        given: dict[str, Any] = {"place": "request", "drop": taken}
        self.press("request.calibration.no", **given, patience=90)
        self.press("request.button", **given, do=["request.calibration.no"])
        self.hand.notches = 0  # The page scrolls to what was found.
        self.press(
            "request.button",
            **given,
            do=["request.calibration.no", "request.button"],
            patience=180,
        )
        self.wait_for((model / "dataselect.json").is_file, 30, "a request")
        self.hand.settle(1.0)
        self.hand.keep("written")

    def release(self, project: Path) -> None:
        """Walk from the Release place to a bundle; the question about training was answered."""
        self.hand.notches = 0  # Setup was scrolled, and this is another page.
        asked: dict[str, Any] = {"project": project, "place": "release"}
        self.press("release.foot.set_budget", **asked)
        self.hand.settle(0.6)
        self.press("release.consequence.consent", **asked)
        self.press("release.foot.button", **asked, do=["release.consequence.consent"])
        self.wait_for(lambda: self.bundle() is not None, 120, "a bundle")
        self.hand.settle(2.0)
        self.hand.keep("released")

    @contextlib.contextmanager
    def file_manager(self, paths: list[str]) -> Iterator[None]:
        """Show a window from which files can be dragged, in the corner that is free."""
        process = subprocess.Popen(
            [sys.executable, "-m", dragging.__name__, *paths],
            cwd=ROOT,
            env=self._screen.environment(self.home),
            stdout=subprocess.PIPE,
        )
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield
            time.sleep(1)  # The drop is handed over by the process that the drag began in.
        finally:
            process.terminate()
            process.communicate(timeout=10)

    def leave(self) -> int:
        """Leave the program by its key, and return its exit code."""
        self.hand.key("ctrl+q")
        self.hand.count.keys -= 1  # Leaving is no part of the path.
        return self._program.wait(30)

    def bundle(self) -> Path | None:
        """Return the bundle, once it is there."""
        bundles = [
            path.parent
            for path in self.folder.rglob("SHA256SUMS")
            if "eye" not in path.relative_to(self.folder).parts
        ]
        return bundles[0] if bundles else None

    def scored(self, folder: Path) -> Path:
        """Wait until a project below a folder has scores, and return it."""
        projects: list[Path] = []

        def has_scores() -> bool:
            for path in folder.rglob("project.json"):
                with contextlib.suppress(DataSelectError, ValueError, OSError):
                    project = workflow.look(path.parent)
                    if project.is_finished and wanted_scores(project.request) <= set(project.scores):
                        projects.append(path.parent)
            return bool(projects)

        time.sleep(3)  # For the picture alone: work in progress is to be seen on it.
        self.hand.keep("scoring")
        self.wait_for(has_scores, 300, "a scored project")
        self.hand.settle(3.0, 300)
        self.hand.keep("scored")
        return projects[0]

    def wait_for(self, holds: Any, patience: float, what: str) -> None:  # noqa: ANN401
        """Wait for something outside the window."""
        end = time.monotonic() + patience
        while not holds():
            if self._program.poll() is not None:
                raise DriveError(f"The program ended while {what} was awaited.")
            if time.monotonic() > end:
                self.hand.keep(f"no {what}")
                raise DriveError(f"{what} did not come.")
            time.sleep(0.5)

    def press(
        self,
        target: str,
        *,
        patience: float = 20,
        **wanted: Any,  # noqa: ANN401
    ) -> None:
        """Find something and press it."""
        if "project" in wanted:
            wanted["project"] = str(wanted["project"])
        place = self.eye.find(self.home, target, notches=self.hand.notches, **wanted)
        self.hand.click(place, patience=patience)

    def close(self) -> str:
        """End what still runs, and return what the program wrote."""
        if self._program.poll() is None:
            self._program.terminate()
            try:
                self._program.wait(10)
            except subprocess.TimeoutExpired:
                self._program.kill()
        self._stack.close()
        return self._log.read_text(encoding="utf-8", errors="replace").strip()


def wanted_scores(request: workflow.Request) -> set[str]:
    """Return the scores that a request's rule reads."""
    rule = request.asked_rule
    return {str(request.score)} if rule is None else set(rule.scores)


def make_records(folder: Path) -> tuple[Path, Path] | None:
    """Cut the chest X-rays to a few, and return them with their checkpoint; None without them."""
    named = os.environ.get("DATASELECT_TEST_DATA")
    shared = Path(named).resolve() if named else Path(__file__).resolve().parents[3] / "shared" / "data"
    source, checkpoint = shared / "chest-xray" / "owner", shared / "checkpoints" / "chest-xray-resnet"
    if not (source / "metadata.csv").is_file() or not checkpoint.is_dir():
        return None
    with (source / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    # The first of each label: some of a patient's images lie beside each other.
    labels = sorted({row["label"] for row in rows})
    each = RECORDS // len(labels)
    rows = [row for label in labels for row in [r for r in rows if r["label"] == label][:each]]
    own = folder / "xrays"
    for row in rows:
        place = own / row["file_name"]
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / row["file_name"], place)
    with (own / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return own, checkpoint


def walk(out: Path, path: str) -> tuple[str, ...]:
    """Walk one path, and return its row of the table."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        is_demo = path.startswith("demo")
        ready = None if is_demo else make_records(folder)
        if not is_demo and ready is None:
            return (path, "–", "–", "–", "no data")
        drive = Drive(out, folder, path.replace(" ", "-"))
        begun = time.monotonic()
        verified = "no"
        try:
            if path == "demo by keys":
                by_keys.demo(drive)
            elif ready is None:
                drive.demo()
            elif path == "own data by keys":
                by_keys.own(drive, *ready)
            elif path == "own data":
                drive.own(*ready)
            else:
                model = folder / "model"
                shutil.copytree(ready[1], model, ignore=shutil.ignore_patterns("dataselect.json"))
                drive.request(ready[0], model)
            seconds = time.monotonic() - begun
            check = ["verify", drive.bundle()] if path != "request" else ["request", "check", model]
            checked = subprocess.run(
                [_dataselect(), *map(str, check)],
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "DATASELECT_HOME": str(drive.home)},
            )
            verified = "no" if checked.returncode else "yes"
            if checked.returncode:
                tell(checked.stdout + checked.stderr)
            if (code := drive.leave()) != 0:
                tell(f"{path}: the program left with {code}")
        except (DriveError, subprocess.TimeoutExpired) as error:
            seconds = time.monotonic() - begun
            drive.hand.keep("stopped")
            tell(f"{path}: {error}")
        finally:
            written = drive.close()
        if written:
            tell(f"{path}: the program wrote\n{written}")
        count = drive.hand.count
        tell(f"{path}: {' → '.join(count.steps)}")
        return (
            path,
            str(count.clicks),
            str(count.keys),
            f"{seconds:.0f}",
            verified,
        )


def _dataselect() -> str:
    """Return the program that belongs to this Python."""
    beside = Path(sys.executable).with_name("dataselect")
    program = str(beside) if beside.is_file() else shutil.which("dataselect")
    if program is None:
        raise SystemExit("dataselect is not installed: pip install -e .")
    return program


def main(arguments: Sequence[str]) -> int:
    """Walk the paths and print the table; 0 where all bundles and requests were verified."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="the folder for pictures")
    parser.add_argument("--path", choices=PATHS, action="append")
    chosen = parser.parse_args(arguments)
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            tell(f"{program} is missing: apt-get install xvfb xdotool")
            return 2
    chosen.out.mkdir(parents=True, exist_ok=True)
    paths = chosen.path or PATHS
    rows: list[tuple[str, ...]] = [("path", "clicks", "keys", "seconds", "verified")]
    rows += [walk(chosen.out, path) for path in paths]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        tell("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0 if all(row[-1] in {"yes", "no data"} for row in rows[1:]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
