"""What leaving out records that look wrong comes to, for the owner alone."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.widgets.boundary import StayPanel, paragraph
from dataselect_gui.window.widgets.fold import Fold
from dataselect_gui.window.widgets.plain import Button
from dataselect_gui.workflow import (
    LEAVING_OUT_HELPS,
    LeftOutFigures,
    LeftOutShare,
    Look,
    left_out_figures,
    left_out_share,
    left_out_total,
)

_MOST_CLASSES = 40
"""So many are listed, those with the largest share first."""
_MOST_NAME = 60


class LeftOutPanel(StayPanel):
    """Shows how many records look wrong, beside what clean ones would come to, and by class.

    Signals
    -------
    look_through()
        The owner wants to see who they are.
    """

    look_through = Signal()

    def __init__(self) -> None:
        super().__init__(_("Records that look wrong"))
        self.figures: LeftOutFigures | None = None
        self.total, self._unit = paragraph(), paragraph(role="dim")
        self.by_class = Fold(_("Left out by class"))
        self.show_them = Button(_("Look at them, worst first"))
        self.show_them.setProperty("role", "link")
        self.show_them.clicked.connect(self.look_through)
        for part in (self.total, self._unit, paragraph(_(LEAVING_OUT_HELPS), role="dim")):
            self.body.addWidget(part)
        self.body.addWidget(self.by_class)
        self.body.addWidget(self.show_them, 0, Qt.AlignmentFlag.AlignLeading)

    def show_project(self, look: Look | None, eligible: NDArray[np.bool_], *, is_of_all: bool) -> None:
        """Show the figures of a project, where its request brings a calibration.

        Parameters
        ----------
        look : Look or None
            The project.
        eligible : ndarray of bool
            The records that may take part, shape (n,).
        is_of_all : bool
            Whether its rule leaves nothing out, so that nothing is left out by class.
        """
        known = look is not None and not look.waits_for_count
        self.figures = left_out_figures(look, eligible) if look is not None and known else None
        self.setVisible(self.figures is not None)
        if self.figures is None or look is None:
            return
        self.total.setText(left_out_total(self.figures))
        self._unit.setText(
            _(
                "The range takes each record by itself. A person has several records here, so the "
                "true range is wider."
            )
        )
        self._unit.setVisible(look.unit_column is not None)
        shown = self.figures.by_class[:_MOST_CLASSES]
        self.by_class.set_text(*map(_line, shown))
        self.by_class.setVisible(not is_of_all and len(self.figures.rows) > 0)
        self.show_them.setEnabled(len(self.figures.rows) > 0)


def _line(share: LeftOutShare) -> str:
    return f"{visible(share.name or '', _MOST_NAME)}: {left_out_share(share)}"
