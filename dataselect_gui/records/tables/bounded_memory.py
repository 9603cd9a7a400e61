"""Keep a process from taking more memory for something than that may need."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STATM = Path("/proc/self/statm")


@contextmanager
def bounded_memory(more: int) -> Iterator[None]:
    """Have allocations fail, as `MemoryError`, that go beyond what the process has and so many bytes.

    Where the system has no such bound (all but Linux), nothing is done.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    now = int(_STATM.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    bound = now + more
    for known in (soft, hard):
        bound = bound if known == resource.RLIM_INFINITY else min(bound, known)
    resource.setrlimit(resource.RLIMIT_AS, (bound, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
