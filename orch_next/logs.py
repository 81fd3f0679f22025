"""Log lines for people (`text`) or machines (`json`, one object a line)."""

from __future__ import annotations

import json
import logging
import sys
from copy import copy
from datetime import datetime, timezone

FIELDS = ("cid", "method", "path", "status", "ms")
TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class TextLines(logging.Formatter):
    """One line for people, in which no value can forge another line or colour."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; only a traceback that follows it has lines of its own."""
        shown = copy(record)
        shown.msg, shown.args = as_one_line(record.getMessage()), None
        return super().format(shown)


def as_one_line(text: str) -> str:
    """Return text whose control characters, line ends and directions are escaped."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else _escaped(one) for one in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode()


class JsonLines(logging.Formatter):
    """One JSON object a line: ts (UTC), level, logger, message, and a request's fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; control characters are escaped, so no value can forge another."""
        at = datetime.fromtimestamp(record.created, timezone.utc)
        line = {
            "ts": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: getattr(record, name) for name in FIELDS if hasattr(record, name)},
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def set_up_logging(log_format: str, log_level: str) -> None:
    """Send our log lines to standard error; call it once per process, from an entry point."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format == "json" else TextLines(TEXT))
    ours = logging.getLogger("orch_next")
    ours.handlers = [handler]
    ours.setLevel(log_level.upper())
    ours.propagate = False
