"""A study as one page: HTML that loads nothing, for whoever owns the records and for nobody else."""

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from dataselect_gui import __version__
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
_STYLE = (
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


def page_of(findings: dict[str, Any], figures: dict[str, str], setting: dict[str, Any]) -> str:
    """Return the page.

    Parameters
    ----------
    findings : dict
        What the study found.
    figures : dict
        Question → its figure, an SVG element.
    setting : dict
        What every result depends on.
    """
    tables = {"a": _table_of_picks(findings), "d": _table_of_finders(findings)}
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<title>Does picking by a score help?</title>",
        f"<style>{_STYLE}</style></head><body><main>",
        "<h1>Does picking by a score help?</h1>",
        f'<p class="stay"><strong>Owner-only.</strong> {OWNER_ONLY}</p>',
        '<div class="answer">',
        *(f"<p>{escape(line)}</p>" for line in headline(findings)),
        f"<p>{escape(tally(findings))}</p></div>",
    ]
    for question, text in QUESTIONS.items():
        sentence = sentence_on(question, findings)
        parts += [
            f"<h2>{escape(text)}</h2>",
            f"<p>{escape(sentence)}</p>",
            f'<figure role="img" aria-label="{escape(f"{text} {sentence}", quote=True)}">',
            figures[question],
            "</figure>",
            tables.get(question, ""),
        ]
    parts += [
        "<h2>What is known of such scores, tried here</h2>",
        _table(
            ("", "", "here"),
            [
                (escape(one["what"]), escape(one["told"]), "holds" if one["holds"] else "does not hold")
                for one in findings["known"]
            ],
        ),
        "<h2>What this study cannot show</h2>",
        f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in LIMITS)}</ul>",
        "<h2>How it was done</h2>",
        f"<p>{escape(_on_records(findings))}</p>",
        f"<p>{escape(_on_accountants(findings))}</p>",
        "<pre>",
        escape(json.dumps({**findings["choices"], **setting}, ensure_ascii=False, indent=1)),
        "</pre>",
        f"<p>DataSelect {escape(__version__)}.</p>",
        "</main></body></html>",
        "",
    ]
    return "\n".join(parts)


def _on_records(findings: dict[str, Any]) -> str:
    records = findings["records"]
    people = "" if records["units"] is None else f" of {records['units']:,} people, never split up,"
    return (
        f"{records['used']:,} records{people} were used ({records['left out']:,} could not be read or "
        f"had no label): {records['reference']:,} to train stand-ins for the consortium's model, about "
        f"{records['held out']:,} held out for testing, about {records['pool']:,} to pick from. Every "
        f"training was repeated {findings['choices']['seeds']} times."
    )


def _on_accountants(findings: dict[str, Any]) -> str:
    found = findings["accountants"]
    return (
        f"The ε of {found['trainings']} trainings by DP-SGD was computed twice, by Opacus and by "
        f"dp_accounting: at most {found['apart']:.2%} apart."
    )


def _table_of_picks(findings: dict[str, Any]) -> str:
    rows = []
    for line in map(line_of, findings["a"]):
        kind = "worse" if line.verdict == "random won" else line.verdict.split(" ")[0]
        told = f'{line.beyond} <span class="{kind}">{line.verdict}</span>' if line.beyond else ""
        pick = escape(line.pick)
        rows.append(
            (escape(way(line.epsilon)), line.share, pick, line.records, line.right, told, line.balanced)
        )
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


def _table_of_finders(findings: dict[str, Any]) -> str:
    rows = [
        (
            escape(name_of(one["score"])),
            escape(one["by"]),
            f"{one['auroc']['mean']:.3f} ({one['auroc']['low']:.3f} to {one['auroc']['high']:.3f})",
            percent(one["precision"]["mean"]),
            "" if one["seconds"] is None else f"{one['seconds']:.2f}",
        )
        for one in findings["d"]
    ]
    there = {one["score"] for one in findings["d"]}
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
    ) + "".join(
        f"<p>{escape(line)}</p>"
        for line in (
            *missing,
            "Cleanlab's label quality and dattri's Shapley value (5 nearest neighbours, 100 held-out "
            "records) read the checkpoint's outputs for the same records; their seconds do not include "
            "computing these.",
        )
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: set[int] = frozenset()) -> str:  # type: ignore[assignment]
    def cell(tag: str, at: int, content: str) -> str:
        return f'<{tag} class="n">{content}</{tag}>' if at in numbers else f"<{tag}>{content}</{tag}>"

    top = "".join(cell("th", at, escape(name)) for at, name in enumerate(head))
    body = "".join(
        f"<tr>{''.join(cell('td', at, content) for at, content in enumerate(row))}</tr>" for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
