"""Filters: conditions by which records are looked for. A filter is no rule and changes no selection.

A filter is written like a condition of Python, and read by Python's own parser::

    vog > 2 and label == "PNEUMONIA" and not withheld
    0.5 <= loss < 2 or "scan-17" in id
    label in ["cat", "dog"] and label != answer

Only comparisons of columns with numbers, texts and other columns are understood, and `and`, `or` and
`not`: nothing is ever run.
"""

import ast
import contextlib
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias, assert_never, cast

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UsageError
from dataselect_gui.selection.classes import CodedClasses
from dataselect_gui.selection.text_index import TextIndex
from dataselect_gui.texts import N_, _

Numbers: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class Texts:
    """A text for each record that few others have: ids, files, people.

    Attributes
    ----------
    values : sequence of str
        Shape (n,).
    """

    values: Sequence[str]

    @cached_property
    def index(self) -> TextIndex:
        """Finds records by their texts; made on its first use, which takes longest."""
        return TextIndex(self.values)


Column: TypeAlias = Numbers | Flags | CodedClasses | Texts
"""A number, yes or no, a class or none, or a text of each record; of shape (n,)."""

MOST_CHARACTERS = 1000
_LISTED = 8
_POINT = N_("Numbers are written with a point, 0.5, and conditions joined by “and” or “or”.")
_Values: TypeAlias = Numbers | CodedClasses | Texts
_ORDERED: Mapping[type[ast.cmpop], Callable[[Numbers, Numbers | float], Flags]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_EQUALITY = {ast.Eq, ast.NotEq}
_TURNED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
}


def matching(text: str, columns: Mapping[str, Column]) -> Flags:
    """Return which records a filter finds.

    A comparison with a number that a record does not have, or with a class where it has none, does not
    hold; its opposite by ``not`` does.

    Parameters
    ----------
    text : str
        The filter.
    columns : mapping
        Name → column; a score's name may hold hyphens.

    Returns
    -------
    ndarray of bool
        Shape (n,).

    Raises
    ------
    UsageError
        Where it cannot be understood, with what can be written instead.
    """
    if len(text) > MOST_CHARACTERS:
        raise _unclear(_("It is longer than {most:,} characters.", most=MOST_CHARACTERS))
    try:
        parsed = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _unclear(_reason_of(text)) from None
    return _Reader(columns).flags(parsed)


