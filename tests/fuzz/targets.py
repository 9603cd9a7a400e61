"""What the program does with each kind of input, and what must then be so.

A target returns where the input was taken, raises an error for people where it was refused, and
`BrokenPromiseError` where it was taken although something that is promised does not hold.
"""

import csv
import hashlib
import io
import json
import os
import re
import unicodedata
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dataselect_gui.jobs.context import JobContext
from tests.fuzz.values import SECRET

RECORDS = 3
"""How many records of a source are read and decoded."""
_LARGEST_COMPARED = 1 << 22
_FORBIDDEN = re.compile(
    r"aten\.(_|.*(empty|sparse|resize|rand|bernoulli|multinomial|dropout|quantize|as_strided|set_\.|from_file))"
    r"|os\.|builtins\.|prims\.|higher_order\.(?!wrap_with)"
)
_COMMANDS = frozenset({"Cc", "Cs"})
_TURNS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class BrokenPromiseError(Exception):
    """Something was taken that must not be, or came out that must not leave."""


# Images


def image(folder: Path) -> None:
    """Decode an image, clean it, and hold what is left against what was there."""
    from dataselect_gui.records.cleaning.image import clean_image, says_nothing_else
    from dataselect_gui.records.images import decode_image

    (file,) = folder.iterdir()
    stored = file.read_bytes()
    picture = decode_image(stored)
    extension, cleaned = clean_image(stored)
    if not says_nothing_else(extension, cleaned):
        raise BrokenPromiseError("The check of a bundle refuses what the cleaning left.")
    holds_nothing_else(extension, cleaned)
    if picture.width * picture.height <= _LARGEST_COMPARED and not _same_pixels(
        picture, decode_image(cleaned)
    ):
        raise BrokenPromiseError("The cleaned image shows other pixels.")
    kind = {b"\xff\xd8": "jpg", b"\x89P": "png", b"II": "tif", b"MM": "tif"}.get(stored[:2])
    if kind is not None and says_nothing_else(kind, stored):
        holds_nothing_else(kind, stored)


def holds_nothing_else(extension: str, content: bytes) -> None:
    """Refuse a file that the check of a bundle takes and that holds a text beside its pixels."""
    if SECRET in content:
        raise BrokenPromiseError(f"A {extension} file that is said to hold pixels alone holds a text.")


def _same_pixels(picture: Image.Image, other: Image.Image) -> bool:
    if picture.size != other.size:
        return False
    if picture.mode in {"I", "F", "I;16", "I;16B", "I;16L", "LAB"}:
        # NaN is a value here.
        return np.asarray(picture).tobytes() == np.asarray(other).tobytes() or np.array_equal(
            np.asarray(picture, dtype=np.float64), np.asarray(other, dtype=np.float64), equal_nan=True
        )
    return picture.convert("RGBA").tobytes() == other.convert("RGBA").tobytes()


# Sources


def source(folder: Path) -> None:
    """List a source, read some of its records, and show what it calls them."""
    from dataselect_gui.cli.output import plain
    from dataselect_gui.records.opening import open_source
    from dataselect_gui.records.source import SourceRef, UnreadableRecordError
    from dataselect_gui.workflow import table_text

    files = [folder / "records.npz", folder / "table.parquet", folder / "table.arrow"]
    path = next((file for file in files if file.is_file()), folder)
    opened = open_source(SourceRef(path))
    units = opened.ids
    for column in list(opened.columns)[:3]:
        units = open_source(SourceRef(path, unit_column=column)).units or units
        open_source(SourceRef(path, label_column=column))
    for row in range(min(RECORDS, len(opened.ids))):
        try:
            opened.kind.decode(opened.read(row))
        except UnreadableRecordError as reason:
            is_plain(str(reason))
    names = [
        *opened.ids,
        *opened.columns,
        *(opened.classes or ()),
        *(label or "" for label in opened.labels),
    ]
    for name in [*names[:50], *(problem.id for problem in opened.problems[:20])]:
        name.encode("utf-8")
        is_plain(plain(name).plain)
    table: dict[str, list[Any]] = {
        "id": list(opened.ids),
        "label": list(opened.labels),
        "unit": list(units),
        "loss": [-0.5] * len(units),
    }
    is_no_formula(table_text({name: values[:50] for name, values in table.items()}, "csv"))


