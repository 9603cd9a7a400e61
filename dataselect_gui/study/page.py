"""A study as one page: HTML that loads nothing, for whoever owns the records and for nobody else."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict

from dataselect_gui import __version__
from dataselect_gui.plain import Html
from dataselect_gui.study.findings import Findings
from dataselect_gui.study.notes import sentence_on
from dataselect_gui.study.others import LIBRARIES, MISSING
from dataselect_gui.study.plan import QUESTIONS
from dataselect_gui.study.words import headline, line_of, name_of, percent, tally, way

OWNER_ONLY = (
    "Stays on this machine. These figures were computed from your records without any protection. A "
    "study is for you alone: it is not a release, no ε covers it, and the models it trained were "
    "thrown away."
)
LIMITS = (
    "Every training is that of a small network, or starts from one checkpoint; a consortium trains "
    "a larger one, on other data besides yours.",
    "Intervals hold the expected value 95 times in 100, by Student's t over the repetitions, each with "
    "another split, start and order. They are not widened for the number of comparisons, and all "
    "repetitions draw on the same records.",
    "The trainings by DP-SGD use seeded noise, and their ε is for neighbours with one record more or "
    "less, not for one that is replaced, as in a release. They serve studies, not releases.",
    "The draws of releases are real ones and differ from study to study; a cut by share is "
    "conditional, so a bundle would claim no ε for it unless the threshold is bought.",
)
_STYLE = Html(
    "body{font:16px/1.45 system-ui,sans-serif;max-width:54rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b2027;background:#fff}h1{font-size:1.5rem;margin:0 0 .5rem}"
    "h2{font-size:1.1rem;margin:2rem 0 .3rem}figure{margin:.6rem 0}figure svg{width:100%;height:auto}"
    "figcaption{color:#56606d}table{border-collapse:collapse;font-size:.9rem;margin:.6rem 0}"
    "th,td{padding:.2rem .7rem .2rem 0;text-align:left;vertical-align:top;"
    "border-bottom:1px solid #d3d8df}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}"
    ".stay{border-left:4px solid #475569;background:#eef1f5;padding:.5rem .8rem}"
    ".answer{font-size:1.05rem}.worse{color:#7a5700;font-weight:600}.better{color:#0f6b5c;"
    "font-weight:600}pre{white-space:pre-wrap;font-size:.8rem}.wide{overflow-x:auto}"
    "@media print{body{margin:0}}"
)
_PAGE = Html(
    """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8">\
<meta name="viewport" content="width=device-width,initial-scale=1">\
<title>Does picking by a score help?</title>
<style>{style}</style></head><body><main>
<h1>Does picking by a score help?</h1>
<p class="stay"><strong>Owner-only.</strong> {owner_only}</p>
<div class="answer">
{answer}
<p>{tally}</p></div>
{questions}
<h2>What is known of such scores, tried here</h2>
{known}
<h2>What this study cannot show</h2>
<ul>{limits}</ul>
<h2>How it was done</h2>
<p>{records}</p>
<p>{accountants}</p>
<pre>
{choices}
</pre>
<p>DataSelect {version}.</p>
</main></body></html>
"""
)
_PARAGRAPH = Html("<p>{}</p>")
_QUESTION = Html(
    """\
