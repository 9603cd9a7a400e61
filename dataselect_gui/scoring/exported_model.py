"""Load the model of a ``.pt2`` file, in a form that cannot mix records."""

import torch
from torch import Tensor

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.checkpoints.exported.program import Program
from dataselect_gui.checkpoints.exported.reading import read_exported
from dataselect_gui.checkpoints.features import Features
from dataselect_gui.errors import UnusableError
from dataselect_gui.norms.memory import is_out_of_memory
from dataselect_gui.scoring.batching.calls import NotTogetherError
from dataselect_gui.scoring.graph import ExportedModel
from dataselect_gui.scoring.logits import check_logits, check_no_probabilities
from dataselect_gui.scoring.output_bounds import output_bounds
from dataselect_gui.texts import _

_TOLERANCE = 1e-9
"""How far logits may be from those of another form, relative to the largest: rounding of float64."""
_SEED = 1


def load_exported(member: Member, device: torch.device) -> tuple[ExportedModel, int | None]:
    """Return the model of a ``.pt2`` file, and how many channels it takes where it takes images.

    Whatever its authors wrote, it runs as for a batch of one: many records at once, each by itself,
    where that agrees with what they wrote on a synthetic input, and otherwise one record at a time.

    Raises
    ------
    UnusableError
        Where the file is refused, or takes batches of one size above one alone, or mixes the records of
        the synthetic input.
    """
    program = read_exported(member.weights[0].name, member.read(member.weights[0]))
    size = program.input_sizes[0]
    if size not in {None, 1}:
        raise UnusableError(
            _("“{name}” takes batches of {size} alone.", name=member.weights[0].name, size=size),
            _("It was exported for one size of batch, and a record is scored as if it were alone."),
            _(
                "Ask the consortium to export it with {option}.",
                option="dynamic_shapes=({0: torch.export.Dim('batch')},)",
            ),
        )
    model = ExportedModel(program).eval()
    model.runs_together = _runs_together(
        program, member.features, predicts_numbers=member.predicts_numbers
    )
    channels = program.input_sizes[1] if len(program.input_sizes) == 4 else None
    return model.to(device), channels


def _runs_together(program: Program, features: Features | None, *, predicts_numbers: bool) -> bool:
    """Say whether running many records at once computes the same as the graph that the authors wrote.

    Tried on a synthetic input, in float64 on the CPU. That records do not affect each other does not
    rest on this trial: it holds however the graph is run.
    """
    model, inputs = ExportedModel(program).double(), _made_up(program, features)
    try:
        with torch.no_grad():
            model.check_sizes(inputs)
            both = program.input_sizes[0] is None
            written = check_logits(model.as_written(inputs.clone()), len(inputs)) if both else None
            alone = torch.cat(
                [check_logits(model.as_written(record.clone()), 1) for record in inputs.split(1)]
            )
            if not predicts_numbers:
                check_no_probabilities(alone, output_bounds(program, _stored_bounds(model, program)))
            if written is not None and not _agree(written, alone):
                raise _mixing()
            together = _together(model, inputs)
            return together is not None and _agree(together, alone)
    except UnusableError:
        raise
    except Exception as error:  # Any fault of a stranger's graph.
        if is_out_of_memory(error):
            raise
        raise UnusableError(
            _("The checkpoint cannot be used for scoring."),
            _(
                "On a synthetic input of the shape that it was exported with, its graph stops "
                "({error}).",
                error=type(error).__name__,
            ),
            _("Ask the consortium for the model as it is trained."),
        ) from error


def _together(model: ExportedModel, inputs: Tensor) -> Tensor | None:
    """Return the logits of records that are computed at once; None where there is no way to."""
    try:
        return model.together(inputs.clone())
    except (NotTogetherError, RuntimeError, IndexError, TypeError, ValueError) as error:
        if is_out_of_memory(error):
            raise
        return None


def _made_up(program: Program, features: Features | None) -> Tensor:
    """Return two made-up records of the shape that a graph was exported with, always the same.

    Where the graph takes places of categories, they are some that there are.
    """
    generator = torch.Generator().manual_seed(_SEED)
    shape = 2, *program.input_example[1:]
    inputs = torch.randn(shape, generator=generator, dtype=torch.float64)
    if features is not None and shape[1:] == (features.width,):
        for place, categories in features.index_places.items():
            inputs[:, place] = torch.arange(len(inputs)) % categories
    return inputs


def _stored_bounds(model: ExportedModel, program: Program) -> dict[str, tuple[float, float]]:
    """Return the least and the largest number of stored tensors that are no parameters."""
    tensors = {
        name: model.get_buffer(stored.path)
        for name, stored in program.stored.items()
        if not stored.is_parameter
    }
    return {
        name: (float(tensor.min()), float(tensor.max()))
        for name, tensor in tensors.items()
        if tensor.numel() and not tensor.isnan().any()
    }


def _agree(logits: Tensor, other: Tensor) -> bool:
    if logits.shape != other.shape:
        return False
    finite = other[other.isfinite()]
    scale = float(finite.abs().max()) if finite.numel() else 0.0
    return torch.allclose(logits, other, rtol=0.0, atol=_TOLERANCE * scale, equal_nan=True)


def _mixing() -> UnusableError:
    return UnusableError(
        _("The checkpoint cannot be used for scoring."),
        _(
            "Its result for a record depends on the other records of the batch (batch statistics, for "
            "example): its authors have no score for a record alone."
        ),
        _("Ask the consortium for the model in evaluation mode (model.eval() before torch.export)."),
    )
