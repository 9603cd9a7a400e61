"""How a study speaks: plain sentences about differences and their intervals."""

from dataclasses import dataclass

from dataselect_gui.scoring.scores import SCORES
from dataselect_gui.study.findings import Difference, Findings, Pick
from dataselect_gui.study.plan import COST

_COST_NAME = "privacy loss εᵢ"
_VERDICTS = {"better": "better", "worse": "random won", "no difference": "no difference"}
PLACES = {"top": "highest", "middle": "middle", "bottom": "lowest", "any": "random"}


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


def line_of(one: Pick) -> PickLine:
    """Return what came of one pick, as a line of a table."""
    beyond, balanced = one.accuracy_difference, one.balanced_difference
    return PickLine(
        epsilon=one.epsilon,
        share=f"{100 * float(one.share):g} %",
        pick="random" if beyond is None else f"{PLACES[one.place]} {name_of(one.score)}",
        records=f"{one.records:.0f}",
        right=percent(one.accuracy.mean),
        beyond=""
        if beyond is None
        else f"{points(beyond.mean)} ({points(beyond.low)} to {points(beyond.high)})",
        balanced="" if balanced is None else points(balanced.mean),
        verdict="" if beyond is None else _VERDICTS[beyond.verdict],
    )


def name_of(score: str) -> str:
    """Return what a score, or what another library judges by, is called in text."""
    if score == COST:
        return _COST_NAME
    base, _, options = score.partition("-")
    if base not in SCORES:
        return score  # By another library, under its own name.
    name = SCORES[base].short_name
    return f"{name} ({options})" if options else name


def percent(share: float) -> str:
    """Return a share as a percentage with one decimal."""
    return f"{100 * share:.1f} %"


def points(difference: float) -> str:
    """Return a difference of shares in percentage points, with its sign."""
    return f"{100 * difference:+.1f}".replace("-", "−")


def span(found: Difference) -> str:
    """Return an interval of differences, in percentage points."""
    return f"{points(found.low)} to {points(found.high)} points"


def way(epsilon: str | None) -> str:
    """Return how was trained."""
    return "without differential privacy" if epsilon is None else f"with DP-SGD at ε = {epsilon}"


def compared(one: Pick, random: Pick, seeds: int) -> str:
    """Say in a sentence or two how a pick did beside random picks of the same size."""
    gave, chance = percent(one.accuracy.mean), percent(random.accuracy.mean)
    difference = one.accuracy_difference
    assert difference is not None  # It is no random pick.
    share = f"{100 * float(one.share):g} %"
    start = (
        f"Trained {way(one.epsilon)} on the {share} of records with the {PLACES[one.place]} "
        f"{name_of(one.score)}, the model was right on {gave} of the held-out records; on as many "
        f"random ones, on {chance}: "
    )
    ends = {
        "better": f"the score helped, by {span(difference)}.",
        "worse": f"random won, by {_turned(difference)}.",
        "no difference": f"no difference that {seeds} runs can show ({span(difference)}).",
    }
    return start + ends[difference.verdict]


def headline(findings: Findings) -> list[str]:
    """Return the answer, in plain sentences, for the highest scores."""
    choices = findings.choices
    share = choices.shares[0]
    lines = []
    for score in choices.scores:
        for epsilon in (None, *choices.epsilons):
            of_way = [o for o in findings.picks if (o.epsilon, o.share) == (epsilon, share)]
            random = next(one for one in of_way if one.score == "random")
            one = next(o for o in of_way if (o.score, o.place) == (score, "top"))
            lines.append(compared(one, random, choices.seeds))
    return lines


def verdict(findings: Findings) -> str:
    """Say who won more often, in one short sentence."""
    verdicts = _verdicts(findings)
    better, worse = verdicts.count("better"), verdicts.count("worse")
    if worse > better:
        return "Random picks won more often than picks by a score."
    if better > worse:
        return "Picks by a score won more often than random ones."
    return "Neither picks by a score nor random ones won more often."


def tally(findings: Findings) -> str:
    """Say how the picks did in all."""
    verdicts = _verdicts(findings)
    better, worse = verdicts.count("better"), verdicts.count("worse")
    return (
        f"Of {len(verdicts)} picks by a score (highest, middle and lowest, every share, with and "
        f"without DP), {better} beat random, random beat {worse}, and {len(verdicts) - better - worse} "
        "showed no difference. About one in twenty such comparisons shows one by chance alone."
    )


def _verdicts(findings: Findings) -> list[str]:
    return [
        one.accuracy_difference.verdict for one in findings.picks if one.accuracy_difference is not None
    ]


def _turned(found: Difference) -> str:
    return f"{100 * -found.high:.1f} to {100 * -found.low:.1f} points"