<h2>{question}</h2>
<p>{sentence}</p>
<figure role="img" aria-label="{question} {sentence}">
{figure}
</figure>
{table}"""
)


def page_of(findings: Findings, figures: Mapping[str, str], setting: Mapping[str, object]) -> str:
    """Return the page.

    Parameters
    ----------
    findings : Findings
        What the study found.
    figures : mapping
        Question → its figure, an SVG element.
    setting : dict
        What every result depends on.
    """
    tables = {"a": _table_of_picks(findings), "d": _table_of_finders(findings)}
    questions = [
        _QUESTION.format(
            question=text,
            sentence=sentence_on(question, findings),
            figure=figures[question],
            table=tables.get(question, ""),
        )
        for question, text in QUESTIONS.items()
    ]
    known = [(one.what, one.told, "holds" if one.holds else "does not hold") for one in findings.known]
    choices = json.dumps({**asdict(findings.choices), **setting}, ensure_ascii=False, indent=1)
    return _PAGE.format(
        style=_STYLE,
        owner_only=OWNER_ONLY,
        answer=_each(_PARAGRAPH, headline(findings)),
        tally=tally(findings),
        questions=Html("\n").join(questions),
        known=_table(("", "", "here"), known),
        limits=_each(Html("<li>{}</li>"), LIMITS),
        records=_on_records(findings),
        accountants=_on_accountants(findings),
        choices=_each(Html("{}\n"), choices.split("\n")),
        version=__version__,
    )


def _each(template: Html, items: Iterable[str]) -> Html:
    return Html("").join(template.format(item) for item in items)


def _on_records(findings: Findings) -> str:
    records = findings.records
    people = "" if records.units is None else f" of {records.units:,} people, never split up,"
    return (
        f"{records.used:,} records{people} were used ({records.left_out:,} could not be read or "
        f"had no label): {records.reference:,} to train stand-ins for the consortium's model, about "
        f"{records.held_out:,} held out for testing, about {records.pool:,} to pick from. Every "
        f"training was repeated {findings.choices.seeds} times."
    )


def _on_accountants(findings: Findings) -> str:
    found = findings.accountants
    return (
        f"The ε of {found.trainings} trainings by DP-SGD was computed twice, by Opacus and by "
        f"dp_accounting: at most {found.apart:.2%} apart."
    )


def _table_of_picks(findings: Findings) -> Html:
    rows = []
    for line in map(line_of, findings.picks):
        kind = "worse" if line.verdict == "random won" else line.verdict.split(" ")[0]
        verdict = Html('<span class="{}">{}</span>').format(kind, line.verdict)
        told = Html("{} {}").format(line.beyond, verdict) if line.beyond else ""
        trained = way(line.epsilon)
        rows.append((trained, line.share, line.pick, line.records, line.right, told, line.balanced))
    return _table(
        (
            "trained",
            "share",
            "records",
            "how many",
            "right",
            "beyond random, points (95 %)",
            "the same, classes weighed alike",
        ),
        rows,
        numbers={1, 3, 4, 6},
    )


def _table_of_finders(findings: Findings) -> Html:
    rows = [
        (
            name_of(one.score),
            one.by,
            f"{one.auroc.mean:.3f} ({one.auroc.low:.3f} to {one.auroc.high:.3f})",
            percent(one.precision.mean),
            "" if one.seconds is None else f"{one.seconds:.2f}",
        )
        for one in findings.wrong_labels
    ]
    there = {one.score for one in findings.wrong_labels}
    missing = [MISSING.format(name=name) for name in LIBRARIES if name not in there]
    return _table(
        (
            "score",
            "computed by",
            "AUROC (95 %)",
            "wrong among the k highest",
            "seconds per 1,000 records",
        ),
        rows,
        numbers={3, 4},
    ) + _each(
        _PARAGRAPH,
        (
            *missing,
            "Cleanlab's label quality and dattri's Shapley value (5 nearest neighbours, 100 held-out "
            "records) read the checkpoint's outputs for the same records; their seconds do not include "
            "computing these.",
        ),
    )


def _table(
    head: Sequence[str], rows: Sequence[Sequence[object]], numbers: Collection[int] = ()
) -> Html:
    def line(cell: Html, cells: Sequence[object]) -> Html:
        kinds = (Html(' class="n"') if at in numbers else "" for at in range(len(cells)))
        return Html("<tr>{}</tr>").format(Html("").join(map(cell.format, kinds, cells)))

    body = Html("").join(line(Html("<td{}>{}</td>"), row) for row in rows)
    return Html('<div class="wide"><table><thead>{}</thead><tbody>{}</tbody></table></div>').format(
        line(Html("<th{}>{}</th>"), head), body
    )
