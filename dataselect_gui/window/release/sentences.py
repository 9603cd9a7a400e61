"""The words of the Release place, and those that carry numbers with them."""

from decimal import Decimal

from dataselect_gui.window.release.prospect import Prospect
from dataselect_gui.workflow import Rule, exact

DELTA_MEANS = "A chance that the promise fails, far below one in the number of your records."
BUYING = (
    "A value near yours is drawn under differential privacy, at a cost that counts. It needs public "
    "bounds of the score."
)
BOUNDS = "As agreed before anybody saw scores. Empty: the request's, or the score's own, if it has any."
COUNT = "A public number. Empty: as many as your rule picks, where it goes by a number or a fraction."
PADDING = "Empty: as many as you have eligible records, which the receiver then knows."
BINS = "Agreed before anybody saw scores. What lies below or above is counted too."
COUNTED = "A public threshold: how many of your records reach it. Empty for a histogram alone."
CLIP = "What one record can add to the sum, at most. Empty: the request's."
SIGNING = (
    "An Ed25519 key in PEM or OpenSSH form, without a passphrase. It stays here; the receiver needs "
    "its public half, from you."
)
PICTURE = "Of 100 records in your selection{of_whom}, about {leave} leave and {stay} stay."
PICTURE_OFFERS = (
    "Of 100 records in your selection{of_whom}, about {leave} are offered and {stay} are not."
)
OF_EACH_PERSON = ", at most {m} of each person"
BARS = (
    "Someone thinks it 50 in 100 likely that a record was selected. Seeing it missing, they think no "
    "less than {least} in 100."
)
BARS_BETWEEN = (
    "Someone thinks it 50 in 100 likely that a record was selected. Seeing {seen}, they think between "
    "{least} and {most} in 100."
)
PROMISE = (
    "Records that leave are disclosed. For records that stay: seeing that one is missing changes the "
    "odds that it was selected by at most {odds} times."
)
EARLIER = " With all earlier releases: {total} times"
DELTA = ", plus at most 1 extra chance in {inverse}"
PERSON = "This covers each person, with at most {m} {records}."
BUDGET = (
    "This release spends ε {cost}. Left now: {left}. Left after: {after}. Spent cannot be taken back, "
    "even if you delete the bundle."
)
BUDGET_NOTHING = "This release spends nothing, because {why}. Left: {left}."
IS_SAME = "it is an earlier release again"
IS_COVERED = (
    "an earlier one-sided release of these records had an ε at least as large, and of those only the "
    "largest counts"
)
REPEAT = (
    "The same release again costs nothing and gives the same files. Any change makes a new release."
)
REFUSED = (
    "This needs ε {cost}; {left} is left. Nothing was drawn. Lower ε, or raise the budget and give a "
    "reason."
)
DISCLOSED = (
    "The receiver sees these records in full: image, label, anything visible. ε does not protect them. "
    "Copies cannot be called back."
)
CONSENT = "I may disclose these records, and I agree to it."
PIXELS = "Pixels leave unchanged. A name or date written into an image leaves too."
VIEWED = (
    "You set this cut-off after seeing scores. ε does not cover what the cut-off reveals. The card "
    "will say: threshold chosen after viewing."
)
DEPENDS = (
    "This cut-off follows from your records: it lies where the last of them is picked. ε does not "
    "cover what it reveals. The card will say: that of a {cut} of the records, chosen after viewing."
)
NO_CLAIM = "No ε is claimed for this release; it counts against the budget all the same."
WITHHELD = (
    "Withheld records never leave. Someone who knows of one sees only that it is missing. Withhold a "
    "record for its own sake: if one record makes you withhold another, ε does not cover that."
)
WITHHELD_HERE = (
    "Withheld records take no part. Withhold a record for its own sake: if one record makes you "
    "withhold another, ε does not cover that."
)
EXACT = (
    "No protection. Every selected record leaves. Anyone who knows of a record learns for certain "
    "whether you selected it. Every later promise about this source will say that it does not cover "
    "these records."
)
CHOOSE_EXACT = "I choose to release without protection."
EARLIER_EXACT = "Records of this source that left earlier without protection are not covered."
UNPROMISED = "ε cannot be promised here."
SAME = "This is an earlier release again: it costs nothing and gives the same files."
TAKE = "Take me there"
RAISE = "Raise the budget…"
WORKING = "Working out what this would cost…"
_NO_PARAMETERS = "nothing but the records, their scores or which of them are eligible"


def odds_factor(epsilon: Decimal) -> str:
    """Return e^ε for a reader: 1.65, 2.7, 7.4, 55."""
    factor = epsilon.exp()
    digits = 2 if factor < 2 else 1 if factor < 10 else 0
    return f"{factor:,.{digits}f}" if factor < 10**6 else f"{factor:.1e}"


def least_chance(epsilon: Decimal) -> int:
    """Return what 50 in 100 becomes no less than."""
    return round(100 / (1 + epsilon.exp()))


