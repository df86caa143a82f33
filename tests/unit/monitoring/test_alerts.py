"""Alerts fire when they should and not otherwise, as Prometheus itself evaluates them (`promtool test rules`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from deployments.monitoring.files import RULES
from tests import monitoring

FAST, SLOW = "VivaErrorBudgetBurnsFast", "VivaErrorBudgetBurnsSlowly"


@dataclass(frozen=True)
class Case:
    """Series in Prometheus' notation, a value every `step_min` minutes; and whether an alert fires at a time."""

    alert: str
    what: str
    series: dict[str, str]
    at: str
    fires: bool
    step_min: int = 1


def _calls(failed: str) -> dict[str, str]:
    """A hundred calls a step that go well, and some that do not."""
    return {
        'viva_requests_total{method="ScoreAnswer",code="OK"}': "0+100x450",
        'viva_requests_total{method="ScoreAnswer",code="INTERNAL"}': failed,
    }


def _text(fast: str, all_of_them: str) -> dict[str, str]:
    return {
        'viva_answer_seconds_bucket{queue="text",le="2.5"}': fast,
        'viva_answer_seconds_count{queue="text"}': all_of_them,
    }


_DEAD = 'viva_job_attempts_total{kind="score",outcome="dead"}'
_OLD = 'viva_queue_oldest_waiting_age_seconds{lane="media",rank='
_TLS = "viva_certificate_expiry_timestamp_seconds"

