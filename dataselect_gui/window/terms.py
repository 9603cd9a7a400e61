"""The terms of the field that stand in the window, each explained in two sentences of everyday words.

A place shows a term's explanation behind the `TermButton` of `widgets.term`. To add a term, add it to
`Term` and `EXPLANATIONS`, and its picture to `widgets.term_pictures`.
"""

from dataclasses import dataclass
from enum import StrEnum

from dataselect_gui.texts import N_


class Term(StrEnum):
    """A term; one that is a score's has that score's name."""

    SCORE = "score"
    VOG = "vog"
    PLIS = "plis"
    GRADIENT_NORM = "grad_norm"
    EL2N = "el2n"
    PRIVACY_LOSS = "privacy_loss"
    LOSS = "loss"
    EPSILON = "epsilon"
    DELTA = "delta"
    BOUNDS = "bounds"
    CARD = "card"
    DIGEST = "digest"
    CUT_OFF = "cut_off"
    SELECTION = "selection"
    CALIBRATION = "calibration"


@dataclass(frozen=True)
class Explanation:
    """What a term means; both texts are for `_`.

    Attributes
    ----------
    name : str
        The term as people say it.
    text : str
        Two sentences.
    """

    name: str
    text: str


EXPLANATIONS = {
    Term.SCORE: Explanation(
        N_("Score"),
        N_(
            "A score is one number for each record, computed with the consortium's model. It says how "
            "the model reacts to the record, not how good or valuable the record is."
        ),
    ),
    Term.VOG: Explanation(
        N_("VoG"),
        N_(
            "VoG (variance of gradients) says how much the reasons for the model's answer changed "
            "while it was learning. High means: the model kept changing what it looked at here."
        ),
    ),
    Term.PLIS: Explanation(
        N_("PLIS"),
        N_(
            "PLIS (privacy loss-input susceptibility) says how much a small change to the record would "
            "change its pull on the model. High means: a tiny change makes a large difference."
        ),
    ),
    Term.GRADIENT_NORM: Explanation(
        N_("Gradient norm"),
        N_(
            "The gradient is how the model would have to change to fit this record better; its norm is "
            "the size of that change. High means: learning this record would change the model a lot."
        ),
    ),
    Term.EL2N: Explanation(
        N_("EL2N"),
        N_(
            "EL2N says how far the model's answer is from the label that the record has; 0 is a "
            "perfect fit. High means: the record is hard for the model, or its label is wrong."
        ),
    ),
    Term.PRIVACY_LOSS: Explanation(
        N_("Privacy loss of a record"),
        N_(
            "An estimate of how much the consortium's protected training could reveal about this one "
            "record, as an ε. High means: more could be found out; the number itself stays with you."
        ),
    ),
    Term.LOSS: Explanation(
        N_("Loss"),
        N_(
            "The loss says how surprised the model is by the label that the record has. High means: it "
            "expected another one, so the label may be wrong or the record unusual."
        ),
    ),
    Term.EPSILON: Explanation(
        N_("ε (epsilon)"),
        N_(
            "ε limits what a release can reveal about a record that stays with you; it does not "
            "protect the records that leave. Smaller reveals less, but fewer of the picked records "
            "leave, or figures become less exact."
        ),
    ),
    Term.DELTA: Explanation(
        N_("δ (delta)"),
        N_(
            "δ is a small extra chance, on top of ε, of finding out something about a record that "
            "stays. With δ = 0.00001 it is at most 1 in 100,000."
        ),
    ),
    Term.BOUNDS: Explanation(
        N_("Lowest and highest possible value"),
        N_(
            "These are the limits that a score is kept within, also called its bounds. Agree on them "
            "with the consortium before you look: limits read off your records give something away."
        ),
    ),
    Term.CARD: Explanation(
        N_("Card"),
        N_(
            "The card is the page that goes with a release: what was released, how, and what protects "
            "it. Whoever receives the files can check the card against them."
        ),
    ),
    Term.DIGEST: Explanation(
        N_("Digest"),
        N_(
            "A digest is a short fingerprint of a file. Change one letter of the file, and the digest "
            "is another: so two people can check that they have the same file."
        ),
    ),
    Term.CUT_OFF: Explanation(
        N_("Cut-off"),
        N_(
            "The cut-off is the value of a score at which the rule decides: records on one side of it "
            "are picked, the others are not. A cut-off that you set after looking at your records "
            "gives something away about them."
        ),
    ),
    Term.SELECTION: Explanation(
        N_("Selection"),
        N_(
            "The selection is all records that your rule picks now. Looking, filtering and marking do "
            "not change it."
        ),
    ),
    Term.CALIBRATION: Explanation(
        N_("Calibration"),
        N_(
            "The consortium computed these scores on clean records of its own. From them it knows "
            "which values are unusual, so nobody has to look at your records to set a limit."
        ),
    ),
}
"""What each term means, in the order of `Term`."""


def term_of_score(name: str) -> Term | None:
    """Return the term that explains a score, whatever its form; None where there is none."""
    base = name.split("-")[0]
    return Term(base) if base in set(Term) else None
