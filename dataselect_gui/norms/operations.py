"""Names and arguments of a model's operations, as they are intercepted while it runs.

Modules call functions and methods, a ``.pt2`` graph the operations behind them. Both get one name,
and their arguments the names that the rules and the forms for second derivatives use.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import FunctionType
from typing import Any, ClassVar

import torch
from torch.overrides import TorchFunctionMode

from dataselect_gui.norms.rules import RULES

Function = Callable[..., Any]


def name_of(func: Function) -> str:
    """Return an operation's name, the same for functions, methods, in-place forms and graphs."""
    name = str(getattr(func, "__name__", ""))
    if isinstance(func, torch._ops.OpOverload):
        name = name.partition(".")[0] if func.namespace == "aten" else ""
    return name.removesuffix("_") if not name.endswith("__") else name


def named_arguments(func: Function, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call's arguments by name; of an operation without a rule, the named ones alone.

    Parameters
    ----------
    func : callable
        The operation.
    args, kwargs
        As it was called.
    """
    rule = RULES.get(name_of(func))
    signature: Sequence[str] = ()
    if rule is not None:
        signature = rule.arguments if isinstance(func, FunctionType) else rule.aten_arguments
    return dict(zip(signature, args, strict=False)) | dict(kwargs)


def are_constants(given: Mapping[str, Any]) -> bool:
    """Say whether neither weight nor bias of a call requires a gradient."""
    weights = (given.get(name) for name in ("weight", "bias"))
    return not any(weight is not None and weight.requires_grad for weight in weights)


class OwnForms(TorchFunctionMode, ABC):
    """A context in which some operations of a model run in a form of our own.

    Attributes
    ----------
    names : frozenset of str
        Which.
    """

    names: ClassVar[frozenset[str]]

    @abstractmethod
    def run(self, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
        """Run one of these operations; returns what it returns."""

    def __torch_function__(
        self,
        func: Function,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  (whatever the intercepted function returns)
        kwargs = kwargs or {}
        return self.run(func, args, kwargs) if name_of(func) in self.names else func(*args, **kwargs)
