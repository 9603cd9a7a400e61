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
    shown: list[str] = []
    for widget in explore.findChildren(QWidget):
        text = getattr(widget, "text", None)
        if callable(text) and not widget.isHidden():
            shown.append(str(text()))
        if widget.accessibleName():
            shown.append(widget.accessibleName())
    return shown
