"""Give the program hostile inputs: ``python -m tests.fuzz --minutes N``. Ends with 1 where it fails."""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from tests.fuzz.findings import Finding, keep_finding, read_finding
from tests.fuzz.kinds import KINDS
from tests.fuzz.running import Job, Result, SeedRefusedError, first_finding, results, watched
from tests.fuzz.seeds import read_corpus
from tests.fuzz.weak import CONTROL, DEFECTS

FEWEST, SHARE, ALL = 3_000, 0.25, 100_000
"""Inputs of a kind; the share that passes the first check; of all kinds: what a whole run has."""
_ROUND, _FIRST_ROUND, _WATCHED, _KEPT = 1000, 300, 25, 3
_MOST_FOR_A_DEFECT = 3000
_MODULES = (
    "records/*",
    "checkpoints/*",
    "release/table_check.py",
    "release/verify.py",
    "release/signing.py",
    "scoring/exported*",
    "scoring/hugging_face.py",
    "privacy/chain.py",
    "privacy/ledger.py",
    "privacy/pages.py",
    "privacy/snapshot.py",
    "project/*",
    "window/settings.py",
    "workflow/registers.py",
    "workflow/score_files.py",
)


@dataclass
class Tally:
    """What came of the inputs of one kind."""

    counts: Counter[str] = field(default_factory=Counter)
    passed: int = 0
    slowest: float = 0.0
    memory: int = 0
    places: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def inputs(self) -> int:
        """How many there were."""
        return self.counts.total()

    @property
    def findings(self) -> int:
        """How many of them must not be."""
        return self.inputs - self.counts["taken"] - self.counts["refused"]

    def add(self, result: Result) -> None:
        """Count one."""
        self.counts[result.outcome] += 1
        self.passed += result.passed
        self.slowest = max(self.slowest, result.seconds)
        self.memory = max(self.memory, result.memory)


