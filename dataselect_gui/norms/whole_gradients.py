"""Norms from whole per-sample gradients, for what no rule covers: slower, and as exact.

All functions take and return the same:

Parameters
----------
model : nn.Module
    Maps inputs to logits.
parameters : dict
    Whose gradients are measured, by name.
inputs : Tensor
    Shape (batch, …).
weights : Tensor
    The loss's gradient at the logits, shape (batch, …).
direction : dict
    A tensor for some parameters' names, to take inner products with; with one axis more than the
    parameter has, of several directions.

Returns
-------
tuple of dict
    Squared norms and inner products by the parameters' names, each of shape (batch,); the latter of
    shape (batch, directions) where there are several.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from dataselect_gui.norms import autograd
from dataselect_gui.norms.single_record import SingleRecord
from dataselect_gui.norms.twice import differentiable

_CHUNK = 8
Measures = tuple[dict[str, Tensor], dict[str, Tensor]]


def by_function(
    model: nn.Module,
    parameters: Mapping[str, Tensor],
    inputs: Tensor,
    weights: Tensor,
    direction: Mapping[str, Tensor],
) -> Measures:
    """Measure whole gradients by `torch.func`, some records at a time.

    Raises
    ------
    RuntimeError
        Where an operation of the model cannot be vectorised.
    """
    left = {name: parameter.detach() for name, parameter in parameters.items()}

    def product(moved: dict[str, Tensor], record: Tensor, weight: Tensor) -> Tensor:
        logits = functional_call(model, moved, (record[None],))
        result: Tensor = (logits[0] * weight).sum()
        return result

    def measures(record: Tensor, weight: Tensor) -> Measures:
        return _measures(grad(product)(left, record, weight), direction)

    result: Measures = vmap(measures, chunk_size=_CHUNK)(inputs, weights)
    return result


def one_by_one(
    model: nn.Module,
    parameters: Mapping[str, Tensor],
    inputs: Tensor,
    weights: Tensor,
    direction: Mapping[str, Tensor],
) -> Measures:
    """Measure whole gradients by plain autograd, a record at a time."""
    create_graph = torch.is_grad_enabled()
    each = []
    for record, weight in zip(inputs.split(1), weights.split(1), strict=True):
        with torch.enable_grad(), SingleRecord(), differentiable(twice=create_graph):
            # PyTorch 2.13 crashes where a group norm on channels last is the first layer.
            logits = model(record.contiguous())
        gradients = autograd.gradients(
            logits, list(parameters.values()), weight, create_graph=create_graph
        )
        each.append(_measures(dict(zip(parameters, gradients, strict=True)), direction))
    first, second = zip(*each, strict=True)
    return _stacked(first), _stacked(second)


def _measures(gradients: Mapping[str, Tensor], direction: Mapping[str, Tensor]) -> Measures:
    squares = {name: gradient.square().sum() for name, gradient in gradients.items()}
    products = {n: _product(g, direction[n]) for n, g in gradients.items() if n in direction}
    return squares, products


def _product(gradient: Tensor, direction: Tensor) -> Tensor:
    if direction.dim() == gradient.dim():
        return (gradient * direction).sum()
    return (gradient * direction).reshape(len(direction), -1).sum(dim=1)


def _stacked(each: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack([record[name] for record in each]) for name in each[0]}
