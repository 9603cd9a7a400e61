"""Random edits of bundles and ledgers, all of which must be noticed: a few here, a thousand when slow.

An edit neither makes every checksum fit again nor rolls every copy back; where somebody does the
former, a signature shows it.
"""

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from dataselect_gui.errors import RefusedError, UnusableError
from dataselect_gui.release.bundle import CROISSANT
from dataselect_gui.release.signing import read_public
from dataselect_gui.release.verify import verify_bundle
from tests.ledgers import Desk
from tests.projects import consortium, owner_records, scored_project
from tests.release.test_signing import key_pair
from tests.releases import files, rebuild, release, select

FEW, MANY = 60, 1000
Edit = Callable[[Path, random.Random], None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two signed bundles of each kind, the ledger that they are in, and an older one."""
    root = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATASELECT_HOME", str(root / "home"))
        source = owner_records(root / "records.npz")
        checkpoint = consortium(root / "consortium", bounds={"loss": [0, 1]})
        project = scored_project(root / "p.dataselect", source, checkpoint)
        select(project, threshold="0.5")
        key = key_pair(root, "owner")[0]
        for kind in ("records", "scores"):
            release(project, root / f"{kind}-earlier", kind=kind, sign=key, epsilon="0.5", budget="20")
        shutil.copytree(root / "home", root / "older home")
        for kind in ("records", "scores"):
            release(project, root / kind, kind=kind, sign=key, epsilon="2", budget=None)
    return root


def test_texts_of_an_older_program_are_told_from_what_they_are_held_against(
    made: Path, tmp_path: Path
) -> None:
    """Whoever made the checksums fit again may be an older program: the reason says what to do."""
    bundle = tmp_path / "b"
    shutil.copytree(made / "records", bundle)
    croissant = bundle / CROISSANT
    text = croissant.read_text(encoding="utf-8")
    assert "by the score loss" in text
    croissant.write_text(text.replace("by the score loss", "by the score None"), encoding="utf-8")
    rebuild(bundle)
    (why,) = [check.detail for check in verify_bundle(bundle) if check.name == "description"]
    assert "does not describe what is here" in why
    assert "an older program wrote it: its owner can release the same again" in why


def a_file(folder: Path, chance: random.Random) -> Path:
    return chance.choice(sorted(path for path in folder.rglob("*") if path.is_file()))


def flip(folder: Path, chance: random.Random) -> None:
    path = a_file(folder, chance)
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def drop(folder: Path, chance: random.Random) -> None:
    a_file(folder, chance).unlink()


def truncate(folder: Path, chance: random.Random) -> None:
    path = a_file(folder, chance)
    content = path.read_bytes()
    path.write_bytes(content[: chance.randrange(len(content))])


def lengthen(folder: Path, chance: random.Random) -> None:
    path = a_file(folder, chance)
    path.write_bytes(path.read_bytes() + chance.randbytes(chance.randrange(1, 40)))


def move_bytes(folder: Path, chance: random.Random) -> None:
    path = a_file(folder, chance)
    content = path.read_bytes()
    cut = chance.randrange(1, len(content))
    if content[cut:] + content[:cut] == content:
        lengthen(folder, chance)
    else:
        path.write_bytes(content[cut:] + content[:cut])


def swap(folder: Path, chance: random.Random) -> None:
    target, other = a_file(folder, chance), a_file(folder, chance)
    first, second = target.read_bytes(), other.read_bytes()
    if first == second:
        flip(folder, chance)
    else:
        target.write_bytes(second)
        other.write_bytes(first)


def replay(earlier: Path) -> Edit:
    def edit(folder: Path, chance: random.Random) -> None:
        """Put a file of an earlier bundle in the place of one of this."""
        there = sorted(
            path.relative_to(earlier)
            for path in earlier.rglob("*")
            if path.is_file() and (folder / path.relative_to(earlier)).is_file()
        )
        name = chance.choice(there)
        if (earlier / name).read_bytes() == (folder / name).read_bytes():
            flip(folder, chance)
        else:
            shutil.copy(earlier / name, folder / name)

    return edit


def stray(folder: Path, chance: random.Random) -> None:
    name = chance.choice(["data/patients.csv", "notes.txt", ".hidden", "data/train/x.png"])
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(chance.randbytes(20))


@pytest.mark.parametrize("kind", ["records", "scores"])
@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.timeout(1800)
def test_every_edit_of_a_bundle_is_noticed(made: Path, tmp_path: Path, kind: str, count: int) -> None:
    chance = random.Random(f"{kind} {count}")
    edits: list[Edit] = [flip, flip, drop, truncate, lengthen, move_bytes, swap, stray]
    edits.append(replay(made / f"{kind}-earlier"))
    missed = []
    for number in range(count):
        bundle = tmp_path / "b"
        shutil.copytree(made / kind, bundle)
        edit = edits[number % len(edits)]
        edit(bundle, chance)
        try:
            noticed = not all(check.ok for check in verify_bundle(bundle))
        except UnusableError:
            noticed = True
        # Whoever drops the signature is noticed by whoever expects one.
        if not noticed and not (bundle / "SHA256SUMS.sig").exists():
            checks = verify_bundle(bundle, None, read_public(made / "owner.pub"))
            noticed = not all(check.ok for check in checks)
        if not noticed:
            missed.append(f"{number} {edit.__name__}")
        shutil.rmtree(bundle)
    assert not missed


@pytest.mark.parametrize("kind", ["records", "scores"])
@pytest.mark.parametrize("count", [FEW // 2, pytest.param(MANY // 2, marks=pytest.mark.slow)])
@pytest.mark.timeout(1800)
def test_a_rebuilt_bundle_is_noticed_by_its_signature(
    made: Path, tmp_path: Path, kind: str, count: int
) -> None:
    chance = random.Random(f"rebuilt {kind} {count}")
    edits = [flip, drop, truncate, lengthen, swap, stray, replay(made / f"{kind}-earlier")]
    for number in range(count):
        bundle = tmp_path / "b"
        shutil.copytree(made / kind, bundle)
        edits[number % len(edits)](bundle, chance)
        if (bundle / "SHA256SUMS").exists():
            rebuild(bundle)
        same = files(bundle) == files(made / kind)  # Rebuilding mended what the edit had broken.
        try:
            checks = verify_bundle(bundle, None, read_public(made / "owner.pub"))
            noticed = not all(check.ok for check in checks)
        except UnusableError:
            noticed = True
        assert noticed != same, edits[number % len(edits)].__name__
        shutil.rmtree(bundle)


def change_rows(folder: Path, chance: random.Random) -> None:
    """Edit the ledger as somebody who knows SQLite would."""
    with sqlite3.connect(folder / "ledger.sqlite") as database:
        (last,) = database.execute("SELECT max(seq) FROM entries").fetchone()
        seq = chance.randint(1, last)
        statement = chance.choice(
            [
                "DELETE FROM entries WHERE seq = ?",
                "DELETE FROM entries WHERE seq >= ?",
                "UPDATE entries SET kind = 'note' WHERE seq = ?",
                "UPDATE entries SET body = replace(body, '\"2\"', '\"0.2\"') || ' ' WHERE seq = ?",
                "UPDATE entries SET account = 'x' || account WHERE seq = ?",
                "UPDATE entries SET seq = 1000 + seq WHERE seq = ?",
                "INSERT INTO entries SELECT 1000 + seq, account, kind, body, previous, hash "
                "FROM entries WHERE seq = ?",
                "DELETE FROM contents WHERE seq >= ? - 3",
            ]
        )
        before = database.total_changes
        database.execute(statement, (seq,))
        changed = database.total_changes != before
    database.close()
    if not changed:
        flip(folder, chance)


def replay_half(older: Path) -> Edit:
    def edit(folder: Path, chance: random.Random) -> None:
        """Put back the older file or the older head, not both."""
        name = chance.choice(["ledger.sqlite", "ledger.head"])
        shutil.copy(older / name, folder / name)

    return edit


def add_log(folder: Path, chance: random.Random) -> None:
    (folder / "ledger.sqlite-wal").write_bytes(chance.randbytes(4096))


@pytest.mark.parametrize("count", [2 * FEW, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.timeout(1800)
def test_every_edit_of_a_ledger_is_noticed(made: Path, tmp_path: Path, count: int) -> None:
    chance = random.Random(f"ledger {count}")
    edits: list[Edit] = [
        flip, flip, drop, truncate, lengthen, move_bytes, swap, change_rows, add_log,
    ]  # fmt: skip
    edits.append(replay_half(made / "older home"))
    missed = []
    for number in range(count):
        home = tmp_path / "home"
        home.mkdir()
        for name in ("ledger.sqlite", "ledger.head"):
            shutil.copy(made / "home" / name, home / name)
        edit = edits[number % len(edits)]
        edit(home, chance)
        try:
            Desk(home).accounts()
            missed.append(f"{number} {edit.__name__}")
        except RefusedError:
            pass
        shutil.rmtree(home)
    assert not missed