def main() -> int:
    """Fuzz, try one input again, or show that known defects are found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--inputs", type=int, help="of each kind at most")
    parser.add_argument("--kinds", default=",".join(KINDS), help="some of them, separated by commas")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--out", type=Path, default=Path("fuzz-findings"), help="where findings are kept"
    )
    parser.add_argument("--replay", type=Path, metavar="FILE", help="try one finding again")
    parser.add_argument(
        "--self-test", action="store_true", help="put known defects back; all must be found"
    )
    asked = parser.parse_args()
    kinds = asked.kinds.split(",")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        work = Path(folder)
        if asked.replay is not None:
            return replay(asked.replay, work)
        if asked.self_test:
            return self_test(work)
        return fuzz(kinds, work, asked.minutes * 60, asked.inputs, asked.seed, asked.out)


def make_corpus(work: Path, kinds: Sequence[str]) -> Path:
    """Write the valid inputs, in a process of their own, which loads the libraries."""
    corpus = work / "corpus"
    command = [sys.executable, "-m", "tests.fuzz.seeds", str(corpus), *kinds]
    subprocess.run(command, check=True, capture_output=True, cwd=Path(__file__).parents[2])
    return corpus


def fuzz(
    kinds: Sequence[str], work: Path, seconds: float, most: int | None, seed: int, out: Path
) -> int:
    """Try inputs of all kinds in turn until the time is over."""
    ends = time.monotonic() + seconds
    corpus = make_corpus(work, kinds)
    left = watch(kinds, corpus, work, seed)
    tallies = {name: Tally() for name in kinds}
    first, size = 0, _FIRST_ROUND
    while time.monotonic() < ends and (most is None or first < most):
        last = first + size if most is None else min(first + size, most)
        for name in kinds:
            job = Job(name, corpus, work, seed, coverage=work / "coverage" if first == 0 else None)
            try:
                for result in results(job, first, last):
                    tallies[name].add(result)
                    if result.is_finding:
                        tell_finding(tallies[name], job, result, out)
                    if time.monotonic() > ends:
                        break
            except SeedRefusedError as error:
                print(f"{name}: NOTHING IS TRIED: {error}", flush=True)
                left += 1
        first, size = last, _ROUND
        print(f"{sum(t.inputs for t in tallies.values()):,} inputs", flush=True)
    tell_coverage(work)
    return report(tallies, left)


def watch(kinds: Sequence[str], corpus: Path, work: Path, seed: int) -> int:
    """Watch the system calls of a few inputs of each kind; return how many kinds left their job."""
    try:
        control = watched(
            Job("window", corpus_of_control(corpus, work), work, seed, weak=CONTROL), 0, 3
        )
    except FileNotFoundError:
        print("strace is not on this machine: what is opened is known from Python alone")
        return 0
    print(f"Under strace, a parser that leaves its job: {'caught' if control else 'NOT CAUGHT'}")
    failed = int(not control)
    for name in kinds:
        try:
            calls = watched(Job(name, corpus, work, seed), 0, _WATCHED)
        except SeedRefusedError as error:
            calls = [str(error)]
        failed += bool(calls)
        for call in calls[:3]:
            print(f"{name}: left its job: {call[:200]}")
    print(f"Under strace, {_WATCHED} inputs of each of {len(kinds)} kinds")
    return failed


def corpus_of_control(corpus: Path, work: Path) -> Path:
    """Return a corpus that has the seeds of the control."""
    return corpus if (corpus / "window").is_dir() else make_corpus(work / "control", ["window"])


def tell_finding(tally: Tally, job: Job, result: Result, out: Path) -> None:
    """Keep the first few inputs of each place, and say where they are."""
    place = (result.outcome, result.where.split(":")[0])
    tally.places[place] += 1
    if tally.places[place] > _KEPT:
        return
    files = KINDS[job.kind].make(read_corpus(job.corpus, job.kind), job.seed, result.number)
    finding = Finding(job.kind, job.seed, result.number, result.outcome, result.where, files)
    path = keep_finding(out, finding)
    print(f"{job.kind} {result.number}: {result.outcome}: {result.where[:300]}\n    {path}", flush=True)


def report(tallies: dict[str, Tally], left: int) -> int:
    """Print what came of all inputs; return 1 where something must not be."""
    print(
        f"{'':16} {'inputs':>8} {'passed':>7} {'taken':>7} {'found':>6} {'s':>6} {'MB':>5}  first check"
    )
    short = []
    for name, tally in tallies.items():
        share = tally.passed / max(tally.inputs, 1)
        print(
            f"{name:16} {tally.inputs:8,} {share:7.0%} {tally.counts['taken']:7,} {tally.findings:6,} "
            f"{tally.slowest:6.2f} {tally.memory / 1e6:5.0f}  {KINDS[name].checked}"
        )
        if tally.inputs < FEWEST or share < SHARE:
            short.append(name)
    slowest = max(tally.slowest for tally in tallies.values())
    most = max(tally.memory for tally in tallies.values())
    total, findings = sum(t.inputs for t in tallies.values()), sum(t.findings for t in tallies.values())
    print(
        f"{total:,} inputs, {findings:,} findings; at most {slowest:.1f} s of the processor and "
        f"{most / 1e6:.0f} MB above the baseline"
    )
    if short or total < ALL:
        print(
            f"No whole run: fewer than {ALL:,} inputs, or of {FEWEST:,} a kind and {SHARE:.0%} past "
            f"the first check: {', '.join(short) or 'none'}"
        )
    return int(findings > 0 or left > 0)


def tell_coverage(work: Path) -> None:
    """Print which share of the lines of each module ran in the first round."""
    import coverage

    root = Path(__file__).parents[2] / "dataselect_gui"
    measured = coverage.Coverage(data_file=str(work / "coverage"))
    measured.combine([str(path) for path in work.glob("coverage.*")])
    print(f"Lines that ran in the first {_FIRST_ROUND} inputs of each kind:")
    lines = ran = 0
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if path.name != "__init__.py" and any(fnmatch(name, pattern) for pattern in _MODULES):
            _, stated, _, missing, _ = measured.analysis2(str(path))
            lines, ran = lines + len(stated), ran + len(stated) - len(missing)
            print(f"{name:36} {len(stated):5} lines {1 - len(missing) / max(len(stated), 1):5.0%}")
    print(f"{'together':36} {lines:5} lines {ran / max(lines, 1):5.0%}")


def self_test(work: Path) -> int:
    """Put each known defect back and say after how many inputs it was found."""
    corpus = make_corpus(work, sorted({defect.kind for defect in DEFECTS.values()}))
    missed = 0
    for name, defect in DEFECTS.items():
        if name == CONTROL:
            continue
        began = time.monotonic()
        finding = catch(name, corpus, work)
        missed += finding is None
        outcome = (
            "NOT FOUND" if finding is None else f"found by input {finding.number}: {finding.outcome}"
        )
        print(f"{name:40} {defect.kind:14} {outcome}, {time.monotonic() - began:.1f} s", flush=True)
    return int(missed > 0)


def catch(name: str, corpus: Path, work: Path, most: int = _MOST_FOR_A_DEFECT) -> Result | None:
    """Return the first input that shows a known defect; None where none of them does."""
    defect = DEFECTS[name]
    return first_finding(results(Job(defect.kind, corpus, work, weak=name), 0, most), defect.seen)


def replay(path: Path, work: Path) -> int:
    """Try one input again and say what comes of it."""
    finding = read_finding(path)
    corpus = make_corpus(work, [finding.kind])
    job = Job(finding.kind, corpus, work, finding=path.resolve())
    (result,) = results(job, 0, 1)
    print(f"{finding.kind}, before: {finding.outcome} {finding.where}")
    print(
        f"now: {result.outcome} {result.where}, {result.seconds:.1f} s, "
        f"{result.memory / 1e6:.0f} MB above the baseline"
    )
    return int(result.is_finding)


if __name__ == "__main__":
    sys.exit(main())
