"""Numbers as a person types them: as the system's language writes them, or with a point.

The program writes a point everywhere. Where a number could be meant in two ways, as 1,500 could be one
and a half or one thousand five hundred, it is not guessed which.
"""

import re
from decimal import Decimal

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QLineEdit

from dataselect_gui.errors import UsageError
from dataselect_gui.texts import _
from dataselect_gui.workflow import decimal_of, exact

_SPACED_GROUP = re.compile(r"(?<=[0-9])[\s’'](?=[0-9]{3}(?![0-9]))")
_LIKE_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")


def with_point(text: str) -> str:
    """Return what was typed for one number, with a point.

    What is unclear is returned with a comma, which is then read as no number.
    """
    decimal = QLocale().decimalPoint()
    plain = _SPACED_GROUP.sub("", text.strip().replace("−", "-"))
    separators = re.findall("[.,]", plain)
    if len(separators) > 1:
        return _without_groups(plain, decimal)
    if separators != [decimal] and _LIKE_THOUSANDS.fullmatch(plain):
        return plain.replace(".", ",")
    return plain.replace(",", ".")


def read_number(field: QLineEdit) -> str | None:
    """Return what was typed into a field for one number, with a point; None where it is empty."""
    return with_point(field.text()) or None


def stated_number(text: str, label: str) -> Decimal:
    """Return the number that was typed.

    Raises
    ------
    UsageError
        Where it is none, or could be meant in two ways.
    """
    number = decimal_of(with_point(text))
    if number is not None:
        return number
    refused = _("{label} cannot be “{text}”.", label=label, text=text)
    if _LIKE_THOUSANDS.fullmatch(text.strip()):
        fraction, whole = (Decimal(re.sub("[.,]", sign, text.strip())) for sign in (".", ""))
        raise UsageError(
            refused,
            _("It could mean {fraction} or {whole}.", fraction=exact(fraction), whole=whole),
            _("Write one of these. What it was stays as it is."),
        )
    raise UsageError(
        refused, _("It is not a number."), _("Write it like 0.25. What it was stays as it is.")
    )


def in_local_form(text: str) -> str:
    """Return a number that the program wrote with a point, for a field that a person edits."""
    return text.replace(".", QLocale().decimalPoint())


def _without_groups(text: str, decimal: str) -> str:
    """Return a number with groups of three digits, as the language writes them, with a point."""
    group = "." if decimal == "," else ","
    grouped = rf"[+-]?[0-9]{{1,3}}(\{group}[0-9]{{3}})+(\{decimal}[0-9]*)?"
    if not re.fullmatch(grouped, text):
        return text.replace(".", ",")
    return text.replace(group, "").replace(decimal, ".")
