"""What each figure of a study shows, in a sentence or two. No torch here."""

from dataselect_gui.study.findings import Findings
from dataselect_gui.study.words import compared, name_of, span


def sentence_on(question: str, findings: Findings) -> str:
    """Say what the figure of a question shows."""
    notes = {
        "a": _on_picks,
        "b": _on_private_ranks,
        "c": _on_likeness,
        "d": _on_wrong_labels,
        "e": _on_costs,
        "f": _on_releases,
    }
    return notes[question](findings)


def _on_picks(findings: Findings) -> str:
    losing = [
        (one, one.accuracy_difference.mean)
        for one in findings.picks
        if one.accuracy_difference is not None and one.accuracy_difference.verdict == "worse"
    ]
    if not losing:
        return (
            "Grey is random; a score earns its keep where its line is above grey. Random won nowhere."
        )
    seeds = findings.choices.seeds
    worst, _ = min(losing, key=lambda pick: pick[1])
    random = next(
        one
        for one in findings.picks
        if one.score == "random" and (one.share, one.epsilon) == (worst.share, worst.epsilon)
    )
    return (
        "Grey is random; a score earns its keep where its line is above grey. Random won "
        f"{len(losing)} times, most clearly here: {compared(worst, random, seeds)}"
    )


def _on_private_ranks(findings: Findings) -> str:
    score = _shown(findings)
    found = {one.epsilon: one.mean for one in findings.private_ranks if one.score == score}
    epsilons = [epsilon for epsilon in found if epsilon is not None]
    said = ", ".join(f"{found[epsilon]:.2f} at ε = {epsilon}" for epsilon in epsilons)
    return (
        f"{name_of(score)} by a model trained with DP-SGD agrees with {name_of(score)} by one trained "
        f"without, as a rank correlation, by {said}. Two models without DP that differ only in where "
        f"they started agree by {found[None]:.2f}: more cannot be expected."
    )


def _on_likeness(findings: Findings) -> str:
    found = [one for one in findings.likeness if one.pair == ("vog", "plis")]
    said = ", ".join(f"{one.mean:.2f} with {one.parameters:,} parameters" for one in found)
    return (
        f"VoG and PLIS rank the same records with a correlation of {said}; 1 would be the same order."
    )


def _on_wrong_labels(findings: Findings) -> str:
    ours = [one for one in findings.wrong_labels if one.by == "the checkpoint"]
    best = max(ours, key=lambda one: one.auroc.mean)
    worst = min(ours, key=lambda one: one.auroc.mean)
    others = [one for one in findings.wrong_labels if one.by == "another library"]
    beside = "".join(
        f" {one.score} reaches {one.auroc.mean:.3f} on the same records." for one in others
    )
    return (
        f"A tenth of the labels was made wrong on purpose. By the checkpoint, {name_of(best.score)} "
        f"finds them best (AUROC {best.auroc.mean:.3f}), {name_of(worst.score)} worst "
        f"({worst.auroc.mean:.3f}; a coin gives 0.5).{beside}"
    )


def _on_costs(findings: Findings) -> str:
    costs = findings.costs
    low, high = costs.picks[0], costs.picks[-1]
    least, most = low.accuracy_difference, high.accuracy_difference
    assert least is not None  # They are no random picks.
    assert most is not None
    share = f"{100 * float(low.share):g} %"
    verdicts = {
        "better": "bring more than random ones",
        "worse": "bring less than random ones",
        "no difference": "bring as much as random ones, as far as can be seen",
    }
    return (
        f"In a training by DP-SGD at ε = {costs.epsilon}, the {share} of records that cost most "
        f"incur εᵢ {high.cost:.2f} each and {verdicts[most.verdict]} "
        f"({span(most)}); the {share} that cost least incur "
        f"{low.cost:.2f} and {verdicts[least.verdict]} "
        f"({span(least)})."
    )


def _on_releases(findings: Findings) -> str:
    released = findings.releases
    verdicts = [
        one.accuracy_difference.verdict for one in released.drawn if one.accuracy_difference is not None
    ]
    least = min(released.drawn, key=lambda one: float(one.release_epsilon))
    return (
        f"What leaves of the {100 * float(released.share):g} % with the highest "
        f"{name_of(released.score)} was trained on beside as many random records: over "
        f"{len(verdicts)} mechanisms and ε, it did better {verdicts.count('better')} times, worse "
        f"{verdicts.count('worse')} times, and otherwise showed no difference. At ε = "
        f"{least.release_epsilon}, {least.mechanism} let {least.records:.0f} of "
        f"{released.exact.records:.0f} selected records leave."
    )


def _shown(findings: Findings) -> str:
    """Return the first chosen score that the stand-ins were compared by."""
    compared_by = {one.score for one in findings.private_ranks}
    return next((s for s in findings.choices.scores if s in compared_by), "vog")
