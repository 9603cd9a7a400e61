"""What Setup says of records, a checkpoint and a project: facts, each a name and a value."""

import math
from collections.abc import Iterable, Mapping, Sequence

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.window.setup.labels import label_facts
from dataselect_gui.workflow import (
    CheckpointInspected,
    FixedRule,
    LabelRule,
    Look,
    Request,
    SourceInspected,
    SourceRef,
    calibrated_rule,
    label_items,
    rule_sentences,
    short_number,
    spoken_name,
)

_MOST_NAME, _MOST_TEXT, _MOST_LABELS = 100, 500, 20
"""Characters of a name, and of what a request says, that are shown; labels in a line."""
_MOST_VALUES = 10
"""So many different numbers may be classes; more are measurements."""
Facts = list[tuple[str, str]]


def source_facts(inspection: SourceInspected) -> Facts:
    """Return what was found at a source."""
    count = f"{inspection.records:,}"
    if inspection.problems:
        count = _(
            "{readable:,} readable of {count:,}",
            readable=inspection.readable,
            count=inspection.records,
        )
    facts = [(_("Records"), count), (_("Labels"), _labels(inspection))]
    if inspection.split is not None:
        facts.insert(0, (_("Part"), inspection.split))
    if inspection.ignored:
        ignored = ngettext("{count:,} other file", "{count:,} other files", inspection.ignored)
        facts.append((_("Skipped"), ignored))
    return facts + [(_("Note"), note) for note in inspection.notes]


def checkpoint_facts(inspection: CheckpointInspected) -> Facts:
    """Return what was found at a checkpoint, and what became of the records' labels."""
    model = inspection.preflight
    steps = [step for step in inspection.series if step is not None]
    series = _("one state")
    if steps:
        series = ngettext(
            "{count} state, to step {step:,}",
            "{count} states, to step {step:,}",
            len(steps),
            step=steps[-1],
        )
    facts = [
        (_("Model"), model.architecture or _("a .pt2 graph")),
        (_("Saved states"), series),
        _predicted(inspection),
        (_("Scores"), _spoken(model.scores)),
        *requested(inspection.asks),
    ]
    if model.features:
        facts.append((_("Columns"), _names(model.features)))
    facts += [(_("Note"), note) for note in model.notes]
    if model.label_account is not None:
        facts.insert(3, (_("Labels"), label_facts(model.label_account)))
    return facts


def _predicted(inspection: CheckpointInspected) -> tuple[str, str]:
    """Return what a model predicts: its classes, or numbers."""
    names = _names(inspection.labels)
    if inspection.preflight.task != "regression":
        return _("Classes"), names or _("not named")
    count = inspection.preflight.outputs or 1
    number = ngettext("a number for each record", "{count:,} numbers for each record", count)
    return _("Predicts"), names or number


def project_facts(look: Look) -> Facts:
    """Return what an open project was made from, and how its records are read."""
    labels = sorted({look.class_shown(label) for label in set(look.labels) if label is not None})
    part = [] if look.records.split is None else [(_("Part"), look.records.split)]
    return [
        *part,
        (_("Records"), f"{len(look.ids):,}"),
        (_("Labels"), listed(labels)),
        *_reading(look.records),
    ]


def scored_facts(look: Look) -> Facts:
    """Return what the checkpoint of an open project computed, and what its request asks for."""
    return [(_("Scores"), _spoken(look.scores) or _("none yet")), *requested(look.request)]


def has_columns(look: Look) -> bool:
    """Say whether a person, or the checkpoint, said how the records' columns and labels are read."""
    source = look.records
    said = (source.label_column, source.unit_column, source.text_column, source.feature_columns)
    return any(said) or source.labels != LabelRule()


def _reading(source: SourceRef) -> Facts:
    """Return how records are read, where a person said so or a checkpoint asks for it."""
    facts, rule = [], source.labels
    if source.text_column is not None:
        facts.append((_("Texts"), _("column {column}", column=source.text_column)))
    if rule.columns:
        columns = ngettext(
            "column {columns}", "columns {columns}", len(rule.columns), columns=_names(rule.columns)
        )
        facts.append((_("Labels from"), columns))
    elif source.label_column is not None:
        facts.append((_("Labels from"), _("column {column}", column=source.label_column)))
    if rule.separator is not None:
        facts.append((_("Labels separated by"), f"“{rule.separator}”"))
    return facts


