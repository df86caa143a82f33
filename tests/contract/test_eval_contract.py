"""`viva eval` against a real gRPC server: its table, its JSON, bad lines, a server that is away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from scoring_double import TOO_LONG, Running

from deployments.cli.main import main

PAIR = {"question": "Why?", "competency": "teamwork", "better": "I asked them.", "worse": "I am good."}


def _run(server: Running, folder: Path, *args: str) -> Result:
    return CliRunner().invoke(
        main, ["eval", str(folder), "--json", str(folder / "out.json"), "--address", server.address, *args]
    )


def _pairs(folder: Path, *lines: dict[str, Any]) -> None:
    (folder / "en").mkdir()
    (folder / "en/pairs.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


def test_a_table_and_its_json(server: Running, tmp_path: Path) -> None:
    _pairs(tmp_path, {"id": 1, **PAIR}, {"id": 2, "kind": "vague", **PAIR})
    result = _run(server, tmp_path)
    assert result.exit_code == 0, result.output
    assert "pairwise accuracy" in result.output
    measured = json.loads((tmp_path / "out.json").read_text())["languages"]["en"]["pairs"]
    assert measured["count"] == 2
    assert measured["accuracy"] in (0.0, 1.0)
    assert len(server.double.seen) == 2  # equal requests are sent once


def test_a_bad_line_is_named_and_the_rest_runs(server: Running, tmp_path: Path) -> None:
    _pairs(tmp_path, {"id": 1, **PAIR}, {"id": 1, **PAIR}, {"id": 3, "competency": "charm"})
    result = _run(server, tmp_path)
    assert result.exit_code == 1
    assert f"{tmp_path}/en/pairs.jsonl:2: id 1 is used on line 1 already" in result.output
    document = json.loads((tmp_path / "out.json").read_text())
    assert document["languages"]["en"]["pairs"]["count"] == 1
    assert len(document["errors"]) == 2


def test_what_the_server_has_against_a_line_is_the_lines_error(server: Running, tmp_path: Path) -> None:
    server.double.faults.append(TOO_LONG)
    _pairs(tmp_path, {"id": 1, **PAIR})
    result = _run(server, tmp_path)
    assert result.exit_code == 1
    assert f"{tmp_path}/en/pairs.jsonl:1: TEXT_TOO_LONG" in result.output


def test_a_folder_without_sets_is_wrong_usage(server: Running, tmp_path: Path) -> None:
    result = _run(server, tmp_path)
    assert result.exit_code == 2
    assert "no sets in" in result.output


def test_no_server_is_one_line(tmp_path: Path) -> None:
    _pairs(tmp_path, {"id": 1, **PAIR})
    result = CliRunner().invoke(main, ["eval", str(tmp_path), "--address", "127.0.0.1:1", "--wait", "0"])
    assert result.exit_code == 2
    assert "cannot reach a Viva server" in result.output
