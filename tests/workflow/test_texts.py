"""The whole way of texts in the terminal: from a table or a folder to a verified bundle."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from dataselect_gui.project.project import Project
from tests.cli.shell import run
from tests.tokenizers_made import TEXTS, word_pieces

CLASSES = ("bad", "good")
WORDS = " ".join(TEXTS).split()
pytestmark = pytest.mark.usefixtures("home")


def sentences(count: int) -> list[tuple[str, str]]:
    """Return made-up texts of one to forty words with their labels."""
    drawn = np.random.default_rng(0)
    return [
        (" ".join(drawn.choice(WORDS, drawn.integers(1, 41))), CLASSES[n % 2]) for n in range(count)
    ]


@pytest.fixture(scope="module")
def consortium(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A series of two states of a small BERT."""
    folder = word_pieces(tmp_path_factory.mktemp("consortium"), model_max_length=64)
    config = BertConfig(
        vocab_size=300,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
        id2label=dict(enumerate(CLASSES)),
        label2id={name: index for index, name in enumerate(CLASSES)},
    )
    for step in (1, 2):
        torch.manual_seed(step)
        model = BertForSequenceClassification(config)
        for value in model.parameters():
            torch.nn.init.normal_(value, std=0.3)
        model.save_pretrained(folder / f"checkpoint-{step}")
    return folder


def as_csv(folder: Path) -> tuple[Path, list[str]]:
    path = folder / "texts.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["patient", "review", "label"])
        writer.writerows((n // 2, *row) for n, row in enumerate(sentences(12)))
    return path, ["--text-column", "review", "--unit-column", "patient"]


def as_folder(folder: Path) -> tuple[Path, list[str]]:
    for n, (text, label) in enumerate(sentences(12)):
        path = folder / "texts" / label / f"{n}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "texts", []


@pytest.mark.parametrize("make", [as_csv, as_folder])
def test_from_texts_to_a_verified_bundle(
    tmp_path: Path,
    consortium: Path,
    capsys: pytest.CaptureFixture[str],
    make: Callable[[Path], tuple[Path, list[str]]],
) -> None:
    source, columns = make(tmp_path)
    project, bundle = tmp_path / "p.dataselect", tmp_path / "bundle"
    inspected = run(capsys, "inspect", consortium, "--records", source, *columns)
    assert "tokens" in inspected["preflight"]["notes"][0]
    model = ("--checkpoint", consortium, "--project", project, "--precision", "float64")
    scored = run(capsys, "score", source, *model, *columns)
    assert scored["scored"] == 12
    assert not scored["problems"]
    assert "None is cut" in scored["notes"][1]
    assert {"loss", "grad_norm", "vog", "plis"} <= set(scored["scores"])
    assert_exact(project, consortium, dict(sentences(12)), source)
    assert run(capsys, "score", source, *model, "--scores", "loss")["scored"] == 12  # As it began.
    run(capsys, "select", project, "--by", "loss", "--threshold", "0")
    asked = ("--epsilon", "3", "--threshold-source", "agreed", "--in-training", "no", "--budget", "9")
    seen = run(capsys, "release", project, "--to", bundle, *asked, "--dry-run")
    fields = [item["field"] for item in seen["preview"]["leaves"] if item["file"].startswith("data")]
    assert fields == ["text", "label"]
    run(capsys, "release", project, "--to", bundle, *asked)
    left = [json.loads(line) for line in (bundle / "data/train/texts.jsonl").read_text().splitlines()]
    assert 0 < len(left) <= 12
    assert {(line["text"], line["label"]) for line in left} <= set(sentences(12))
    assert all(check["ok"] for check in run(capsys, "verify", bundle)["checks"])


def assert_exact(project: Path, consortium: Path, labels: dict[str, str], source: Path) -> None:
    """Hold losses and gradient norms against the plain library, one text at a time in float64."""
    table = Project.open(project).table
    last = consortium / "checkpoint-2"
    model = BertForSequenceClassification.from_pretrained(last, attn_implementation="eager").double()
    tokenizer = AutoTokenizer.from_pretrained(consortium)
    losses, norms = [], []
    for record in table.index.ids:
        text = (source / record).read_text() if source.is_dir() else sentences(12)[int(record)][0]
        tokens = tokenizer(text, return_tensors="pt", truncation=True)
        loss = model.eval()(**tokens, labels=torch.tensor([CLASSES.index(labels[text])])).loss
        gradients = torch.autograd.grad(loss, list(model.parameters()), allow_unused=True)
        losses.append(loss.item())
        norms.append(sum(g.square().sum().item() for g in gradients if g is not None) ** 0.5)
    np.testing.assert_allclose(table.values("loss"), losses, rtol=1e-9)
    np.testing.assert_allclose(table.values("grad_norm"), norms, rtol=1e-9)


def test_another_column_needs_another_project(
    tmp_path: Path, consortium: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, project = tmp_path / "t.jsonl", tmp_path / "p.dataselect"
    rows = [{"text": text, "other": text[::-1], "label": label} for text, label in sentences(4)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    asked = ("score", source, "--checkpoint", consortium, "--project", project, "--scores", "loss")
    assert run(capsys, *asked)["scored"] == 4  # By the column called text.
    assert Project.open(project).settings.source.text_column == "text"
    refused = run(capsys, *asked, "--text-column", "other", code=4)
    assert "“other”" in refused["error"]["why"]
    (tmp_path / "n.csv").write_text("review,label\nfine,good\n")
    refused = run(capsys, "score", tmp_path / "n.csv", "--checkpoint", consortium, code=4)
    assert "“review”, “label”" in refused["error"]["why"]


@pytest.mark.parametrize(
    ("encodings", "said"),
    [
        (("cp1252", "utf-8", "utf-8"), "1 text is not in UTF-8"),
        (("utf-16", "cp1251", "mac-roman"), "3 texts are not in UTF-8"),
        (("utf-8", "utf-8-sig", "utf-8"), None),
    ],
)
def test_texts_in_another_encoding_are_said_where_they_are_scored(
    tmp_path: Path,
    consortium: Path,
    capsys: pytest.CaptureFixture[str],
    encodings: tuple[str, ...],
    said: str | None,
) -> None:
    """Letters of another script come out as others, and nobody would know."""
    for n, encoding in enumerate(encodings):
        path = tmp_path / "texts" / CLASSES[n % 2] / f"{n}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(("Привет" if encoding == "cp1251" else "schön").encode(encoding))
    model = ("--checkpoint", consortium, "--project", tmp_path / "p", "--scores", "loss")
    notes = " ".join(run(capsys, "score", tmp_path / "texts", *model)["notes"])
    assert said in notes if said is not None else "UTF-8" not in notes
