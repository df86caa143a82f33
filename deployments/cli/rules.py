"""`viva rules`: screening rules, which recommend and never reject."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from deployments.cli import tables
from deployments.cli.files import RESOURCE_FILE, read_resource
from deployments.cli.names import name_of, report_name
from deployments.cli.options import Server
from deployments.cli.output import err
from deployments.cli.resources import (
    calling,
    filter_option,
    json_option,
    limit_option,
    on_server,
    page_size,
    show,
    show_list,
    to_json,
)

if TYPE_CHECKING:
    from viva.v1.screening_pb2 import ScreeningRule

_COLUMNS: Final = ("name", "display_name", "role", "recommends", "expression")
_CHANGEABLE: Final = ("display_name", "expression", "recommends", "role", "tests")
_EXAMPLE: Final = """\b
Example of FILE:
  screening_rule_id: strong
  display_name: Strong in the interview
  expression: report.overall >= 7.5 && report.competencies["teamwork"] >= 6.0
  role: graduate_trainee
  tests:
    - facts: {report: {overall: 8, competencies: {teamwork: 7}}}
      expected: true
"""


@click.group()
def rules() -> None:
    """Screening rules: what is recommended, in CEL over report, resume, tests and checks. A person decides."""


@rules.command(epilog=f"{_EXAMPLE}\n\b\n  viva rules apply strong.yaml")
@click.argument("file", type=RESOURCE_FILE)
@json_option
@on_server
def apply(file: Path, as_json: bool, server: Server) -> None:
    """Make the rule of FILE, or bring it to what FILE says. The server runs its tests first.

    FILE is YAML or JSON: `screening_rule_id`, and the fields of viva.v1.ScreeningRule. Applied again, it changes
    nothing.
    """
    from viva_client import NotFoundError

    rule, rule_id = _read(file)
    rule.name = name_of("screeningRules", rule_id)
    with calling(server) as client:
        try:
            rule.etag = client.screening.get(rule.name).etag
        except NotFoundError:
            applied, word = client.screening.create(rule, screening_rule_id=rule_id), "made"
        else:
            applied, word = client.screening.update(rule, {"paths": _CHANGEABLE}), "applied"
        err().print(f"{applied.name}: {word}", soft_wrap=True)
        show(applied, as_json)


@rules.command(
    epilog="\b\nExamples:\n  viva rules test strong.yaml --interview 5b1e\n"
    "  viva rules test strong.yaml --facts facts.yaml"
)
@click.argument("file", type=RESOURCE_FILE)
@click.option("--interview", help="Apply it to the report of this interview.")
@click.option("--facts", type=RESOURCE_FILE, help="Apply it to the viva.v1.ScreeningFacts of this file.")
@json_option
@on_server
def test(file: Path, interview: str | None, facts: Path | None, as_json: bool, server: Server) -> None:
    """Apply the rule of FILE to facts or to a report. Stores nothing."""
    from viva.v1.screening_pb2 import ScreeningFacts

    if (interview is None) == (facts is None):
        raise click.UsageError("give --interview or --facts, one of them")
    rule, _ = _read(file)
    given = read_resource(facts, ScreeningFacts())[0] if facts else None
    with calling(server) as client:
        # Both are of one oneof: the one that is None stays unset.
        found = client.screening.test(rule, facts=given, report=report_name(interview) if interview else None)
    if as_json:
        click.echo(to_json(found))
    else:
        tables.print_message(found)


@rules.command("list", epilog="\b\nExample:\n  viva rules list")
@filter_option("name, create_time, role")
@limit_option
@json_option
@on_server
def list_(filter_: str, limit: int, as_json: bool, server: Server) -> None:
    """List the rules."""
    with calling(server) as client:
        show_list(client.screening.list(page_size=page_size(limit), filter=filter_), as_json, limit, _COLUMNS)


@rules.command(epilog="\b\nExample:\n  viva rules delete strong")
@click.argument("rule")
@json_option
@on_server
def delete(rule: str, as_json: bool, server: Server) -> None:
    """Delete a rule. Recommendations that were made stay."""
    with calling(server) as client:
        show(client.screening.delete(name_of("screeningRules", rule)), as_json)


def _read(file: Path) -> tuple[ScreeningRule, str]:
    from viva.v1.screening_pb2 import ScreeningRule

    rule, rule_id = read_resource(file, ScreeningRule(), id_field="screening_rule_id")
    if rule.role:
        rule.role = name_of("roles", rule.role)
    return rule, rule_id
