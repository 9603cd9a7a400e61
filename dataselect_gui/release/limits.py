"""The limits of a bundle's size, checked before the charge and by the receiver.

Both use the same figures, so that everything that can be released can be verified. The limits of its
files are in `records.forms.limits`.
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
"""The largest norm that gradients are clipped to."""
