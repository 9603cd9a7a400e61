"""The sentences of the Release place that carry numbers, or that several of its parts show.

What every surface says of promises is in ``texts/promises.py``.
"""

from decimal import Decimal

from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.texts.promises import LOWER_OR_RAISE, NOTHING_DRAWN, needs_more, not_claimed
from dataselect_gui.window.release.prospect import Prospect
from dataselect_gui.workflow import Rule, ScoreCut, exact

DELTA_MEANS = N_("A chance that the promise fails, far below one in the number of your records.")
BUYING = N_(
    "A value near yours is drawn under differential privacy, at a cost that counts. It needs public "
    "bounds of the score."
)
BOUNDS = N_(
    "As agreed before anybody saw scores. Empty: the request's, or the score's own, if it has any."
)
COUNT = N_(
    "A public number. Empty: as many as your rule picks, where it goes by a number or a fraction."
)
PADDING = N_("Empty: as many as you have eligible records, which the receiver then knows.")
BINS = N_("Agreed before anybody saw scores. What lies below or above is counted too.")
COUNTED = N_("A public threshold: how many of your records reach it. Empty for a histogram alone.")
BY_CLASS = N_("A histogram, and how many pass, for each class of the checkpoint.")
CLIP = N_("What one record can add to the sum, at most. Empty: the request's.")
SIGNING = N_(
    "An Ed25519 key in PEM or OpenSSH form, without a passphrase. It stays here; the receiver needs "
    "its public half, from you."
)
REPEAT = N_(
    "The same release again costs nothing and gives the same files. Any change makes a new release."
)
CONSENT = N_("I may disclose these records, and I agree to it.")
NO_RECALL = N_("Copies cannot be called back.")
COUNTS_ANYWAY = N_("It counts against the budget all the same.")
TAKE = N_("Take me there")
RAISE = N_("Raise the budget…")
WORKING = N_("Working out what this would cost…")


def odds_factor(epsilon: Decimal) -> str:
    """Return e^ε for a reader: 1.65, 2.7, 7.4, 55."""
    factor = epsilon.exp()
    digits = 2 if factor < 2 else 1 if factor < 10 else 0
    return f"{factor:,.{digits}f}" if factor < 10**6 else f"{factor:.1e}"


def least_chance(epsilon: Decimal) -> int:
    """Return what 50 in 100 becomes no less than."""
    return round(100 / (1 + epsilon.exp()))


def picture_sentence(prospect: Prospect, leave: int) -> str:
    """Say how many of 100 selected records leave."""
    message = (
        N_("Of 100 records in your selection{of_whom}, about {leave} leave and {stay} stay.")
        if prospect.discloses
        else N_(
            "Of 100 records in your selection{of_whom}, about {leave} are offered and {stay} are not."
        )
    )
    return _(message, leave=leave, stay=100 - leave, of_whom=_of_whom(prospect))


def bars_sentence(prospect: Prospect, least: int) -> str:
    """Say what somebody may think who sees the bundle."""
    if is_about_absence(prospect):
        return _(
            "Someone thinks it 50 in 100 likely that a record was selected. Seeing it missing, they "
            "think no less than {least} in 100.",
            least=least,
        )
    message = (
        N_(
            "Someone thinks it 50 in 100 likely that a record was selected. Seeing it missing, they "
            "think between {least} and {most} in 100."
        )
        if prospect.discloses
        else N_(
            "Someone thinks it 50 in 100 likely that a record was selected. Seeing the bundle, they "
            "think between {least} and {most} in 100."
        )
    )
    return _(message, least=least, most=100 - least)


def earlier_sentence(prospect: Prospect) -> str:
    """Say what everything that was released comes to, with this release."""
    preview = prospect.preview
    assert preview is not None
    total = odds_factor(preview.spent_after)
    if not preview.delta_after:
        return _("With all earlier releases: {total} times.", total=total)
    inverse = f"{1 / preview.delta_after:,.0f}"
    return _(
        "With all earlier releases: {total} times, plus at most 1 extra chance in {inverse}.",
        total=total,
        inverse=inverse,
    )


