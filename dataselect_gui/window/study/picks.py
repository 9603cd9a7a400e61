"""What came of each pick beside random ones, as a table."""

from collections.abc import Sequence

from dataselect_gui.texts import N_, _
from dataselect_gui.window.widgets.table import Table
from dataselect_gui.workflow import PickLine

_COLUMNS = (
    N_("Trained"),
    N_("Share"),
    N_("Picked"),
    N_("Right answers"),
    N_("Points better than random"),
)
_STRETCHED = (2, 4)


class Picks(Table):
    """The picks of a study."""

    def __init__(self, lines: Sequence[PickLine]) -> None:
        columns = [_(column) for column in _COLUMNS]
        super().__init__(_("Picks by a score beside random picks"), columns, _STRETCHED)
        self.show_rows([_words(line) for line in lines])


def _words(line: PickLine) -> tuple[str, ...]:
    trained = (
        _("without protection")
        if line.epsilon is None
        else _("protected, ε = {epsilon}", epsilon=line.epsilon)
    )
    beyond = f"{line.beyond}: {line.verdict}" if line.beyond else ""
    return trained, line.share, line.pick, line.right, beyond
