"""Steps of somebody in Explore."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.state import State

Show = Callable[..., ExplorePlace]
COUNT = 40

NONE, LEFT = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton


def marked(state: State) -> list[int]:
    rows: list[int] = np.flatnonzero(state.marked).tolist()
    return rows


def texts(explore: ExplorePlace) -> list[str]:
    found: list[str] = []
    for widget in explore.findChildren(QWidget):
        words = getattr(widget, "text", None)
        if words is not None and not widget.isHidden():
            found.append(str(words()))
        if widget.accessibleName():
            found.append(widget.accessibleName())
    return found
