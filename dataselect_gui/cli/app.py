"""The verbs, one function each: read the arguments, call the workflow, show what came of it."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from dataselect_gui import __version__, workflow
from dataselect_gui.cli import choices
from dataselect_gui.cli.account import release_in_words
from dataselect_gui.cli.demo import run_demo
from dataselect_gui.cli.numbers import positive, whole
from dataselect_gui.cli.output import (
    print_lines,
    print_raw,
    progress,
    ready_streams,
    results,
    tell,
    tell_error,
)
from dataselect_gui.cli.study import (
    decimals,
    plan_as_json,
    plan_in_words,
    show_plan,
    study_in_words,
)
from dataselect_gui.cli.table import as_text, print_table, rows_of, save
from dataselect_gui.errors import (
    DataSelectError,
    InternalError,
    InterruptedByPersonError,
    UnusableError,
    UsageError,
    VerificationError,
    disk_refused,
)
from dataselect_gui.plain import from_cell
from dataselect_gui.privacy.amounts import whole_of
from dataselect_gui.records.source import is_text
from dataselect_gui.release.bundle import digest_of
from dataselect_gui.release.words import CANNOT_CHECK

app = typer.Typer(
    name="dataselect",
    help="What your records are worth to a shared model, what they cost in privacy, and a privatised "
    "selection of them. Nothing leaves this machine except the bundle that you export.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
_INTERRUPTED = InterruptedByPersonError("Stopped.", "You asked for it.", "What was done is kept.")
Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object.")]
ProjectPath = Annotated[Path, typer.Argument(help="A project, NAME.dataselect.")]


def main(arguments: Sequence[str]) -> int:
    """Run one verb.

    Returns
    -------
    int
        0 done; 1 internal fault or killed worker; 2 usage; 3 refused by the ledger; 4 unusable input
        or place for output; 5 verification failed; 130 interrupted.
    """
    ready_streams()
    if not arguments and _has_display():
        arguments = ["gui"]
    verb = next((word for word in arguments if not word.startswith("-")), "")
    as_json = "--json" in arguments
    fault: DataSelectError
    try:
        _check_texts(arguments)
        outcome = app(list(arguments), standalone_mode=False)
        if outcome != InterruptedByPersonError.exit_code:
            return outcome if isinstance(outcome, int) else 0
        fault = _INTERRUPTED
    except DataSelectError as error:
        fault = error
    except (KeyboardInterrupt, typer.Abort):
        fault = _INTERRUPTED
    except TyperException as error:  # Every complaint about the arguments.
        if not str(error):
            return 0  # The help was shown.
        fault = UsageError(
            f"{error.format_message().rstrip('.')}.",
            "The command is not as it should be.",
            f"See “{' '.join(['dataselect', *([verb] if verb else [])])} --help”.",
        )
    except OSError as error:
        fault = disk_refused(error)
    except Exception as error:  # The last stop; a message might hold content, so it is not shown.
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = (
            f"{Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}" if trace else "?"
        )
        fault = InternalError(
            "Something went wrong inside the program.",
            f"{type(error).__name__} in {place}.",
            "Nothing was lost. Please report these words.",
        )
    tell_error(verb, as_json, fault)
    return fault.exit_code


def _check_texts(arguments: Sequence[str]) -> None:
    """Refuse bytes that are no characters: no ledger, project or page could hold them."""
    for place, argument in enumerate(arguments, start=1):
        if not is_text(argument):
            raise UsageError(
                f"Word {place} of the command is not text in UTF-8.",
                "It holds bytes that stand for no character.",
                "Type it again, or rename the file that it names.",
            )


def _show_version(wanted: bool) -> None:
    if wanted:
        print_lines(results, [f"dataselect {__version__}"])
        raise typer.Exit


@app.callback()
def dataselect(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Read what stands before the verb."""


@app.command()
def demo(
    headless: Annotated[bool, typer.Option("--headless", help="Show no window.")] = False,
    out: Annotated[Path, typer.Option(help="Where.")] = Path("dataselect-demo"),
    as_json: Json = False,
) -> None:
    """Score 2,000 images with five shared checkpoints, release a selection and verify it."""
    if not headless and _has_display():
        from dataselect_gui.window.app import run

        raise typer.Exit(run(demo=out))
    with progress() as report:
        content, lines = run_demo(out, report)
    tell("demo", as_json, content, lines)


