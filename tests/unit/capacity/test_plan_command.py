import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deployments.cli.main import main
from tests.unit.capacity.plans import some_curves

ASKED = ["--candidates", "2000", "--questions", "5", "--window", "24h", "--seconds", "60", "--no-sensitivity"]


@pytest.fixture
def curves(tmp_path: Path) -> str:
    path = tmp_path / "curves.json"
    path.write_text(some_curves().model_dump_json())
    return str(path)


def plan(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["plan", *arguments])


def line(result: Result) -> str:
    """The one line that a failure is."""
    assert "Traceback" not in result.output
    return result.output.strip().splitlines()[-1]


def test_a_season_is_sized_and_priced(tmp_path: Path, curves: str) -> None:
    page, document = tmp_path / "out" / "plan.html", tmp_path / "out" / "plan.json"
    given = [*ASKED, "--slo", "p95=60s", "--mix", "text=1,video=3", "--curves", curves]
    result = plan(*given, "--json", str(document), "--html", str(page))
    assert result.exit_code == 0, result.output
    assert "10,000 answers in 24 h (25% text, 75% video; 60 s on average)" in " ".join(result.output.split())
    assert "What breaks first" in result.output
    assert "prices are placeholders" in result.output
    assert "Postgres: not known, left out" in result.output
    written = json.loads(document.read_text())
    assert written["peak"]["rate_per_s"] == pytest.approx(2000 / 3600)
    assert written["estimate"]["holds"] is True
    assert written["price"]["window"] == pytest.approx(24 * (0.2 + 0.8 * written["estimate"]["workers"] + 0.8))
    assert written["fleet"]["worker"]["machines"] == written["estimate"]["workers"]
    html = page.read_text()
    assert "<script" not in html and "http://" not in html
    assert "Turnaround and the number of workers" in html
    again = tmp_path / "again.json"
    plan(*given, "--json", str(again))
    assert again.read_text() == document.read_text()


def test_a_given_fleet_that_misses_the_slo_is_exit_code_1(curves: str) -> None:
    given = [*ASKED, "--seconds", "400", "--slo", "p95=60s", "--curves", curves]
    assert plan(*given, "--nodes", "1").exit_code == 1
    assert plan(*given, "--nodes", "4").exit_code == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (["--slo", "p95=0"], "error: slo is 'p95=0', its time must be above 0"),
        (["--slo", "p95=1s"], "error: slo: p95=1s cannot be held by any fleet: on an idle one p95 is "),
        (["--window", "30s"], "error: window is 30 s, it must be an answer's 60 s or more"),
        (["--curves", "h300"], "error: no curves named h300; known are cpu, b200, h200, h100, l40s, l4, v100, t4"),
        (["--gpu", "h100"], "error: h100: speech on this GPU is not known"),
        (["--curves", "h100"], "error: h100: speech on this GPU is not known"),
        (["--mix", "audio=1"], "error: mix: the curves have no audio answers, only text, video"),
        (["--deadline-peak", "2"], "error: deadline-peak is 2.0, it must be 0 to 1"),
        (["--prices", "nowhere.yaml"], "error: no prices at nowhere.yaml: No such file or directory"),
        (["--window", "soon"], "Error: Invalid value for '--window': 'soon' is no duration such as"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(curves: str, changed: list[str], message: str) -> None:
    result = plan(*ASKED, "--slo", "p95=60s", "--curves", curves, *changed)
    assert result.exit_code == 2
    assert line(result).startswith(message)


def test_what_is_missing_is_named() -> None:
    result = plan("--candidates", "5", "--questions", "5", "--window", "24h")
    assert result.exit_code == 2
    assert line(result) == "Error: Missing option '--slo'."


def test_prices_of_a_file_are_taken_and_their_faults_named(tmp_path: Path, curves: str) -> None:
    prices = tmp_path / "prices.yaml"
    machines = "".join(
        f"{role}: {{name: {role}, cores: 8, gpus: {gpus}, price_per_hour: 2.5}}\n"
        for role, gpus in (("edge", 0), ("worker", 0), ("gpu_worker", 1), ("database", 0))
    )
    prices.write_text(f"format: 1\ncurrency: EUR\norigin: our contract\nconfirmed: true\n{machines}")
    given = [*ASKED, "--slo", "p95=60s", "--curves", curves, "--prices", str(prices)]
    result = plan(*given)
    assert result.exit_code == 0
    assert "prices: our contract" in result.output
    assert "placeholders" not in result.output
    prices.write_text(prices.read_text().replace("price_per_hour: 2.5", "price_per_hour: -1", 1))
    assert line(plan(*given)).endswith("prices.yaml: edge.price_per_hour: Input should be greater than or equal to 0")


@pytest.mark.parametrize("command", [[], ["measure"], ["validate"]])
def test_every_command_explains_itself(command: list[str]) -> None:
    result = plan(*command, "--help")
    assert result.exit_code == 0
    assert "Exit code: 0" in result.output
