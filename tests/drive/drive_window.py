"""Drive the real window from its first page to a verified bundle, and count the clicks.

The program runs in its own process on a display of its own, and gets nothing but mouse and keyboard.
Where to press is found by a second process, which builds the same window in the same state on a
second display. It also hands on a picture of what is to be pressed, and the mouse waits until the
program shows just that at just that place: what a person cannot see yet is not pressed.
"""

import argparse
import contextlib
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageGrab

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError

SCREEN = (1760, 860)
RECORDS = 300
_FILES = (180, 120)
_DIFFERENT = 48
_TOLERATED = 0.06
_EDGE = 3


class DriveError(Exception):
    """The window did not do what a person expects of it."""


# Displays and processes


@dataclass
class Display:
    """A screen that nobody sees.

    Attributes
    ----------
    name : str
        As in ``DISPLAY``.
    """

    name: str

    def picture(self) -> Image.Image:
        """Return what the screen shows."""
        return ImageGrab.grab(xdisplay=self.name).convert("RGB")

    def environment(self, home: Path) -> dict[str, str]:
        """Return the environment of a process that shows its windows here."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("QT_", "DATASELECT_"))}
        return kept | {
            "DISPLAY": self.name,
            "QT_QPA_PLATFORM": "xcb",
            "DATASELECT_HOME": str(home),
        }


@contextlib.contextmanager
def display() -> Iterator[Display]:
    """Start a screen and end it again."""
    read, write = os.pipe()
    size = f"{SCREEN[0]}x{SCREEN[1]}x24"
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as told:
            number = told.readline().strip()
        if not number:
            raise DriveError("Xvfb did not start.")
        yield Display(f":{number}")
    finally:
        process.terminate()
        process.wait(10)


# Where things are: the second process


@dataclass
class Target:
    """A thing to press.

    Attributes
    ----------
    name : str
        Its name within the window.
    x, y : int
        Its middle, as the window shows it.
    notches : int
        How far the wheel has to be turned first.
    box : tuple of int
        Left, top, right, bottom.
    picture : Image.Image
        How it looks.
    state : dict
        What else was asked about the window.
    """

    name: str
    x: int
    y: int
    notches: int
    box: tuple[int, int, int, int]
    picture: Image.Image
    state: dict[str, Any]


def find(wanted: dict[str, Any], answer: Path) -> None:
    """Build the window, bring it to a state, and write down where something is.

    Parameters
    ----------
    wanted : dict
        ``project``, a copy to open; ``take``, paths to give; ``place``, to show; ``do``, names of
        buttons to press; ``notches``, how far the wheel was turned; ``target``, a name; ``ask``,
        names of values to read.
    answer : Path
        The folder for the answer.
    """
    from PySide6.QtCore import QPoint, QPointF, Qt
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

    from dataselect_gui.window import settings
    from dataselect_gui.window.place import PlaceId
    from dataselect_gui.window.shell.main_window import MainWindow
    from dataselect_gui.window.widgets import theme

    app = QApplication(["dataselect"])
    kept = settings.load()
    theme.apply(kept.theme)
    window = MainWindow(kept)
    window.show()
    QTest.qWait(200)
    if wanted.get("project"):
        window.open_project(Path(wanted["project"]))
    for path in wanted.get("take", []):
        window.preparation.take(Path(path))
    quiet = 0
    while quiet < 5:  # One job may follow the other.
        QTest.qWait(50)
        quiet = 0 if window.jobs.running else quiet + 1
    if wanted.get("place"):
        window.show_place(PlaceId(wanted["place"]))

    def named(name: str) -> Any:  # noqa: ANN401
        found: Any = window
        for part in name.split("."):
            found = found[part] if isinstance(found, dict) else getattr(found, part)
        return found

    for name in wanted.get("do", []):
        named(name).click()
    for _ in range(200):  # What is left of a budget is read elsewhere.
        if not wanted.get("project") or window.state.account is not None:
            break
        QTest.qWait(50)
    QTest.qWait(500)
    while window.release.prospect.waiting:  # What a release would come to is worked out elsewhere.
        QTest.qWait(50)
    target: QWidget = named(wanted["target"])
    for _ in range(200):
        if target.isVisible():
            break
        QTest.qWait(50)
    QTest.qWait(500)
    area: QWidget | None = target
    while area is not None and not isinstance(area, QScrollArea):
        area = area.parentWidget()
    scroll = area if isinstance(area, QScrollArea) else None

    def turn() -> None:
        assert scroll is not None
        view = scroll.viewport()
        middle = QPointF(view.rect().center())
        event = QWheelEvent(
            middle,
            QPointF(view.mapToGlobal(middle.toPoint())),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        app.sendEvent(view, event)
        QTest.qWait(50)

    notches = 0
    if scroll is not None:
        for _ in range(int(wanted.get("notches", 0))):
            turn()
        while target.visibleRegion().boundingRect() != target.rect() and notches < 40:
            turn()
            notches += 1
    if not target.isVisible():
        raise DriveError(f"{wanted['target']} is not to be seen.")
    QTest.qWait(300)
    corner = target.mapToGlobal(QPoint(0, 0))
    # A button of words may be wider than its words: only what can be hit is pressed.
    width = min(target.width(), target.sizeHint().width())
    width = width if width > 0 else target.width()
    box = [corner.x(), corner.y(), corner.x() + width, corner.y() + target.height()]
    shown = window.grab()
    within = target.mapTo(window, QPoint(0, 0))
    shown.copy(within.x(), within.y(), width, target.height()).save(str(answer / "target.png"))
    shown.save(str(answer / "window.png"))
    asked = {name: _plain(named(name)) for name in wanted.get("ask", [])}
    (answer / "target.json").write_text(
        json.dumps({"notches": notches, "box": box, "state": asked}), encoding="utf-8"
    )
    window.close()


def _plain(value: Any) -> Any:  # noqa: ANN401
    if callable(named := getattr(value, "itemText", None)):
        return [named(place) for place in range(value.count())]
    return None if value is None else str(value)


# What a person drags from: the third process


def show_files(paths: Sequence[str]) -> int:
    """Show a window from which files can be dragged together, as from a file manager."""
    from PySide6.QtCore import QMimeData, Qt, QTimer, QUrl
    from PySide6.QtGui import QDrag, QMouseEvent
    from PySide6.QtWidgets import QApplication, QLabel

    class Files(QLabel):
        def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
            del event
            content = QMimeData()
            content.setUrls([QUrl.fromLocalFile(path) for path in paths])
            drag = QDrag(self)
            drag.setMimeData(content)
            drag.exec(Qt.DropAction.CopyAction)

    app = QApplication(["files"])
    files = Files("\n".join(Path(path).name for path in paths))
    files.setWindowFlag(Qt.WindowType.FramelessWindowHint)
    files.setGeometry(0, 0, *_FILES)
    files.setAlignment(Qt.AlignmentFlag.AlignCenter)
    files.show()
    QTimer.singleShot(500, lambda: tell("ready"))
    return app.exec()


class Eye:
    """Finds things, by looking at a second window of the same kind."""

    def __init__(self, second: Display, folder: Path) -> None:
        self._second = second
        self._folder = folder
        self._count = 0

    def find(self, home: Path, target: str, **wanted: Any) -> Target:  # noqa: ANN401
        """Return where something is, once the window is in the wanted state; see `find`."""
        self._count += 1
        folder = self._folder / str(self._count)
        copied = folder / "home"
        shutil.copytree(home, copied) if home.exists() else copied.mkdir(parents=True)
        project = wanted.get("project")
        if project is not None:
            path = Path(project)
            if path.is_relative_to(home):  # The demo's: its ledger lies beside it, and was copied too.
                own = copied / path.relative_to(home)
            else:
                own = folder / path.name
                shutil.copytree(path, own)
            wanted["project"] = str(own)
        told = subprocess.run(
            [sys.executable, __file__, "--find", json.dumps({**wanted, "target": target}), str(folder)],
            env=self._second.environment(copied),
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        if told.returncode:
            raise DriveError(f"{target} was not found.\n{told.stderr}")
        answer = json.loads((folder / "target.json").read_text(encoding="utf-8"))
        left, top, right, bottom = answer["box"]
        with Image.open(folder / "target.png") as picture:
            return Target(
                name=target,
                x=(left + right) // 2,
                y=(top + bottom) // 2,
                notches=answer["notches"],
                box=(left, top, right, bottom),
                picture=picture.convert("RGB"),
                state=answer["state"],
            )


# The hand


@dataclass
class Count:
    """What a path took.

    Attributes
    ----------
    clicks, keys : int
        Clicks, drops among them, and keys.
    steps : list of str
        What was clicked.
    """

    clicks: int = 0
    keys: int = 0
    steps: list[str] = field(default_factory=list)


class Hand:
    """Mouse and keyboard of the driven window, and pictures of each step.

    Parameters
    ----------
    screen : Display
        Where the window is.
    out : Path
        The folder for pictures.
    name : str
        What their names begin with.
    """

    def __init__(self, screen: Display, out: Path, name: str) -> None:
        self._screen = screen
        self._out = out
        self._name = name
        self._pictures = 0
        self.count = Count()
        self.notches = 0

    def click(self, target: Target, *, patience: float = 20) -> None:
        """Turn the wheel as far as needed, wait until the target is seen, and press it."""
        if target.notches:
            self._do("mousemove", str(SCREEN[0] // 2), str(SCREEN[1] // 2))
            for _ in range(target.notches):
                self._do("click", "5")
            self.notches += target.notches
        self.see(target, patience)
        self.keep(f"before {target.name}")
        self._do("mousemove", str(target.x), str(target.y))
        time.sleep(0.2)
        self._do("click", "1")
        self.count.clicks += 1
        self.count.steps.append(target.name)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Drag something from one place to another, in steps as a hand does; it counts as a click."""
        self._do("mousemove", *map(str, start), "mousedown", "1")
        for step in range(1, 21):
            x, y = (a + (b - a) * step // 20 for a, b in zip(start, end, strict=True))
            self._do("mousemove", str(x), str(y))
            time.sleep(0.03)
        time.sleep(0.3)
        self._do("mouseup", "1")
        self.count.clicks += 1
        self.count.steps.append("drop both")

    def key(self, *names: str) -> None:
        """Press keys, one after the other."""
        self._do("key", "--delay", "80", *names)
        self.count.keys += len(names)

    def see(self, target: Target, patience: float = 20) -> None:
        """Wait until the window shows the target where it should be.

        Raises
        ------
        DriveError
            Where it does not within the patience, in seconds.
        """
        end = time.monotonic() + patience
        while (share := self._difference(target)) > _TOLERATED:
            if time.monotonic() > end:
                self.keep(f"not seen {target.name}")
                target.picture.save(self._out / f"{self._name}-wanted-{target.name}.png")
                raise DriveError(f"{target.name} was not seen: {share:.0%} of it looks otherwise.")
            time.sleep(0.25)

    def settle(self, quiet: float = 1.0, patience: float = 60) -> None:
        """Wait until the screen has not changed for a while."""
        end, since, last = time.monotonic() + patience, time.monotonic(), self._screen.picture()
        while time.monotonic() - since < quiet:
            if time.monotonic() > end:
                raise DriveError("The window does not come to rest.")
            time.sleep(0.2)
            now = self._screen.picture()
            if _changed(now, last) > 0.0005:
                since, last = time.monotonic(), now

    def look(self) -> Image.Image:
        """Return what the screen shows."""
        return self._screen.picture()

    def keep(self, title: str) -> None:
        """Keep a picture of the screen."""
        self._pictures += 1
        name = f"{self._name}-{self._pictures:02}-{title.replace(' ', '-')}.png"
        self.look().save(self._out / name)

    def _difference(self, target: Target) -> float:
        # Without the edge, which shows focus and the mouse.
        width, height = target.picture.size
        inner = (_EDGE, _EDGE, width - _EDGE, height - _EDGE)
        return _changed(self.look().crop(target.box).crop(inner), target.picture.crop(inner))

    def _do(self, *words: str) -> None:
        subprocess.run(
            ["xdotool", *words],
            env={**os.environ, "DISPLAY": self._screen.name},
            check=True,
            stdout=subprocess.DEVNULL,
        )


def _changed(one: Image.Image, other: Image.Image) -> float:
    """Return which share of two pictures of one size differs."""
    first, second = (np.asarray(picture, dtype=np.int16) for picture in (one, other))
    if first.shape != second.shape:
        return 1.0
    return float((np.abs(first - second).max(axis=2) > _DIFFERENT).mean())


# The two paths


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
            self.hand.drag((_FILES[0] // 2, _FILES[1] // 2), (well.x, well.y))
        self.press("setup.training.no", take=taken, place="setup", patience=90)
        setup = {"take": taken, "place": "setup", "do": ["setup.training.no"]}
        score = self.eye.find(self.home, "setup.score", **setup, ask=["setup.unit_column"])
        if score.state["setup.unit_column"] != "patient":
            raise DriveError("The patient is not protected by default.")
        self.hand.click(score)
        project = self.scored(records.parent)
        self.press("header.tabs.release", project=project, place="explore", patience=30)
        self.release(project)

    def release(self, project: Path) -> None:
        """Walk from the Release place to a bundle; the question about training was answered."""
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
            [sys.executable, __file__, "--files", *paths],
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
        found = [
            path.parent
            for path in self.folder.rglob("SHA256SUMS")
            if "eye" not in path.relative_to(self.folder).parts
        ]
        return found[0] if found else None

    def scored(self, folder: Path) -> Path:
        """Wait until a project below a folder has scores, and return it."""
        found: list[Path] = []

        def has_scores() -> bool:
            for path in folder.rglob("project.json"):
                with contextlib.suppress(DataSelectError, ValueError, OSError):
                    project = workflow.look(path.parent)
                    if project.is_finished and wanted_scores(project.request) <= set(project.scores):
                        found.append(path.parent)
            return bool(found)

        time.sleep(3)  # For the picture alone: work in progress is to be seen on it.
        self.hand.keep("scoring")
        self.wait_for(has_scores, 300, "a scored project")
        self.hand.settle(3.0, 300)
        self.hand.keep("scored")
        return found[0]

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
        found = self.eye.find(self.home, target, notches=self.hand.notches, **wanted)
        self.hand.click(found, patience=patience)

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
    shared = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"
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
        ready = make_records(folder) if path == "own data" else None
        if path == "own data" and ready is None:
            return (path, "–", "–", "–", "no data")
        drive = Drive(out, folder, path.replace(" ", "-"))
        begun = time.monotonic()
        verified = "no"
        try:
            drive.demo() if ready is None else drive.own(*ready)
            seconds = time.monotonic() - begun
            bundle = drive.bundle()
            told = subprocess.run(
                [_dataselect(), "verify", str(bundle)],
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "DATASELECT_HOME": str(drive.home)},
            )
            verified = "no" if told.returncode else "yes"
            if told.returncode:
                tell(told.stdout + told.stderr)
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


def tell(text: str) -> None:
    """Say something to whoever runs this."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _dataselect() -> str:
    """Return the program that belongs to this Python."""
    beside = Path(sys.executable).with_name("dataselect")
    found = str(beside) if beside.is_file() else shutil.which("dataselect")
    if found is None:
        raise SystemExit("dataselect is not installed: pip install -e .")
    return found


def main(arguments: Sequence[str]) -> int:
    """Walk the paths and print the table; 0 where all bundles were verified."""
    if arguments[:1] == ["--find"]:
        find(json.loads(arguments[1]), Path(arguments[2]))
        return 0
    if arguments[:1] == ["--files"]:
        return show_files(arguments[1:])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="the folder for pictures")
    parser.add_argument("--path", choices=["demo", "own data"], action="append")
    chosen = parser.parse_args(arguments)
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            tell(f"{program} is missing: apt-get install xvfb xdotool")
            return 2
    chosen.out.mkdir(parents=True, exist_ok=True)
    paths = chosen.path or ["demo", "own data"]
    rows: list[tuple[str, ...]] = [("path", "clicks", "keys", "seconds", "verified")]
    rows += [walk(chosen.out, path) for path in paths]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        tell("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0 if all(row[-1] in {"yes", "no data"} for row in rows[1:]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
