"""What enters a page is shown as text, and every page loads nothing."""

import re
import subprocess
import sys

import pytest

from dataselect_gui.pages import FOLDER, environment
from dataselect_gui.plain import visible
from tests.hostile import NAMES
from tests.texts.test_plain import read

PAGES = sorted(path.name for path in FOLDER.glob("*.html"))


def page(template: str, **values: object) -> str:
    return environment().from_string(template).render(values)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_what_enters_a_page_is_text(name: str) -> None:
    written = page(
        '<p title="{{ name }}">{{ name }}</p>{% for line in lines %}<i>{{ line }}</i>{% endfor %}'
        "{{ _('{name}', name=name) }}",
        name=name,
        lines=[name, name],
    )
    tags = read(written)
    assert tags.tags == ["p", "i", "i"]
    assert tags.attributes == {"title"}
    assert tags.text == 4 * visible(name)


def test_markup_of_ours_would_be_markup() -> None:
    """The test above can fail."""
    assert read(page("{{ name | safe }}", name="<b>x</b>")).tags == ["b"]


def test_a_value_that_is_not_there_is_an_error() -> None:
    with pytest.raises(Exception, match="'nothing' is undefined"):
        page("{{ nothing }}")


def test_only_a_figure_is_taken_as_it_is() -> None:
    """By matplotlib, of names that were made visible."""
    taken = {name: (FOLDER / name).read_text("utf-8").count("safe") for name in PAGES}
    assert {name: count for name, count in taken.items() if count} == {"study.html": 1}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing(name: str) -> None:
    written = (FOLDER / name).read_text("utf-8")
    assert not re.search(r"<(script|link|img|iframe|object)|https?:|url\(|@import", written)


def test_a_page_is_needed_before_its_library_is_loaded() -> None:
    code = "import sys, dataselect_gui.workflow; print('jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
