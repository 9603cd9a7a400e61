"""How large a bundle and what is in it can be: held before anything is charged, and by the check.

Both sides read the same figures from here, so that whatever can be released can be verified. How large
its files can be is in `records.forms.limits`.
"""

from decimal import Decimal

MOST_DOCUMENT = 1 << 24
"""Bytes of a document of a bundle."""
MOST_ROWS = 10_000_000
"""Rows of a table of tokens."""
MOST_EDGES = 1000
"""Edges of the bins of a histogram."""
MOST_CELLS = 2_000_000
"""Cells of a report."""
MOST_CLASSES, MOST_CLASS_NAME = 100_000, 300
"""Classes of a report, and characters of the name of each."""
MOST_HEADER = 1 << 24
"""Bytes of what a gradient's file says of its tensors."""
MOST_DRAW = 900_000_000
"""Bytes of a draw, which the ledger keeps as one value: SQLite's own limit is 10^9."""
LEAST_NORM, LARGEST_NORM = Decimal("1e-9"), Decimal("1e9")
"""Of the norm that gradients are clipped to."""