def rows(folder: Path) -> None:
    """Read a table in text as rows and as texts, and write what leaves of them."""
    from dataselect_gui.records.forms.rows_file import ROWS_FILE
    from dataselect_gui.records.forms.text_lines import TEXT_LINES
    from dataselect_gui.records.source import SourceRef

    (path,) = folder.iterdir()
    features = (ROWS_FILE, SourceRef(path, feature_columns=("age", "work", "who")))
    for form, where in (features, (TEXT_LINES, SourceRef(path, text_column="text", unit_column="who"))):
        _leaves(form, where, folder.parent / "out" / form.listing.replace("/", " "))


def texts(folder: Path) -> None:
    """Read a folder of texts, and write what leaves of them."""
    from dataselect_gui.records.forms.text_lines import TEXT_LINES
    from dataselect_gui.records.source import SourceRef
    from dataselect_gui.records.splits import SplitNeededError

    if (folder / "x.png").is_file():
        return  # A folder of images.
    try:
        _leaves(TEXT_LINES, SourceRef(folder), folder.parent / "out")
    except SplitNeededError:
        _leaves(TEXT_LINES, SourceRef(folder, split="train"), folder.parent / "out")


def _leaves(form: Any, where: Any, out: Path) -> None:  # noqa: ANN401
    from dataselect_gui.errors import FaultError
    from dataselect_gui.records.opening import open_source
    from dataselect_gui.records.source import UnreadableRecordError

    source = open_source(where)
    named = []
    for row in range(min(100, len(source.ids))):
        try:
            stored = source.read(row)
            source.kind.check(stored)
        except UnreadableRecordError as reason:
            is_plain(str(reason))
            continue
        named.append((f"{row:032x}", source.labels[row], stored))
    for said in [*source.notes, *(source.units or ())[:50], *(p.id for p in source.problems[:20])]:
        said.encode("utf-8")
    (out / "data" / "train").mkdir(parents=True)
    form.write(out, source.kind, named)
    try:
        form.check(out)
        form.check_metadata(out)
    except FaultError as fault:
        raise BrokenPromiseError("The check of a bundle refuses what leaves.") from fault


def columns(folder: Path) -> None:
    """Read a table by columns where it is: the program does so in a process that is confined."""
    from dataselect_gui.records.tables.columnar import ROW_COUNT, unpack_columns
    from dataselect_gui.records.tables.table import Column, usable

    (path,) = folder.iterdir()
    with path.open("rb") as file:
        names, _nothing = unpack_columns(file, path.name, [])
        wanted = usable(names)[:5]
        made = dict(unpack_columns(file, path.name, [ROW_COUNT, *wanted])[1])
    counted = int(made.pop(ROW_COUNT)[0])
    for column in map(Column, made.values()):
        if len(column) != counted:
            raise BrokenPromiseError("A column has more or fewer cells than the table has rows.")
        for cell in column[:50]:
            (cell or "").encode("utf-8")


def features(folder: Path) -> None:
    """Make inputs of rows by what a checkpoint says of its columns."""
    from dataselect_gui.checkpoints.features import CellError
    from dataselect_gui.checkpoints.layout import find_checkpoint
    from dataselect_gui.cli.output import plain

    opened = find_checkpoint(folder)
    stated = opened.final.features
    if stated is None:
        return
    json.dumps([*map(str, stated.features), *stated.indexed]).encode("utf-8")
    for cell in (None, "1", "-1e308", "Private", "nan", "", "0.1"):
        try:
            numbers = stated.vector((cell,) * len(stated.columns))
        except CellError as reason:
            is_plain(plain(str(reason)).plain)  # It names a column.
            continue
        if numbers.shape != (stated.width,) or not np.isfinite(numbers).all():
            raise BrokenPromiseError("An input is not of finite numbers.")
        is_covered(opened.digest() + str(cell), numbers.tobytes())


