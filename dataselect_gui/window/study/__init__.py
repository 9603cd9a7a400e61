"""The Try it page: whether picking records by a score helps, tried before anything is shared."""
