"""The result of a check as one page, for whoever has to file it: HTML that loads nothing."""

from collections.abc import Sequence

from dataselect_gui import __version__
from dataselect_gui.plain import Html
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.release.documents import claimed_delta
from dataselect_gui.release.terms import Terms
from dataselect_gui.release.verify import Check
from dataselect_gui.texts.promises import CANNOT_CHECK

_STYLE = Html(
    "body{font:16px/1.45 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b2027}h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:1.4rem 0 .3rem}"
    "td{padding:.15rem .8rem .15rem 0;vertical-align:top}td:first-child{white-space:nowrap}"
    "ul{margin:.2rem 0;padding-left:1.2rem}.bad{color:#b3261e;font-weight:600}"
    "code{word-break:break-all}"
    "@media print{body{margin:0}}"
)
_PAGE = Html(
    """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Check of a bundle</title>
<style>{style}</style></head><body>
<h1>Check of a bundle</h1>
<p class="{kind}">{verdict}</p>
{facts}
<h2>What the bundle promises</h2>
<p>{promise}</p>
<h2>What was checked</h2>
{checks}
<h2>What no check of a bundle can show</h2>
<ul>{cannot}</ul>
<p>Checked with DataSelect {version}, on the receiver's own machine.</p>
</body></html>
"""
)


def page_of(terms: Terms | None, promise: str, checks: Sequence[Check], digest: str) -> str:
    """Return the page.

    Parameters
    ----------
    terms : Terms or None
        What the bundle says it is; None where that cannot be read.
    promise : str
        What it promises, in its own words.
    checks : sequence of Check
        What was found.
    digest : str
        The digest of the bundle.
    """
    failed = [check for check in checks if not check.ok]
    verdict = (
        "Everything that can be checked holds."
        if not failed
        else f"{len(failed)} of {len(checks)} checks failed. Do not use this bundle."
    )
    facts: list[tuple[str, str]] = [("Digest of the bundle", Html("<code>{}</code>").format(digest))]
    if terms is not None:
        facts += [
            ("Release", f"{terms.kind.heading}, {terms.release}"),
            ("Date", terms.date),
            ("Mechanism", terms.mechanism.name),
            ("ε for each unit", "none is claimed" if terms.claimed is None else exact(terms.claimed)),
            ("δ", claimed_delta(terms) or "none is claimed"),
        ]
    return _PAGE.format(
        style=_STYLE,
        kind="bad" if failed else "good",
        verdict=verdict,
        facts=_table(facts),
        promise=promise,
        checks=_table([(_mark(check), check.detail) for check in checks]),
        cannot=Html("").join(Html("<li>{}</li>").format(item) for item in CANNOT_CHECK),
        version=__version__,
    )


def _mark(check: Check) -> Html:
    kind, word = ("good", "holds") if check.ok else ("bad", "fails")
    return Html('<span class="{}">{}: {}</span>').format(kind, check.name, word)


def _table(rows: Sequence[tuple[str, str]]) -> Html:
    cells = (Html("<tr><td>{}</td><td>{}</td></tr>").format(name, value) for name, value in rows)
    return Html("<table>{}</table>").format(Html("").join(cells))
