"""Names of scores, and the direction that a consortium supplies: what is taken, and what is refused."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from dataselect_gui.checkpoints.request import Request
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.scoring.catalog import applicable, find_score
from dataselect_gui.scoring.direction import load_direction
from dataselect_gui.scoring.model import PREFIX, Model

VARIANTS = {
    "loss": "",
    "vog": "std",
    "vog-var": "var",
    "vog-early": "std, early third of the series",
    "vog-var-late": "var, late third of the series",
    "vog-late-var": "var, late third of the series",
    "loss-series": "averaged over the series",
    "plis-l1-series": "L1, averaged over the series",
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_name_says_the_variant(name: str) -> None:
    assert find_score(name).variant == VARIANTS[name]
    assert find_score(name).name == name


@pytest.mark.parametrize(
    "name",
    (
        "beauty vog-latest loss-early plis-late vog-early-late vog-early-early vog-series "
        "privacy_loss-series random-series loss-series-series vog-var-var plis-l1-mean plis-l1-l1 loss-"
    ).split(),
)
def test_a_name_that_says_too_much_is_none(name: str) -> None:
    with pytest.raises(UsageError, match="There is no score"):
        find_score(name)


@pytest.mark.parametrize(
    ("series", "thirds"),
    [(7, [[0, 1, 2], [3, 4], [5, 6]]), (8, [[0, 1, 2], [3, 4, 5], [6, 7]]), (2, [[0], [1], []])],
)
def test_windows_are_thirds_and_need_two_checkpoints(series: int, thirds: list[list[int]]) -> None:
    for name, members in zip(("vog-early", "vog-middle", "vog-late"), thirds, strict=True):
        assert list(find_score(name).members(series)) == members
        if len(members) > 1:
            assert applicable([name], series=series, labelled=True, request=Request())
            continue
        with pytest.raises(UsageError, match="at least two checkpoints"):
            applicable([name], series=series, labelled=True, request=Request())


WRONG: dict[str, tuple[dict[str, Tensor], str]] = {
    "a stranger's parameter": ({"weight": torch.ones(3, 4), "scale": torch.ones(3)}, "“scale”"),
    "another shape": ({"weight": torch.ones(4, 3)}, r"\(4, 3\).*\(3, 4\)"),
    "nothing": ({}, "holds no tensor"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_direction_that_is_none_of_the_model_is_refused(tmp_path: Path, kind: str) -> None:
    tensors, expected = WRONG[kind]
    save_file(tensors, tmp_path / "direction.safetensors")
    with pytest.raises(UnusableError, match=expected):
        load_direction((tmp_path / "direction.safetensors").read_bytes(), Model(nn.Linear(4, 3), None))
    (tmp_path / "direction.safetensors").write_bytes(b"no tensors")
    with pytest.raises(UnusableError, match="cannot be read as safetensors"):
        load_direction((tmp_path / "direction.safetensors").read_bytes(), Model(nn.Linear(4, 3), None))


def test_a_direction_may_leave_parameters_where_they_are(tmp_path: Path) -> None:
    save_file({"bias": torch.ones(3)}, tmp_path / "direction.safetensors")
    model = Model(nn.Linear(4, 3).double(), None)
    direction = load_direction((tmp_path / "direction.safetensors").read_bytes(), model)
    assert list(direction) == [f"{PREFIX}bias"]
    assert direction[f"{PREFIX}bias"].dtype == torch.float64
