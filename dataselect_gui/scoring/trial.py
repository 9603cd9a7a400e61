"""What trying a checkpoint on some records shows. No torch here: the parent process reads it."""

from typing import Annotated, Literal

import msgspec

from dataselect_gui.jobs.progress import Count, Seconds, Text
from dataselect_gui.scoring.names import Batching, Precision

_LARGEST_BATCH = 1 << 16
"""Records in a batch."""


class Trial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What trying a checkpoint on some records shows; its types bound what the child may send.

    Attributes
    ----------
    parameters : dict
        In which way the gradients of the trainable parameters are computed: operation, or
        ``torch.func``, or ``not used`` → how many numbers they are.
    by_function : list of str
        The parameters that go through ``torch.func``, by their names.
    batching : str
        How the records of a batch are kept apart: ``by operation`` (a rule for each operation of a
        ``.pt2`` graph), ``one at a time``, or ``by family`` (of the transformers library).
    checked : int
        How many records were compared with the naive loop, in float64 where the device has it.
    deviation : float
        The largest difference from it, relative to the score.
    precision : str
        What scores are computed with, unless another precision is requested.
    tried, moved : int
        How many records were scored in float64 too, and for how many of them some score is further
        than 1e-4 from that. None were tried where the device has no float64.
    float64_pace : float or None
        How long a record takes in float64, over how long it takes as it is; None where not tried.
    device : str
        Where scores are computed.
    at_once : int
        Records in a batch.
    seconds_to_prepare : float
        How long it takes to find out what batches need and how they are computed, before the first one.
    seconds_per_record : float
        How long computing takes, while nothing else runs on the machine.
    busy : float
        How many times as long it took with what else ran on it.
    bytes_needed : int
        Main memory, or the GPU's, at its peak.
    dp_training : str
        Whether the model could be trained with differential privacy as it is: ``yes``, ``no``, or
        ``unknown``.
    dp_objections : list of str
        What Opacus has against it, in its words.
    """

    parameters: dict[Text, Count]
    by_function: list[Text]
    batching: Batching
    checked: Count
    deviation: Annotated[float, msgspec.Meta(ge=0)]
    precision: Precision
    tried: Count
    moved: Count
    float64_pace: Annotated[float, msgspec.Meta(ge=0)] | None
    device: Text
    at_once: Annotated[int, msgspec.Meta(gt=0, le=_LARGEST_BATCH)]
    seconds_to_prepare: Seconds
    seconds_per_record: Seconds
    busy: Annotated[float, msgspec.Meta(ge=1)]
    bytes_needed: Count
    dp_training: Literal["yes", "no", "unknown"]
    dp_objections: list[Text]
