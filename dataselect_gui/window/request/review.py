"""What would be written, before it is; and what was, with what to do next."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout

from dataselect_gui import workflow
from dataselect_gui.texts import N_, _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import LeavePanel, Note, StayPanel, paragraph
from dataselect_gui.window.widgets.column import clear
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.opening import OpenButton
from dataselect_gui.window.widgets.plain import Button, Label
from dataselect_gui.window.widgets.table import Table
from dataselect_gui.workflow import CalibrationFound, PreparedRequest, RequestChecked

NEW = N_("There is no request beside the model yet: one is made.")
CHANGED = N_("There is a request beside the model. What it says beside these stays as it is.")
SAME = N_("There is a request beside the model, and nothing of it changes.")
HAND_OVER = N_(
    "Hand this folder over: the model, dataselect.json and the file beside it, where there is one, "
    "belong together. An owner drops the folder onto this program."
)
_FORMER = N_("The former calibration's file goes: {name}")


class Findings(StayPanel):
    """What clean rows came to, and what the consortium should know of it: nothing is written yet."""

    def __init__(self) -> None:
        super().__init__()
        self.body.addWidget(paragraph(_("What your rows came to"), step=2, bold=True))
        self.warnings, self._parts = QVBoxLayout(), QVBoxLayout()
        for part in (self.warnings, self._parts):
            part.setSpacing(theme.SPACE[1])
            self.body.addLayout(part)
        self._shown: CalibrationFound | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # It is read before anything is pressed.
        self.hide()

    def show_calibration(self, calibrated: CalibrationFound | None) -> None:
        """Show a calibration; None for none."""
        self.setVisible(calibrated is not None)
        if calibrated is self._shown:
            return
        self._shown = calibrated
        clear(self.warnings)
        clear(self._parts)
        if calibrated is None:
            return
        for warning in calibrated.warnings:
            self.warnings.addWidget(Note("warn", warning))
        if calibrated.rule is None:
            self.warnings.addWidget(Note("warn", _("No class has a threshold, so no rule is written.")))
        titles, rows = workflow.threshold_table(calibrated.calibration)
        table = Table(_("Thresholds by class"), titles, {0})
        table.show_rows(rows)
        self._parts.addWidget(table)
        for line in workflow.calibration_words(calibrated.calibration, with_thresholds=False):
            self._parts.addWidget(paragraph(line))


class Changes(QFrame):
    """Which keys of the request are added, replaced, removed and kept."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._where = Elided(Qt.TextElideMode.ElideMiddle)
        self._where.setProperty("role", "dim")
        self.text = paragraph()
        self.warnings = QVBoxLayout()
        self.warnings.setSpacing(theme.SPACE[1])
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.SPACE[3])
        self._grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(theme.SPACE[1])
        column.addWidget(paragraph(_("What is written"), step=2, bold=True))
        for widget in (self._where, self.text):
            column.addWidget(widget)
        column.addLayout(self._grid)
        column.addLayout(self.warnings)
        self.hide()

    def show_prepared(self, prepared: PreparedRequest | None) -> None:
        """Show what would become of a request; None for nothing to show."""
        self.setVisible(prepared is not None)
        clear(self._grid)
        clear(self.warnings)
        if prepared is None:
            return
        self._where.set_full_text(str(prepared.path))
        is_new = prepared.before is None
        self.text.setText(_(NEW if is_new else CHANGED if has_changes(prepared) else SAME))
        for name, keys in (
            (_("Added"), prepared.added),
            (_("Replaced"), prepared.replaced),
            (_("Removed"), prepared.removed),
            (_("Kept"), prepared.kept),
        ):
            if keys:
                self._add(name, ", ".join(keys))
        if prepared.former_file is not None:
            self._add("", _(_FORMER, name=prepared.former_file.name))
        for warning in prepared.warnings:
            self.warnings.addWidget(Note("warn", warning))

    def _add(self, name: str, text: str) -> None:
        label, line = Label(name), self._grid.count() // 2
        label.setProperty("role", "dim")
        self._grid.addWidget(label, line, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(paragraph(text), line, 1)


class Written(LeavePanel):
    """A request that was written, in words.

    Signals
    -------
    another_wanted()
        Another one is to be prepared.
    """

    another_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._prepared: PreparedRequest | None = None
        self.lines = QVBoxLayout()
        self.lines.setSpacing(theme.SPACE[1])
        self._where = Elided(Qt.TextElideMode.ElideMiddle)
        self.folder, self.another = OpenButton(_("Open folder")), Button(_("Prepare another"))
        self.another.clicked.connect(self.another_wanted)
        self.body.addWidget(paragraph(_("The request is written"), step=2, bold=True))
        self.body.addWidget(self._where)
        self.body.addWidget(paragraph(_(HAND_OVER)))
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE[1])
        buttons.addWidget(self.folder)
        buttons.addWidget(self.another)
        buttons.addStretch()
        self.body.addLayout(buttons)
        self.body.addWidget(paragraph(_("What it says"), bold=True))
        self.body.addLayout(self.lines)
        self.hide()

    def show_written(self, prepared: PreparedRequest | None, checked: RequestChecked | None) -> None:
        """Show what was written and what is to be known of it; None twice for nothing."""
        self._prepared = prepared
        self.setVisible(prepared is not None)
        clear(self.lines)
        if prepared is None or checked is None:
            return
        file = prepared.file
        names = [prepared.path.name, *([] if file is None else [file.name])]
        self.folder.set_path(prepared.folder)
        self._where.set_full_text(f"{prepared.folder}: {', '.join(names)}")
        for fault in checked.faults.values():
            self.lines.addWidget(Note("stop", fault))
        for note in checked.notes:
            self.lines.addWidget(Note("warn", note))
        for line in checked.lines or [_("Nothing in particular.")]:
            self.lines.addWidget(paragraph(line))


def has_changes(prepared: PreparedRequest) -> bool:
    """Say whether writing changes anything."""
    return bool(prepared.added or prepared.replaced or prepared.removed)


def listed_faults(prepared: PreparedRequest, keys: Sequence[str]) -> str:
    """Return what is wrong with keys that no field asks for, as sentences."""
    return " ".join(why for key, why in prepared.faults.items() if key not in keys)
