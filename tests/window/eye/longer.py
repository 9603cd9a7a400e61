"""A language that is 40 % longer than English, and has accents above and below its letters."""

import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from tests.translations import LANGUAGE, texts

_LONGER = 0.4
_ACCENTS = str.maketrans("aeiouyncszAEIOUYNCSZ", "åéîöüýñçšžÅÉÎÖÜÝÑÇŠŽ")
_PLACEHOLDER = re.compile(r"({[^{}]*})")


def longer(text: str) -> str:
    """Return a text with accents, and with `~` behind its words so that it is 40 % longer."""
    pieces = _PLACEHOLDER.split(text)
    accented = "".join(p if p.startswith("{") else p.translate(_ACCENTS) for p in pieces)
    parts = accented.split(" ")
    missing = round(len(text) * _LONGER)
    each, rest = divmod(missing, len(parts))
    return " ".join(word + "~" * (each + (place < rest)) for place, word in enumerate(parts))


def write_longer(folder: Path) -> None:
    """Write a catalogue below a folder in which every text is longer."""
    catalogue = Catalog(locale=LANGUAGE)
    for message in texts():
        if isinstance(message.id, tuple):
            catalogue.add(message.id, tuple(longer(text) for text in message.id))
        elif isinstance(message.id, str) and message.id:
            catalogue.add(message.id, longer(message.id))
    place = folder / LANGUAGE / "LC_MESSAGES" / "dataselect.mo"
    place.parent.mkdir(parents=True)
    with place.open("wb") as file:
        write_mo(file, catalogue)
