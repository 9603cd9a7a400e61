"""What is known of an operation's result, by what is known of its arguments.

Each rule takes the arguments by name: `Known` for the graph's tensors and numbers, plain values else.
An operation without a rule may come to anything.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from dataselect_gui.checkpoints.exported.program import Dtype
from dataselect_gui.scoring import interval
from dataselect_gui.scoring.interval import Form, Known, constant, join

Arguments = Mapping[str, Any]
Rule = Callable[[Arguments], Known]

_SAFE_IN_INTEGERS = 127.0
"""What every kind of whole number holds."""


def _tensor(given: Arguments, name: str = "self") -> Known:
    """Return an argument; a number in a tensor's place is a constant."""
    value = given[name]
    return value if isinstance(value, Known) else constant(float(value))


def _first(given: Arguments) -> Known:
    return _tensor(given, next(iter(given)))


def _same(given: Arguments) -> Known:
    """Every number of the result is that at the same place, broadcast."""
    return _first(given)


def _moved(given: Arguments) -> Known:
    """Every number of the result is one of the first argument's, elsewhere."""
    value = _first(given)
    return value.bounded(value.low, value.high)


def _averaged(given: Arguments) -> Known:
    value = _first(given)
    is_logarithm = value.form in {Form.LOGARITHM, Form.LOG_PROBABILITY}
    return value.bounded(value.low, value.high, Form.OTHER if is_logarithm else None)


def _averaged_with_edges(given: Arguments) -> Known:
    """Zeros beyond the edges may count."""
    if given.get("divisor_override") is not None:
        return Known()
    return join([_averaged(given), constant(0)])


def _moved_or_zero(given: Arguments) -> Known:
    return join([_moved(given), constant(0)])


def _converted(given: Arguments) -> Known:
    """Whole numbers of few bits begin again where they end."""
    value, dtype = _first(given), given.get("dtype")
    is_float = dtype is None or (isinstance(dtype, Dtype) and "float" in dtype.name)
    fits = value.low >= 0 and value.high <= _SAFE_IN_INTEGERS
    if "other" not in given and is_float:
        return value
    return value.bounded(value.low, value.high) if fits else Known()


def _padded(given: Arguments) -> Known:
    if given.get("mode", "constant") != "constant":
        return _moved(given)
    return join([_moved(given), constant(given.get("value") or 0.0)])


def _joined(given: Arguments) -> Known:
    return join(given["tensors"])


def _chosen(given: Arguments) -> Known:
    return join([_tensor(given), _tensor(given, "other")])


def _masked(given: Arguments) -> Known:
    return join([_tensor(given), _tensor(given, "value")])


def _replaced(given: Arguments) -> Known:
    value = _tensor(given)
    others = [given.get(name) for name in ("nan", "posinf", "neginf")]
    return join([value, constant(0), *(constant(other) for other in others if other is not None)])


def _between(low: float, high: float, form: Form = Form.OTHER) -> Rule:
    return lambda given: _first(given).bounded(low, high, form)


def _stated(name: str) -> Rule:
    return lambda given: _tensor(given, name)


def _monotone(function: Callable[[float], float], form: Form = Form.OTHER) -> Rule:
    """Return the rule of a function that never falls."""

    def bound(given: Arguments) -> Known:
        value = _tensor(given)
        return value.bounded(function(value.low), function(value.high), form)

    return bound


def _whole(function: Callable[[float], int]) -> Rule:
    return _monotone(lambda end: float(function(end)) if math.isfinite(end) else end)


def _limited(value: Known, low: float, high: float) -> Known:
    """Return what is known of x cut off at bounds."""
    limited = value.bounded(min(max(value.low, low), high), max(min(value.high, high), low))
    is_above = high == math.inf
    return replace(limited, above=frozenset((value.identity,))) if is_above else limited


def _clamp(given: Arguments) -> Known:
    least, most = given.get("min"), given.get("max")
    if isinstance(least, Known) or isinstance(most, Known):
        return Known()
    return _limited(
        _tensor(given), -math.inf if least is None else least, math.inf if most is None else most
    )


def _hardtanh(given: Arguments) -> Known:
    return _limited(_tensor(given), given.get("min_val", -1), given.get("max_val", 1))


