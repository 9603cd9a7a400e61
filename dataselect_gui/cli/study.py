"""The command `study`."""

import json
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from dataselect_gui import workflow
from dataselect_gui.cli.labels import Columns, Label, Labels, Separator, UncertainAs
from dataselect_gui.cli.options import (
    CheckpointPath,
    Json,
    LabelColumn,
    SourcePath,
    Split,
    TextColumn,
    UnitColumn,
    names,
    positive,
    whole,
)
from dataselect_gui.cli.output import errors, print_lines, progress, tell
from dataselect_gui.errors import UsageError
from dataselect_gui.texts import _

_MOST_NUMBERS = 10


def study(
    source: SourcePath,
    checkpoint: CheckpointPath,
    to: Annotated[Path | None, typer.Option(help=_("By default ./NAME.study."))] = None,
    clean_rows: Annotated[
        Path | None,
        typer.Option(
            metavar="SOURCE",
            help=_(
                "Clean rows of the consortium that its model was not trained on: the thresholds are "
                "made of them."
            ),
        ),
    ] = None,
    consortium_rows: Annotated[
        Path | None,
        typer.Option(
            metavar="SOURCE",
            help=_("Rows of the consortium that are mixed in, compared with and without."),
        ),
    ] = None,
    plant: Annotated[
        str,
        typer.Option(
            metavar="DIRT",
            help=_("Plant dirt as well: labels:0.2,confusable:0.1,foreign:0.1,duplicates:0.1,tail:50."),
        ),
    ] = "",
    foreign: Annotated[
        Path | None,
        typer.Option(metavar="SOURCE", help=_("The foreign records to plant; by default made up.")),
    ] = None,
    alpha: Annotated[
        str | None,
        typer.Option(
            help=_(
                "The share of clean records that may be left out; by default 0.05, or the request's."
            )
        ),
    ] = None,
    judged_by: Annotated[
        str | None,
        typer.Option(
            metavar="SCORES",
            help=_("By what thresholds of the clean rows are made: loss, or loss,distance."),
        ),
    ] = None,
    release_epsilons: Annotated[
        str, typer.Option(help=_("ε of the releases of what is not left out; “none” for no release."))
    ] = ",".join(workflow.RELEASE_EPSILONS),
    scores: Annotated[
        str | None,
        typer.Option(
            help=_("Try picking by these scores instead, the highest, middle and lowest of them.")
        ),
    ] = None,
    shares: Annotated[
        str, typer.Option(help=_("With --scores: which shares of the records to train on."))
    ] = "0.1,0.3",
    epsilons: Annotated[
        str | None, typer.Option(help=_("ε of the trainings by DP-SGD; by default 3, with --scores 8."))
    ] = None,
    seeds: Annotated[
        int, typer.Option(parser=whole, metavar="N", help=_("How often each training is repeated."))
    ] = 5,
    start: Annotated[
        workflow.Start,
        typer.Option(help=_("checkpoint: the consortium's model; scratch: a small network.")),
    ] = "checkpoint",
    limit: Annotated[
        int, typer.Option(parser=positive, metavar="N", help=_("At most so many records, drawn."))
    ] = 10_000,
    limit_trainings: Annotated[
        int, typer.Option(parser=positive, metavar="N", help=_("Refuse a larger plan."))
    ] = workflow.MOST_TRAININGS,
    label_column: LabelColumn = None,
    unit_column: UnitColumn = None,
    split: Split = None,
    text_column: TextColumn = None,
    label: Label = None,
    labels: Labels = None,
    label_separator: Separator = None,
    label_columns: Columns = None,
    uncertain: UncertainAs = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=_("Show the plan and the time it takes; train nothing."))
    ] = False,
    as_json: Json = False,
) -> None:
    """Try what helps on your own records: leaving out what looks wrong; never a release."""
    rule = workflow.label_rule(
        pairs=label or (),
        table=labels,
        separator=label_separator,
        columns=label_columns,
        uncertain=uncertain,
    )
    if scores is None:
        request = workflow.ArmsRequest(
            source,
            checkpoint,
            clean_rows,
            consortium_rows,
            foreign,
            to,
            epsilons=_epsilons(epsilons, ",".join(workflow.ARM_EPSILONS)),
            release_epsilons=()
            if release_epsilons == "none"
            else decimals(release_epsilons, "--release-epsilons", most=100),
            seeds=seeds,
            start=start,
            plant=plant,
            alpha=None if alpha is None else _alpha(alpha),
            judged_by=None if judged_by is None else tuple(names(judged_by) or ()),
            limit=limit,
            label_column=label_column,
            unit_column=unit_column,
            split=split,
            text_column=text_column,
            labels=rule or workflow.LabelRule(),
        )
        _study_arms(workflow.check_arms(request, limit_trainings), dry_run=dry_run, as_json=as_json)
        return
    if clean_rows or consortium_rows or plant or foreign or alpha or judged_by:
        raise UsageError(
            _("--scores does not go with the options of what looks wrong: --clean-rows, --plant, …"),
            _("A study of picks by scores trains on the owner's records alone, as they are."),
            _("Leave --scores out, or the others."),
        )
    choices = workflow.choose_study(
        checkpoint,
        names(scores),
        decimals(shares, "--shares", most=1),
        _epsilons(epsilons, "8"),
        seeds,
        start,
        limit_trainings,
    )
    _study_scores(
        workflow.StudyRequest(
            source,
            checkpoint,
            choices,
            to=to,
            limit=limit,
            label_column=label_column,
            unit_column=unit_column,
            split=split,
            text_column=text_column,
            labels=rule or workflow.LabelRule(),
        ),
        dry_run=dry_run,
        as_json=as_json,
    )


