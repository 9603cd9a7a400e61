"""The figure of a study of arms: intervals lie where their numbers are, and it says what it shows."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from dataselect_gui.study.arms.comparing import Difference
from dataselect_gui.study.arms.figure import figure_description, intervals_svg
from dataselect_gui.study.arms.findings import ArmFindings
from tests.study.arms.test_answers import findings_of, harmful, nothing, on_dirt

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> ArmFindings:
    return findings_of(tmp_path_factory.mktemp("s"), on_dirt)


def elements(findings: ArmFindings, name: str) -> list[dict[str, str]]:
    drawn = intervals_svg(findings)
    assert drawn is not None
    return [element.attrib for element in ElementTree.fromstring(drawn).iter(f"{SVG}{name}")]  # noqa: S314


def drawn_differences(findings: ArmFindings) -> list[Difference]:
    return [
        compared.difference
        for compared in findings.comparisons
        if compared.comparison.first[0] != compared.comparison.second[0]
    ]


def test_each_interval_lies_at_its_numbers(findings: ArmFindings) -> None:
    """By two ticks of the axis, whose labels say where they are."""
    drawn = intervals_svg(findings)
    assert drawn is not None
    texts = ElementTree.fromstring(drawn).iter(f"{SVG}text")  # noqa: S314
    ticks = {}
    for text in texts:
        label = (text.text or "").replace("−", "-")
        if text.attrib["text-anchor"] == "middle" and label.lstrip("+-").replace(".", "", 1).isdigit():
            ticks[float(label)] = float(text.attrib["x"])
    assert 0 in ticks
    low, high = min(ticks), max(ticks)
    assert len(ticks) >= 3

    def place(share: float) -> float:
        return ticks[low] + (100 * share - low) / (high - low) * (ticks[high] - ticks[low])

    lines = elements(findings, "line")
    bars = [line for line in lines if line["y1"] == line["y2"]]
    differences = drawn_differences(findings)
    assert len(bars) == len(differences) == 20
    for bar, difference in zip(bars, differences, strict=True):
        assert float(bar["x1"]) == pytest.approx(place(difference.low), abs=0.06)
        assert float(bar["x2"]) == pytest.approx(place(difference.high), abs=0.06)
        assert ticks[low] - 0.1 <= float(bar["x1"]) <= float(bar["x2"]) <= ticks[high] + 0.1


def test_the_shape_of_a_mark_says_what_is_shown(findings: ArmFindings) -> None:
    """So that it can be read in grey."""
    verdicts = [difference.verdict for difference in drawn_differences(findings)]
    assert verdicts.count("better") == len(elements(findings, "polygon")) > 0
    assert verdicts.count("no difference") == len(elements(findings, "circle")) > 0
    colours = {e[key] for e in elements(findings, "polygon") for key in ("fill",)}
    assert len(colours) == 1


def test_triangles_point_to_the_better_side(tmp_path: Path, findings: ArmFindings) -> None:
    for some, way in ((findings, 1), (findings_of(tmp_path / "s", harmful), -1)):
        points = elements(some, "polygon")[0]["points"].split()
        base, tip = (float(points[place].split(",")[0]) for place in (0, 2))
        assert (tip - base) * way > 0


def test_it_says_what_it_shows(findings: ArmFindings) -> None:
    description = figure_description(findings)
    assert "with dirt, without differential privacy: the rule against random +5" in description
    assert description.count(";") == 19
    drawn = intervals_svg(findings)
    assert drawn is not None
    root = ElementTree.fromstring(drawn)  # noqa: S314
    assert root.attrib["role"] == "img"
    assert root.findtext(f"{SVG}desc") == description
    assert root.findtext(f"{SVG}title") == "Differences in points, with their 95 % intervals"


def test_nothing_is_drawn_where_nothing_differs(tmp_path: Path) -> None:
    """All intervals may be one point, at zero."""
    flat = findings_of(tmp_path / "s", nothing, spread=0.0)
    assert {difference.verdict for difference in drawn_differences(flat)} == {"no difference"}
    assert len(elements(flat, "circle")) == 20
    flat.comparisons.clear()
    assert intervals_svg(flat) is None
