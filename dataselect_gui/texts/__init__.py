"""The catalogue of texts: written in English, shown in the language of whoever reads.

These are gettext's functions by their usual names, with values by name:
``_("{name} is gone.", name=name)``. The language is that of the environment (``LANGUAGE``, ``LC_ALL``,
``LC_MESSAGES``, ``LANG``), its catalogue ``resources/locale/<language>/LC_MESSAGES/dataselect.mo``;
where there is none, texts stay English.

What a bundle says is English, whatever its owner reads: the receiver recomputes it word for word, and
reads it. Whatever writes or checks the documents of a bundle runs in `english`.
"""

import gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from dataselect_gui.resources import resource

DOMAIN = "dataselect"
FOLDER = resource("locale")
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
    return text.format(**values) if values else text


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
    return _catalogue().ngettext(singular, plural, count).format(count=count, **values)


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


def _catalogue() -> gettext.NullTranslations:
    return _ENGLISH if _in_english.get() else _of_environment()


_ENGLISH = gettext.NullTranslations()


@cache
def _of_environment() -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, FOLDER, fallback=True)
