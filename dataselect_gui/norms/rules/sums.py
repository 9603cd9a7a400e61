"""What the rules of several layers share: sums over all axes along which a weight was broadcast."""

from collections.abc import Callable, Mapping

from torch import Tensor

from dataselect_gui.norms.rules.call import Call, Gradients, UncoveredError
from dataselect_gui.norms.sample_gradients import SampleGradient, Whole


def by_channel(call: Call, scale: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Gradients:
    """Return the rule of a normalisation of channels, from the gradient of its scale.

    That takes the input, the gradient at the output, and this gradient's sums by channel.
    """
    activation = call.keep(call.arguments["input"])

    def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
        sums = call.by_channel(output)
        by_weight: dict[str, SampleGradient] = {"bias": Whole(sums)}
        if "weight" in call.weights:
            by_weight["weight"] = Whole(scale(activation, output, sums))
        return by_weight

    return gradients


def by_element(call: Call, normalise: Callable[[Tensor, list[int]], Tensor]) -> Gradients:
    """Return the rule of a normalisation of elements, from the function that normalises."""
    call.require_data("input")
    shape = list(call.arguments["normalized_shape"])
    activation = call.keep(call.arguments["input"])

    def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
        def summed(values: Tensor) -> Whole:
            return Whole(call.by_record(values).reshape(call.batch, -1, *shape).sum(dim=1))

        by_weight: dict[str, SampleGradient] = {}
        if "weight" in call.weights:
            by_weight["weight"] = summed(output * normalise(activation, shape))
        if "bias" in call.weights:
            by_weight["bias"] = summed(output)
        return by_weight

    return gradients


def summed_to(call: Call, values: Tensor, name: str) -> Tensor:
    """Sum each record's values over the axes along which a weight was broadcast."""
    values, own = call.by_record(values), call.shape(name)
    # Axis 0 is the record, axis 1 its rows; the weight's own axes are the last ones.
    offset = values.dim() - len(own)
    if not all(side in {1, there} for side, there in zip(own, values.shape[offset:], strict=True)):
        raise UncoveredError  # A row of its own for every row of the batch, for example.
    shape = (call.batch, *(1,) * (offset - 1), *own)
    return values.sum_to_size(shape).reshape(call.batch, *own)
