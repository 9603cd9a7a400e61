"""What a receiver's check finds wrong."""

_MOST_SHOWN = 100


class FaultError(Exception):
    """What a check found wrong, as a sentence."""


def shown(name: str) -> str:
    """Return a stranger's name of a file as it can be shown anywhere."""
    plain = "".join(one if one.isprintable() else "�" for one in name[:_MOST_SHOWN])
    return plain if len(name) <= _MOST_SHOWN else f"{plain}…"
