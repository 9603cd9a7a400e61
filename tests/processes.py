"""Finding the children of a process, in /proc."""

from collections.abc import Iterator
from pathlib import Path


def children_of(parent: int) -> Iterator[int]:
    """Yield the process ids of a process's children, dead ones that nobody waited for among them."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                yield int(folder.name)


def workers_of(parent: int) -> Iterator[int]:
    """Yield the process ids of a process's workers, not of its other children."""
    for child in children_of(parent):
        try:
            arguments = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"--worker" in arguments:
            yield child
