"""The owner's request for a release, and the checks of its single fields."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.paths import resolved
from dataselect_gui.plain import is_text
from dataselect_gui.privacy.amounts import exact, positive_amount, probability_of
from dataselect_gui.privacy.mechanisms.everything import Everything
from dataselect_gui.privacy.mechanisms.mechanism import Mechanism
from dataselect_gui.privacy.statement import Statement
from dataselect_gui.project.project import Project
from dataselect_gui.release.kinds.kind import Kind
from dataselect_gui.release.kinds.records import Records
from dataselect_gui.release.registry import KINDS, mechanisms_of
from dataselect_gui.release.terms import MOST_CONTRIBUTIONS
from dataselect_gui.release.terms import Training as TrainingAnswer
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.scoring.scores.base import ModelScore
from dataselect_gui.selection.rules import Everything as EverythingRule
from dataselect_gui.selection.rules import RecordRule, Rule
from dataselect_gui.texts import N_, _
from dataselect_gui.texts.promises import UNPROMISED

_LONGEST_REASON = 10_000


@dataclass(frozen=True)
class ReleaseRequest:
    """A request for a release, as texts from the command line or the window.

    Attributes
    ----------
    to : Path
        The bundle's folder.
    epsilon, delta : str or None
        Per unit; ε is needed unless the mechanism is ``exact``, δ for Gaussian noise.
    kind : str
        ``records``, ``offers``, ``scores``, ``report`` or ``gradient``.
    mechanism : str or None
        One of `mechanisms_of` it; None for the usual one of the kind.
    max_contributions : int or None
        At most so many records of a unit.
    threshold_from : str or None
        ``request``, ``agreed``, ``viewed`` or ``bought:E``; None to let the program decide.
    in_training : str or None
        ``no``, ``dp:E,D``, ``yes`` or ``unknown``; None for the project's remembered answer.
    reference_in_training : str or None
        The same of the request's reference state, where the rule's score reads it.
    budget : str or None
        The first budget.
    acknowledge_exact, acknowledge_disclosure : bool
        The owner's word that nothing protects the records, and that all eligible ones are disclosed.
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
        Whether the histogram, and the number that pass, are told by class.
    count_threshold : str or None
        The report's count is of the records beyond this public threshold.
    passing : bool
        The report counts the records that the rule picks.
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
    max_contributions: int | None = None
    threshold_from: str | None = None
    in_training: str | None = None
    reference_in_training: str | None = None
    budget: str | None = None
    acknowledge_exact: bool = False
    acknowledge_disclosure: bool = False
    reason: str | None = None
    count: int | None = None
    bounds: str | None = None
    pad_to: int | None = None
    bins: str | None = None
    by_class: bool = False
    count_threshold: str | None = None
    passing: bool = False
    clip: str | None = None
    sign: Path | None = None
    dry_run: bool = False

    def __post_init__(self) -> None:
        check_reason(self.reason)


def check_reason(reason: str | None) -> None:
    """Refuse a reason that the ledger could not keep.

    Raises
    ------
    UsageError
        Where it is too long, or holds a lone surrogate.
    """
    if reason is not None and (len(reason) > _LONGEST_REASON or not is_text(reason)):
        raise UsageError(
            _("The reason cannot be kept."),
            _(
                "It is longer than {longest:,} characters, or not text in UTF-8.",
                longest=_LONGEST_REASON,
            ),
            _("Give another one."),
        )


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

    answer: TrainingAnswer
    epsilon: Decimal = Decimal(0)
    delta: Decimal = Decimal(0)


