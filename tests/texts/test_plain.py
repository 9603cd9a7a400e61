"""What strangers wrote is text: in CSV, in pages, and wherever characters are shown."""

import html.parser
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dataselect_gui
from dataselect_gui.plain import MOST, from_cell, to_cell, visible
from tests.hostile import HIDDEN, NAMES, is_seen

TEXTS = st.text(st.one_of(st.characters(), st.sampled_from(sorted(HIDDEN)), st.sampled_from("\n\r\t")))
CELLS = st.text(st.sampled_from([*"=+-@＝＋－＠ '\"\t\r\n,;|ab`\u202e\ufeff\x00\xa0"]), max_size=12)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_every_character_of_a_name_can_be_seen(name: str) -> None:
    assert is_seen(visible(name))


def test_what_is_shown_says_what_is_there() -> None:
    assert visible("a\u202eb") == r"a\u202eb"
    assert visible("a\nb\x1b[0m\x9b") == r"a\nb\x1b[0m\x9b"
    assert visible("\ud800\U000e0041\ufe0f") == r"\ud800\U000e0041\ufe0f"


@pytest.mark.parametrize(
    "text",
    ["R&D", "Ärzte, 3 €", "naïve e\u0301", "דוד", "猫", "क्षि", "ภาษาที่นี่", "C:\\scans", "a\u00a0b", ""],
)
def test_words_of_any_language_stay_as_they_are(text: str) -> None:
    assert visible(text) == text


def test_marks_beyond_the_fourth_on_a_letter_are_written_out() -> None:
    assert visible("z" + "\u0301" * 4) == "z" + "\u0301" * 4
    shown = visible("z" + "\u0301" * 400)
    assert shown == "z" + "\u0301" * 4 + r"\u0301" * 396


def test_a_text_without_end_is_cut_and_says_so() -> None:
    shown = visible("x" * 10_000_000)
    assert len(shown) <= MOST
    assert re.search(r"… \([\d,]+ more characters\)$", shown)
    assert len(visible("\u202e" * 10_000)) <= MOST


@given(TEXTS)
def test_a_second_pass_changes_nothing(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert is_seen(shown)
    assert not {unicodedata.category(sign) for sign in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


# Spreadsheets


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "\nx",
        "＝1+1",
        "＋1",
        "－1",
        "＠a",
        " =1",
        "\u00a0=1",
        "\ufeff=1",
        "\x00=1",
        "'=1",
        '"=1',
        "' \" \t=1",
    ],
)
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = to_cell(text)
    assert cell.startswith("'")
    assert from_cell(cell) == text


@pytest.mark.parametrize("separator", [",", ";", "|", "\t", "\n", "\r"])
def test_nor_does_what_another_country_would_read_as_the_next_cell(separator: str) -> None:
    cell = to_cell(f'cat{separator} "=1+1')
    assert re.split("[,;|\t\r\n]", cell)[1].startswith("'")
    assert from_cell(cell) == f'cat{separator} "=1+1'


@pytest.mark.parametrize("text", ["", "cat", "a=b", "'t Hooft", "a - b", "x@y.org", "3-4", "it's, so"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert to_cell(text) == text
    assert from_cell(text) == text


@given(CELLS)
def test_a_cell_is_read_back_exactly(text: str) -> None:
    cell = to_cell(text)
    assert from_cell(cell) == text
    for part in re.split("[,;|\t\r\n]", cell):
        assert not re.match('[\\s"`\u202e\ufeff\x00]*[=+\\-@＝＋－＠]', part)
    assert cell[:1] not in {"\t", "\r", "\n"}


@pytest.mark.parametrize("text", ["\t" * 200_000, "=," * 200_000, "'" * 200_000, "\t" * 200_000 + "="])
@pytest.mark.timeout(30)
def test_a_long_text_takes_time_linear_in_its_length(text: str) -> None:
    assert from_cell(to_cell(text)) == text


# Pages


class Tags(html.parser.HTMLParser):
    """Collects what a browser would take for markup."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Tags:
    tags = Tags()
    tags.feed(str(page))
    tags.close()
    return tags


# That there is one way out


@pytest.mark.parametrize(
    ("call", "places"),
    [
        (r"(results|errors|console)\.print\(", {"cli/output.py", "cli/table.py"}),
        (r"std(out|err)(\.buffer)?\.write\(", {"cli/output.py", "window/faults.py"}),
        (r"Console\(", {"cli/output.py"}),
        (
            r"csv\.(writer|DictWriter)\(",
            {"release/tables.py", "study/writing.py", "workflow/score_files.py"},
        ),
        (r"Markup\b", set()),
        (r"import .*jinja2|from jinja2", {"pages/__init__.py"}),
        (r"html import escape|html\.escape", {"window/widgets/plain.py"}),
    ],
)
def test_words_leave_the_program_where_they_are_made_plain(call: str, places: set[str]) -> None:
    """Whoever writes to a terminal, a table or a page elsewhere has to think of strangers first."""
    root = Path(dataselect_gui.__file__).parent
    modules = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if re.search(call, path.read_text(encoding="utf-8"))
    }
    assert modules == places
