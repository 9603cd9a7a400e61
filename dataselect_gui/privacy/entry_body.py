"""The fields of a ledger entry, as types; it imports nothing of the program."""

from typing import Literal, TypedDict

Noise = Literal["discrete-laplace", "discrete-gaussian"]


class EntryBody(TypedDict, total=False):
    """The fields of an entry, as JSON has them; which of them there are depends on its kind.

    What is read is held against these types by `entry_forms.is_entry`.
    """

    account: str
    checkpoint: str
    columns: str
    content: str
    date: str
    decides: str
    delta: str
    elsewhere: bool
    epsilon: str
    key: str
    labels: str
    leave_out: str
    loss: tuple[Noise, float, float] | None
    nonce: str
    one_sided: bool
    per_unit: int
    population: str
    reason: str | None
    release: str
    rule: str
    terms: dict[str, object]
    threshold_of: str
    unit: str | None
