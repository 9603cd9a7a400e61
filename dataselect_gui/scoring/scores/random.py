"""A keyed random number: the baseline that every comparison shows."""

import hashlib
import hmac

from dataselect_gui.scoring.scores.base import KeyedScore
from dataselect_gui.texts import N_


class Random(KeyedScore):
    """The first 8 bytes of HMAC-SHA-256(secret of the source, id), over 2⁶⁴."""

    base = "random"
    short_name = N_("random")
    meaning = N_("a keyed random number in [0, 1): the baseline")
    definition = "the first 8 bytes of HMAC-SHA-256(secret of the source, id), over 2⁶⁴"
    sentence = N_("Chance alone. The other scores are compared with it.")
    known = N_("Hard to beat on clean records: in our tests, picks by a score almost never did.")
    colour = "#56606D"
    needs_label = False
    own_bounds = "0", "1"

    def keyed(self, secret: bytes, record: str) -> float:
        """See `KeyedScore.keyed`."""
        digest = hmac.digest(secret, record.encode(), hashlib.sha256)
        return int.from_bytes(digest[:8]) / 2**64
