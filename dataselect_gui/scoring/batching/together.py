"""Many records at once through a graph that is written for a batch of one: none can meet another.

The graph is run as for one record, its batch of one. Each of its tensors that depends on the record is
held for all records side by side (`Each`), and each operation has a rule that runs it on these: the
records' own axis is never among those that the operation looks along, because the rule puts it where
the operation, by its definition, treats every place by itself. What the graph's authors wrote about
their batch they wrote about a batch of one, and none of it reaches the records' axis. This is what
`torch.func.vmap` does; here it is done with the operations as they are, since `vmap` takes apart the
layers (norms, convolutions, attention) whose gradients the rules of `dataselect_gui.norms.rules`
know, and takes their fast forms away. The tests hold every rule against `vmap`.

An operation without a rule for its arguments is no fault: then the records go one at a time.
"""

from collections.abc import Mapping
from typing import Any

from dataselect_gui.scoring.batching import layers, several, shapes
from dataselect_gui.scoring.batching.calls import Call, NotTogetherError, Rule

_GROUPS: Mapping[str, Rule] = {**layers.GROUPS, **shapes.GROUPS}
_RULES: Mapping[str, Rule] = {
    **layers.BATCHING_RULES,
    **shapes.BATCHING_RULES,
    **several.BATCHING_RULES,
}


def run_together(call: Call) -> Any:  # noqa: ANN401  (whatever the operation returns)
    """Run an operation of which some arguments are of every record.

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
