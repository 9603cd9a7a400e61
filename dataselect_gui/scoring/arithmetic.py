"""What rounding may depend on: the numbers, the machine and the count of threads, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def fix_arithmetic(threads: int | None = None) -> int:
    """Switch off what chooses by time or changes how numbers are computed; returns how many threads.

    Parameters
    ----------
    threads : int or None
        How many threads share an operation on the processor; None for as many as PyTorch takes.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    # Exactness to 1e-4 of float64 does not survive TensorFloat-32.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False  # It chooses by time.
    torch.backends.cudnn.deterministic = True
    return torch.get_num_threads()


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Take numbers next to 0 for 0: they are far slower than others, and time must tell nothing.

    Threads that share the work have it from the one that starts them, and keep it; so models are loaded
    within it, too. Only what models compute is: accountants of privacy need these numbers.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
