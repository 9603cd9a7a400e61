from dataclasses import replace

import pytest
from msgspec import structs

from dataselect_gui.scoring.pass_counts import count_passes
from tests.window.scenes import TRIED


@pytest.mark.parametrize(
    ("names", "series", "passes"),
    [
        ([], 3, 0),
        (["random"], 3, 0),
        (["loss"], 1, 1),
        (["loss", "margin", "el2n", "random"], 3, 1),
        (["grad_norm"], 1, 2),
        (["loss", "grad_norm"], 1, 2),
        (["plis"], 1, 4),
        (["plis", "grad_norm", "loss"], 3, 4),
        (["vog"], 5, 10),
        (["vog", "grad_norm"], 5, 11),
        (["vog-early"], 6, 5),  # Two of the series, and the final one for the answer.
        (["loss-series"], 4, 4),
        (["reducible_loss"], 1, 2),
    ],
)
def test_scores_share_the_passes_that_they_take(names: list[str], series: int, passes: int) -> None:
    assert count_passes(names, series) == passes


def test_the_time_of_a_set_is_its_share_of_the_passes_that_were_tried() -> None:
    result = structs.replace(
        TRIED.result, seconds_to_load=0.0, seconds_to_prepare=0.0, seconds_to_read=0.0
    )
    tried = replace(
        TRIED, result=result, seconds=70.0, seconds_to_compute=70.0, names=("plis", "vog"), series=2
    )
    assert tried.seconds_for(tried.names) == pytest.approx(70)
    # Of 4 passes at the final checkpoint, 1 for VoG beside them, and 2 at the other one.
    assert tried.seconds_for(["plis"]) == pytest.approx(40)
    assert tried.seconds_for(["loss"]) == pytest.approx(10)
    assert tried.seconds_for(["loss"], "float64") == pytest.approx(25)
