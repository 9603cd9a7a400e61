"""Run many records at once through a graph for a batch of one, so that no record affects another.

Each value of the graph that depends on the record is held for all records (`Each`), and each operation
has a rule that runs it on such values. The rule places the axis of the records where the operation, by
its definition, treats every index by itself, so the operation never combines records. Whatever the
graph does along its own batch axis, it does to a batch of one.

`torch.func.vmap` does the same, but replaces layers (norms, convolutions, attention) by other
operations: their fast forms are lost, and `dataselect_gui.norms.rules` would not recognise them. The
tests compare every rule with `vmap`.

Where an operation has no rule for its arguments, the records are run one at a time.
"""

from collections.abc import Mapping
from typing import Any

from dataselect_gui.scoring.batching import layers, several, shapes
from dataselect_gui.scoring.batching.calls import BatchingRule, Call, NotTogetherError

_GROUPS: Mapping[str, BatchingRule] = {**layers.GROUPS, **shapes.GROUPS}
_RULES: Mapping[str, BatchingRule] = {
    **layers.BATCHING_RULES,
    **shapes.BATCHING_RULES,
    **several.BATCHING_RULES,
}


def run_together(call: Call) -> Any:  # noqa: ANN401  (whatever the operation returns)
    """Run an operation of which some arguments are an `Each`.

    Raises
    ------
    NotTogetherError
        Where there is no rule for it.
    """
    name = call.name.partition(".")[0]
    rule = _RULES.get(call.name) or _RULES.get(name) or _GROUPS.get(call.group)
    if rule is None:
        raise NotTogetherError(call.name)
    return rule(call)
