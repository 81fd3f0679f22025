"""A client of Redis that gives up soon, and says so in our words."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any, ParamSpec, TypeVar

from orch_next.errors import BusyError, ConfigError

P = ParamSpec("P")
T = TypeVar("T")
TIMEOUT_SECONDS = 2.0


def connect_redis(url: str) -> Any:
    """Return a client of one's own; `ConfigError` when the `redis` package is missing."""
    try:
        module = import_module("redis")
    except ImportError as error:
        raise ConfigError("ORCH_REDIS_URL needs the package redis: pip install .[all]") from error
    return module.Redis.from_url(
        url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )


def busy_when_redis_is_away(method: Callable[P, T]) -> Callable[P, T]:
    """Raise `BusyError` for whatever the Redis client raises."""

    @wraps(method)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        errors = import_module("redis.exceptions")
        try:
            return method(*args, **kwargs)
        except errors.RedisError as error:
            raise BusyError(f"redis: {error}") from error

    return guarded
