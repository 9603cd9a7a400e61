"""Try a checkpoint on a few of the owner's records before the long run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import duration
from dataselect_gui.paths import resolved
from dataselect_gui.records.opening import for_model, open_source
from dataselect_gui.records.source import SourceRef
from dataselect_gui.scoring.catalog import applicable
from dataselect_gui.scoring.names import Batching, Precision
from dataselect_gui.scoring.pass_counts import count_passes
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.worker.batches import in_batches
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.jobs import PreflightJob
from dataselect_gui.worker.results import PreflightResult

_BUSY = 1.5
"""So many times as long as alone: beyond that a person is told of it."""


@dataclass(frozen=True)
class Preflight:
    """The result of trying a checkpoint on some records.

    Attributes
    ----------
    result : PreflightResult
        What the worker found.
    seconds : float
        Estimated time to read and score all records, while nothing else runs on the machine.
    seconds_to_compute : float
        How much of that is computing; with a GPU it overlaps with reading.
    names : tuple of str
        The scores that were tried.
    series : int
        How many checkpoints there are.
    """

    result: PreflightResult
    seconds: float
    seconds_to_compute: float = 0.0
    names: tuple[str, ...] = ()
    series: int = 1

    def seconds_for(self, names: Sequence[str], precision: Precision = "float32") -> float:
        """Return the estimated time for some scores, by the passes through checkpoints that they take.

        Parameters
        ----------
        names : sequence of str
            Those that are to be computed.
        precision : str
            ``float32`` or ``float64``.
        """
        passes = count_passes(names, self.series)
        if not passes:
            return self.result.seconds_to_read * self.result.records
        pace = (self.result.float64_pace or 1.0) if precision == "float64" else 1.0
        share = passes / max(1, count_passes(self.names, self.series))
        return _seconds(self.result, self.seconds_to_compute * share * pace)

    @property
    def seconds_as_now(self) -> float | None:
        """The same where the machine stays as busy as it was; None where that hardly differs."""
        busy = self.result.busy
        return self.seconds * busy if busy > _BUSY else None

    def as_json(self) -> dict[str, object]:
        """Return all of it as one JSON object."""
        return {**msgspec.structs.asdict(self.result), "seconds": self.seconds}


def preflight(checkpoint_path: Path, records: SourceRef, context: JobContext) -> Preflight:
    """Try a checkpoint on some records of a source, in the worker.

    Parameters
    ----------
    checkpoint_path : Path
        The checkpoint.
    records : SourceRef
        The source.
    context : JobContext
        Reports progress, and carries the request to stop.

    Raises
    ------
    UnusableError
        Where the checkpoint cannot score these records, and why.
    InterruptedByPersonError
        Where it was stopped.
    """
    checkpoint = find_checkpoint(checkpoint_path)
    records = replace(for_model(records, checkpoint), pixel_range=checkpoint.request.pixel_range)
    source = open_source(records)
    scores = applicable(
        None,
        series=len(checkpoint.series),
        labelled=any(label is not None for label in source.labels),
        request=checkpoint.request,
        task=checkpoint.task.name,
        indexed=checkpoint.indexed,
    )
    names = [score.name for score in scores if score.needs_model]
    if not names:
        raise UnusableError(
            _("There is nothing to try."),
            _("None of the records has a label, and no score without one applies to this model."),
            _("Name the column of labels."),
        )
    job = PreflightJob(
        source=replace(records, path=resolved(records.path)),
        checkpoint=resolved(checkpoint_path),
        names=names,
        device="auto",
    )
    result = run_job(job, context)
    ids = source.ids
    places = in_batches(ids, range(len(ids)), result.at_once).size  # Including padding.
    compute = result.seconds_per_record * places
    return Preflight(result, _seconds(result, compute), compute, tuple(names), len(checkpoint.series))


def _seconds(result: PreflightResult, compute: float) -> float:
    """Return how long all records take; with a GPU, reading and computing overlap."""
    read = result.seconds_to_read * result.records
    both = read + compute if result.device == "cpu" else max(read, compute)
    return result.seconds_to_load + result.seconds_to_prepare + both


def preflight_facts(preflight: Preflight) -> list[tuple[str, str]]:
    """Return the result of a preflight as pairs of a heading and a sentence."""
    result = preflight.result
    return [
        (_("Parameters"), _parameters(result)),
        (_("Computed"), _(_BATCHING[result.batching])),
        *((_("Inputs"), note) for note in result.notes),
        (_("Checked"), _checked(result)),
        (_("Precision"), _precision(result)),
        (_("Time"), _time(preflight)),
        (
            _("Memory"),
            ngettext(
                "about {size:.1f} GB, {count} record at once",
                "about {size:.1f} GB, {count} records at once",
                result.at_once,
                size=result.bytes_needed / 1e9,
            ),
        ),
        (_("Private training"), _dp_training(result)),
    ]


_BATCHING: dict[Batching, str] = {
    "by operation": N_("several records at once; each operation has a rule that keeps them apart"),
    "one at a time": N_(
        "one record at a time: something in the model has no rule that keeps several apart"
    ),
    "by family": N_("several records at once; models of this family keep them apart"),
}


def _time(preflight: Preflight) -> str:
    count, busy = preflight.result.records, preflight.seconds_as_now
    text = ngettext(
        "about {time} for your {count:,} record",
        "about {time} for your {count:,} records",
        count,
        time=duration(preflight.seconds),
    )
    if busy is None:
        return text
    return _(
        "{text}; up to {time} while other programs keep this machine as busy as now",
        text=text,
        time=duration(busy),
    )


def _parameters(result: PreflightResult) -> str:
    total, slow = sum(result.parameters.values()), result.by_function
    if not total:
        return _("none that is trained: there is no gradient at parameters, and its norm is 0")
    if not slow:
        return f"{total:,}"
    names = ", ".join(slow[:3]) + (_(" and {more} more", more=len(slow) - 3) if len(slow) > 3 else "")
    return _(
        "{total:,}; the gradients of {names} are computed the slow way (torch.func)",
        total=total,
        names=names,
    )


def _checked(result: PreflightResult) -> str:
    if not result.checked:
        return _("not computed the plain way, too: none of the records that were tried has a label")
    return ngettext(
        "{count} of your records was also computed the plain way; its score agrees (to "
        "{deviation:.0e})",
        (
            "{count} of your records were also computed the plain way; the scores agree (to "
            "{deviation:.0e})"
        ),
        result.checked,
        deviation=result.deviation,
    )


def _precision(result: PreflightResult) -> str:
    if result.float64_pace is None:
        return _("{precision}; this device has no float64", precision=result.precision)
    return _(
        "{precision}; it moves {moved} of {tried} of your records by more than 0.01 %. "
        "In float64, scoring would take {float64_pace:.1f} times as long",
        precision=result.precision,
        moved=result.moved,
        tried=result.tried,
        float64_pace=result.float64_pace,
    )


def _dp_training(result: PreflightResult) -> str:
    if result.dp_training == "yes":
        return _("possible with this model as it is")
    if result.dp_training == "unknown":
        return _("a .pt2 graph does not tell whether it is possible")
    return _(
        "not with this model as it is: {objections}. Your scores do not depend on "
        "that. If the consortium promises private training, ask how.",
        objections="; ".join(result.dp_objections),
    )
