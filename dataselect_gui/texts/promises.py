"""What a release promises and what it does not: one wording for card, documents, terminal and window.

Each is kept in English, as a bundle says it; ``_`` translates it where it is shown. What depends on the
terms of a release is put together in ``release/guarantees.py``; what is said of one mechanism or kind
of release is in its own file.
"""

from typing import Literal

from dataselect_gui.texts import N_, _, ngettext

# What is promised

SHIFTS_ODDS = N_(
    "Whatever the receiver knew before, this bundle can shift the odds of anything about what {unit} "
    "by at most a factor of {odds}."
)
ONE_RECORD = N_("one record holds")
ONE_PERSON = N_("one person's records hold")
BUT_FOR_DELTA = N_("There is one extra chance in {inverse} at most that it tells more (δ = {delta}).")

# What is not

UNPROMISED = N_("No privacy guarantee (ε) is possible here.")
NO_PROTECTION = N_(
    "No protection. Every selected record leaves. Anyone who knows of a record learns for certain "
    "whether it was selected."
)
NOT_COVERED_LATER = N_(
    "Every later promise about this source will say that it does not cover these records."
)
CHOOSE_EXACT = N_("I choose to release without protection.")
DISCLOSE_ALL = N_("I know that all records that may leave are disclosed.")
EVERYTHING = N_(
    "All eligible records, no score, no mechanism and no ε: all of them are disclosed. Leaving by this "
    "rule adds nothing about those left out, provided eligibility was settled before any score of the "
    "source was shown."
)
EVERYTHING_MARKED = N_(
    "All eligible records, no score, no mechanism and no ε: all of them are disclosed. Which records "
    "are eligible was changed after a score of the source was shown, so what is left out may tell of "
    "its scores: nothing is promised about it, and later releases of this source claim no ε."
)
EVERYTHING_CHOSEN = N_(
    "All eligible records, no score, no mechanism and no ε: all of them are disclosed. That nothing is "
    "left out was chosen after scores of the source were seen, and otherwise than decided before: what "
    "that choice tells of those left out is not covered."
)
MARKS_SETTLED = N_("which records are eligible was settled before any score of the source was shown")
AFTER_MARKED = N_(
    "all eligible records of this source left earlier, and which are eligible had been changed after "
    "scores were seen; what that tells is not covered"
)
EVERYTHING_RELABELLED = N_(
    "Labels of records were corrected after a score of the source was shown: what these corrections "
    "tell is not covered."
)
RELABELLED = N_(
    "labels of records of this source were corrected after scores were seen; what these corrections "
    "tell is not covered"
)
AFTER_EXACT = N_("records of this source that left earlier without protection are not covered")
SEEN = N_(
    "No ε is claimed. The mechanism worked as if the threshold had been fixed beforehand; that is "
    "not covered, because it was chosen after the scores were seen."
)
BY_COUNT = N_(
    "No ε is claimed. The mechanism worked as if the threshold had been fixed beforehand; that is "
    "not covered, because a count of the records depends on everybody's scores."
)
BY_FRACTION = N_(
    "No ε is claimed. The mechanism worked as if the threshold had been fixed beforehand; that is "
    "not covered, because a fraction of the records depends on everybody's scores."
)
BY_RULE = N_(
    "No ε is claimed. The mechanism worked as if the rule had been fixed beforehand; that is not "
    "covered, because it was chosen after the scores were seen."
)
BY_MARKS = N_(
    "No ε is claimed. All eligible records of this source left earlier, and which are eligible had "
    "been changed after scores were seen; what that tells is not covered."
)
BY_LABELS = N_(
    "No ε is claimed. Labels of records were corrected after scores were seen; what these corrections "
    "tell is not covered."
)
DISCLOSED = N_(
    "Records that leave are disclosed by the owner's decision. No mechanism protects them, and the "
    "program does not know whether the people in them agreed."
)
PIXELS = N_("Pixels leave unchanged: a name or date written into an image leaves too.")
CELLS = N_("Cells leave as they are: a rare value, or several together, can tell whose row it is.")
WORD_FOR_WORD = N_("Texts leave word for word: a name, a date or an address in a text leaves too.")
WITHHELD = N_(
    "The owner may have withheld records. They never leave; someone who knows of one sees only that "
    "it is missing. If the owner withheld a record because of another, ε does not cover that."
)
WITHHELD_HERE = N_(
    "The owner may have withheld records. They took no part. If the owner withheld a record because of "
    "another, ε does not cover that."
)
IN_FULL = N_("the records in this bundle, in full")
FIXED = N_("how many records the source has, how they are grouped into units, and which are eligible")
MANY = N_("what holds for many records together, such as roughly how many score high")
MANY_PASS = N_("what holds for many records together, such as roughly how many the rule picks")
NUMBER_PASSING = N_(
    "roughly how many records the rule picks, in all and of each label, by the number of files"
)
NOT_WORTH = N_(
    "It says how many records pass, not what they are worth: copies of easy records pass too. Scores "
    "of single records are nothing to settle on either: they are private, under much noise once they "
    "leave, and just as easily gamed."
)
READABLE_AND_FIT = N_("which records can be read at all and have a shape that can leave")
NUMBER_OF_FILES = N_("roughly how many records scored beyond the threshold, by the number of files")
READABLE = N_("which records can be read at all")
RELATED = N_("what one unit's records tell about another's: c related units together cost c·ε")

# What a check shows, and what it cannot

CHECKS_HOLD = N_("Everything that can be checked is in order.")
CANNOT_CHECK = (
    N_("that the mechanism drew its randomness as described"),
    N_("that the threshold was fixed before anybody looked at the scores"),
    N_("that there were no other releases of the same records"),
    N_("that the owner's answers about the checkpoints and the people are true"),
)

# What it costs

NOTHING_DRAWN = N_("Nothing was drawn.")
SAME = N_("This is an earlier release again: it costs nothing and gives the same files.")
LOWER_OR_RAISE = N_("Lower ε, or raise the budget and give a reason.")


def not_claimed(by: Literal["threshold", "count", "fraction", "rule", "marks", "labels"]) -> str:
    """Return why no ε is claimed where the owner chose by what the records themselves decide."""
    match by:
        case "threshold":
            return _(SEEN)
        case "count":
            return _(BY_COUNT)
        case "fraction":
            return _(BY_FRACTION)
        case "rule":
            return _(BY_RULE)
        case "marks":
            return _(BY_MARKS)
        case "labels":
            return _(BY_LABELS)


def covers_people(most: int) -> str:
    """Return whom a promise covers, where the unit is a person of at most so many records."""
    return ngettext(
        "This covers each person, with at most one record.",
        "This covers each person, with at most {count} records.",
        most,
    )


def needs_more(needed: str, left: str) -> str:
    """Return why the budget does not allow a release, from amounts as they are written."""
    return _("This needs ε {needed}; {left} is left.", needed=needed, left=left)


def as_sentence(item: str) -> str:
    """Return an item of a list as a sentence."""
    return f"{item[0].upper()}{item[1:]}."
