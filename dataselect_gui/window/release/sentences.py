"""The words of the Release place, and those that carry numbers with them."""

from decimal import Decimal

from dataselect_gui.window.release.plan import Plan
from dataselect_gui.workflow import Rule, exact

EPSILON = "ε limits what a missing record reveals. Smaller reveals less, and fewer records leave."
PICTURE = "Of 100 records in your selection, about {leave} leave and {stay} stay."
BARS = (
    "Someone thinks it 50 in 100 likely that a record was selected. Seeing it missing, they think no "
    "less than {least} in 100."
)
PROMISE = (
    "Records that leave are disclosed. For records that stay: seeing that one is missing changes the "
    "odds that it was selected by at most {odds} times. With all earlier releases: {total} times"
)
DELTA = ", plus at most 1 extra chance in {inverse}"
PERSON = "This covers each person, with at most {m} {records}."
USEFULNESS = (
    "Everything that leaves is in your selection. About {leave} in 100 of it leave. A random pick "
    "would be right {random} times in 100."
)
BUDGET = (
    "This release spends ε {cost}. Left now: {left}. Left after: {after}. Spent cannot be taken back, "
    "even if you delete the bundle."
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
NO_CLAIM = "No ε is claimed for this release; it counts against the budget all the same."
WITHHELD = (
    "Withheld records never leave. Someone who knows of one sees only that it is missing. Withhold a "
    "record for its own sake: if one record makes you withhold another, ε does not cover that."
)
EXACT = (
    "No protection. Every selected record leaves. Anyone who knows of a record learns for certain "
    "whether you selected it. Every later promise about this source will say that it does not cover "
    "these records."
)
CHOOSE_EXACT = "I choose to release without protection."
EARLIER_EXACT = "Records of this source that left earlier without protection are not covered."
UNPROMISED = "ε cannot be promised here."

LEAVES = (
    (
        "Images",
        "A file each under a random name, in random order, stripped of everything but the pixels and "
        "how they are turned.",
        "5f0c…e1.png",
    ),
    (
        "Labels",
        "Fields: file_name, label (as corrected).",
        '{"file_name": "5f0c…e1.png", "label": "cat"}',
    ),
    (
        "Mechanism and parameters",
        "release.json and privacy.json. Fields: release, date, mechanism, epsilon, delta, conditional, "
        "promise, unit, parameters.",
        '"mechanism": "one-sided", "epsilon": "1"',
    ),
    ("Hashes", "SHA256SUMS: a checksum and a name for each file.", "9b1d…07  README.md"),
    ("Card", "README.md: what is promised, and what is not.", "“What is not protected: …”"),
)
STAYS = (
    ("Scores", "Fields: loss, el2n, grad_norm, vog, random.", "vog 0.412"),
    ("Counts", "How many records you have, selected and withheld.", "1,204 records"),
    ("File names", "Field: id. Names in the bundle are random.", "scan_0412.png"),
    ("Order", "The order of the source. The bundle's is random.", "0412 before 0413"),
    ("Dates", "Times of files and all image metadata.", "2031-02-29 25:10"),
    ("Unit column", "Who a record belongs to.", "patient 17"),
    ("Withheld list", "Which records you keep back.", "scan_0007.png"),
    ("Notes", "Reasons in the ledger.", "“Agreed with the board.”"),
)


def odds_factor(epsilon: Decimal) -> str:
    """Return e^ε for a reader: 1.65, 2.7, 7.4, 55."""
    factor = epsilon.exp()
    digits = 2 if factor < 2 else 1 if factor < 10 else 0
    return f"{factor:,.{digits}f}" if factor < 10**6 else f"{factor:.1e}"


def least_chance(epsilon: Decimal) -> int:
    """Return what 50 in 100 becomes no less than, once a record is seen missing."""
    return round(100 / (1 + epsilon.exp()))


def counted_records(number: int) -> str:
    """Return a number of records with the word that goes with it."""
    return f"{number:,} {'record' if number == 1 else 'records'}"


def picture_sentence(plan: Plan) -> str:
    """Say how many of 100 records leave."""
    leave = round(100 * plan.share)
    return PICTURE.format(leave=leave, stay=100 - leave)


def promise_sentence(plan: Plan) -> str:
    """Say what a missing record tells."""
    assert plan.epsilon is not None
    text = PROMISE.format(odds=odds_factor(plan.epsilon), total=odds_factor(plan.spent + plan.cost))
    if plan.delta:
        text += DELTA.format(inverse=f"{1 / plan.delta:,.0f}")
    return f"{text}."


def person_sentence(plan: Plan) -> str:
    """Say whom the promise covers."""
    return PERSON.format(m=plan.per_unit, records="record" if plan.per_unit == 1 else "records")


def usefulness_sentence(plan: Plan, random: int) -> str:
    """Say how much of the selection leaves, where a random pick is right `random` times in 100."""
    return USEFULNESS.format(leave=round(100 * plan.share), random=random)


def budget_sentence(plan: Plan) -> str:
    """Say what a release spends and what it leaves of the budget."""
    left = plan.left
    cost, after = exact(plan.cost), exact(left - plan.cost)
    return BUDGET.format(cost=cost, left=exact(left), after=after)


def refusal_sentence(plan: Plan) -> str:
    """Say that the budget does not allow a release."""
    return REFUSED.format(cost=exact(plan.cost), left=exact(plan.left))


def rule_sentence(rule: Rule) -> str:
    """Say a rule in words."""
    value = exact(rule.value)
    end = "lowest" if rule.lowest else "highest"
    if rule.by == "threshold":
        return f"Records whose {rule.score} is {'at most' if rule.lowest else 'at least'} {value}."
    if rule.by == "count":
        return f"The {value} records with the {end} {rule.score}."
    return f"The {exact(rule.value * 100)} in 100 records with the {end} {rule.score}."


def button_text(plan: Plan, *, again: bool) -> str:
    """Return what the button would do, `again` where it just did."""
    verb = "Release again" if again else "Release"
    if plan.mechanism == "exact":
        return f"{verb} without protection"
    if plan.epsilon is None:
        return verb
    return f"{verb}, spend ε {exact(plan.cost)}"
