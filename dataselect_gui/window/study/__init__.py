"""The Try it page: whether picking records by a score helps, tried before anything is shared."""

STUDYING = "Studying"
"""The title of the job that a study is."""
