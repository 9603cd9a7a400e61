"""Pages of HTML that load nothing, made by Jinja2 of the templates beside this file.

Every text of a stranger that enters one is shown as text: it is escaped, after `visible`.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dataselect_gui import __version__
from dataselect_gui.plain import visible
from dataselect_gui.texts import _, language

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent


def render(template: str, **values: object) -> str:
    """Return a page.

    Parameters
    ----------
    template : str
        Its file's name.
    **values
        What it shows.
    """
    return environment().get_template(template).render(values)


@cache
def environment() -> "Environment":
    """Return what reads the templates; Jinja2 is loaded with the first page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals.update({"_": _, "language": language, "version": __version__})
    return made


def _shown(value: object) -> object:
    """Return what is escaped next; what is marked as safe stays as it is."""
    return value if hasattr(value, "__html__") else visible(str(value))
