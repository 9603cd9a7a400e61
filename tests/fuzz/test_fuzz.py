"""The fuzzer in short: a hundred inputs of each kind, and known defects, which must all be found."""

from pathlib import Path

import pytest

from tests.fuzz.__main__ import catch, make_corpus
from tests.fuzz.confines import escapes
from tests.fuzz.findings import Finding, keep_finding, read_finding
from tests.fuzz.kinds import KINDS
from tests.fuzz.running import Job, Result, results, watched
from tests.fuzz.seeds import read_corpus
from tests.fuzz.weak import CONTROL, DEFECTS

FEW, MANY = 100, 3000
WITH_TORCH = {"safetensors", "pt2-archive", "pt2-graph", "config", "processor", "request", "tokenizer"}
"""Kinds whose process takes seconds to start."""
LONG = {
    "a sparse operation is allowed",
    "scans are not counted",
    "members of an archive overlap",
    "a shape is multiplied unread",
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp("corpus"), list(KINDS))


def fuzzed(name: str, corpus: Path, work: Path, count: int) -> list[Result]:
    return list(results(Job(name, corpus, work), 0, count))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.timeout(3600)
def test_no_input_does_harm(name: str, count: int, corpus: Path, tmp_path: Path) -> None:
    """The kinds that load models have fewer inputs here: each may take a twentieth of a second."""
    count = count // 4 if name in WITH_TORCH and count == FEW else count
    made = fuzzed(name, corpus, tmp_path, count)
    assert [result for result in made if result.is_finding] == []
    assert [result.number for result in made] == list(range(count))
    assert sum(result.passed for result in made) >= count / 4


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in LONG else [])
        for name in DEFECTS
        if name != CONTROL
    ],
)
@pytest.mark.timeout(900)
def test_a_known_defect_is_found(name: str, corpus: Path, tmp_path: Path) -> None:
    assert catch(name, corpus, tmp_path) is not None


def test_what_leaves_its_job_is_seen(corpus: Path, tmp_path: Path) -> None:
    """A file and a socket that are opened by system calls, of which Python is told nothing."""
    try:
        calls = watched(Job("window", corpus, tmp_path, weak=CONTROL), 0, 1)
    except FileNotFoundError:
        pytest.skip("strace is not on this machine")
    assert ["/etc/hostname" in call or "AF_INET" in call for call in calls] == [True, True]
    assert watched(Job("window", corpus, tmp_path), 0, 5) == []


@pytest.mark.parametrize(
    ("call", "leaves"),
    [
        ('openat(AT_FDCWD, "/job/in/a", O_RDWR|O_CREAT, 0666) = 3', False),
        ('openat(AT_FDCWD, "in/a", O_RDONLY) = 3', False),
        ('openat(AT_FDCWD, "/usr/lib/x.so", O_RDONLY) = 3', False),
        ('openat(AT_FDCWD, "/usr/lib/x.so", O_WRONLY) = 3', True),
        ('openat(AT_FDCWD, "/job/../etc/passwd", O_RDONLY) = -1 ENOENT', True),
        ('openat(AT_FDCWD, "/jobs", O_RDONLY) = 3', True),
        ('rename("/job/a", "/home/b") = 0', True),
        ('symlink("/etc", "/job/a") = 0', True),
        ("socket(AF_UNIX, SOCK_STREAM, 0) = 3", True),
        ('execve("/bin/sh", [], []) = 0', True),
    ],
)
def test_a_call_that_leaves_its_job(call: str, leaves: bool) -> None:
    trace = f'7 stat("/input-starts") = -1\n7 {call}\n7 stat("/input-ends") = -1\n7 {call}\n'
    assert bool(escapes(trace, "/job")) == leaves


def test_an_input_is_the_same_for_the_same_seed(corpus: Path) -> None:
    for name, kind in KINDS.items():
        seeds = read_corpus(corpus, name)
        made = [kind.make(seeds, 3, number) for number in range(8)]
        assert made == [kind.make(seeds, 3, number) for number in range(8)]
        assert made != [kind.make(seeds, 4, number) for number in range(8)]


def test_a_finding_can_be_tried_again(corpus: Path, tmp_path: Path) -> None:
    name = "formulas in a table"
    finding = catch(name, corpus, tmp_path)
    assert finding is not None
    files = KINDS["metadata-csv"].make(read_corpus(corpus, "metadata-csv"), 0, finding.number)
    files = {**files, "\udcff\x00/a.png": b"x"}  # A name that no archive holds.
    path = keep_finding(
        tmp_path, Finding("metadata-csv", 0, finding.number, finding.outcome, finding.where, files)
    )
    assert read_finding(path).files == files
    job = Job("metadata-csv", corpus, tmp_path, finding=path, weak=name)
    (again,) = results(job, 0, 1)
    assert (again.outcome, again.where) == (finding.outcome, finding.where)