def _relu(given: Arguments) -> Known:
    return _limited(_tensor(given), 0.0, math.inf)


def _larger(given: Arguments) -> Known:
    left, right = _tensor(given), _tensor(given, "other")
    larger = join([left, right])
    above = frozenset((left.identity, right.identity))
    return replace(larger, low=max(left.low, right.low), above=above)


def _smaller(given: Arguments) -> Known:
    left, right = _tensor(given), _tensor(given, "other")
    return replace(join([left, right]), high=min(left.high, right.high))


def _maximum(given: Arguments) -> Known:
    return _larger(given) if "other" in given else _moved(given)


def _minimum(given: Arguments) -> Known:
    return _smaller(given) if "other" in given else _moved(given)


def _absolute(given: Arguments) -> Known:
    value = _tensor(given)
    ends = abs(value.low), abs(value.high)
    low = 0.0 if value.low <= 0 <= value.high else min(ends)
    known = value.bounded(low, max(ends), Form.OTHER)
    return replace(known, above=frozenset((value.identity,)))


def _scaled(given: Arguments) -> Known:
    """Return the second summand, as many times as is stated."""
    return interval.multiply(_tensor(given, "other"), constant(given.get("alpha", 1)))


def _power(given: Arguments) -> Known:
    if not isinstance(given["self"], Known):  # 2 ** x
        base = given["self"]
        if base <= 0:
            return Known()
        exponent = interval.multiply(given["exponent"], constant(math.log(base)))
        return interval.exponential(exponent)
    value, exponent = given["self"], given["exponent"]
    if isinstance(exponent, Known):
        return Known()
    if exponent == -1:
        return interval.reciprocal(value)
    if exponent == 2:
        return interval.square(value)
    if value.low >= 0 and exponent > 0:
        return value.bounded(_raised(value.low, exponent), _raised(value.high, exponent))
    return Known(low=0.0 if exponent % 2 == 0 else -math.inf)


def _raised(end: float, exponent: float) -> float:
    try:
        return float(end**exponent)
    except OverflowError:
        return math.inf


def _root(given: Arguments) -> Known:
    value = _tensor(given)
    return value.bounded(_raised(max(value.low, 0.0), 0.5), _raised(max(value.high, 0.0), 0.5))


def _inverse_root(given: Arguments) -> Known:
    return interval.reciprocal(_root(given))


def _expm1(given: Arguments) -> Known:
    return interval.add(interval.exponential(_tensor(given)), constant(-1))


def _softplus(given: Arguments) -> Known:
    """Return log(1 + exp(βx)) / β, for which x stands where it is large: below it by e^−20 at most."""
    value = _tensor(given)
    is_usual = given.get("beta", 1) == 1
    known = value.bounded(0.0, math.inf, Form.LOGARITHM if is_usual else Form.OTHER)
    return replace(known, above=frozenset((value.identity,))) if is_usual else known


def _logarithm_of_sum(given: Arguments) -> Known:
    value = _tensor(given)
    known = value.bounded(value.low, math.inf, Form.LOGARITHM)
    return _above_parts(known, value, given)


def _sum(given: Arguments) -> Known:
    value = _tensor(given)
    form = Form.EXPONENTIAL if value.form is Form.EXPONENTIAL else Form.OTHER
    low = 0.0 if value.low >= 0 else -math.inf
    high = 0.0 if value.high <= 0 else math.inf
    known = value.bounded(low, high, form)
    return _above_parts(known, value, given) if value.is_never_negative else known


def _largest(given: Arguments) -> Known:
    return _above_parts(_moved(given), _tensor(given), given)


def _above_parts(known: Known, value: Known, given: Arguments) -> Known:
    """Add that it is above what it is made of, where the axes stay as they are."""
    is_at_same_place = "dim" not in given or given.get("keepdim", False)
    return replace(known, above=frozenset((value.identity,))) if is_at_same_place else known


def _sum_with_product(given: Arguments) -> Known:
    product = interval.multiply(_tensor(given, "tensor1"), _tensor(given, "tensor2"))
    return interval.add(_tensor(given), interval.multiply(product, constant(given.get("value", 1))))


def _subtracted_from(given: Arguments) -> Known:
    value, times = _tensor(given), given.get("alpha", 1)
    return interval.subtract(_tensor(given, "other"), interval.multiply(value, constant(times)))


