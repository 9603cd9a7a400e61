"""The demo's records, known by their content: a project is the demo's by them alone.

Such a project has a ledger of its own and a public key for `random`, neither of which may ever serve
records of an owner. So what its settings say does not suffice.
"""

import hashlib
import json

from dataselect_gui.errors import UnusableError
from dataselect_gui.project.table import Index
from dataselect_gui.texts import _

COUNT = 2000
RECORDS = "cf66d85ef8a6114a1543faf0417d73a8ff621e02c772b490bff10240df6ca3b8"
"""How many records come with the program, and their digest."""
EARLIER = "c5cb3dadfff263c3fbf97582012844221e6a2b1df68b04fef2d239e037c6efc8"
"""The digest of those that came with it before: what was made of them is still read."""


def digest_of(index: Index) -> str:
    """Return the SHA-256 over ids, labels and units, and each record's content."""
    units = None if index.units is None else list(index.units)
    named = json.dumps([list(index.ids), list(index.labels), units])
    return hashlib.sha256(named.encode() + index.content.tobytes()).hexdigest()


def check_demo(name: str, index: Index) -> None:
    """Refuse any records but the demo's.

    Parameters
    ----------
    name : str
        The project's.
    index : Index
        Its records.

    Raises
    ------
    UnusableError
        Where they are others, or any of them has another content or label.
    """
    if digest_of(index) not in {RECORDS, EARLIER}:
        raise not_the_demos(name)


def not_the_demos(name: str) -> UnusableError:
    """Return the error for records that are not the demo's in the demo's project, of that name."""
    return UnusableError(
        _("The project “{name}” is the demo's, and these are not the demo's records.", name=name),
        _("It has a ledger of its own, which must not stand for records of yours."),
        _("Score your records into another project."),
    )
