"""The scores that there are, one file each. To add a score, add its file, and its class here."""

from dataselect_gui.scoring.scores.alignment import Alignment
from dataselect_gui.scoring.scores.base import Score
from dataselect_gui.scoring.scores.clipped_alignment import ClippedAlignment
from dataselect_gui.scoring.scores.clipped_norm import ClippedNorm
from dataselect_gui.scoring.scores.distance import Distance
from dataselect_gui.scoring.scores.el2n import El2n
from dataselect_gui.scoring.scores.grad_norm import GradNorm
from dataselect_gui.scoring.scores.loss import Loss
from dataselect_gui.scoring.scores.margin import Margin
from dataselect_gui.scoring.scores.plis import Plis
from dataselect_gui.scoring.scores.privacy_loss import PrivacyLossScore
from dataselect_gui.scoring.scores.random import Random
from dataselect_gui.scoring.scores.reducible_loss import ReducibleLoss
from dataselect_gui.scoring.scores.vog import Vog

_CLASSES: tuple[type[Score], ...] = (
    Loss,
    ReducibleLoss,
    Margin,
    Distance,
    El2n,
    GradNorm,
    ClippedNorm,
    PrivacyLossScore,
    Vog,
    Plis,
    Alignment,
    ClippedAlignment,
    Random,
)
SCORES = {score.base: score.usual() for score in _CLASSES}
"""The scores that are computed by default, each in its usual form, in the order that lists show."""
