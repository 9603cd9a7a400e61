"""How the owner's labels are read: the rule that a person states, and what became of them."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from dataselect_gui.checkpoints.class_lookup import How, listed
from dataselect_gui.checkpoints.label_account import LabelAccount, LabelMatch
from dataselect_gui.checkpoints.label_forms import NO_CLASS, SOME_NO_CLASS
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.paths import text_of
from dataselect_gui.records.reference import AS_THEY_ARE, LabelRule, Uncertain
from dataselect_gui.texts import N_, _, ngettext

_LARGEST = 1 << 24
"""Bytes of a table of labels."""
_HEADER = ("label", "class")
_BY: dict[How, str] = {
    "table": N_("By your table: {matches}."),
    "name": N_("By name: {matches}."),
    "number": N_("By number: {matches}."),
    "order": N_("By the order of the columns: {matches}."),
}
_UNCERTAIN: dict[Uncertain, str] = {
    "unknown": N_("In a column of labels 1 is yes, 0 is no; −1 and a blank are not known."),
    "yes": N_("In a column of labels 1 and −1 are yes, 0 is no; a blank is not known."),
    "no": N_("In a column of labels 1 is yes, 0 and −1 are no; a blank is not known."),
}


def label_rule(
    *,
    pairs: Sequence[str] = (),
    table: Path | None = None,
    separator: str | None = None,
    columns: str | None = None,
    uncertain: str | None = None,
) -> LabelRule | None:
    """Return the rule that a person states; None where nothing is stated.

    Parameters
    ----------
    pairs : sequence of str
        ``YOURS=MODEL'S`` each.
    table : Path or None
        A CSV file with the columns label and class, or a JSON object.
    separator : str or None
        What stands between several labels.
    columns : str or None
        The columns of labels, with commas between them, quoted as in CSV.
    uncertain : str or None
        What −1 in such a column stands for.

    Raises
    ------
    UsageError, UnusableError
        Where that makes no sense, or the file cannot be read.
    """
    classes = [*map(_pair, pairs), *([] if table is None else _read_table(table))]
    names = [] if columns is None else [name.strip() for name in next(csv.reader([columns]), [])]
    if columns is not None and not all(names or [""]):
        raise UsageError(
            _("--label-columns cannot be “{stated}”.", stated=columns),
            _("It names columns, with commas between them."),
            _("Write it like --label-columns A,B,C."),
        )
    if uncertain is not None and not names:
        raise UsageError(
            _("--uncertain does not belong here."),
            _("It says what −1 in a column of labels stands for."),
            _("Name the columns: --label-columns A,B,C."),
        )
    if not classes and not names and separator is None:
        return None
    return LabelRule(
        tuple(classes), tuple(names), separator, cast("Uncertain", uncertain or AS_THEY_ARE.uncertain)
    )


def _pair(stated: str) -> tuple[str, str]:
    label, equals, name = stated.rpartition("=")
    if not equals or not label:
        raise UsageError(
            _("--label cannot be “{stated}”.", stated=stated),
            _("It says which class of the model one of your labels is."),
            _('Write it like --label "cat=Shirt"; nothing behind the sign for none of the classes.'),
        )
    return label, name


def _read_table(path: Path) -> list[tuple[str, str]]:
    """Read a table of labels: a label that is there twice stays so."""
    try:
        text = text_of(path, _LARGEST)
        if path.suffix.lower() == ".json":
            rows = json.loads(text, object_pairs_hook=list)
        else:
            rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
            if rows and tuple(cell.strip().casefold() for cell in rows[0]) == _HEADER:
                del rows[0]
        pairs = [_row(row) for row in rows]
    except (OSError, ValueError, TypeError, RecursionError, csv.Error):
        raise UnusableError(
            _("The table of labels “{name}” cannot be used.", name=path.name),
            _("It is no CSV file of two columns, label and class, and no JSON object, in UTF-8."),
            _("Write one of your labels and the model's class on each line, like cat,Shirt."),
        ) from None
    return pairs


def _row(row: Sequence[object]) -> tuple[str, str]:
    label, name = row
    if not isinstance(label, str) or not (name is None or type(name) in {str, int}):
        raise ValueError("no label and class")
    return label, "" if name is None else str(name).strip()


def label_sentences(account: LabelAccount, *, by_table: bool = True) -> list[str]:
    """Return what became of the labels of all records, as sentences.

    Parameters
    ----------
    account : LabelAccount
        What became of them.
    by_table : bool
        Whether to list the labels of the owner's table, and those that fit no class.
    """
    return [
        _counted(account),
        *_reasons(account),
        *_matched([m for m in account.matches if by_table or m.how not in {None, "table"}]),
        *_left_over(account),
    ]


def _counted(account: LabelAccount) -> str:
    """Return how many records have a label, in one sentence; those without are always told."""
    if not account.unlabelled and not account.unfit:
        return ngettext(
            "The {count:,} record has a label.",
            "All {count:,} records have a label.",
            account.records,
        )
    without = ngettext(
        "{count:,} has no label",
        "{count:,} have no label",
        account.unlabelled,
    )
    if not account.unfit:
        return _("Of {records:,} records, {without}.", records=account.records, without=without)
    unfit = ngettext(
        "{count:,} has one that cannot be used",
        "{count:,} have one that cannot be used",
        account.unfit,
    )
    return _(
        "Of {records:,} records, {without}, and {unfit}.",
        records=account.records,
        without=without,
        unfit=unfit,
    )


def _reasons(account: LabelAccount) -> list[str]:
    """Return why labels cannot be used, where the list of those that fit no class does not say it."""
    listed = {_(NO_CLASS), _(SOME_NO_CLASS)}
    return [f"{count:,}: {reason}" for reason, count in account.reasons.items() if reason not in listed]


def _matched(matches: Sequence[LabelMatch]) -> list[str]:
    sentences = []
    for how, sentence in _BY.items():
        of_kind = [match for match in matches if match.how == how]
        if of_kind:
            shown = [_shown(match) for match in of_kind]
            sentences.append(_(sentence, matches=_in_a_line(shown)))
    unmatched = [match.label for match in matches if match.how is None]
    if unmatched:
        sentences.append(_("No class of the model: {names}.", names=listed(unmatched)))
    return sentences


def _shown(match: LabelMatch) -> str:
    return match.label if match.label == match.name else f"{match.label} → {match.name or _('none')}"


def _in_a_line(shown: Sequence[str], most: int = 12) -> str:
    """Return items in a line; where there are many, the first of them and how many more."""
    line = ", ".join(shown[:most])
    if len(shown) <= most:
        return line
    return _("{names} and {count} more", names=line, count=len(shown) - most)


def _left_over(account: LabelAccount) -> list[str]:
    sentences = []
    if account.uncertain is not None:
        sentences.append(_(_UNCERTAIN[account.uncertain]))
    if account.silent:
        names = listed(account.silent)
        sentences.append(_("No column says anything of these classes: {names}.", names=names))
    if account.unused:
        names = listed(account.unused)
        sentences.append(_("No record has these labels of your table: {names}.", names=names))
    return sentences
