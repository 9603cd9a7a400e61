"""The column that holds the texts, in the terminal."""

from pathlib import Path

import pytest

from tests.cli.shell import run


def test_inspect_reads_the_column_that_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "reviews.tsv"
    source.write_text("review\tstars\nfine\t5\n\t1\n")
    assert run(capsys, "inspect", source)["form"] == "rows"
    answer = run(capsys, "inspect", source, "--text-column", "review", "--label-column", "stars")
    assert answer["form"] == "texts"
    assert (answer["records"], answer["readable"]) == (1, 1)
    assert answer["labels"] == ["5"]
    assert [problem["id"] for problem in answer["problems"]] == ["1"]
    refused = run(capsys, "inspect", source, "--text-column", "text", code=4)
    assert "“review”, “stars”" in refused["error"]["why"]


def test_a_folder_has_no_columns_of_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t" / "good").mkdir(parents=True)
    (tmp_path / "t" / "good" / "1.txt").write_text("fine")
    assert run(capsys, "inspect", tmp_path / "t")["labels"] == ["good"]
    refused = run(capsys, "inspect", tmp_path / "t", "--text-column", "text", code=4)
    assert "column" in refused["error"]["what"]
