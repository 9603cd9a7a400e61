"""Run verbs as a terminal does."""

import json
from typing import Any

import pytest

from dataselect_gui.cli.app import main


def run(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> dict[str, Any]:
    """Run a verb, which shall end with an exit code; return what it prints as JSON."""
    assert main([*map(str, words), "--json"]) == code
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return printed


class Shell:
    """Runs verbs and reads the one object that each prints."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: object, expect: int = 0) -> dict[str, Any]:
        code = main([*map(str, words), "--json"])
        printed = self._capsys.readouterr().out
        told: dict[str, Any] = json.loads(printed)
        assert code == expect, told
        assert printed.count("\n") == 1
        assert told["ok"] == (code == 0)
        if code:
            assert told["exit_code"] == code
            assert set(told) - {"checks"} == {"ok", "verb", "exit_code", "error"}
            assert set(told["error"]) == {"what", "why", "do"}
            assert all(part.endswith((".", ".)", "?", "”.")) for part in told["error"].values()), told
        return told
