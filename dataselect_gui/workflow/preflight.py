"""Try a checkpoint on some of the owner's records before the long run, and tell what was found."""

from pathlib import Path
from typing import Any

import msgspec

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import duration
from dataselect_gui.paths import resolved
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef
from dataselect_gui.scoring.catalog import applicable
from dataselect_gui.worker.batches import in_batches
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.jobs import PreflightJob


def preflight(checkpoint_path: Path, source_path: Path, context: JobContext) -> dict[str, Any]:
    """Try a checkpoint on some records of a source, in the worker.

    Parameters
    ----------
    checkpoint_path, source_path : Path
        What is tried, and on what.
    context : JobContext
        Takes progress, and by which another thread can stop the work.

    Returns
    -------
    dict
        What `dataselect_gui.scoring.preflight.Preflight` holds; with it ``records`` (how many there
        are), ``seconds_to_read`` (one) and ``seconds`` (all, read and scored).

    Raises
    ------
    UnusableError
        Where the checkpoint cannot score these records, and why.
    InterruptedByPersonError
        Where it was stopped.
    """
    checkpoint, source = find_checkpoint(checkpoint_path), open_source(SourceRef(source_path))
    scores = applicable(
        None,
        series=len(checkpoint.series),
        labelled=any(label is not None for label in source.labels),
        request=checkpoint.request.stated,
    )
    job = PreflightJob(
        source=SourceRef(resolved(source_path)),
        checkpoint=resolved(checkpoint_path),
        names=[score.name for score in scores if score.needs_model],
        device="auto",
    )
    found = run_job(job, context)
    ids = source.ids
    places = in_batches(ids, range(len(ids)), found.at_once).size  # Some of which stay empty.
    read, compute = found.seconds_to_read * len(ids), found.seconds_per_record * places
    # Beside a GPU the processor reads what comes next.
    seconds = read + compute if found.device == "cpu" else max(read, compute)
    return {**msgspec.structs.asdict(found), "seconds": seconds}


def preflight_facts(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a preflight found in words, line by line: what it is about, and what is so.

    Parameters
    ----------
    found : dict
        As `preflight` returns it.
    """
    return [
        ("Parameters", _parameters(found)),
        ("Batches", _BATCHING[found["batching"]]),
        ("Checked", _checked(found)),
        ("Precision", _precision(found)),
        ("Time", _time(found)),
        ("Memory", f"about {found['bytes_needed'] / 1e9:.1f} GB, {found['at_once']} records at once"),
        ("Private training", _dp_training(found)),
    ]


_BATCHING = {
    "by operation": "records are computed together; each operation has a rule that keeps them apart",
    "one at a time": "one record at a time: for something in the graph there is no rule that would "
    "keep several apart",
    "by family": "records are computed together; models of this family keep them apart",
}


def _parameters(found: dict[str, Any]) -> str:
    total, slow = sum(found["parameters"].values()), found["by_function"]
    if not total:
        return "none that is trained: there is no gradient at parameters, and its norm is 0"
    if not slow:
        return f"{total:,}"
    names = ", ".join(slow[:3]) + (f" and {len(slow) - 3} more" if len(slow) > 3 else "")
    return f"{total:,}; the gradients of {names} are computed the slow way (torch.func)"


def _checked(found: dict[str, Any]) -> str:
    if not found["checked"]:
        return "not against a plain computation: none of the records that were tried has a label"
    noun = "record" if found["checked"] == 1 else "records"
    return (
        f"{found['checked']} of your {noun} agree with a plain computation to "
        f"{found['deviation']:.0e} of the score"
    )


def _precision(found: dict[str, Any]) -> str:
    if found["float64_pace"] is None:
        return f"{found['precision']}; this device has no float64"
    return (
        f"{found['precision']}; it moves {found['moved']} of {found['tried']} of your records by more "
        f"than 0.01 %. In float64, scoring would take {found['float64_pace']:.1f} times as long"
    )


def _time(found: dict[str, Any]) -> str:
    return f"about {duration(found['seconds'])} for your {found['records']:,} records"


def _dp_training(found: dict[str, Any]) -> str:
    if found["dp_training"] == "yes":
        return "possible with this model as it is"
    if found["dp_training"] == "unknown":
        return "a .pt2 graph does not tell whether it is possible"
    return (
        f"not with this model as it is: {'; '.join(found['dp_objections'])}. Your scores do not depend "
        "on that. If the consortium promises private training, ask how."
    )
