"""The result of a check as an HTML page."""

from collections.abc import Sequence

from dataselect_gui.pages import render
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.release.documents import claimed_delta
from dataselect_gui.release.terms import Terms
from dataselect_gui.release.verify import Check
from dataselect_gui.texts import _
from dataselect_gui.texts.promises import CANNOT_CHECK, CHECKS_HOLD


def page_of(terms: Terms | None, promise: str, checks: Sequence[Check], digest: str) -> str:
    """Return the page.

    Parameters
    ----------
    terms : Terms or None
        The release's terms; None where they cannot be read.
    promise : str
        The promise that the bundle states.
    checks : sequence of Check
        The checks.
    digest : str
        The digest of the bundle.
    """
    failed = sum(not check.ok for check in checks)
    verdict = (
        _(
            "{failed} of {count} checks failed. Do not use this bundle.",
            failed=failed,
            count=len(checks),
        )
        if failed
        else _(CHECKS_HOLD)
    )
    return render(
        "check.html",
        failed=failed,
        verdict=verdict,
        facts=[] if terms is None else _facts(terms),
        promise=promise,
        checks=checks,
        digest=digest,
        cannot_check=CANNOT_CHECK,
    )


def _facts(terms: Terms) -> list[tuple[str, str]]:
    claimed, delta = terms.claimed, claimed_delta(terms)
    return [
        (_("Release"), f"{_(terms.kind.heading)}, {terms.release}"),
        (_("Date"), terms.date),
        (_("Mechanism"), terms.mechanism.name),
        (_("ε for each unit"), _("none is claimed") if claimed is None else exact(claimed)),
        ("δ", _("none is claimed") if delta is None else delta),
    ]
