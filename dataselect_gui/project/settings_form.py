"""What the settings of a project hold, so that damaged ones are noticed when it is opened."""

import json
import re
from typing import Any

from dataselect_gui.privacy.amounts import decimal_of

FORMAT = 1
_TABLE = re.compile("table-[0-9]{1,9}")
_CUTS = frozenset({"threshold", "count", "fraction"})


def are_settings(document: object) -> bool:
    """Say whether a JSON document is what the program writes as a project's settings."""
    if not isinstance(document, dict) or document.get("format") != FORMAT or not _is_text(document):
        return False
    table, scores = document.get("table", ""), document.get("scores")
    return (
        (table is None or (isinstance(table, str) and bool(_TABLE.fullmatch(table))))
        and _is_place(document.get("source"), ("label_column", "unit_column"))
        and _is_place(document.get("checkpoint"), ())
        and isinstance(document["checkpoint"].get("digest"), str)
        and isinstance(document.get("demo"), bool)
        and "in_training" in document
        and isinstance(scores, dict)
        and all(isinstance(how, dict) for how in scores.values())
        and (document.get("rule", "") is None or _is_rule(document.get("rule")))
        and _are_names(document.get("withheld"))
        and _are_names(document.get("opted_out", []))
    )


def _is_place(value: Any, columns: tuple[str, ...]) -> bool:  # noqa: ANN401  (any JSON)
    return (
        isinstance(value, dict)
        and isinstance(value.get("path"), str)
        and "\0" not in value["path"]
        and all(isinstance(value.get(name, 0), str | None) for name in columns)
    )


def _is_rule(value: Any) -> bool:  # noqa: ANN401  (any JSON)
    return (
        isinstance(value, dict)
        and isinstance(value.get("score"), str)
        and isinstance(value.get("by"), str)
        and value["by"] in _CUTS
        and isinstance(value.get("value"), str)
        and decimal_of(value["value"]) is not None
        and isinstance(value.get("lowest"), bool)
    )


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _is_text(document: object) -> bool:
    """Say whether all words can be written: JSON can escape half a character."""
    try:
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except (UnicodeEncodeError, ValueError, RecursionError):
        return False
    return True
