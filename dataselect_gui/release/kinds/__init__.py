"""The kinds of release: what leaves, one module each."""
