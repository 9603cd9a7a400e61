"""Each operation computes records together as if each were alone, to the last bit."""

import random
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import vmap

from dataselect_gui.checkpoints.operations import SIGNATURES, Signature
from dataselect_gui.scoring.batching.calls import NotTogetherError
from tests.checkpoints.exported_files import loaded
from tests.models import export, stir
from tests.scoring.batching.cases import (
    BATCHED,
    RECORDS,
    WATCHED,
    Of,
    Stacked,
    below_three,
    c,
    cases_of,
    filled,
    r,
)


@pytest.mark.parametrize(
    "signature", BATCHED, ids=lambda signature: signature.target.removeprefix("torch.ops.aten.")
)
def test_records_computed_together_are_as_if_alone(signature: Signature) -> None:
    tried = 0
    for arguments in cases_of(signature):
        case = filled(signature, arguments, lambda _, numbers: numbers, torch.float64)
        try:
            expected = [case.alone(record) for record in range(RECORDS)]
        except (RuntimeError, IndexError):
            continue  # Of these shapes, it takes none.
        try:
            actual = case.together()
        except NotTogetherError:
            continue
        tried += 1
        for place, result in enumerate(actual):
            stacked = torch.stack([item[place] for item in expected])
            torch.testing.assert_close(result, stacked, rtol=1e-12, atol=1e-12)
    assert tried >= (1 if signature.group == "pointwise" else max(1, len(cases_of(signature)) - 1))


SIDES, RANKS = (1, 1, 2), range(5)
"""As many records as a side has places: where a rule takes the one for the other, it shows."""
SEVERAL = [
    signature
    for signature in BATCHED
    if sum(argument.type.startswith("Tensor") for argument in signature.arguments.values()) > 1
    or any(argument.type.startswith("Tensor[]") for argument in signature.arguments.values())
]


def with_random_shapes(value: Any, chance: random.Random) -> Any:  # noqa: ANN401
    """Return arguments whose tensors have other shapes, and some of which are constants."""
    if isinstance(value, list):
        return [with_random_shapes(item, chance) for item in value]
    if not isinstance(value, Of | Tensor):
        return value
    shape = value.shape
    if chance.random() < 0.8:
        rank = chance.choice([len(shape), len(shape), chance.choice(RANKS)])
        shape = tuple(chance.choice(SIDES) for _ in range(rank))
    kind = value.kind if isinstance(value, Of) else "number"
    is_number = isinstance(value, Of) or value.is_floating_point()
    if not is_number:
        return value
    return Of(shape, kind) if chance.random() < 0.9 else c(*shape)


@pytest.mark.parametrize(
    "signature", SEVERAL, ids=lambda signature: signature.target.removeprefix("torch.ops.aten.")
)
def test_records_stay_apart_where_sides_are_as_long_as_there_are_records(
    signature: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.scoring.batching.cases.RECORDS", 2)
    chance = random.Random(5)
    for arguments in cases_of(signature) * (120 // len(cases_of(signature))):
        changed = [with_random_shapes(item, chance) for item in arguments]
        if "Of(" not in repr(changed):
            continue  # Constants alone.
        case = filled(signature, changed, lambda _, numbers: numbers, torch.float64)
        try:
            expected = [case.alone(record) for record in range(2)]
            actual = case.together()
        except (RuntimeError, IndexError, ValueError, NotTogetherError):
            continue  # Of these shapes, it takes none; or has no rule for them.
        for place, result in enumerate(actual):
            stacked = torch.stack([item[place] for item in expected])
            torch.testing.assert_close(result, stacked, rtol=1e-12, atol=1e-12, equal_nan=True)


RULELESS: dict[str, tuple[str, list[Any]]] = {
    "only empty tensors": ("cat.default", [[r(0), r(0)]]),
    "an empty tensor among constants": ("cat.default", [[c(2), r(0)]]),
    "an index of the record": ("index_select.default", [r(2, 3), 0, below_three(2)]),
    "an index after an axis": ("index.Tensor", [r(1, 3), [None, below_three(2)]]),
    "no index": ("index.Tensor", [r(1, 3), [None]]),
}


@pytest.mark.parametrize("kind", RULELESS)
def test_without_a_rule_no_other_error_is_raised(kind: str) -> None:
    name, arguments = RULELESS[kind]
    signature = SIGNATURES[f"torch.ops.aten.{name}"]
    case = filled(signature, arguments, lambda _, numbers: numbers, torch.float64)
    with pytest.raises(NotTogetherError):
        case.together()


NEIGHBOURS = [0.0, 1e30, -3e4, float("nan"), float("inf"), 1e-42, 1.0]


@pytest.mark.parametrize(
    "signature", BATCHED, ids=lambda signature: signature.target.removeprefix("torch.ops.aten.")
)
def test_a_neighbour_moves_no_last_bit_of_a_result_or_a_gradient(signature: Signature) -> None:
    for arguments in cases_of(signature):
        seen = []
        for value in NEIGHBOURS:

            def fill(_: Of, numbers: Tensor, value: float = value) -> Tensor:
                others = torch.arange(RECORDS) != WATCHED
                numbers[others] = value
                return numbers.requires_grad_()

            case = filled(signature, arguments, fill, torch.float32)
            try:
                results = case.together()
            except (RuntimeError, IndexError, NotTogetherError):
                break
            bits = [item[WATCHED].detach().numpy().tobytes() for item in results]
            leaves = [
                item.values
                for value in case.arguments.values()
                for item in (value if isinstance(value, list) else [value])
                if isinstance(item, Stacked) and item.values.requires_grad
            ]
            sums = [
                (item * item.detach().isfinite()).nan_to_num().sum()
                for item in results
                if item.requires_grad
            ]
            if sums and leaves:
                slopes = torch.autograd.grad(sum(sums[1:], sums[0]), leaves, allow_unused=True)
                bits += [item[WATCHED].numpy().tobytes() for item in slopes if item is not None]
            seen.append(bits)
        assert all(bits == seen[0] for bits in seen), arguments


def test_the_rules_agree_with_vmap(tmp_path: Path) -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv2d(1, 4, 3), nn.GroupNorm(2, 4)
            self.attend = nn.MultiheadAttention(4, 2, batch_first=True)
            self.exit = nn.Linear(4, 3)

        def forward(self, inputs: Tensor) -> Tensor:
            hidden = self.norm(self.conv(inputs)).relu_().flatten(2).transpose(1, 2)
            logits: Tensor = self.exit((hidden + self.attend(hidden, hidden, hidden)[0]).mean(dim=1))
            return logits

    model = stir(Model(), 0).double()
    exported = loaded(
        export(tmp_path / "model.pt2", model, torch.zeros(2, 1, 6, 6, dtype=torch.float64))
    )
    assert exported.runs_together
    inputs = torch.randn(4, 1, 6, 6, dtype=torch.float64)
    by_vmap = vmap(lambda record: exported.as_written(record[None])[0])(inputs)
    torch.testing.assert_close(exported(inputs), by_vmap)
    torch.testing.assert_close(exported(inputs), model(inputs))
