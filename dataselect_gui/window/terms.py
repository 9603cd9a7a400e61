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
    MECHANISM = "mechanism"
    ODDS = "odds"
    NOISE = "noise"
    CLIP = "clip"
    CHECKPOINT = "checkpoint"
    DP = "dp"
    ALPHA = "alpha"
    PERSON = "person"
    PLD = "pld"
    BUDGET = "budget"
    SIGNATURE = "signature"


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
        N_("Fingerprint (digest)"),
        N_(
            "A fingerprint, or digest, is a short line of letters and digits worked out from a file. "
            "Change one letter of the file and it is another, so two people can check that theirs is "
            "the same."
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
    Term.MECHANISM: Explanation(
        N_("How it leaves (mechanism)"),
        N_(
            "The mechanism is how chance comes in before anything leaves, so that nobody can be sure "
            "about a record that stays. Which one you choose decides what is protected, and how much "
            "arrives of what you selected."
        ),
    ),
    Term.ODDS: Explanation(
        N_("Odds"),
        N_(
            "Odds compare how likely something is with how likely it is not: 50 in 100 is 1 to 1, and "
            "75 in 100 is 3 to 1. If they change by a factor of 3 at most, what leaves moves nobody "
            "further than from the first to the second."
        ),
    ),
    Term.NOISE: Explanation(
        N_("Noise"),
        N_(
            "Noise is a random amount that is added to a number before anybody sees it. The number "
            "stays about right, but nobody can work back from it to one record."
        ),
    ),
    Term.CLIP: Explanation(
        N_("Most that one record can add (clip norm)"),
        N_(
            "Each record pulls at the sum; whatever pulls harder than the clip norm is made smaller "
            "first. A lower clip norm needs less noise, but says less about the records that pull "
            "hardest."
        ),
    ),
    Term.CHECKPOINT: Explanation(
        N_("Checkpoint"),
        N_(
            "A checkpoint is a model as it was saved at one moment while it was learning. The program "
            "computes scores with it, and never changes it."
        ),
    ),
    Term.DP: Explanation(
        N_("Differential privacy"),
        N_(
            "A model that was trained with differential privacy hardly depends on any one record, "
            "since noise was added while it was learning. Two numbers, ε and δ, say how little it "
            "depends on it; whoever trained it knows them."
        ),
    ),
    Term.ALPHA: Explanation(
        N_("α (alpha)"),
        N_(
            "α is the share of clean records that you accept to lose by mistake when unusual ones are "
            "left out. With α = 0.05 that is at most about 5 in 100."
        ),
    ),
    Term.PERSON: Explanation(
        N_("Whom the promise protects (unit)"),
        N_(
            "A promise protects each record by itself, or all records of one person together. Where a "
            "person has several records, choose the person: one of their records can tell about the "
            "others."
        ),
    ),
    Term.PLD: Explanation(
        N_("Privacy loss distribution"),
        N_(
            "A privacy loss distribution says how likely each amount of leaking is, not only what the "
            "worst is. It adds up several releases more exactly, so their total is often smaller than "
            "the plain sum."
        ),
    ),
    Term.BUDGET: Explanation(
        N_("Budget"),
        N_(
            "The budget is the most ε that may be spent on these records, ever. Each release takes "
            "its part for good; one that would need more than is left is refused."
        ),
    ),
    Term.SIGNATURE: Explanation(
        N_("Signature"),
        N_(
            "A signature shows that a bundle was made by whoever holds a secret key. It is checked "
            "with the owner's public key, which should reach you in another way than the bundle."
        ),
    ),
}
"""What each term means, in the order of `Term`."""


def term_of_score(name: str) -> Term | None:
    """Return the term that explains a score, whatever its form; None where there is none."""
    base = name.split("-")[0]
    return Term(base) if base in set(Term) else None