def _labels(inspection: SourceInspected) -> str:
    """Return the labels, and how many records have none."""
    named = listed(inspection.labels)
    without = ngettext(
        "{count:,} record has none", "{count:,} records have none", inspection.unlabelled
    )
    if not inspection.labels:
        return named
    return f"{named}; {without if inspection.unlabelled else _('every record has one')}"


def listed(labels: Sequence[str], most: int = _MOST_LABELS) -> str:
    """Return different labels in a line: of measurements their range, each of several labels once."""
    numbers = [_number(label) for label in labels]
    if len(labels) > _MOST_VALUES and all(number is not None for number in numbers):
        known = [number for number in numbers if number is not None]
        return _("numbers from {low:g} to {high:g}", low=min(known), high=max(known))
    shown = dict.fromkeys(item for label in labels for item in label_items(label))
    named = _names(list(shown)[:most]) or _("none")
    more = len(shown) - most
    return _("{names} and {count:,} more", names=named, count=more) if more > 0 else named


def _number(label: str) -> float | None:
    try:
        number = float(label)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _names(names: Iterable[str]) -> str:
    """Return names in a line, each of limited length."""
    return ", ".join(visible(name, _MOST_NAME) for name in names)


def _spoken(scores: Iterable[str]) -> str:
    """Return scores in a line, by the names that people say."""
    return _names(map(spoken_name, scores))


def part_of(name: str, count: int) -> str:
    """Return a part of the records with its size."""
    return ngettext(
        "{name}: {count:,} record", "{name}: {count:,} records", count, name=visible(name, _MOST_NAME)
    )


def parts_of(splits: Mapping[str, int]) -> str:
    """Return the parts of the records with their sizes."""
    return "; ".join(part_of(name, count) for name, count in splits.items())


def _rule_text(rule: FixedRule, request: Request) -> str:
    """Return what a request's rule asks for; in everyday words where it is that of its calibration."""
    if request.calibration is None or rule != calibrated_rule(request):
        return visible(" ".join(rule_sentences(rule, short_number, spoken_name)), _MOST_TEXT)
    return _(
        "leaving out records that look wrong; of clean records, at most {percent:g} % on average",
        percent=request.calibration.alpha * 100,
    )


def requested(request: Request) -> list[tuple[str, str]]:
    """Return what a request asks for, as facts."""
    lines = []
    criterion, rule = spoken_name(request.score or ""), request.asked_rule
    if rule is not None:
        criterion = _rule_text(rule, request)
    elif request.threshold is not None:
        criterion = _("{score} at least {threshold}", score=criterion, threshold=request.threshold)
    elif request.count is not None:
        criterion = ngettext(
            "the {count:,} record with the highest {score}",
            "the {count:,} records with the highest {score}",
            request.count,
            score=criterion,
        )
    if criterion:
        lines.append((_("Asks for"), criterion))
    if request.pixel_range is not None:
        low, high = request.pixel_range
        pixels = _("{low} is black, {high} is white, in images of more than 8 bits", low=low, high=high)
        lines.append((_("Pixels"), pixels))
    private = [
        _(text, value=value)
        for value, text in (
            (request.epsilon, "ε {value}"),
            (request.delta, "δ {value}"),
            (request.noise_multiplier, N_("noise {value}")),
            (request.max_grad_norm, N_("clipped at {value}")),
            (request.sample_rate, N_("rate {value}")),
            (request.steps, N_("{value} steps")),
        )
        if value is not None
    ]
    if private:
        promised = request.epsilon is not None or bool(request.noise_multiplier)
        text = (
            N_("under differential privacy: {terms}") if promised else N_("{terms}; no noise is stated")
        )
        lines.append((_("Trained"), _(text, terms=", ".join(private))))
    lines += [
        (name, visible(text, _MOST_TEXT))
        for name, text in (
            (_("Contact"), request.contact),
            (_("Deadline"), request.deadline),
            (_("Direction"), request.direction),
        )
        if text is not None
    ]
    if request.bounds:
        lines.append((_("Bounds"), _("for {names}", names=_spoken(request.bounds))))
    if request.class_statistics:
        names = _names(request.class_statistics)
        lines.append((_("Statistics"), _("for {names}", names=names)))
    return lines or [(_("Asks for"), _("nothing in particular"))]
