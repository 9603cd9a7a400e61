"""How a study speaks: plain sentences about differences and their intervals."""

from dataclasses import dataclass

from dataselect_gui.scoring.catalog import spoken_name
from dataselect_gui.study.findings import (
    BY_CHECKPOINT,
    BY_LIBRARY,
    BY_PRIVATE_STAND_IN,
    BY_STAND_IN,
    Difference,
    Findings,
    Pick,
)
from dataselect_gui.study.plan import COST, Place
from dataselect_gui.texts import N_, _

RANDOM_WON = N_("Random picks won more often than picks by a score.")
SCORES_WON = N_("Picks by a score won more often than random ones.")
NEITHER_WON = N_("Neither picks by a score nor random ones won more often.")
_VERDICTS = {
    "better": N_("better"),
    "worse": N_("random won"),
    "no difference": N_("no difference"),
}
_BY = {
    BY_CHECKPOINT: N_("the checkpoint"),
    BY_LIBRARY: N_("another library"),
    BY_STAND_IN: N_("stand-in without DP"),
}
_PICKS: dict[Place, str] = {
    "top": N_("highest {score}"),
    "middle": N_("middle {score}"),
    "bottom": N_("lowest {score}"),
    "any": N_("random {score}"),
}


@dataclass(frozen=True)
class PickLine:
    """What came of training on one pick, as a line of a table.

    Attributes
    ----------
    epsilon : str or None
        Of the training by DP-SGD; None for one without.
    share, pick : str
        On which share of the records was trained, and which ones; ``random`` for random ones.
    records : str
        How many that are.
    right : str
        On how many of the held-out records the model was right.
    beyond, balanced : str
        By how many points that is more than with random records, with its interval; the same with
        classes weighed alike. Both are empty for random.
    verdict : str
        ``better``, ``random won`` or ``no difference``; empty for random.
    """

    epsilon: str | None
    share: str
    pick: str
    records: str
    right: str
    beyond: str
    balanced: str
    verdict: str


def line_of(pick: Pick) -> PickLine:
    """Return what came of one pick, as a line of a table."""
    beyond, balanced = pick.accuracy_difference, pick.balanced_difference
    return PickLine(
        epsilon=pick.epsilon,
        share=f"{100 * float(pick.share):g} %",
        pick=_("random") if beyond is None else _pick(pick),
        records=f"{pick.records:.0f}",
        right=percent(pick.accuracy.mean),
        beyond=""
        if beyond is None
        else _(
            "{mean} ({low} to {high})",
            mean=points(beyond.mean),
            low=points(beyond.low),
            high=points(beyond.high),
        ),
        balanced="" if balanced is None else points(balanced.mean),
        verdict="" if beyond is None else _(_VERDICTS[beyond.verdict]),
    )


def _pick(pick: Pick) -> str:
    """Return which records were picked, such as “highest VoG”."""
    return _(_PICKS[pick.place], score=name_of(pick.score))


def name_of(score: str) -> str:
    """Return what a score, or what another library judges by, is called in text."""
    if score == COST:
        return _("privacy loss εᵢ")
    return spoken_name(score)  # What another library judges by has its own name.


def by_name(by: str) -> str:
    """Return what a score was computed by, as a `Finder` has it, in text."""
    if by.startswith(BY_PRIVATE_STAND_IN):
        return _("stand-in, DP ε = {epsilon}", epsilon=by.removeprefix(BY_PRIVATE_STAND_IN))
    return _(_BY[by])


def percent(share: float) -> str:
    """Return a share as a percentage with one decimal."""
    return f"{100 * share:.1f} %"


def points(difference: float) -> str:
    """Return a difference of shares in percentage points, with its sign."""
    return f"{100 * difference:+z.1f}".replace("-", "−").replace("+0.0", "0.0")


def span(difference: Difference) -> str:
    """Return an interval of differences, in percentage points."""
    return _("{low} to {high} points", low=points(difference.low), high=points(difference.high))


def way(epsilon: str | None) -> str:
    """Return how was trained."""
    if epsilon is None:
        return _("without differential privacy")
    return _("with DP-SGD at ε = {epsilon}", epsilon=epsilon)


def compared(pick: Pick, random: Pick, seeds: int) -> str:
    """Say in a sentence or two how a pick did beside random picks of the same size."""
    gave, chance = percent(pick.accuracy.mean), percent(random.accuracy.mean)
    difference = pick.accuracy_difference
    assert difference is not None  # It is no random pick.
    share = f"{100 * float(pick.share):g} %"
    start = _(
        "Trained {way} on the {share} of records with the {pick}, the model was right on {gave} of the "
        "held-out records; on as many random ones, on {chance}:",
        way=way(pick.epsilon),
        share=share,
        pick=_pick(pick),
        gave=gave,
        chance=chance,
    )
    ends = {
        "better": _("the score helped, by {span}.", span=span(difference)),
        "worse": _("random won, by {span}.", span=_turned(difference)),
        "no difference": _(
            "no difference that {seeds} runs can show ({span}).", seeds=seeds, span=span(difference)
        ),
    }
    return f"{start} {ends[difference.verdict]}"


def headline(findings: Findings) -> list[str]:
    """Return the answer, in plain sentences, for the highest scores."""
    choices = findings.choices
    share = choices.shares[0]
    lines = []
    for score in choices.scores:
        for epsilon in (None, *choices.epsilons):
            of_way = [pick for pick in findings.picks if (pick.epsilon, pick.share) == (epsilon, share)]
            random = next(pick for pick in of_way if pick.score == "random")
            best = next(pick for pick in of_way if (pick.score, pick.place) == (score, "top"))
            lines.append(compared(best, random, choices.seeds))
    return lines


def verdict(findings: Findings) -> str:
    """Say who won more often, in one short sentence."""
    verdicts = _verdicts(findings)
    better, worse = verdicts.count("better"), verdicts.count("worse")
    if worse > better:
        return _(RANDOM_WON)
    if better > worse:
        return _(SCORES_WON)
    return _(NEITHER_WON)


def tally(findings: Findings) -> str:
    """Say how the picks did in all."""
    verdicts = _verdicts(findings)
    better, worse = verdicts.count("better"), verdicts.count("worse")
    return _(
        "Of {picks} picks by a score (highest, middle and lowest, every share, with and without DP), "
        "{better} beat random, random beat {worse}, and {others} showed no difference. About one in "
        "twenty such comparisons shows one by chance alone.",
        picks=len(verdicts),
        better=better,
        worse=worse,
        others=len(verdicts) - better - worse,
    )


def _verdicts(findings: Findings) -> list[str]:
    return [
        pick.accuracy_difference.verdict
        for pick in findings.picks
        if pick.accuracy_difference is not None
    ]


def _turned(difference: Difference) -> str:
    return _("{low:.1f} to {high:.1f} points", low=100 * -difference.high, high=100 * -difference.low)
