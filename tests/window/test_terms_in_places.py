"""Each place explains the terms that first stand there, and few of them."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets.term import TermButton
from tests.window.scenes import World, make_world, show_scene

_MOST = 9
"""Of a place whose columns scroll; at most a handful are on the screen."""


@pytest.fixture
def world(tmp_path: Path, home: Path) -> World:
    del home
    (tmp_path / "world").mkdir()
    return make_world(tmp_path / "world")


def terms_in(place: QWidget) -> list[Term]:
    return [button.term for button in place.findChildren(TermButton) if button.isVisible()]


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        ("setup", {Term.CHECKPOINT, Term.PERSON, Term.DP}),
        (
            "release",
            {Term.DP, Term.MECHANISM, Term.EPSILON, Term.CUT_OFF, Term.PERSON, Term.ODDS},
        ),
        ("ledger", {Term.BUDGET, Term.DIGEST}),
        ("check", {Term.DIGEST, Term.SIGNATURE}),
        ("request", {Term.CALIBRATION, Term.ALPHA, Term.CLIP}),
    ],
)
def test_a_place_explains_its_terms(
    window: MainWindow, world: World, scene: str, expected: set[Term]
) -> None:
    show_scene(window, world, scene)
    shown = terms_in(window)
    assert set(shown) == expected
    assert len(shown) == len(expected) <= _MOST


def test_a_term_stands_beside_what_is_asked_for_alone(window: MainWindow, world: World) -> None:
    show_scene(window, world, "release")
    what = window.release.answers.what
    assert Term.DELTA not in terms_in(window)
    assert Term.NOISE not in terms_in(window)
    what.mechanisms["noisy-top-k"].click()
    assert {Term.NOISE, Term.BOUNDS} <= set(terms_in(window))
    what.mechanisms["exact"].click()
    assert not {Term.NOISE, Term.BOUNDS, Term.EPSILON} & set(terms_in(window))
