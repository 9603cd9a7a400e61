import multiprocessing
import shutil
import sqlite3
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui.errors import RefusedError
from dataselect_gui.privacy.accounting import Charge
from dataselect_gui.privacy.snapshot import Grouping
from tests.ledgers import Desk

ONE = Charge(Decimal(1), one_sided=True)


def marks(*names: str) -> set[bytes]:
    return {name.encode().ljust(32, b".") for name in names}


def body(release: str, max_contributions: int = 1, unit: str = "record") -> dict[str, object]:
    return {"release": release, "key": f"key of {release}", "unit": unit, "per_unit": max_contributions}


@pytest.fixture
def ledger(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "home")


@pytest.fixture
def account(ledger: Desk) -> str:
    account: str = ledger.claim(marks("a", "b"))
    ledger.set_budget(account, Decimal(3), "a test")
    return account


def test_a_source_is_known_by_any_of_its_marks(ledger: Desk, account: str) -> None:
    assert ledger.account_of(marks("b", "z")) == account
    assert ledger.account_of(marks("z")) is None
    assert ledger.claim(marks("b", "z")) == account
    assert ledger.account_of(marks("z")) == account


def test_a_source_that_joins_two_accounts_spends_from_both(ledger: Desk, account: str) -> None:
    other = ledger.claim(marks("c"))
    ledger.set_budget(other, Decimal(2), "smaller")
    ledger.reserve(account, Charge(Decimal(1)), body("r1"))
    ledger.reserve(other, Charge(Decimal("0.5")), body("r2"))
    joined = ledger.claim(marks("a", "c"))
    statement = ledger.statement(joined)
    assert statement.spent == Decimal("1.5")
    assert statement.budget == 2
    assert ledger.accounts() == [joined]
    assert ledger.claim(marks("b")) == ledger.claim(marks("c")) == joined


def test_without_a_budget_nothing_is_released(ledger: Desk) -> None:
    account = ledger.claim(marks("a"))
    with pytest.raises(RefusedError, match="no budget"):
        ledger.reserve(account, ONE, body("r1"))


def test_the_first_budget_is_not_set_where_the_release_is_refused(ledger: Desk) -> None:
    account = ledger.claim(marks("a"))
    with pytest.raises(RefusedError, match=r"needs ε 1; 0\.5 is left"):
        ledger.reserve(account, ONE, body("r1"), first_budget=Decimal("0.5"))
    assert ledger.statement(account).budget is None


def test_a_reservation_beyond_the_budget_is_refused_and_leaves_no_line(
    ledger: Desk, account: str
) -> None:
    before = ledger.statement(account)
    with pytest.raises(RefusedError, match="needs ε 4; 3 is left") as refused:
        ledger.reserve(account, Charge(Decimal(4)), body("r1"))
    assert refused.value.exit_code == 3
    assert ledger.statement(account) == before


def test_one_sided_releases_cost_what_they_add_to_their_maximum(ledger: Desk, account: str) -> None:
    ledger.reserve(account, ONE, body("r1"))
    ledger.reserve(account, ONE, body("r2"))
    ledger.reserve(account, Charge(Decimal("0.5"), one_sided=True), body("r3"))
    assert ledger.statement(account).left == 2
    ledger.reserve(account, Charge(Decimal(2), one_sided=True), body("r4"))
    assert ledger.statement(account).left == 1
    ledger.reserve(account, Charge(Decimal(1)), body("r5"))
    with pytest.raises(RefusedError):
        ledger.reserve(account, Charge(Decimal("0.001")), body("r6"))


def test_the_unit_is_fixed_at_the_first_release(ledger: Desk, account: str) -> None:
    ledger.reserve(account, ONE, body("r1"))
    with pytest.raises(RefusedError, match="another unit"):
        ledger.reserve(account, ONE, body("r2", max_contributions=2))
    with pytest.raises(RefusedError, match="another unit"):
        ledger.reserve(account, ONE, body("r2", unit="patient"))


def test_dp_training_is_charged_once(ledger: Desk, account: str) -> None:
    for _ in range(2):
        ledger.charge_training(account, Decimal(2), Decimal("1e-5"), "checkpoint")
    assert ledger.statement(account).left == 1


def test_exact_releases_are_counted_not_charged(ledger: Desk, account: str) -> None:
    ledger.reserve(account, None, body("r1"))
    assert ledger.statement(account).exact == 1
    assert ledger.statement(account).spent == 0


def test_a_secret_is_drawn_once(ledger: Desk) -> None:
    records = sorted(marks("a", "b", "c"))
    first = ledger.secrets_of(records)
    assert np.array_equal(ledger.secrets_of(records[::-1]), first[::-1])
    assert np.array_equal(ledger.secrets_of([*records, b"d" * 32])[:3], first)


