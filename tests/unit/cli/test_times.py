"""Durations, times and names as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
import pytest

from deployments.cli.names import name_of, report_name, tenant_name, without_tenant
from deployments.cli.times import Moment, Span, seconds_of, timestamp


@pytest.mark.parametrize(("text", "seconds"), [("90d", 7_776_000), ("24h", 86_400), ("30m", 1_800), ("45s", 45)])
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds
    assert Span().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1.5h", "1w", "1h30m", " 1h", "999999999999d", "٣d"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        seconds_of(text)
    with pytest.raises(click.BadParameter, match="no duration"):
        Span().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-25", datetime(2026, 11, 25, tzinfo=UTC)),
        ("2026-11-25T18:00Z", datetime(2026, 11, 25, 18, tzinfo=UTC)),
        ("2026-11-25T18:00+08:00", datetime(2026, 11, 25, 10, tzinfo=UTC)),
    ],
)
def test_a_time_is_utc_unless_it_says_otherwise(text: str, time: datetime) -> None:
    assert Moment(ahead=True).convert(text, None, None) == time
    assert timestamp(time).ToDatetime(tzinfo=UTC) == time


def test_a_duration_as_a_time_counts_from_now() -> None:
    before = datetime.now(UTC)
    ahead, ago = Moment(ahead=True).convert("1d", None, None), Moment(ahead=False).convert("1d", None, None)
    assert before <= ahead - timedelta(days=1) <= datetime.now(UTC)
    assert before <= ago + timedelta(days=1) <= datetime.now(UTC)


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "", "0001-01-01T00:00+14:00"])
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(click.BadParameter, match="neither a time"):
        Moment(ahead=True).convert(text, None, None)


def test_a_time_that_is_not_given_stays_absent() -> None:
    assert timestamp(None) is None


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("trainee", "tenants/-/roles/trainee"),
        ("roles/trainee", "tenants/-/roles/trainee"),
        ("roles/trainee/revisions/2", "tenants/-/roles/trainee/revisions/2"),
        ("tenants/acme/roles/trainee", "tenants/acme/roles/trainee"),
    ],
)
def test_a_bare_id_becomes_a_name_and_a_name_stays(given: str, name: str) -> None:
    assert name_of("roles", given) == name


def test_names_of_reports() -> None:
    assert report_name("i") == "tenants/-/interviews/i/reports/latest"
    assert report_name("i", 2) == "tenants/-/interviews/i/reports/2"
    assert report_name("interviews/i/reports/3") == "tenants/-/interviews/i/reports/3"


def test_names_of_tenants() -> None:
    assert tenant_name("-") == "tenants/-"
    assert tenant_name("tenants/acme") == "tenants/acme"
    assert without_tenant("tenants/acme") == "tenants/acme"


def test_what_a_table_shows_can_be_typed_again() -> None:
    name = "tenants/acme/interviews/i/reports/3"
    assert report_name(without_tenant(name)) == "tenants/-/interviews/i/reports/3"
