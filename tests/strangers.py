"""Strangers that are the first at every loopback connection which a server makes to itself."""

from __future__ import annotations

import _socket
import sys
from typing import Any

from flask import Flask

from tests import serving_app
from tests.serving_app import create_app, start_background

__all__ = ["create_app", "load", "start_background"]

_strangers: list[Any] = []
_connecting: list[Any] = []


def be_first(event: str, args: tuple[Any, ...]) -> None:
    """Connect to the address that this process is about to connect to, and stay there."""
    if event != "socket.connect" or _connecting or args[1][0] != "127.0.0.1":
        return
    stranger = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    _connecting.append(stranger)
    stranger.connect(args[1])
    _strangers.append(_connecting.pop())


def load() -> Flask:
    """Return the small app for a gunicorn worker."""
    return serving_app.load()


sys.addaudithook(be_first)
