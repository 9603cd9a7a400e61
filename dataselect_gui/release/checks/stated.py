"""What ``release.json`` states of a release's figures, read by the check itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from dataselect_gui.errors import FaultError
from dataselect_gui.texts import _


@dataclass(frozen=True)
class Stated:
    """The figures of a release.

    Attributes
    ----------
    epsilon, delta : Decimal or None
        The mechanism's, per unit.
    max_contributions : int
        m.
    parameters : dict
        Every parameter, as it is stated: name → its ``value`` and where it came from.
    """

    epsilon: Decimal | None
    delta: Decimal | None
    max_contributions: int
    parameters: Mapping[str, Mapping[str, object]]

    def has(self, name: str) -> bool:
        """Say whether a parameter is stated."""
        return self.parameters.get(name, {}).get("value") is not None

    def cells_moved(self) -> int:
        """Return how many counts change by one, at most, where a record is replaced.

        It leaves one cell of a histogram and enters another; it is counted beyond a threshold or not;
        it passes the rule or not, by class in one class and then in another.
        """
        by_class = 2 if self.has("classes") else 1
        return (
            (2 if self.has("bins") else 0)
            + (1 if self.has("count_threshold") else 0)
            + (by_class if self.has("passing") else 0)
        )

    def amount(self) -> Decimal:
        """Return ε, which must be there.

        Raises
        ------
        FaultError
            Where it makes no sense.
        """
        if self.epsilon is None or not self.epsilon > 0 or self.max_contributions < 1:
            raise FaultError(_("ε or the number of records of a unit makes no sense."))
        return self.epsilon

    def number(self, name: str) -> Decimal:
        """Return a parameter that is a number.

        Raises
        ------
        FaultError
            Where it is none.
        """
        value = self.parameters[name]["value"]
        if type(value) not in {int, float}:
            raise FaultError(_("The stated {name} is no number.", name=name.replace("_", " ")))
        return Decimal(value)  # type: ignore[arg-type]

    def scale(self) -> float:
        """Return the scale of the noise, in steps.

        Raises
        ------
        FaultError
            Where it is none.
        """
        noise = self.parameters["noise"]["value"]
        scale = noise.get("scale_in_steps") if isinstance(noise, dict) else None
        if not isinstance(scale, float) or not scale > 0:
            raise FaultError(_("The stated noise has no scale."))
        return scale


def is_close(stated: Decimal, computed: Decimal) -> bool:
    """Say whether a stated number is a computed one, but for its last digits."""
    return abs(stated - computed) <= computed * Decimal("1e-12")
