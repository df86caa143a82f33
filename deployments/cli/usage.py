"""`viva tenants usage`."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from deployments.cli.files import written_whole
from deployments.cli.names import tenant_name
from deployments.cli.options import Server
from deployments.cli.output import err
from deployments.cli.resources import calling, json_option, on_server, show
from deployments.cli.tables import timestamp_text
from deployments.cli.times import Moment, timestamp

_COLUMNS: Final = ("answer", "time", "kind", "media_seconds", "model_seconds")
_PAGE: Final = 1_000


@click.command(
    epilog="\b\nExamples:\n  viva tenants usage acme --since 30d\n"
    "  viva tenants usage acme --since 2026-10-01 --until 2026-11-01 --csv october.csv"
)
@click.argument("tenant", default="-")
@click.option("--since", type=Moment(ahead=False), help="Scored at or after this: 30d, or 2026-11-01.")
@click.option("--until", type=Moment(ahead=False), help="Scored before this.")
@click.option(
    "--csv", "csv_file", type=click.Path(path_type=Path, dir_okay=False), help="Write a line an answer to this file."
)
@json_option
@on_server
def usage(
    tenant: str, since: datetime | None, until: datetime | None, csv_file: Path | None, as_json: bool, server: Server
) -> None:
    """Sum up what scoring used, or write its records as CSV: the base of billing."""
    if csv_file and as_json:
        raise click.UsageError("--csv and --json exclude each other")
    parent, start, end = tenant_name(tenant), timestamp(since), timestamp(until)
    with calling(server) as client:
        if csv_file is None:
            show(client.tenants.summarize_usage(parent, start, end), as_json)
            return
        count = 0
        with written_whole(csv_file) as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow(_COLUMNS)
            for record in client.tenants.list_usage_records(parent, _PAGE, start_time=start, end_time=end):
                time = timestamp_text(record.time)
                lines.writerow((record.answer, time, record.kind, record.media_seconds, record.model_seconds))
                count += 1
    err().print(f"{count} records: {csv_file}", soft_wrap=True, markup=False)
