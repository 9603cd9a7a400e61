"""A module of no use. Where it is imported, a file that was read could have imported any."""
