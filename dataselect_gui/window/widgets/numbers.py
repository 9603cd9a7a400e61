"""Numbers as a person types them, with a point or a comma."""

from PySide6.QtWidgets import QLineEdit


def with_point(text: str) -> str:
    """Return what was typed for one number, with a point."""
    return text.strip().replace(",", ".")


def read_number(field: QLineEdit) -> str | None:
    """Return what was typed into a field for one number, with a point; None where it is empty."""
    return with_point(field.text()) or None