def tokenizer(folder: Path) -> None:
    """Make inputs of texts by a checkpoint's tokenizer."""
    from dataclasses import replace

    from dataselect_gui.checkpoints.layout import find_checkpoint
    from dataselect_gui.records.source import UnreadableRecordError
    from dataselect_gui.records.text_input import TextInput

    opened = find_checkpoint(folder)
    of_text = {"model_type": "mpnet", "vocab_size": 600, "pad_token_id": 1}
    to_input = TextInput(replace(opened.final, config=of_text))
    for text in ("", "a fine film", "é 🙂 \u202b", "x" * 3000, "word " * 1000, "<s> [CLS]"):
        try:
            made = to_input(text)
        except UnreadableRecordError:
            continue
        if made.shape not in to_input.shapes or not 0 <= made[0].min() <= made[0].max() < 600:
            raise BrokenPromiseError("A token has a number that the model does not know.")
        if not np.array_equal(made, to_input(text)):
            raise BrokenPromiseError("The same text comes to different tokens.")
        is_covered(opened.digest() + text, made.tobytes())


def is_plain(text: str) -> None:
    """Refuse a text that would command a terminal, or turn what is written around."""
    for character in text:
        if (
            unicodedata.category(character) in _COMMANDS and character not in "\n\t"
        ) or character in _TURNS:
            raise BrokenPromiseError("A terminal is sent more than plain text.")


def is_no_formula(table: str) -> None:
    """Refuse a table with a cell that a spreadsheet would compute."""
    for row in csv.reader(io.StringIO(table, newline="")):
        for cell in row:
            if cell[:1] in set("=+-@\t\r") and not re.fullmatch(r"-?[0-9.]+(e[+-]?[0-9]+)?|-inf", cell):
                raise BrokenPromiseError("A cell of an exported table is a formula.")


# Checkpoints

_results: dict[str, str] = {}
"""What came out under each digest of a checkpoint."""


def is_covered(digest: str, result: bytes) -> None:
    """Refuse a result that differs from an earlier one under the same digest."""
    result_digest = hashlib.sha256(result).hexdigest()
    if _results.setdefault(digest, result_digest) != result_digest:
        raise BrokenPromiseError("Two checkpoints of one digest come to different results.")


def checkpoint(folder: Path) -> None:
    """Find a checkpoint, load its model and run it twice."""
    import torch

    from dataselect_gui.checkpoints.layout import find_checkpoint
    from dataselect_gui.scoring.model import load_model

    opened = find_checkpoint(folder)
    _look_at(opened)
    model = load_model(opened.final, torch.device("cpu"))
    knows_its_operations(model)
    inputs = torch.linspace(-1, 1, 2 * 256).reshape(2, 1, 16, 16)
    with torch.no_grad():
        first, again = model(inputs), model(inputs)
    if not torch.equal(first.view(torch.uint8), again.view(torch.uint8)):
        raise BrokenPromiseError("The same inputs come to different logits.")
    is_covered(opened.digest(), first.numpy().tobytes())


def knows_its_operations(model: Any) -> None:  # noqa: ANN401  (a torch module)
    """Refuse a model with an operation that no score may depend on."""
    import torch

    for module in model.modules():
        if isinstance(module, torch.fx.GraphModule):
            for node in module.graph.nodes:
                name = str(node.target)
                if node.op == "call_function" and _FORBIDDEN.match(name):
                    raise BrokenPromiseError("The model calls an operation that is not allowed.")


def headers(folder: Path) -> None:
    """Find a checkpoint and look at its headers; every so often load it."""
    from dataselect_gui.checkpoints.layout import find_checkpoint

    _look_at(find_checkpoint(folder))
    checkpoint(folder)


