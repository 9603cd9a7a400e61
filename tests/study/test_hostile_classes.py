"""What a study draws and writes of classes that strangers named."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from dataselect_gui.plain import visible
from dataselect_gui.study.figures import draw_figures
from dataselect_gui.study.findings import Findings, read_findings
from dataselect_gui.study.page import page_of
from dataselect_gui.study.plan import QUESTIONS
from tests.hostile import HIDDEN, NAMES
from tests.texts.test_plain import read

EXAMPLE = Path(__file__).parents[2] / "resources" / "study" / "fashion-mnist"


def named_by_strangers() -> Findings:
    findings = read_findings(EXAMPLE)
    first = findings.costs.classes[0]
    classes = [replace(first, name=name) for name in NAMES.values()]
    hostile = NAMES["page"] + NAMES["turned"] + NAMES["image"]
    return replace(
        findings,
        costs=replace(findings.costs, classes=classes),
        known=[replace(known, result=hostile) for known in findings.known],
    )


# The font that comes with matplotlib has no sign for some of these characters.
@pytest.mark.filterwarnings("ignore:.*[Gg]lyph:UserWarning")
def test_figures_show_their_names_as_text_and_no_mathematics(tmp_path: Path) -> None:
    drawn = draw_figures(named_by_strangers(), tmp_path / "figures")
    honest = draw_figures(read_findings(EXAMPLE), tmp_path / "honest")
    figure, before = (ElementTree.fromstring(figures["e"]) for figures in (drawn, honest))  # noqa: S314
    assert {element.tag for element in figure.iter()} == {element.tag for element in before.iter()}
    texts = {element.text or "" for element in figure.iter() if element.tag.endswith("text")}
    for name in NAMES.values():
        assert any(element.startswith(f"{visible(name, 60)} (") for element in texts), name
    for form in ("svg", "png"):
        assert (tmp_path / "figures" / f"e.{form}").stat().st_size > 1_000


@pytest.mark.filterwarnings("ignore:.*[Gg]lyph:UserWarning")
def test_a_name_that_is_taken_for_mathematics_would_stop_a_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above can fail."""
    monkeypatch.setitem(draw_figures.__globals__["_STYLE"], "text.parse_math", True)
    with pytest.raises(ValueError, match="frac"):
        draw_figures(named_by_strangers(), tmp_path)


def test_the_page_shows_them_as_text() -> None:
    blank = dict.fromkeys(QUESTIONS, "")
    setting = {"source": NAMES["page"], NAMES["page"]: 1, "list": list(NAMES.values())}
    written = page_of(named_by_strangers(), blank, setting)
    page, honest = read(written), read(page_of(read_findings(EXAMPLE), blank, {}))
    assert set(page.tags) == set(honest.tags)
    assert page.attributes == honest.attributes
    assert not HIDDEN & set(written)
    assert re.search(r"scan\\u202egnp\.exe", page.text)
    assert "<script>" in page.text
