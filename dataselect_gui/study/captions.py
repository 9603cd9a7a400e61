"""What each figure of a study shows, in a sentence or two. No torch here."""

from dataselect_gui.study.findings import BY_CHECKPOINT, BY_LIBRARY, Findings
from dataselect_gui.study.sentences import compared, name_of, span
from dataselect_gui.texts import _


def caption_of(question: str, findings: Findings) -> str:
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
        (pick, pick.accuracy_difference.mean)
        for pick in findings.picks
        if pick.accuracy_difference is not None and pick.accuracy_difference.verdict == "worse"
    ]
    if not losing:
        return _(
            "Grey is random; a score earns its keep where its line is above grey. Random won nowhere."
        )
    seeds = findings.choices.seeds
    worst, _difference = min(losing, key=lambda loss: loss[1])
    random = next(
        pick
        for pick in findings.picks
        if pick.score == "random" and (pick.share, pick.epsilon) == (worst.share, worst.epsilon)
    )
    return _(
        "Grey is random; a score earns its keep where its line is above grey. Random won {times} "
        "times, most clearly here: {example}",
        times=len(losing),
        example=compared(worst, random, seeds),
    )


def _on_private_ranks(findings: Findings) -> str:
    score = _shown(findings)
    correlations = {line.epsilon: line.mean for line in findings.private_ranks if line.score == score}
    epsilons = [epsilon for epsilon in correlations if epsilon is not None]
    listed = ", ".join(
        _("{correlation:.2f} at ε = {epsilon}", correlation=correlations[epsilon], epsilon=epsilon)
        for epsilon in epsilons
    )
    return _(
        "{score} by a model trained with DP-SGD agrees with {score} by one trained without, as a rank "
        "correlation, by {correlations}. Two models without DP that differ only in where they started "
        "agree by {most:.2f}: more cannot be expected.",
        score=name_of(score),
        correlations=listed,
        most=correlations[None],
    )


def _on_likeness(findings: Findings) -> str:
    listed = ", ".join(
        _(
            "{correlation:.2f} with {parameters:,} parameters",
            correlation=line.mean,
            parameters=line.parameters,
        )
        for line in findings.likeness
        if line.pair == ("vog", "plis")
    )
    return _(
        "VoG and PLIS rank the same records with a correlation of {correlations}; 1 would be the same "
        "order.",
        correlations=listed,
    )


def _on_wrong_labels(findings: Findings) -> str:
    ours = [finder for finder in findings.wrong_labels if finder.by == BY_CHECKPOINT]
    best = max(ours, key=lambda finder: finder.auroc.mean)
    worst = min(ours, key=lambda finder: finder.auroc.mean)
    sentences = [
        _(
            "A tenth of the labels was made wrong on purpose. By the checkpoint, {best} finds them "
            "best (AUROC {best_auroc:.3f}), {worst} worst ({worst_auroc:.3f}; a coin gives 0.5).",
            best=name_of(best.score),
            best_auroc=best.auroc.mean,
            worst=name_of(worst.score),
            worst_auroc=worst.auroc.mean,
        )
    ]
    sentences += [
        _(
            "{library} reaches {auroc:.3f} on the same records.",
            library=other.score,
            auroc=other.auroc.mean,
        )
        for other in findings.wrong_labels
        if other.by == BY_LIBRARY
    ]
    return " ".join(sentences)


def _on_costs(findings: Findings) -> str:
    costs = findings.costs
    low, high = costs.picks[0], costs.picks[-1]
    share = f"{100 * float(low.share):g} %"
    verdicts = {
        "better": _("bring more than random ones"),
        "worse": _("bring less than random ones"),
        "no difference": _("bring as much as random ones, as far as can be seen"),
    }
    high_beyond, low_beyond = high.accuracy_difference, low.accuracy_difference
    assert high_beyond is not None  # They are no random picks.
    assert low_beyond is not None
    return _(
        "In a training by DP-SGD at ε = {epsilon}, the {share} of records that cost most incur εᵢ "
        "{high:.2f} each and {high_verdict} ({high_span}); the {share} that cost least incur {low:.2f} "
        "and {low_verdict} ({low_span}).",
        epsilon=costs.epsilon,
        share=share,
        high=high.cost,
        high_verdict=verdicts[high_beyond.verdict],
        high_span=span(high_beyond),
        low=low.cost,
        low_verdict=verdicts[low_beyond.verdict],
        low_span=span(low_beyond),
    )


def _on_releases(findings: Findings) -> str:
    released = findings.releases
    verdicts = [
        pick.accuracy_difference.verdict
        for pick in released.drawn
        if pick.accuracy_difference is not None
    ]
    least = min(released.drawn, key=lambda pick: float(pick.release_epsilon))
    return _(
        "What leaves of the {share:g} % with the highest {score} was trained on beside as many random "
        "records: over {draws} mechanisms and ε, it did better {better} times, worse {worse} times, "
        "and otherwise showed no difference. At ε = {epsilon}, {mechanism} let {left:.0f} of "
        "{selected:.0f} selected records leave.",
        share=100 * float(released.share),
        score=name_of(released.score),
        draws=len(verdicts),
        better=verdicts.count("better"),
        worse=verdicts.count("worse"),
        epsilon=least.release_epsilon,
        mechanism=least.mechanism,
        left=least.records,
        selected=released.exact.records,
    )


def _shown(findings: Findings) -> str:
    """Return the first chosen score that the stand-ins were compared by."""
    compared_by = {line.score for line in findings.private_ranks}
    return next((s for s in findings.choices.scores if s in compared_by), "vog")
