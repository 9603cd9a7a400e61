"""The places of the window, and what the window needs to know of each."""

from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from PySide6.QtWidgets import QWidget


class PlaceId(StrEnum):
    """Which place is meant."""

    START = "start"
    SETUP = "setup"
    EXPLORE = "explore"
    RELEASE = "release"
    LEDGER = "ledger"
    CHECK = "check"
    PEOPLE = "people"
    DELETION = "deletion"
    STUDY = "study"
    REQUEST = "request"
    RULE = "rule"


class Place:
    """One page of the window: a widget that also inherits from this, and overrides what it needs.

    Attributes
    ----------
    place_id : PlaceId
        Which place it is.
    """

    place_id: ClassVar[PlaceId]

    @property
    def as_widget(self) -> QWidget:
        """The place as a widget."""
        assert isinstance(self, QWidget)
        return self

    @property
    def is_working(self) -> bool:
        """Whether anything is being computed that will change what is shown."""
        return False

    @property
    def has_threads(self) -> bool:
        """Whether any thread of its own is running."""
        return False

    def entered(self) -> None:
        """Do what is due when the place is shown after another one."""

    def left(self) -> None:
        """Do what is due when another place is about to be shown."""

    def dropped(self, path: Path) -> bool:
        """Take a file or folder that was dropped on the place; return whether it did."""
        del path
        return False

    def close_threads(self) -> None:
        """Stop its threads and wait for them; called before the window closes."""
