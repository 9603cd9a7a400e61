"""How many of the demo's wrong records are left out, and how many right ones."""

from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.workflow import Truths, count_left_out, left_out_line, truths_of_demo


class DemoCount(Elided):
    """One line that follows the selection; of the demo alone, since nobody knows that of other records.

    Parameters
    ----------
    state : State
        What the window shows.
    """

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._truths: Truths = {}
        self.setProperty("role", "dim")
        self.setFont(theme.font(-1))
        self.setContentsMargins(8, 0, 8, 0)
        state.opened.connect(self._on_opened)
        state.selection_changed.connect(self._count)
        self._on_opened()

    @property
    def is_of_use(self) -> bool:
        """Whether the demo is open."""
        return bool(self._truths)

    def _on_opened(self) -> None:
        look = self._state.look
        self._truths = {} if look is None or not look.is_demo else truths_of_demo(look.folder)
        self._count()

    def _count(self) -> None:
        if self._truths:
            chosen = self._state.selection.chosen
            self.set_full_text(
                left_out_line(count_left_out(self._truths, self._state.eligible, chosen))
            )
