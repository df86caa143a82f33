"""Messages as tables for people. What a message is called in the contract names its rows and columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deployments.cli.names import without_tenant
from deployments.cli.output import out

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

_PIPE_WIDTH: Final = 10_000  # a line that another program reads is not folded


def console() -> Console:
    """Console of results, which folds lines for terminals only."""
    made = out()
    if not made.is_terminal:
        made.width = _PIPE_WIDTH
    return made


def print_table(items: Iterable[Any], columns: Sequence[str], title: str = "") -> None:
    """A row an item. Columns are fields, those of nested messages as `overall.score`."""
    table = Table(box=None, pad_edge=False, title=escape(title), title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(_title(column), overflow="fold")
    for item in items:
        table.add_row(*(escape(cell(item, column)) for column in columns))
    console().print(table)


def print_message(message: Any) -> None:
    """A row for each field that is set, and a table for each list of messages."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    lists: list[tuple[str, Sequence[Any]]] = []
    for name, text in _rows(message, "", lists):
        grid.add_row(_title(name), escape(text))
    console().print(grid)
    for name, items in lists:
        console().print()
        there = {field.name for item in items for field, _ in item.ListFields()}
        columns = [field.name for field in items[0].DESCRIPTOR.fields if field.name in there]
        print_table(items, columns, _title(name))


def cell(message: Any, path: str) -> str:
    """The text of one field, empty when it is absent."""
    *parents, name = path.split(".")
    for parent in parents:
        message = getattr(message, parent)
    field = message.DESCRIPTOR.fields_by_name[name]
    if field.has_presence and not message.HasField(name):
        return ""
    value = getattr(message, name)
    return without_tenant(value) if isinstance(value, str) else _text(field, value)


def _rows(message: Any, prefix: str, lists: list[tuple[str, Sequence[Any]]]) -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields():
        name = f"{prefix}{field.name}"
        if field.message_type is None or _is_map(field) or field.message_type.full_name == "google.protobuf.Timestamp":
            yield name, _text(field, value)
        elif field.is_repeated:
            lists.append((name, value))
        else:
            yield from _rows(value, f"{name}.", lists)


def _text(field: Any, value: Any) -> str:
    if _is_map(field):
        return ", ".join(f"{key} {one:g}" for key, one in sorted(value.items()))
    if field.is_repeated:
        if field.message_type is not None:
            return str(len(value))
        return ", ".join(_scalar(field, one) for one in value)
    if field.message_type is None:
        return _scalar(field, value)
    if field.message_type.full_name == "google.protobuf.Timestamp":
        return timestamp_text(value)
    return ", ".join(f"{_title(one.name)} {_text(one, nested)}" for one, nested in value.ListFields())


def _scalar(field: Any, value: Any) -> str:
    if field.enum_type is not None:
        return _enum_word(field.enum_type, value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def timestamp_text(time: Timestamp) -> str:
    """`2026-11-25 18:00:00Z`."""
    return f"{time.ToDatetime().isoformat(sep=' ', timespec='seconds')}Z"


def _enum_word(enum: Any, number: int) -> str:
    """`open` of `STATE_OPEN`; the number of a value that is not known here."""
    found = enum.values_by_number.get(number)
    if found is None:
        return str(number)
    prefix = enum.values[0].name.removesuffix("UNSPECIFIED")
    return str(found.name.removeprefix(prefix)).lower()


def _is_map(field: Any) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def _title(path: str) -> str:
    return path.replace("_", " ").replace(".", " ")