def kind_of(request: ReleaseRequest, rule: Rule) -> tuple[type[Kind], type[Mechanism]]:
    """Return the kind of release and the mechanism, for a rule that they can go by."""
    kind = KINDS.get(request.kind)
    if kind is None:
        raise UsageError(
            _("“{kind}” cannot be released.", kind=request.kind),
            _("What can be is {kinds}.", kinds=", ".join(KINDS)),
            _("Give one of these with --as."),
        )
    possible = mechanisms_of(kind)
    usual = Everything if isinstance(rule, EverythingRule) and kind is Records else possible[0]
    for mechanism in possible:
        if mechanism.name == (request.mechanism or usual.name):
            _check_goes_by(request, rule, kind, mechanism)
            return kind, mechanism
    raise UsageError(
        _(
            "There is no mechanism “{mechanism}” for {kind}.",
            mechanism=request.mechanism,
            kind=kind.name,
        ),
        _(
            "They are released by {mechanisms}.",
            mechanisms=_(" or ").join(mechanism.name for mechanism in possible),
        ),
        _("Give one of these."),
    )


def _check_goes_by(
    request: ReleaseRequest, rule: Rule, kind: type[Kind], mechanism: type[Mechanism]
) -> None:
    """Refuse a rule that a release cannot go by.

    Raises
    ------
    UsageError
        Where it cannot.
    """
    is_of_all = isinstance(rule, EverythingRule)
    if is_of_all != (mechanism is Everything):
        raise UsageError(
            _("The selection is all records that may leave.")
            if is_of_all
            else _("The selection is not all records that may leave."),
            _("Such a release goes by no score, no rule and no mechanism."),
            _("Leave --mechanism out, or select by a score or a rule.")
            if is_of_all and kind is Records
            else _("Select by a score or a rule first.")
            if is_of_all
            else _("Use “dataselect select PROJECT --all” first."),
        )
    takes = kind.takes | mechanism.takes
    by_score = request.bins is not None or request.count_threshold is not None
    if isinstance(rule, RecordRule) and "passing" in takes and request.passing and not by_score:
        return
    if isinstance(rule, RecordRule) and ("threshold" not in takes or "bounds" in takes):
        raise UsageError(
            _(
                "A release of {kind} by {mechanism} goes by one score.",
                kind=kind.name,
                mechanism=mechanism.name,
            ),
            _("The selection goes by conditions on each record."),
            _("Count the records that your rule picks, with --passing alone, or select by one score.")
            if "passing" in takes
            else _(
                "Select by one score first, or release records one-sided or by randomised response."
            ),
        )
    if isinstance(rule, RecordRule) and rule.keep is not None and not kind.selects:
        raise UsageError(
            _("A release of {kind} cannot go by a keep-probability.", kind=kind.name),
            _("Its sum is made before any coin is drawn."),
            _("Select by a rule without “keep” first."),
        )


def training_of(project: Project, request: ReleaseRequest, rule: Rule) -> Training:
    """Return the answer about training: the request's, or else the one stored in the project.

    Where a score of the rule reads the reference state, too, that has an answer of its own, and what
    holds of both is returned. A rule that takes everything reads no score and claims no ε: nothing
    depends on the answer then, and it may be missing.
    """
    text = request.in_training or project.settings.in_training
    if text is None and isinstance(rule, EverythingRule):
        return Training("unknown")
    if text is None:
        raise UsageError(
            _("One answer is missing: did these records help to train this checkpoint?"),
            _("If they did, what is released says more than its ε, and the program cannot know."),
            _(
                "Add --in-training no, --in-training dp:E,D (under differential privacy), yes or "
                "unknown."
            ),
        )
    training = _training(text, "--in-training")
    if not _reads_reference(rule):
        return training
    text = request.reference_in_training or project.settings.reference_in_training
    if text is None:
        raise UsageError(
            _("One answer is missing: did these records help to train the reference state?"),
            _("The score compares with it, so that it speaks of what that state was trained on."),
            _("Add --reference-in-training no, dp:E,D, yes or unknown."),
        )
    return _of_both(training, _training(text, "--reference-in-training"))


