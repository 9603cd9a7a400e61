"""The sentences of the Release place that carry numbers, or that several of its parts show.

What every surface says of promises is in ``texts/promises.py``.
"""

import math
from decimal import Decimal

from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.texts.promises import LOWER_OR_RAISE, NOTHING_DRAWN, needs_more, not_claimed
from dataselect_gui.window.release.kinds import is_of_counts
from dataselect_gui.window.release.prospect import Prospect
from dataselect_gui.workflow import Rule, ScoreCut, exact

DELTA_MEANS = N_(
    "The chance that the promise fails. Keep it far below 1 divided by the number of your records."
)
BUYING = N_(
    "The program picks a cut-off near yours, partly by chance, so that the cut-off reveals little. "
    "That uses budget, and needs the score's lowest and highest possible value."
)
BOUNDS = N_(
    "Enter them as agreed with the consortium. Don't read them off your data. If empty, those of "
    "the request or of the score itself are used, if there are any."
)
COUNT = N_(
    "Everybody may know this number. If empty: as many as your rule picks, where it goes by a "
    "number or a share."
)
PADDING = N_(
    "If empty: one row for each record that may leave. The receiver then knows how many these are."
)
BINS = N_(
    "Where one range ends and the next begins, as agreed before anybody saw scores. What "
    "lies below or above is counted too."
)
COUNTED = N_(
    "How many of your records reach this score, which everybody may know. Leave it empty "
    "to count by ranges alone."
)
BY_CLASS = N_("Counts the ranges, and how many your rule picks, for each class of the checkpoint.")
CLIP = N_(
    "One record can add no more than this to the sum (the clip norm). If empty, the request's is used."
)
SIGNING = N_(
    "With your signature the receiver can check that the bundle comes from you. Your key stays "
    "here; give the receiver its public half. It is an Ed25519 key in PEM or OpenSSH form, without "
    "a passphrase."
)
REPEAT = N_(
    "Making the same release again costs nothing and gives the same files. Any change makes a new "
    "release."
)
CONSENT = N_("I may disclose these records, and I agree to it.")
NO_RECALL = N_("Copies cannot be called back.")
IN_FULL = N_("The receiver sees each record that leaves in full.")
_NO_GUARANTEE = N_("This release comes with no privacy guarantee, but still uses budget.")
TAKE = N_("Take me there")
RAISE = N_("Raise the budget…")
WORKING = N_("Working out what this would cost…")


def odds_factor(epsilon: Decimal) -> str:
    """Return e^ε to three digits, as the promise has it: 1.65, 2.72, 54.6."""
    factor = epsilon.exp()
    return f"{factor:.3g}" if factor < 1000 else f"{factor:,.0f}" if factor < 10**6 else f"{factor:.1e}"


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
            "Suppose someone thinks it 50 in 100 likely that a record was selected. When they see "
            "that it is missing, they still think it at least {least} in 100 likely.",
            least=least,
        )
    message = (
        N_(
            "Suppose someone thinks it 50 in 100 likely that a record was selected. When they see "
            "that it is missing, they think it between {least} and {most} in 100 likely."
        )
        if prospect.discloses
        else N_(
            "Suppose someone thinks it 50 in 100 likely that a record was selected. When they see "
            "the bundle, they think it between {least} and {most} in 100 likely."
        )
    )
    return _(message, least=least, most=100 - least)


def earlier_sentence(prospect: Prospect) -> str:
    """Say what everything that was released comes to, with this release."""
    preview = prospect.preview
    assert preview is not None
    total = odds_factor(preview.spent_after)
    if not preview.delta_after:
        return _("Together with all earlier releases: by at most a factor of {total}.", total=total)
    inverse = f"{1 / preview.delta_after:,.0f}"
    return _(
        "Together with all earlier releases: by at most a factor of {total}, plus at most 1 extra "
        "chance in {inverse}.",
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
        return _(message, width=width_of(prospect, expected), against=rounded(expected["against"]))
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
            "This release uses ε {cost} of your budget, although it comes with no privacy "
            "guarantee. Left now: ε {left}. Left afterwards: ε {after}. What is used stays used, "
            "even if you delete the bundle.",
            cost=exact(prospect.cost),
            left=left,
            after=after,
        )
    if prospect.cost:
        return _(
            "This release spends ε {cost} of your budget. Left now: ε {left}. Left afterwards: ε "
            "{after}. What is spent stays spent, even if you delete the bundle.",
            cost=exact(prospect.cost),
            left=left,
            after=after,
        )
    message = (
        N_("This release spends nothing, because you have made it before. Left: ε {left}.")
        if prospect.preview is not None and prospect.preview.same
        else N_(
            "This release spends nothing: an earlier one-sided release of these records had an ε "
            "at least as large, and of one-sided releases only the largest counts. Left: ε {left}."
        )
    )
    return _(message, left=left)


def viewed_sentences(rule: Rule | None) -> tuple[str, str]:
    """Say why no ε can be claimed for a cut-off, and what the bundle says of that."""
    by = rule.by if isinstance(rule, ScoreCut) else "threshold" if rule is None else "rule"
    in_bundle = _("The bundle says: {promise}", promise=not_claimed(by))
    return f"{_why_not_claimed(rule)} {_(_NO_GUARANTEE)}", in_bundle


def _why_not_claimed(rule: Rule | None) -> str:
    match rule:
        case ScoreCut(by="count"):
            return _(
                "Taking the best {count:,} reveals something about your data.", count=int(rule.value)
            )
        case ScoreCut(by="fraction"):
            share = exact(rule.value * 100)
            return _("Taking the best {share} in 100 reveals something about your data.", share=share)
        case None | ScoreCut():
            return _("A cut-off chosen after seeing scores reveals something about your data.")
        case _:
            return _("A rule chosen after seeing scores reveals something about your data.")


def refusal_sentence(prospect: Prospect) -> str:
    """Say that the budget does not allow a release."""
    assert prospect.cost is not None
    refused = needs_more(exact(prospect.cost), exact(prospect.left))
    return f"{refused} {_(NOTHING_DRAWN)} {_(LOWER_OR_RAISE)}"


def nearest_sentences(nearest: dict[str, tuple[object, object]]) -> list[str]:
    """Say how the most similar earlier release differs, line by line."""
    if not nearest:
        return [_("Only the records, their scores, or which of them may leave are different.")]
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
    if again and prospect.preview is not None and prospect.preview.same:
        return _("Release the same again, at no cost")
    if prospect.is_conditional:  # An ε that is spent would read as one that is promised.
        message = (
            N_("Release again, use ε {cost} of the budget")
            if again
            else N_("Release, use ε {cost} of the budget")
        )
    else:
        message = N_("Release again, spend ε {cost}") if again else N_("Release, spend ε {cost}")
    return _(message, cost=exact(prospect.cost))


def width_of(prospect: Prospect, expected: dict[str, float]) -> str:
    """Say how far off a number of a release is; counts are whole, so that is rounded up for them."""
    width = expected["width"]
    return f"{math.ceil(width):,}" if is_of_counts(prospect.asked.kind) else rounded(width)


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
