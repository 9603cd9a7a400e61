"""What leaves of texts: every character of them, their labels, and nothing else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dataselect_gui.errors import FaultError, UnusableError
from dataselect_gui.records.forms import limits
from dataselect_gui.records.forms.text_lines import TEXT_LINES, TEXTS, text_line
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef
from dataselect_gui.texts.promises import PIXELS, WORD_FOR_WORD
from tests.bundles import describe_anew
from tests.projects import consortium, scored_project
from tests.records.test_texts import ODD, text_folder
from tests.releases import failed, is_verified, rebuild, release, select

pytestmark = pytest.mark.usefixtures("home")
EXACT: dict[str, Any] = {
    "mechanism": "exact",
    "epsilon": None,
    "acknowledge_exact": True,
    "reason": "a test",
    "budget": None,
}
TOLD = {f"{'good' if n % 2 else 'bad'}/{name}.txt": text for n, (name, text) in enumerate(ODD.items())}


def project_of(tmp_path: Path, texts: dict[str, str]) -> Path:
    source = text_folder(tmp_path / "texts", dict(texts))
    project = scored_project(tmp_path / "p.dataselect", source, consortium(tmp_path / "model"))
    select(project, threshold="0")
    return project


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    release(project_of(tmp_path, TOLD), tmp_path / "bundle", **EXACT)
    return tmp_path / "bundle"


def lines(bundle: Path) -> list[dict[str, str | None]]:
    return [json.loads(line) for line in (bundle / TEXTS).read_bytes().split(b"\n")[:-1]]


def test_texts_leave_word_for_word_in_an_order_of_their_own(tmp_path: Path, bundle: Path) -> None:
    rows = lines(bundle)
    assert {line["text"]: line["label"] for line in rows} == {
        text: name.split("/")[0] for name, text in TOLD.items()
    }
    assert all(list(line) == ["text", "label"] for line in rows)
    order = [line["text"] for line in rows]
    assert order != list(TOLD.values())
    again = tmp_path / "again"
    release(tmp_path / "p.dataselect", again, **EXACT)
    assert (again / TEXTS).read_bytes() == (bundle / TEXTS).read_bytes()
    assert is_verified(bundle)


def test_the_usual_readers_load_them(bundle: Path) -> None:
    import datasets
    import pandas as pd

    expected = sorted((line["text"], line["label"]) for line in lines(bundle))
    loaded = datasets.Dataset.from_json(str(bundle / TEXTS), cache_dir=str(bundle.parent / "cache"))
    assert sorted((row["text"], row["label"]) for row in loaded) == expected
    frame = pd.read_json(bundle / TEXTS, lines=True, dtype=False)
    assert len(frame) == len(expected)


def test_croissant_names_the_fields_and_its_library_reads_them(bundle: Path) -> None:
    import mlcroissant

    described = json.loads((bundle / "croissant.json").read_text())
    (part,) = described["recordSet"]
    assert [field["name"] for field in part["field"]] == ["text", "label"]
    dataset = mlcroissant.Dataset(jsonld=str(bundle / "croissant.json"))
    read = [row["train/text"].decode() for row in dataset.records("train")]
    assert sorted(read) == sorted(str(line["text"]) for line in lines(bundle))


def test_card_and_preview_say_that_names_leave(tmp_path: Path, bundle: Path) -> None:
    card = (bundle / "README.md").read_text()
    assert WORD_FOR_WORD in card
    assert PIXELS not in card
    assert "text-classification" in card
    seen = release(tmp_path / "p.dataselect", tmp_path / "b", dry_run=True, **EXACT).preview
    assert seen is not None
    fields = [(item["file"], item["field"]) for item in seen.leaves if item["file"].startswith("data")]
    assert fields == [(TEXTS, "text"), (TEXTS, "label")]


def test_labels_that_are_not_there_leave_as_null(tmp_path: Path) -> None:
    release(project_of(tmp_path, {"1.txt": "a", "2.txt": "b"}), tmp_path / "bundle", **EXACT)
    assert sorted(map(str, lines(tmp_path / "bundle"))) == [
        "{'text': 'a', 'label': None}",
        "{'text': 'b', 'label': None}",
    ]
    assert is_verified(tmp_path / "bundle")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + '{"text": "x", "label": "y", "name": "z"}\n',
        lambda text: text + '{"label": "y", "text": "x"}\n',
        lambda text: text + '{"text":"x","label":"y"}\n',
        lambda text: text + '{"text": "\\u0041", "label": null}\n',
        lambda text: text + '{"text": "x", "text": "x", "label": null}\n',
        lambda text: text + '{"text": 7, "label": null}\n',
        lambda text: text + '{"text": "x", "label": ["y"]}\n',
        lambda text: text + '{"text": "x"}\n',
        lambda text: text + "\n",
        lambda text: text + " ",
        lambda text: "\ufeff" + text,
        lambda text: text + '["x", "y"]\n',
        lambda text: text + '{"text": ' + "[" * 100_000 + "\n",
        lambda text: text[:-1],
        lambda text: text + text_line("x" * limits.MOST_LINE, None),
    ],
)
def test_whatever_else_a_file_tells_is_found(bundle: Path, change: Callable[[str], str]) -> None:
    path = bundle / TEXTS
    path.write_bytes(change(path.read_bytes().decode()).encode())
    with pytest.raises((FaultError, ValueError, RecursionError, KeyError, TypeError)):
        TEXT_LINES.check(bundle)
    describe_anew(bundle)
    rebuild(bundle)
    assert {"content", "metadata"} <= failed(bundle)


def test_a_text_that_is_too_long_to_be_written_is_refused_before_the_charge(tmp_path: Path) -> None:
    project = project_of(tmp_path, {"1.txt": "\x07" * (1 << 20), "2.txt": "b"})
    with pytest.raises(UnusableError, match="larger than can be written"):
        release(project, tmp_path / "bundle", **EXACT)
    assert not (tmp_path / "bundle").exists()


def test_sizes_are_those_of_the_lines(tmp_path: Path) -> None:
    source = open_source(SourceRef(text_folder(tmp_path / "t", dict(TOLD))))
    rows = list(range(len(source.ids)))
    (longest, *_), (total, *_) = TEXT_LINES.sizes(source, rows, source.labels)
    written = [
        text_line(TOLD[record], label).encode()
        for record, label in zip(source.ids, source.labels, strict=True)
    ]
    assert longest == max(map(len, written))
    assert total == len(b"".join(written))
