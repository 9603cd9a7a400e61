"""What the settings of a project hold, so that damaged ones are noticed when it is opened.

Format 1 had one checkpoint for all scores: ``scores`` told how each is computed, and their columns lay
beside the table's index. Since format 2 ``scores`` does so for each checkpoint, by its digest; where
a project comes from format 1, ``loose_scores`` is the digest of the checkpoint whose columns still lie
there.
"""

import json
import re
from typing import Any

from dataselect_gui.privacy.amounts import decimal_of

FORMAT = 2
_FORMATS = 1, FORMAT
_SCORE = re.compile("[a-z0-9_-]{1,100}")
_TABLE = re.compile("table-[0-9]{1,9}")
_DIGEST = re.compile("[0-9a-z]{1,64}")
_CUTS = frozenset({"threshold", "count", "fraction"})


def are_settings(document: object) -> bool:
    """Say whether a JSON document is what the program writes as a project's settings."""
    if not isinstance(document, dict) or document.get("format") not in _FORMATS:
        return False
    if not _is_text(document):
        return False
    table = document.get("table", "")
    return (
        (table is None or (isinstance(table, str) and bool(_TABLE.fullmatch(table))))
        and _is_place(document.get("source"), ("label_column", "unit_column"))
        and _is_place(document.get("checkpoint"), ())
        and _is_digest(document["checkpoint"].get("digest"))
        and isinstance(document.get("demo"), bool)
        and "in_training" in document
        and _are_scores(document.get("scores"), document["format"])
        and _is_digest(document.get("loose_scores", "0"))
        and (document.get("rule", "") is None or _is_rule(document.get("rule")))
        and _are_names(document.get("withheld"))
        and _are_names(document.get("opted_out", []))
    )


def migrated(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings as this version of the program writes them, from those of any version."""
    if settings["format"] == FORMAT:
        return settings
    digest = settings["checkpoint"]["digest"]
    return {
        **settings,
        "format": FORMAT,
        "scores": {digest: settings["scores"]},
        "loose_scores": digest,
    }


def _are_scores(value: Any, form: int) -> bool:  # noqa: ANN401  (any JSON)
    if not isinstance(value, dict):
        return False
    if form == FORMAT:
        return all(_is_digest(name) and _are_scores(scores, 1) for name, scores in value.items())
    return all(_SCORE.fullmatch(name) and isinstance(how, dict) for name, how in value.items())


def _is_digest(value: object) -> bool:
    """Say whether a value can be a checkpoint's digest: it is the name of a folder, too."""
    return isinstance(value, str) and bool(_DIGEST.fullmatch(value))


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
        and bool(_SCORE.fullmatch(value["score"]))  # It is the name of a file, too.
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
