"""What a ``.pt2`` file holds, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dataselect_gui.checkpoints.operations import Signature


@dataclass(frozen=True)
class Name:
    """A value made earlier."""

    of: str


@dataclass(frozen=True)
class Dtype:
    """A kind of number: ``float32``, ``int64``, …."""

    name: str


@dataclass(frozen=True)
class Format:
    """An order of a tensor's numbers in memory."""

    name: str


@dataclass(frozen=True)
class Device:
    """Where the model runs, whatever device the file names."""


@dataclass(frozen=True)
class Operation:
    """One step of a graph.

    Attributes
    ----------
    signature : Signature
        What is done.
    arguments : dict
        With what, by name: numbers, words, None, `Name`, `Dtype`, `Format`, `Device`, and lists of
        these.
    results : tuple of str
        What the results are called.
    """

    signature: Signature
    arguments: Mapping[str, Any]
    results: tuple[str, ...]


@dataclass(frozen=True)
class Region:
    """A part of a graph that is run with or without gradients, whatever holds around it.

    Attributes
    ----------
    gradients : bool or None
        Whether with them; None for as it is around it.
    graph : Graph
        The part.
    arguments : tuple of Name
        What it is given.
    results : tuple of str
        What its results are called.
    """

    gradients: bool | None
    graph: "Graph"
    arguments: tuple[Name, ...]
    results: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """Steps, in order, from inputs to outputs."""

    inputs: tuple[str, ...]
    steps: tuple[Operation | Region, ...]
    outputs: tuple[Name | None, ...]


@dataclass(frozen=True)
class Stored:
    """A tensor that the file holds.

    Attributes
    ----------
    path : str
        What the model calls it, with dots between modules.
    is_parameter, is_trained : bool
        Whether it is a parameter, and one that is trained.
    dtype : str
        The kind of its numbers.
    content : bytearray
        Numbers one after the other; some tensors share it.
    sizes, strides : tuple of int
        As PyTorch has them. They stay within the content.
    offset : int
        The place of its first number.
    """

    path: str
    is_parameter: bool
    is_trained: bool
    dtype: str
    content: bytearray = field(repr=False)
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int

    @property
    def numbers(self) -> tuple[object, ...]:
        """Which numbers it is made of: the same for tensors that share all of theirs."""
        return id(self.content), self.dtype, self.sizes, self.strides, self.offset


@dataclass(frozen=True)
class Program:
    """What a ``.pt2`` file holds.

    Attributes
    ----------
    graph : Graph
        From stored tensors and the input to outputs.
    stored : dict
        The stored tensors, by the names of the graph's inputs.
    input : str
        The name of the graph's other input.
    input_sizes : tuple of (int or None)
        The input's shape, batch first; None for a side that may vary.
    input_example : tuple of int
        A shape that it had.
    logits : int
        Which of the outputs holds logits.
    """

    graph: Graph
    stored: Mapping[str, Stored]
    input: str
    input_sizes: tuple[int | None, ...]
    input_example: tuple[int, ...]
    logits: int
