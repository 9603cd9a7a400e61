"""Bounds of what a graph returns: every number lies within them, and they tell probabilities."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from dataselect_gui.checkpoints.exported.program import Program
from dataselect_gui.checkpoints.exported.reading import read_exported
from dataselect_gui.scoring.interval import Form
from dataselect_gui.scoring.output_bounds import output_bounds
from tests.models import export, stir

Ending = Callable[["Model", Tensor], Tensor]
UNBOUNDED = -math.inf, math.inf


class Model(nn.Module):
    """Ends in many ways at once, each by its name."""

    def __init__(self, endings: dict[str, Ending]) -> None:
        super().__init__()
        self.endings, self.exit = endings, nn.Linear(4, 3)
        self.scale, self.prototypes = nn.Parameter(torch.ones(())), nn.Parameter(torch.ones(3, 4))
        self.weights: Tensor
        self.register_buffer("weights", torch.tensor([0.2, 0.3, 0.5]))

    def forward(self, inputs: Tensor) -> dict[str, Tensor]:
        logits = self.exit(inputs)
        ends = {name: ending(self, logits.clone()) for name, ending in self.endings.items()}
        return {"logits": logits, **ends}


def distances(model: Model, logits: Tensor) -> Tensor:
    points = functional.pad(logits, (0, 1))
    squares: Tensor = (points[:, None] - model.prototypes).square().sum(2)
    return squares


def changed_in_place(logits: Tensor) -> Tensor:
    part = logits[:, :2]
    part.sigmoid_()
    return logits


PROBABILITIES: dict[str, Ending] = {
    "sigmoid": lambda _m, x: x.sigmoid(),
    "sigmoid_by_hand": lambda _m, x: 1 / (1 + torch.exp(-x)),
    "sigmoid_of_quotient": lambda _m, x: x.exp() / (1 + x.exp()),
    "sigmoid_of_quotient_turned": lambda _m, x: x.exp() / (x.exp() + 1),
    "sigmoid_by_reciprocal": lambda _m, x: (1 + (-x).exp()).reciprocal(),
    "sigmoid_by_power": lambda _m, x: (1 + (-x).exp()) ** -1,
    "sigmoid_by_base": lambda _m, x: 1 / (1 + torch.pow(math.e, -x)),
    "sigmoid_by_tanh": lambda _m, x: (x / 2).tanh() * 0.5 + 0.5,
    "sigmoid_by_tanh_halved": lambda _m, x: (1 + (x / 2).tanh()) / 2,
    "sigmoid_by_softplus": lambda _m, x: (-functional.softplus(-x)).exp(),
    "sigmoid_by_expm1": lambda _m, x: 1 / (2 + torch.expm1(-x)),
    "sigmoid_of_two_sides": lambda _m, x: torch.where(
        x >= 0, 1 / (1 + (-x).exp()), x.exp() / (1 + x.exp())
    ),
    "sigmoid_times_1": lambda _m, x: x.sigmoid() * 1.0,
    "sigmoid_and_a_little": lambda _m, x: x.sigmoid() + 1e-7,
    "sigmoid_masked": lambda _m, x: x.sigmoid().masked_fill(x > 5, 0.0),
    "sigmoid_chosen": lambda _m, x: torch.where(x > 0.5, x.sigmoid(), 0.0),
    "sigmoid_reshaped": lambda _m, x: x.sigmoid().reshape(-1, 3, 1).flatten(1),
    "sigmoid_in_place": lambda _m, x: x.neg().exp().add_(1).reciprocal(),
    "sigmoid_as_halves": lambda _m, x: x.sigmoid().half().float(),
    "what_is_left_of_it": lambda _m, x: 1 - x.sigmoid(),
    "squared": lambda _m, x: x.sigmoid() ** 2,
    "mean_of_three": lambda _m, x: (x.sigmoid() + (2 * x).sigmoid() + (3 * x).sigmoid()) / 3,
    "mean_of_a_stack": lambda _m, x: torch.stack([x.sigmoid(), (2 * x).sigmoid()]).mean(0),
    "several_softmaxes": lambda _m, x: torch.cat([x.softmax(1), (2 * x).softmax(1)], dim=1),
    "softmax_by_hand": lambda _m, x: x.exp() / x.exp().sum(1, keepdim=True),
    "softmax_by_hand_below_0": lambda _m, x: (
        (x - x.amax(1, keepdim=True)).exp() / (x - x.amax(1, keepdim=True)).exp().sum(1, keepdim=True)
    ),
    "softmax_by_logsumexp": lambda _m, x: (x - x.logsumexp(1, keepdim=True)).exp(),
    "parts_of_the_whole": lambda _m, x: x.sigmoid() / x.sigmoid().sum(1, keepdim=True),
    "complementary_log_log": lambda _m, x: 1 - (-x.exp()).exp(),
    "probit": lambda _m, x: 0.5 * (1 + torch.erf(x / 2**0.5)),
    "cut_off": lambda _m, x: x.clamp(0, 1),
    "cut_off_by_hardtanh": lambda _m, x: functional.hardtanh(x, 0.0, 1.0),
    "cut_off_twice": lambda _m, x: x.relu().clamp_max(1.0),
    "hardsigmoid_by_hand": lambda _m, x: functional.relu6(x + 3) / 6,
    "decisions": lambda _m, x: (x > 0).float(),
    "rounded": lambda _m, x: x.sigmoid().round(),
    "largest_of_patches": lambda _m, x: torch.stack([x, -x]).sigmoid().amax(0),
    "weighted": lambda m, x: x.sigmoid() * m.weights,
}
LOGARITHMS: dict[str, Ending] = {
    "log_softmax": lambda _m, x: x.log_softmax(1),
    "log_softmax_by_hand": lambda _m, x: x - x.logsumexp(1, keepdim=True),
    "log_softmax_by_sum": lambda _m, x: x - x.exp().sum(1, keepdim=True).log(),
    "log_sigmoid": lambda _m, x: functional.logsigmoid(x),
    "log_sigmoid_by_softplus": lambda _m, x: -functional.softplus(-x),
    "log_sigmoid_from_0": lambda _m, x: 0 - functional.softplus(-x),
    "log_sigmoid_times_minus_1": lambda _m, x: -1.0 * functional.softplus(-x),
    "log_sigmoid_as_difference": lambda _m, x: x - functional.softplus(x),
    "log_sigmoid_by_hand": lambda _m, x: -(1 + (-x).exp()).log(),
    "log_sigmoid_by_log1p": lambda _m, x: -torch.log1p((-x).exp()),
    "log_sigmoid_by_log1p_as_difference": lambda _m, x: x - torch.log1p(x.exp()),
    "logarithm": lambda _m, x: x.sigmoid().log(),
    "logarithm_kept_finite": lambda _m, x: (x.sigmoid() + 1e-9).log(),
    "logarithm_to_base_2": lambda _m, x: x.sigmoid().log2(),
    "logarithm_of_what_is_left": lambda _m, x: (1 - x.sigmoid()).log(),
    "logarithm_cut_off": lambda _m, x: x.sigmoid().log().clamp_min(-100),
    "logarithm_reshaped": lambda _m, x: x.sigmoid().log()[:, :, None].squeeze(2),
}
SOUND: dict[str, Ending] = {
    "as_they_are": lambda _m, x: x,
    "shifted_sigmoid": lambda _m, x: 2 * x.sigmoid() - 1,
    "wider_sigmoid": lambda _m, x: x.sigmoid() * 10,
    "learned_scale": lambda m, x: x.sigmoid() * m.scale,
    "relu": lambda _m, x: x.relu(),
    "softplus": lambda _m, x: functional.softplus(x),
    "cosines": lambda m, x: (
        16
        * functional.normalize(functional.pad(x, (0, 1)), dim=1)
        @ functional.normalize(m.prototypes, dim=1).T
    ),
    "cosines_of_a_learned_scale": lambda m, x: m.scale.exp() * functional.normalize(x, dim=1),
    "cosines_of_no_negatives": lambda _m, x: functional.normalize(x.relu(), dim=1),
    "cut_off_wide": lambda _m, x: x.clamp(-30, 30),
    "soft_cap": lambda _m, x: 30 * (x / 30).tanh(),
    "distances": lambda m, x: -distances(m, x),
    "distances_of_a_learned_scale": lambda m, x: -m.scale.exp() * distances(m, x),
    "distances_of_a_soft_scale": lambda m, x: -functional.softplus(m.scale) * distances(m, x),
    "student_t": lambda m, x: -(1 + distances(m, x)).log(),
    "student_t_by_log1p": lambda m, x: -torch.log1p(distances(m, x)),
    "student_t_of_a_learned_scale": lambda m, x: -torch.log1p(m.scale.exp() * distances(m, x)),
    "density": lambda m, x: (-distances(m, x)).exp().log(),
    "mean_density": lambda m, x: (
        torch.stack([(-distances(m, x)).exp(), (-2 * distances(m, x)).exp()])
        .mean(0)
        .clamp_min(1e-30)
        .log()
    ),
    "below_0": lambda _m, x: -x.relu(),
    "below_0_by_exp": lambda _m, x: -x.exp(),
    "odds": lambda _m, x: (x.sigmoid() / (1 - x.sigmoid())).log(),
    "odds_by_difference": lambda _m, x: x.sigmoid().log() - (1 - x.sigmoid()).log(),
    "exp_and_back": lambda _m, x: x.exp().log(),
    "exp_and_back_kept_finite": lambda _m, x: x.exp().clamp_min(1e-9).log(),
    "sigmoid_of_some": lambda _m, x: torch.cat([x[:, :1].sigmoid(), x[:, 1:]], dim=1),
    "sigmoid_of_some_in_place": lambda _m, x: changed_in_place(x),
    "temperature": lambda _m, x: x.log_softmax(1) / 0.5,
    "gated": lambda _m, x: x * x.sigmoid(),
    "differences": lambda _m, x: x.sigmoid() - (2 * x).sigmoid(),
    "product_of_halves": lambda _m, x: torch.mul(*torch.cat([x, -x], dim=1).chunk(2, dim=1)),
    "constants": lambda m, x: torch.zeros_like(x) + m.weights,
}
ALL = {**PROBABILITIES, **LOGARITHMS, **SOUND}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Program]:
    path = tmp_path_factory.mktemp("model") / "model.pt2"
    model = Model(ALL)
    stir(model, 0)
    model.weights = torch.tensor([0.2, 0.3, 0.5])
    export(path, model, torch.zeros(2, 4))
    return model, read_exported(path.name, path.read_bytes())


def of(name: str, program: Program) -> Program:
    return replace(program, logits=["logits", *ALL].index(name))


def stored(model: Model, program: Program) -> dict[str, tuple[float, float]]:
    (name,) = (name for name, tensor in program.stored.items() if tensor.path == "weights")
    return {name: (float(model.weights.min()), float(model.weights.max()))}


@pytest.mark.parametrize("name", ALL)
def test_every_number_is_within_the_bounds(name: str, exported: tuple[Model, Program]) -> None:
    model, program = exported
    known = output_bounds(of(name, program), stored(model, program))
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randn(500, 4, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        returned = model.double().forward(inputs * torch.logspace(-3, 2, 500)[:, None].double())
    values = returned[name].double()
    values = values[~values.isnan()]
    assert known.low - 1e-6 <= values.min()
    assert values.max() <= known.high + 1e-6


@pytest.mark.parametrize("name", PROBABILITIES)
def test_probabilities_are_known(name: str, exported: tuple[Model, Program]) -> None:
    model, program = exported
    known = output_bounds(of(name, program), stored(model, program))
    assert known.varies
    assert known.within(0, 1)


@pytest.mark.parametrize("name", LOGARITHMS)
def test_logarithms_of_probabilities_are_known(name: str, exported: tuple[Model, Program]) -> None:
    model, program = exported
    known = output_bounds(of(name, program), stored(model, program))
    assert known.form is Form.LOG_PROBABILITY
    assert known.within(-math.inf, 0)


@pytest.mark.parametrize("name", SOUND)
def test_logits_are_left_alone(name: str, exported: tuple[Model, Program]) -> None:
    model, program = exported
    known = output_bounds(of(name, program), stored(model, program))
    assert not (known.varies and known.within(0, 1))
    assert not (known.form is Form.LOG_PROBABILITY and known.within(-math.inf, 0))
