"""Read strangers' files with the arrow library: in one thread, and in memory that is bounded.

It serves tables of rows and tables of images; each says in its own words why a file is refused.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import N_, _

FILE_MARK = b"ARROW1"
"""How an Arrow file begins; a stream has no mark."""
ENCRYPTED_MARK = b"PARE"
"""How a Parquet file begins and ends whose directory is encrypted."""
ENCRYPTED = N_("It is encrypted, or a column of it is. Save it without encryption.")
_STATM = Path("/proc/self/statm")


@contextmanager
def arrow_reading(
    most: int, refusal: Callable[[str], UnusableError], too_large: str, damaged: str
) -> Iterator[Callable[[], None]]:
    """Have the library read in one thread and within so many bytes, and its faults become refusals.

    Yields what counts these bytes anew, from what the process has by then.

    Parameters
    ----------
    most : int
        The bytes.
    refusal : callable
        Makes a refusal of its reason.
    too_large, damaged : str
        The reasons where memory does not suffice, and where the library fails otherwise.

    Raises
    ------
    UnusableError
        Where memory does not suffice, or the library fails in any way: its own words may hold content.
    """
    import pyarrow as pa

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    pa.set_memory_pool(pa.system_memory_pool())  # The one that knows the bound of the memory.
    try:
        with _bounded_memory(most) as count_anew:
            yield count_anew
    except UnusableError:
        raise
    except MemoryError:
        raise refusal(too_large) from None
    except Exception as error:
        raise refusal(_(ENCRYPTED) if "crypt" in str(error) else damaged) from None


def check_counts(described: Any) -> None:  # noqa: ANN401  (a class without types)
    """Refuse a Parquet directory whose numbers of rows cannot be: the library would abort.

    The columns of its groups are left alone: to look at a damaged one aborts the process, too.

    Parameters
    ----------
    described : pyarrow.parquet.FileMetaData
        The directory.

    Raises
    ------
    ValueError
        Where one is negative, or the groups have other rows than the whole.
    """
    rows = [described.row_group(number).num_rows for number in range(described.num_row_groups)]
    if sum(rows) != described.num_rows or min([0, *rows]) < 0:
        raise ValueError("counts that cannot be")


class ArrowBatches:
    """The batches of an Arrow file, or of a stream.

    Parameters
    ----------
    file : binary file
        The file.
    is_stream : bool
        Whether it is a stream.

    Attributes
    ----------
    schema : pyarrow.Schema
        Of all columns.
    """

    def __init__(self, file: BinaryIO, *, is_stream: bool) -> None:
        self._file, self._is_stream = file, is_stream
        self.schema: Any = self._reader(None).schema

    def of(self, places: list[int]) -> Iterator[Any]:
        """Return the batches, with the columns at some places."""
        reader = self._reader(places)
        if self._is_stream:
            return iter(reader)
        return (reader.get_batch(number) for number in range(reader.num_record_batches))

    def _reader(self, places: list[int] | None) -> Any:  # noqa: ANN401  (two classes without a base)
        import pyarrow as pa

        self._file.seek(0)
        options = pa.ipc.IpcReadOptions(included_fields=places, use_threads=False)
        opened = pa.ipc.open_stream if self._is_stream else pa.ipc.open_file
        return opened(pa.PythonFile(self._file, mode="r"), options=options)


@contextmanager
def _bounded_memory(more: int) -> Iterator[Callable[[], None]]:
    """Have allocations fail, as `MemoryError`, that go beyond what the process has and so many bytes.

    Yields what counts them anew. Where the system has no such bound (all but Linux), nothing is done.
    """
    if sys.platform != "linux":
        yield lambda: None
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)

    def count_anew() -> None:
        now = int(_STATM.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        bounds = [now + more, *(known for known in (soft, hard) if known != resource.RLIM_INFINITY)]
        resource.setrlimit(resource.RLIMIT_AS, (min(bounds), hard))

    count_anew()
    try:
        yield count_anew
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
