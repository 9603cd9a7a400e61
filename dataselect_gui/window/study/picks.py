"""What came of each pick beside random ones, as a table."""

from collections.abc import Sequence

from dataselect_gui.window.widgets.table import Table
from dataselect_gui.workflow import PickLine

_COLUMNS = ("Trained", "Share", "Picked", "Right", "Points beyond random")
_STRETCHED = (2, 4)


class Picks(Table):
    """The picks of a study."""

    def __init__(self, lines: Sequence[PickLine]) -> None:
        super().__init__("Picks by a score beside random picks", _COLUMNS, _STRETCHED)
        self.show_rows([_words(line) for line in lines])


def _words(line: PickLine) -> tuple[str, ...]:
    trained = "without DP" if line.epsilon is None else f"DP-SGD, ε = {line.epsilon}"
    beyond = f"{line.beyond}: {line.verdict}" if line.beyond else ""
    return trained, line.share, line.pick, line.right, beyond
