"""The one form in which cells, labels and names of people are compared."""

import re
import unicodedata

_WHOLE = re.compile(r"([+-]?\d+)\.0*", re.ASCII)


def own_cell(text: str) -> str:
    """Return a cell in the one form in which it is compared and kept.

    Without blanks around it, in one form of Unicode, and a whole number without ``.0``: programs write
    that where a column of whole numbers has an empty cell.
    """
    stripped = unicodedata.normalize("NFC", text).strip()
    whole = _WHOLE.fullmatch(stripped)
    return stripped if whole is None else whole[1]
