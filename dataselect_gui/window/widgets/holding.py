"""Parts of a page that take no choices while a job works by those that it began with."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget


class Holding:
    """Disables parts of a page for a while; the focus comes back after.

    A choice that is made meanwhile would be shown, and not be what is worked by.

    Parameters
    ----------
    page : QWidget
        The page.
    parts : sequence of QWidget
        Its parts in which something is chosen.
    """

    def __init__(self, page: QWidget, parts: Sequence[QWidget]) -> None:
        self._page, self._parts = page, parts
        self._had_focus: QWidget | None = None
        self._got_focus: QWidget | None = None

    def hold(self, *, held: bool) -> None:
        """Disable the parts, or enable them again."""
        focused = self._page.window().focusWidget()
        for part in self._parts:
            part.setDisabled(held)
        if held:
            self._had_focus, self._got_focus = focused, self._page.window().focusWidget()
        elif focused is self._got_focus and self._had_focus in self._page.findChildren(QWidget):
            self._had_focus.setFocus()
