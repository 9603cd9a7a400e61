"""What rounding may depend on: the numbers, the machine and the count of threads, and nothing else."""

import torch


def fix_arithmetic(threads: int | None = None) -> int:
    """Switch off what chooses by time or changes how numbers are computed; returns how many threads.

    It comes before the first computation of a process: threads that exist keep their denormals.

    Parameters
    ----------
    threads : int or None
        How many threads share an operation on the processor; None for as many as PyTorch takes.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    # Time must tell nothing of a record: numbers close to 0 would be far slower than others.
    torch.set_flush_denormal(True)
    # Exactness to 1e-4 of float64 does not survive TensorFloat-32.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False  # It chooses by time.
    torch.backends.cudnn.deterministic = True
    return torch.get_num_threads()
