from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import InternalError
from dataselect_gui.scoring.model import load_model
from dataselect_gui.study import train as training
from dataselect_gui.study.train import Privacy, account, make_network, predict, recalls, train
from tests.models import SIDE, save_member, stir, tiny_plain, tiny_resnet

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(60, 1, SIDE, SIDE)).astype(np.float32)
TARGETS = np.arange(60) % 3
pytestmark = pytest.mark.filterwarnings("ignore:Optimal order is the largest alpha:UserWarning")


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "PLAIN_STEPS", 4)
    monkeypatch.setattr(training, "PRIVATE_STEPS", 4)


def weights(epsilon: float | None, seed: int) -> torch.Tensor:
    network = make_network(1, 3, 4, seed=0)
    train(network, INPUTS, TARGETS, seed=seed, epsilon=epsilon)
    return torch.nn.utils.parameters_to_vector(network.parameters()).detach()


@pytest.mark.usefixtures("few_steps")
@pytest.mark.parametrize("epsilon", [None, 4.0])
def test_a_seed_decides_everything(epsilon: float | None) -> None:
    torch.testing.assert_close(weights(epsilon, 1), weights(epsilon, 1), rtol=0, atol=0)
    assert not torch.equal(weights(epsilon, 1), weights(epsilon, 2))


@pytest.mark.parametrize(("epsilon", "rate", "steps"), [(1, 0.1, 50), (3, 0.25, 100), (8, 0.02, 200)])
def test_two_accountants_agree_to_a_hundredth_on_what_was_asked_for(
    epsilon: float, rate: float, steps: int
) -> None:
    privacy = account(epsilon, rate, steps)
    assert privacy.epsilon == pytest.approx(epsilon, rel=2e-3)
    assert privacy.epsilon <= epsilon
    assert privacy.epsilon_second == pytest.approx(privacy.epsilon, rel=0.01)


def test_accountants_that_disagree_stop_the_study(monkeypatch: pytest.MonkeyPatch) -> None:
    from dp_accounting.rdp import RdpAccountant

    monkeypatch.setattr(RdpAccountant, "get_epsilon", lambda *_: 1.03)
    with pytest.raises(InternalError, match=r"dp_accounting says 1\.03"):
        account(1.0, 0.111, 20)


def test_a_private_step_is_the_mean_of_clipped_gradients_and_noise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Against a loop over records; the noise is what is left, and as large as it was said to be."""
    monkeypatch.setattr(training, "PRIVATE_STEPS", 1)
    monkeypatch.setattr(training, "CLIP", 0.5)
    privacy = Privacy(2.0, 0.5, 1, 1.0, 1.0)
    monkeypatch.setattr(training, "account", lambda *_: privacy)
    seen: list[torch.Tensor] = []

    def remember(optimizer: torch.optim.Adam) -> None:
        seen.extend(p.grad.flatten().clone() for g in optimizer.param_groups for p in g["params"])

    monkeypatch.setattr(torch.optim.Adam, "step", remember)
    network = make_network(1, 3, 4, seed=0)
    train(network, INPUTS, TARGETS, seed=7, epsilon=1.0)

    drawn = torch.rand(60, generator=torch.Generator().manual_seed(7)) < 0.5
    total = torch.zeros(sum(p.numel() for p in network.parameters()))
    for row in torch.nonzero(drawn).flatten().tolist():
        network.zero_grad()
        logits = network(torch.from_numpy(INPUTS[row : row + 1]))
        functional.cross_entropy(logits, torch.tensor(TARGETS[row : row + 1])).backward()
        gradient = torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])
        norm = float(gradient.norm())
        assert norm > 0.5
        total += gradient * 0.5 / norm
    noise = 30 * torch.cat(seen) - total
    assert float(noise.std()) == pytest.approx(2.0 * 0.5, rel=0.05)
    assert float(noise.mean()) == pytest.approx(0.0, abs=0.1)


@pytest.mark.usefixtures("few_steps")
@pytest.mark.parametrize("epsilon", [None, 8.0])
def test_the_consortiums_model_is_trained_on_with_its_statistics_as_they_are(
    tmp_path: Path, epsilon: float | None
) -> None:
    save_member(tmp_path / "resnet", stir(tiny_resnet(), 0))
    model = load_model(find_checkpoint(tmp_path / "resnet").final, torch.device("cpu"))
    before = {name: value.clone() for name, value in model.named_buffers()}
    start = predict(model, INPUTS)
    train(model, INPUTS, TARGETS, seed=0, epsilon=epsilon, rate=1e-3)
    for name, value in model.named_buffers():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
    assert np.abs(predict(model, INPUTS) - start).max() > 1e-4


@pytest.mark.usefixtures("few_steps")
def test_an_exported_model_is_trained_on(tmp_path: Path) -> None:
    save_member(tmp_path / "plain", stir(tiny_plain(), 0))
    model = load_model(find_checkpoint(tmp_path / "plain").final, torch.device("cpu"))
    start = predict(model, INPUTS)
    train(model, INPUTS, TARGETS, seed=0, epsilon=None, rate=1e-3)
    assert np.abs(predict(model, INPUTS) - start).max() > 1e-4


def test_a_small_network_learns_what_there_is_to_learn() -> None:
    bright = INPUTS + TARGETS[:, None, None, None].astype(np.float32)
    network = make_network(1, 3, 4, seed=0)
    train(network, bright, TARGETS, seed=0, epsilon=None)
    recalled = recalls(predict(network, bright).argmax(axis=1), TARGETS, 4)
    assert recalled[3] is None
    assert min(recall for recall in recalled if recall is not None) > 0.9
