"""From the results of a study to what can be said of them, question by question."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from dataselect_gui.privacy.mechanisms.randomized_response import RandomizedResponse
from dataselect_gui.release.registry import MECHANISMS
from dataselect_gui.study.dataset import Dataset
from dataselect_gui.study.findings import (
    BY_CHECKPOINT,
    BY_LIBRARY,
    BY_PRIVATE_STAND_IN,
    BY_STAND_IN,
    Accountants,
    ClassCost,
    CostPick,
    Costs,
    Difference,
    Finder,
    Findings,
    Known,
    Likeness,
    Pick,
    PrivateRanks,
    RecordCounts,
    ReleasedPick,
    Releases,
)
from dataselect_gui.study.libraries import LIBRARIES
from dataselect_gui.study.plan import (
    COST,
    RELEASE_EPSILONS,
    RELEASED_BY,
    SCORED,
    WIDTHS,
    Choices,
    PickTraining,
    StandInTraining,
    picks,
    reference_epsilons,
)
from dataselect_gui.study.sampling import split
from dataselect_gui.study.statistics import auroc, interval, precision_at, rank_correlation
from dataselect_gui.study.store import Store
from dataselect_gui.study.task_results import (
    FlippedLabelsResult,
    LibraryResult,
    PickResult,
    StandInResult,
)
from dataselect_gui.texts import _, ngettext

_PAIRS = (
    ("vog", "plis"),
    ("vog", "loss"),
    ("vog", "grad_norm"),
    ("plis", "loss"),
    ("plis", "grad_norm"),
)
_TENTHS = 10
_CLEARLY = 0.5
"""A rank correlation that nobody has to squint at."""


class Evaluation:
    """Reads the results of a finished study, and draws from them.

    Parameters
    ----------
    dataset : Dataset
        The records.
    choices : Choices
        The owner's.
    store : Store
        With all results.
    given : mapping
        The scores of all records by the checkpoint, and the ``probabilities`` of the classes.
    """

    def __init__(
        self,
        dataset: Dataset,
        choices: Choices,
        store: Store,
        given: Mapping[str, NDArray[np.float64]],
    ) -> None:
        self._dataset, self._choices, self._store = dataset, choices, store
        self._given = given
        self._seeds = range(choices.seeds)

    def findings(self) -> Findings:
        """Return everything that the page tells."""
        parts = split(self._dataset.index.units, len(self._dataset.targets), 0)
        units = self._dataset.index.units
        return Findings(
            choices=self._choices,
            records=RecordCounts(
                used=len(self._dataset.targets),
                left_out=self._dataset.left_out,
                reference=len(parts.reference),
                pool=len(parts.pool),
                held_out=len(parts.held_out),
                units=None if units is None else len(set(units)),
            ),
            classes=list(self._dataset.classes),
            picks=self._picks(),
            private_ranks=self._private_ranks(),
            likeness=self._likeness(),
            wrong_labels=self._wrong_labels(),
            costs=self._costs(),
            releases=self._releases(),
            known=self._known(),
            accountants=self._accountants(),
        )

    def _picks(self) -> list[Pick]:
        return [
            self._compared(
                PickTraining(0, score, place, share, epsilon),
                PickTraining(0, "random", "any", share, epsilon),
            )
            for epsilon in (None, *self._choices.epsilons)
            for share in self._choices.shares
            for score, place in picks(self._choices.scores)
        ]

    def _compared(self, training: PickTraining, other: PickTraining) -> Pick:
        """Return the accuracy after a pick, and how it differs from another, seed by seed."""
        results, others = self._over_seeds(training), self._over_seeds(other)
        accuracies, balanced = _both(results)
        other_accuracies, other_balanced = _both(others)
        return Pick(
            score=training.score,
            place=training.place,
            share=training.share,
            epsilon=training.epsilon,
            records=float(np.mean([result.records for result in results])),
            accuracy=interval(accuracies),
            balanced=interval(balanced),
            accuracy_difference=None
            if training == other
            else _difference(accuracies, other_accuracies),
            balanced_difference=None if training == other else _difference(balanced, other_balanced),
        )

    def _private_ranks(self) -> list[PrivateRanks]:
        """Compare each score by a stand-in trained by DP-SGD with the same by one trained without."""
        ranks = []
        for epsilon in reference_epsilons(self._choices):
            for name in SCORED:
                values = [
                    rank_correlation(
                        self._of_reference(StandInTraining(seed), name),
                        self._of_reference(StandInTraining(seed, epsilon=epsilon), name),
                    )
                    for seed in self._seeds
                ]
                ranks.append(PrivateRanks(name, epsilon, **asdict(interval(values))))
        for name in SCORED:  # What two stand-ins agree on that differ by the draw of their start alone.
            values = [self._with_another_start(name, seed) for seed in self._seeds]
            ranks.append(PrivateRanks(name, None, **asdict(interval(values))))
        return ranks

    def _with_another_start(self, name: str, seed: int) -> float:
        """Correlate over the records that two seeds' stand-ins both scored."""
        other = (seed + 1) % len(self._seeds)
        first, second = self._places(seed), self._places(other)
        both = np.intersect1d(first, second)
        return rank_correlation(
            self._of_reference(StandInTraining(seed), name)[np.isin(first, both)],
            self._of_reference(StandInTraining(other), name)[np.isin(second, both)],
        )

    def _places(self, seed: int) -> NDArray[np.int64]:
        places: NDArray[np.int64] = self._store.arrays(StandInTraining(seed).name)["places"]
        return places

    def _likeness(self) -> list[Likeness]:
        likeness = []
        for width in WIDTHS:
            size = self._store.read(StandInTraining(0, width).name, StandInResult).parameters
            for first, second in _PAIRS:
                values = [
                    rank_correlation(
                        self._of_reference(StandInTraining(seed, width), first),
                        self._of_reference(StandInTraining(seed, width), second),
                    )
                    for seed in self._seeds
                ]
                likeness.append(Likeness((first, second), size, **asdict(interval(values))))
        return likeness

    def _wrong_labels(self) -> list[Finder]:
        finders = []
        flips = [self._store.arrays(f"flips-{seed}") for seed in self._seeds]
        seconds = [
            self._store.read(f"flips-{seed}", FlippedLabelsResult).seconds for seed in self._seeds
        ]
        for name in SCORED:
            if name in flips[0]:
                judged = [(arrays[name], arrays["flipped"]) for arrays in flips]
                taken = float(np.mean([times[name] for times in seconds]))
                finders.append(_finder(BY_CHECKPOINT, name, judged, taken))
        for epsilon in (None, *reference_epsilons(self._choices)):
            by = BY_STAND_IN if epsilon is None else f"{BY_PRIVATE_STAND_IN}{epsilon}"
            for name in (*SCORED, *(() if epsilon is None else ("privacy_loss",))):
                judged = [
                    self._flipped_by(StandInTraining(seed, epsilon=epsilon), name)
                    for seed in self._seeds
                ]
                finders.append(_finder(by, name, judged, None))
        for name in LIBRARIES:
            results = [f"{name}-{seed}" for seed in self._seeds]
            if all(self._store.has(result) for result in results):
                others = [self._store.arrays(result) for result in results]
                judged = [(arrays["suspicion"], arrays["flipped"]) for arrays in others]
                taken = float(
                    np.mean([self._store.read(result, LibraryResult).seconds for result in results])
                )
                finders.append(_finder(BY_LIBRARY, name, judged, taken))
        return finders

    def _flipped_by(
        self, reference: StandInTraining, name: str
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return a stand-in's scores where some labels are wrong, and which are."""
        arrays = self._store.arrays(reference.name)
        scores, flipped = arrays[name].copy(), arrays["flipped"]
        scores[flipped] = arrays[f"flipped {name}"]
        return scores, flipped

    def _costs(self) -> Costs:
        share = self._choices.shares[0]
        other = PickTraining(0, "random", "any", share)
        epsilon = reference_epsilons(self._choices)[-1]
        by_cost = []
        for place in ("bottom", "middle", "top"):
            training = PickTraining(0, COST, place, share)
            cost = float(
                np.mean(
                    [result.cost for result in self._over_seeds(training) if result.cost is not None]
                )
            )
            by_cost.append(CostPick(**structs.asdict(self._compared(training, other)), cost=cost))
        everything = [self._store.arrays(StandInTraining(s, epsilon=epsilon).name) for s in self._seeds]
        mean_cost = float(np.mean([arrays["cost"].mean() for arrays in everything]))
        with_loss = [rank_correlation(arrays["privacy_loss"], arrays["loss"]) for arrays in everything]
        return Costs(
            epsilon=epsilon,
            picks=by_cost,
            random=CostPick(**structs.asdict(self._compared(other, other)), cost=mean_cost),
            classes=self._costs_by_class(epsilon),
            with_loss=interval(with_loss),
        )

    def _costs_by_class(self, epsilon: str) -> list[ClassCost]:
        """Return each class's mean εᵢ beside how well the stand-in recognises it."""
        classes = []
        for index, name in enumerate(self._dataset.classes):
            recalls, costs = [], []
            for seed in self._seeds:
                reference = StandInTraining(seed, epsilon=epsilon).name
                recall = self._store.read(reference, StandInResult).recalls[index]
                pool = split(self._dataset.index.units, len(self._dataset.targets), seed).pool
                of_class = self._dataset.targets[pool] == index
                if recall is not None and of_class.any():
                    recalls.append(recall)
                    costs.append(float(self._store.arrays(reference)["cost"][of_class].mean()))
            if recalls:
                classes.append(ClassCost(name, interval(recalls), interval(costs)))
        return classes

    def _releases(self) -> Releases:
        score, share = self._choices.scores[0], self._choices.shares[0]
        drawn = []
        for mechanism in RELEASED_BY:
            for epsilon in RELEASE_EPSILONS:
                training = PickTraining(0, score, "top", share, None, mechanism, epsilon)
                other = PickTraining(0, "random", "any", share, None, mechanism, epsilon)
                if "count" in MECHANISMS[mechanism].takes:  # As many leave as were picked.
                    other = PickTraining(0, "random", "any", share)
                results = self._over_seeds(training)
                shares = [result.precision for result in results]
                drawn.append(
                    ReleasedPick(
                        **structs.asdict(self._compared(training, other)),
                        mechanism=mechanism,
                        release_epsilon=epsilon,
                        precision=interval(shares),
                        random=self._compared(other, other).accuracy,
                    )
                )
        exact = PickTraining(0, score, "top", share)
        return Releases(
            score=score,
            share=share,
            exact=self._compared(exact, PickTraining(0, "random", "any", share)),
            drawn=drawn,
        )

    def _known(self) -> list[Known]:
        """Return what is known to hold of such scores, and whether it holds here."""
        known = []
        for statement, lists in self._mistakes().items():
            rates = np.mean([_error_by_tenth(vog, wrong) for vog, wrong in lists], axis=0)
            rising = rank_correlation(np.arange(_TENTHS, dtype=np.float64), rates)
            known.append(
                Known(
                    what=statement,
                    result=_(
                        "{low:.1%} wrong in the tenth with the lowest VoG, {high:.1%} in that with the "
                        "highest; rank correlation over the tenths {correlation:.2f}",
                        low=rates[0],
                        high=rates[-1],
                        correlation=rising,
                    ),
                    value=rising,
                    holds=rising > _CLEARLY,
                )
            )
        by_score = {(finder.by, finder.score): finder.auroc.mean for finder in self._wrong_labels()}
        for name in ("el2n", "grad_norm"):
            value = by_score[BY_CHECKPOINT, name]
            known.append(
                Known(
                    what=_("Wrong labels have a high {score}", score=name),
                    result=_("AUROC {auroc:.3f} by the checkpoint", auroc=value),
                    value=value,
                    holds=value >= 0.85,
                )
            )
        costs = self._costs()
        with_loss = costs.with_loss.mean
        known.append(
            Known(
                what=_("Individual privacy loss grows with the loss"),
                result=_("rank correlation {correlation:.2f}", correlation=with_loss),
                value=with_loss,
                holds=with_loss > _CLEARLY,
            )
        )
        worst = min(costs.classes, key=lambda cost: cost.recall.mean)
        rest = [cost.cost.mean for cost in costs.classes if cost is not worst]
        excess = worst.cost.mean - sum(rest) / len(rest)
        known.append(
            Known(
                what=_("The class that is recognised worst pays the most privacy"),
                result=_(
                    "“{name}”: mean εᵢ {cost:.2f}, the other classes {others:.2f}",
                    name=worst.name,
                    cost=worst.cost.mean,
                    others=sum(rest) / len(rest),
                ),
                value=excess,
                holds=excess > 0,
            )
        )
        known.append(self._randomized_response())
        return known

    def _mistakes(self) -> dict[str, list[tuple[NDArray[np.float64], NDArray[np.bool_]]]]:
        """Return what is to hold of mistakes → VoG and which records are mistaken, each time."""
        mistakes = {}
        if "vog" in self._given:
            wrong = self._given["probabilities"].argmax(axis=1) != self._dataset.targets
            statement = _("The checkpoint is wrong more often where its VoG is high")
            mistakes[statement] = [(self._given["vog"], wrong)]
        stand_ins = [self._store.arrays(StandInTraining(seed).name) for seed in self._seeds]
        statement = _("A stand-in without DP is wrong more often where its VoG is high")
        mistakes[statement] = [(arrays["vog"], arrays["wrong"]) for arrays in stand_ins]
        return mistakes

    def _randomized_response(self) -> Known:
        """Hold the precision of randomised response against its closed form."""
        score, share = self._choices.scores[0], self._choices.shares[0]
        apart = [
            result.precision - (result.expected or 0.0)
            for epsilon in RELEASE_EPSILONS
            for result in self._over_seeds(
                PickTraining(0, score, "top", share, None, RandomizedResponse.name, epsilon)
            )
        ]
        value = float(np.mean(apart))
        return Known(
            what=_("Randomised response is as precise as its formula says"),
            result=ngettext(
                "on average {difference:+.3f} from the formula, over {count} draw",
                "on average {difference:+.3f} from the formula, over {count} draws",
                len(apart),
                difference=value,
            ),
            value=value,
            holds=abs(value) < 0.03,
        )

    def _accountants(self) -> Accountants:
        """Return how far the two accountants are apart, over all trainings by DP-SGD."""
        apart = [0.0]
        for seed in self._seeds:
            for epsilon in reference_epsilons(self._choices):
                name = StandInTraining(seed, epsilon=epsilon).name
                privacy = self._store.read(name, StandInResult).privacy
                assert privacy is not None
                apart.append(abs(privacy.epsilon_second / privacy.epsilon - 1))
        return Accountants(apart=max(apart), trainings=len(apart) - 1)

    def _of_reference(self, reference: StandInTraining, name: str) -> NDArray[np.float64]:
        scores: NDArray[np.float64] = self._store.arrays(reference.name)[name]
        return scores

    def _over_seeds(self, training: PickTraining) -> list[PickResult]:
        return [self._store.read(replace(training, seed=seed).name, PickResult) for seed in self._seeds]


def _error_by_tenth(scores: NDArray[np.float64], wrong: NDArray[np.bool_]) -> list[float]:
    order = np.argsort(scores, kind="stable")
    return [float(wrong[part].mean()) for part in np.array_split(order, _TENTHS)]


def _both(results: Sequence[PickResult]) -> tuple[list[float], list[float]]:
    """Return the accuracies of some results, and those with classes weighed alike."""
    return [result.accuracy for result in results], [result.balanced for result in results]


def _difference(values: Sequence[float], others: Sequence[float]) -> Difference:
    """Return how values differ from others, seed by seed."""
    difference = interval([value - other for value, other in zip(values, others, strict=True)])
    return Difference(difference.mean, difference.low, difference.high, difference.verdict)


def _finder(
    by: str,
    name: str,
    judged: Sequence[tuple[NDArray[np.float64], NDArray[np.bool_]]],
    seconds: float | None,
) -> Finder:
    return Finder(
        by=by,
        score=name,
        auroc=interval([auroc(scores, flipped) for scores, flipped in judged]),
        precision=interval([precision_at(scores, flipped) for scores, flipped in judged]),
        seconds=seconds,
    )