def _thresholded(given: Arguments) -> Known:
    return join([_tensor(given), constant(given["value"])])


def _on_two(function: Callable[[Known, Known], Known]) -> Rule:
    return lambda given: function(_tensor(given), _scaled(given))


def _on_one(function: Callable[[Known], Known]) -> Rule:
    return lambda given: function(_tensor(given))


def _sigmoid(end: float) -> float:
    return (1 + math.tanh(end / 2)) / 2


CONSTANT = frozenset(
    "eye full full_like new_full new_ones new_zeros ones ones_like zero zeros zeros_like".split()
)
"""Operations that take no number of their arguments over, whatever these are."""


def _rules() -> dict[str, Rule]:
    by_names: dict[str, Rule] = {
        "alias clone contiguous detach dropout expand expand_as broadcast_to lift_fresh_copy": _same,
        "to type_as": _converted,
        "adjoint chunk flatten flip gather index index_select matrix_H mH mT max_pool1d max_pool2d "
        "max_pool3d amin movedim narrow numpy_T permute pixel_shuffle pixel_unshuffle repeat "
        "repeat_interleave reshape reshape_as roll select slice split split_with_sizes squeeze "
        "swapaxes t transpose unbind unflatten unfold unsqueeze upsample_nearest1d upsample_nearest2d "
        "upsample_nearest3d view view_as": _moved,
        "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d mean upsample_linear1d "
        "upsample_bilinear2d upsample_trilinear3d": _averaged,
        "avg_pool1d avg_pool2d avg_pool3d": _averaged_with_edges,
        "tril triu im2col": _moved_or_zero,
        "constant_pad_nd pad": _padded,
        "cat stack": _joined,
        "where": _chosen,
        "masked_fill": _masked,
        "nan_to_num": _replaced,
        "threshold": _thresholded,
        "eq ne lt le gt ge any all isnan isinf logical_not logical_and logical_or": _between(0, 1),
        "eye": lambda _given: Known(0.0, 1.0),
        "zeros zeros_like new_zeros zero": lambda _given: constant(0),
        "ones ones_like new_ones": lambda _given: constant(1),
        "full full_like new_full": _stated("fill_value"),
        "fill": _stated("value"),
        "copy": _stated("src"),
        "scalar_tensor": _stated("s"),
        "abs": _absolute,
        "neg": _on_one(interval.negate),
        "square": _on_one(interval.square),
        "reciprocal": _on_one(interval.reciprocal),
        "exp": _on_one(interval.exponential),
        "expm1": _expm1,
        "sqrt": _root,
        "rsqrt": _inverse_root,
        "pow": _power,
        "sin cos sign": _between(-1, 1),
        "floor": _whole(math.floor),
        "ceil": _whole(math.ceil),
        "round": _whole(round),
        "trunc": _whole(math.trunc),
        "erf": _monotone(math.erf, Form.EXPONENTIAL),
        "tanh": _monotone(math.tanh, Form.EXPONENTIAL),
        "sigmoid": _monotone(_sigmoid, Form.EXPONENTIAL),
        "hardsigmoid softmax": _between(0, 1, Form.EXPONENTIAL),
        "log_sigmoid log_softmax": _between(-math.inf, 0, Form.LOG_PROBABILITY),
        "softplus": _softplus,
        "logsumexp": _logarithm_of_sum,
        "relu": _relu,
        "relu6": lambda given: _limited(_tensor(given), 0, 6),
        "hardtanh": _hardtanh,
        "clamp clamp_min clamp_max": _clamp,
        "maximum": _larger,
        "minimum": _smaller,
        "max": _maximum,
        "min": _minimum,
        "amax": _largest,
        "sum": _sum,
        "linalg_vector_norm std var": _between(0, math.inf),
        "add": _on_two(interval.add),
        "sub": _on_two(interval.subtract),
        "rsub": _subtracted_from,
        "mul": _on_two(interval.multiply),
        "div": _on_two(interval.divide),
        "addcmul": _sum_with_product,
    }
    return {name: rule for names, rule in by_names.items() for name in names.split()}


RULES: Mapping[str, Rule] = _rules()
"""By the operation's name, without its variant and the mark of what changes its argument."""
