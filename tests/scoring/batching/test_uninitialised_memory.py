"""No operation shows what was in memory before it, and none hides what shares its memory."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from dataselect_gui.checkpoints.exported.program import Operation
from dataselect_gui.checkpoints.operations import SIGNATURES, Signature
from dataselect_gui.errors import UnusableError
from dataselect_gui.scoring.batching.calls import Each, NotTogetherError
from dataselect_gui.scoring.graph import _Operation, _Running
from tests.scoring.batching.cases import BATCHED, CPU, Stacked, Tried, cases_of, filled, of_each, r

ODD = [-4, -1, 0, 1, 2, 5]


def odd_cases(signature: Signature) -> Iterator[list[Any]]:
    """Yield an operation's usual arguments, and these with odd numbers in place of one, or of all."""
    for arguments in cases_of(signature):
        yield arguments
        names = [n for n, argument in signature.arguments.items() if not argument.by_keyword]
        for place, (name, value) in enumerate(zip(names, arguments, strict=False)):
            kind = signature.arguments[name].type
            if kind not in {"int", "SymInt", "int[]", "SymInt[]", "int[]?", "SymInt[]?"}:
                continue
            for odd in ODD:
                if not isinstance(value, list):
                    yield [*arguments[:place], odd, *arguments[place + 1 :]]
                    continue
                for changed in ([odd] * len(value), [odd, *value[1:]], [odd, -odd, *value[2:]]):
                    yield [*arguments[:place], changed[: len(value)], *arguments[place + 1 :]]


def poison(value: float) -> None:
    """Leave a number in memory that was freed, in blocks of every size that is asked for next."""
    blocks = [torch.full((2**power,), value) for power in range(2, 12) for _ in range(6)]
    blocks += [torch.full((16 * number,), value) for number in range(1, 40)]
    del blocks


def left_in_memory(run: Callable[[], list[Tensor]]) -> list[list[bytes]]:
    """Return what a run makes of memory that held one number, and of memory that held another."""
    actual = []
    for value in (7e7, -1234.5):
        poison(value)
        actual.append([item.contiguous().numpy().tobytes() for item in run()])
    return actual


def test_a_circular_pad_by_less_than_nothing_shows_what_was_in_memory() -> None:
    pad = torch.ops.aten.pad.default
    first, second = left_in_memory(lambda: [pad(torch.ones(1, 1, 64), [-64, 64], "circular")])
    assert first != second


STOPS = (RuntimeError, IndexError, ValueError, TypeError, ArithmeticError)


def tensors_in(value: Any) -> list[Tensor]:  # noqa: ANN401
    if isinstance(value, list | tuple):
        return [item for each in value for item in tensors_in(each)]
    return [value] if isinstance(value, Tensor) else []


def one_record(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, list):
        return [one_record(item) for item in value]
    return value.values[0].clone() if isinstance(value, Stacked) else value


def through_a_graph(case: Tried, *, together: bool) -> list[Tensor]:
    """Run an operation as a graph does."""
    given = {
        name: of_each(value) if together else one_record(value)
        for name, value in case.arguments.items()
    }
    step = _Operation(Operation(case.signature, {}, ()))
    made = _Running(torch.float32, CPU)._do(step, given)
    made = made if isinstance(made, list | tuple) else [made]
    return [item.values if isinstance(item, Each) else item for item in made]


@pytest.mark.parametrize(
    "signature", BATCHED, ids=lambda signature: signature.target.removeprefix("torch.ops.aten.")
)
@pytest.mark.filterwarnings("ignore")
def test_no_operation_shows_what_was_in_memory(signature: Signature) -> None:
    tried = 0
    for arguments in odd_cases(signature):
        case = filled(signature, arguments, lambda _, numbers: numbers, torch.float32)
        for together in (False, True):
            try:
                first, second = left_in_memory(lambda: through_a_graph(case, together=together))  # noqa: B023
            except (*STOPS, NotTogetherError, UnusableError):
                continue
            tried += 1
            assert first == second, arguments
    assert tried


SHARING = [s for s in SIGNATURES.values() if s.group != "number" and s.results[0] != "SymInt"]


@pytest.mark.parametrize(
    "signature", SHARING, ids=lambda signature: signature.target.removeprefix("torch.ops.aten.")
)
def test_what_lies_in_the_memory_of_an_input_is_known_to(signature: Signature) -> None:
    if signature.group == "constant":
        cases = [[[r(2), r(3)], "ij"]] if "meshgrid" in signature.target else []
    else:
        cases = cases_of(signature)
    for arguments in cases:
        case = filled(signature, arguments, lambda _, numbers: numbers, torch.float64)
        given = {name: one_record(value) for name, value in case.arguments.items()}
        with contextlib.suppress(*STOPS):
            made = case.function(given)
            lying = {item.untyped_storage().data_ptr() for item in tensors_in(list(given.values()))}
            shares = any(item.untyped_storage().data_ptr() in lying for item in tensors_in(made))
            assert signature.shares or not shares, arguments
