"""The parts of a filter that must all hold, as a person adds them and takes them away.

A brush is such a term, too: the ranges of one score that are shown, ``1.2 <= vog <= 3.4``.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from dataselect_gui.selection.filters import name_of_column

Range: TypeAlias = tuple[float, float]
"""From where to where, both inclusive; infinite where there is no end."""

_EVERYTHING: Sequence[Range] = ((-float("inf"), float("inf")),)


def terms_of(text: str) -> list[str]:
    """Return the parts of a filter that must all hold; one that cannot be read is one part."""
    text = text.strip()
    node = _parsed(text)
    if node is None:
        return [text] if text else []
    return [ast.get_source_segment(text, part) or ast.unparse(part) for part in _joined_by_and(node)]


def all_of(terms: Sequence[str]) -> str:
    """Return the filter for records for which several terms hold."""
    if len(terms) == 1:
        return terms[0]
    return " and ".join(f"({term})" if _needs_brackets(term) else term for term in terms)


def is_same_term(term: str, other: str) -> bool:
    """Say whether two terms are the same, however they are spaced and quoted."""
    if term == other:
        return True
    nodes = _parsed(term), _parsed(other)
    return None not in nodes and len({ast.dump(node) for node in nodes if node is not None}) == 1


def without_term(terms: Sequence[str], term: str) -> list[str]:
    """Return all terms but one."""
    return [other for other in terms if not is_same_term(other, term)]


def columns_in(text: str) -> frozenset[str]:
    """Return the names that a filter reads; none where it cannot be read."""
    node = _parsed(text)
    return frozenset() if node is None else frozenset(_names_in(node))


# Brushes


def brush_of(text: str, column: str) -> tuple[list[str], list[Range]]:
    """Return a filter's other terms, and the ranges of a score to which the rest restricts it.

    Parameters
    ----------
    text : str
        The filter.
    column : str
        The score's name.

    Returns
    -------
    terms : list of str
        Those that are no brush of this score.
    ranges : list of tuple
        Ascending; none where there is no brush, or it lets nothing through.
    """
    others: list[str] = []
    ranges: Sequence[Range] | None = None
    for term in terms_of(text):
        node = _parsed(term)
        brushed = None if node is None else _ranges_of(node, column)
        if brushed is None:
            others.append(term)
        else:
            ranges = _both(_EVERYTHING if ranges is None else ranges, brushed)
    return others, list(ranges or ())


def brush_term(column: str, ranges: Iterable[Range]) -> str:
    """Return the term that shows some ranges of a score; empty for none, and for all of it."""
    ends = list(ranges)
    return "" if ends == list(_EVERYTHING) else " or ".join(_range_term(column, *e) for e in ends)


def with_range(ranges: Sequence[Range], added: Range) -> list[Range]:
    """Return ranges together with another one; those that meet are one."""
    joined: list[Range] = []
    for low, high in sorted([*ranges, added]):
        if joined and low <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(high, joined[-1][1])
        else:
            joined.append((low, high))
    return joined


def without_range(ranges: Sequence[Range], removed: Range) -> list[Range]:
    """Return ranges, all where there are none, without another one, of which the ends stay."""
    low, high = removed
    return _both(ranges or _EVERYTHING, [(-float("inf"), low), (high, float("inf"))])


def _both(ranges: Sequence[Range], others: Sequence[Range]) -> list[Range]:
    pairs = ((max(a, c), min(b, d)) for a, b in ranges for c, d in others)
    return sorted((low, high) for low, high in pairs if low <= high)


def _range_term(column: str, low: float, high: float) -> str:
    if low == -float("inf"):
        return f"{column} <= {_written(high)}"
    if high == float("inf"):
        return f"{column} >= {_written(low)}"
    return f"{_written(low)} <= {column} <= {_written(high)}"


def _written(number: float) -> str:
    return repr(float(number)).removesuffix(".0")


def _ranges_of(node: ast.expr, column: str) -> list[Range] | None:
    """Return the ranges that a term shows; None where it is no brush of that score."""
    parts = node.values if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) else [node]
    ranges: list[Range] = []
    for part in parts:
        ends = _ends_of(part, column)
        if ends is None:
            return None
        ranges = with_range(ranges, ends)
    return ranges


def _ends_of(node: ast.expr, column: str) -> Range | None:
    """Return the two ends of a comparison like ``1 <= vog <= 2``, ``vog >= 1`` or ``vog <= 2``."""
    if not isinstance(node, ast.Compare):
        return None
    sides = [node.left, *node.comparators]
    signs = [type(op) for op in node.ops]
    if len(sides) == 2 and name_of_column(sides[1]) == column:
        turned = {ast.LtE: ast.GtE, ast.GtE: ast.LtE}
        sides, signs = sides[::-1], [turned.get(signs[0], ast.Eq)]
    if len(sides) == 2 and name_of_column(sides[0]) == column:
        end = _number(sides[1])
        if end is None or signs[0] not in {ast.GtE, ast.LtE}:
            return None
        return (end, float("inf")) if signs == [ast.GtE] else (-float("inf"), end)
    if len(sides) == 3 and name_of_column(sides[1]) == column and signs == [ast.LtE] * 2:
        low, high = _number(sides[0]), _number(sides[2])
        return None if low is None or high is None or low > high else (low, high)
    return None


def _number(node: ast.expr) -> float | None:
    match node:
        case ast.Constant(int() | float() as number) if not isinstance(number, bool):
            try:
                return float(number)
            except OverflowError:
                return None
        case ast.UnaryOp(ast.USub(), operand):
            positive = _number(operand)
            return None if positive is None else -positive
    return None


# The parse tree


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _joined_by_and(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        for value in node.values:
            yield from _joined_by_and(value)
    else:
        yield node


def _needs_brackets(term: str) -> bool:
    """Say whether a term that is joined to others by “and” would be read as another one."""
    node = _parsed(term)
    return not isinstance(node, ast.Compare | ast.Name | ast.UnaryOp) and not (
        isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And)
    )


def _names_in(node: ast.AST) -> Iterator[str]:
    name = name_of_column(node) if isinstance(node, ast.expr) else None
    if name is not None:
        yield name
        return
    for child in ast.iter_child_nodes(node):
        yield from _names_in(child)
