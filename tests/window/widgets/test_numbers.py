"""Numbers as a person types them, in languages that write them with a point or with a comma."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QLocale

from dataselect_gui.errors import UsageError
from dataselect_gui.window.widgets.budget import read_amount
from dataselect_gui.window.widgets.numbers import in_local_form, stated_number, with_point
from dataselect_gui.workflow import decimal_of


@pytest.fixture
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """The language of the system, whose numbers a person writes."""
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield request.param
    QLocale.setDefault(before)


@pytest.mark.parametrize(
    ("language", "text", "number"),
    [
        ("en_US", "0.5", "0.5"),
        ("en_US", "0,5", "0.5"),
        ("en_US", "1.500", "1.5"),
        ("en_US", "1,000.25", "1000.25"),
        ("en_US", "1,000,000", "1000000"),
        ("en_US", " −2,5 ", "-2.5"),
        ("en_US", "1e-5", "0.00001"),
        ("de_DE", "0,5", "0.5"),
        ("de_DE", "0.125", "0.125"),
        ("de_DE", "1,500", "1.5"),
        ("de_DE", "1.000,25", "1000.25"),
        ("de_CH", "1’500.5", "1500.5"),
        ("fr_FR", "1 500,5", "1500.5"),
    ],
    indirect=["language"],
)
def test_a_number_is_read_as_the_language_writes_it(language: str, text: str, number: str) -> None:
    del language
    read = decimal_of(with_point(text))
    assert read is not None
    assert read == decimal_of(number)


@pytest.mark.parametrize(
    ("language", "text"),
    [("en_US", "1,500"), ("de_DE", "1.500"), ("fr_FR", "1.500"), ("en_US", "-12,000")],
    indirect=["language"],
)
def test_what_could_be_two_numbers_is_refused_with_both(language: str, text: str) -> None:
    del language
    assert read_amount(text) is None
    with pytest.raises(UsageError) as refused:
        stated_number(text, "The cut-off")
    assert refused.value.what == f"The cut-off cannot be “{text}”."
    low, high = ("-12", "-12000") if text.startswith("-") else ("1.5", "1500")
    assert refused.value.why == f"It could mean {low} or {high}."


@pytest.mark.parametrize("language", ["en_US", "de_DE"], indirect=True)
@pytest.mark.parametrize("text", ["", "a", "1.2.3", "1,2,3", "1,00,000", "0,5,5", "1 5", "inf"])
def test_what_is_no_number_is_refused(language: str, text: str) -> None:
    del language
    with pytest.raises(UsageError, match="It is not a number"):
        stated_number(text, "The cut-off")


@pytest.mark.parametrize("language", ["en_US", "de_DE", "fr_FR"], indirect=True)
def test_what_the_program_puts_into_a_field_is_read_as_it_was(language: str) -> None:
    del language
    assert with_point(in_local_form("1.125")) == "1.125"
