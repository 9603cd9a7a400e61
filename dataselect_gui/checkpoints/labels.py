"""Match the source's labels to the model's classes: by name, else by index."""

from collections.abc import Iterable, Sequence

from dataselect_gui.errors import UnusableError


def match_labels(
    labels: Iterable[str | None],
    source_classes: Sequence[str] | None,
    model_classes: Sequence[str],
) -> dict[str, int]:
    """Match each label to the index of a class of the model.

    Parameters
    ----------
    labels : iterable of str or None
        The labels of the records.
    source_classes : sequence of str or None
        The source's own class names by index, where it states them.
    model_classes : sequence of str
        The model's class names by index; empty where the checkpoint states none.

    Returns
    -------
    dict
        From label to index. Where the checkpoint states no classes, indices are not checked.

    Raises
    ------
    UnusableError
        Where the labels fit neither by name nor by index.
    """
    found = sorted({label for label in labels if label is not None})
    if not found:
        return {}
    for normal in (str, _folded):
        by_name = {normal(name): index for index, name in enumerate(model_classes)}
        if len(by_name) == len(model_classes) and all(normal(label) in by_name for label in found):
            return {label: by_name[normal(label)] for label in found}
    by_index = _indices(found, source_classes)
    if by_index is not None and (not model_classes or max(by_index.values()) < len(model_classes)):
        return by_index
    raise UnusableError(
        "The labels do not match the model's classes.",
        f"The records are labelled {_listed(found)}; the model knows {_listed(model_classes)}.",
        "Name another label column, or rename the labels to the model's classes.",
    )


def _folded(name: str) -> str:
    return name.strip().casefold()


def _indices(found: Sequence[str], source_classes: Sequence[str] | None) -> dict[str, int] | None:
    if source_classes is not None and all(label in source_classes for label in found):
        return {label: list(source_classes).index(label) for label in found}
    if found and all(label.isascii() and label.isdigit() for label in found):
        return {label: int(label) for label in found}
    return None


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:most]) or "none"
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
