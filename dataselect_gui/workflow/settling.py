"""From what the owner asked for to the terms of a release; what does not fit together is refused."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from itertools import pairwise

from dataselect_gui import __version__
from dataselect_gui.checkpoints.layout import Checkpoint
from dataselect_gui.checkpoints.request import Request
from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.amounts import LARGEST_BOUND, decimal_of, exact, positive_amount
from dataselect_gui.project.project import Project
from dataselect_gui.release import limits
from dataselect_gui.release.drawing import Candidates
from dataselect_gui.release.releasing import Purchase, new_release_id
from dataselect_gui.release.terms import (
    BY_THRESHOLD,
    Kind,
    Mechanism,
    Terms,
    calibrated,
)
from dataselect_gui.release.well_formed import (
    LARGEST_NORM,
    LEAST_NORM,
    OWN_BOUNDS,
    is_class_name,
)
from dataselect_gui.selection.rules import Rule
from dataselect_gui.workflow.asking import ReleaseRequest, Training, probability_of
from dataselect_gui.workflow.conditions import conditions_of

_BOUGHT = "bought:"


@dataclass(frozen=True)
class Question:
    """Everything that the terms of a release follow from.

    Attributes
    ----------
    asked : ReleaseRequest
        The owner's words.
    project : Project
        Whose.
    rule : Rule
        The project's.
    kind, mechanism : str
        What is released and how.
    epsilon : Decimal or None
        The mechanism's.
    training : Training
        The answer about training.
    checkpoint : Checkpoint
        The consortium's.
    candidates : Candidates
        The records, with those that take part where they are known.
    per_unit : int
        m.
    after_exact : bool
        Whether records of the source were released without protection before.
    """

    asked: ReleaseRequest
    project: Project
    rule: Rule
    kind: Kind
    mechanism: Mechanism
    epsilon: Decimal | None
    training: Training
    checkpoint: Checkpoint
    candidates: Candidates
    per_unit: int
    after_exact: bool

    def terms(self) -> tuple[Terms, Purchase | None]:
        """Return the terms, and the threshold that they still need."""
        self._check_words()
        cut = self.mechanism in BY_THRESHOLD or self.kind == "gradient"
        purchase = self._purchase() if cut else None
        threshold_from = self._threshold_from() if cut else None
        public = self.rule.by == "threshold" and threshold_from != "viewed"
        bounds = self._bounds() if self._needs_bounds(purchase) else None
        clip = self._clip() if self.kind == "gradient" else None
        bins = self._bins()
        if self.kind == "gradient" and purchase is None and not public:
            raise UsageError(
                "A gradient needs a public threshold.",
                "Which records are summed would otherwise depend on everybody's scores.",
                "Select by an agreed threshold, or buy one: --threshold-source bought:E with a rule "
                "by fraction.",
            )
        terms = Terms(
            release=new_release_id(),
            program=__version__,
            date=datetime.now(UTC).date().isoformat(),
            kind=self.kind,
            mechanism=self.mechanism,
            epsilon=None if self.epsilon is None else exact(self.epsilon),
            delta=self._delta(),
            conditional=cut and self.epsilon is not None and not public and purchase is None,
            unit="record" if self.candidates.unit_column is None else "person",
            per_unit=self.per_unit,
            score=self.rule.score,
            variant=self.project.settings["scores"][self.rule.score]["variant"],
            lowest=self.rule.lowest,
            cut=("threshold" if purchase is not None else self.rule.by) if cut else None,
            threshold=exact(self.rule.value) if cut and public else None,
            threshold_from=threshold_from,
            threshold_epsilon=None if purchase is None else exact(purchase.epsilon),
            in_training=self.training.answer,
            after_exact=self.after_exact,
            checkpoint=self.checkpoint.digest(),
            bounds=None if bounds is None else bounds[0],
            bounds_from=None if bounds is None else bounds[1],
            count=self._count() if self.mechanism == "noisy-top-k" else None,
            padded=self._padded(),
            bins=bins,
            classes=self.checkpoint.labels if self.asked.by_class else None,
            count_threshold=self._count_threshold(),
            clip=None if clip is None else clip[0],
            **conditions_of(self.project, self.rule.score),
        )
        if clip is not None:
            terms = replace(terms, bounds_from=clip[1])
        return calibrated(terms), purchase

    @property
    def _taking_part(self) -> int:
        """How many records take part; at most so many, where that was not drawn yet."""
        part = self.candidates.part
        return int((self.candidates.eligible if part is None else part).sum())

    def _check_words(self) -> None:
        """Refuse options that do not belong to this kind of release."""
        asked = self.asked
        gaussian, topped = self.mechanism == "discrete-gaussian", self.mechanism == "noisy-top-k"
        belong = {
            "--delta": (asked.delta is not None, gaussian),
            "--count": (asked.count is not None, topped),
            "--pad-to": (asked.pad_to is not None, self.kind == "scores"),
            "--bins": (asked.bins is not None, self.kind == "report"),
            "--by-class": (asked.by_class, self.kind == "report" and asked.bins is not None),
            "--count-threshold": (asked.count_threshold is not None, self.kind == "report"),
            "--clip": (asked.clip is not None, self.kind == "gradient"),
        }
        for option, (is_given, belongs) in belong.items():
            if is_given and not belongs:
                raise UsageError(
                    f"{option} does not belong here.",
                    f"A release of {self.kind} by {self.mechanism} has no use for it.",
                    f"Leave {option} out.",
                )
        if self.kind == "report" and asked.bins is None and asked.count_threshold is None:
            raise UsageError(
                "What the report shall tell is missing.",
                "It tells a histogram, a count, or both.",
                "Add --bins 0,0.1,0.2 (public edges), --count-threshold T, or both.",
            )
        labels = self.checkpoint.labels
        if asked.by_class and not (
            labels and len(labels) <= limits.MOST_CLASSES and all(map(is_class_name, labels))
        ):
            raise UsageError(
                "--by-class does not apply.",
                "The checkpoint names no classes, or too many, or by names that a table cannot hold: "
                f"longer than {limits.MOST_CLASS_NAME} characters, or with some that cannot be seen.",
                "Leave --by-class out.",
            )

    def _delta(self) -> str | None:
        if self.mechanism != "discrete-gaussian":
            return None
        if self.asked.delta is None:
            raise UsageError(
                "δ is missing.",
                "Gaussian noise keeps its promise but for a small chance, and δ bounds that chance.",
                "Add --delta D, far below one in the number of records, for example --delta 1e-6.",
            )
        return exact(probability_of(self.asked.delta, "δ"))

    def _purchase(self) -> Purchase | None:
        stated = self.asked.threshold_from or ""
        if not stated.startswith(_BOUGHT):
            return None
        epsilon = positive_amount(stated.removeprefix(_BOUGHT), "The threshold's ε")
        if self.mechanism == "exact":
            raise UsageError(
                "A threshold cannot be bought here.",
                "An exact release promises nothing that its threshold could break.",
                "Leave --threshold-source out.",
            )
        if self.rule.by == "threshold" or not self._taking_part:
            raise UsageError(
                "There is nothing to buy.",
                "A threshold is bought for a rule by fraction or count, over records that take part.",
                "Use “dataselect select PROJECT --by SCORE --fraction F” first.",
            )
        share = Fraction(self.rule.value)
        if self.rule.by == "count":
            share = min(Fraction(1), share / int(self.candidates.eligible.sum()))
        return Purchase(epsilon, share)

    def _threshold_from(self) -> str:
        stated, rule, request = self.asked.threshold_from, self.rule, self.checkpoint.request
        is_requested = (
            rule.by == "threshold"
            and not rule.lowest
            and request.score == rule.score
            and request.threshold is not None
            and Decimal(str(request.threshold)) == rule.value
        )
        if stated is None:
            return "request" if is_requested else "viewed"
        if stated.startswith(_BOUGHT):
            return "bought"
        if stated not in {"request", "agreed", "viewed"}:
            raise UsageError(
                f"--threshold-source cannot be “{stated}”.",
                "A threshold comes from the request, was agreed before, was bought under differential "
                "privacy, or was chosen after viewing.",
                "Give request, agreed, bought:E or viewed.",
            )
        if stated == "request" and rule.by == "threshold" and not is_requested:
            raise UsageError(
                "The threshold is not the request's.",
                f"The request says {request.score or 'no score'} ≥ {request.threshold}; the rule says "
                f"{rule.score} {'≤' if rule.lowest else '≥'} {rule.value}.",
                "Select by the request's threshold, or say where yours comes from.",
            )
        return stated

    def _needs_bounds(self, purchase: Purchase | None) -> bool:
        return purchase is not None or self.mechanism in {"laplace", "noisy-top-k"}

    def _bounds(self) -> tuple[tuple[str, str], str]:
        """Return the public bounds of the score, and where they come from."""
        if self.asked.bounds is not None:
            return _two_bounds(self.asked.bounds.split(",")), "agreed"
        known = public_bounds(self.rule.score, self.checkpoint.request)
        if known is not None:
            return known
        raise UsageError(
            f"Public bounds of “{self.rule.score}” are missing.",
            "The noise must cover the whole range that a score may have, and the range must not be "
            "read off the records.",
            "Add --bounds L,U as agreed beforehand, for example --bounds 0,5, or ask the consortium "
            "to state bounds in its request.",
        )

    def _clip(self) -> tuple[str, str]:
        norm = self.checkpoint.request.stated.get("max_grad_norm")
        if self.asked.clip is not None:
            return exact(_norm(self.asked.clip, "--clip")), "agreed"
        if norm is not None:
            return exact(_norm(str(norm), "The request's max_grad_norm")), "request"
        raise UsageError(
            "The norm that gradients are clipped to is missing.",
            "The request states no max_grad_norm, and the noise follows from that norm.",
            "Add --clip C, for example --clip 1.",
        )

    def _count(self) -> int:
        count = self.asked.count
        if count is None and self.rule.by == "count":
            count = int(self.rule.value)
        if count is None and self.rule.by == "fraction":
            half_up = self.rule.value * int(self.candidates.eligible.sum()) + Decimal("0.5")
            count = int(half_up.to_integral_value(ROUND_FLOOR))
        if count is None or not 1 <= count <= self._taking_part:
            raise UsageError(
                "How many shall be taken is not clear.",
                "A number is missing, or it is not between 1 and the number of records that take part.",
                "Add --count K, or select by a count.",
            )
        return count

    def _padded(self) -> int | None:
        padded = self.asked.pad_to
        if padded is not None and padded < self._taking_part:
            raise UsageError(
                "--pad-to is too small.",
                "There are more records that take part than rows were declared.",
                "Declare more rows.",
            )
        if padded is not None and padded > limits.MOST_ROWS:
            raise UsageError(
                f"--pad-to cannot be {padded}.",
                f"No more than {limits.MOST_ROWS} rows are written.",
                "Declare fewer rows.",
            )
        return padded

    def _bins(self) -> tuple[str, ...] | None:
        if self.asked.bins is None:
            return None
        edges = [_number(text, "--bins") for text in self.asked.bins.split(",")]
        if (
            any(low >= high for low, high in pairwise(map(float, edges)))
            or len(edges) > limits.MOST_EDGES
        ):
            raise UsageError(
                "--bins are not as they should be.",
                f"They are edges in ascending order, {limits.MOST_EDGES} at most.",
                "Give them like --bins 0,0.1,0.2,0.5.",
            )
        return tuple(exact(edge) for edge in edges)

    def _count_threshold(self) -> str | None:
        text = self.asked.count_threshold
        return None if text is None else exact(_number(text, "--count-threshold"))


def public_bounds(score: str, request: Request) -> tuple[tuple[str, str], str] | None:
    """Return the bounds of a score that are known without the owner, and where they come from.

    Raises
    ------
    UsageError
        Where the request states bounds that are none.
    """
    requested = request.stated.get("bounds", {}).get(score)
    if requested is not None:
        return _two_bounds(requested if isinstance(requested, list) else [requested]), "request"
    if score in OWN_BOUNDS:
        return OWN_BOUNDS[score], "score"
    norm = request.stated.get("max_grad_norm")
    if score == "clipped_norm" and norm is not None:
        return ("0", exact(_norm(str(norm), "The request's max_grad_norm"))), "score"
    return None


def _two_bounds(stated: Sequence[object]) -> tuple[str, str]:
    numbers = [_number(str(one), "--bounds") for one in stated]
    is_small = all(abs(number) <= LARGEST_BOUND for number in numbers)
    # Scores are doubles.
    if len(numbers) != 2 or not is_small or float(numbers[0]) >= float(numbers[1]):
        raise UsageError(
            "The bounds of the score are not as they should be.",
            f"They are two numbers from −{LARGEST_BOUND} to {LARGEST_BOUND}, the lower first.",
            "Give them like --bounds 0,5.",
        )
    return exact(numbers[0]), exact(numbers[1])


def _number(text: str, what: str) -> Decimal:
    number = decimal_of(text)
    if number is None:
        raise UsageError(
            f"{what} cannot be “{text}”.",
            "It is a number.",
            "Write it like 0.25.",
        )
    return number


def _norm(text: str, what: str) -> Decimal:
    number = _number(text, what)
    if not LEAST_NORM <= number <= LARGEST_NORM:
        raise UsageError(
            f"{what} cannot be “{text}”.",
            f"It is a number from {LEAST_NORM} to {LARGEST_NORM}.",
            "Write it like 1.",
        )
    return number