@dataclass(frozen=True)
class _Reader:
    """Reads the parts of a filter against some columns."""

    columns: Mapping[str, Column]

    def flags(self, node: ast.expr) -> Flags:
        """Return for which records a condition holds."""
        match node:
            case ast.BoolOp(op, values):
                join = np.logical_and if isinstance(op, ast.And) else np.logical_or
                held = self.flags(values[0])
                for value in values[1:]:
                    held = join(held, self.flags(value))
                return held
            case ast.UnaryOp(ast.Not(), operand):
                return ~self.flags(operand)
            case ast.Compare(left, ops, comparators):
                sides = [left, *comparators]
                pairs = zip(sides, ops, sides[1:], strict=False)
                held = np.logical_and.reduce([self._compared(*pair) for pair in pairs])
                return cast("Flags", held)
            case _:
                return self._flag(node)

    def _flag(self, node: ast.expr) -> Flags:
        name = name_of_column(node)
        column = None if name is None else self._column(name)
        if isinstance(column, np.ndarray) and column.dtype == np.bool_:
            return cast("Flags", column)
        if isinstance(node, ast.Tuple):
            raise _unclear(_(_POINT))
        if name is None:
            raise _unclear(_("“{part}” is no condition.", part=ast.unparse(node)))
        raise _unclear(_("“{name}” is compared with nothing.", name=name))

    def _compared(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Flags:
        name, other = name_of_column(left), name_of_column(right)
        if isinstance(op, ast.In | ast.NotIn):
            if other is not None:
                held = self._holding(self._values(other), other, _text_of(left))
            elif name is not None:
                held = self._among(self._values(name), name, right)
            else:
                raise self._pairless(left, right)
            return ~held if isinstance(op, ast.NotIn) else held
        if type(op) not in _ORDERED:
            raise _unclear(_("“is” is not understood; write “==”."))
        if name is not None and other is not None:
            return self._both(name, type(op), other)
        if name is not None:
            return self._with(name, type(op), right)
        if other is not None:
            return self._with(other, _TURNED[type(op)], left)
        raise self._pairless(left, right)

    def _with(self, name: str, op: type[ast.cmpop], value: ast.expr) -> Flags:
        column = self._values(name)
        if isinstance(column, np.ndarray):
            return _ORDERED[op](column, _number_of(name, value)) & ~np.isnan(column)
        if op not in _EQUALITY:
            raise _unclear(
                _("“{name}” is a text: it can be equal or not, not more or less.", name=name)
            )
        held = _equal(column, [_text_of(value)])
        return held if op is ast.Eq else ~held & _is_there(column)

    def _both(self, name: str, op: type[ast.cmpop], other: str) -> Flags:
        left, right = self._values(name), self._values(other)
        if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
            return _ORDERED[op](left, right) & ~np.isnan(left) & ~np.isnan(right)
        if isinstance(left, CodedClasses) and isinstance(right, CodedClasses) and op in _EQUALITY:
            return _same(left, right, equal=op is ast.Eq)
        raise _unclear(
            _("“{name}” and “{other}” cannot be compared with each other.", name=name, other=other)
        )

    def _among(self, column: _Values, name: str, listed: ast.expr) -> Flags:
        if not isinstance(listed, ast.List | ast.Tuple | ast.Set):
            raise _unclear(_("After “in” comes a list, for example {name} in [1, 2].", name=name))
        if isinstance(column, np.ndarray):
            return np.isin(column, [_number_of(name, value) for value in listed.elts])
        return _equal(column, [_text_of(value) for value in listed.elts])

    def _holding(self, column: _Values, name: str, part: str) -> Flags:
        match column:
            case CodedClasses(names=names):
                holding = np.array([part.casefold() in text.casefold() for text in names] + [False])
                return cast("Flags", holding[column.codes])
            case Texts():
                return column.index.holding(part)
            case np.ndarray():
                raise _unclear(_("“{name}” is a number and holds no text.", name=name))
            case _:
                assert_never(column)

    def _values(self, name: str) -> _Values:
        column = self._column(name)
        if isinstance(column, np.ndarray) and column.dtype == np.bool_:
            raise _unclear(_("“{name}” is yes or no: write “{name}” or “not {name}”.", name=name))
        return cast("_Values", column)

    def _column(self, name: str) -> Column:
        if name in self.columns:
            return self.columns[name]
        raise UsageError(
            _("There is no “{name}” to filter by.", name=name),
            _("There are: {names}.", names=", ".join(self.columns)),
            _('Write one of these, and texts between quotation marks: label == "cat".'),
        )

    def _pairless(self, left: ast.expr, right: ast.expr) -> UsageError:
        pair = f"{ast.unparse(left)}, {ast.unparse(right)}"
        return _unclear(_("Neither of “{pair}” is a column.", pair=pair))


def name_of_column(node: ast.expr) -> str | None:
    """Return the name of a column; those of scores may hold hyphens, which Python takes for a minus."""
    match node:
        case ast.Name(name):
            return name
        case ast.BinOp(left, ast.Sub(), right):
            names = name_of_column(left), name_of_column(right)
            return None if None in names else f"{names[0]}-{names[1]}"
    return None


def _number_of(name: str, node: ast.expr) -> float:
    match node:
        case ast.Constant(int() | float() as number) if not isinstance(number, bool):
            with contextlib.suppress(OverflowError):
                return float(number)
        case ast.UnaryOp(ast.USub(), operand):
            return -_number_of(name, operand)
        case ast.Tuple():
            raise _unclear(_(_POINT))
    raise _unclear(_("“{name}” is a number and “{part}” is none.", name=name, part=ast.unparse(node)))


def _text_of(node: ast.expr) -> str:
    match node:
        case ast.Constant(str() as text):
            return text
        case ast.Constant(int() | float() as number):
            return ast.unparse(node) if isinstance(number, float) else str(number)
    raise _unclear(
        _("“{part}” is no text: texts stand between quotation marks.", part=ast.unparse(node))
    )


def _equal(column: CodedClasses | Texts, texts: Sequence[str]) -> Flags:
    """Return which records have one of some texts; a class that none has is refused."""
    if isinstance(column, Texts):
        return column.index.equal(texts)
    for text in texts:
        if text not in column.names:
            raise UsageError(
                _("No record has “{text}” there.", text=text),
                _("There are: {names}.", names=_listed(column.names)),
                _("Write one of these."),
            )
    chosen = np.array([name in texts for name in column.names] + [False])
    return cast("Flags", chosen[column.codes])


def _same(left: CodedClasses, right: CodedClasses, *, equal: bool) -> Flags:
    """Return which records have the same class twice, or two that differ; both must be there."""
    places: dict[str, np.int64] = {text: np.int64(place) for place, text in enumerate(left.names)}
    same = left.codes == right.look_up(places, np.int64(-1))
    return cast("Flags", (same == equal) & _is_there(left) & _is_there(right))


def _is_there(column: CodedClasses | Texts) -> Flags:
    if isinstance(column, Texts):
        return np.ones(len(column.values), dtype=bool)
    return column.codes < len(column.names)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_LISTED])
    more = len(names) - _LISTED
    return _("{names} and {more:,} more", names=shown, more=more) if more > 0 else shown


def _reason_of(text: str) -> str:
    """Return why a text is no condition."""
    if not text.strip():
        return _("It is empty.")
    without = text.replace("==", "").replace("<=", "").replace(">=", "").replace("!=", "")
    if "=" in without:
        return _("One “=” is not understood; write “==”.")
    if any(mark in text for mark in "“”„‘’«»"):
        return _('Texts stand between straight quotation marks: "cat".')
    return _("It is not a whole condition.")


def _unclear(why: str) -> UsageError:
    return UsageError(
        _("The filter is not understood."),
        why,
        _('Write for example: loss > 2 and label == "cat" and not withheld.'),
    )
