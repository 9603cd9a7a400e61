"""Walk the paths of the drive by the keyboard alone, without any event of a mouse."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.drive.drive_window import Drive


def demo(drive: "Drive") -> None:
    """Walk from the first page to a bundle of the demo's records."""
    _wait_for_the_start(drive)
    drive.hand.key("ctrl+k", *"demo", "Return")
    _release(drive, drive.scored(drive.home))


def own(drive: "Drive", records: Path, checkpoint: Path) -> None:
    """Walk from the first page to a bundle of one's own records."""
    _wait_for_the_start(drive)
    _choose(drive, "start.records.folder", records)
    _choose(drive, "start.checkpoint.folder", checkpoint, take=[str(records)])
    setup: dict[str, Any] = {"take": [str(records), str(checkpoint)], "place": "setup"}
    _press(drive, "setup.training.no", **setup)
    _press(drive, "setup.score", **setup, do=["setup.training.no"])
    _release(drive, drive.scored(records.parent))


def _wait_for_the_start(drive: "Drive") -> None:
    drive.hand.see(drive.eye.find(drive.home, "start.records"), 60)
    drive.hand.wake()


def _choose(drive: "Drive", button: str, folder: Path, **wanted: object) -> None:
    """Choose a folder in the dialog that a button opens, by its path."""
    _press(drive, button, **wanted)
    drive.hand.settle(1.0)
    drive.hand.wake("folder")
    drive.hand.type(str(folder))
    drive.hand.key("Return")
    drive.hand.settle(2.0)
    drive.hand.wake()


def _release(drive: "Drive", project: Path) -> None:
    # Release opens once all is read in, and Explore is shown.
    tab = drive.eye.find(drive.home, "header.tabs.release", project=str(project), place="explore")
    drive.hand.see(tab, 60)
    drive.hand.wake()
    drive.hand.key("ctrl+3")
    asked: dict[str, Any] = {"project": str(project), "place": "release"}
    _press(drive, "release.foot.set_budget", **asked)
    drive.hand.settle(0.6)
    _press(drive, "release.consequence.consent", **asked)
    _press(drive, "release.foot.button", **asked, do=["release.consequence.consent"])
    drive.wait_for(lambda: drive.bundle() is not None, 120, "a bundle")
    drive.hand.settle(2.0)
    drive.hand.keep("released")


def _press(drive: "Drive", target: str, **wanted: object) -> None:
    """Go to something by Tab, and press it."""
    drive.hand.reach(drive.eye.find(drive.home, target, by_tab=True, **wanted))
    drive.hand.key("space")
