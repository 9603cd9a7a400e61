"""The scores as their definitions say: one record at a time, plain autograd, float64."""

import copy
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Logits = Callable[[Tensor], Tensor]


def logits_of(model: nn.Module) -> tuple[nn.Module, Logits]:
    """Return a float64 copy of a model in evaluation mode, and what maps inputs to its logits."""
    double = copy.deepcopy(model).double()
    for module in double.modules():
        module.training = False

    def logits(inputs: Tensor) -> Tensor:
        output = double(inputs)
        return output if isinstance(output, Tensor) else output.logits

    return double, logits


def oracle(
    model: nn.Module, inputs: NDArray[np.floating], targets: Sequence[int]
) -> dict[str, NDArray[np.float64]]:
    """Return loss, el2n and grad_norm of each record."""
    double, logits = logits_of(model)
    parameters = [parameter for parameter in double.parameters() if parameter.requires_grad]
    rows = []
    for record, target in zip(inputs, targets, strict=True):
        row = logits(torch.from_numpy(record)[None].double())[0]
        # With odds o_j = p_j / p_target nothing is ever subtracted from a number close to it.
        odds = (torch.cat((row[:target], row[target + 1 :])) - row[target]).exp()
        loss = odds.sum().log1p()
        others = odds / (1 + odds.sum())
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        norm = sum(g.square().sum().item() for g in gradients if g is not None) ** 0.5
        distance = (others.square().sum() + others.sum().square()).sqrt()
        rows.append((loss.item(), distance.item(), norm))
    loss_column, el2n_column, norm_column = np.array(rows).T
    return {"loss": loss_column, "el2n": el2n_column, "grad_norm": norm_column}


def oracle_vog(
    series: Sequence[nn.Module], inputs: NDArray[np.floating], targets: Sequence[int]
) -> NDArray[np.float64]:
    """Return the variance of gradients of each record: the mean of its map."""
    return np.array([one.mean() for one in oracle_vog_maps(series, inputs, targets)])


def oracle_vog_maps(
    series: Sequence[nn.Module], inputs: NDArray[np.floating], targets: Sequence[int]
) -> NDArray[np.float64]:
    """Return the standard deviation of each record's input gradients over a series, at each pixel.

    Target −1 stands for the prediction of the last model.
    """
    functions = [logits_of(model)[1] for model in series]
    spreads = []
    for record, target in zip(inputs, targets, strict=True):
        leaf = torch.from_numpy(record)[None].double()
        label = int(functions[-1](leaf)[0].argmax()) if target < 0 else target
        maps = []
        for logits in functions:
            leaf = leaf.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(logits(leaf)[0, label], leaf)
            maps.append(gradient[0].numpy().mean(axis=0))
        spreads.append(np.stack(maps).std(axis=0))
    return np.array(spreads)


def oracle_susceptibility(
    model: nn.Module, inputs: NDArray[np.floating], targets: Sequence[int], *, step: float = 1e-5
) -> NDArray[np.float64]:
    """Return how the gradient norm changes with each input element, by central differences."""
    maps = np.zeros(inputs.shape)
    for place in np.ndindex(*inputs.shape[1:]):
        sides = []
        for sign in (1, -1):
            moved = inputs.astype(np.float64)
            moved[(slice(None), *place)] += sign * step
            sides.append(oracle(model, moved, targets)["grad_norm"])
        maps[(slice(None), *place)] = (sides[0] - sides[1]) / (2 * step)
    return maps


def oracle_alignment(
    model: nn.Module,
    inputs: NDArray[np.floating],
    targets: Sequence[int],
    direction: Mapping[str, Tensor],
) -> NDArray[np.float64]:
    """Return the inner product of each record's gradient with a direction."""
    double, logits = logits_of(model)
    products = []
    for record, target in zip(inputs, targets, strict=True):
        row = logits(torch.from_numpy(record)[None].double())
        loss = torch.nn.functional.cross_entropy(row, torch.tensor([target]))
        named = dict(double.named_parameters())
        gradients = torch.autograd.grad(loss, [named[name] for name in direction], allow_unused=True)
        products.append(
            sum(
                float((gradient * values.double()).sum())
                for gradient, values in zip(gradients, direction.values(), strict=True)
                if gradient is not None
            )
        )
    return np.array(products)