def test_the_kept_records_of_a_person_never_change(ledger: Desk) -> None:
    records = [bytes([row]) * 32 for row in range(12)]
    units = [(b"one" if row < 6 else b"two").ljust(32) for row in range(12)]
    first = ledger.keep(units, records, 2)
    assert first[:6].sum() == first[6:].sum() == 2
    for _ in range(5):
        assert np.array_equal(ledger.keep(units, records, 2), first)
    # Without the kept ones, nobody takes their places: a person would leave with more than two.
    gone = [row for row in range(12) if not first[row]]
    assert not ledger.keep([units[row] for row in gone], [records[row] for row in gone], 2).any()


def test_another_m_keeps_no_more_than_its_own_number(ledger: Desk) -> None:
    """A choice for more records, of a release that was refused then, must not widen a later one."""
    records = [bytes([row]) * 32 for row in range(6)]
    units = [b"one".ljust(32)] * 6
    two = ledger.keep(units, records, 2)
    five = ledger.keep(units, records, 5)
    assert (two.sum(), five.sum()) == (2, 5)
    assert np.array_equal(ledger.keep(units, records, 2), two)
    already = ledger.kept_already(units, records, 2)
    assert already is not None
    assert np.array_equal(already, two)
    assert np.array_equal(ledger.keep(units, records, 5), five)
    assert not (two & ~five).any()


def test_an_account_that_was_joined_meanwhile_is_that_of_the_whole(ledger: Desk, account: str) -> None:
    """A process that asked before another one joined them must not get a fresh budget."""
    other = ledger.claim(marks("c"))
    ledger.set_budget(other, Decimal(5), "a test")
    joined = ledger.claim(marks("a", "c"))
    stale = account if joined == other else other
    ledger.reserve(stale, Charge(Decimal(2)), body("r1"), first_budget=Decimal(300))
    with pytest.raises(RefusedError, match="needs ε 2; 1 is left"):
        ledger.reserve(stale, Charge(Decimal(2)), body("r2"))
    ledger.set_budget(stale, Decimal(4), "more")
    assert ledger.statement(joined).left == ledger.statement(stale).left == 2


def of(*pairs: str) -> Grouping:
    """Return contents with their persons: "a1" is the content a of person 1; "-a1" takes no part."""
    plain = [pair.strip("-") for pair in pairs]
    there = {(pair[0].encode() * 32, pair[1].encode() * 32): f"scans/{pair[0]}.png" for pair in plain}
    stays = {(pair[1].encode() * 32, pair[2].encode() * 32) for pair in pairs if pair[0] == "-"}
    return Grouping(there, there.keys() - stays)


def test_people_under_other_names_are_refused(ledger: Desk, account: str) -> None:
    """Each would get a second secret and a second choice of records, at no cost."""
    ledger.reserve(account, ONE, body("r1"), grouping=of("a1", "b1", "c2"))
    for moved in (of("a3", "b3", "c4"), of("a1", "b2", "c2"), of("c1")):
        with pytest.raises(RefusedError, match="other people"):
            ledger.reserve(account, ONE, body("r2"), grouping=moved)
        with pytest.raises(RefusedError, match="other people") as refused:
            ledger.check_units(account, "record", 1, moved)
        assert "scans/" in refused.value.why
        assert "withhold" in refused.value.do
    assert [e.kind for e in ledger.statement(account).entries].count("reserved") == 1
    # Fewer, more, and the same content of one more person are no other names.
    # And whoever takes no part may have any name.
    same = [of("a1"), of("a1", "b1", "c2", "d2", "e5"), of("a1", "a7"), of("a1", "-c9", "-f1")]
    for number, grouping in enumerate(same):
        ledger.reserve(account, ONE, body(f"s{number}"), grouping=grouping)
    for moved in (of("d5"), of("f2"), of("c9")):
        with pytest.raises(RefusedError, match="other people"):
            ledger.reserve(account, ONE, body("r3"), grouping=moved)


def test_people_of_a_release_that_was_refused_are_not_held_against_anybody(
    ledger: Desk, account: str
) -> None:
    with pytest.raises(RefusedError, match="needs"):
        ledger.reserve(account, Charge(Decimal(9)), body("r1"), grouping=of("a1"))
    ledger.reserve(account, ONE, body("r2"), grouping=of("a2"))


def test_a_draw_is_kept_and_vouched_for(ledger: Desk, account: str, tmp_path: Path) -> None:
    ledger.reserve(account, ONE, body("r1"))
    assert ledger.draw_of("r1") is None
    assert ledger.keep_draw(account, "r1", b"a draw") == b"a draw"
    assert ledger.keep_draw(account, "r1", b"another process's draw") == b"a draw"
    assert ledger.draw_of("r1") == b"a draw"
    alter(tmp_path, "UPDATE contents SET content = x'00' WHERE content = CAST('a draw' AS BLOB)")
    with pytest.raises(RefusedError, match="not as it was left"):
        ledger.draw_of("r1")


