"""A study as one page: HTML that loads nothing, for whoever owns the records and for nobody else."""

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from dataselect_gui import __version__
from dataselect_gui.study.others import LIBRARIES, MISSING
from dataselect_gui.study.plan import QUESTIONS
from dataselect_gui.study.words import (
    PLACES,
    compared,
    headline,
    name_of,
    percent,
    points,
    span,
    tally,
    way,
)

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
    notes = {
        "a": _on_picks,
        "b": _on_private_ranks,
        "c": _on_likeness,
        "d": _on_wrong_labels,
        "e": _on_costs,
        "f": _on_releases,
    }
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
        sentence = notes[question](findings)
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


def _on_picks(findings: dict[str, Any]) -> str:
    losing = [
        one
        for one in findings["a"]
        if one["score"] != "random" and one["accuracy beyond random"]["verdict"] == "worse"
    ]
    if not losing:
        return (
            "Grey is random; a score earns its keep where its line is above grey. Random won nowhere."
        )
    seeds = findings["choices"]["seeds"]
    worst = min(losing, key=lambda one: float(one["accuracy beyond random"]["mean"]))
    random = next(
        one
        for one in findings["a"]
        if one["score"] == "random"
        and (one["share"], one["epsilon"]) == (worst["share"], worst["epsilon"])
    )
    return (
        "Grey is random; a score earns its keep where its line is above grey. Random won "
        f"{len(losing)} times, most clearly here: {compared(worst, random, seeds)}"
    )


def _on_private_ranks(findings: dict[str, Any]) -> str:
    score = _shown(findings)
    found = {one["epsilon"]: one["mean"] for one in findings["b"] if one["score"] == score}
    epsilons = [epsilon for epsilon in found if epsilon is not None]
    said = ", ".join(f"{found[epsilon]:.2f} at ε = {epsilon}" for epsilon in epsilons)
    return (
        f"{name_of(score)} by a model trained with DP-SGD agrees with {name_of(score)} by one trained "
        f"without, as a rank correlation, by {said}. Two models without DP that differ only in where "
        f"they started agree by {found[None]:.2f}: more cannot be expected."
    )


def _on_likeness(findings: dict[str, Any]) -> str:
    found = [one for one in findings["c"] if one["pair"] == ["vog", "plis"]]
    said = ", ".join(f"{one['mean']:.2f} with {one['parameters']:,} parameters" for one in found)
    return (
        f"VoG and PLIS rank the same records with a correlation of {said}; 1 would be the same order."
    )


def _on_wrong_labels(findings: dict[str, Any]) -> str:
    ours = [one for one in findings["d"] if one["by"] == "the checkpoint"]
    best = max(ours, key=lambda one: float(one["auroc"]["mean"]))
    worst = min(ours, key=lambda one: float(one["auroc"]["mean"]))
    others = [one for one in findings["d"] if one["by"] == "another library"]
    beside = "".join(
        f" {one['score']} reaches {one['auroc']['mean']:.3f} on the same records." for one in others
    )
    return (
        f"A tenth of the labels was made wrong on purpose. By the checkpoint, {name_of(best['score'])} "
        f"finds them best (AUROC {best['auroc']['mean']:.3f}), {name_of(worst['score'])} worst "
        f"({worst['auroc']['mean']:.3f}; a coin gives 0.5).{beside}"
    )


def _on_costs(findings: dict[str, Any]) -> str:
    costs = findings["e"]
    low, high = costs["picks"][0], costs["picks"][-1]
    share = f"{100 * float(low['share']):g} %"
    verdicts = {
        "better": "bring more than random ones",
        "worse": "bring less than random ones",
        "no difference": "bring as much as random ones, as far as can be seen",
    }
    return (
        f"In a training by DP-SGD at ε = {costs['epsilon']}, the {share} of records that cost most "
        f"incur εᵢ {high['cost']:.2f} each and {verdicts[high['accuracy beyond random']['verdict']]} "
        f"({span(high['accuracy beyond random'])}); the {share} that cost least incur "
        f"{low['cost']:.2f} and {verdicts[low['accuracy beyond random']['verdict']]} "
        f"({span(low['accuracy beyond random'])})."
    )


def _on_releases(findings: dict[str, Any]) -> str:
    released = findings["f"]
    verdicts = [one["accuracy beyond random"]["verdict"] for one in released["drawn"]]
    least = min(released["drawn"], key=lambda one: float(one["release epsilon"]))
    return (
        f"What leaves of the {100 * float(released['share']):g} % with the highest "
        f"{name_of(released['score'])} was trained on beside as many random records: over "
        f"{len(verdicts)} mechanisms and ε, it did better {verdicts.count('better')} times, worse "
        f"{verdicts.count('worse')} times, and otherwise showed no difference. At ε = "
        f"{least['release epsilon']}, {least['mechanism']} let {least['records']:.0f} of "
        f"{released['exact']['records']:.0f} selected records leave."
    )


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
    for one in findings["a"]:
        beyond = one.get("accuracy beyond random")
        balanced = one.get("balanced beyond random")
        rows.append(
            (
                escape(way(one["epsilon"])),
                f"{100 * float(one['share']):g} %",
                escape(
                    "random" if beyond is None else f"{PLACES[one['place']]} {name_of(one['score'])}"
                ),
                f"{one['records']:.0f}",
                percent(one["accuracy"]["mean"]),
                "" if beyond is None else _beyond(beyond),
                "" if balanced is None else points(balanced["mean"]),
            )
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


def _beyond(found: dict[str, Any]) -> str:
    words = {"better": "better", "worse": "random won", "no difference": "no difference"}
    kind = found["verdict"].split()[0]
    return (
        f"{points(found['mean'])} ({points(found['low'])} to {points(found['high'])}) "
        f'<span class="{kind}">{words[found["verdict"]]}</span>'
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


def _shown(findings: dict[str, Any]) -> str:
    """Return the first chosen score that the stand-ins were compared by."""
    compared_by = {one["score"] for one in findings["b"]}
    return next((s for s in findings["choices"]["scores"] if s in compared_by), "vog")
