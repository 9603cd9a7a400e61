"""What mechanisms without ε share: nothing is drawn, and nothing is promised."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Self

from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.mechanisms.mechanism import SelectionMechanism, Setting
from dataselect_gui.privacy.usefulness import Agreement, share_of
from dataselect_gui.texts import _


@dataclass(frozen=True, kw_only=True)
class Undrawn(SelectionMechanism):
    """Records leave by the owner's rule alone.

    Attributes
    ----------
    no_epsilon, without_epsilon : str
        That it has no ε, and what to do where one was given; translated where they are shown.
    share_from : str
        Where the share of records that leave, which is 1, comes from, as ``release.json`` states it.
    """

    keeps_to_selection: ClassVar[bool] = True
    no_epsilon: ClassVar[str]
    without_epsilon: ClassVar[str]
    share_from: ClassVar[str]

    epsilon: None = None

    @classmethod
    def read_epsilon(cls, stated: str | None) -> None:
        """Refuse an ε."""
        if stated is not None:
            raise UsageError(
                _(cls.no_epsilon),
                _("It draws nothing, so there is nothing for ε to bound."),
                _(cls.without_epsilon),
            )

    @classmethod
    def of(cls, setting: Setting) -> Self:
        """Make the mechanism."""
        return cls(max_contributions=setting.max_contributions)

    def at(self, epsilon: Decimal) -> Self:
        """There is no ε to change.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(f"{self.name} has no ε, so not {epsilon} either")

    def expect(self, records: int, selected: int) -> Agreement:
        """Return what to expect: the whole selection leaves."""
        return Agreement(1.0, 1.0, share_of(selected, records))

    def chances(self) -> tuple[float, float]:
        """Return the chances of a record that the rule picked, and of another one."""
        return 1.0, 0.0

    def parameters(self) -> dict[str, dict[str, object]]:
        """Return the share that leaves: all."""
        return {"share_that_leaves": {"value": 1.0, "from": self.share_from}}
