"""The figure of a study of arms: each comparison's difference with its interval, as one SVG element.

No colour carries a meaning: what a difference shows is its mark's shape. The page and the window draw
the same from the same findings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from dataselect_gui.pages import render
from dataselect_gui.study.arms.findings import ArmFindings, Compared
from dataselect_gui.study.arms.plan import Arm, ArmKind, Cell
from dataselect_gui.study.arms.sentences import cell_name, spread_of, verdict_name
from dataselect_gui.study.statistics import Verdict
from dataselect_gui.texts import N_, _

_SHORT: dict[ArmKind, str] = {
    "untouched": N_("no training"),
    "all records": N_("everything"),
    "rule": N_("the rule"),
    "random": N_("random"),
    "oracle": N_("the oracle"),
    "Cleanlab": "Cleanlab",
    "dattri": "dattri",
    "released": N_("released, {mechanism}, ε {epsilon}"),
    "random released": N_("random"),
}
_WIDTH, _LEFT, _RIGHT = 760, 290, 600
"""Of the figure, and from where to where intervals are drawn."""
_ROW, _HEAD, _FOOT = 20, 26, 44
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
"""Steps of the axis, in points."""
_MOST_TICKS = 7


def figure_title() -> str:
    """Return what the figure is about."""
    return _("Differences in points, with their 95 % intervals")


def figure_caption() -> str:
    """Return how the figure is read."""
    return _(
        "A line for each comparison: its difference with the interval. A triangle to the right: "
        "better; to the left: worse; a circle: no difference that could be shown. Bold: what the first "
        "line rests on."
    )


def figure_description(findings: ArmFindings) -> str:
    """Return what the figure shows, line by line, for whoever does not see it."""
    return "; ".join(
        _(
            "{records}, {cell}: {which} {difference}, {verdict}",
            records=_state(compared),
            cell=cell_name(compared.comparison.first[1]),
            which=_which(compared),
            difference=spread_of(compared.difference),
            verdict=verdict_name(compared.difference),
        )
        for compared in _drawn(findings)
    )


@dataclass(frozen=True)
class Tick:
    """A number of points on the axis, and where it lies."""

    x: float
    label: str


@dataclass(frozen=True)
class Row:
    """A comparison: its place from above, its ends and its mean, and what is said of it."""

    y: float
    which: str
    low: float
    mean: float
    high: float
    spread: str
    verdict: Verdict
    is_primary: bool


@dataclass(frozen=True)
class Group:
    """What was compared in one kind of training: its heading, where that stands, and its rows."""

    y: float
    heading: str
    rows: list[Row]


@dataclass(frozen=True)
class Drawing:
    """The figure, as its template takes it.

    Attributes
    ----------
    title, description, axis : str
        What it is about, what it shows, and what its axis is.
    width, height, bottom, middle, figures_at : float
        Of the whole; where the axis lies, its middle, and where numbers begin.
    zero : float
        Where no difference lies.
    ticks, groups : list
        What is drawn.
    namespace : str
        Of SVG: where the figure stands alone, a reader needs it.
    """

    title: str
    description: str
    axis: str
    width: float
    height: float
    bottom: float
    middle: float
    figures_at: float
    zero: float
    ticks: list[Tick]
    groups: list[Group]
    namespace: str = "http://www.w3.org/2000/svg"


def intervals_svg(findings: ArmFindings) -> str | None:
    """Return the figure as an SVG element by itself; None where nothing was compared."""
    figure = drawing_of(findings)
    return None if figure is None else render("intervals.html", figure=figure)


def drawing_of(findings: ArmFindings) -> Drawing | None:
    """Return what is drawn; None where nothing was compared."""
    drawn = _drawn(findings)
    if not drawn:
        return None
    by_cell: dict[Cell, list[Compared]] = {}
    for compared in drawn:
        by_cell.setdefault(compared.comparison.first[1], []).append(compared)
    scale, groups, y = _Scale(drawn), list[Group](), 0
    for cell, several in by_cell.items():
        heading = f"{_state(several[0])}, {cell_name(cell)}"
        rows = [
            _row(compared, scale, y + _HEAD + _ROW * place + _ROW / 2)
            for place, compared in enumerate(several)
        ]
        groups.append(Group(y + _HEAD - 8, heading, rows))
        y += _HEAD + _ROW * len(several)
    return Drawing(
        title=figure_title(),
        description=figure_description(findings),
        width=_WIDTH,
        height=y + _FOOT,
        bottom=y,
        middle=(_LEFT + _RIGHT) / 2,
        figures_at=_RIGHT + 14,
        axis=_("points of difference; right of 0, the first of the two is better"),
        zero=scale.x(0),
        ticks=[Tick(scale.x(number), _number(number)) for number in scale.ticks],
        groups=groups,
    )


class _Scale:
    """Where a difference in points lies across the figure."""

    def __init__(self, drawn: Sequence[Compared]) -> None:
        low = min(0.0, *(100 * compared.difference.low for compared in drawn))
        high = max(0.0, *(100 * compared.difference.high for compared in drawn))
        step = next((s for s in _TICKS if (high - low) / s <= _MOST_TICKS), _TICKS[-1])
        first, last = floor(low / step), max(ceil(high / step), floor(low / step) + 1)
        self.ticks = [number * step for number in range(first, last + 1)]

    def x(self, number: float) -> float:
        """Return the place of a number of points."""
        low, high = self.ticks[0], self.ticks[-1]
        return _LEFT + (number - low) / (high - low) * (_RIGHT - _LEFT)


def _number(tick: float) -> str:
    return f"{tick:+g}".replace("-", "−") if tick else "0"


def _drawn(findings: ArmFindings) -> list[Compared]:
    """Return the comparisons that are drawn: those of two arms in one kind of training."""
    return [
        compared
        for compared in findings.comparisons
        if compared.comparison.first[0] != compared.comparison.second[0]
    ]


def _row(compared: Compared, scale: _Scale, y: float) -> Row:
    difference = compared.difference
    low, mean, high = (
        scale.x(100 * number) for number in (difference.low, difference.mean, difference.high)
    )
    is_primary = compared.comparison.family == "primary"
    spread = spread_of(difference)
    return Row(y, _which(compared), low, mean, high, spread, difference.verdict, is_primary)


def _which(compared: Compared) -> str:
    (first, _cell), (second, _other) = compared.comparison.first, compared.comparison.second
    return _("{first} against {second}", first=_short(first), second=_short(second))


def _short(arm: Arm) -> str:
    return _(_SHORT[arm.kind], mechanism=arm.mechanism, epsilon=arm.release_epsilon)


def _state(compared: Compared) -> str:
    return _("with dirt") if compared.comparison.first[1].planted else _("as they are")
