"""What holds of every kind of record: loops over the registry."""

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.decoding_process import DecodingProcess
from dataselect_gui.records.kinds import FORMS, KINDS, kind_named, kind_of
from dataselect_gui.records.kinds.images import Images
from dataselect_gui.records.kinds.kind import RecordKind
from dataselect_gui.records.opening import content_hash, open_source
from dataselect_gui.records.source import SourceRef, UnreadableRecordError
from dataselect_gui.workflow.inspecting import looks_like_checkpoint
from tests.helpers import array_file, image_folder
from tests.projects import consortium, scored_project
from tests.releases import is_verified, release, select

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "dataselect_gui"


def images(folder: Path) -> Path:
    return image_folder(folder / "images", [f"c{n % 3}/{n}.png" for n in range(6)])


def arrays(folder: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 5, 4), dtype=np.uint8)
    return array_file(folder / "arrays.npz", x=pixels, y=np.arange(6) % 3)


def float_arrays(folder: Path) -> Path:
    numbers = np.random.default_rng(0).random((6, 1, 5, 4), dtype=np.float32)
    return array_file(folder / "floats.npz", x=numbers, y=np.arange(6) % 3)


def rows(folder: Path) -> Path:
    path = folder / "rows.csv"
    path.write_text("age,work,label\n" + "".join(f"{n},w{n % 2},c{n % 3}\n" for n in range(6)))
    return path


def text_folder(folder: Path) -> Path:
    for n in range(6):
        path = folder / "texts" / f"c{n % 3}" / f"{n}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"text {n}\n")
    return folder / "texts"


def image_table(folder: Path) -> Path:
    from tests.records.test_image_tables import parquet, table

    return parquet(folder / "a.parquet", table())


def saved_dataset(folder: Path) -> Path:
    from tests.records.test_image_tables import saved, table

    return saved(folder / "saved", table(4), table(2, first=4))


EXAMPLES: dict[str, tuple[Callable[[Path], Path], ...]] = {
    "image-table": (image_table, saved_dataset),
    "images": (images,),
    "arrays": (arrays, float_arrays),
    "rows": (rows,),
    "texts": (text_folder,),
}
"""Kind → what makes sources of six records, one for each of its forms."""
each_example = pytest.mark.parametrize(
    ("kind", "make"),
    [(kind, make) for kind in KINDS for make in EXAMPLES[kind.name]],
    ids=lambda given: getattr(given, "__name__", None) or given.name,
)


def test_names_and_listings_are_their_own() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert len({form.listing for form in FORMS}) == len(FORMS)
    for kind in KINDS:
        assert kind_named(kind.name) is kind
        assert 0 < len(kind.extensions) <= 256


def test_what_is_not_registered_ends_in_an_error() -> None:
    class Unknown(Images):
        name: ClassVar[str] = "unknown"

    with pytest.raises(ValueError, match="unknown"):
        kind_named("unknown")
    with DecodingProcess() as process, pytest.raises(UnreadableRecordError):
        process.check(Unknown(), b"")


def test_what_is_no_source_is_told_what_can_be_opened(tmp_path: Path) -> None:
    (tmp_path / "notes.odt").write_text("x")
    with pytest.raises(UnusableError) as refused:
        open_source(SourceRef(tmp_path / "notes.odt"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnusableError) as empty:
        open_source(SourceRef(tmp_path / "empty"))
    for kind in KINDS:
        assert kind.nouns in refused.value.why
        assert kind.advice in empty.value.do


@pytest.mark.parametrize("ending", ["NPZ", "Npz", "CSV", "Tsv", "JSONL", "Parquet", "FEATHER"])
def test_a_file_is_a_source_whatever_the_case_of_its_ending(tmp_path: Path, ending: str) -> None:
    """Dropped into the window, it was once no checkpoint."""
    import pandas as pd

    path, rows = tmp_path / f"A.{ending}", pd.DataFrame({"age": range(6), "label": ["a"] * 6})
    match ending.lower():
        case "npz":
            arrays(tmp_path).rename(path)
        case "csv" | "tsv":
            rows.to_csv(path, index=False, sep="," if ending == "CSV" else "\t")
        case "jsonl":
            rows.to_json(path, orient="records", lines=True)
        case "parquet":
            rows.to_parquet(path)
        case _:
            rows.to_feather(path)
    assert not looks_like_checkpoint(path)
    assert len(open_source(SourceRef(path)).ids) == 6


@each_example
def test_a_record_is_read_shown_and_made_into_an_input(
    tmp_path: Path, kind: RecordKind, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    assert kind_of(SourceRef(path)) is kind
    source = open_source(SourceRef(path))
    assert source.kind is kind
    assert len(source.ids) == len(source.labels) == 6
    assert kind.form(source) in kind.forms
    hashes = {content_hash(source.read(row)) for row in range(6)}
    assert len(hashes) == 6
    stored = source.read(0)
    kind.check(stored)
    with DecodingProcess() as process:
        process.check(kind, stored)
        assert process.check_leaving(kind, stored) is None
        np.testing.assert_array_equal(process.look(kind, stored, 4), kind.look(stored, 4))
    seen = kind.look(stored, 4)
    if isinstance(seen, tuple):
        assert all(isinstance(text, str) for line in seen for text in line)
    else:
        assert seen.shape[:2] <= (4, 4)
    shapes = {np.asarray(content).ndim for content in kind.samples(source)}
    assert np.asarray(kind.decode(stored)).ndim in {*shapes, *(n - 1 for n in shapes)}


@pytest.mark.usefixtures("home")
@each_example
def test_what_leaves_is_described_and_passes_the_check(
    tmp_path: Path, kind: RecordKind, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    project = scored_project(tmp_path / "p.dataselect", path, consortium(tmp_path / "model"))
    select(project, threshold="0")
    asked = {"mechanism": "exact", "epsilon": None, "acknowledge_exact": True, "reason": "a test"}
    bundle = tmp_path / "b"
    release(project, bundle, budget=None, **asked)
    form = kind.form(open_source(SourceRef(path)))
    assert (bundle / form.listing).is_file()
    assert form.count(bundle) == 6
    assert is_verified(bundle)
    described = json.loads((bundle / "croissant.json").read_text())
    fields = [field["name"] for part in described.get("recordSet", []) for field in part["field"]]
    assert fields == [field.name for field in form.described(bundle)]


def test_each_kind_has_an_example_of_each_of_its_forms(tmp_path: Path) -> None:
    for kind in KINDS:
        shown = {kind.form(open_source(SourceRef(make(tmp_path)))) for make in EXAMPLES[kind.name]}
        assert shown == set(kind.forms)


# One place for each kind


def test_kinds_load_without_torch() -> None:
    program = (
        "import sys, dataselect_gui.records.kinds\n"
        "print([m for m in ('torch', 'transformers', 'pandas', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def told_apart() -> Iterator[tuple[Path, int, str]]:
    """Yield where the program tells one kind from others: by its name, its class, or its module."""
    names = {kind.name for kind in KINDS}
    modules = {type(kind).__module__ for kind in KINDS}
    for path in sorted(PROGRAM.rglob("*.py")):
        if path.parent == PROGRAM / "records" / "kinds":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare | ast.MatchValue):
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and part.value in names:
                        yield path, node.lineno, str(part.value)
            elif isinstance(node, ast.ImportFrom) and node.module in modules:
                yield path, node.lineno, str(node.module)


def test_no_kind_is_told_apart_outside_its_file() -> None:
    places = [f"{path.relative_to(ROOT)}:{line}: {name}" for path, line, name in told_apart()]
    assert not places, "\n".join(places)