def _training(text: str, option: str) -> Training:
    kind, _colon, rest = text.partition(":")
    match kind:
        case "dp":
            first, _comma, second = rest.partition(",")
            epsilon = positive_amount(first, _("The training's ε"))
            return Training(kind, epsilon, probability_of(second or "missing", _("The training's δ")))
        case "no" | "yes" | "unknown" if not rest:
            return Training(kind)
        case _:
            raise UsageError(
                _("{option} cannot be “{text}”.", option=option, text=text),
                _("It is no, dp:E,D, yes or unknown."),
                _("Give one of these."),
            )


def _reads_reference(rule: Rule) -> bool:
    """Say whether a score of the rule reads the reference state."""
    read = [find_score(name) for name in rule.scores]
    return any(isinstance(score, ModelScore) and score.reads_reference for score in read)


def _of_both(training: Training, other: Training) -> Training:
    """Return what holds of two trainings: the worse answer, and of two under DP their sum."""
    worst: tuple[TrainingAnswer, ...] = ("yes", "unknown", "dp", "no")
    answer = next(each for each in worst if each in {training.answer, other.answer})
    if answer != "dp":
        return Training(answer)
    return Training("dp", training.epsilon + other.epsilon, training.delta + other.delta)


def remember_training(project: Project, request: ReleaseRequest) -> None:
    """Store the answers about training in the project, which the caller has locked."""
    settings = project.settings
    stated = (
        request.in_training or settings.in_training,
        request.reference_in_training or settings.reference_in_training,
    )
    if stated != (settings.in_training, settings.reference_in_training):
        settings.in_training, settings.reference_in_training = stated
        project.save()


def epsilon_of(
    request: ReleaseRequest, mechanism: type[Mechanism], training: Training
) -> Decimal | None:
    """Return the mechanism's ε; None where it has none."""
    if "epsilon" in mechanism.takes and training.answer in {"yes", "unknown"}:
        raise UsageError(
            _(UNPROMISED),
            _(
                "The records took part in training the checkpoints without differential privacy, or "
                "that is unknown; then what is released says more than any mechanism counts."
            ),
            _(
                "Only --mechanism exact is left, or all records that may leave, with your "
                "acknowledgement."
            ),
        )
    return mechanism.read_epsilon(request.epsilon)


def destination_of(project: Project, to: Path) -> Path:
    """Return the bundle's folder; refuse one inside the project or the source."""
    destination = resolved(to)
    for place, refusal in (
        (project.folder, N_("The bundle cannot be written into the project.")),
        (Path(project.settings.source.path), N_("The bundle cannot be written into the source.")),
    ):
        # By file identity, not by name: a folder can have several names.
        around = [folder for folder in (destination, *destination.parents) if folder.exists()]
        if place.exists() and any(folder.samefile(place) for folder in around):
            raise UnusableError(
                _(refusal),
                _("It would become part of it."),
                _("Name a folder elsewhere."),
            )
    return destination


def max_contributions_of(stated: int | None, unit_column: str | None) -> int:
    """Return the most records of a unit that may take part, m."""
    if stated is not None and not 1 <= stated <= MOST_CONTRIBUTIONS:
        raise UsageError(
            _("--per-unit cannot be {stated}.", stated=stated),
            _(
                "It is a whole number from 1 to {most}.",
                most=MOST_CONTRIBUTIONS,
            ),
            _("Use the number of records of a person that matter, for example 2."),
        )
    if unit_column is None and stated not in {None, 1}:
        raise UsageError(
            _("--per-unit does not apply."),
            _("The project has no unit column, so each record is a unit of its own."),
            _("Score the source with --unit-column to protect people with several records."),
        )
    return stated or 1


def first_budget_of(stated: str | None, statement: Statement) -> Decimal | None:
    """Return the budget to set where there is none."""
    if stated is None:
        return None
    budget = positive_amount(stated, _("The budget"))
    if statement.budget is not None and statement.budget != budget:
        raise UsageError(
            _("The budget is already set."),
            _(
                "It is {budget}, for everything ever released from these records.",
                budget=exact(statement.budget),
            ),
            _("Change it with “dataselect ledger PROJECT --set-budget E --reason TEXT”."),
        )
    return budget
