"""Write what a study of arms found: numbers, and one page for the owner alone."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from dataselect_gui.pages import render
from dataselect_gui.project.files import write_atomically, write_json
from dataselect_gui.study.arms.figure import drawing_of, figure_caption
from dataselect_gui.study.arms.findings import ArmFindings
from dataselect_gui.study.arms.sentences import (
    answer_lines,
    arm_name,
    cell_name,
    on_measure,
    rule_lines,
    spread_of,
    verdict_name,
)
from dataselect_gui.study.page import OWNER_ONLY
from dataselect_gui.study.sentences import percent
from dataselect_gui.study.store import FINDINGS, PAGE, SETTING, read_json
from dataselect_gui.texts import N_, _

LIMITS = (
    N_(
        "It helps only where it beats both a random pick of the same size and everything, it hurts "
        "where it loses to either, and else makes no difference that could be shown. Whether it is "
        "better than no training at all is told apart."
    ),
    N_(
        "Intervals are Student's t over the repetitions, paired, 95 %, each by itself. What is better "
        "or worse was decided by p values after Holm's correction at 5 %, within the comparisons with "
        "random and everything, and within all others."
    ),
    N_(
        "All repetitions draw on the same records. Those tested on are yours as they are: a label that "
        "is wrong among them counts against every arm alike, and nothing is planted in them."
    ),
    N_(
        "Planted dirt is made up: wrong labels drawn evenly, foreign records that are nothing like "
        "yours. Real dirt can be harder to find."
    ),
    N_(
        "The trainings by DP-SGD use seeded noise, and their ε is for neighbours with one record more "
        "or less. Releases are drawn anew for the study. Nothing of this is a release."
    ),
    N_(
        "Thresholds made of the consortium's rows keep their promise only where its model was not "
        "trained on these rows."
    ),
)


def write_arms(folder: Path, findings: ArmFindings) -> None:
    """Write the findings and the page of a study of arms.

    Parameters
    ----------
    folder : Path
        The study's.
    findings : ArmFindings
        What was found.
    """
    write_json(folder / FINDINGS, findings.as_json())
    write_atomically(folder / PAGE, arms_page(findings, read_json(folder / SETTING)))


def arms_page(findings: ArmFindings, setting: Mapping[str, object]) -> str:
    """Return the page.

    Parameters
    ----------
    findings : ArmFindings
        What the study found.
    setting : mapping
        What every result depends on.
    """
    first, *others = answer_lines(findings)
    choices = json.dumps({**asdict(findings.choices), **setting}, ensure_ascii=False, indent=1)
    return render(
        "arms.html",
        first=first,
        others=others,
        figure=drawing_of(findings),
        caption=figure_caption(),
        owner_only=_(OWNER_ONLY),
        measure=on_measure(findings),
        left_out=rule_lines(findings),
        results=_results(findings),
        families=_families(findings),
        absent=[absent.why for absent in findings.absent],
        limits=[_(item) for item in LIMITS],
        how=[_on_records(findings)],
        choices=choices.split("\n"),
    )


def _results(findings: ArmFindings) -> list[dict[str, str]]:
    return [
        {
            "records_are": _("with dirt") if result.cell.planted else _("as they are"),
            "trained": "" if result.arm.kind == "untouched" else cell_name(result.cell),
            "arm": arm_name(result.arm),
            "records": f"{result.records:.0f}",
            "accuracy": percent(result.accuracy.mean),
            "balanced": percent(result.balanced.mean),
        }
        for result in findings.results
    ]


def _families(findings: ArmFindings) -> list[list[dict[str, str]]]:
    """Return the lines of the comparisons, the primary ones first."""
    families: dict[str, list[dict[str, str]]] = {"primary": [], "beside": []}
    for compared in findings.comparisons:
        (first, cell), (second, other) = compared.comparison.first, compared.comparison.second
        is_twin = first == second
        families[compared.comparison.family].append(
            {
                "records_are": _("with dirt") if cell.planted else _("as they are"),
                "trained": cell_name(cell),
                "first": arm_name(first),
                "second": _("the same without them") if is_twin else arm_name(second),
                "difference": spread_of(compared.difference),
                "p": _p(compared.difference.corrected),
                "verdict": verdict_name(compared.difference),
                "kind": compared.difference.verdict.split(" ")[0],
            }
        )
        assert is_twin or other.mixed == cell.mixed or second.kind == "untouched"
    return [families["primary"], families["beside"]]


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.0005 else "< 0.001"


def _on_records(findings: ArmFindings) -> str:
    records = findings.records
    used = (
        _("{used:,} records were used", used=records.used)
        if records.units is None
        else _(
            "{used:,} records of {units:,} people, never split up, were used",
            used=records.used,
            units=records.units,
        )
    )
    return _(
        "{used} ({left_out:,} could not be read or have no class): about {pool:,} to choose from, "
        "about {held_out:,} to test on. Every training was repeated {seeds} times, each time with "
        "another split, order and planting, all drawn by the numbers from 0 on. Of the consortium "
        "there were {clean:,} clean rows, and {rows:,} to mix in. Two accountants of DP-SGD were at "
        "most {apart:.2%} apart in ε.",
        used=used,
        left_out=records.left_out,
        pool=records.pool,
        held_out=records.held_out,
        seeds=findings.choices.seeds,
        clean=sum(records.clean),
        rows=records.rows,
        apart=findings.accountants_apart,
    )
