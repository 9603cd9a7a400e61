"""A study as one page, for whoever owns the records and for nobody else."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from msgspec import structs

from dataselect_gui.pages import render
from dataselect_gui.study.captions import caption_of
from dataselect_gui.study.findings import Findings
from dataselect_gui.study.libraries import LIBRARIES, MISSING
from dataselect_gui.study.plan import QUESTIONS
from dataselect_gui.study.sentences import by_name, headline, line_of, name_of, percent, tally, way
from dataselect_gui.texts import N_, _

OWNER_ONLY = N_(
    "Stays on this machine. These figures were computed from your records without any protection. A "
    "study is for you alone: it is not a release, no ε covers it, and the models it trained were "
    "thrown away. Reading it is looking at your records: decide before what a release leaves out."
)
LIMITS = (
    N_(
        "Every training is that of a small network, or starts from one checkpoint; a consortium trains "
        "a larger one, on other data besides yours."
    ),
    N_(
        "Intervals hold the expected value 95 times in 100, by Student's t over the repetitions, each "
        "with another split, start and order. They are not widened for the number of comparisons, and "
        "all repetitions draw on the same records."
    ),
    N_(
        "The trainings by DP-SGD use seeded noise, and their ε is for neighbours with one record more "
        "or less, not for one that is replaced, as in a release. They serve studies, not releases."
    ),
    N_(
        "The draws of releases are real ones and differ from study to study; a cut by share is "
        "conditional, so a bundle would claim no ε for it unless the threshold is bought."
    ),
)
_TABLES = {"a": "picks", "d": "finders"}
"""Questions whose figure has a table beside it."""


def page_of(findings: Findings, figures: Mapping[str, str], setting: Mapping[str, object]) -> str:
    """Return the page.

    Parameters
    ----------
    findings : Findings
        What the study found.
    figures : mapping
        Question → its figure, an SVG element.
    setting : mapping
        What every result depends on.
    """
    parts = [
        {
            "question": _(text),
            "sentence": caption_of(question, findings),
            "figure": figures[question],
            "table": _TABLES.get(question),
        }
        for question, text in QUESTIONS.items()
    ]
    known = [
        (statement.what, statement.result, _("holds") if statement.holds else _("does not hold"))
        for statement in findings.known
    ]
    choices = json.dumps({**asdict(findings.choices), **setting}, ensure_ascii=False, indent=1)
    return render(
        "study.html",
        owner_only=_(OWNER_ONLY),
        answer=headline(findings),
        tally=tally(findings),
        parts=parts,
        picks=_picks(findings),
        finders=_finders(findings),
        beside_finders=_beside_finders(findings),
        known=known,
        limits=[_(item) for item in LIMITS],
        how=[_on_records(findings), _on_accountants(findings)],
        choices=choices.split("\n"),
    )


def _on_records(findings: Findings) -> str:
    records = findings.records
    values = {
        "used": records.used,
        "left_out": records.left_out,
        "reference": records.reference,
        "held_out": records.held_out,
        "pool": records.pool,
        "seeds": findings.choices.seeds,
    }
    if records.units is None:
        return _(
            "{used:,} records were used ({left_out:,} could not be read or had no label): "
            "{reference:,} to train stand-ins for the consortium's model, about {held_out:,} held out "
            "for testing, about {pool:,} to pick from. Every training was repeated {seeds} times.",
            **values,
        )
    return _(
        "{used:,} records of {units:,} people, never split up, were used ({left_out:,} could not be "
        "read or had no label): {reference:,} to train stand-ins for the consortium's model, about "
        "{held_out:,} held out for testing, about {pool:,} to pick from. Every training was repeated "
        "{seeds} times.",
        units=records.units,
        **values,
    )


def _on_accountants(findings: Findings) -> str:
    return _(
        "The ε of {trainings} trainings by DP-SGD was computed twice, by Opacus and by dp_accounting: "
        "at most {apart:.2%} apart.",
        **structs.asdict(findings.accountants),
    )


def _picks(findings: Findings) -> list[dict[str, str]]:
    """Return the lines of the table of picks, as the template names them."""
    lines = []
    for pick in findings.picks:
        difference = pick.accuracy_difference
        kind = "" if difference is None else difference.verdict.split(" ")[0]
        lines.append({**vars(line_of(pick)), "trained": way(pick.epsilon), "kind": kind})
    return lines


def _finders(findings: Findings) -> list[dict[str, str]]:
    """Return the lines of the table of what finds wrong labels."""
    return [
        {
            "name": name_of(finder.score),
            "by": by_name(finder.by),
            "auroc": _(
                "{mean:.3f} ({low:.3f} to {high:.3f})",
                mean=finder.auroc.mean,
                low=finder.auroc.low,
                high=finder.auroc.high,
            ),
            "precision": percent(finder.precision.mean),
            "seconds": "" if finder.seconds is None else f"{finder.seconds:.2f}",
        }
        for finder in findings.wrong_labels
    ]


def _beside_finders(findings: Findings) -> list[str]:
    """Return what is said below that table."""
    there = {finder.score for finder in findings.wrong_labels}
    return [
        *(_(MISSING, name=name) for name in LIBRARIES if name not in there),
        _(
            "Cleanlab's label quality and dattri's Shapley value (5 nearest neighbours, 100 held-out "
            "records) read the checkpoint's outputs for the same records; their seconds do not include "
            "computing these."
        ),
    ]
