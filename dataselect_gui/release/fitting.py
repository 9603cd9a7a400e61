"""What does not fit into a bundle, or into the ledger, is refused before anything is charged."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UnusableError
from dataselect_gui.plain import to_cell
from dataselect_gui.records.formats.bare import MAX_MEMORY, MAX_PIXELS
from dataselect_gui.release import limits
from dataselect_gui.release.contents import listing_line
from dataselect_gui.release.documents import document_text, release_document
from dataselect_gui.release.drawing import OTHER, Candidates, Layout, cell_count
from dataselect_gui.release.table_check import line_of
from dataselect_gui.release.terms import Terms

_LATER = 1 << 12
"""Bytes that a document may grow by once a threshold is bought."""
_ROW, _COUNT = 52, 24
"""Bytes of a row of a table of tokens, and of a count in a report, at most."""
_NAMED, _NOISED, _STEP = 104, 60, 24
"""Bytes of a draw, at most: a record with its token, a token with its score, a count."""
_PER_VALUE, _PER_TENSOR, _PER_AXIS = 8, 96, 24
"""Bytes of a gradient's draw for each parameter; of what a file says of each tensor and axis."""
_FILE = f"{'0' * 32}.png"


def check_fits(
    candidates: Candidates, terms: Terms, may_leave: NDArray[np.bool_], parameters: int | None
) -> None:
    """Refuse a release that is larger than a bundle or the ledger can hold.

    Parameters
    ----------
    candidates : Candidates
        The records.
    terms : Terms
        What the release is.
    may_leave : ndarray of bool
        Which records may be in it, shape (n,).
    parameters : int or None
        Of the model, where that is known.

    Raises
    ------
    UnusableError
        Where it is.
    """
    document = document_text(release_document(terms, "0" * 64))
    _hold(len(document.encode()) + _LATER, limits.MOST_DOCUMENT, "bytes of release.json")
    count = int(may_leave.sum())
    if terms.kind == "gradient":
        _hold(_PER_VALUE * (parameters or 0), limits.MOST_DRAW, "bytes of a gradient with its noise")
    elif terms.kind == "report":
        _hold(cell_count(terms), limits.MOST_CELLS, "cells of a report")
        _hold(report_bytes(terms), limits.MOST_FILE, "bytes of a report")
    elif terms.kind == "records":
        _hold(_NAMED * count, limits.MOST_DRAW, "bytes of a draw")
        _check_records(candidates, np.flatnonzero(may_leave).tolist())
    else:
        rows = max(count, terms.padded or 0)
        _hold(rows, limits.MOST_ROWS, "rows of a table")
        _hold(_ROW * rows, limits.MOST_FILE, "bytes of a table")
        _hold(_NAMED * count + _NOISED * rows, limits.MOST_DRAW, "bytes of a draw")


def check_sum(layout: Layout) -> None:
    """Refuse a gradient that is larger than a bundle or the ledger can hold.

    Raises
    ------
    UnusableError
        Where it is.
    """
    values = sum(int(np.prod(shape, dtype=object)) for _, shape in layout)
    said = sum(6 * len(name.encode()) + _PER_TENSOR + _PER_AXIS * len(shape) for name, shape in layout)
    _hold(said, limits.MOST_HEADER, "bytes of the names of a model's parameters")
    _hold(_PER_VALUE * values + said, limits.MOST_DRAW, "bytes of a gradient with its noise")


def report_bytes(terms: Terms) -> int:
    """Return how many bytes a report has at most."""
    header, total = 64, 0
    if terms.bins is not None:
        names = [""] if terms.classes is None else [*map(to_cell, terms.classes), OTHER]
        edges = len("-inf") + len("inf") + 2 * sum(map(len, terms.bins))
        cells = len(terms.bins) + 1
        named = sum(len(line_of(("histogram", name, "", "", "")).encode()) for name in names)
        total += cells * (named + _COUNT * len(names)) + len(names) * edges
    if terms.count_threshold is not None:
        total += len(line_of(("count", "", "-inf", terms.count_threshold, "")).encode()) + _COUNT
    return header + total


def _check_records(candidates: Candidates, rows: Sequence[int]) -> None:
    labels = [candidates.index.labels[row] for row in rows]
    blank = None if candidates.source.kind == "images" else candidates.source.blank
    if isinstance(blank, np.ndarray):
        longest = max((len(label or "") for label in labels), default=0)
        size = blank.nbytes + 4 * max(longest, 1)
        _hold(len(rows) * size, limits.MOST_ARRAY_BYTES, "bytes of records and labels")
        return
    if blank is not None:
        # As PNG, beside what it unpacks to; images of a folder are looked at one by one.
        pixels, packed = blank.width * blank.height, len(blank.getbands()) * blank.width * blank.height
        _hold(pixels, MAX_PIXELS, "pixels of an image")
        _hold(4 * pixels + packed + (packed >> 6) + (1 << 20), MAX_MEMORY, "bytes of an image")
    lines = {label: len(listing_line(_FILE, label).encode()) for label in set(labels)}
    _hold(max(lines.values(), default=0), limits.MOST_LINE, "bytes of a label")
    _hold(sum(lines[label] for label in labels), limits.MOST_FILE, "bytes of the list of records")


def _hold(size: int, most: int, what: str) -> None:
    if size > most:
        raise UnusableError(
            "The release is larger than can be written and checked.",
            f"It would come to {size:,} {what}; {most:,} at most. Nothing was charged for it.",
            "Release less at once: fewer records, classes, bins or rows, or of a smaller model.",
        )
