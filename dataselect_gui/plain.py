"""Show texts of strangers as plain text.

Names of files, classes, columns and people, the words of a request and the fields of a bundle come from
whoever wrote them. A screen, a terminal, a spreadsheet and a browser each take some texts for more than
text. Here is one function for each of the last two, and what all of them share: `visible`. Those of
the window are in `window/widgets/plain.py`, that of the terminal is in `cli/output.py`.
"""

import re
import unicodedata

from dataselect_gui.texts import ngettext

MOST = 20_000
"""Characters of one line that are shown; layout takes time that grows with them."""
_MOST_SHOWN = 100
"""Characters of a stranger's name of a file."""
_MOST_NOTE = 40
"""Characters that say how many more there are."""
_MOST_MARKS = 4
"""Marks on one letter, which no living script exceeds; more run over the lines around."""
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKS = frozenset({"Mn", "Me"})
# Unicode's Default_Ignorable_Code_Point, beyond the categories above: they take no room on a screen.
_EMPTY = frozenset(
    map(
        chr,
        (
            *(0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ),
    )
)


def visible(text: str, most: int = MOST) -> str:
    r"""Return a text on one line, in which every character can be seen.

    Controls, ends of lines, marks of direction, and what has no width are written as Python writes
    them: ``\n``, ``\x1b``, ``\u202e``. So are the marks beyond the fourth on one letter. A text of
    more than `most` characters is cut, and says so. A second pass changes nothing.
    """
    if len(text) > most:
        text = _cut(text, most)
    if text.isascii() and text.isprintable():
        return text
    shown = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in _MARKS else 0
        if category in _HIDDEN or character in _EMPTY or marks > _MOST_MARKS:
            shown.append(character.encode("unicode_escape").decode())
        else:
            shown.append(character)
    whole = "".join(shown)
    return whole if len(whole) <= most else _cut(whole, most)


def _cut(text: str, most: int) -> str:
    kept = most - _MOST_NOTE
    note = ngettext("… ({count:,} more character)", "… ({count:,} more characters)", len(text) - kept)
    return (text[:kept] + note)[:most]  # A translated note may be longer.


# A spreadsheet looks for a formula where a cell begins, past blanks, quotes and what has no width.
# Elsewhere cells are separated by other characters, so a formula may begin behind any of these too.
_SEPARATORS = r",;|\t\r\n"
_PASSED = rf"""{_SEPARATORS}\s'"`\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"""
_BEGINNING = re.compile(
    rf"(?<![{_PASSED}])[{_PASSED}]*+(?=[=+\-@＝＋－＠])|\A[{_PASSED}]*[\t\r\n][{_PASSED}]*"
)
_SEPARATOR = re.compile(rf"[{_SEPARATORS}]")
_MARKED_SEPARATOR = re.compile(rf"([{_SEPARATORS}])'")


def shown(name: str) -> str:
    """Return a stranger's name of a file as it can be shown in a sentence."""
    plain = "".join(c if c.isprintable() else "�" for c in name[:_MOST_SHOWN])
    return plain if len(name) <= _MOST_SHOWN else f"{plain}…"


def to_cell(text: str) -> str:
    """Return a text for a cell of CSV, which no spreadsheet takes for a formula.

    An apostrophe stands before whatever could begin one: ``= + - @``, their full-width forms, a tab or
    the end of a line (OWASP, "CSV Injection"). `from_cell` takes it away again, exactly. It is for
    texts alone: a number stays a number, however it begins.
    """
    return _BEGINNING.sub(_mark, text)


def from_cell(text: str) -> str:
    """Return the text that `to_cell` made a cell of; any other text as it is."""
    return _BEGINNING.sub(_unmark, text)


def _mark(beginning: re.Match[str]) -> str:
    marked = _SEPARATOR.sub(r"\g<0>'", beginning[0])
    return f"'{marked}" if beginning.start() == 0 else marked


def _unmark(beginning: re.Match[str]) -> str:
    run = _MARKED_SEPARATOR.sub(r"\1", beginning[0])
    return run.removeprefix("'") if beginning.start() == 0 else run


def is_text(text: str) -> bool:
    """Say whether UTF-8 can hold a text: JSON, file names and arguments may hold half a character."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
