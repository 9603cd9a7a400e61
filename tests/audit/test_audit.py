"""The audit in short: the same claims and mistakes, fewer draws than ``python -m tests.audit``."""

import shutil
from pathlib import Path

import pytest
import torch

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import RefusedError, UnusableError
from dataselect_gui.privacy.mechanisms.discrete_gaussian import DiscreteGaussian
from dataselect_gui.release import registry
from dataselect_gui.release.checks import discrete_gaussian
from dataselect_gui.release.kinds.scores import Scores
from dataselect_gui.scoring.scorer import Scorer
from tests.audit.bounds import ERROR, lower_bound
from tests.audit.cases import CASES, honest, mistakes, names
from tests.audit.claims import Case
from tests.helpers import config, preprocessor, write_json
from tests.ledgers import Desk
from tests.models import export

DRAWS, DRAWS_OF_RARE = 3_000, 20_000
SEEN = 0.5
PROMISES, CONTROLS = honest(), mistakes()
SHARED_OUT = ERROR / (len(PROMISES) + len(CONTROLS))


def draws(case: Case) -> int:
    return DRAWS_OF_RARE if case.rare else DRAWS


@pytest.mark.parametrize("case", PROMISES, ids=names(PROMISES))
def test_what_is_promised_is_kept(case: Case) -> None:
    bound = lower_bound(case.sample, draws(case), case.delta, SHARED_OUT)
    assert bound <= case.claim
    if case.tight and 1 <= case.claim <= 2 and not case.rare:
        # An audit that sees nothing proves nothing; the long one sees nine tenths of every claim.
        assert bound >= SEEN * case.claim


@pytest.mark.parametrize("case", CONTROLS, ids=names(CONTROLS))
def test_a_mistake_is_caught(case: Case) -> None:
    assert lower_bound(case.sample, draws(case), case.delta, SHARED_OUT) > case.claim


def test_what_is_registered_must_be_audited(monkeypatch: pytest.MonkeyPatch) -> None:
    unaudited = registry.Registered(Scores, DiscreteGaussian, discrete_gaussian.check_counts)
    monkeypatch.setattr(registry, "REGISTRY", (*registry.REGISTRY, unaudited))
    with pytest.raises(KeyError):
        honest()


def test_what_promises_something_has_a_case() -> None:
    for (_, mechanism), audit in CASES.items():
        assert bool(audit()) == ("epsilon" in mechanism.takes)


def test_a_model_with_batch_statistics_is_refused(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.BatchNorm1d(4, track_running_stats=False), torch.nn.Linear(4, 3)
    )
    export(tmp_path / "model.pt2", model.eval(), torch.zeros(2, 1, 2, 2))
    write_json(tmp_path / "config.json", config())
    write_json(tmp_path / "preprocessor_config.json", preprocessor(2, 1))
    with pytest.raises(UnusableError, match="depends on the other records"):
        Scorer(find_checkpoint(tmp_path), ["loss"], torch.device("cpu"))


def test_an_older_ledger_put_back_is_refused(tmp_path: Path) -> None:
    """Or the same release could be drawn afresh from it, as often as wanted."""
    home = tmp_path / "home"
    ledger = Desk(home)
    account = ledger.claim({b"records".ljust(32)})
    shutil.copytree(home, tmp_path / "older")
    ledger.keep_draw(account, "a release", b"its draw")
    shutil.copy(tmp_path / "older" / "ledger.sqlite", home / "ledger.sqlite")
    with pytest.raises(RefusedError, match="not as it was left"):
        Desk(home).draw_of("a release")