def is_about_absence(prospect: Prospect) -> bool:
    """Say whether the promise is that of absence under a public threshold."""
    bought = (prospect.asked.threshold_from or "").startswith("bought")
    return prospect.mechanism is not None and prospect.mechanism.promise is not None and not bought


def usefulness_sentence(prospect: Prospect, expected: dict[str, float]) -> str:
    """Say what leaves is worth."""
    message = prospect.kind.usefulness
    if "width" in expected:
        return _(message, width=rounded(expected["width"]), against=rounded(expected["against"]))
    if prospect.mechanism is not None and prospect.mechanism.usefulness is not None:
        message = prospect.mechanism.usefulness
    hundredths = {name: round(100 * share) for name, share in expected.items() if name != "epsilon"}
    return _(message, **hundredths, of_whom=_of_whom(prospect))


def budget_sentence(prospect: Prospect) -> str:
    """Say what a release spends and what it leaves of the budget."""
    assert prospect.cost is not None
    left = exact(prospect.left)
    after = exact(prospect.left - prospect.cost)
    if prospect.cost and prospect.is_conditional:
        return _(
            "This release uses ε {cost} of the budget, and claims no ε. Left now: {left}. Left after: "
            "{after}. What is used cannot be taken back, even if you delete the bundle.",
            cost=exact(prospect.cost),
            left=left,
            after=after,
        )
    if prospect.cost:
        return _(
            "This release spends ε {cost}. Left now: {left}. Left after: {after}. Spent cannot be "
            "taken back, even if you delete the bundle.",
            cost=exact(prospect.cost),
            left=left,
            after=after,
        )
    message = (
        N_("This release spends nothing, because it is an earlier release again. Left: {left}.")
        if prospect.preview is not None and prospect.preview.same
        else N_(
            "This release spends nothing, because an earlier one-sided release of these records had "
            "an ε at least as large, and of those only the largest counts. Left: {left}."
        )
    )
    return _(message, left=left)


def viewed_sentences(rule: Rule | None) -> tuple[str, str]:
    """Say why no ε can be claimed for a cut-off, and that it is counted."""
    by = rule.by if isinstance(rule, ScoreCut) else "threshold" if rule is None else "rule"
    return not_claimed(by), _(COUNTS_ANYWAY)


def refusal_sentence(prospect: Prospect) -> str:
    """Say that the budget does not allow a release."""
    assert prospect.cost is not None
    refused = needs_more(exact(prospect.cost), exact(prospect.left))
    return f"{refused} {_(NOTHING_DRAWN)} {_(LOWER_OR_RAISE)}"


def nearest_sentences(nearest: dict[str, tuple[object, object]]) -> list[str]:
    """Say how the most similar earlier release differs, line by line."""
    if not nearest:
        return [_("It differs in nothing but the records, their scores or which of them are eligible.")]
    return [
        _(
            "{parameter}: then {then}, now {now}",
            parameter=name.replace("_", " "),
            then=_value(then),
            now=_value(now),
        )
        for name, (then, now) in nearest.items()
    ]


def button_text(prospect: Prospect, *, again: bool) -> str:
    """Return what the button would do, `again` where it just did."""
    if prospect.is_everything:
        return _("Release everything again") if again else _("Release everything")
    if prospect.is_exact:
        return _("Release again without protection") if again else _("Release without protection")
    if prospect.cost is None:
        return _("Release again") if again else _("Release")
    if prospect.is_conditional:  # An ε that is spent would read as one that is promised.
        message = (
            N_("Release again, use ε {cost} of the budget")
            if again
            else N_("Release, use ε {cost} of the budget")
        )
    else:
        message = N_("Release again, spend ε {cost}") if again else N_("Release, spend ε {cost}")
    return _(message, cost=exact(prospect.cost))


def rounded(number: float) -> str:
    """Write a number to three digits."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _of_whom(prospect: Prospect) -> str:
    """Say how many records of a person take part: shares are shares of these."""
    most = prospect.asked.max_contributions
    if most is None:
        return ""
    return ngettext(", at most {count} of each person", ", at most {count} of each person", most)


def _value(value: object) -> str:
    return _("none") if value is None else str(value)