CASES = (
    # 0.1% of the calls may fail: 14.4 times as many page after an hour, 6 times as many after six.
    Case(FAST, "2% fail for over an hour", _calls("0+2x450"), "70m", True),
    Case(FAST, "1% fails for over six hours", _calls("0+1x450"), "6h10m", True),
    Case(FAST, "10% failed, and it is over", _calls("0+11x50 550x400"), "85m", False),
    Case(FAST, "10% fail for two minutes", _calls("0x358 0+11x5"), "360m", False),
    Case(FAST, "0.4% fail: a ticket is enough", _calls("0+0.4x450"), "6h10m", False),
    Case(SLOW, "0.4% fail for a day", _calls("0+0.4x450"), "25h", True, step_min=30),
    Case(SLOW, "0.15% fail for three days", _calls("0+0.15x450"), "73h", True, step_min=30),
    Case(SLOW, "0.15% fail for a day", _calls("0+0.15x48 7.2x300"), "34h", False, step_min=30),
    Case(SLOW, "0.05% fail: within the budget", _calls("0+0.05x450"), "73h", False, step_min=30),
    Case(
        FAST,
        "a full queue refuses 3%",
        {**_calls("0x450"), 'viva_refused_answers_total{queue="text",why="full"}': "0+3x450"},
        "70m",
        True,
    ),
    Case(
        FAST,
        "deadlines that nothing could meet are the callers' own",
        {**_calls("0x450"), 'viva_refused_answers_total{queue="text",why="hopeless"}': "0+30x450"},
        "70m",
        False,
    ),
    Case(FAST, "all texts are late", _text("0x400", "0+60x400"), "70m", True),
    Case(FAST, "40% of the texts are late for hours", _text("0+36x400", "0+60x400"), "6h10m", True),
    Case(FAST, "4% of the texts are late", _text("0+57.6x400", "0+60x400"), "6h10m", False),
    Case(
        SLOW,
        "4% of the bulk is late",
        {
            'viva_turnaround_seconds_bucket{rank="bulk",le="86400.0"}': "0+96x160",
            'viva_turnaround_seconds_count{rank="bulk"}': "0+100x160",
        },
        "25h",
        True,
        step_min=30,
    ),
    Case("VivaNodeDown", "for three minutes", {'up{job="viva",node="a"}': "1 0x5"}, "4m", True),
    Case("VivaNodeDown", "for a moment", {'up{job="viva",node="a"}': "1 1 0 1 1"}, "4m", False),
    Case("VivaModelServerDown", "for three minutes", {'up{job="triton",node="a"}': "0x5"}, "4m", True),
    Case("VivaModelServerDown", "it answers", {'up{job="triton",node="a"}': "1x5"}, "4m", False),
    Case(
        "VivaModelServerRestarts", "five times", {'viva_triton_restarts_total{node="a"}': "0 1 2 3 4 5x20"}, "10m", True
    ),
    Case("VivaModelServerRestarts", "once", {'viva_triton_restarts_total{node="a"}': "0 1x20"}, "10m", False),
    Case("VivaModelProcessDies", "thrice", {'viva_triton_model_reloads_total{node="a"}': "0 1 2 3x20"}, "10m", True),
    Case("VivaModelProcessDies", "once", {'viva_triton_model_reloads_total{node="a"}': "0 1x20"}, "10m", False),
    *(
        Case(
            "VivaModelRequestsFail",
            what,
            {
                'nv_inference_request_success{node="a",model="vad",version="1"}': "0+90x40",
                f'nv_inference_request_failure{{node="a",model="vad",version="1",reason="{reason}"}}': "0+10x40",
            },
            "30m",
            fires,
        )
        for what, reason, fires in (("a tenth", "BACKEND", True), ("callers left", "CANCELED", False))
    ),
    Case("VivaCertificateEnds", "in a week", {_TLS: f"{7 * 86400}x180"}, "2h", True),
    Case("VivaCertificateEnds", "in a month", {_TLS: f"{30 * 86400}x180"}, "2h", False),
    Case("VivaQueueOld", "interactive, five minutes", {_OLD + '"interactive"}': "300x10"}, "5m", True),
    Case("VivaQueueOld", "interactive, a minute", {_OLD + '"interactive"}': "60x10"}, "5m", False),
    Case("VivaQueueOld", "bulk, an hour", {_OLD + '"bulk"}': "3600x10"}, "5m", False),
    Case("VivaBulkQueueOld", "thirteen hours", {_OLD + '"bulk"}': f"{13 * 3600}x20"}, "15m", True),
    Case("VivaBulkQueueOld", "an hour", {_OLD + '"bulk"}': "3600x20"}, "15m", False),
    Case("VivaQueueUnwatched", "no node looks", {"up": "1x10"}, "8m", True),
    Case("VivaQueueUnwatched", "one looks", {'viva_queue_waiting_jobs{lane="text",rank="bulk"}': "0x10"}, "8m", False),
    Case("VivaDeadLetters", "one", {_DEAD: "0 1x30"}, "10m", True),
    Case("VivaDeadLetters", "none", {_DEAD: "4x30"}, "10m", False),
    *(
        Case("VivaJobsBroken", what, {'viva_job_attempts_total{kind="erase",outcome="broken"}': values}, "20m", fires)
        for what, values, fires in (("many", "0+1x30", True), ("one", "0 1x30", False))
    ),
    *(
        Case(
            "VivaWebhooksFail",
            what,
            {
                'viva_job_attempts_total{kind="deliver",outcome="done"}': done,
                'viva_job_attempts_total{kind="deliver",outcome="retried"}': "0+6x100",
            },
            "90m",
            fires,
        )
        for what, done, fires in (("most", "0+2x100", True), ("few", "0+60x100", False))
    ),
    *(
        Case(
            "VivaSpoolFills",
            what,
            {'viva_spool_free_bytes{node="a"}': free, 'viva_spool_size_bytes{node="a"}': "100x10"},
            "8m",
            fires,
        )
        for what, free, fires in (("5% free", "5x10", True), ("half free", "50x10", False))
    ),
    *(
        Case(
            "VivaDatabasePoolExhausted",
            what,
            {
                'viva_postgres_waiting_transactions{node="a"}': waiting,
                'viva_postgres_connections{node="a",state="free"}': free,
            },
            "8m",
            fires,
        )
        for what, waiting, free, fires in (
            ("three wait", "3x10", "0x10", True),
            ("three wait, and another process has free ones", "3x10", "8x10", True),
            ("none waits", "0x10", "0x10", False),
        )
    ),
    *(
        Case(
            "VivaDatabaseSlow",
            what,
            {
                'viva_postgres_transaction_seconds_bucket{node="a",le="0.25"}': quick,
                'viva_postgres_transaction_seconds_bucket{node="a",le="5.0"}': "0+100x40",
                'viva_postgres_transaction_seconds_bucket{node="a",le="+Inf"}': "0+100x40",
            },
            "35m",
            fires,
        )
        for what, quick, fires in (("a tenth takes seconds", "0+90x40", True), ("none does", "0+100x40", False))
    ),
    Case("VivaGpuFault", "an XID", {'DCGM_FI_DEV_XID_ERRORS{node="a",gpu="0"}': "0 79x5"}, "3m", True),
    Case("VivaGpuFault", "none", {'DCGM_FI_DEV_XID_ERRORS{node="a",gpu="0"}': "0x5"}, "3m", False),
)


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    alerts = {rule["alert"] for rule in monitoring.rules() if "alert" in rule}
    assert alerts == {case.alert for case in CASES if case.fires} == {case.alert for case in CASES if not case.fires}


