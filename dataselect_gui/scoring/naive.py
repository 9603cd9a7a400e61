"""Scores as their definitions say: one record at a time, plain autograd, float64, on the CPU.

Slow, and simple enough to be believed. The preflight holds the program's own results against it on a
few of the owner's records.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from dataselect_gui.checkpoints.checkpoint import Checkpoint, Member
from dataselect_gui.norms import autograd
from dataselect_gui.norms.embedding_output import EmbeddingOutput
from dataselect_gui.records.kinds.kind import InputArray
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.scoring.direction import ClassDirections, load_class_directions, load_direction
from dataselect_gui.scoring.model import Model, in_precision, load_model, to_tensor
from dataselect_gui.scoring.quantities import at_elements
from dataselect_gui.scoring.scores.base import ModelScore, Quantity
from dataselect_gui.tasks.task import Targets, Task


def naive_scores(
    checkpoint: Checkpoint,
    names: Iterable[str],
    inputs: InputArray,
    targets: Targets,
) -> dict[str, NDArray[np.float64]]:
    """Score some records, one by one.

    Parameters
    ----------
    checkpoint : Checkpoint
        The consortium's.
    names : iterable of str
        The scores; those that are not made of gradients are passed over.
    inputs : ndarray
        Shape (n, …).
    targets : ndarray
        As the checkpoint's task has them; every record has a label.

    Returns
    -------
    dict
        For each of these scores that is made of gradients an array of shape (n,).
    """
    scores = [score for score in map(find_score, names) if isinstance(score, ModelScore)]
    over_series = [score for score in scores if score.is_of_gradients and score.is_over_series]
    of_final = [score for score in scores if score.is_of_gradients and not score.is_over_series]
    final = _model(checkpoint.final)
    records = _records(final, checkpoint.task, inputs, targets)
    scored: dict[str, NDArray[np.float64]] = {}
    for wanted, members in ((of_final, [checkpoint.final]), (over_series, list(checkpoint.series))):
        parts = [
            _parts(
                checkpoint,
                final if member == checkpoint.final else _model(member),
                wanted,
                records,
            )
            for member in members
            if wanted
        ]
        for score in wanted:
            places = score.members(len(parts)) if score.is_over_series else range(1)
            own = [[parts[place][row][score.name] for place in places] for row in range(len(records))]
            values = [float(score.values(each, checkpoint.request)) for each in own]
            scored[score.name] = np.array(values)
    return scored


@dataclass(frozen=True)
class _Record:
    """A record on its own.

    Attributes
    ----------
    inputs, target : Tensor
        Shapes (1, …); numbers in float64.
    watched : Tensor
        The weights of the logits whose input gradient is wanted, by the final checkpoint's prediction.
    """

    inputs: Tensor
    target: Tensor
    watched: Tensor


def _model(member: Member) -> Model:
    return in_precision(load_model(member, torch.device("cpu")), torch.float64)


def _records(final: Model, task: Task, inputs: InputArray, targets: Targets) -> list[_Record]:
    batch = to_tensor(inputs, torch.device("cpu"), torch.float64)
    records = []
    for values, target in zip(batch.split(1), torch.from_numpy(targets).split(1), strict=True):
        with torch.no_grad():
            watched = task.watched(final(values), target)
        records.append(_Record(values, target, watched))
    return records


def _parts(
    checkpoint: Checkpoint,
    model: Model,
    scores: Iterable[ModelScore],
    records: Sequence[_Record],
) -> list[dict[str, Tensor]]:
    """Return what scores keep of one checkpoint, for each record."""
    scores = list(scores)
    needs = frozenset[Quantity]().union(*(score.quantities for score in scores))
    direction, of_classes = {}, None
    if Quantity.PRODUCT in needs:
        direction = load_direction(checkpoint.read_direction(), model)
    if Quantity.CLASS_PRODUCT in needs:
        of_classes = load_class_directions(checkpoint.read_calibration(), model)
    each = []
    for record in records:
        quantities = _quantities(model, checkpoint.task, direction, of_classes, record, needs)
        each.append({score.name: score.part(quantities) for score in scores})
    return each


def _quantities(
    model: Model,
    task: Task,
    direction: dict[str, Tensor],
    of_classes: ClassDirections | None,
    record: _Record,
    needs: frozenset[Quantity],
) -> dict[Quantity, Tensor]:
    """Return what scores are made of, for one record."""
    at_input = bool(needs & {Quantity.INPUT_GRADIENT, Quantity.SUSCEPTIBILITY})
    inputs, target = record.inputs.clone(), record.target
    if model.embedding is None:
        inputs.requires_grad_(at_input)
    embedded = EmbeddingOutput(model.embedding)
    with sdpa_kernel(SDPBackend.MATH), embedded:  # The others cannot be differentiated twice.
        # Beside a copy of itself: of one record, PyTorch 2.13 takes wrong gradients of batch norm.
        logits = model(inputs.repeat(2, *(1,) * (inputs.dim() - 1)))[:1]
    leaf = embedded.place(inputs)
    quantities = {Quantity.LOGITS: logits.detach(), Quantity.TARGETS: target}
    if Quantity.LOSS in needs:
        quantities[Quantity.LOSS] = task.losses(logits.detach(), target)
    if Quantity.DISTANCE in needs:
        quantities[Quantity.DISTANCE] = task.distances(logits.detach(), target)
    if Quantity.INPUT_GRADIENT in needs:
        (slope,) = autograd.gradients(logits, [leaf], record.watched, retain_graph=True)
        quantities[Quantity.INPUT_GRADIENT] = at_elements(slope[:1], inputs)
    of_gradient = {Quantity.NORM, Quantity.PRODUCT, Quantity.CLASS_PRODUCT, Quantity.SUSCEPTIBILITY}
    if not needs & of_gradient:
        return quantities
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    twice = Quantity.SUSCEPTIBILITY in needs
    gradients = autograd.gradients(
        logits, list(parameters.values()), task.logit_gradients(logits, target), create_graph=twice
    )
    own = dict(zip(parameters, gradients, strict=True))
    zero = torch.zeros((), dtype=torch.float64)
    norm = sum((gradient.square().sum() for gradient in gradients), zero).sqrt()
    quantities[Quantity.NORM] = norm.detach()[None]
    products = ((own[n].detach() * v).sum() for n, v in direction.items() if n in own)
    quantities[Quantity.PRODUCT] = sum(products, zero)[None]
    if of_classes is not None:
        quantities[Quantity.CLASS_PRODUCT] = _along_class(own, of_classes, int(target))[None]
    if twice:
        moves = norm.requires_grad  # Not where there is nothing to train.
        (susceptibility,) = autograd.gradients(norm, [leaf]) if moves else (torch.zeros_like(leaf),)
        quantities[Quantity.SUSCEPTIBILITY] = at_elements(susceptibility[:1], inputs)
    return quantities


def _along_class(gradient: dict[str, Tensor], of_classes: ClassDirections, label: int) -> Tensor:
    """Return ⟨g, v_y⟩/‖v_y‖ of one record."""
    if label not in of_classes.classes:
        return torch.full((), torch.nan, dtype=torch.float64)
    row = of_classes.classes.index(label)
    zero = torch.zeros((), dtype=torch.float64)
    own = {name: values[row] for name, values in of_classes.directions.items()}
    product = sum(((gradient[n].detach() * v).sum() for n, v in own.items() if n in gradient), zero)
    return product / sum((v.square().sum() for v in own.values()), zero).sqrt()