def _study_arms(request: workflow.ArmsRequest, *, dry_run: bool, as_json: bool) -> None:
    with progress(workflow.JobKind.STUDY) as context:
        if dry_run:
            plan = workflow.foresee_arms(request, context)
            tell("study", as_json, {"plan": _arms_as_json(plan)}, [_trainings_line(plan)])
            return
        done = workflow.study_arms(
            request, context, lambda plan: print_lines(errors, [_trainings_line(plan)])
        )
    content = {
        "plan": _arms_as_json(done.plan),
        "page": str(done.page),
        "findings": done.findings.as_json(),
    }
    page = _("Page: {page} (yours alone, no release)", page=done.page)
    tell("study", as_json, content, [*workflow.answer_lines(done.findings), page])


def _study_scores(request: workflow.StudyRequest, *, dry_run: bool, as_json: bool) -> None:
    with progress(workflow.JobKind.STUDY) as context:
        if dry_run:
            plan = workflow.foresee_study(request, context)
            tell("study", as_json, {"plan": _as_json(plan)}, _lines_of(plan))
            return
        # The plan is shown before anything is trained, on standard error.
        done = workflow.study(request, context, lambda plan: print_lines(errors, _lines_of(plan)))
    content = {
        "plan": _as_json(done.plan),
        "page": str(done.page),
        "findings": done.findings.as_json(),
    }
    lines = [
        *workflow.headline(done.findings),
        workflow.tally(done.findings),
        _("Page: {page} (yours alone, no release)", page=done.page),
    ]
    tell("study", as_json, content, lines)


def _epsilons(stated: str | None, usual: str) -> tuple[str, ...]:
    return decimals(usual if stated is None else stated, "--epsilons", most=100)


def _alpha(text: str) -> str:
    """Return α as a decimal above 0 and below 1.

    Raises
    ------
    UsageError
        Where it is something else.
    """
    number = workflow.decimal_of(text)
    if number is None or not 0 < number < 1:
        raise UsageError(
            _("--alpha cannot be “{stated}”.", stated=text),
            _("It is a share above 0 and below 1."),
            _("Write it like {option} {example}.", option="--alpha", example="0.05"),
        )
    return format(number.normalize(), "f")


def decimals(text: str, option: str, most: int) -> tuple[str, ...]:
    """Return the numbers that an option names, separated by commas; sorted, each once.

    Raises
    ------
    UsageError
        Where one is not a number, not above 0 or above `most`, or where there are too many.
    """
    numbers: set[Decimal] = set()
    parts = text.split(",")
    if len(parts) > _MOST_NUMBERS:
        raise UsageError(
            _("{option} names too many numbers.", option=option),
            _("{most} at most are compared, or no study would come to an end.", most=_MOST_NUMBERS),
            _("Name fewer."),
        )
    for part in parts:
        number = workflow.decimal_of(part)
        if number is None or not 0 < number <= most:
            raise UsageError(
                _("{option} cannot be “{stated}”.", option=option, stated=text),
                _(
                    "It is one or more numbers above 0 and at most {most}, separated by commas.",
                    most=most,
                ),
                _(
                    "Write it like {option} {example}.",
                    option=option,
                    example="0.1,0.3" if most == 1 else "3,8",
                ),
            )
        numbers.add(number.normalize())
    return tuple(format(number, "f") for number in sorted(numbers))


def _lines_of(plan: workflow.StudyPlan) -> list[str]:
    """Return the plan as lines for a terminal."""
    choices = plan.choices
    return [
        _trainings_line(plan),
        _(
            "Scores: random, {scores}. Shares: {shares}. Trained without DP and at ε = {epsilons}. "
            "{seeds} seeds.",
            scores=", ".join(choices.scores),
            shares=", ".join(choices.shares),
            epsilons=", ".join(choices.epsilons),
            seeds=choices.seeds,
        ),
        *(
            f"  {question}  {plan.by_question[question]:4d}  {_(text)}"
            for question, text in workflow.QUESTIONS.items()
        ),
        _("Some trainings serve several questions."),
    ]


def _trainings_line(plan: workflow.StudyPlan | workflow.ArmsPlan) -> str:
    return _(
        "{trainings} trainings, {left} of them to be done: about {duration}.",
        trainings=plan.trainings,
        left=plan.left,
        duration=workflow.duration(plan.seconds),
    )


def _arms_as_json(plan: workflow.ArmsPlan) -> dict[str, Any]:
    """Return the plan of a study of arms as a JSON object."""
    return {
        "folder": str(plan.folder),
        "trainings": plan.trainings,
        "left": plan.left,
        "seconds_left": round(plan.seconds, 1),
    }


def _as_json(plan: workflow.StudyPlan) -> dict[str, Any]:
    """Return the plan as a JSON object."""
    return {
        "folder": str(plan.folder),
        "trainings": plan.trainings,
        "left": plan.left,
        "seconds_left": round(plan.seconds, 1),
        "by_question": plan.by_question,
        "choices": json.loads(json.dumps(asdict(plan.choices))),
    }
