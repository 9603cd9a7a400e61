"""The long run: read the records, score them batch by batch, keep what is done.

How scores are computed is settled before the first record is read, is the same for every record, and
is kept with the project: device, precision, threads and the size of the batches. A run that goes on
after a stop takes the same. Where a batch does not fit into memory after all, all scores of the run are
computed again from the beginning in batches of half the size, by itself, and so they are by the next
run where the system ended this one in the middle of a batch.
"""

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Self

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from dataselect_gui import __version__
from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import (
    InterruptedByPersonError,
    NotEnoughMemoryError,
    UnusableError,
    UsageError,
)
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Phase
from dataselect_gui.project.settings import Conditions, Device
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import Source
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.tasks.answer_form import AnswerForm
from dataselect_gui.tasks.answers import Answers
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.worker.batches import in_batches
from dataselect_gui.worker.indexing import fair_order, hashes_to_check, read_index
from dataselect_gui.worker.input_loading import InputLoader
from dataselect_gui.worker.jobs import ScoreJob
from dataselect_gui.worker.results import ScoringResult
from dataselect_gui.worker.saving import Pace, ScoreSaver
from dataselect_gui.worker.score_store import ScoreStore, ScoreTable

if TYPE_CHECKING:
    from dataselect_gui.records.kinds.kind import ToInput
    from dataselect_gui.scoring.public_shapes import Shape
    from dataselect_gui.scoring.scorer import Scorer
    from dataselect_gui.tasks.task import Targets

_UNTRIED = 8
"""The size that counts as tried while the memory of small batches is measured."""
_GIVEN_UP = N_(
    "Its input has a shape of its own, and the program was ended twice while it was computed: most "
    "likely, memory ran out."
)


def run(job: ScoreJob, context: JobContext, store: ScoreStore) -> ScoringResult:
    """Score the records of a project.

    Parameters
    ----------
    job : ScoreJob
        What to score.
    context : JobContext
        Takes progress, and asks to stop after the batch in hand.
    store : ScoreStore
        Takes what there is to keep.

    Raises
    ------
    DataSelectError
        Where the source, the checkpoint or the project cannot be used, or the work was stopped.
    """
    checkpoint = find_checkpoint(job.checkpoint)
    checkpoint.check_digest(job.digest)
    source = open_source(job.source)
    said_before = [*source.notes]
    reader = LabelReader.of(checkpoint, source.classes, job.source.labels)
    reader.check(source.labels)
    given_up = _recover(store)
    _check_conditions(store, job)
    parts = [_Part(job, names, store, checkpoint, source, context) for names in _parts(store, job)]
    for part in parts:
        if part.size is None:
            context.check()  # Before the libraries are loaded, which takes seconds.
            part.settle()
    table = store.take(read_index(source, context, store.hashes(source)))
    index = table.index  # As the owner labels the records.
    if given_up is not None:
        _give_up(table, given_up, job.names, job.answers)
    targets = reader.targets(index.labels)
    reasons = reader.reasons(index.labels)
    table.add_problems({index.ids[row]: reason for row, reason in reasons.items()})
    order = fair_order(index.ids, job.limit)
    for part in [*parts, *map(_AnswersPart.beside, parts[:1])]:
        if part.left(table, order):
            context.check()
            part.score(table, targets, order)
    device = parts[0].device if parts else "none"
    scored = _count_scored(table, job)
    if job.names and scored == 0:
        raise UnusableError(
            _("No record could be scored."),
            _nothing_scored(
                len(index.ids), some_lack_labels=not checkpoint.task.is_labelled(targets).all()
            ),
            _("See the reasons among the source's problems, and mend or replace the files."),
        )
    made = [part.to_input for part in parts if part.to_input is not None]
    notes = [*made[-1].notes(source, order)] if made else []
    notes += [note for note in source.notes if note not in said_before]  # By what was read.
    return ScoringResult(scored=scored, device=device, notes=notes)


def _nothing_scored(count: int, *, some_lack_labels: bool) -> str:
    """Return why no record has a score."""
    if some_lack_labels:
        return ngettext(
            "None of the {count} record can be read, has a label and comes to a finite number.",
            "None of the {count} records can be read, has a label and comes to a finite number.",
            count,
        )
    return ngettext(
        "None of the {count} record can be read and comes to a finite number.",
        "None of the {count} records can be read and comes to a finite number.",
        count,
    )


def _recover(store: ScoreStore) -> str | None:
    """Draw the conclusion from a run that was killed as it computed.

    Returns
    -------
    str or None
        A record to give up, by its id: one with a shape of its own, which ended the program twice.
    """
    mark = store.mark
    given_up = None
    if mark.record is not None:
        if mark.record in store.ended_by:
            given_up = mark.record
        else:
            store.ended_by.append(mark.record)
    elif mark.scores:
        _halve(store, mark.scores)
    store.save()
    mark.take_away()
    return given_up


