"""From what the owner asked for to the terms of a release; what makes no sense is refused here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from dataselect_gui import __version__
from dataselect_gui.checkpoints.layout import Checkpoint
from dataselect_gui.checkpoints.request import Request
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.privacy.amounts import decimal_of, exact, positive_amount
from dataselect_gui.privacy.ledger import Statement
from dataselect_gui.project.project import Project
from dataselect_gui.release.drawing import Candidates
from dataselect_gui.release.releasing import Purchase, new_release_id
from dataselect_gui.release.terms import (
    BY_THRESHOLD,
    MECHANISMS,
    MOST_PER_UNIT,
    Kind,
    Mechanism,
    Terms,
    calibrated,
)
from dataselect_gui.selection.rules import Rule

SQRT_2_UPWARDS = "1.4142135624"
_OWN_BOUNDS = {"el2n": ("0", SQRT_2_UPWARDS), "random": ("0", "1")}
"""Bounds that a score cannot leave, whatever the record."""
_BOUGHT = "bought:"
_MOST_EDGES, _MOST_ROWS, _LARGEST_DELTA = 1000, 10_000_000, Decimal("0.1")


@dataclass(frozen=True)
class ReleaseRequest:
    """What the owner asks to release, as the command line has it.

    Attributes
    ----------
    to : Path
        The bundle's folder.
    epsilon, delta : str or None
        Per unit; ε is needed unless the mechanism is ``exact``, δ for Gaussian noise.
    kind : str
        ``records``, ``offers``, ``scores``, ``report`` or ``gradient``.
    mechanism : str or None
        See `MECHANISMS`; None for the usual one of the kind.
    per_unit : int or None
        At most so many records of a unit.
    threshold_from : str or None
        ``request``, ``agreed``, ``viewed`` or ``bought:E``; None to let the program see.
    in_training : str or None
        ``no``, ``dp:E,D``, ``yes`` or ``unknown``; None for the project's remembered answer.
    budget : str or None
        The first budget.
    acknowledge_exact : bool
        The owner's word that nothing protects the records.
    reason : str or None
        Why.
    count : int or None
        How many ``noisy-top-k`` takes; None for the number of the project's rule.
    bounds : str or None
        ``L,U``: bounds of the score that were agreed; None for the request's or the score's own.
    pad_to : int or None
        The declared number of rows of ``scores``.
    bins : str or None
        The edges of a report's histogram, ascending, separated by commas.
    by_class : bool
        Whether the histogram is told by class.
    count_threshold : str or None
        The report's count is of the records beyond this public threshold.
    clip : str or None
        The norm that gradients are clipped to; None for the request's.
    sign : Path or None
        The private key to sign with.
    dry_run : bool
        Check everything, draw nothing.
    """

    to: Path
    epsilon: str | None = None
    delta: str | None = None
    kind: str = "records"
    mechanism: str | None = None
    per_unit: int | None = None
    threshold_from: str | None = None
    in_training: str | None = None
    budget: str | None = None
    acknowledge_exact: bool = False
    reason: str | None = None
    count: int | None = None
    bounds: str | None = None
    pad_to: int | None = None
    bins: str | None = None
    by_class: bool = False
    count_threshold: str | None = None
    clip: str | None = None
    sign: Path | None = None
    dry_run: bool = False


@dataclass(frozen=True)
class Training:
    """The answer to “did these records help to train this checkpoint?”.

    Attributes
    ----------
    answer : str
        ``no``, ``dp``, ``yes`` or ``unknown``.
    epsilon, delta : Decimal
        Of the training, where it was under differential privacy.
    """

    answer: str
    epsilon: Decimal = Decimal(0)
    delta: Decimal = Decimal(0)


def kind_of(asked: ReleaseRequest) -> tuple[Kind, Mechanism]:
    """Return what is released and how."""
    for kind, mechanisms in MECHANISMS.items():
        if kind == asked.kind:
            for mechanism in mechanisms:
                if mechanism == (asked.mechanism or mechanisms[0]):
                    return kind, mechanism
            raise UsageError(
                f"There is no mechanism “{asked.mechanism}” for {kind}.",
                f"They are released by {' or '.join(mechanisms)}.",
                "Give one of these.",
            )
    raise UsageError(
        f"“{asked.kind}” cannot be released.",
        f"What can be is {', '.join(MECHANISMS)}.",
        "Give one of these with --as.",
    )


def training_of(project: Project, asked: ReleaseRequest) -> Training:
    """Return the answer about training, and remember it."""
    text = asked.in_training or project.settings["in_training"]
    if text is None:
        raise UsageError(
            "One answer is missing: did these records help to train this checkpoint?",
            "If they did, what is released says more than its ε, and the program cannot know.",
            "Add --in-training no, --in-training dp:E,D (under differential privacy), yes or unknown.",
        )
    kind, _, rest = text.partition(":")
    training = Training(kind)
    if kind == "dp":
        first, _, second = rest.partition(",")
        epsilon = positive_amount(first, "The training's ε")
        delta = _probability(second or "missing", "The training's δ")
        training = Training(kind, epsilon, delta)
    elif kind not in {"no", "yes", "unknown"} or rest:
        raise UsageError(
            f"--in-training cannot be “{text}”.",
            "It is no, dp:E,D, yes or unknown.",
            "Give one of these.",
        )
    project.settings["in_training"] = text
    project.save()
    return training


def epsilon_of(asked: ReleaseRequest, mechanism: Mechanism, training: Training) -> Decimal | None:
    """Return the mechanism's ε; None for ``exact``, to which the owner agreed."""
    if mechanism == "exact":
        if not asked.acknowledge_exact or not (asked.reason or "").strip():
            raise UsageError(
                "An exact release needs your word.",
                "Every selected record leaves, with no protection at all, and every later promise "
                "about this source will say that it does not cover these records.",
                "Add --acknowledge-exact --reason TEXT, or use --mechanism one-sided.",
            )
        if asked.epsilon is not None:
            raise UsageError(
                "An exact release has no ε.",
                "It draws nothing, so there is nothing for ε to bound.",
                "Leave --epsilon out, or use --mechanism one-sided.",
            )
        return None
    if training.answer in {"yes", "unknown"}:
        raise UsageError(
            "ε cannot be promised here.",
            "The records took part in training the checkpoints without differential privacy, or that "
            "is unknown; then what is released says more than any mechanism counts.",
            "Only --mechanism exact is left, with your acknowledgement.",
        )
    if asked.epsilon is None:
        raise UsageError(
            "ε is missing.",
            "It limits what a missing record reveals; smaller reveals less, and fewer records leave.",
            "Add --epsilon E, for example --epsilon 1.",
        )
    return positive_amount(asked.epsilon, "ε")


