"""What a release is worth to be expected, over a range of ε."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.release.prospect import Prospect
from dataselect_gui.window.release.sentences import rounded, width_of
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.column import clear
from dataselect_gui.window.widgets.plain import Label

_EVENLY = N_("This assumes that scores are spread evenly between their lowest and highest value.")


class Usefulness(QWidget):
    """A small table: one line for each ε, the one in question in bold."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.SPACE[3])
        self._grid.setVerticalSpacing(2)

    def show_prospect(self, prospect: Prospect) -> None:
        """Show what to expect of a release, by ε."""
        clear(self._grid)
        preview = prospect.preview
        lines = None if preview is None else preview.usefulness
        self.setVisible(bool(lines))
        if not lines:
            return
        heads, cells = _columns(prospect, lines)
        for column, head in enumerate(heads):
            label = paragraph(head, step=-1, role="dim")
            self._grid.addWidget(label, 0, column, Qt.AlignmentFlag.AlignBottom)
            self._grid.setColumnStretch(column, 0 if column == 0 else 1)
        self._grid.setColumnMinimumWidth(0, 40)
        said = []
        for row, (line, texts) in enumerate(zip(lines, cells, strict=True), start=1):
            is_asked = line is prospect.expected
            for column, text in enumerate(texts):
                label = Label(text)
                label.setFont(theme.font(bold=is_asked))
                self._grid.addWidget(label, row, column)
            pairs = (f"{head} {text}" for head, text in zip(heads, texts, strict=True))
            said.append(", ".join(pairs))
        if prospect.mechanism is not None and "bounds" in prospect.mechanism.takes:
            note = paragraph(_(_EVENLY), step=-1, role="dim")
            self._grid.addWidget(note, len(lines) + 1, 0, 1, len(heads))
        self.setAccessibleName(visible(_("What to expect, by ε")))
        self.setAccessibleDescription(visible("; ".join(said)))


def _columns(
    prospect: Prospect, lines: list[dict[str, float]]
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the heads of the table and its cells, line by line."""
    compared = _(prospect.kind.compared)
    if "width" in lines[0]:
        return ("ε", _("Off by at most, 95 times in 100"), compared), [
            (f"{line['epsilon']:g}", f"± {width_of(prospect, line)}", rounded(line["against"]))
            for line in lines
        ]
    heads = (
        "ε",
        _("Of 100 that {leave}, in your selection", leave=compared),
        _("Of 100 in your selection, {leave}", leave=compared),
        _("Right by a random pick"),
    )
    return heads, [
        (
            f"{line['epsilon']:g}",
            f"{100 * line['precision']:.0f}",
            f"{100 * line['recall']:.0f}",
            f"{100 * line['random']:.0f}",
        )
        for line in lines
    ]
