"""The two environments of CEL that an expression is compiled in.

`typed` knows the type of every fact and is there to check. `lenient` is there to evaluate: its groups are maps in which
a fact that is not known is missing, so that using one is an error of CEL. CEL's errors pass through `&&`, `||`,
`?:`, `exists` and `all` as an unknown does (`false && error` is false), and `has()` tells whether a fact is known; a
protobuf would answer 0 for a number that is absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args, get_origin

from cel_expr_python import cel
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool

from serving.adapters.rules.facts import FIELDS, GROUPS

_PACKAGE: Final = "viva.v1"  # callers read the types' names in messages and know them from the contract

_SCALARS: Final[Mapping[Any, FieldDescriptorProto.Type.ValueType]] = {
    bool: FieldDescriptorProto.TYPE_BOOL,
    float: FieldDescriptorProto.TYPE_DOUBLE,
    int: FieldDescriptorProto.TYPE_INT32,
    str: FieldDescriptorProto.TYPE_STRING,
}


def typed() -> cel.Env:
    """Variables of message types that are made from the domain's dataclasses."""
    file = FileDescriptorProto(name="screening_facts.proto", package=_PACKAGE, syntax="proto3")
    for group, kind in GROUPS.items():
        message = file.message_type.add(name=kind.__name__)
        for name, hint in FIELDS[group].items():
            _add_field(message, name, hint)
    pool = DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return cel.NewEnv(pool, variables={g: cel.Type(f"{_PACKAGE}.{kind.__name__}") for g, kind in GROUPS.items()})


def lenient() -> cel.Env:
    """Variables that are maps of anything; takes every expression over facts that `typed` takes."""
    # A pool of its own: the default one holds whatever messages the process has imported, for rules to build.
    return cel.NewEnv(
        DescriptorPool(), variables={group: cel.Type.Map(cel.Type.STRING, cel.Type.DYN) for group in GROUPS}
    )


def _add_field(message: DescriptorProto, name: str, hint: Any) -> None:
    field = message.field.add(name=name, number=len(message.field) + 1, label=FieldDescriptorProto.LABEL_OPTIONAL)
    if get_origin(hint) is Mapping:  # as protoc writes a map: a list of entries
        entry = message.nested_type.add(name=f"{name.title()}Entry")
        entry.options.map_entry = True
        for part, part_hint in zip(("key", "value"), get_args(hint), strict=True):
            _add_field(entry, part, part_hint)
        field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, entry.name
    else:
        field.type = next(_SCALARS[kind] for kind in (*get_args(hint), hint) if kind in _SCALARS)
    if get_origin(hint) in (Mapping, tuple):
        field.label = FieldDescriptorProto.LABEL_REPEATED
