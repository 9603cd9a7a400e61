"""The command `select`."""

from pathlib import Path
from typing import Annotated

import typer

from dataselect_gui import workflow
from dataselect_gui.cli.options import CountEpsilon, Json, LeaveOutOption, ProjectPath, whole
from dataselect_gui.cli.output import stated_decision, tell
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.plain import from_cell
from dataselect_gui.texts import N_, _, ngettext

_REGISTERS = (
    (
        "opted_out",
        workflow.opt_out,
        N_("Opted out: {known:,} of {listed:,} people have records here, {records:,} in all."),
    ),
    (
        "opted_in",
        workflow.opt_in,
        N_("Opted in: {known:,} of {listed:,} people have records here, {records:,} in all."),
    ),
)


def select(
    project: ProjectPath,
    by: Annotated[str | None, typer.Option(help=_("The score."))] = None,
    threshold: Annotated[str | None, typer.Option(help=_("Scores at or above it."))] = None,
    count: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help=_("So many records."))
    ] = None,
    fraction: Annotated[
        str | None, typer.Option(help=_("This share of the records that may leave."))
    ] = None,
    lowest: Annotated[
        bool, typer.Option("--lowest", help=_("The lowest instead of the highest."))
    ] = False,
    per_class: Annotated[
        bool, typer.Option("--per-class", help=_("By the request's thresholds of it by class."))
    ] = False,
    rule: Annotated[
        Path | None, typer.Option(help=_("A file with a rule of conditions, as a request has one."))
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help=_("All records that may leave, by no score."))
    ] = False,
    leave_out: LeaveOutOption = None,
    count_epsilon: CountEpsilon = None,
    in_training: Annotated[
        str | None,
        typer.Option(help=_("For a count, as for a release: no, dp:E,D, yes or unknown.")),
    ] = None,
    reference_in_training: Annotated[
        str | None, typer.Option(help=_("For a count: the same of the reference state, if it is read."))
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help=_("For a count: the source's budget, where it has none."))
    ] = None,
    max_contributions: Annotated[
        int | None,
        typer.Option(
            "--per-unit", parser=whole, metavar="N", help=_("For a count: at most so many of a person.")
        ),
    ] = None,
    withhold: Annotated[
        str | None, typer.Option(help=_("Ids, or @FILE with one a line: never to leave."))
    ] = None,
    restore: Annotated[str | None, typer.Option(help=_("Ids, or @FILE: they may leave again."))] = None,
    opt_out: Annotated[
        Path | None, typer.Option(help=_("A CSV of people none of whose records may ever leave."))
    ] = None,
    opt_in: Annotated[
        Path | None, typer.Option(help=_("A CSV of people to take off that list."))
    ] = None,
    register_column: Annotated[
        str | None,
        typer.Option(help=_("The CSV's column; by default the unit column, or the only one.")),
    ] = None,
    as_json: Json = False,
) -> None:
    """Replace the project's selection, or withhold and restore records."""
    is_cut = (threshold, count, fraction, lowest) != (None, None, None, False)
    ways = [by is not None, rule is not None, everything, leave_out is not None].count(True)
    if ways > 1 or (is_cut and (per_class or not by)) or (per_class and by is None):
        raise UsageError(
            _("The rule is not clear."),
            _(
                "Records are selected by a cut of one score, by the request's thresholds of it by "
                "class, by a rule in a file, all of them, or by what is decided about leaving out."
            ),
            _("Give --by SCORE with a cut or --per-class, or --rule FILE, --all or --leave-out."),
        )
    if leave_out is not None and (withhold or restore):
        raise UsageError(
            _("Both at once are not possible."),
            _("What is left out is decided about the records that may leave by then."),
            _("Withhold or restore records first, then decide."),
        )
    if not ways and not any((withhold, restore, opt_out, opt_in)):
        raise UsageError(
            _("What to select by is missing."),
            _("Nothing says which records are to be in the selection."),
            _("Add --by SCORE, for example --by loss, or --rule FILE, or --all."),
        )
    chosen: workflow.Rule | None = None
    if by is not None and per_class:
        chosen = workflow.rule_per_class(project, by)
    elif by is not None:
        chosen = workflow.make_rule(
            by, threshold=threshold, count=count, fraction=fraction, lowest=lowest
        )
    elif rule is not None:
        chosen = workflow.read_rule_file(rule)
    elif everything:
        chosen = workflow.Everything()
    lines, registers = [], {}
    for (name, apply, sentence), file in zip(_REGISTERS, (opt_out, opt_in), strict=True):
        if file is not None:
            done = apply(project, file, register_column)
            registers[name] = {
                "listed": done.listed,
                "found": done.matched,
                "records": done.records,
            }
            lines.append(_(sentence, known=done.matched, listed=done.listed, records=done.records))
    if leave_out is not None:
        answers = workflow.CountAnswers(in_training, reference_in_training, budget, max_contributions)
        workflow.decide(project, leave_out, count_epsilon, answers)
    ids, cut = workflow.select_records(
        project, chosen, withhold=ids_in(withhold), restore=ids_in(restore)
    )
    if cut is None:
        lines.append(
            ngettext(
                "{count:,} record in the selection.", "{count:,} records in the selection.", len(ids)
            )
        )
    else:
        lines.append(
            ngettext(
                "{count:,} record in the selection, cut at {cut:.6g}.",
                "{count:,} records in the selection, cut at {cut:.6g}.",
                len(ids),
                cut=cut,
            )
        )
    stated: dict[str, object] = {}
    if chosen is not None and not isinstance(chosen, workflow.ScoreCut):
        sentences = workflow.rule_sentences(chosen)
        stated = {"rule": workflow.rule_form(chosen), "rule_in_words": sentences}
        lines = [*sentences, *lines]
    decision = workflow.decision(project)
    counted = leave_out == "count" and decision is not None and decision.answer == "wrong"
    figures = _figures(project) if leave_out == "wrong" or counted else None
    if figures is not None:
        total = figures.total
        stated["left_out"] = {
            "records": total.records,
            "left_out": total.left_out,
            "low": total.low,
            "high": total.high,
            "alpha": float(figures.alpha),
        }
        lines.append(workflow.left_out_total(figures))
    if decision is not None:
        stated |= stated_decision(decision)
        lines = [*workflow.decision_sentences(decision), *lines]
    tell("select", as_json, {"ids": ids, "threshold": cut, **stated, **registers}, lines)


def _figures(project: Path) -> workflow.LeftOutFigures | None:
    """Return what the calibration's rule leaves out."""
    look = workflow.look(project)
    return workflow.left_out_figures(look, look.eligible)


def ids_in(text: str | None) -> list[str]:
    """Return ids that were typed with commas between them, or those of a file."""
    if text is None:
        return []
    if not text.startswith("@"):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        lines = Path(text[1:]).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        raise UnusableError(
            _("“{name}” cannot be read.", name=Path(text[1:]).name),
            _("It is not there, or not text in UTF-8."),
            _("Give a file with one id a line."),
        ) from None
    # A list may have been copied from a table that was written for spreadsheets.
    return [from_cell(line.strip()) for line in lines if line.strip()]
