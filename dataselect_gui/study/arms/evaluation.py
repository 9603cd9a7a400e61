"""From the results of a study of arms to what can be said of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.study.arms.comparing import Measure, differences_of, measure_for
from dataselect_gui.study.arms.findings import (
    Absent,
    ArmCounts,
    ArmFindings,
    ArmResult,
    Compared,
    LeftOut,
)
from dataselect_gui.study.arms.plan import (
    LIBRARIES,
    UNTOUCHED,
    UNTRAINED,
    Arm,
    ArmChoices,
    ArmTraining,
    Cell,
    JudgingTask,
    arms,
    cells,
    comparisons,
)
from dataselect_gui.study.arms.planting import Dirt
from dataselect_gui.study.arms.records import Records, split_arms
from dataselect_gui.study.arms.task_results import ArmTaskResult
from dataselect_gui.study.libraries import MISSING
from dataselect_gui.study.statistics import Interval, interval
from dataselect_gui.study.store import Store
from dataselect_gui.texts import N_, _

NO_RULE = N_(
    "There are no clean rows of the consortium to make thresholds of (--clean-rows), and its request "
    "has no calibration."
)
_NO_ROWS = N_(
    "{name} was not tried: it takes clean rows of the consortium (--clean-rows), and the thresholds "
    "are those of its request."
)
_FROM_SCRATCH = N_("Trainings start from scratch, not from the checkpoint.")
_NAMES = {
    Dirt.LABEL: "wrong labels",
    Dirt.FOREIGN: "foreign",
    Dirt.COPY: "exact copies",
    Dirt.NEAR_COPY: "near copies",
}
"""What dirt is called in files."""


class ArmEvaluation:
    """Reads the results of a finished study of arms, and draws from them.

    Parameters
    ----------
    records : Records
        The owner's.
    clean, rows : Records or None
        The consortium's clean rows, and those that are mixed in.
    classes : sequence of str
        Their names by index.
    choices : ArmChoices
        What is compared.
    store : Store
        With all results.
    """

    def __init__(
        self,
        records: Records,
        clean: Records | None,
        rows: Records | None,
        classes: Sequence[str],
        choices: ArmChoices,
        store: Store,
    ) -> None:
        self._records, self._classes = records, classes
        self._clean, self._rows = clean, rows
        self._choices, self._store = choices, store
        self._seeds = range(choices.seeds)

    def findings(self) -> ArmFindings:
        """Return everything that the page tells."""
        measure = measure_for(self._records.targets)
        states = [False, True] if self._choices.plant else [False]
        return ArmFindings(
            choices=self._choices,
            measure=measure,
            records=self._counts(),
            classes=list(self._classes),
            results=self._results(),
            comparisons=self._comparisons(measure),
            left_out=[self._left_out(p) for p in states] if self._choices.has_rule else [],
            absent=self._absent(),
            accountants_apart=self._accountants_apart(),
        )

    def _counts(self) -> ArmCounts:
        records = self._records
        parts = split_arms(records.units, len(records.targets), 0)
        clean = [0] * len(self._classes)
        if self._clean is not None:
            clean = np.bincount(self._clean.targets, minlength=len(clean)).tolist()
        return ArmCounts(
            used=len(records.targets),
            left_out=records.left_out,
            pool=len(parts.pool),
            held_out=len(parts.held_out),
            units=None if records.units is None else len(set(records.units)),
            clean=clean,
            rows=0 if self._rows is None else len(self._rows.targets),
        )

    def _results(self) -> list[ArmResult]:
        every = [(arm, cell) for cell in cells(self._choices) for arm in arms(self._choices, cell)]
        if self._choices.start == "checkpoint":
            every.insert(0, (UNTOUCHED, UNTRAINED))
        return [self._result(arm, cell) for arm, cell in every]

    def _result(self, arm: Arm, cell: Cell) -> ArmResult:
        results = self._over_seeds(arm, cell)
        return ArmResult(
            arm,
            cell,
            float(np.mean([result.records for result in results])),
            interval([result.accuracy for result in results]),
            interval([result.balanced for result in results]),
        )

    def _comparisons(self, measure: Measure) -> list[Compared]:
        planned = comparisons(self._choices)
        apart = []
        for comparison in planned:
            first, second = (
                [getattr(result, measure) for result in self._over_seeds(*side)]
                for side in (comparison.first, comparison.second)
            )
            apart.append((comparison.family, [a - b for a, b in zip(first, second, strict=True)]))
        return [
            Compared(comparison, difference)
            for comparison, difference in zip(planned, differences_of(apart), strict=True)
        ]

    def _left_out(self, planted: bool) -> LeftOut:
        judged = [self._store.arrays(JudgingTask(seed, planted).name) for seed in self._seeds]

        def share(kinds: Sequence[Dirt]) -> Interval:
            return interval(
                [float((~arrays["kept"])[np.isin(arrays["dirt"], kinds)].mean()) for arrays in judged]
            )

        there = [kind for kind in _NAMES if all((a["dirt"] == kind).any() for a in judged)]
        return LeftOut(
            planted,
            share(list(Dirt)),
            share([Dirt.NONE]),
            {_NAMES[kind]: share([kind]) for kind in there},
            {_NAMES[kind]: _mean_count(judged, kind) for kind in there},
        )

    def _absent(self) -> list[Absent]:
        absent = []
        if not self._choices.has_rule:
            absent.append(Absent("rule", _(NO_RULE)))
        absent += [
            Absent(name, self._why_not(name))
            for name in LIBRARIES
            if name not in self._choices.libraries or not self._choices.has_rule
        ]
        if self._choices.start == "scratch":
            absent.append(Absent("untouched", _(_FROM_SCRATCH)))
        return absent

    def _why_not(self, library: str) -> str:
        if not self._choices.has_rule:
            return _(NO_RULE)
        return _(_NO_ROWS if self._choices.by_request else MISSING, name=library)

    def _accountants_apart(self) -> float:
        apart = [0.0]
        for cell in cells(self._choices):
            for arm in arms(self._choices, cell):
                for result in self._over_seeds(arm, cell):
                    if result.privacy is not None:
                        privacy = result.privacy
                        apart.append(abs(privacy.epsilon_second / privacy.epsilon - 1))
        return max(apart)

    def _over_seeds(self, arm: Arm, cell: Cell) -> list[ArmTaskResult]:
        return [
            self._store.read(ArmTraining(seed, arm, cell).name, ArmTaskResult) for seed in self._seeds
        ]


def _mean_count(judged: Sequence[dict[str, NDArray[np.int8]]], kind: Dirt) -> float:
    return float(np.mean([(arrays["dirt"] == kind).sum() for arrays in judged]))
