"""The mechanisms: one module each, with a page beside it that proves its guarantee."""
