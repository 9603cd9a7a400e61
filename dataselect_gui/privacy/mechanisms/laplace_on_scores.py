"""Laplace noise on scores; see ``laplace_on_scores.md``."""

from dataclasses import dataclass
from typing import ClassVar

from dataselect_gui.privacy.mechanisms.laplace_on_counts import LaplaceOnCounts
from dataselect_gui.privacy.mechanisms.mechanism import Answer
from dataselect_gui.privacy.usefulness import Agreement, highest_noised
from dataselect_gui.texts import N_


@dataclass(frozen=True, kw_only=True)
class LaplaceOnScores(LaplaceOnCounts):
    """Every score gets noise, on its grid between public bounds."""

    name: ClassVar[str] = "laplace"
    title: ClassVar[str] = N_("Noise on each score")
    explanation: ClassVar[str] = N_(
        "Laplace noise. Scores beyond the lowest and highest possible value are set to these first."
    )
    takes: ClassVar[frozenset[Answer]] = frozenset({"epsilon", "bounds"})

    def expect(self, records: int, selected: int) -> Agreement:
        """Return how well the best by noised scores agree, if scores were spread evenly."""
        return highest_noised(float(self.max_contributions / self.epsilon), records, selected)
