"""The whole exception tree; the HTTP statuses for it live at the edge only."""

from __future__ import annotations

from typing import Any


class OrchError(Exception):
    """Base of every error that ORCH-Next raises on purpose; `str()` is for people."""


class ConfigError(OrchError):
    """A setting is missing, unknown, or cannot work with the others."""


class InputError(OrchError):
    """A caller's value has the wrong type, is out of its domain, or cannot be stored."""


class NotFoundError(OrchError):
    """No record has the given id."""


class RuleError(OrchError):
    """The change breaks a rule of contract 3.3 (flow, governance, decided approval)."""


class ForbiddenError(OrchError):
    """The identity may not do this."""


class ConflictError(OrchError):
    """The record is not at the revision that the caller expected; `present` shows it.

    `facts` are further keys of the answer, for pages that say it in their own words.
    """

    def __init__(
        self,
        message: str,
        present: dict[str, Any] | None = None,
        facts: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.present = present
        self.facts = facts or {}


class BusyError(OrchError):
    """Another process holds what is needed; try again after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DatabaseError(BusyError):
    """The database cannot be used now; `reason` is for the log and the command line only.

    `lasting`: it will not pass by itself.
    """

    def __init__(self, reason: str, *, lasting: bool = False, retry_after: float = 2.0) -> None:
        super().__init__("the database cannot be used now (database-unusable)", retry_after)
        self.reason, self.lasting = reason, lasting


class SchemaError(DatabaseError):
    """The database will not do as it is; `reason` names the command that helps."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, lasting=True, retry_after=60.0)


class SlowFileError(BusyError):
    """A file is still being read; the result can be asked for later."""


class LedgerError(OrchError):
    """A ledger file cannot be read or written as asked; its bytes are unchanged."""


class DamagedError(LedgerError):
    """The file is damaged (conflict markers, no ledger table, bad bytes): not written."""


class RowError(LedgerError):
    """This row cannot be edited (duplicate id, missing cells, read-only dialect)."""


class UncertainError(LedgerError):
    """The change is in place, but the disk did not confirm that it will survive a crash."""


class MigrationError(OrchError):
    """A move cannot start or go on; what was there is unchanged, or can be rolled back."""


class BlockedError(MigrationError):
    """A step found a blocker, so nothing was changed."""


class RecordError(MigrationError):
    """A journal, manifest or backup is damaged, or from another version; nothing was touched."""