def _halve(store: ScoreStore, names: Sequence[str]) -> None:
    """Have scores computed again from the beginning, in batches of half the size."""
    for name in names:
        known = store.scores.get(name)
        size = None if known is None else known.batch
        if size is not None and size > 1:
            _start_again(store, name, _half(size))


def _start_again(store: ScoreStore, name: str, size: int) -> None:
    store.forget(name)
    store.scores[name] = replace(
        store.scores[name],
        batch=size,
        fixed=True,
        program=__version__,
        variant=find_score(name).variant,
    )
    store.save()


def _check_conditions(store: ScoreStore, job: ScoreJob) -> None:
    """Hold what was asked for against how scores of the project are computed already."""
    for name in job.names:
        known = store.scores.get(name)
        device = job.device if known is None else known.device
        if job.device not in {"auto", device}:
            raise UsageError(
                _("The scores of this project cannot be computed on {device}.", device=job.device),
                _(
                    "Those that it has were computed on {device}; numbers that differ are not mixed.",
                    device=device,
                ),
                _("Leave the device as it is, or score into another project."),
            )
        batch = 1 if known is None else known.batch or 1
        if job.batch_size is not None and job.batch_size < batch:
            _start_again(store, name, job.batch_size)


def _give_up(table: ScoreTable, record: str, names: Sequence[str], form: AnswerForm) -> None:
    rows = np.array([row for row, other in enumerate(table.index.ids) if other == record], dtype=int)
    for column in map(table.column, names):
        lacking = rows[column.done[rows] == 0]
        column.write(lacking, np.full(len(lacking), np.nan))
        column.mark_done(lacking)
    if names:
        answers = table.keep_answers(form)
        lacking = rows[~answers.done[rows]]
        answers.write(lacking, Answers.none(len(lacking), form.places))
    table.add_problems({record: _(_GIVEN_UP)})


def _parts(store: ScoreStore, job: ScoreJob) -> list[list[str]]:
    """Part the scores of a job by how they are computed; those that are new go together."""

    def conditions(name: str) -> tuple[str, ...]:
        known = store.scores.get(name)
        if known is None:
            return ()
        return tuple(map(str, (known.device, known.precision, known.threads, known.batch)))

    return [
        list(names) for _conditions, names in groupby(sorted(job.names, key=conditions), key=conditions)
    ]


