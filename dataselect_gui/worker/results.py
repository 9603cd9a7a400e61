"""What the worker finds out where it is asked to look, try or check: neither numbers nor files.

The worker writes these as JSON, and its parent, which trusts no worker that read what strangers made,
takes nothing that is of another form.
"""

from typing import Literal

import msgspec

from dataselect_gui.checkpoints.request import Request, request_of
from dataselect_gui.records.source import Problem
from dataselect_gui.release.verify import Check
from dataselect_gui.scoring.trial import Batching, Trial


class SourceInspection(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="source"):
    """What a source is.

    Attributes
    ----------
    form : str
        The kind of its records.
    records, readable : int
        How many there are, and how many of them can be read.
    problems : list of Problem
        What cannot be read.
    labels : list of str
        The labels that there are, in order.
    columns : list of str
        The columns that may name the unit.
    person : str or None
        The one of them that plainly names the person; None where none does.
    ignored : int
        How many files were passed over because they are no records.
    """

    form: str
    records: int
    readable: int
    problems: list[Problem]
    labels: list[str]
    columns: list[str]
    person: str | None
    ignored: int


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a checkpoint's model without a record.

    Attributes
    ----------
    form : str
        ``huggingface`` or ``exported``.
    batching : str
        In which form the records of a batch are kept apart.
    architecture : str or None
        Its family; None for a graph.
    elements : int or None
        How many numbers its weights hold; None where that is not told.
    preprocessing : bool
        Whether it says how inputs are prepared.
    scores : list of str
        Those that apply to labelled records.
    labels : dict or None
        The label of records that it was held against → the index of its class; None without records.
    """

    form: Literal["huggingface", "exported"]
    batching: Batching
    architecture: str | None
    elements: int | None
    preprocessing: bool
    scores: list[str]
    labels: dict[str, int] | None = None


class CheckpointInspection(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="checkpoint"
):
    """What a checkpoint is.

    Attributes
    ----------
    problems : list of Problem
        None: a checkpoint with a problem is refused.
    labels : list of str
        The names of its classes.
    series : list of int or None
        The step of each state; None for one that has none.
    request : dict
        The consortium's, as it was written.
    unknown_in_request : list of str
        What of it is not known here.
    digest : str
        The SHA-256 over all that a score depends on.
    model : ModelFacts
        Written as ``preflight``.
    """

    problems: list[Problem]
    labels: list[str]
    series: list[int | None]
    request: dict[str, object]
    unknown_in_request: list[str]
    digest: str
    model: ModelFacts = msgspec.field(name="preflight")

    @property
    def asks(self) -> Request:
        """The consortium's request."""
        return request_of(self.request)


class BundleInspection(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="bundle"):
    """What a bundle is.

    Attributes
    ----------
    problems : list of Problem
        None: what is wrong with it stands among the checks.
    checks : list of Check
        What was checked.
    release : dict or None
        Its ``release.json``; None where that is not worth repeating.
    """

    problems: list[Problem]
    checks: list[Check]
    release: dict[str, object] | None


class Preflight(Trial, frozen=True, kw_only=True):
    """What came of trying a checkpoint on some records of a source.

    Attributes
    ----------
    records : int
        How many the source has.
    seconds_to_read : float
        How long reading one takes.
    seconds : float
        How long it takes to read and score all of them.
    """

    records: int
    seconds_to_read: float
    seconds: float
