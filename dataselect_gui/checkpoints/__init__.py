"""The consortium's checkpoints: their layout on disk, labels, request, and what is refused."""
