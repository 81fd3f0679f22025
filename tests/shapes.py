"""Test tool: compare a JSON value with a shape and say where they differ.

A shape is a type (exactly that type), a compiled pattern (text that matches), a list with
one shape (every element), a dict (exactly these keys; a key `...` is the shape of every
other key), a tuple (any of these), or a plain value (equal to it).
"""

from __future__ import annotations

import re
from typing import Any


def differences(value: Any, shape: Any, where: str = "") -> list[str]:
    """Return one line per difference; nothing when the value has the shape."""
    if isinstance(shape, tuple):
        fits = any(not differences(value, one) for one in shape)
        return [] if fits else [f"{where}: {value!r} is none of {shape!r}"]
    if isinstance(shape, type):
        return [] if type(value) is shape else [f"{where}: {value!r} is no {shape.__name__}"]
    if isinstance(shape, re.Pattern):
        fits = isinstance(value, str) and shape.fullmatch(value) is not None
        return [] if fits else [f"{where}: {value!r} does not match {shape.pattern}"]
    if isinstance(shape, dict) and isinstance(value, dict):
        return _in_object(value, shape, where)
    if isinstance(shape, list) and isinstance(value, list) and len(shape) == 1:
        return [
            d for i, one in enumerate(value) for d in differences(one, shape[0], f"{where}[{i}]")
        ]
    return [] if value == shape else [f"{where}: {value!r} is not {shape!r}"]


def _in_object(value: dict[str, Any], shape: dict[Any, Any], where: str) -> list[str]:
    other = shape.get(...)
    named = {key: one for key, one in shape.items() if key is not ...}
    found = [f"{where}.{key}: missing" for key in named if key not in value]
    for key, one in value.items():
        if key not in named and other is None:
            found.append(f"{where}.{key}: not in the contract")
        else:
            found += differences(one, named.get(key, other), f"{where}.{key}")
    return found