@pytest.mark.parametrize("case", CASES, ids=[f"{case.alert}: {case.what}" for case in CASES])
def test_an_alert_fires_when_it_should_and_not_otherwise(case: Case, tmp_path: Path) -> None:
    expected = [{"labels": f'{{alertname="{case.alert}"}}', "value": 1}] if case.fires else []
    asked = f'count by (alertname) (count by (alertname, slo) (ALERTS{{alertname="{case.alert}",alertstate="firing"}}))'
    _check(tmp_path, case.series, [{"expr": asked, "eval_time": case.at, "exp_samples": expected}], case)


def test_triton_and_gpu_are_joined_by_node(tmp_path: Path) -> None:
    series = {
        'nv_inference_compute_infer_duration_us{node="a",model="asr_en",version="1"}': "0+30000000x20",
        'nv_inference_compute_infer_duration_us{node="a",model="vad",version="1"}': "0+10000000x20",
        'DCGM_FI_DEV_GPU_UTIL{node="a",gpu="0"}': "80x20",
        'DCGM_FI_DEV_GPU_UTIL{node="b",gpu="0"}': "10x20",
    }
    shares = [
        {"labels": '{model="asr_en", node="a"}', "value": 0.6},
        {"labels": '{model="vad", node="a"}', "value": 0.2},
    ]
    busy = [{"labels": '{model="asr_en", node="a"}', "value": 0.5}]
    _check(
        tmp_path,
        series,
        [
            {"expr": "round(viva:gpu_busy_by_model:ratio, 0.001)", "eval_time": "15m", "exp_samples": shares},
            {
                "expr": 'round(viva:triton_compute_seconds:rate5m{model="asr_en"}, 0.001)',
                "eval_time": "15m",
                "exp_samples": busy,
            },
        ],
    )


def test_what_a_model_call_costs_beyond_the_server_is_the_difference_of_both_means(tmp_path: Path) -> None:
    series = {
        'viva_model_call_seconds_sum{node="a",model="vad"}': "0+6x20",
        'viva_model_call_seconds_count{node="a",model="vad"}': "0+60x20",
        'nv_inference_request_duration_us{node="a",model="vad",version="1"}': "0+5400000x20",
        'nv_inference_request_success{node="a",model="vad",version="1"}': "0+60x20",
    }
    asked = "round(viva:model_call_overhead_seconds:mean_5m, 0.0001)"
    expected = [{"labels": '{model="vad", node="a"}', "value": 0.01}]
    _check(tmp_path, series, [{"expr": asked, "eval_time": "15m", "exp_samples": expected}])


def _check(folder: Path, series: dict[str, str], tests: list[dict[str, object]], case: Case | None = None) -> None:
    inputs = [{"series": name, "values": values} for name, values in series.items()]
    step = f"{case.step_min if case else 1}m"
    files = ["slo.yaml"] if case and case.alert in (FAST, SLOW) else ["recording.yaml", "alerts.yaml"]
    document = {
        "rule_files": [str(RULES / file) for file in files],
        "evaluation_interval": step,
        "tests": [{"interval": step, "input_series": inputs, "promql_expr_test": tests}],
    }
    file = folder / "case.yaml"
    file.write_text(yaml.safe_dump(document))
    done = monitoring.promtool("test", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr
