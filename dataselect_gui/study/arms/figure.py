"""The figure of a study of arms: each comparison's difference with its interval, as one SVG element.

No colour carries a meaning: what a difference shows is its mark's shape. The page and the window draw
the same from the same findings.
"""

from collections.abc import Sequence
from html import escape
from math import ceil, floor

from dataselect_gui.plain import visible
from dataselect_gui.study.arms.findings import ArmFindings, Compared
from dataselect_gui.study.arms.plan import RULE, Arm, ArmKind, Cell
from dataselect_gui.study.arms.sentences import cell_name, spread_of, verdict_name
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
_PAPER, _TEXT, _DIM, _LINE, _EDGE = "#FFFFFF", "#1B2027", "#56606D", "#D3D8DF", "#7A8492"
_WIDTH, _LEFT, _RIGHT = 760, 290, 600
"""Of the figure, and from where to where intervals are drawn."""
_ROW, _HEAD, _FOOT, _SIZE = 20, 26, 44, 12
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


def intervals_svg(findings: ArmFindings) -> str | None:
    """Return the figure as an SVG element; None where nothing was compared."""
    drawn = _drawn(findings)
    if not drawn:
        return None
    groups: dict[Cell, list[Compared]] = {}
    for compared in drawn:
        groups.setdefault(compared.comparison.first[1], []).append(compared)
    scale = _Scale(drawn)
    height = sum(_HEAD + _ROW * len(group) for group in groups.values()) + _FOOT
    parts, y = list[str](), 0
    for tick in scale.ticks:
        x, colour = scale.x(tick), _EDGE if tick == 0 else _LINE
        parts.append(_line(x, 4, x, height - _FOOT, colour, 1.5 if tick == 0 else 0.6))
        parts.append(_words(x, height - _FOOT + 16, _number(tick), "middle"))
    axis = _("points of difference; right of 0, the first of the two is better")
    parts.append(_words((_LEFT + _RIGHT) / 2, height - 10, axis, "middle", colour=_DIM))
    for cell, group in groups.items():
        heading = f"{_state(group[0])}, {cell_name(cell)}"
        parts.append(_words(0, y + _HEAD - 8, heading, weight="bold"))
        y += _HEAD
        for compared in group:
            parts += _row(compared, scale, y + _ROW / 2)
            y += _ROW
    title, told = _shown(figure_title()), _shown(figure_description(findings))
    about = f"<title>{title}</title><desc>{told}</desc>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="{_SIZE}">'
        f"{about}{''.join(parts)}</svg>"
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


def _row(compared: Compared, scale: _Scale, y: float) -> list[str]:
    difference = compared.difference
    low, mean, high = (
        scale.x(100 * number) for number in (difference.low, difference.mean, difference.high)
    )
    is_primary = compared.comparison.family == "primary"
    weight = "bold" if is_primary and compared.comparison.first[0] == RULE else "normal"
    return [
        _words(12, y + 4, _which(compared), weight=weight),
        _line(low, y, high, y, _TEXT, 1.6),
        _line(low, y - 4, low, y + 4, _TEXT, 1.6),
        _line(high, y - 4, high, y + 4, _TEXT, 1.6),
        _mark(mean, y, difference.verdict),
        _words(_RIGHT + 14, y + 4, spread_of(difference)),
    ]


def _mark(x: float, y: float, verdict: str) -> str:
    """Return the mark of a mean: a triangle that points to the better side, or a hollow circle."""
    if verdict == "no difference":
        return (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{_PAPER}" stroke="{_TEXT}" '
            'stroke-width="1.6"/>'
        )
    way = 1 if verdict == "better" else -1
    at = f"{x - 5 * way:.1f},{y - 6:.1f} {x - 5 * way:.1f},{y + 6:.1f} {x + 6 * way:.1f},{y:.1f}"
    return f'<polygon points="{at}" fill="{_TEXT}"/>'


def _which(compared: Compared) -> str:
    (first, _cell), (second, _other) = compared.comparison.first, compared.comparison.second
    return _("{first} beyond {second}", first=_short(first), second=_short(second))


def _short(arm: Arm) -> str:
    return _(_SHORT[arm.kind], mechanism=arm.mechanism, epsilon=arm.release_epsilon)


def _state(compared: Compared) -> str:
    return _("with dirt") if compared.comparison.first[1].planted else _("as they are")


def _line(x: float, y: float, to_x: float, to_y: float, colour: str, width: float) -> str:
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{colour}" '
        f'stroke-width="{width}"/>'
    )


def _words(
    x: float, y: float, text: str, anchor: str = "start", *, weight: str = "normal", colour: str = _TEXT
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="{colour}">{_shown(text)}</text>'
    )


def _shown(text: str) -> str:
    return escape(visible(text))
