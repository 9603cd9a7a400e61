"""From a folder to a verified bundle in the window, for each kind of record and task, with pictures.

``python -m tests.drive.kinds OUT SHARED CHECKPOINTS [KIND…]``: ``SHARED`` is the folder of the shared
test data, ``CHECKPOINTS`` holds what the scripts in ``tests/checkpoints_made`` wrote: ``garments``,
``sst2`` and ``adult``. The window is real, its screen is not (Qt's offscreen platform); every choice is
made by the widget that a person uses. Each place is kept as a picture, light and dark, large and small.
"""

import csv
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.drive.screens import DriveError
from tests.helpers import array_file

if TYPE_CHECKING:
    from dataselect_gui.window.shell.main_window import MainWindow
    from dataselect_gui.window.widgets.plain import ComboBox

SIZES = ((1360, 860), (640, 400))
COUNT = 400
"""Records of each kind."""


@dataclass(frozen=True)
class Case:
    """Records of a kind, and a checkpoint for them.

    Attributes
    ----------
    write : callable
        Writes the owner's records into a folder, and returns them.
    checkpoint : Path
        The consortium's.
    choose : callable
        Makes the choices that these records need, in Setup.
    """

    write: Callable[[Path], Path]
    checkpoint: Path
    choose: Callable[["Driver"], None]


class Driver:
    """Goes through a window as a person does.

    Parameters
    ----------
    window : MainWindow
        The window, which is shown.
    """

    def __init__(self, window: "MainWindow") -> None:
        self.window = window

    def settle(self) -> None:
        """Wait until nothing is worked on any more."""
        from PySide6.QtTest import QTest

        quiet = 0
        while quiet < 4:
            QTest.qWait(60)
            quiet = 0 if self.window.has_work else quiet + 1

    def give(self, *paths: Path) -> None:
        """Drop files and folders onto the window together."""
        from tests.window.steps import give_at_once

        give_at_once(self.window, *paths)
        self.settle()

    def choose(self, box: "ComboBox", data: str) -> None:
        """Choose an item of a box."""
        place = box.findData(data)
        if place < 0 or not box.isVisible():
            raise DriveError(f"“{data}” cannot be chosen.")
        box.setCurrentIndex(place)
        box.activated.emit(place)
        self.settle()

    def score(self) -> None:
        """Answer that the records helped in no training, and score them."""
        setup = self.window.setup
        setup.training.no.click()
        if not setup.score.isEnabled():
            raise DriveError(setup.status.text() or "It cannot be scored.")
        setup.score.click()
        self.settle()
        if self.window.state.look is None:
            raise DriveError("Nothing was scored.")

    def cut(self, share: float = 0.2) -> None:
        """Choose the records with the highest scores by a cut-off."""
        from PySide6.QtWidgets import QLineEdit

        from dataselect_gui.window.place import PlaceId

        window = self.window
        window.show_place(PlaceId.EXPLORE)
        look, score = window.state.look, window.state.sort
        assert look is not None
        assert score is not None
        values = look.scores[score]
        cut = float(np.nanquantile(values, 1 - share))
        histogram = window.explore.histogram
        field = histogram.findChildren(QLineEdit)[0]
        if window.state.rule is None:
            histogram.adopt.click()
        field.setText(f"{cut:.4f}")
        field.editingFinished.emit()
        window.state.set_current(int(window.state.order[1]))
        self.settle()

    def release(self) -> Path:
        """Release the selection, and return the bundle, which was verified."""
        from dataselect_gui.window.place import PlaceId

        window = self.window
        window.show_place(PlaceId.RELEASE)
        self.settle()
        window.release.consequence.consent.click()
        window.release.foot.set_budget.click()
        self.settle()
        if not window.release.foot.button.isEnabled():
            raise DriveError(window.release.foot.hint.text())
        window.release.foot.button.click()
        self.settle()
        done = window.release.parcel.done
        if done is None:
            raise DriveError(window.release.parcel.error.text())
        if not all(check.ok for check in done.checks):
            raise DriveError("; ".join(check.detail for check in done.checks if not check.ok))
        return Path(done.released.bundle)


