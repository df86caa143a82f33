"""`viva models` shows what deployments.models finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from click.testing import CliRunner

import deployments.models.build as build_module
import deployments.models.check as check_module
import deployments.models.listing as listing_module
from deployments.cli.main import main
from deployments.models.build import BuildEvent, Stage
from deployments.models.errors import CatalogueError, FetchError
from deployments.models.listing import list_models


def test_list_shows_a_row_a_model() -> None:
    result = CliRunner().invoke(main, ["models", "list"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["Model", "Version", "State", "MB", "Configs", "Licence", "Source"]
    assert [line.split()[0] for line in lines[1:]] == [row.name for row in list_models()]


def test_a_broken_catalogue_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise CatalogueError("vad/source.yaml: no licence")

    monkeypatch.setattr(listing_module, "list_models", broken)
    result = CliRunner().invoke(main, ["models", "list"])
    assert (result.exit_code, result.stderr) == (1, "error: vad/source.yaml: no licence\n")


def test_build_logs_each_step_and_passes_names_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def build(names: Sequence[str], force: bool, progress: Callable[[BuildEvent], None]) -> None:
        asked.extend([tuple(names), force])
        progress(BuildEvent("vad", Stage.FETCHING, "silero-vad [6.2.3]"))
        progress(BuildEvent("vad", Stage.BUILT, "1.0 s"))

    monkeypatch.setattr(build_module, "build_models", build)
    result = CliRunner().invoke(main, ["models", "build", "vad", "--force"])
    assert result.exit_code == 0, result.stderr
    assert asked == [("vad",), True]
    assert result.stderr.splitlines() == ["vad: fetching (silero-vad [6.2.3])", "vad: built (1.0 s)"]


@pytest.mark.parametrize(
    ("error", "code"), [(CatalogueError("no such model: x"), 2), (FetchError("sha256 differs"), 1)]
)
def test_a_failed_build_is_one_line(monkeypatch: pytest.MonkeyPatch, error: Exception, code: int) -> None:
    def build(*_: object) -> None:
        raise error

    monkeypatch.setattr(build_module, "build_models", build)
    result = CliRunner().invoke(main, ["models", "build", "x"])
    assert (result.exit_code, result.stderr) == (code, f"error: {error}\n")


@pytest.mark.parametrize("problems", [[], ["vad: input audio is FP32, the contract says INT16"]])
def test_check_prints_each_disagreement(monkeypatch: pytest.MonkeyPatch, problems: list[str]) -> None:
    monkeypatch.setattr(check_module, "check_models", lambda: problems)
    result = CliRunner().invoke(main, ["models", "check"])
    assert result.exit_code == (1 if problems else 0)
    assert result.stdout.splitlines() == (problems or ["all models agree"])
