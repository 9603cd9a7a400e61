"""Run verbs as a terminal does."""

import json
from typing import Any

import pytest

from dataselect_gui.cli.app import main


def run(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> dict[str, Any]:
    """Run a verb, which shall end with an exit code; return what it prints as JSON."""
    assert main([*map(str, arguments), "--json"]) == code
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return printed


class Shell:
    """Runs verbs and reads the one object that each prints."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object, expect: int = 0) -> dict[str, Any]:
        code = main([*map(str, arguments), "--json"])
        printed = self._capsys.readouterr().out
        answer: dict[str, Any] = json.loads(printed)
        assert code == expect, answer
        assert printed.count("\n") == 1
        assert answer["ok"] == (code == 0)
        if code:
            assert answer["exit_code"] == code
            assert set(answer) - {"checks"} == {"ok", "verb", "exit_code", "error"}
            assert set(answer["error"]) == {"what", "why", "do"}
            assert all(part.endswith((".", ".)", "?", "”.")) for part in answer["error"].values()), (
                answer
            )
        return answer
