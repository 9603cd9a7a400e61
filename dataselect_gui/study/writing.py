"""Write what a study found: numbers, a table, figures, and one page."""

import csv
import io
from pathlib import Path

from dataselect_gui.project.files import write_atomically, write_json
from dataselect_gui.study.figures import draw_figures
from dataselect_gui.study.findings import Findings, ReleasedPick
from dataselect_gui.study.page import page_of
from dataselect_gui.study.store import FIGURES, FINDINGS, PAGE, SETTING, TABLE, read_json

_COLUMNS = (
    "score place share epsilon mechanism release_epsilon records accuracy low high balanced "
    "beyond_random beyond_low beyond_high verdict balanced_beyond_random".split()
)


def write_study(folder: Path, findings: Findings) -> None:
    """Write the findings, the table, the figures and the page of a study.

    Parameters
    ----------
    folder : Path
        The study's.
    findings : Findings
        What was found.
    """
    write_json(folder / FINDINGS, findings.as_json())
    write_atomically(folder / TABLE, table_of(findings))
    drawn = draw_figures(findings, folder / FIGURES)
    write_atomically(folder / PAGE, page_of(findings, drawn, read_json(folder / SETTING)))


def table_of(findings: Findings) -> str:
    """Return every training's mean over the seeds, as CSV."""
    written = io.StringIO()
    table = csv.DictWriter(written, _COLUMNS, lineterminator="\n")
    table.writeheader()
    for pick in (*findings.picks, *findings.costs.picks, *findings.releases.drawn):
        beyond, balanced = pick.accuracy_difference, pick.balanced_difference
        table.writerow(
            {
                "score": pick.score,
                "place": pick.place,
                "share": pick.share,
                "epsilon": pick.epsilon or "",
                "mechanism": pick.mechanism if isinstance(pick, ReleasedPick) else "",
                "release_epsilon": pick.release_epsilon if isinstance(pick, ReleasedPick) else "",
                "records": f"{pick.records:.1f}",
                "accuracy": _digits(pick.accuracy.mean),
                "low": _digits(pick.accuracy.low),
                "high": _digits(pick.accuracy.high),
                "balanced": _digits(pick.balanced.mean),
                "beyond_random": _digits(beyond.mean if beyond else None),
                "beyond_low": _digits(beyond.low if beyond else None),
                "beyond_high": _digits(beyond.high if beyond else None),
                "verdict": beyond.verdict if beyond else "",
                "balanced_beyond_random": _digits(balanced.mean if balanced else None),
            }
        )
    return written.getvalue()


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.5f}"
