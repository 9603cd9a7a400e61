"""Which eligible records the owner's rule picks: pure functions over arrays."""
