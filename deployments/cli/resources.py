"""What commands over stored resources share: the call, and the result as JSON or as a table."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

from deployments.cli import tables
from deployments.cli.options import Server, server_options
from deployments.cli.output import client_errors, connect, err

if TYPE_CHECKING:
    from viva_client import VivaClient

_WAIT_S: Final = 2.0
_PAGE: Final = 1_000  # the most that the contract allows

on_server = server_options(wait_s=_WAIT_S, wait_option=False)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON with the contract's field names; of lists, an object a line."
)
limit_option = click.option(
    "--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most this many."
)


def filter_option(fields: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add `--filter`, whose help names the fields that it may compare."""
    return click.option(
        "--filter", "filter_", default="", metavar="TEXT", help=f"Comparisons joined by AND, over {fields}."
    )


@contextmanager
def calling(server: Server) -> Iterator[VivaClient]:
    """A client of a server that answers; what it raises becomes one line."""
    with client_errors(server), connect(server) as client:
        yield client


def to_json(message: Any, indent: int | None = 2) -> str:
    """Protobuf JSON: proto field names; zeros and empty lists are there, absent fields are not."""
    from google.protobuf.json_format import MessageToJson

    return MessageToJson(
        message,
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
        ensure_ascii=False,
        indent=indent,
    )


def show(message: Any, as_json: bool) -> None:
    """Print one message."""
    if as_json:
        click.echo(to_json(message))
    else:
        tables.print_message(message)


def show_list(items: Iterable[Any], as_json: bool, limit: int, columns: Sequence[str]) -> None:
    """Print at most `limit` items, and say on stderr when there are more."""
    items = iter(items)
    first = itertools.islice(items, limit)
    if as_json:
        for item in first:
            click.echo(to_json(item, indent=None))
    else:
        tables.print_table(list(first), columns)
    if next(items, None) is not None:
        err().print(f"there are more than {limit}; --limit shows more", style="dim")


def page_size(limit: int) -> int:
    """A page that holds `limit` items and the one that tells of more, if a page can."""
    return min(_PAGE, limit + 1)
