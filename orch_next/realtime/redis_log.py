"""The event log in Redis, for several workers or machines over the same ledgers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from importlib import import_module
from typing import Any, ParamSpec, TypeVar

from orch_next.errors import BusyError, ConfigError
from orch_next.realtime.events import Draft, Event, stored_event
from orch_next.realtime.log import KEEP, Row

P = ParamSpec("P")
T = TypeVar("T")
TIMEOUT_SECONDS = 2.0
SEPARATOR = "\x1f"  # between kind and id; no cell can hold a control character

# One script: number, order and "told already?" are decided in one step. ARGV[4] repairs
# the counter of a Redis that lost its memory: numbers never fall behind what we saw.
_APPEND = """
local told = redis.call('HGET', KEYS[3], ARGV[1])
if ARGV[1] ~= '' then
  if (told or '') == ARGV[2] then return 0 end
  if ARGV[2] == '' then redis.call('HDEL', KEYS[3], ARGV[1])
  else redis.call('HSET', KEYS[3], ARGV[1], ARGV[2]) end
end
local newest = tonumber(redis.call('GET', KEYS[1]) or '0')
local seq = math.max(newest, tonumber(ARGV[4])) + 1
redis.call('SET', KEYS[1], seq)
redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[5], seq .. '-0', 'n', ARGV[6], 'p', ARGV[3])
return seq
"""


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


class RedisEventLog:
    """An `EventLog` in a counter, a stream and a hash under `<prefix>:`."""

    def __init__(self, url: str, prefix: str, *, keep: int = KEEP) -> None:
        self._redis = connect_redis(url)
        self._append = self._redis.register_script(_APPEND)
        self._keys = [f"{prefix}:{name}" for name in ("seq", "events", "rows")]
        self._keep = keep
        self._seen = 0

    @busy_when_redis_is_away
    def append(self, drafts: Sequence[Draft], at: datetime) -> int:
        """Number and keep what is new, each draft in one atomic step; return how many."""
        del at  # the payload carries the time
        return sum(self._append_one(draft) for draft in drafts)

    def _append_one(self, draft: Draft) -> bool:
        field = _field((draft.kind, draft.record_id)) if draft.is_row else ""
        values = [field, draft.rev or "", draft.encoded(), self._seen, self._keep, draft.name]
        seq = int(self._append(keys=self._keys, args=values))
        self._seen = max(self._seen, seq)
        return seq > 0

    @busy_when_redis_is_away
    def after(self, seq: int, limit: int = KEEP) -> list[Event]:
        """Return kept events behind `seq`, oldest first."""
        found = self._redis.xrange(self._keys[1], min=f"{seq + 1}-0", count=limit)
        events = [_event(entry) for entry in found]
        if events:
            self._seen = max(self._seen, events[-1].seq)
        return events

    @busy_when_redis_is_away
    def wait(self, seq: int, milliseconds: int) -> bool:
        """Return True as soon as there is an event behind `seq`; wait that long at most."""
        return bool(self._redis.xread({self._keys[1]: f"{seq}-0"}, count=1, block=milliseconds))

    @busy_when_redis_is_away
    def newest(self) -> int:
        """Return the highest number given so far, 0 for none."""
        return int(self._redis.get(self._keys[0]) or 0)

    @busy_when_redis_is_away
    def told(self) -> dict[Row, str]:
        """Return the revision of every row as the log last told it."""
        found = self._redis.hgetall(self._keys[2])
        return {_row(field.decode()): rev.decode() for field, rev in found.items()}

    @busy_when_redis_is_away
    def set_told(self, rows: Mapping[Row, str | None]) -> None:
        """Note revisions without telling anybody; None forgets a row."""
        with self._redis.pipeline() as pipe:
            for row, rev in rows.items():
                if rev is None:
                    pipe.hdel(self._keys[2], _field(row))
                else:
                    pipe.hset(self._keys[2], _field(row), rev)
            pipe.execute()

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()


def _field(row: Row) -> str:
    return SEPARATOR.join(row)


def _row(field: str) -> Row:
    kind, _, record_id = field.partition(SEPARATOR)
    return kind, record_id


def _event(entry: tuple[bytes, dict[bytes, bytes]]) -> Event:
    stream_id, fields = entry
    return stored_event(int(stream_id.split(b"-")[0]), fields[b"n"].decode(), fields[b"p"])
