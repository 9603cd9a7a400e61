"""Statements of account: a line for each kind of entry, and none for what is no entry."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from dataselect_gui.privacy.entry_forms import EntryKind
from dataselect_gui.workflow import Account, ledger, statement_in_words
from tests.cli.test_written_json import EARLIER_LEDGER

KINDS = get_args(EntryKind)
LEFT_OUT = {"extended", "sealed", "coins", "kept", "settled", "shown"}


@pytest.fixture
def accounts(home: Path) -> list[Account]:
    shutil.copytree(EARLIER_LEDGER, home)
    return ledger(None)


def of_kind(account: Account, kind: str) -> Account:
    """Return an account whose one entry is of this kind."""
    entry = replace(account.entries[0], kind=kind)  # type: ignore[arg-type]
    return replace(account, entries=(entry,))


def test_every_kind_of_entry_has_a_line_of_its_own(accounts: list[Account]) -> None:
    assert {entry.kind for account in accounts for entry in account.entries} == {*KINDS} - LEFT_OUT
    lines = {kind: statement_in_words(of_kind(accounts[0], kind))[-1] for kind in {*KINDS} - LEFT_OUT}
    assert len(set(lines.values())) == len(lines)


def test_the_lines_are_numbered_without_a_gap(accounts: list[Account]) -> None:
    """What is left out would otherwise look like something that was taken away."""
    (account,) = [each for each in accounts if len(each.entries) > 4][:1]
    assert [entry.seq for entry in account.entries] != list(range(1, len(account.entries) + 1))
    lines = statement_in_words(account)[-len(account.entries) :]
    assert [int(line.split()[0]) for line in lines] == list(range(1, len(lines) + 1))


@pytest.mark.parametrize("kind", sorted(LEFT_OUT))
def test_what_only_the_program_needs_has_no_line(accounts: list[Account], kind: str) -> None:
    with pytest.raises(ValueError, match=kind):
        statement_in_words(of_kind(accounts[0], kind))


def test_an_unknown_kind_of_entry_is_an_error(accounts: list[Account]) -> None:
    with pytest.raises(AssertionError, match="lent"):
        statement_in_words(of_kind(accounts[0], "lent"))
