"""How large the files of a bundle can be: held before anything is charged, and by the check."""

MOST_FILE = 1 << 29
"""Bytes of an image, a listing or a table."""
MOST_LINE = 1 << 22
"""Bytes of a line of a listing or a table."""
MOST_ARRAY_BYTES = 2_000_000_000
"""What the arrays of a bundle unpack to: beyond it, NumPy writes a zip file of another form."""
