"""What the owner's machine and the receiver keep: bundles, ledgers, settings, registers."""

import hashlib
import json
import sqlite3
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.fuzz import png
from tests.fuzz.records import edit_csv
from tests.fuzz.values import (
    SECRET,
    SIZES,
    TEXTS,
    Chance,
    Files,
    edit_bytes,
    edit_json,
    hostile,
    json_bytes,
    to_json,
)
from tests.fuzz.zips import mutate_members, read_members

SUMS, SIGNATURE = "SHA256SUMS", "SHA256SUMS.sig"
DATABASE, HEAD = "ledger.sqlite", "ledger.head"
REGISTER, PROJECT, WINDOW = "register.csv", "project.json", "settings.json"


# Bundles


def mutate_bundle(files: Files, chance: Chance) -> Files:
    """Return a bundle with a file changed, added or missing, its checksums mended or not."""
    changed = dict(files)
    names = [name for name in files if name not in {SUMS, SIGNATURE}]
    for _ in range(chance.choice([1, 1, 2])):
        name = chance.choice(names)
        if chance.random() < 0.4:
            name = chance.choice([n for n in names if n.endswith("json")])
        match chance.randrange(14):
            case 0:
                changed.pop(name, None)
            case 1:
                places = (
                    "data/train/x.png",
                    "x",
                    "data/x.csv",
                    ".hidden",
                    "data/train/" + "0" * 32 + ".png",
                    "a/b/c/d",
                )
                changed[chance.choice(places)] = SECRET
            case 2:
                changed[SUMS if chance.random() < 0.5 else SIGNATURE] = edit_bytes(files[SUMS], chance)
                return changed
            case _ if name in changed:
                changed[name] = _edited(name, changed[name], chance)
    if chance.random() < 0.9:
        changed[SUMS] = sums_of(changed)
    return changed


def sums_of(files: Files) -> bytes:
    """Return the listing of checksums that fits a bundle's files."""
    lines = [
        f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n"
        for name in sorted(files)
        if name not in {SUMS, SIGNATURE}
    ]
    return "".join(lines).encode("utf-8", "surrogateescape")


def _edited(name: str, content: bytes, chance: Chance) -> bytes:
    if name.endswith(".json"):
        try:
            document = json.loads(content)
        except (ValueError, RecursionError):  # One that was changed already.
            return edit_bytes(content, chance)
        return json_bytes(edit_json(document, chance), chance)
    if name.endswith(".png"):
        return png.mutate(content, chance) if content.startswith(png.SIGNATURE) else content
    if name.endswith(".npz"):
        try:
            return mutate_members(read_members(content), chance)
        except Exception:  # One that was changed already.
            return edit_bytes(content, chance)
    if name.endswith(".csv"):
        return edit_csv(content, chance, ("token", "score", "count"), ("0" * 32, "x"))
    if name.endswith(".jsonl"):
        lines = content.splitlines() or [b"{}"]
        at = chance.randrange(len(lines))
        try:
            lines[at] = json_bytes(edit_json(json.loads(lines[at]), chance), chance)
        except (ValueError, RecursionError):
            lines[at] = chance.choice([b"", b"{}", SECRET])
        return b"\n".join(lines) + b"\n"
    return chance.choice([edit_bytes(content, chance), content + SECRET, b"", content * 2])


# Ledgers


def mutate_ledger(files: Files, chance: Chance) -> Files:
    """Return a ledger with other entries or other bytes, its links and its head mended or not."""
    changed = dict(files)
    match chance.randrange(8):
        case 0:
            changed[HEAD] = _head_edited(files[HEAD], chance)
            return changed
        case 1:
            changed[DATABASE] = edit_bytes(files[DATABASE], chance)
        case 2:
            content = bytearray(files[DATABASE])
            at = chance.choice(
                [
                    16,
                    18,
                    19,
                    20,
                    24,
                    28,
                    32,
                    36,
                    40,
                    44,
                    48,
                    52,
                    56,
                    60,
                    64,
                    92,
                    96,
                    100,
                    101,
                    103,
                    105,
                    108,
                ]
            )
            content[at : at + 2] = min(chance.choice(SIZES), 65535).to_bytes(2, "big")
            changed[DATABASE] = bytes(content)
        case 3 if chance.random() < 0.3:
            changed["ledger.sqlite-wal"] = chance.randbytes(4096)
            return changed
        case _:
            changed[DATABASE] = _rows_edited(files[DATABASE], chance)
    if chance.random() < 0.85:
        changed[HEAD] = head_of(changed[DATABASE], files[HEAD])
    return changed


def head_of(database: bytes, before: bytes) -> bytes:
    """Return the head that fits a file, with the last entry that the file itself states."""
    last = before.split(b" file")[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, DATABASE)
        path.write_bytes(database)
        try:
            opened = sqlite3.connect(path)
            try:
                row = opened.execute(
                    "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1"
                ).fetchone()
                last = f"{row[0]} {row[1]}".encode("utf-8", "replace") if row else b"0 "
            finally:
                opened.close()
        except Exception:  # Not a database any more.
            last = before.split(b" file")[0]
    return last + b" file " + hashlib.sha256(database).hexdigest().encode() + b"\n"


