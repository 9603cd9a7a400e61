"""The Ledger place: what was released from a source, in words, and what is left."""

from dataselect_gui.window.ledger.place import LedgerPlace

__all__ = ["LedgerPlace"]
