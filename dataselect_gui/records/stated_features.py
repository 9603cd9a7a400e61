"""What the datasets library says of the columns of a file that it wrote, in the schema's metadata."""

import json
from typing import Any

from dataselect_gui.records.label_text import readable_text

_MOST_SCHEMA = 1 << 20
"""Bytes."""
_MOST_CLASSES = 1 << 16


def stated_features(schema: Any) -> dict[str, object]:  # noqa: ANN401  (a class without types)
    """Return what is said of each column; nothing where that is not said, or cannot be read.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of the file.
    """
    stored = (schema.metadata or {}).get(b"huggingface", b"{}")
    if len(stored) > _MOST_SCHEMA:
        return {}
    try:
        stated = json.loads(stored)["info"]["features"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return {}
    return stated if isinstance(stated, dict) else {}


def classes_of(feature: object) -> list[str] | None:
    """Return the names of a feature's classes, or of those in its lists; None where there are none."""
    if isinstance(feature, list) and len(feature) == 1:  # As earlier versions of the library write it.
        return classes_of(feature[0])
    if isinstance(feature, dict) and feature.get("_type") in {"Sequence", "List", "LargeList"}:
        feature = feature.get("feature")
    if not isinstance(feature, dict) or feature.get("_type") != "ClassLabel":
        return None
    names = feature.get("names")
    if not isinstance(names, list) or not 0 < len(names) <= _MOST_CLASSES:
        return None
    return [readable_text(name) for name in names]
