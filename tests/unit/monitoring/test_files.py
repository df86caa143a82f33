"""Rules, dashboards, documentation and runbooks speak of what there is."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from deployments.cli.main import main
from deployments.monitoring.files import DASHBOARDS, FOLDER, RULES, made
from deployments.monitoring.slo import RUNBOOKS, objectives
from tests import monitoring

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "observability.md"
ALERTS = sorted({rule["alert"] for rule in monitoring.rules() if "alert" in rule})


def test_what_is_made_is_as_its_sources_say() -> None:
    """After a change: python -m deployments.monitoring."""
    assert {path: path.read_text() for path in made()} == made()
    assert set(DASHBOARDS.iterdir()) == {path for path in made() if path.parent == DASHBOARDS}


def test_prometheus_takes_rules_and_configuration() -> None:
    checked = monitoring.promtool("check", "config", FOLDER / "prometheus.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_prometheus_takes_every_query_of_the_dashboards(tmp_path: Path) -> None:
    found = [{"record": f"query:{at}", "expr": query} for at, (_, query, _) in enumerate(monitoring.queries())]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": found}]}))
    checked = monitoring.promtool("check", "rules", file)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert len(found) > 40


def test_rules_and_dashboards_read_only_what_somebody_exports() -> None:
    read = {
        **{f"rule {rule.get('record') or rule['alert']}": rule["expr"] for rule in monitoring.rules()},
        **{place + query: query for place, query, _ in monitoring.queries()},
    }
    known = monitoring.exposed() | monitoring.recorded().keys() | monitoring.external().keys()
    unknown = {place: monitoring.names_in(query) - known for place, query in read.items()}
    assert {place: names for place, names in unknown.items() if names} == {}


def test_every_external_name_is_read_and_no_recording_is_idle() -> None:
    read = [rule["expr"] for rule in monitoring.rules()] + [query for _, query, _ in monitoring.queries()]
    used = set().union(*map(monitoring.names_in, read))
    assert monitoring.external().keys() - used == set()
    assert monitoring.recorded().keys() - used == set()


def test_a_panel_says_which_exporter_it_needs() -> None:
    def exporters(names: set[str]) -> set[str]:
        below = {
            name for one in names for query in monitoring.recorded().get(one, ()) for name in monitoring.names_in(query)
        }
        found = {monitoring.external()[name] for name in names if name in monitoring.external()}
        return found | (exporters(below) if below else set())

    for place, query, needs in monitoring.queries():
        wanted = exporters(monitoring.names_in(query)) - {"prometheus", "triton"}
        assert wanted == {needs} - {"", "tls"}, place


def test_thresholds_are_bounds_of_buckets() -> None:
    pattern = re.compile(r'(viva_\w+)_bucket\{[^}]*le="([^"]+)"')
    found = [pair for rule in monitoring.rules() for pair in pattern.findall(rule["expr"])]
    assert found
    for name, bound in found:
        assert bound in {str(float(one)) for one in monitoring.histograms()[name]}, (name, bound)


def test_every_metric_is_in_the_documents_table_with_its_labels() -> None:
    rows = re.findall(r"^\| `(viva_\w+)` \|([^|]*)\|", DOCUMENT.read_text(), re.MULTILINE)
    documented = {name: tuple(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    assert documented == monitoring.definitions()


def test_the_document_names_no_metric_that_is_not_there() -> None:
    mentioned = set(re.findall(r"`(viva_\w+|nv_\w+|DCGM_\w+)[`{]", DOCUMENT.read_text()))
    assert mentioned <= monitoring.definitions().keys() | monitoring.exposed() | monitoring.external().keys()


def test_names_follow_prometheus_conventions() -> None:
    for name, labels in monitoring.definitions().items():
        assert name.startswith("viva_")
        assert not name.endswith(("_ms", "_milliseconds", "_kb", "_percent"))
        assert not {"tenant", "request_id", "interview", "answer", "pid"} & set(labels), name


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_has_a_runbook_that_says_what_it_means_how_to_see_it_and_what_to_do(alert: str) -> None:
    urls = {rule["annotations"]["runbook_url"] for rule in monitoring.rules() if rule.get("alert") == alert}
    assert urls == {f"{RUNBOOKS}/{alert}.md"}
    text = (ROOT / "docs" / "runbooks" / f"{alert}.md").read_text()
    assert re.findall(r"^#+ (.*)$", text, re.MULTILINE) == [alert, "Meaning", "See", "Do"]


def test_runbooks_are_of_alerts_that_exist_and_name_commands_that_exist() -> None:
    books = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
    assert [path.stem for path in books] == ALERTS
    for path in books:
        for line in re.findall(r"^ *(viva .*)$", path.read_text(), re.MULTILINE):
            words = [word for word in shlex.split(line)[1:] if not word.startswith("-")]
            command = main.get_command(None, words[0])  # type: ignore[arg-type]
            assert command is not None, (path.name, line)
            if hasattr(command, "commands"):
                assert words[1] in command.commands, (path.name, line)


def test_dashboards_are_json_that_grafana_can_import() -> None:
    for path in DASHBOARDS.glob("*.json"):
        page = json.loads(path.read_text())
        assert page["uid"] == path.stem
        assert len({panel["id"] for panel in page["panels"]}) == len(page["panels"])
        corners = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in page["panels"]]
        assert len(set(corners)) == len(corners)
        assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in page["panels"])


@pytest.mark.parametrize(
    ("change", "error"),
    [({"objective": 0.9}, "must be between"), ({"objective": 1.0}, "must be between"), ({"bad": "x"}, r"no \$window")],
)
def test_an_objective_that_no_alert_could_watch_is_refused(change: dict[str, object], error: str) -> None:
    good = {"name": "a", "objective": 0.99, "promise": "p", "bad": "x[$window]", "total": "y[$window]"}
    with pytest.raises(ValueError, match=error):
        objectives([{**good, **change}])


def test_an_unknown_key_of_an_objective_is_refused() -> None:
    with pytest.raises(TypeError, match="latency"):
        objectives([{"latency": 1}])


def test_all_files_of_rules_are_loaded() -> None:
    assert yaml.safe_load((FOLDER / "prometheus.yml").read_text())["rule_files"] == ["rules/*.yaml"]
    assert {path.suffix for path in RULES.iterdir()} == {".yaml"}
