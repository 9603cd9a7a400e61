"""Errors that mean that memory ran out: a smaller batch may still fit."""

import torch


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an error means that memory ran out, on whatever device."""
    is_cpu = isinstance(error, RuntimeError) and "allocate memory" in str(error)
    return is_cpu or isinstance(error, MemoryError | torch.OutOfMemoryError)
