"""Our own tables by a few of their columns: another's table of that name lacks them.

The rooms that own them are out of reach here; a test compares this list with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_TELLTALES: Mapping[str, str] = {
    "alerts": "number alert_id first_at",
    "approval_requests": "appr_id row_rev",
    "attempt_places": "task_id generation machine boot space",
    "attempts": "task_id attempt exit_status",
    "high_water": "kind prefix number",
    "idempotency": "scope key payload_sha256 answer",
    "identities": "name_key role token_sha256",
    "identity_passwords": "identity_id password",
    "identity_standing": "identity_id generation cores",
    "journal": "uid record_id rev_after payload_sha256",
    "journal_turn": "id",
    "knowledge_marks": "name number",
    "learned_models": "script version learned",
    "lease_claims": "task_id generation identity_id",
    "lease_repeats": "task_id generation claim_sha256 report_sha256",
    "leases": "task_id generation token_hash",
    "ledger_checkpoints": "kind at revisions",
    "readings": "host at cpu",
    "rule_checks": "rule_id checked_at",
    "rule_violations": "rule_id fingerprint",
    "search_documents": "source ref body",
    "search_words": "words",
    "wanted_sessions": "core uid nudges asked_at",
    "work_outcomes": "number outcome_hash script counts ts",
}
OUR_NAMES = tuple(_TELLTALES)
# What earlier versions had: taken along until a migration has taken it in.
_FORMER: Mapping[str, str] = {
    "live_counter": "name value",
    "live_events": "seq payload",
    "live_rows": "kind record_id rev",
}


def is_our_name(table: str) -> bool:
    """Tell whether we have or had a table of this name; SQLite takes no notice of case."""
    return table.lower() in (*_TELLTALES, *_FORMER)


def is_foreign(table: str, columns: Iterable[str]) -> bool:
    """Tell whether a table has a name of ours but is another one."""
    wanted = {**_FORMER, **_TELLTALES}.get(table.lower(), "").split()
    return not set(wanted) <= {column.lower() for column in columns}


def is_ours(table: str, columns: Iterable[str]) -> bool:
    """Tell whether a table is one of ours."""
    return is_our_name(table) and not is_foreign(table, columns)