def processor(folder: Path) -> None:
    """Make an input of an image by a checkpoint's processor."""
    from dataselect_gui.checkpoints.layout import find_checkpoint
    from dataselect_gui.records.model_input import Preprocessor

    opened = find_checkpoint(folder)
    _look_at(opened)
    pixels = np.arange(14 * 20, dtype=np.uint8).reshape(14, 20)
    made = Preprocessor(opened.final, 1)(Image.fromarray(pixels))
    is_covered(opened.digest(), made.tobytes())


def _look_at(opened: Any) -> None:  # noqa: ANN401  (a checkpoint)
    opened.digest()
    _ = (opened.labels, opened.members, [member.parameters for member in opened.members])
    json.dumps(opened.request.content, default=str).encode("utf-8")


def request(folder: Path) -> None:
    """Read a request and use everything that it states."""
    from dataselect_gui.checkpoints.layout import find_checkpoint
    from dataselect_gui.scoring.catalog import applicable
    from dataselect_gui.scoring.privacy_loss import PrivacyLoss
    from dataselect_gui.scoring.scores import SCORES
    from dataselect_gui.workflow import public_bounds, requested_rule

    opened = find_checkpoint(folder)
    _look_at(opened)
    asked = opened.request
    scores = applicable(None, series=2, labelled=True, request=asked)
    if "privacy_loss" in {score.name for score in scores}:
        training = {name: getattr(asked, name) for name in SCORES["privacy_loss"].needs}
        PrivacyLoss(training)(np.linspace(0, 2, 10).reshape(5, 2))
    requested_rule(opened.request, set(SCORES), 40)
    for name in SCORES:
        public_bounds(name, opened.request, opened.task.name)


# What is kept and sent


def bundle(folder: Path) -> None:
    """Check a bundle as its receiver does, and write the page."""
    from dataselect_gui.release.verify import verify_bundle
    from dataselect_gui.workflow import Verified, write_page

    checks = verify_bundle(folder)
    write_page(folder, Verified(checks, None), folder.parent / "page.html")
    if all(check.ok for check in checks):
        for file in folder.rglob("*"):
            if file.is_file():
                holds_nothing_else(file.suffix[1:], file.read_bytes())


def ledger(folder: Path) -> None:
    """Read a ledger, with its totals, and write to it."""
    from dataselect_gui import workflow
    from dataselect_gui.errors import RefusedError
    from tests.ledgers import Desk

    os.environ["DATASELECT_HOME"] = str(folder)
    for statement in workflow.ledger(None):
        "\n".join(workflow.statement_in_words(statement)).encode("utf-8")
    desk = Desk(folder)
    for account in desk.accounts():
        desk.secret(account)
        for unit in ("patient", None):
            with suppress(RefusedError):
                desk.check_units(account, unit, 1)
    desk.account_of({bytes(32)})
    desk.secrets_of([bytes(32)])
    desk.keep([bytes(32)], [bytes(32)], 1)
    desk.draw_of("release")
    desk.claim({bytes(32)})


def project(folder: Path) -> None:
    """Open a project, list its scores, and change what it withholds."""
    from dataselect_gui import workflow

    os.environ["DATASELECT_HOME"] = str(folder.parent / "home")
    workflow.scores(folder)
    workflow.inspect(folder, None, JobContext())
    workflow.select_records(folder, None)


def window(folder: Path) -> None:
    """Read what the window remembers, and write it again."""
    from dataselect_gui.window import settings

    os.environ["DATASELECT_HOME"] = str(folder)
    remembered = settings.load()
    _ = remembered.geometry_bytes
    remembered.remember(folder, folder.name)
    settings.save(remembered)


def register(folder: Path) -> None:
    """Read a list of people who opted out, and hold it against a project."""
    from dataselect_gui import workflow

    listing = workflow.read_register(folder, folder / "register.csv", None)
    listing.unmatched({"patient 1"})
    for column in listing.columns[:3]:
        workflow.read_register(folder, folder / "register.csv", column)
