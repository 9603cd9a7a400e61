"""What is asked for, and small steps of a release of a gradient."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from dataselect_gui.jobs.context import JobContext
from dataselect_gui.records.array_frames import array_parts
from dataselect_gui.release.candidates import Layout
from dataselect_gui.sandbox.frames import write_frame
from dataselect_gui.worker.jobs import ParametersJob, SumJob
from dataselect_gui.worker.parameters_run import run_parameters
from dataselect_gui.worker.results import FilesResult, ParametersResult
from dataselect_gui.worker.sum_file import LAYOUT, SUM, TOTAL
from dataselect_gui.worker.sum_run import run_sum
from tests.oracle import logits_of

NORM = 0.5

LOSSES = [0.5, 1.5, 2.0] * 4


def in_process(job: ParametersJob | SumJob, context: JobContext) -> ParametersResult | FilesResult:
    return run_parameters(job, context) if isinstance(job, ParametersJob) else run_sum(job, context)


in_this_process = pytest.mark.usefixtures("here")


def clipped_sum_of(model: torch.nn.Module, inputs: torch.Tensor, targets: list[int]) -> torch.Tensor:
    """Return Σ clip(∇ cross-entropy) as its definition says."""
    double, logits = logits_of(model)
    total = torch.zeros(sum(p.numel() for p in double.parameters()), dtype=torch.float64)
    for record, target in zip(inputs, targets, strict=True):
        loss = torch.nn.functional.cross_entropy(logits(record[None].double()), torch.tensor([target]))
        gradients = torch.autograd.grad(loss, list(double.parameters()))
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        total += flat * min(1.0, NORM / float(flat.norm()))
    return total


def asked(**more: object) -> dict[str, Any]:
    return {"kind": "gradient", "delta": "1e-6", **more}


def worker_that_says(
    without_records: Layout, with_records: Layout, total: NDArray[np.int64]
) -> Callable[[ParametersJob | SumJob, JobContext], ParametersResult | FilesResult]:
    """Return what stands for the processes of a release: what each says of the parameters."""

    def run(job: ParametersJob | SumJob, _context: JobContext) -> ParametersResult | FilesResult:
        if isinstance(job, ParametersJob):
            return ParametersResult(layout=[(name, list(shape)) for name, shape in without_records])
        with (job.folder / SUM).open("wb") as file:
            write_frame(file, LAYOUT, json.dumps(with_records).encode())
            write_frame(file, TOTAL, *array_parts("sum", total))
        return FilesResult(records=1)

    return run
