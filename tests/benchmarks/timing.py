"""What all benchmarks share: methods take turns, and ratios are to the method beside them."""

import copy
import gc
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

from torch import Tensor

from dataselect_gui.worker.handle import CHILD_ENVIRONMENT
from tests.benchmarks.models import Workload

Run = Callable[[], Tensor]
Method = Callable[[Workload], Run]


ORDINARY = "--ordinary"
"""Asks for the environment that any Python program has: there Opacus is usually run."""


def as_in_the_worker() -> None:
    """Start this program again in the environment that the worker runs in, as all methods then do."""
    missing = {k: v for k, v in CHILD_ENVIRONMENT.items() if k not in os.environ}
    if missing and ORDINARY not in sys.argv:
        os.environ.update(missing)
        module = sys.modules["__main__"].__spec__
        assert module is not None
        os.execv(sys.executable, [sys.executable, "-m", module.name, *sys.argv[1:]])  # noqa: S606


def measured_apart(model: str, *options: str) -> None:
    """Run this program again for one model, in a process of its own: its end is told, and only its.

    The system ends a process that takes too much memory, without a word.
    """
    module = sys.modules["__main__"].__spec__
    assert module is not None
    command = [sys.executable, "-m", module.name, "--alone", model, *options]
    code = subprocess.run(command, check=False).returncode
    if code:
        why = "most likely because memory ran out" if code == -signal.SIGKILL else "see above"
        print(f"{model}: not measured; its process ended with code {code}, {why}", flush=True)


def prepare(work: Workload, methods: Mapping[str, Method]) -> dict[str, Run]:
    """Return the methods that this model bears, each with a copy of the model of its own."""
    ready = {}
    for name, make in methods.items():
        try:
            run = make(Workload(copy.deepcopy(work.model), work.inputs, work.targets))
            run()
        except Exception as error:  # A method that refuses a model is a finding, not a fault.
            reason = " ".join(str(error).split())[:80]
            print(f"  {name}: does not work here ({type(error).__name__}: {reason})")
        else:
            ready[name] = run
    return ready


def ratios(methods: Mapping[str, Run], rounds: int, to: str) -> tuple[dict[str, float], float]:
    """Return each method's time as a ratio to one of them, and the median seconds of that one.

    Each round's ratio is to the run beside it: a machine that slows down slows both.
    """
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(rounds):
        for name, run in methods.items():
            gc.collect()
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    ratio_of = {
        name: statistics.median(a / b for a, b in zip(times, seconds[to], strict=True))
        for name, times in seconds.items()
    }
    return ratio_of, statistics.median(seconds[to])


def in_one_line(ratio_of: Mapping[str, float]) -> str:
    """Return ratios in one line."""
    return "  ".join(f"{name} {ratio:.2f}" for name, ratio in ratio_of.items())