@app.command()
def gui(
    project: Annotated[Path | None, typer.Argument(help="A project to open.")] = None,
) -> None:
    """Open the window."""
    if project is not None:
        workflow.prepare_pictures()  # It comes up while what shows a window is loaded.
    from dataselect_gui.window.app import run

    raise typer.Exit(run(project=project))


@app.command()
def inspect(
    path: Annotated[Path, typer.Argument(help="A source, checkpoint, project or bundle.")],
    records: Annotated[
        Path | None, typer.Option(help="A source, to hold against the checkpoint.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what something is, and what is wrong with it."""
    with progress() as report:
        content = workflow.inspect(path, records, report)
        tried = records is not None and content["kind"] == "checkpoint"
        found = workflow.preflight(path, records, report) if tried and records is not None else {}
    facts = workflow.preflight_facts(found) if found else []
    told = {name: value for name, value in content.items() if name != "release"}
    if "confined" in told:
        told["confined"] = workflow.what_confines().sentence
    lines = [*_listed(told), *(f"{name}: {words}" for name, words in facts)]
    content.get("preflight", {}).update(found)
    tell("inspect", as_json, content, lines)


@app.command()
def score(
    source: Annotated[Path, typer.Argument(help="A folder of images, or an .npz file.")],
    checkpoint: Annotated[Path, typer.Option(help="What the consortium shares.")],
    scores: Annotated[
        str | None, typer.Option(help="Names, separated by commas; by default all.")
    ] = None,
    project: Annotated[Path | None, typer.Option(help="By default ./NAME.dataselect.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    precision: Annotated[str | None, typer.Option(help="float32 (the default) or float64.")] = None,
    batch_size: Annotated[str, typer.Option(help="auto, or at most how many at once.")] = "auto",
    limit: Annotated[
        int | None, typer.Option(parser=positive, metavar="N", help="Only the first so many records.")
    ] = None,
    label_column: Annotated[str | None, typer.Option(help="The column of labels.")] = None,
    unit_column: Annotated[str | None, typer.Option(help="The column that names the person.")] = None,
    as_json: Json = False,
) -> None:
    """Compute scores of records; the same command goes on where it was stopped."""
    at_once = None if batch_size == "auto" else whole_of(batch_size)
    if at_once == 0 or (at_once is None and batch_size != "auto"):
        raise UsageError(
            f"--batch-size cannot be “{batch_size}”.",
            "It is auto or a whole number above zero.",
            "Leave it out to let the program choose.",
        )
    with progress() as report:
        done = workflow.score(
            source,
            checkpoint,
            report,
            names=None if scores is None else [name.strip() for name in scores.split(",")],
            project_path=project,
            device=device,
            precision=precision,
            batch_size=at_once,
            limit=limit,
            label_column=label_column,
            unit_column=unit_column,
        )
    content = {
        "project": str(done.project),
        "scored": done.scored,
        "problems": [{"id": i, "reason": r} for i, r in sorted(done.problems.items())],
        "seconds": round(done.seconds, 3),
        "device": done.device,
        "precision": done.precision,
        "scores": done.names,
    }
    lines = [f"{i}: {r}" for i, r in sorted(done.problems.items())[:10]]
    more = [f"… and {len(done.problems) - 10:,} more"] if len(done.problems) > 10 else []
    summary = [
        f"{done.scored:,} records scored by {', '.join(done.names)}, in {done.seconds:.0f} s.",
        *(
            [f"{len(done.problems):,} without a score, or without all:", *lines, *more]
            if done.problems
            else []
        ),
        f"Project: {done.project}",
    ]
    tell("score", as_json, content, summary)


@app.command()
def scores(
    project: ProjectPath,
    form: Annotated[str, typer.Option("--format", help="table, csv, parquet or json.")] = "table",
    to: Annotated[Path | None, typer.Option(help="A file, instead of standard output.")] = None,
    as_json: Json = False,
) -> None:
    """Show or save the scores: your own copy, not a release."""
    columns = workflow.scores(project)
    if form not in {"table", "csv", "parquet", "json"}:
        raise UsageError(
            f"--format cannot be “{form}”.",
            "It is table, csv, parquet or json.",
            "Give one of these.",
        )
    if form == "parquet" and to is None:
        raise UsageError("Parquet needs a file.", "It is not text.", "Add --to FILE.")
    if to is not None:
        save(columns, form, to)
        saved = f"Saved to {to}. This is your own copy: it is not privatised."
        tell("scores", as_json, {"to": str(to), "columns": list(columns)}, [saved])
    elif as_json:
        tell("scores", True, {"columns": list(columns), "records": rows_of(columns)}, [])
    elif form == "table":
        print_table(columns)
    else:
        print_raw(as_text(columns, form))


@app.command()
def select(
    project: ProjectPath,
    by: Annotated[str | None, typer.Option(help="The score.")] = None,
    threshold: Annotated[str | None, typer.Option(help="Scores at or above it.")] = None,
    count: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="So many records.")
    ] = None,
    fraction: Annotated[str | None, typer.Option(help="This share of the eligible records.")] = None,
    lowest: Annotated[
        bool, typer.Option("--lowest", help="The lowest instead of the highest.")
    ] = False,
    withhold: Annotated[
        str | None, typer.Option(help="Ids, or @FILE with one a line: never to leave.")
    ] = None,
    restore: Annotated[str | None, typer.Option(help="Ids, or @FILE: eligible again.")] = None,
    opt_out: Annotated[
        Path | None, typer.Option(help="A CSV of people none of whose records may ever leave.")
    ] = None,
    opt_in: Annotated[Path | None, typer.Option(help="A CSV of people to take off that list.")] = None,
    register_column: Annotated[
        str | None, typer.Option(help="The CSV's column; by default the unit column, or the only one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Replace the project's selection, or withhold and restore records."""
    rule = None
    if by is not None:
        rule = workflow.make_rule(
            by, threshold=threshold, count=count, fraction=fraction, lowest=lowest
        )
    elif (threshold, count, fraction, lowest) != (None, None, None, False) or not any(
        (withhold, restore, opt_out, opt_in)
    ):
        raise UsageError(
            "The score to select by is missing.",
            "A threshold, count or fraction is one of a score.",
            "Add --by SCORE, for example --by vog.",
        )
    lines, registers = [], {}
    for word, file, apply in (
        ("opted_out", opt_out, workflow.opt_out),
        ("opted_in", opt_in, workflow.opt_in),
    ):
        if file is not None:
            done = apply(project, file, register_column)
            registers[word] = vars(done)
            lines.append(
                f"{word.replace('_', ' ').capitalize()}: {done.found:,} of {done.listed:,} people have "
                f"records here, {done.records:,} in all."
            )
    ids, cut = workflow.select_records(project, rule, withhold=_ids(withhold), restore=_ids(restore))
    lines.append(
        f"{len(ids):,} records in the selection{'' if cut is None else f', cut at {cut:.6g}'}."
    )
    tell("select", as_json, {"ids": ids, "threshold": cut, **registers}, lines)


@app.command()
def release(
    project: ProjectPath,
    to: Annotated[Path, typer.Option(help="The bundle's folder; it must not be there yet.")],
    epsilon: Annotated[str | None, typer.Option(help="What may be revealed, per unit.")] = None,
    kind: Annotated[str, typer.Option("--as", help=choices.KIND)] = "records",
    mechanism: Annotated[str | None, typer.Option(help=choices.MECHANISM)] = None,
    delta: Annotated[str | None, typer.Option(help=choices.DELTA)] = None,
    per_unit: Annotated[
        int | None,
        typer.Option(parser=whole, metavar="N", help="At most so many records of a person."),
    ] = None,
    threshold_source: Annotated[
        str | None,
        typer.Option(help="request, agreed, viewed, or bought:E for a rule by fraction or count."),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(parser=whole, metavar="N", help=choices.COUNT),
    ] = None,
    bounds: Annotated[str | None, typer.Option(help="L,U: bounds of the score, as agreed.")] = None,
    pad_to: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="Rows of scores, as declared.")
    ] = None,
    bins: Annotated[str | None, typer.Option(help="Edges of a report's histogram: 0,0.5,1.")] = None,
    by_class: Annotated[bool, typer.Option("--by-class", help="The histogram by class.")] = False,
    count_threshold: Annotated[
        str | None, typer.Option(help="The report counts the records beyond it.")
    ] = None,
    clip: Annotated[str | None, typer.Option(help="The norm that gradients are clipped to.")] = None,
    in_training: Annotated[
        str | None,
        typer.Option(help="Did these records help to train? no, dp:E,D, yes or unknown."),
    ] = None,
    budget: Annotated[str | None, typer.Option(help="The first budget of these records.")] = None,
    acknowledge_exact: Annotated[
        bool, typer.Option("--acknowledge-exact", help="I choose to release without protection.")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Why; kept in the ledger.")] = None,
    sign: Annotated[Path | None, typer.Option(help="Your private Ed25519 key.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would leave and cost; draw nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write a bundle of what leaves, charged to the ledger."""
    asked = workflow.ReleaseRequest(
        to=to,
        epsilon=epsilon,
        delta=delta,
        kind=kind,
        mechanism=mechanism,
        per_unit=per_unit,
        threshold_from=threshold_source,
        in_training=in_training,
        budget=budget,
        acknowledge_exact=acknowledge_exact,
        reason=reason,
        count=count,
        bounds=bounds,
        pad_to=pad_to,
        bins=bins,
        by_class=by_class,
        count_threshold=count_threshold,
        clip=clip,
        sign=sign,
        dry_run=dry_run,
    )
    with progress() as report:
        done = workflow.release(project, asked, report)
    content: dict[str, Any] = {
        "release": done.release,
        "bundle": str(done.bundle),
        "epsilon": None if done.epsilon is None else float(done.epsilon),
        "conditional": done.conditional,
        "repeated": done.repeated,
        "dry_run": dry_run,
        "spent": float(done.spent),
        "left": None if done.left is None else float(done.left),
    }
    if done.preview is not None:
        content["preview"] = done.preview.as_json()
    else:
        content["digest"] = digest_of(done.bundle)
    tell("release", as_json, content, release_in_words(done))


@app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(help="The bundle's folder.")],
    digest: Annotated[str | None, typer.Option(help="The digest that the owner sent.")] = None,
    key: Annotated[Path | None, typer.Option(help="The owner's public Ed25519 key.")] = None,
    page: Annotated[Path | None, typer.Option(help="Also write the result as one page, HTML.")] = None,
    as_json: Json = False,
) -> None:
    """Check a bundle, with nothing but the bundle."""
    found = workflow.verify(bundle, digest, key)
    checks = found.checks
    if page is not None:
        workflow.write_page(bundle, found, page)
    failed = [check for check in checks if not check.ok]
    if failed:
        fault = VerificationError(
            "The bundle is not what it says it is.",
            " ".join(f"{check.name}: {check.detail}" for check in failed),
            "Do not use it; ask the owner to send it again.",
        )
        tell_error("verify", as_json, fault, {"checks": [vars(check) for check in checks]})
        raise typer.Exit(fault.exit_code)
    lines = [
        *(f"ok  {check.name}: {check.detail}" for check in checks),
        "",
        "What this check cannot show:",
        *(f"- {item}" for item in CANNOT_CHECK),
    ]
    tell("verify", as_json, {"checks": [vars(check) for check in checks]}, lines)


@app.command()
def ledger(
    project: Annotated[Path | None, typer.Argument(help="A project; without one, all.")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="A bundle from here: is its entry still in the ledger?")
    ] = None,
    set_budget: Annotated[str | None, typer.Option(help="The new budget.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    tokens: Annotated[
        str | None,
        typer.Option(metavar="RELEASE", help="Show which records its tokens stand for, for you alone."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what was released from these records and what is left, or change the budget."""
    if tokens is not None:
        if project is None:
            raise UsageError(
                "Whose release is meant is not clear.",
                "Tokens stand for records of one project.",
                "Name the project.",
            )
        found = workflow.tokens(project, tokens)
        listed = [{"token": token, "id": record} for token, record in found.items()]
        told = [f"{token}  {record}" for token, record in found.items()]
        tell("ledger", as_json, {"tokens": listed}, told)
        return
    if bundle is not None:
        workflow.hold_against(bundle, project)
    statements = workflow.ledger(project, set_budget, reason)
    told_as_json = [account.as_json() for account in statements]
    content = told_as_json[0] if project is not None else {"ledgers": told_as_json}
    lines = [line for one in statements for line in ("", *workflow.statement_in_words(one))][1:]
    tell("ledger", as_json, content, lines or ["Nothing was ever released."])


@app.command()
def study(
    source: Annotated[Path, typer.Argument(help="A folder of images, or an .npz file.")],
    checkpoint: Annotated[Path, typer.Option(help="What the consortium shares.")],
    to: Annotated[Path | None, typer.Option(help="By default ./NAME.study.")] = None,
    scores: Annotated[
        str | None, typer.Option(help="Names, separated by commas; by default the request's, or vog.")
    ] = None,
    shares: Annotated[str, typer.Option(help="Which shares of the records to train on.")] = "0.1,0.3",
    epsilons: Annotated[str, typer.Option(help="ε of the trainings by DP-SGD.")] = "8",
    seeds: Annotated[
        int, typer.Option(parser=whole, metavar="N", help="How often each training is repeated.")
    ] = 5,
    start: Annotated[
        str, typer.Option(help="scratch: a small network; checkpoint: the consortium's model.")
    ] = "scratch",
    limit: Annotated[
        int, typer.Option(parser=positive, metavar="N", help="At most so many records, drawn.")
    ] = 10_000,
    limit_trainings: Annotated[
        int, typer.Option(parser=positive, metavar="N", help="Refuse a larger plan.")
    ] = workflow.MOST_TRAININGS,
    label_column: Annotated[str | None, typer.Option(help="The column of labels.")] = None,
    unit_column: Annotated[str | None, typer.Option(help="The column that names the person.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan and the time it takes; train nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Try whether picking by a score helps, on your own records; for you alone, never a release."""
    names = None if scores is None else [name.strip() for name in scores.split(",")]
    choices = workflow.choose_study(
        checkpoint,
        names,
        decimals(shares, "--shares", most=1),
        decimals(epsilons, "--epsilons", most=100),
        seeds,
        start,
        limit_trainings,
    )
    asked = workflow.StudyRequest(
        source,
        checkpoint,
        choices,
        to=to,
        limit=limit,
        label_column=label_column,
        unit_column=unit_column,
    )
    with progress() as report:
        if dry_run:
            plan = workflow.foresee_study(asked, report)
            tell("study", as_json, {"plan": plan_as_json(plan)}, plan_in_words(plan))
            return
        done = workflow.study(asked, report, show_plan)
    content = {
        "plan": plan_as_json(done.plan),
        "page": str(done.page),
        "findings": done.findings,
    }
    tell("study", as_json, content, study_in_words(done))


@app.command()
def delete(
    project: ProjectPath,
    yes: Annotated[bool, typer.Option("--yes", help="I mean it.")] = False,
    as_json: Json = False,
) -> None:
    """Delete a project with its scores; records and ledger stay."""
    if not yes:
        raise UsageError(
            "Nothing was deleted.",
            "Deleting a project takes its scores, its selection and who opted out; the records stay, "
            "and so does the ledger.",
            "Add --yes if you mean it.",
        )
    gone = workflow.delete(project)
    left = "" if gone else " Its folder stays: there are other files in it."
    deleted = f"Deleted {project}.{left} The ledger still holds what was released."
    tell("delete", as_json, {"project": str(project), "folder_gone": gone}, [deleted])


def _has_display() -> bool:
    """Say whether a window can be shown, without loading what shows it."""
    if sys.platform in {"win32", "darwin"} or "QT_QPA_PLATFORM" in os.environ:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _ids(text: str | None) -> list[str]:
    if text is None:
        return []
    if not text.startswith("@"):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        lines = Path(text[1:]).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        raise UnusableError(
            f"“{Path(text[1:]).name}” cannot be read.",
            "It is not there, or not text in UTF-8.",
            "Give a file with one id a line.",
        ) from None
    # A list may have been copied from a table that was written for spreadsheets.
    return [from_cell(line.strip()) for line in lines if line.strip()]


def _listed(content: dict[str, Any]) -> list[str]:
    lines = []
    for key, value in content.items():
        if key == "problems":
            lines.append(f"problems: {len(value)}")
            lines += [f"  {problem['id']}: {problem['reason']}" for problem in value]
        else:
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            lines.append(f"{key}: {shown}")
    return lines
