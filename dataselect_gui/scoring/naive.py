"""Scores as their definitions say: one record at a time, plain autograd, float64, on the CPU.

Slow, and simple enough to be believed. The preflight holds the program's own results against it on a
few of the owner's records.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from dataselect_gui.checkpoints.layout import Checkpoint, Member
from dataselect_gui.norms import autograd
from dataselect_gui.norms.cross_entropy import logit_gradients
from dataselect_gui.scoring import measures
from dataselect_gui.scoring.direction import load_direction
from dataselect_gui.scoring.model import PREFIX, Model, in_precision, load_model


def naive_scores(
    checkpoint: Checkpoint,
    names: Iterable[str],
    inputs: NDArray[np.float32],
    targets: NDArray[np.int64],
) -> dict[str, NDArray[np.float64]]:
    """Score some records, one by one.

    Parameters
    ----------
    checkpoint : Checkpoint
        The consortium's.
    names : iterable of str
        Scores in their usual form; those that are not made of gradients are passed over.
    inputs : ndarray
        Shape (n, …).
    targets : ndarray
        Class indices, shape (n,).

    Returns
    -------
    dict
        For each of ``grad_norm``, ``alignment``, ``plis`` and ``vog`` that was asked for an array of
        shape (n,).
    """
    wanted = {"grad_norm", "alignment", "plis", "vog"}.intersection(names)
    found: dict[str, list[float]] = {name: [] for name in wanted}
    records = [torch.from_numpy(one)[None].double() for one in inputs]
    if wanted - {"vog"}:
        model = _load(checkpoint.final)
        parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
        direction = {}
        if "alignment" in wanted and checkpoint.direction is not None:
            direction = load_direction(checkpoint.read_direction(), model, PREFIX)
        for record, target in zip(records, torch.from_numpy(targets), strict=True):
            values = _of_gradient(model, parameters, direction, record, target[None], wanted)
            for name, value in values.items():
                found[name].append(value)
    if "vog" in wanted:
        series = [_load(member).requires_grad_(requires_grad=False) for member in checkpoint.series]
        for record, target in zip(records, targets.tolist(), strict=True):
            maps = [measures.channel_mean(_slope(model, record, target)) for model in series]
            found["vog"].append(float(measures.spread_of_gradients(maps, "std").mean()))
    return {name: np.array(values) for name, values in found.items()}


def _load(member: Member) -> Model:
    return in_precision(load_model(member, torch.device("cpu")), torch.float64)


def _of_gradient(
    model: Model,
    parameters: Mapping[str, Tensor],
    direction: dict[str, Tensor],
    record: Tensor,
    target: Tensor,
    wanted: set[str],
) -> dict[str, float]:
    leaf, twice = record.clone().requires_grad_("plis" in wanted), "plis" in wanted
    with sdpa_kernel(SDPBackend.MATH):  # The others cannot be differentiated twice.
        logits = _logits(model, leaf)
    gradients = autograd.gradients(
        logits,
        list(parameters.values()),
        logit_gradients(logits, target),
        create_graph=twice,
    )
    own = dict(zip(parameters, gradients, strict=True))
    zero = torch.zeros((), dtype=torch.float64)
    norm = sum((one.square().sum() for one in gradients), zero).sqrt()
    found = {"grad_norm": float(norm.detach())}
    if "alignment" in wanted:
        found["alignment"] = sum(
            float((own[n].detach() * v).sum()) for n, v in direction.items() if n in own
        )
    if twice:
        moves = norm.requires_grad  # Not where there is nothing to train.
        found["plis"] = float(autograd.gradients(norm, [leaf])[0].norm()) if moves else 0.0
    return {name: value for name, value in found.items() if name in wanted}


def _slope(model: Model, record: Tensor, target: int) -> Tensor:
    leaf = record.clone().requires_grad_()
    (gradient,) = autograd.gradients(_logits(model, leaf)[0, target], [leaf])
    return gradient


def _logits(model: Model, record: Tensor) -> Tensor:
    # Beside a copy of itself: of one record, PyTorch 2.13 takes wrong gradients of batch norm.
    logits: Tensor = model(record.repeat(2, *(1,) * (record.dim() - 1)))
    return logits[:1]
