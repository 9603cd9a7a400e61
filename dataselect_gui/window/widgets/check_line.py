"""The result of one check of a bundle, as a line."""

from PySide6.QtWidgets import QWidget

from dataselect_gui.window.widgets.boundary import Note, paragraph
from dataselect_gui.workflow import Check


def check_line(check: Check) -> QWidget:
    """Return a line that says what a check found; one that failed is framed."""
    text = f"{check.name}: {check.detail}"
    return paragraph(f"✓ {text}") if check.ok else Note("stop", f"✗ {text}")
