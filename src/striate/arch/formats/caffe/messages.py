"""Caffe's messages as protobuf classes, made from the table in `message_fields.py` when they are first needed.

No generated code and no protoc, so no tie to one version of protobuf. Real numbers are kept as they are written, in
double precision (Caffe itself would round them to single).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from striate.arch.formats.caffe.message_fields import ENUMERATIONS, MESSAGES


def fields_of(message: str) -> dict[str, tuple[int, str]]:
    """Number and type of each field of a message.

    >>> fields_of("ELUParameter")
    {'alpha': (1, 'f')}
    """
    return _table()[message]


@cache
def _table() -> dict[str, dict[str, tuple[int, str]]]:
    table: dict[str, dict[str, tuple[int, str]]] = {}
    for line in MESSAGES.strip().splitlines():
        if not line.startswith(" "):
            fields = table[line] = {}
            continue
        for field in line.split(";"):
            name, number, kind = field.split()
            fields[name] = int(number), kind
    return table


@cache
def enumeration(name: str) -> dict[int, str]:
    """The words of an enumeration by their numbers.

    >>> enumeration("Phase")
    {0: 'TRAIN', 1: 'TEST'}
    """
    lines = (line.split() for line in ENUMERATIONS.strip().splitlines())
    values = (value.split("=") for kind, *values in lines if kind == name for value in values)
    return {int(number): word for word, number in values}


@cache
def message_class(name: str) -> Any:
    """The class of a message; only this imports protobuf, which takes time."""
    from google.protobuf import message_factory

    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"caffe.{name}"))


@cache
def _pool() -> Any:
    """The table as protobuf's descriptors, in a separate pool."""
    from google.protobuf import descriptor_pb2, descriptor_pool

    kinds = descriptor_pb2.FieldDescriptorProto
    plain = {"i": kinds.TYPE_INT64, "u": kinds.TYPE_UINT64, "f": kinds.TYPE_DOUBLE, "b": kinds.TYPE_BOOL,
             "s": kinds.TYPE_STRING}
    file = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package="caffe", syntax="proto2")
    enumerations = dict.fromkeys(line.split()[0] for line in ENUMERATIONS.strip().splitlines())
    for kind in enumerations:  # each in a scope of its own, for they share words
        made = file.message_type.add(name=f"{kind}Scope").enum_type.add(name=kind)
        for number, word in enumeration(kind).items():
            made.value.add(name=word, number=number)
    for message, fields in _table().items():
        entry = file.message_type.add(name=message)
        for field, (number, kind) in fields.items():
            label = kinds.LABEL_REPEATED if kind.startswith("*") else kinds.LABEL_OPTIONAL
            kind = kind.removeprefix("*")
            if kind in plain:
                entry.field.add(name=field, number=number, label=label, type=plain[kind])
            elif kind in enumerations:
                entry.field.add(name=field, number=number, label=label, type=kinds.TYPE_ENUM,
                               type_name=f".caffe.{kind}Scope.{kind}")
            else:
                entry.field.add(name=field, number=number, label=label, type=kinds.TYPE_MESSAGE,
                               type_name=f".caffe.{kind}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool
