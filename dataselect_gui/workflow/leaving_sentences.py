"""What is expected to leave, in words: for window, terminal and page."""

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.workflow.expected_leaving import LEAST, ClassExpected, ExpectedLeaving

MOST_NAMED = 3
"""So many distorted classes are named."""
_MOST_NAME = 60

UNLIKE = N_("What leaves is unlike your records:")
HOW_UNLIKE = N_(
    "A class is named here if its share of what leaves is less than half, or more than twice, its "
    "share of your records, or if none of it is expected to leave."
)


def leaving_sentence(expected: ExpectedLeaving) -> str:
    """Say how many records leave, or are named, and of how many people."""
    records = ngettext(*expected.noun, expected.records)
    leaving = expected.leaving
    if leaving is None:
        return _("None of your {records} leave.", records=records)
    if not expected.is_certain and leaving < LEAST:
        message = (
            N_("Probably none of your {records} leave.")
            if expected.is_disclosed
            else N_("Probably none of your {records} are offered.")
        )
        return _(message, records=records)
    if expected.is_certain and leaving == expected.records:
        message = (
            N_("All of your {records} leave{of_people}.")
            if expected.is_disclosed
            else N_("All of your {records} are offered, by made-up names{of_people}.")
        )
    elif expected.is_certain:
        message = (
            N_("{leaving} of your {records} leave{of_people}.")
            if expected.is_disclosed
            else N_("{leaving} of your {records} are offered, by made-up names{of_people}.")
        )
    else:
        message = (
            N_("About {leaving} of your {records} leave{of_people}.")
            if expected.is_disclosed
            else N_("About {leaving} of your {records} are offered, by made-up names{of_people}.")
        )
    return _(message, leaving=in_round(leaving), records=records, of_people=_of_people(expected))


def selection_sentence(expected: ExpectedLeaving) -> str:
    """Say how many records the rule picks."""
    return ngettext(
        "{count:,} of them is in your selection.",
        "{count:,} of them are in your selection.",
        expected.selected,
    )


def distortion_sentences(expected: ExpectedLeaving) -> list[str]:
    """Say which classes what leaves distorts, the worst ones by name; nothing where it does not."""
    distorted = expected.distorted
    if not distorted:
        return []
    named, others = distorted[:MOST_NAMED], len(distorted) - MOST_NAMED
    lines = [_(UNLIKE), *(_class_sentence(each, expected) for each in named)]
    if others > 0:
        lines.append(
            ngettext(
                "The same is true of {count:,} more class.",
                ("The same is true of {count:,} more classes."),
                others,
            )
        )
    return lines


def class_rows(expected: ExpectedLeaving, most: int) -> list[tuple[str, str, str]]:
    """Return the largest classes: the name, how many records there are, and how many leave."""
    rows = [
        (class_name(each), f"{each.records:,}", in_round(each.leaving))
        for each in expected.classes[:most]
    ]
    others = expected.classes[most:]
    if others:
        name = ngettext("{count:,} more class", "{count:,} more classes", len(others))
        records = sum(each.records for each in others)
        rows.append((name, f"{records:,}", in_round(sum(each.leaving for each in others))))
    return rows


def class_name(expected: ClassExpected) -> str:
    """Return what a class is called."""
    return _("(no label)") if expected.name is None else visible(expected.name, _MOST_NAME)


def in_round(number: float) -> str:
    """Write an expected number: whole, and to three digits from a thousand on."""
    whole = round(number)
    digits = len(str(whole)) - 3
    return f"{whole if digits <= 0 else round(whole, -digits):,}"


def _of_people(expected: ExpectedLeaving) -> str:
    if expected.people_leaving is None:
        return ""
    people = max(1, round(expected.people_leaving))
    if expected.is_certain:
        return ngettext(", of {count:,} person", ", of {count:,} people", people)
    shown = in_round(people)
    return ngettext(", of about {people} person", ", of about {people} people", people, people=shown)


def _class_sentence(expected: ClassExpected, of: ExpectedLeaving) -> str:
    records = ngettext(*of.noun, expected.records)
    if expected.is_lost:
        return _(
            "None of your {records} of “{name}” is expected to leave.",
            records=records,
            name=class_name(expected),
        )
    return _(
        "“{name}” is {before} in 100 of your records, and would be {after} in 100 of what leaves.",
        name=class_name(expected),
        before=_hundredths(expected.before),
        after=_hundredths(expected.after),
    )


def _hundredths(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.1 else f"{100 * share:.1f}"
