"""What gradient norms take in memory, as a ratio to a training step on the same batch.

    python -m tests.benchmarks.memory [--model NAME] [--method NAME]

Each method runs in a process of its own. Its figure is the peak resident size above what the loaded
model takes. Linux only.
"""

import argparse
import subprocess
import sys
import warnings
from pathlib import Path

from tests.benchmarks.models import WORKLOADS
from tests.benchmarks.norms import METHODS
from tests.benchmarks.timing import as_in_the_worker

COMPARED = ("step", "ours", "ghost", "hooks")
RUNS = 3
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def resident(field: str) -> int:
    """Return a size of this process in bytes: ``VmRSS`` now, or ``VmHWM`` at its peak."""
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(field))
    return 1024 * int(line.split()[1])


def measure(model: str, method: str) -> int:
    """Return how many bytes a method takes at its peak, in this process."""
    run = METHODS[method](WORKLOADS[model]())
    before = resident("VmRSS")
    _RESET.write_text("5")  # The peak counts from here.
    for _ in range(RUNS):
        run()
    return resident("VmHWM") - before


def measure_apart(model: str, method: str) -> int | None:
    """Return the same from a process of its own; None where the method does not bear the model."""
    command = [sys.executable, "-m", "tests.benchmarks.memory", "--alone", model, method]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(done.stdout.split()[-1]) if done.returncode == 0 else None


def main() -> None:
    """Print the table."""
    as_in_the_worker()
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", action="append", choices=WORKLOADS)
    parser.add_argument("--method", action="append", choices=COMPARED)
    parser.add_argument("--alone", nargs=2)
    asked = parser.parse_args()
    if asked.alone:
        print(measure(*asked.alone))
        return
    for model in asked.model or WORKLOADS:
        step = measure_apart(model, "step")
        assert step is not None
        parts = [f"step {step / 1e6:.0f} MB"]
        for method in asked.method or COMPARED[1:]:
            peak = measure_apart(model, method)
            parts.append(f"{method} {'–' if peak is None else f'{peak / step:.2f}'}")
        print(f"{model}: {'  '.join(parts)}", flush=True)


if __name__ == "__main__":
    main()
