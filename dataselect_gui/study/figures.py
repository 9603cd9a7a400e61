"""The figures of a study: one for each question, as PNG and SVG."""

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dataselect_gui.permissions import make_folder
from dataselect_gui.plain import visible
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.study.findings import BY_LIBRARY, Findings, Spread
from dataselect_gui.study.sentences import by_name, name_of
from dataselect_gui.texts import N_, _

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TEXT, _LINE = "#1B2027", "#D3D8DF"
_STYLE: dict[str, object] = {
    "font.family": "sans-serif",
    "font.size": 9,
    "svg.fonttype": "none",
    "axes.edgecolor": "#7A8492",
    "axes.labelcolor": _TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _LINE,
    "grid.linewidth": 0.6,
    "text.color": _TEXT,
    "text.parse_math": False,  # A class may be named “$5$”.
    "xtick.color": _TEXT,
    "ytick.color": _TEXT,
    "legend.frameon": False,
    "figure.facecolor": "white",
}
_MARKS = {"top": ("^", "-"), "middle": ("s", "--"), "bottom": ("v", ":")}
_HEIGHT = 2.9
_DOTS_PER_INCH = 130
_MOST_NAME = 60
"""Characters of a class: longer names would leave no room to the figure."""


def draw_figures(findings: Findings, folder: Path) -> dict[str, str]:
    """Draw all figures into a folder.

    Parameters
    ----------
    findings : Findings
        What the study found.
    folder : Path
        Takes two files for each question.

    Returns
    -------
    dict
        Question → its figure as an SVG element, to stand in a page.
    """
    import matplotlib as mpl

    make_folder(folder)
    drawers: dict[str, Callable[[Findings], Figure]] = {
        "a": _picks,
        "b": _private_ranks,
        "c": _likeness,
        "d": _wrong_labels,
        "e": _costs,
        "f": _releases,
    }
    drawn = {}
    for question, draw in drawers.items():
        # The same study draws the same files, and no two figures of a page share an id.
        with mpl.rc_context(rc={**_STYLE, "svg.hashsalt": f"study {question}"}):  # type: ignore[dict-item]
            figure = draw(findings)
            figure.savefig(folder / f"{question}.png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
            written = io.StringIO()
            figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
        text = written.getvalue()
        (folder / f"{question}.svg").write_text(text, encoding="utf-8")
        drawn[question] = _embedded(text)
    return drawn


def _embedded(svg: str) -> str:
    """Return an SVG file as an element that scales with its page."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    return re.sub(r'(<svg[^>]*?) width="[^"]*"| height="[^"]*pt"', r"\1", element, count=0)


def _figure(
    columns: int, rows: int = 1, *, width: float = 8.0, shared: bool = True
) -> "tuple[Figure, list[list[Axes]]]":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, 0.3 + _HEIGHT * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharey="row" if shared else False)
    return figure, axes.tolist()


def _colour(score: str) -> str:
    return find_score(score).colour


def _bars(
    axes: "Axes",
    x: Sequence[float],
    spreads: Sequence[Spread],
    colour: str,
    label: str,
    marker: str = "o",
    line: str = "-",
) -> None:
    """Draw means with their intervals."""
    means = [spread.mean for spread in spreads]
    errors = [[s.mean - s.low for s in spreads], [s.high - s.mean for s in spreads]]
    axes.errorbar(
        x,
        means,
        yerr=errors,
        color=colour,
        marker=marker,
        markersize=4.5,
        linestyle=line,
        linewidth=1.4,
        elinewidth=0.9,
        capsize=2,
        label=label,
    )


def _as_percent(axes: "Axes", side: str) -> None:
    from matplotlib.ticker import PercentFormatter

    axis = axes.yaxis if side == "y" else axes.xaxis
    axis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _picks(findings: Findings) -> "Figure":
    scores, ways = findings.choices.scores, [None, *findings.choices.epsilons]
    figure, axes = _figure(len(scores), len(ways), width=max(4.6, 3.2 * len(scores)))
    for row, epsilon in enumerate(ways):
        of_way = [pick for pick in findings.picks if pick.epsilon == epsilon]
        for column, score in enumerate(scores):
            panel = axes[row][column]
            for place, (marker, line) in _MARKS.items():
                picks = [pick for pick in of_way if (pick.score, pick.place) == (score, place)]
                x = [float(pick.share) * _NUDGES[place] for pick in picks]
                label = _(_LABELS[place], score=name_of(score))
                _bars(panel, x, [pick.accuracy for pick in picks], _colour(score), label, marker, line)
            picks = [pick for pick in of_way if pick.score == "random"]
            x = [float(pick.share) for pick in picks]
            _bars(panel, x, [pick.accuracy for pick in picks], _colour("random"), _("random"), "o")
            title = _("without DP") if epsilon is None else _("DP-SGD, ε = {epsilon}", epsilon=epsilon)
            panel.set_title(title, fontsize=9)
            _as_percent(panel, "x")
            _as_percent(panel, "y")
            panel.set_xticks(x)
            panel.set_xlabel(_("share of the records trained on"))
            if column == 0:
                panel.set_ylabel(_("right on held-out records"))
            if row == 0:
                panel.legend(fontsize=8, loc="lower right")
    return figure


_NUDGES = {"top": 0.985, "middle": 1.015, "bottom": 1.03}
"""Intervals side by side rather than one over another."""
_LABELS = {
    "top": N_("top by {score}"),
    "middle": N_("middle by {score}"),
    "bottom": N_("bottom by {score}"),
}


def _private_ranks(findings: Findings) -> "Figure":
    figure, axes = _figure(1, width=6.4)
    panel = axes[0][0]
    epsilons = list(dict.fromkeys(line.epsilon for line in findings.private_ranks))
    labels = [_("no DP,\nother start") if epsilon is None else epsilon for epsilon in epsilons]
    names = list(dict.fromkeys(line.score for line in findings.private_ranks))
    for place, name in enumerate(names):
        ranks = [line for line in findings.private_ranks if line.score == name]
        x = [at + 0.06 * (place - len(names) / 2) for at in range(len(ranks))]
        _bars(panel, x, ranks, _colour(name), name_of(name), line="none")
    panel.set_xticks(range(len(labels)), labels)
    panel.set_xlabel(_("ε of the training by DP-SGD"))
    panel.set_ylabel(_("rank correlation with scores\nby a model trained without DP"))
    panel.set_ylim(min(0.0, *panel.get_ylim()), 1.02)
    panel.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _likeness(findings: Findings) -> "Figure":
    figure, axes = _figure(1, width=6.4)
    panel = axes[0][0]
    sizes = list(dict.fromkeys(line.parameters for line in findings.likeness))
    pairs = list(dict.fromkeys(line.pair for line in findings.likeness))
    for place, (first, second) in enumerate(pairs):
        likeness = [line for line in findings.likeness if line.pair == (first, second)]
        x = [at + 0.05 * (place - len(pairs) / 2) for at in range(len(sizes))]
        label = _("{first} and {second}", first=name_of(first), second=name_of(second))
        colour = "#1F5FBF" if (first, second) == ("vog", "plis") else _colour(first)
        marker = {"plis": "D", "loss": "o"}.get(second, "s")
        _bars(panel, x, likeness, colour, label, marker, "-" if second == "plis" else "--")
    panel.axhline(0, color="#7A8492", linewidth=0.8)
    panel.set_xticks(range(len(sizes)), [f"{size:,}" for size in sizes])
    panel.set_xlabel(_("parameters of the model"))
    panel.set_ylabel(_("rank correlation"))
    panel.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _wrong_labels(findings: Findings) -> "Figure":
    finders = findings.wrong_labels
    figure, axes = _figure(2, width=8.0, shared=False)
    figure.set_figheight(0.9 + 0.19 * len(finders))
    for column, (measure, title) in enumerate(
        (
            ("auroc", _("AUROC (a coin gives 0.5)")),
            ("precision", _("wrong labels among the k highest")),
        )
    ):
        panel = axes[0][column]
        for place, finder in enumerate(reversed(finders)):
            value = finder.auroc if measure == "auroc" else finder.precision
            spread = [[value.mean - value.low], [value.high - value.mean]]
            colour = _TEXT if finder.by == BY_LIBRARY else _colour(finder.score)
            panel.errorbar(
                [value.mean], [place], xerr=spread, color=colour, marker="o", markersize=4, capsize=2
            )
        by_chance = 0.5 if measure == "auroc" else 0.1
        panel.axvline(by_chance, color=_colour("random"), linestyle="--", linewidth=1)
        names = [f"{name_of(finder.score)} · {by_name(finder.by)}" for finder in reversed(finders)]
        panel.set_yticks(
            range(len(finders)), names if column == 0 else [""] * len(finders), fontsize=7.5
        )
        panel.set_title(title, fontsize=9)
        panel.set_ylim(-0.6, len(finders) - 0.4)
    return figure


def _costs(findings: Findings) -> "Figure":
    costs = findings.costs
    figure, axes = _figure(2, width=8.0, shared=False)
    panel = axes[0][0]
    picks = costs.picks
    _bars(
        panel,
        [pick.cost for pick in picks],
        [pick.accuracy for pick in picks],
        _colour("privacy_loss"),
        _("picked by εᵢ: lowest, middle, highest"),
    )
    random = costs.random
    _bars(panel, [random.cost], [random.accuracy], _colour("random"), _("random"))
    panel.set_xlabel(_("mean εᵢ of the records trained on"))
    panel.set_ylabel(_("right on held-out records"))
    _as_percent(panel, "y")
    panel.legend(fontsize=8, loc="best")
    panel = axes[0][1]
    classes = sorted(costs.classes, key=lambda cost: -cost.recall.mean)
    for place, cost in enumerate(classes):
        value = cost.cost
        spread = [[value.mean - value.low], [value.high - value.mean]]
        colour = _colour("privacy_loss")
        panel.errorbar(
            [value.mean], [place], xerr=spread, color=colour, marker="o", markersize=4.5, capsize=2
        )
    names = [f"{visible(cost.name, _MOST_NAME)} ({cost.recall.mean:.0%})" for cost in classes]
    panel.set_yticks(range(len(classes)), names, fontsize=8)
    panel.set_xlabel(_("mean εᵢ of the class"))
    panel.set_title(_("classes, and how much of each is recognised"), fontsize=9)
    return figure


def _releases(findings: Findings) -> "Figure":
    released = findings.releases
    mechanisms = list(dict.fromkeys(pick.mechanism for pick in released.drawn))
    figure, axes = _figure(len(mechanisms), width=8.4)
    exact = released.exact.accuracy
    colour = _colour(released.score)
    for column, mechanism in enumerate(mechanisms):
        panel = axes[0][column]
        picks = [pick for pick in released.drawn if pick.mechanism == mechanism]
        places = list(range(len(picks)))
        panel.axhspan(exact.low, exact.high, color=colour, alpha=0.12, linewidth=0)
        panel.axhline(
            exact.mean, color=colour, linewidth=1, linestyle=":", label=_("the selection itself")
        )
        _bars(panel, places, [pick.accuracy for pick in picks], colour, _("what leaves of it"), "^")
        x = [place + 0.07 for place in places]
        _bars(panel, x, [pick.random for pick in picks], _colour("random"), _("as many random records"))
        ticks = [f"{pick.release_epsilon}\n{pick.records:.0f}" for pick in picks]
        panel.set_xticks(places, ticks)
        panel.set_xlabel(_("ε of the release\nrecords that leave"))
        panel.set_title(mechanism, fontsize=9)
        _as_percent(panel, "y")
        if column == 0:
            panel.set_ylabel(_("right on held-out records"))
            panel.legend(fontsize=7.5, loc="best")
    return figure