def destination_of(project: Project, to: Path) -> Path:
    """Return the bundle's folder, which lies neither in the project nor in the source."""
    try:
        destination = to.resolve()
    except RuntimeError:
        raise UnusableError(
            f"“{to.name}” leads nowhere.", "Its links go round in a circle.", "Name another folder."
        ) from None
    for name, place in (
        ("project", project.folder),
        ("source", Path(project.settings["source"]["path"])),
    ):
        # By what is there, not by name: one place may have several, in other letters or mounted twice.
        around = [one for one in (destination, *destination.parents) if one.exists()]
        if place.exists() and any(one.samefile(place) for one in around):
            raise UnusableError(
                f"The bundle cannot be written into the {name}.",
                "It would become part of it.",
                "Name a folder elsewhere.",
            )
    return destination


def per_unit_of(stated: int | None, unit_column: str | None) -> int:
    """Return m."""
    if stated is not None and not 1 <= stated <= MOST_PER_UNIT:
        raise UsageError(
            f"--per-unit cannot be {stated}.",
            f"It is a whole number from 1 to {MOST_PER_UNIT}.",
            "Use the number of records of a person that matter, for example 2.",
        )
    if unit_column is None and stated not in {None, 1}:
        raise UsageError(
            "--per-unit does not apply.",
            "The project has no unit column, so each record is a unit of its own.",
            "Score the source with --unit-column to protect people with several records.",
        )
    return stated or 1


def first_budget_of(stated: str | None, statement: Statement) -> Decimal | None:
    """Return the budget to set where there is none."""
    if stated is None:
        return None
    budget = positive_amount(stated, "The budget")
    if statement.budget is not None and statement.budget != budget:
        raise UsageError(
            "The budget is already set.",
            f"It is {exact(statement.budget)}, for everything ever released from these records.",
            "Change it with “dataselect ledger PROJECT --set-budget E --reason TEXT”.",
        )
    return budget


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
        if asked.by_class and not (labels and all(name.isprintable() for name in labels)):
            raise UsageError(
                "--by-class does not apply.",
                "The checkpoint names no classes, or by characters that a table cannot hold.",
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
        return exact(_probability(self.asked.delta, "δ"))

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
            return exact(_positive(self.asked.clip, "--clip")), "agreed"
        if norm is not None:
            return exact(_positive(str(norm), "The request's max_grad_norm")), "request"
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
        if padded is not None and padded > _MOST_ROWS:
            raise UsageError(
                f"--pad-to cannot be {padded}.",
                f"No more than {_MOST_ROWS} rows are written.",
                "Declare fewer rows.",
            )
        return padded

    def _bins(self) -> tuple[str, ...] | None:
        if self.asked.bins is None:
            return None
        edges = [_number(text, "--bins") for text in self.asked.bins.split(",")]
        if any(low >= high for low, high in pairwise(map(float, edges))) or len(edges) > _MOST_EDGES:
            raise UsageError(
                "--bins are not as they should be.",
                f"They are edges in ascending order, {_MOST_EDGES} at most.",
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
    if score in _OWN_BOUNDS:
        return _OWN_BOUNDS[score], "score"
    norm = request.stated.get("max_grad_norm")
    if score == "clipped_norm" and norm is not None:
        return ("0", exact(_positive(str(norm), "The request's max_grad_norm"))), "score"
    return None


def _two_bounds(stated: Sequence[object]) -> tuple[str, str]:
    numbers = [_number(str(one), "--bounds") for one in stated]
    if len(numbers) != 2 or float(numbers[0]) >= float(numbers[1]):  # Scores are doubles.
        raise UsageError(
            "The bounds of the score are not as they should be.",
            "They are two numbers, the lower first.",
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


def _positive(text: str, what: str) -> Decimal:
    number = _number(text, what)
    if number <= 0:
        raise UsageError(f"{what} cannot be “{text}”.", "It is above zero.", "Write it like 1.")
    return number


def _probability(text: str, what: str) -> Decimal:
    number = positive_amount(text, what)
    if number > _LARGEST_DELTA:
        raise UsageError(
            f"{what} cannot be {text}.",
            f"It is the chance that a promise fails, {_LARGEST_DELTA} at most.",
            "Common values are 1e-5 and 1e-6; a training's is the consortium's own, like dp:8,1e-5.",
        )
    return number
