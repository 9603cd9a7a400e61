"""Fields that leave the mouse wheel to the page that they stand on.

Qt changes the value of such a field by the wheel, so that whoever scrolls a page may change ε, or whom
a release protects, by what happens to lie under the pointer. The linter bans Qt's own classes.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QSlider, QSpinBox

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget as _QField
else:
    _QField = object


class LeavesWheel(_QField):
    """A field that the wheel neither changes nor gives the focus to."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Leave it to what the field stands on."""
        event.ignore()


class SpinBox(LeavesWheel, QSpinBox):
    """A field for a whole number, with arrows."""


class Slider(LeavesWheel, QSlider):
    """A horizontal slider."""

    def __init__(self) -> None:
        super().__init__()
        self.setOrientation(Qt.Orientation.Horizontal)
