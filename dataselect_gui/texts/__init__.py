"""The catalogue of texts: written in English, shown in the language of whoever reads.

These are gettext's functions by their usual names, with values by name:
``_("{name} is gone.", name=name)``. The language is that of the environment (``LANGUAGE``, ``LC_ALL``,
``LC_MESSAGES``, ``LANG``), its catalogue ``resources/locale/<language>/LC_MESSAGES/dataselect.mo``;
where there is none, texts stay English. A catalogue is data: it may set a value into a text in another
form, and can neither read what the value has beside itself nor stop the program.

What a bundle says is English, whatever its owner reads: the receiver recomputes it word for word, and
reads it. Whatever writes or checks the documents of a bundle runs in `english`.
"""

import gettext
import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from string import Formatter

from dataselect_gui.resources import resource

DOMAIN = "dataselect"
FOLDER = resource("locale")
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
_CODE = re.compile(
    r"[A-Za-z]{2,8}(?:[_-][A-Za-z0-9]{1,8})*(?:\.[A-Za-z0-9-]{1,16})?(?:@[a-z0-9]{1,16})?"
)
"""A language as the environment names it; gettext would take a path, too."""
_FORMS = re.compile(r"[,<>=^+ -]{0,2}[0-9]{0,2}(?:\.[0-9])?[a-z%]?")
_in_english: ContextVar[bool] = ContextVar("_in_english", default=False)


def _(message: str, /, **values: object) -> str:
    """Translate a message, and put values into its placeholders.

    Parameters
    ----------
    message : str
        In English, with placeholders of `str.format` that have names: a literal, or what was marked by
        `N_`. Braces are taken as they are where no value is given.
    **values
        For the placeholders.
    """
    text = _catalogue().gettext(message) if message else ""  # "" is the key of a catalogue's header.
    return _filled(text, message, values) if values else text


def ngettext(singular: str, plural: str, count: int, /, **values: object) -> str:
    """Translate what is said of a number of things, and put values into its placeholders.

    Parameters
    ----------
    singular, plural : str
        In English, of one and of any other number, as for `_`.
    count : int
        How many; it is the value of ``{count}`` too.
    **values
        For the other placeholders.
    """
    text = _catalogue().ngettext(singular, plural, count)
    return _filled(text, singular if count == 1 else plural, {"count": count, **values})


def N_(message: str, /) -> str:  # noqa: N802  (gettext's own name)
    """Mark a message that is kept in English, and translated by `_` where it is shown."""
    return message


@contextmanager
def english() -> Iterator[None]:
    """Leave everything in English that is said within; also a decorator, ``@english()``."""
    token = _in_english.set(True)
    try:
        yield
    finally:
        _in_english.reset(token)


def language() -> str:
    """Return the code of the language that texts are shown in, such as ``de``."""
    return _catalogue().info().get("language", "en")


def forget_language() -> None:
    """Find the language anew: the environment or the catalogues changed."""
    _of_environment.cache_clear()


def _filled(text: str, message: str, values: dict[str, object]) -> str:
    """Put values into a translation; into the message itself where the translation does not fit."""
    if text != message:
        try:
            return text.format(**values) if is_plain(text) else message.format(**values)
        except (LookupError, ValueError, TypeError):
            pass
    return message.format(**values)


def is_plain(text: str) -> bool:
    """Say whether placeholders are names alone, with a form of a sensible length."""
    return all(
        name is None or (name.isidentifier() and _FORMS.fullmatch(form or "") is not None)
        for _before, name, form, _conversion in Formatter().parse(text)
    )


def _catalogue() -> gettext.NullTranslations:
    return _ENGLISH if _in_english.get() else _of_environment()


_ENGLISH = gettext.NullTranslations()


@cache
def _of_environment() -> gettext.NullTranslations:
    stated = next(filter(None, (os.environ.get(name) for name in _VARIABLES)), "")
    codes = [code for code in stated.split(":") if _CODE.fullmatch(code)]
    try:
        return gettext.translation(DOMAIN, FOLDER, codes, fallback=True)
    except (OSError, ValueError, struct.error):  # It is damaged.
        return _ENGLISH
