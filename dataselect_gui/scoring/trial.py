"""What came of trying a model on some records. No torch here, for whoever had it tried."""

from typing import Literal

import msgspec

Batching = Literal["by operation", "one at a time", "by family"]
"""How the records of a batch are kept apart: by a rule for each operation of a ``.pt2`` graph, not at
all, or by the transformers library."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What came of trying a model on some records.

    Attributes
    ----------
    parameters : dict
        In which way the gradients of the trainable parameters are computed: operation, or
        ``torch.func``, or ``not used`` → how many numbers they are.
    by_function : list of str
        The parameters that go through ``torch.func``, by their names.
    batching : str
        In which form the records of a batch are kept apart.
    checked : int
        How many records were held against the naive loop, in float64 where the device has it.
    deviation : float
        The largest difference from it, relative to the score.
    precision : str
        What scores are computed with, unless it is asked for otherwise.
    tried, moved : int
        How many records were scored in float64 too, and for how many of them some score is further
        than 1e-4 from that. None were tried where the device has no float64.
    float64_pace : float or None
        How long a record takes in float64, over how long it takes as it is; None where not tried.
    device : str
        Where scores are computed.
    at_once : int
        Records in a batch.
    seconds_per_record : float
        How long computing takes.
    bytes_needed : int
        Main memory, or the GPU's, at its peak.
    dp_training : str
        Whether the model could be trained with differential privacy as it is.
    dp_objections : list of str
        What Opacus has against it, in its words.
    """

    parameters: dict[str, int]
    by_function: list[str]
    batching: Batching
    checked: int
    deviation: float
    precision: str
    tried: int
    moved: int
    float64_pace: float | None
    device: str
    at_once: int
    seconds_per_record: float
    bytes_needed: int
    dp_training: Literal["yes", "no", "unknown"]
    dp_objections: list[str]
