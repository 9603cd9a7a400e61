"""What a check counts is written with separators, as everywhere else."""

from pathlib import Path

from dataselect_gui import workflow
from dataselect_gui.release.verify import verify_bundle
from tests.projects import consortium, owner_records, scored_project
from tests.releases import release


def test_counts_of_a_check_have_separators(tmp_path: Path, home: Path) -> None:
    """1,005 records leave: with the description there are more files than that."""
    del home
    source = owner_records(tmp_path / "records.npz", 1005)
    project = scored_project(tmp_path / "project", source, consortium(tmp_path / "model"))
    workflow.select_records(project, workflow.Everything())
    bundle = tmp_path / "bundle"
    release(project, bundle, mechanism="everything", epsilon=None, acknowledge_disclosure=True)
    details = {check.name: check.detail for check in verify_bundle(bundle)}
    files = sum(path.is_file() for path in bundle.rglob("*"))
    assert f"All {files - 1:,} files are" in details["checksums"], "all but the list of sums itself"
    assert details["content"].startswith("1,005 records are there")