def cases(shared: Path, made: Path, count: int = COUNT) -> dict[str, Case]:
    """Return the cases by their names.

    Parameters
    ----------
    shared : Path
        The folder of the shared test data.
    made : Path
        What the scripts in ``tests/checkpoints_made`` wrote.
    count : int
        Records of each.
    """
    from tests.checkpoints_made.garments import Garments, bright_records, pair_folder, pair_records

    def images(folder: Path) -> Path:
        garments = Garments(shared)
        first = slice(40_000, 40_000 + count)
        return array_file(
            folder / "garments.npz",
            x=garments.pictures[first],
            y=garments.classes[first],
            classes=np.array(garments.names),
        )

    def rows(folder: Path) -> Path:
        return _part_of(shared / "tabular/adult.csv", folder / "adult.csv", "test", count)

    def texts(folder: Path) -> Path:
        return _part_of(
            shared / "text/sst2.csv", folder / "reviews.csv", "test", count, text="sentence"
        )

    def pairs(folder: Path) -> Path:
        return pair_records(Garments(shared), folder / "pairs.npz", count)

    def findings(folder: Path) -> Path:
        return pair_folder(Garments(shared), folder / "pairs", count)

    def numbers(folder: Path) -> Path:
        return bright_records(Garments(shared), folder / "brightness.npz", count)

    def nothing(driver: Driver) -> None:
        del driver

    def income(driver: Driver) -> None:
        driver.choose(driver.window.setup.reading.label, "income")

    def income_of_one(driver: Driver) -> None:
        income(driver)
        driver.choose(driver.window.setup.labels.choices["<=50K"], "not >50K")
        driver.window.setup.labels.use.click()
        driver.settle()

    def sentence(driver: Driver) -> None:
        driver.choose(driver.window.setup.reading.text, "sentence")

    def each_class(driver: Driver) -> None:
        reading = driver.window.setup.reading
        driver.choose(reading.label, "\0several")
        reading.use.click()
        driver.settle()

    resnet = shared / "checkpoints/fashion-mnist-resnet"
    return {
        "images": Case(images, resnet, nothing),
        "rows": Case(rows, made / "adult/mlp", income),
        "rows-binary": Case(rows, made / "adult/binary", income_of_one),
        "texts": Case(texts, made / "sst2", sentence),
        "pairs": Case(pairs, made / "garments/garment-pairs", nothing),
        "columns": Case(findings, made / "garments/garment-pairs", each_class),
        "numbers": Case(numbers, made / "garments/brightness", nothing),
    }


def _part_of(table: Path, to: Path, split: str, count: int, **renamed: str) -> Path:
    """Write the first rows of a part of a shared table, perhaps with other names of columns."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split][:count]
    with to.open("w", encoding="utf-8", newline="") as file:
        kept = [name for name in rows[0] if name != "split"]
        writer = csv.writer(file)
        writer.writerow([renamed.get(name, name) for name in kept])
        writer.writerows([row[name] for name in kept] for row in rows)
    return to


def walk(
    case: Case, folder: Path, window: "MainWindow", seen: Callable[[str], None] = lambda _place: None
) -> Path:
    """Go from records to a verified bundle.

    Parameters
    ----------
    case : Case
        The records, and the checkpoint.
    folder : Path
        Takes the records, their project and the bundle.
    window : MainWindow
        An empty one.
    seen : callable
        Is told the name of each place that is worth a picture, when it is shown.

    Returns
    -------
    Path
        The bundle.

    Raises
    ------
    DriveError
        Where the window does not do what a person expects of it.
    """
    from dataselect_gui.window.place import PlaceId

    driver = Driver(window)
    driver.give(case.write(folder), case.checkpoint)
    seen("given")
    case.choose(driver)
    seen("setup")
    driver.score()
    driver.cut()
    seen("explore")
    window.show_place(PlaceId.RELEASE)
    driver.settle()
    seen("release")
    bundle = driver.release()
    seen("released")
    window.show_place(PlaceId.LEDGER)
    driver.settle()
    seen("ledger")
    window.show_place(PlaceId.SETUP)
    driver.settle()
    seen("reopened")
    return bundle


@contextmanager
def _window(home: Path) -> "Iterator[MainWindow]":
    """Open a window with a ledger of its own."""
    os.environ |= {"QT_QPA_PLATFORM": "offscreen", "DATASELECT_HOME": str(home)}
    from PySide6.QtWidgets import QApplication

    from dataselect_gui.window.settings import Settings
    from dataselect_gui.window.shell.main_window import MainWindow

    app = QApplication.instance() or QApplication([])
    window = MainWindow(Settings())
    window.resize(*SIZES[0])
    window.show()
    yield window
    window.close()
    window.deleteLater()
    app.processEvents()


def main(out: Path, shared: Path, made: Path, *names: str) -> None:
    """Walk each case, and keep the pictures."""
    from PySide6.QtTest import QTest

    from dataselect_gui.window.widgets import theme

    out.mkdir(parents=True, exist_ok=True)
    for name, case in cases(shared, made).items():
        if names and name not in names:
            continue
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        with _window(folder / "home") as window:

            def keep(place: str, name: str = name, window: "MainWindow" = window) -> None:
                for mode in ("light", "dark"):
                    theme.apply(mode)
                    for width, height in SIZES:
                        window.resize(width, height)
                        QTest.qWait(400)
                        picture = out / f"{name}-{place}-{mode}-{width}x{height}.png"
                        window.grab().save(str(picture))
                theme.apply("light")
                window.resize(*SIZES[0])
                QTest.qWait(100)

            bundle = walk(case, folder, window, keep)
            print(f"{name}: {bundle.name} is verified")  # noqa: T201
        shutil.rmtree(folder)


if __name__ == "__main__":
    _script, to, data, checkpoints, *chosen = sys.argv
    main(Path(to), Path(data), Path(checkpoints), *chosen)
