"""The scores as their definitions say: one record at a time, plain autograd, float64."""

import copy
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from opacus.accountants.analysis.rdp import compute_rdp, get_privacy_spent
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from dataselect_gui.scoring.privacy_loss import orders

Logits = Callable[[Tensor], Tensor]


def logits_of(model: nn.Module) -> tuple[nn.Module, Logits]:
    """Return a float64 copy of a model in evaluation mode, and what maps an input to its logits."""
    double = copy.deepcopy(model).double()
    for module in double.modules():
        # LeViT's attention would otherwise keep biases from one pass to the next.
        module.training = hasattr(module, "attention_bias_cache")

    def logits(record: Tensor) -> Tensor:
        # Beside a copy of itself: of a record alone, PyTorch 2.13 takes wrong gradients of batch norm.
        output = double(record.repeat(2, *(1,) * (record.dim() - 1)))
        return (output if isinstance(output, Tensor) else output.logits)[:1]

    return double, logits


def _as_input(record: NDArray[Any]) -> Tensor:
    """Return a batch of one; only numbers that are none of a token become float64."""
    batch = torch.from_numpy(record)[None]
    return batch.double() if batch.is_floating_point() else batch


def oracle(
    model: nn.Module, inputs: NDArray[Any], targets: Sequence[int]
) -> dict[str, NDArray[np.float64]]:
    """Return loss, el2n and grad_norm of each record."""
    double, logits = logits_of(model)
    parameters = [parameter for parameter in double.parameters() if parameter.requires_grad]
    rows = []
    for record, target in zip(inputs, targets, strict=True):
        row = logits(_as_input(record))[0]
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


def oracle_slopes(
    series: Sequence[nn.Module], inputs: NDArray[np.floating], targets: Sequence[int]
) -> NDArray[np.float64]:
    """Return S_t of each record, shape (records, models, …), target −1 standing for the prediction.

    The prediction is that of the last model.
    """
    functions = [logits_of(model)[1] for model in series]
    slopes = []
    for record, target in zip(inputs, targets, strict=True):
        leaf = _as_input(record)
        label = int(functions[-1](leaf)[0].argmax()) if target < 0 else target
        maps = []
        for logits in functions:
            leaf = leaf.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(logits(leaf)[0, label], leaf)
            maps.append(gradient[0].numpy().mean(axis=0))
        slopes.append(np.stack(maps))
    return np.stack(slopes)


def oracle_vog_maps(
    series: Sequence[nn.Module], inputs: NDArray[np.floating], targets: Sequence[int]
) -> NDArray[np.float64]:
    """Return the standard deviation of each record's slopes over a series, at each pixel."""
    maps: NDArray[np.float64] = oracle_slopes(series, inputs, targets).std(axis=1)
    return maps


def oracle_vog(
    series: Sequence[nn.Module], inputs: NDArray[np.floating], targets: Sequence[int]
) -> NDArray[np.float64]:
    """Return the variance of gradients of each record: the mean of its map."""
    return np.array([item.mean() for item in oracle_vog_maps(series, inputs, targets)])


def oracle_plis(
    model: nn.Module, inputs: NDArray[np.floating], targets: Sequence[int]
) -> NDArray[np.float64]:
    """Return how the gradient norm changes with each input element, by autograd twice."""
    double, logits = logits_of(model)
    parameters = [parameter for parameter in double.parameters() if parameter.requires_grad]
    maps = []
    for record, target in zip(inputs, targets, strict=True):
        leaf = _as_input(record).requires_grad_()
        with sdpa_kernel(SDPBackend.MATH):
            loss = functional.cross_entropy(logits(leaf), torch.tensor([target]))
        gradients = torch.autograd.grad(loss, parameters, create_graph=True, allow_unused=True)
        norm = torch.cat([g.flatten() for g in gradients if g is not None]).norm()
        maps.append(torch.autograd.grad(norm, leaf, materialize_grads=True)[0][0].numpy())
    return np.stack(maps)


def oracle_privacy_loss(
    norms: NDArray[np.float64], training: Mapping[str, float]
) -> NDArray[np.float64]:
    """Return the ε of each row of norms over a series, by Opacus' accountant, step by step."""
    clip, noise = training["max_grad_norm"], training["noise_multiplier"]
    scores = []
    for row in norms:
        divergence = sum(
            compute_rdp(
                q=training["sample_rate"],
                noise_multiplier=noise * clip / min(norm, clip),
                steps=training["steps"] / len(row),
                orders=orders(training["sample_rate"]),
            )
            for norm in row.tolist()
        )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Optimal order is the", UserWarning)
            epsilon, _ = get_privacy_spent(
                orders=orders(training["sample_rate"]), rdp=divergence, delta=training["delta"]
            )
        scores.append(max(epsilon, 0.0))
    return np.array(scores)


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
    inputs: NDArray[Any],
    targets: Sequence[int],
    direction: Mapping[str, Tensor],
) -> NDArray[np.float64]:
    """Return the inner product of each record's gradient with a direction."""
    double, logits = logits_of(model)
    products = []
    for record, target in zip(inputs, targets, strict=True):
        row = logits(_as_input(record))
        loss = functional.cross_entropy(row, torch.tensor([target]))
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


def oracle_margin(
    model: nn.Module, inputs: NDArray[Any], targets: Sequence[int]
) -> NDArray[np.float64]:
    """Return how far each label's logit is above the largest other one."""
    _, logits = logits_of(model)
    margins = []
    for record, target in zip(inputs, targets, strict=True):
        row = logits(_as_input(record))[0].tolist()
        margins.append(row[target] - max(row[:target] + row[target + 1 :]))
    return np.array(margins)


def oracle_features(
    model: nn.Module, inputs: NDArray[Any], layer: Callable[[nn.Module], nn.Module]
) -> NDArray[np.float64]:
    """Return what a layer of the model is given for each record, shape (records, width)."""
    double, logits = logits_of(model)
    seen: list[Tensor] = []
    layer(double).register_forward_pre_hook(lambda _, given: seen.append(given[0][0]))
    for record in inputs:
        logits(_as_input(record))
    return np.stack([item.detach().numpy() for item in seen])


def oracle_distance(
    features: NDArray[np.float64],
    targets: Sequence[int],
    means: NDArray[np.float64],
    covariance: NDArray[np.float64],
    shrinkage: float,
) -> NDArray[np.float64]:
    """Return the Mahalanobis distance of each record's features, by the inverse of the covariance."""
    width = len(covariance)
    shrunk = (1 - shrinkage) * covariance + shrinkage * np.trace(covariance) / width * np.eye(width)
    inverse = np.linalg.inv(shrunk)
    return (
        np.array(
            [(h - means[y]) @ inverse @ (h - means[y]) for h, y in zip(features, targets, strict=True)]
        )
        ** 0.5
    )
