from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from tests.window.setup.steps import Choose


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> Choose:
    """Have file dialogs answer with a path, or be cancelled."""

    def answer(path: Path | None) -> None:
        text = "" if path is None else str(path)
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: text)
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (text, ""))

    return answer
