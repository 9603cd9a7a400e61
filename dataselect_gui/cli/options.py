"""The choices and the numbers that options accept."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from dataselect_gui.texts import _
from dataselect_gui.workflow import (
    COUNT_EPSILON,
    KINDS,
    LARGEST_COUNT,
    MECHANISMS,
    Answer,
    LeaveOut,
    mechanisms_of,
    what_opens,
    whole_of,
)

Json = Annotated[bool, typer.Option("--json", help=_("Print exactly one JSON object."))]
ProjectPath = Annotated[Path, typer.Argument(help=_("A project, NAME.dataselect."))]
SourcePath = Annotated[Path, typer.Argument(help=_("Your records: {sources}.", sources=what_opens()))]
CheckpointPath = Annotated[Path, typer.Option(help=_("What the consortium shares."))]
LabelColumn = Annotated[str | None, typer.Option(help=_("The column of labels."))]
UnitColumn = Annotated[str | None, typer.Option(help=_("The column that names the person."))]
TextColumn = Annotated[
    str | None,
    typer.Option(metavar="NAME", help=_("The column of a table that holds the texts.")),
]
Split = Annotated[
    str | None,
    typer.Option(metavar="NAME", help=_("The part of the records (train, …), if there are several.")),
]

LeaveOutOption = Annotated[
    LeaveOut | None,
    typer.Option(
        help=_(
            "What is left out, decided before any score is shown: none, wrong (records that look wrong "
            "by the request's calibration), or count (a count with noise added decides)."
        )
    ),
]
CountEpsilon = Annotated[
    str | None,
    typer.Option(metavar="E", help=_("The count's ε; {usual} by default.", usual=COUNT_EPSILON)),
]

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["float32", "float64"]
TableFormat = Literal["table", "csv", "parquet", "json"]
# The registered names, which no type checker can know.
KindName = StrEnum("KindName", {name: name for name in KINDS})  # type: ignore[misc]
USUAL_KIND = KindName("records")
MechanismName = StrEnum("MechanismName", {name: name for name in MECHANISMS})  # type: ignore[misc]


def mechanisms_by_kind() -> str:
    """Return a text that lists the mechanisms of each kind of release, the default first."""
    ways = (
        f"{name}: {', '.join(mechanism.name for mechanism in mechanisms_of(kind))}"
        for name, kind in KINDS.items()
    )
    return _("{ways}. The first is the usual one.", ways="; ".join(ways))


def takers(answer: Answer) -> str:
    """Return the names of the mechanisms that need an answer."""
    return ", ".join(name for name, mechanism in MECHANISMS.items() if answer in mechanism.takes)


def whole(stated: str | int) -> int:
    """Return the whole number that was typed, or the default.

    Raises
    ------
    typer.BadParameter
        Where it is not one, or too large.
    """
    number = whole_of(str(stated))
    if number is None:
        raise typer.BadParameter(
            _(
                "“{stated}” is no whole number up to {most:,}, in the digits 0 to 9",
                stated=stated,
                most=LARGEST_COUNT,
            )
        )
    return number


def positive(stated: str | int) -> int:
    """Return the whole number above zero that was typed, or the default.

    Raises
    ------
    typer.BadParameter
        Where it is not one, or too large.
    """
    number = whole(stated)
    if number == 0:
        raise typer.BadParameter(_("it is a whole number above zero"))
    return number


def names(listed: str | None) -> list[str] | None:
    """Return names that were typed with commas between them; None where none were."""
    return None if listed is None else [name.strip() for name in listed.split(",")]
