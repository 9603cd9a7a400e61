"""A ledger that is asked one thing at a time, as by commands one after another."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dataselect_gui.privacy.ledger import Ledger
from dataselect_gui.privacy.snapshot import NO_PEOPLE, Grouping, Snapshot


class Desk:
    """Asks a ledger: what only reads by a snapshot, the rest in a session of its own.

    Parameters
    ----------
    home : Path
        The ledger's folder.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.ledger = Ledger(home)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return a method of a snapshot or of a session."""

        def ask(*arguments: object, **more: object) -> object:
            opened = self.ledger.snapshot() if hasattr(Snapshot, name) else self.ledger.session()
            with opened as session:
                return getattr(session, name)(*arguments, **more)

        return ask

    def check_units(
        self, account: str, unit: str | None, max_contributions: int, grouping: Grouping = NO_PEOPLE
    ) -> None:
        """Refuse other units than at any earlier release of an account."""
        with self.ledger.snapshot() as snapshot:
            snapshot.check_units(snapshot.statement(account), unit, max_contributions, grouping)