@dataclass
class _Part:
    """Scores that are computed together.

    Attributes
    ----------
    job : ScoreJob
        What was asked for.
    names : list of str
        The scores.
    store, checkpoint, source, context
        Where they are kept, what they are made of, and what takes progress.
    """

    job: ScoreJob
    names: list[str]
    store: ScoreStore
    checkpoint: Checkpoint
    source: Source
    context: JobContext
    _loaded: "tuple[Scorer, ToInput, tuple[Shape, ...]] | None" = None

    @property
    def _known(self) -> Conditions | None:
        """How these scores are computed; None while that is not settled."""
        return self.store.scores.get(self.names[0])

    @property
    def size(self) -> int | None:
        """How many places a batch has; None while that is not settled."""
        return None if self._known is None else self._known.batch

    @property
    def device(self) -> str:
        """Where they are computed."""
        return self.job.device if self._known is None else self._known.device

    @property
    def to_input(self) -> "ToInput | None":
        """What makes their inputs; None where nothing was to be made."""
        return None if self._loaded is None else self._loaded[1]

    @property
    def computed(self) -> list[str]:
        """The scores that are computed; with none the model answers all the same."""
        return self.names

    def left(self, table: ScoreTable, rows: Sequence[int]) -> list[int]:
        """Return which of the rows are still to be computed: they lack some of the scores."""
        return _those(rows, ~self._has_scores(table))

    def _has_scores(self, table: ScoreTable) -> NDArray[np.bool_]:
        """Say which rows have all of the scores, shape (n,)."""
        return np.asarray(np.all([table.column(name).done == 1 for name in self.names], axis=0))

    def settle(self) -> None:
        """Settle how the scores are computed, on made-up records."""
        from dataselect_gui.norms.memory import is_out_of_memory
        from dataselect_gui.scoring.memory import release_memory

        scorer, _to_input, shapes = self._load()
        hold, requested = self.store.mark.hold, self.job.batch_size
        if not shapes or requested is not None:
            self._keep(requested if requested and shapes else 1)
        else:
            self._keep(_UNTRIED)
            with hold(self.names):
                self._keep(scorer.need(shapes[-1]).records_at_once(scorer.device))
        self.context.report(Phase.TRYING_ON_MADE_UP)
        while shapes:
            try:
                with hold(self.names):
                    scorer.prepare((self.size or 1, *shapes[-1]))
                break
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
            release_memory()  # Only here, where the error is gone, is its memory free.
            self._take_half()

    def score(self, table: ScoreTable, targets: "Targets", order: Sequence[int]) -> None:
        """Score batch by batch; what is done is kept where it is stopped."""
        from dataselect_gui.norms.memory import is_out_of_memory
        from dataselect_gui.scoring.memory import release_memory

        while True:
            try:
                self._score(table, targets, order)
                return
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
            release_memory()
            self._take_half()

    def _score(self, table: ScoreTable, targets: "Targets", order: Sequence[int]) -> None:
        from dataselect_gui.worker.computing import Computation

        scorer, to_input, shapes = self._load()
        size, ids, hold = self.size or 1, table.index.ids, self.store.mark.hold
        for shape in shapes:
            with hold(self.computed):
                scorer.prepare((size, *shape))
        left = self.left(table, order)
        total, done = len(order), len(order) - len(left)
        computation = Computation(
            scorer,
            self.computed,
            shapes,
            size,
            ids,
            targets,
            lambda record: hold(self.computed, record),
            self.job.answers.places,
        )
        hashes = hashes_to_check(self.source, table.index)
        loader = InputLoader(self.source, hashes, to_input, shapes)
        columns = {name: table.column(name) for name in self.computed}
        pace, saver = Pace(), ScoreSaver(table, columns, table.keep_answers(self.job.answers))
        with closing(computation.results(loader, in_batches(ids, left, size))) as results:
            for result in results:
                saver.add(result)
                done += result.handled
                pace.add(time.monotonic(), done)
                if done == total:
                    continue  # Nothing is left to stop.
                try:
                    self.context.advance(Phase.SCORING, done, total, pace.seconds_left(total))
                except InterruptedByPersonError:
                    saver.save()
                    raise
        saver.save()
        self.context.report(Phase.SCORING, total, total, 0.0)

    def _load(self) -> "tuple[Scorer, ToInput, tuple[Shape, ...]]":
        """Load the models, once, and find how their input is made, and its public shapes."""
        if self._loaded is not None:
            return self._loaded
        from dataselect_gui.scoring.arithmetic import fix_arithmetic
        from dataselect_gui.scoring.model import choose_device
        from dataselect_gui.scoring.public_shapes import public_shapes
        from dataselect_gui.scoring.scorer import Scorer

        self.context.report(Phase.LOADING_MODEL)
        device = choose_device(self.device)
        threads = fix_arithmetic(None if self._known is None else self._known.threads)
        scorer = Scorer(self.checkpoint, self.computed, device, self.job.precision)
        for name in self.names:
            known = self.store.scores.get(name)
            self.store.scores[name] = Conditions(
                fixed=True if known is None else known.fixed,
                program=__version__ if known is None else known.program,
                variant=find_score(name).variant if known is None else known.variant,
                device=msgspec.convert(device.type, Device),
                precision=self.job.precision,
                threads=threads,
                batch=None if known is None else known.batch,
            )
        final = self.checkpoint.final
        to_input = self.source.kind.to_input(final, scorer.model.channels)
        shapes = public_shapes(self.source, final, scorer.model, to_input)
        self._loaded = scorer, to_input, shapes
        return self._loaded

    def _keep(self, size: int) -> None:
        """Keep the size of the batches before it is tried."""
        for name in self.names:
            self.store.scores[name] = replace(self.store.scores[name], batch=size)
        self.store.save()

    def _take_half(self) -> None:
        if self.size == 1:
            raise NotEnoughMemoryError(
                _("There is not enough memory to score even one record at a time."),
                _("The model, or its input, is too large for what is free now."),
                _("Close other programs, or leave out plis, which takes the most; then score again."),
            )
        _halve(self.store, self.names)


def _those(rows: Sequence[int], are: NDArray[np.bool_]) -> list[int]:
    """Return those of some rows of which something holds."""
    chosen = np.asarray(rows, dtype=np.int64)
    wanted: list[int] = chosen[are[chosen]].tolist()
    return wanted


class _AnswersPart(_Part):
    """What the model answers beside scores that an earlier version computed, and kept no answers."""

    @classmethod
    def beside(cls, part: _Part) -> Self:
        """Return what computes answers as the scores of a part were computed: one pass forward."""
        return cls(part.job, part.names, part.store, part.checkpoint, part.source, part.context)

    @property
    def computed(self) -> list[str]:
        """See `_Part`: none."""
        return []

    def left(self, table: ScoreTable, rows: Sequence[int]) -> list[int]:
        """See `_Part`: they have the scores, and lack an answer."""
        lacks_answer = ~table.keep_answers(self.job.answers).done
        return _those(rows, self._has_scores(table) & lacks_answer)

    def _take_half(self) -> None:
        """See `_Part`: the size is that of the scores, which took more memory."""
        raise NotEnoughMemoryError(
            _("There is not enough memory to see what the model answers."),
            _("The model, or its input, is too large for what is free now."),
            _("Close other programs, then score again."),
        )


def _half(records: int) -> int:
    """Return the largest power of two that is at most half of it; of one record, one."""
    return int(1 << max(0, (records // 2).bit_length() - 1))


def _count_scored(table: ScoreTable, job: ScoreJob) -> int:
    rows = slice(0, job.limit)
    has = np.zeros(len(table.index.ids), dtype=bool)
    for name in job.names:
        has |= table.has_number(name)
    return int(has[rows].sum())
