"""Derive the terms of a release from the request; refuse combinations that make no sense."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from dataselect_gui import __version__
from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.labels import check_exclusive
from dataselect_gui.checkpoints.request import Request
from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.amounts import LARGEST_BOUND, positive_amount, stated_number
from dataselect_gui.privacy.mechanisms.mechanism import Mechanism, Setting
from dataselect_gui.project.project import Project
from dataselect_gui.release import limits
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.kinds.gradient import stated_norm
from dataselect_gui.release.kinds.kind import Kind, KindOptions
from dataselect_gui.release.kinds.report import is_class_name
from dataselect_gui.release.procedure import Purchase, new_release_id
from dataselect_gui.release.terms import (
    Bounds,
    Cut,
    CutSource,
    Marks,
    RuleSource,
    RuleTerms,
    Terms,
)
from dataselect_gui.scoring.catalog import spoken_name
from dataselect_gui.scoring.scores import SCORES
from dataselect_gui.selection.rules import Everything, RecordRule, Rule, ScoreCut
from dataselect_gui.tasks.names import TaskName
from dataselect_gui.texts import _
from dataselect_gui.workflow.conditions import scoring_of
from dataselect_gui.workflow.decisions import is_decided_before, is_late_choice, would_be_late
from dataselect_gui.workflow.release_request import ReleaseRequest, Training
from dataselect_gui.workflow.viewing import Standing

_BOUGHT = "bought:"


@dataclass(frozen=True)
class TermsBuilder:
    """Derives the terms of a release.

    Attributes
    ----------
    request : ReleaseRequest
        The owner's request.
    project : Project
        The project.
    rule : Rule
        The project's rule.
    kind, mechanism : type
        Kind of release and mechanism.
    epsilon : Decimal or None
        The mechanism's.
    training : Training
        The answer about training.
    checkpoint : Checkpoint
        The consortium's.
    candidates : Candidates
        The records, with those that take part where they are known.
    max_contributions : int
        m.
    paid_for_counts : Decimal
        The ε of the counts of the source's account, by whichever project they were asked: whoever knows
        an answer may have decided by it.
    standing : Standing
        How the project stands to the views of its records.
    """

    request: ReleaseRequest
    project: Project
    rule: Rule
    kind: type[Kind]
    mechanism: type[Mechanism]
    epsilon: Decimal | None
    training: Training
    checkpoint: Checkpoint
    candidates: Candidates
    max_contributions: int
    paid_for_counts: Decimal
    standing: Standing

    def terms(self) -> tuple[Terms, Purchase | None]:
        """Return the terms, without what left before, and the threshold that is still to be bought."""
        self._check_options()
        rule, kind = self.rule, self._kind()
        by_cut = "threshold" in self.mechanism.takes or kind.goes_by_rule
        purchase = self._purchase(rule) if by_cut and isinstance(rule, ScoreCut) else None
        cut = self._cut(rule, purchase) if by_cut and isinstance(rule, ScoreCut) else None
        stated = self._rule(rule) if isinstance(rule, RecordRule) else None
        public = (cut is not None and cut.threshold is not None) or (
            stated is not None and stated.rule is not None
        )
        needs_bounds = purchase is not None or "bounds" in self.mechanism.takes
        bounds = self._bounds() if needs_bounds else None
        if kind.goes_by_rule and purchase is None and not public:
            raise UsageError(
                _("Such a {kind} needs a public threshold or rule.", kind=self.kind.name),
                _("Which records enter it would otherwise depend on everybody's scores."),
                _(
                    "Select by the request's threshold or rule, or by one that was agreed "
                    "(--threshold-source agreed); or buy a threshold: --threshold-source bought:E with "
                    "a rule by fraction."
                ),
            )
        mechanism = self.mechanism.calibrated(
            Setting(
                max_contributions=self.max_contributions,
                epsilon=self.epsilon,
                delta=self.mechanism.read_delta(self.request.delta),
                count=self.mechanism.read_count(self._count(), self._taking_part),
                query=kind.query(self.mechanism),
            )
        )
        marks = self._marks() if isinstance(rule, Everything) else None
        is_promised = marks is not None or mechanism.epsilon is not None
        terms = Terms(
            release=new_release_id(),
            program=__version__,
            date=datetime.now(UTC).date().isoformat(),
            kind=kind,
            mechanism=mechanism,
            conditional=False,
            unit="record" if self.candidates.unit_column is None else "person",
            score=rule.score if isinstance(rule, ScoreCut) else None,
            variant=self.project.scores[rule.score].variant if isinstance(rule, ScoreCut) else None,
            lowest=isinstance(rule, ScoreCut) and rule.lowest,
            cut=cut,
            bounds=bounds,
            in_training=self.training.answer,
            after_exact=False,
            checkpoint=self.checkpoint.digest(),
            scoring=scoring_of(self.project, rule.scores),
            rule=stated,
            marks=marks,
            relabelled=is_promised and self.standing.are_labels_late,
        )
        return replace(terms, conditional=terms.depends_on_records), purchase

    @property
    def _taking_part(self) -> int:
        """How many records take part; an upper bound where that was not drawn yet."""
        part = self.candidates.part
        return int((self.candidates.eligible if part is None else part).sum())

    def _check_options(self) -> None:
        """Refuse options that do not belong to this kind of release."""
        request, takes = self.request, self.kind.takes | self.mechanism.takes
        given = {
            "delta": request.delta is not None,
            "count": request.count is not None,
            "pad_to": request.pad_to is not None,
            "bins": request.bins is not None,
            "by_class": request.by_class,
            "count_threshold": request.count_threshold is not None,
            "passing": request.passing,
            "clip": request.clip is not None,
        }
        for name, is_given in given.items():
            counts = request.bins is not None or request.passing
            has_use = name in takes and (name != "by_class" or counts)
            if is_given and not has_use:
                option = f"--{name.replace('_', '-')}"
                raise UsageError(
                    _("{option} does not belong here.", option=option),
                    _(
                        "A release of {kind} by {mechanism} has no use for it.",
                        kind=self.kind.name,
                        mechanism=self.mechanism.name,
                    ),
                    _("Leave {option} out.", option=option),
                )

    def _kind(self) -> Kind:
        """Return the kind of release with its parameters."""
        if self.request.by_class:
            check_exclusive(self.checkpoint.task)
        request, norm = self.request, self.checkpoint.request.stated.get("max_grad_norm")
        return self.kind.of_options(
            KindOptions(
                pad_to=request.pad_to,
                bins=request.bins,
                by_class=request.by_class,
                count_threshold=request.count_threshold,
                passing=request.passing,
                clip=request.clip,
                classes=tuple(self.checkpoint.labels or ()),
                requested_norm=None if norm is None else str(norm),
                taking_part=self._taking_part,
            )
        )

    def _cut(self, rule: ScoreCut, purchase: Purchase | None) -> Cut:
        """Return the threshold as the bundle states it."""
        source = self._cut_source(rule)
        is_public = rule.by == "threshold" and source != "viewed"
        return Cut(
            by="threshold" if purchase is not None else rule.by,
            source=source,
            threshold=rule.value if is_public else None,
            epsilon=None if purchase is None else purchase.epsilon,
        )

    def _rule(self, rule: RecordRule) -> RuleTerms:
        """Return the rule as the bundle states it."""
        if len(rule.classes) > limits.MOST_CLASSES or not all(map(is_class_name, rule.classes)):
            raise UsageError(
                _("The rule cannot be stated in a bundle."),
                _(
                    "It lists more than {count:,} classes, or some whose names are longer than {most} "
                    "characters or cannot be seen.",
                    count=limits.MOST_CLASSES,
                    most=limits.MOST_CLASS_NAME,
                ),
                _("Select by another rule."),
            )
        source = self._rule_source(rule)
        variants = tuple((score, self.project.scores[score].variant) for score in rule.scores)
        counted = self.paid_for_counts if source == "counted" and self.epsilon is not None else None
        return RuleTerms(source, variants, None if source == "viewed" else rule, counted)

    def _rule_source(self, rule: RecordRule) -> RuleSource:
        is_requested = self.checkpoint.request.asked_rule == rule
        is_decided = is_decided_before(self.project, rule)
        match self.request.threshold_from:
            case None | "viewed" if self._is_late:
                return "viewed"
            case _ if self._is_late:
                raise _decided_otherwise()
            case None | "agreed" | "request" if is_decided and self.paid_for_counts:
                return "counted"
            case None:
                return "request" if is_requested else "agreed" if is_decided else "viewed"
            case "agreed" | "viewed" as stated:
                return stated
            case "request" if is_requested:
                return "request"
            case "request":
                raise UsageError(
                    _("The rule is not the request's."),
                    _("The request asks for another one, or for none."),
                    _("Select by the request's rule, or say where yours comes from."),
                )
            case str(stated) if stated.startswith(_BOUGHT):
                raise UsageError(
                    _("There is nothing to buy."),
                    _("A threshold is bought for a rule by fraction or count."),
                    _("Use “dataselect select PROJECT --by SCORE --fraction F” first."),
                )
            case stated:
                raise _no_source(stated)

    def _marks(self) -> Marks:
        """Return whether which records are eligible was settled before any score was shown."""
        if self.request.threshold_from is not None:
            raise UsageError(
                _("{option} does not belong here.", option="--threshold-source"),
                _("A release of everything has no threshold."),
                _("Leave {option} out.", option="--threshold-source"),
            )
        if self.standing.are_marks_late:
            return "viewed"
        return "chosen" if self._is_late else "settled"

    @property
    def _is_late(self) -> bool:
        """Whether the owner decided otherwise before seeing scores, or nothing, and looked first."""
        decision, request = self.project.settings.decision, self.checkpoint.request
        if isinstance(self.rule, Everything) and (decision is None or decision.is_late):
            return self.standing.was_leaving_out(request)
        if decision is None and self.standing.was_shown:
            return would_be_late(None, request, self.rule)
        return is_late_choice(self.project, self.rule)

    def _purchase(self, rule: ScoreCut) -> Purchase | None:
        stated = self.request.threshold_from or ""
        if not stated.startswith(_BOUGHT):
            return None
        if self._is_late:
            raise _decided_otherwise()
        epsilon = positive_amount(stated.removeprefix(_BOUGHT), _("The threshold's ε"))
        if self.epsilon is None:
            raise UsageError(
                _("A threshold cannot be bought here."),
                _("An exact release promises nothing that its threshold could break."),
                _("Leave --threshold-source out."),
            )
        if rule.by == "threshold" or not self._taking_part:
            raise UsageError(
                _("There is nothing to buy."),
                _(
                    "A threshold is bought for a rule by fraction or count, over records that take "
                    "part."
                ),
                _("Use “dataselect select PROJECT --by SCORE --fraction F” first."),
            )
        share = Fraction(rule.value)
        if rule.by == "count":
            share = min(Fraction(1), share / int(self.candidates.eligible.sum()))
        return Purchase(epsilon, share)

    def _cut_source(self, rule: ScoreCut) -> CutSource:
        stated, checkpoint_request = self.request.threshold_from, self.checkpoint.request
        is_requested = (
            rule.by == "threshold"
            and not rule.lowest
            and checkpoint_request.score == rule.score
            and checkpoint_request.threshold is not None
            and Decimal(str(checkpoint_request.threshold)) == rule.value
        )
        match stated:
            case None | "viewed" if self._is_late:
                return "viewed"
            case _ if self._is_late:
                raise _decided_otherwise()
            case None:
                return "request" if is_requested else "viewed"
            case "agreed" | "viewed":
                return stated
            case "request" if is_requested or rule.by != "threshold":
                return stated
            case "request":
                raise UsageError(
                    _("The threshold is not the request's."),
                    _(
                        "The request says {requested_score} ≥ {threshold}; the rule says {score} "
                        "{sign} {value}.",
                        requested_score=spoken_name(checkpoint_request.score or "") or _("no score"),
                        threshold=checkpoint_request.threshold,
                        score=spoken_name(rule.score),
                        sign="≤" if rule.lowest else "≥",
                        value=rule.value,
                    ),
                    _("Select by the request's threshold, or say where yours comes from."),
                )
            case _ if stated.startswith(_BOUGHT):
                return "bought"
            case _:
                raise _no_source(stated)

    def _bounds(self) -> Bounds:
        """Return the public bounds of the score."""
        if self.request.bounds is not None:
            return Bounds(*_two_bounds(self.request.bounds.split(",")), "agreed")
        (score,) = self.rule.scores
        known = public_bounds(score, self.checkpoint.request, self.checkpoint.task.name)
        if known is not None:
            return known
        raise UsageError(
            _(
                "Enter the lowest and highest possible value of “{score}”, as agreed with the "
                "consortium.",
                score=spoken_name(score),
            ),
            _(
                "Don't read them off your data: the noise must cover the whole range that a score "
                "may have."
            ),
            _(
                "Add --bounds L,U as agreed beforehand, for example --bounds 0,5, or ask the "
                "consortium to state bounds in its request."
            ),
        )

    def _count(self) -> int | None:
        """Return how many records to take: the request's number, or else the rule's."""
        if self.request.count is not None:
            return self.request.count
        if not isinstance(self.rule, ScoreCut):
            return None
        return self.rule.count(int(self.candidates.eligible.sum()))


def _no_source(stated: str) -> UsageError:
    return UsageError(
        _("--threshold-source cannot be “{stated}”.", stated=stated),
        _(
            "A threshold comes from the request, was agreed before, was bought under differential "
            "privacy, or was chosen after viewing."
        ),
        _("Give request, agreed, bought:E or viewed."),
    )


def _decided_otherwise() -> UsageError:
    return UsageError(
        _("The selection was chosen after viewing."),
        _(
            "Before scores of these records were shown it was decided otherwise, or nothing was; what "
            "the change tells no ε covers."
        ),
        _("Go back to what was decided, or leave --threshold-source out: then no ε is claimed."),
    )


def public_bounds(score: str, checkpoint_request: Request, task: TaskName) -> Bounds | None:
    """Return the public bounds of a score from the consortium's request or the score itself.

    Raises
    ------
    UsageError
        Where the request's bounds are invalid.
    """
    requested = checkpoint_request.bounds.get(score)
    if requested is not None:
        return Bounds(*_two_bounds(requested), "request")
    known = SCORES.get(score)
    if known is None:
        return None
    if known.own_bounds is not None and task not in known.unbounded:
        low, high = map(Decimal, known.own_bounds)
        return Bounds(low, high, "score")
    norm = checkpoint_request.stated.get(known.bounded_by)
    if norm is not None:
        return Bounds(
            Decimal(0),
            stated_norm(str(norm), _("The request's {parameter}", parameter=known.bounded_by)),
            "score",
        )
    return None


def _two_bounds(stated: Sequence[object]) -> tuple[Decimal, Decimal]:
    numbers = [stated_number(str(bound), "--bounds") for bound in stated]
    is_small = all(abs(number) <= LARGEST_BOUND for number in numbers)
    # Scores are doubles.
    if len(numbers) != 2 or not is_small or float(numbers[0]) >= float(numbers[1]):
        raise UsageError(
            _("The lowest and highest possible value of the score are not as they should be."),
            _(
                "They are two numbers from −{largest} to {largest}, the lower first.",
                largest=LARGEST_BOUND,
            ),
            _("Give them like --bounds 0,5."),
        )
    return numbers[0], numbers[1]
