"""Load the model of a ``.pt2`` file of `torch.export`."""

import torch
from torch import nn

from dataselect_gui.checkpoints.exported import read_exported
from dataselect_gui.checkpoints.layout import Member
from dataselect_gui.errors import UnusableError


def load_exported(member: Member, device: torch.device) -> tuple[nn.Module, int | None]:
    """Return the model of a ``.pt2`` file, and how many channels it takes where it takes images.

    Raises
    ------
    UnusableError
        Where the file is refused, or takes batches of one size alone.
    """
    from torch.export.passes import move_to_device_pass

    program = torch.export.load(read_exported(member.weights[0]))
    name = program.graph_signature.user_inputs[0]
    shape = next(n.meta["val"].shape for n in program.graph.nodes if n.name == name)
    if len(shape) and isinstance(shape[0], int):
        raise UnusableError(
            f"“{member.weights[0].name}” takes batches of {shape[0]} alone.",
            "It was exported for one size of batch, and records are scored in batches of any size.",
            "Ask the consortium to export it with dynamic_shapes=({0: torch.export.Dim('batch')},).",
        )
    channels = int(shape[1]) if len(shape) == 4 else None
    return move_to_device_pass(program, device).module(), channels