def counted(number: int, nouns: tuple[str, str]) -> str:
    """Return how much there is, with the word that goes with it."""
    one, many = nouns
    return f"{number:,} {one if number == 1 else many}"


def picture_sentence(prospect: Prospect, leave: int) -> str:
    """Say how many of 100 selected records leave."""
    text = PICTURE if prospect.discloses else PICTURE_OFFERS
    return text.format(leave=leave, stay=100 - leave, of_whom=_of_whom(prospect))


def bars_sentence(prospect: Prospect, least: int) -> str:
    """Say what somebody may think who sees the bundle."""
    if has_lay_promise(prospect):
        return BARS.format(least=least)
    seen = "it missing" if prospect.discloses else "the bundle"
    return BARS_BETWEEN.format(seen=seen, least=least, most=100 - least)


def promise_sentence(prospect: Prospect) -> str:
    """Say what the receiver can learn of a record: in a lay reader's words, or the card's."""
    preview, foreseen = prospect.preview, prospect.foreseen
    assert preview is not None
    assert foreseen is not None
    assert foreseen.epsilon is not None
    if has_lay_promise(prospect):
        text = PROMISE.format(odds=odds_factor(Decimal(foreseen.epsilon)))
    else:
        text = f"Records that leave are disclosed. {preview.promise}"
        text = text if prospect.discloses else preview.promise
    text += EARLIER.format(total=odds_factor(preview.spent_after))
    if preview.delta_after:
        text += DELTA.format(inverse=f"{1 / preview.delta_after:,.0f}")
    return f"{text}."


def has_lay_promise(prospect: Prospect) -> bool:
    """Say whether the promise is that of absence under a public threshold."""
    bought = (prospect.asked.threshold_from or "").startswith("bought")
    return prospect.mechanism is not None and prospect.mechanism.promise is not None and not bought


def person_sentence(max_contributions: int) -> str:
    """Say whom the promise covers."""
    return PERSON.format(m=max_contributions, records="record" if max_contributions == 1 else "records")


def usefulness_sentence(prospect: Prospect, expected: dict[str, float]) -> str:
    """Say what leaves is worth."""
    text = prospect.kind.usefulness
    if "width" in expected:
        return text.format(width=rounded(expected["width"]), against=rounded(expected["against"]))
    if prospect.mechanism is not None and prospect.mechanism.usefulness is not None:
        text = prospect.mechanism.usefulness
    hundredths = {name: round(100 * share) for name, share in expected.items() if name != "epsilon"}
    return text.format(**hundredths, of_whom=_of_whom(prospect))


def budget_sentence(prospect: Prospect) -> str:
    """Say what a release spends and what it leaves of the budget."""
    assert prospect.cost is not None
    left = prospect.left
    after = exact(left - prospect.cost)
    if not prospect.cost:
        is_same = prospect.preview is not None and prospect.preview.same
        return BUDGET_NOTHING.format(why=IS_SAME if is_same else IS_COVERED, left=after)
    return BUDGET.format(cost=exact(prospect.cost), left=exact(left), after=after)


def viewed_sentences(rule: Rule | None) -> tuple[str, str]:
    """Say what a cut-off reveals for which no ε can be claimed."""
    if rule is None or rule.by == "threshold":
        return VIEWED, NO_CLAIM
    return DEPENDS.format(cut=rule.by), NO_CLAIM


def refusal_sentence(prospect: Prospect) -> str:
    """Say that the budget does not allow a release."""
    assert prospect.cost is not None
    return REFUSED.format(cost=exact(prospect.cost), left=exact(prospect.left))


def nearest_sentences(nearest: dict[str, tuple[object, object]]) -> list[str]:
    """Say how the most similar earlier release differs, line by line."""
    if not nearest:
        return [f"It differs in {_NO_PARAMETERS}."]
    return [
        f"{name.replace('_', ' ')}: then {_told(then)}, now {_told(now)}"
        for name, (then, now) in nearest.items()
    ]


def rule_sentence(rule: Rule) -> str:
    """Say a rule in words."""
    value = exact(rule.value)
    end = "lowest" if rule.lowest else "highest"
    if rule.by == "threshold":
        return f"Records whose {rule.score} is {'at most' if rule.lowest else 'at least'} {value}."
    if rule.by == "count":
        return f"The {value} records with the {end} {rule.score}."
    return f"The {exact(rule.value * 100)} in 100 records with the {end} {rule.score}."


def button_text(prospect: Prospect, *, again: bool) -> str:
    """Return what the button would do, `again` where it just did."""
    verb = "Release again" if again else "Release"
    if prospect.is_exact:
        return f"{verb} without protection"
    return verb if prospect.cost is None else f"{verb}, spend ε {exact(prospect.cost)}"


def rounded(number: float) -> str:
    """Write a number to three digits."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _of_whom(prospect: Prospect) -> str:
    """Say how many records of a person take part: shares are shares of these."""
    max_contributions = prospect.asked.max_contributions
    return "" if max_contributions is None else OF_EACH_PERSON.format(m=max_contributions)


def _told(value: object) -> str:
    return "none" if value is None else str(value)
