"""What people are told while something takes long."""

from __future__ import annotations

import pytest

from deployments.cli import output


def test_a_log_gets_a_line_every_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr(output.time, "monotonic", lambda: now)
    with output.steps() as step:
        for number in range(30):
            now = float(number)
            step(f"answer [{number}]")
    assert capsys.readouterr().err == "answer [10]\nanswer [20]\n"