def _head_edited(head: bytes, chance: Chance) -> bytes:
    parts = head.split()
    at = chance.randrange(len(parts))
    parts[at] = chance.choice(
        [b"0", b"", b"9" * 5000, b"next", b"file", b"\xd9\xa3", parts[at] * 2, parts[at].upper()]
    )
    return b" ".join(parts) + chance.choice([b"\n", b"", b"\r\n"])


def _rows_edited(content: bytes, chance: Chance) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, DATABASE)
        path.write_bytes(content)
        database = sqlite3.connect(path)
        try:
            database.text_factory = bytes
            with suppress(sqlite3.Error):  # By a second edit of what the first one broke.
                for _ in range(chance.choice([1, 1, 2])):
                    _edit_row(database, chance)
            if chance.random() < 0.85:
                with suppress(sqlite3.Error):
                    _link_again(database)
            database.commit()
        finally:
            database.close()
        return path.read_bytes()


def _edit_row(database: sqlite3.Connection, chance: Chance) -> None:
    rows = database.execute("SELECT seq, account, kind, body FROM entries ORDER BY seq").fetchall()
    if not rows:
        return
    seq, account, kind, body = chance.choice(rows)
    match chance.randrange(10):
        case 0 | 1 | 2 | 3:
            try:
                document = json.loads(body)
            except (ValueError, TypeError, RecursionError):
                return
            names = (
                "epsilon",
                "delta",
                "account",
                "content",
                "release",
                "key",
                "per_unit",
                "unit",
                "nonce",
                "date",
            )
            written = to_json(edit_json(document, chance, names)).decode("utf-8", "replace")
            database.execute("UPDATE entries SET body = ? WHERE seq = ?", (written, seq))
        case 4:
            kinds = (
                "opened",
                "extended",
                "joined",
                "budget",
                "training",
                "sealed",
                "coins",
                "kept",
                "reserved",
                "drawn",
                "published",
                "x",
            )
            database.execute("UPDATE entries SET kind = ? WHERE seq = ?", (chance.choice(kinds), seq))
        case 5:
            value = chance.choice(
                [
                    b"\xff\xfe",
                    7,
                    1.5,
                    None if chance.random() < 0 else "",
                    chance.choice(TEXTS),
                    chance.choice(rows)[1],
                ]
            )
            column = chance.choice(["account", "kind", "body", "previous", "hash"])
            database.execute(f"UPDATE entries SET {column} = ? WHERE seq = ?", (value, seq))  # noqa: S608
        case 6:
            database.execute("DELETE FROM entries WHERE seq >= ?", (seq,))
        case 7:
            content = chance.choice([b"", bytes(31), chance.randbytes(40), bytes(64), SECRET])
            database.execute("UPDATE contents SET content = ? WHERE seq = ?", (content, seq))
            try:
                document = json.loads(body)
            except (ValueError, TypeError, RecursionError):
                return
            if isinstance(document, dict):
                document["content"] = hashlib.sha256(content).hexdigest()
                database.execute(
                    "UPDATE entries SET body = ? WHERE seq = ?", (json.dumps(document), seq)
                )
        case 8:
            statements = (
                "CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM entries; END",
                "CREATE VIEW more AS SELECT * FROM entries",
                "DROP TABLE contents",
                "ALTER TABLE entries RENAME TO others",
                "ALTER TABLE entries ADD COLUMN more TEXT",
                "CREATE INDEX i ON entries (body)",
                "PRAGMA user_version = 77",
            )
            database.execute(chance.choice(statements))
        case _:
            document = {
                "date": "2024-01-01",
                "nonce": "",
                **({"epsilon": hostile(chance)} if chance.random() < 0.5 else {}),
            }
            database.execute(
                "INSERT INTO entries VALUES (?, ?, ?, ?, '', '')",
                (rows[-1][0] + 1, account, kind, to_json(document).decode("utf-8", "replace")),
            )


def _link_again(database: sqlite3.Connection) -> None:
    """Give every entry the number and the hash that fit what is before it."""
    previous = ""
    rows = database.execute("SELECT seq, account, kind, body FROM entries ORDER BY seq").fetchall()
    for number, (seq, *texts) in enumerate(rows, start=1):
        account, kind, body = (
            t.decode("utf-8", "replace") if isinstance(t, bytes) else t for t in texts
        )
        text = f"{previous}\n{json.dumps([number, account, kind, body])}"
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        database.execute(
            "UPDATE entries SET seq = ?, previous = ?, hash = ? WHERE seq = ?",
            (number, previous, digest, seq),
        )
        previous = digest


# Settings and registers


def mutate_project(files: Files, chance: Chance) -> Files:
    """Return a project whose settings are others."""
    return _document_edited(
        files, PROJECT, ("rule", "withheld", "opted_out", "table", "scores", "format", "demo"), chance
    )


def mutate_window(files: Files, chance: Chance) -> Files:
    """Return what the window remembers, changed."""
    return _document_edited(files, WINDOW, ("version", "theme", "recent", "geometry", "tile"), chance)


def _document_edited(files: Files, name: str, keys: tuple[str, ...], chance: Chance) -> Files:
    return {**files, name: json_bytes(edit_json(json.loads(files[name]), chance, keys), chance)}


def mutate_register(files: Files, chance: Chance) -> Files:
    """Return a register whose lines are others."""
    return {
        **files,
        REGISTER: edit_csv(files[REGISTER], chance, ("patient", "id", ""), ("patient 1", "0")),
    }
