"""Listing and scoring a source, beside one epoch of plain training on the same records.

Both start from the file: the epoch reads, makes inputs and steps in one ordinary loop, by the libraries
that a trainer would take, at each of some batch sizes; the best of them is what the scoring is held
against. The scoring is what the worker does once models are loaded and records are listed: it reads
each record again, hashes it, makes its input, and computes. They take turns, and medians are told.
"""

import argparse
import csv
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.records.opening import for_model, open_source
from dataselect_gui.records.source import Source, SourceRef
from dataselect_gui.scoring.model import choose_device
from dataselect_gui.scoring.public_shapes import public_shapes
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.worker.batches import in_batches
from dataselect_gui.worker.computing import Computation
from dataselect_gui.worker.indexing import fair_order, hashes_to_check, read_index
from dataselect_gui.worker.input_loading import InputLoader

SCORES = (("loss",), ("loss", "grad_norm"))
BATCHES = (64, 256, 1024)


def rows_of(table: Path, batch: int) -> Iterator[list[dict[str, str]]]:
    """Yield the rows of a table in batches, as a plain program reads them."""
    with table.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        while rows := list(islice(reader, batch)):
            yield rows


@dataclass(frozen=True)
class Taken:
    """What something took: seconds by the clock, and of processors."""

    clock: float
    processor: float

    @classmethod
    def by(cls, run: Callable[[], object]) -> "Taken":
        """Time what is run here."""
        clock, processor = time.perf_counter(), time.process_time()
        run()
        return cls(time.perf_counter() - clock, time.process_time() - processor)


class Scoring:
    """The scoring of a source, ready to be run again and again.

    Parameters
    ----------
    where : SourceRef
        The records.
    checkpoint : Path
        The model.
    names : sequence of str
        The scores.
    """

    def __init__(self, where: SourceRef, checkpoint: Path, names: Sequence[str]) -> None:
        opened = find_checkpoint(checkpoint)
        self._names = list(names)
        self._source: Source = open_source(for_model(where, opened))
        self._scorer = Scorer(opened, self._names, choose_device("cpu"))
        self._to_input = self._source.kind.to_input(opened.final, None)
        self._shapes = public_shapes(self._source, opened.final, self._scorer.model, self._to_input)
        self.size = self._scorer.need(self._shapes[-1]).records_at_once(self._scorer.device)
        for shape in self._shapes:
            self._scorer.prepare((self.size, *shape))
        index = read_index(self._source, JobContext())
        self._hashes = hashes_to_check(self._source, index)
        self._targets = np.zeros(len(self._source.ids), dtype=np.int64)

    def run(self) -> None:
        """Read and score all records."""
        ids = self._source.ids
        work = Computation(
            self._scorer,
            self._names,
            self._shapes,
            self.size,
            ids,
            self._targets,
            lambda _record: nullcontext(),
        )
        loader = InputLoader(self._source, self._hashes, self._to_input, self._shapes)
        batches = in_batches(ids, fair_order(ids), self.size)
        done = sum(result.handled for result in work.results(loader, batches))
        assert done == len(ids)


def whole(where: SourceRef, checkpoint: Path, names: Sequence[str]) -> tuple[Taken, int]:
    """Score a source by the command line; returns also the most bytes that a process of it held."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "dataselect_gui", "score", str(where.path), "--device", "cpu"]
        command += ["--checkpoint", str(checkpoint), "--scores", ",".join(names)]
        command += ["--project", f"{home}/project"]
        if where.label_column is not None:
            command += ["--label-column", where.label_column]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        clock = time.perf_counter()
        subprocess.run(
            command,
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "DATASELECT_HOME": f"{home}/home"},
        )
        clock = time.perf_counter() - clock
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(clock, processor), after.ru_maxrss * 1024


def compare(
    where: SourceRef,
    checkpoint: Path,
    train: Callable[[int], object],
    *,
    rounds: int,
    with_processes: bool,
) -> None:
    """Print how long listing, training and scoring take."""
    count = 0

    def list_records() -> None:
        nonlocal count
        count = len(open_source(for_model(where, find_checkpoint(checkpoint))).ids)

    listed = Taken.by(list_records)
    print(f"{count:,} records listed in {listed.clock:.2f} s ({listed.processor:.2f} s of processors)")
    scorings = {",".join(names): Scoring(where, checkpoint, names) for names in SCORES}
    ways: dict[str, Callable[[], object]] = {
        f"training, batch {batch}": lambda batch=batch: train(batch)  # type: ignore[misc]
        for batch in BATCHES
    }
    ways |= {f"{names}, batch {made.size}": made.run for names, made in scorings.items()}
    taken = {way: list[Taken]() for way in ways}
    for _round in range(rounds):
        for way, run in ways.items():
            taken[way].append(Taken.by(run))
    clock = {way: statistics.median(spent.clock for spent in each) for way, each in taken.items()}
    processor = {
        way: statistics.median(spent.processor for spent in each) for way, each in taken.items()
    }
    best = min(list(ways)[: len(BATCHES)], key=lambda way: processor[way])
    for way in ways:
        print(
            f"{way}: {count / clock[way]:,.0f} a second by the clock, {count / processor[way]:,.0f} by "
            f"processors: {clock[best] / clock[way]:.2f}, {processor[best] / processor[way]:.2f} of "
            f"{best}",
            flush=True,
        )
    if with_processes:
        for names in SCORES:
            took, most = whole(where, checkpoint, names)
            print(
                f"dataselect score --scores {','.join(names)}: {took.clock:.1f} s by the clock, "
                f"{took.processor:.1f} s of processors, {most >> 20:,} MiB at most",
                flush=True,
            )


def options(records: int = 100_000) -> argparse.ArgumentParser:
    """Return what both benchmarks may be asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=records)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-processes", action="store_true")
    return parser