def alter(tmp_path: Path, statement: str) -> None:
    database = sqlite3.connect(tmp_path / "home" / "ledger.sqlite")
    with database:
        database.execute(statement)
    database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET body = replace(body, '\"1\"', '\"0.1\"') WHERE kind = 'reserved'",
        "UPDATE entries SET account = 'other' WHERE kind = 'reserved'",
        "DELETE FROM entries WHERE kind = 'reserved'",
        "DELETE FROM entries WHERE seq = 1",
        "DELETE FROM entries",
        "UPDATE entries SET kind = 'note' WHERE seq = 2",
        "DELETE FROM contents",
        "UPDATE contents SET content = zeroblob(length(content))",
    ],
)
def test_an_edited_ledger_is_noticed(
    ledger: Desk, account: str, tmp_path: Path, statement: str
) -> None:
    ledger.reserve(account, ONE, body("r1"))
    alter(tmp_path, statement)
    with pytest.raises(RefusedError, match="not as it was left"):
        ledger.statement(account)


def test_an_older_ledger_put_back_is_noticed(ledger: Desk, account: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(home, tmp_path / "older")
    ledger.reserve(account, ONE, body("r1"))
    for name in ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"):
        (home / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "older" / "ledger.sqlite", home / "ledger.sqlite")
    with pytest.raises(RefusedError, match="older or shorter"):
        Desk(home).accounts()


def test_a_missing_head_is_noticed(ledger: Desk, account: str, tmp_path: Path) -> None:
    (tmp_path / "home" / "ledger.head").unlink()
    with pytest.raises(RefusedError, match="head is missing"):
        ledger.statement(account)


@pytest.mark.parametrize("write", [1, 2])
def test_a_crash_around_the_commit_leaves_all_of_it_or_nothing(
    ledger: Desk, account: str, monkeypatch: pytest.MonkeyPatch, write: int
) -> None:
    """Before the commit the head announces it; after it, the head is written again."""
    real, calls = Path.replace, 0

    class PowerCutError(Exception):
        pass

    def cut(path: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == write:
            raise PowerCutError
        return real(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", cut)
        with pytest.raises(PowerCutError):
            ledger.reserve(account, ONE, body("r1"))
    assert ledger.statement(account).spent == (0 if write == 1 else 1)
    assert ledger.reserve(account, ONE, body("r1")).kind == "reserved"
    assert ledger.statement(account).spent == 1


def test_the_same_reservation_is_made_once(ledger: Desk, account: str) -> None:
    first = ledger.reserve(account, Charge(Decimal(1)), body("r1"))
    again = ledger.reserve(account, Charge(Decimal(1)), {**body("r2"), "key": "key of r1"})
    assert again == first
    assert ledger.statement(account).spent == 1


def test_the_chain_tells_nothing_about_what_it_covers(tmp_path: Path) -> None:
    heads = set()
    for name in ("one", "two"):
        ledger = Desk(tmp_path / name)
        account = ledger.claim(marks("a"))
        heads.add(ledger.reserve(account, None, body("r1")).hash)
    assert len(heads) == 2


def _reserve_many(home: Path, name: str) -> None:
    ledger = Desk(home)
    for number in range(5):
        ledger.reserve(ledger.claim(marks("a")), Charge(Decimal("0.1")), body(f"{name}{number}"))


def test_two_processes_on_one_ledger_lose_nothing(ledger: Desk, account: str, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_reserve_many, args=(tmp_path / "home", name)) for name in "ab"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    statement = ledger.statement(account)
    assert statement.spent == 1
    assert sum(entry.kind == "reserved" for entry in statement.entries) == 10


def _draw_at_once(home: Path, word: bytes, into: "multiprocessing.Queue[bytes]") -> None:
    ledger = Desk(home)
    account = ledger.claim(marks("a"))
    entry = ledger.reserve(account, Charge(Decimal("0.5")), {**body(word.hex()), "key": "one key"})
    into.put(ledger.keep_draw(account, entry.body["release"], word))


def test_two_processes_with_the_same_release_make_one_draw(
    ledger: Desk, account: str, tmp_path: Path
) -> None:
    context = multiprocessing.get_context("spawn")
    drawn: multiprocessing.Queue[bytes] = context.Queue()
    names = (b"one", b"two", b"three")
    workers = [
        context.Process(target=_draw_at_once, args=(tmp_path / "home", word, drawn)) for word in names
    ]
    for worker in workers:
        worker.start()
    draws = {drawn.get(timeout=60) for _ in workers}
    for worker in workers:
        worker.join()
    assert len(draws) == 1
    assert draws < set(names)
    assert ledger.statement(account).spent == Decimal("0.5")
