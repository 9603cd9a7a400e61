"""The written form of terms: flat, of texts and numbers, as the ledger keeps it.

``release.json`` states the same (see `documents`). In the program amounts are decimals, and kind and
mechanism are objects; this module alone converts them to texts and back. An unregistered kind or
mechanism is an error.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal

from dataselect_gui.privacy.amounts import exact
from dataselect_gui.privacy.mechanisms.mechanism import Setting
from dataselect_gui.release.registry import registered
from dataselect_gui.release.terms import (
    Bounds,
    BoundsSource,
    Cut,
    CutBy,
    CutSource,
    Marks,
    RuleSource,
    RuleTerms,
    Scoring,
    Terms,
    Training,
    Unit,
)
from dataselect_gui.selection.forms import RuleForm, read_rule, rule_form
from dataselect_gui.selection.rules import Everything

NOT_IN_KEY = frozenset(
    "release program date after_exact after_marked noise_scale scored_by precision device batch".split()
)
"""Fields that do not distinguish releases; how scores were computed shows in the scores."""


_ADDED = (
    "clip_from",
    "passing",
    "rule",
    "rule_from",
    "rule_scores",
    "rule_epsilon",
    "marks",
    "after_marked",
    "relabelled",
)
"""Fields that the first versions did not write: they are there only where they say something."""


@dataclass(frozen=True)
class TermsForm:
    """Terms in their written form.

    See `Terms`, `Cut`, `RuleTerms`, `Bounds`, `Scoring`, kinds and mechanisms.

    Amounts, thresholds, bounds and edges are exact decimals in one form. `bounds_from` is the origin of
    the bounds or of the clipping norm; `clip_from` is there only where there are both and their origins
    differ.
    """

    release: str
    program: str
    date: str
    kind: str
    mechanism: str
    epsilon: str | None
    delta: str | None
    conditional: bool
    unit: Unit
    per_unit: int
    score: str | None
    variant: str | None
    lowest: bool
    cut: CutBy | None
    threshold: str | None
    threshold_from: CutSource | None
    threshold_epsilon: str | None
    in_training: Training
    after_exact: bool
    checkpoint: str
    bounds: tuple[str, str] | None = None
    bounds_from: BoundsSource | None = None
    count: int | None = None
    padded: int | None = None
    bins: tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None
    count_threshold: str | None = None
    clip: str | None = None
    noise_scale: float | None = None
    scored_by: str | None = None
    precision: str | None = None
    device: str | None = None
    batch: int | None = None
    clip_from: BoundsSource | None = None
    passing: bool = False
    rule: RuleForm | None = None
    rule_from: RuleSource | None = None
    rule_scores: tuple[tuple[str, str], ...] | None = None
    rule_epsilon: str | None = None
    marks: Marks | None = None
    after_marked: bool = False
    relabelled: bool = False


def to_form(terms: Terms) -> TermsForm:
    """Return the written form of terms."""
    cut, rule, bounds, scoring = terms.cut, terms.rule, terms.bounds, terms.scoring
    mechanism, kind = terms.mechanism.form, terms.kind.form
    clip_from = kind.get("clip_from")
    bounds_from = clip_from if bounds is None else bounds.source
    return TermsForm(
        release=terms.release,
        program=terms.program,
        date=terms.date,
        kind=terms.kind.name,
        mechanism=terms.mechanism.name,
        epsilon=mechanism["epsilon"],
        delta=mechanism["delta"],
        conditional=terms.conditional,
        unit=terms.unit,
        per_unit=terms.max_contributions,
        score=terms.score,
        variant=terms.variant,
        lowest=terms.lowest,
        cut=None if cut is None else cut.by,
        threshold=None if cut is None else _text(cut.threshold),
        threshold_from=None if cut is None else cut.source,
        threshold_epsilon=None if cut is None else _text(cut.epsilon),
        in_training=terms.in_training,
        after_exact=terms.after_exact,
        checkpoint=terms.checkpoint,
        bounds=None if bounds is None else (exact(bounds.low), exact(bounds.high)),
        bounds_from=bounds_from,
        count=mechanism["count"],
        padded=kind.get("padded"),
        bins=kind.get("bins"),
        classes=kind.get("classes"),
        count_threshold=kind.get("count_threshold"),
        clip=kind.get("clip"),
        noise_scale=mechanism["noise_scale"],
        scored_by=scoring.program,
        precision=scoring.precision,
        device=scoring.device,
        batch=scoring.batch,
        clip_from=None if clip_from == bounds_from else clip_from,
        passing=kind.get("passing", False),
        rule=None if rule is None or rule.rule is None else rule_form(rule.rule),
        rule_from=None if rule is None else rule.source,
        rule_scores=None if rule is None else rule.scores,
        rule_epsilon=None if rule is None else _text(rule.epsilon),
        marks=terms.marks,
        after_marked=terms.after_marked,
        relabelled=terms.relabelled,
    )


def from_form(form: TermsForm) -> Terms:
    """Return the terms that were written down.

    Raises
    ------
    ValueError
        Where they are no terms of a registered kind and mechanism.
    """
    line = registered(form.kind, form.mechanism)
    kind = line.kind.of_form(
        {
            "padded": form.padded,
            "bins": form.bins,
            "classes": form.classes,
            "count_threshold": form.count_threshold,
            "passing": form.passing,
            "clip": form.clip,
            "clip_from": form.clip_from or form.bounds_from,
        }
    )
    mechanism = line.mechanism.of(
        Setting(
            max_contributions=form.per_unit,
            epsilon=_number(form.epsilon),
            delta=_number(form.delta),
            count=form.count,
            query=kind.query(line.mechanism),
            scale=form.noise_scale,
        )
    )
    return Terms(
        release=form.release,
        program=form.program,
        date=form.date,
        kind=kind,
        mechanism=mechanism,
        conditional=form.conditional,
        unit=form.unit,
        score=form.score,
        variant=form.variant,
        lowest=form.lowest,
        cut=_cut(form),
        bounds=_bounds(form),
        in_training=form.in_training,
        after_exact=form.after_exact,
        checkpoint=form.checkpoint,
        scoring=Scoring(form.scored_by, form.precision, form.device, form.batch),
        rule=_rule(form),
        marks=form.marks,
        after_marked=form.after_marked,
        relabelled=form.relabelled,
    )


def to_entry(terms: Terms) -> dict[str, object]:
    """Return terms as an entry of the ledger holds them."""
    return as_entry(to_form(terms))


def as_entry(form: TermsForm) -> dict[str, object]:
    """Return a form as an entry of the ledger holds it."""
    entry = asdict(form)
    for name in _ADDED:
        if not entry[name]:
            del entry[name]  # Otherwise releases of earlier versions would not be recognised.
    return entry


def from_entry(entry: Mapping[str, object]) -> Terms:
    """Return the terms that an entry of the ledger holds.

    Raises
    ------
    ValueError
        Where they are no terms of a registered kind and mechanism.
    """
    return from_form(form_of_entry(entry))


def form_of_entry(entry: Mapping[str, object]) -> TermsForm:
    """Return the written form in an entry of the ledger, of any kind and mechanism."""
    lists = {
        key: tuple(tuple(part) if isinstance(part, list) else part for part in value)
        for key, value in entry.items()
        if isinstance(value, list)
    }
    return TermsForm(**{**entry, **lists})  # type: ignore[arg-type]


def _cut(form: TermsForm) -> Cut | None:
    if form.cut is None or form.threshold_from is None:
        return None
    threshold, epsilon = _number(form.threshold), _number(form.threshold_epsilon)
    return Cut(form.cut, form.threshold_from, threshold, epsilon)


def _rule(form: TermsForm) -> RuleTerms | None:
    if form.rule_from is None or form.rule_scores is None:
        return None
    rule = None if form.rule is None else read_rule(form.rule)
    if isinstance(rule, Everything):
        raise ValueError("everything is no rule of conditions on one record")
    return RuleTerms(form.rule_from, form.rule_scores, rule, _number(form.rule_epsilon))


def _bounds(form: TermsForm) -> Bounds | None:
    if form.bounds is None or form.bounds_from is None:
        return None
    low, high = map(Decimal, form.bounds)
    return Bounds(low, high, form.bounds_from)


def _text(number: Decimal | None) -> str | None:
    return None if number is None else exact(number)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
