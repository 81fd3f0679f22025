"""Whatever the old files hold: nothing is lost, no secret is told, and a second run is quiet."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orch_next.migrate.settings.json_lines import read_json, walk
from orch_next.migrate.settings.rules import known_keys
from orch_next.migrate.steps.config import ConfigStep
from tests.small_moc import apply, contents, make_house

NAMES = sorted({part for key in known_keys("config/production.json") for part in key.split(".")})
WORDS = st.sampled_from([*NAMES, "メモ", "a.b", "", "password", "api_token", "webhook_secret"])
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 70_000),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(max_size=8),
    st.sampled_from(
        [
            *("*", "0.0.0.0", "INFO", "https://盤.example"),
            *("https://u:pw-geheim@x.example", "https://shop.example/hook?token=pw-geheim"),
        ]
    ),
    st.lists(st.sampled_from(["*", "https://a.example", "x"]), max_size=2),
)
MEMBERS = st.recursive(
    st.dictionaries(WORDS, VALUES, max_size=5),
    lambda inner: st.dictionaries(WORDS, st.one_of(VALUES, inner), max_size=5),
    max_leaves=25,
)
SECRET = "geheim-6c1f7a"
USED = {"setting", "secret", "unsafe"}


def kept(members: dict[str, Any], path: tuple[str, ...]) -> Any:
    """Return the value below a path; a path whose way is blocked stands joined by dots."""
    found = dict(walk(members))
    return found.get(path, found.get((".".join(path),)))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(MEMBERS)
def test_every_value_has_a_row_and_stays_somewhere(members: dict[str, Any]) -> None:
    text = json.dumps(members)
    with tempfile.TemporaryDirectory() as folder:
        house = make_house(Path(folder), {"config/production.json": text})
        work = ConfigStep().plan(house)
        found = contents(work.changes)
        apply(house, work.changes)
        again = contents(ConfigStep().plan(house).changes)
    leaves = read_json(text).leaves
    rows = {row["key"]: row["fate"] for row in work.notes["mapping"]}
    assert set(rows) == {leaf.name for leaf in leaves}
    assert again == found
    if leaves:
        written = json.loads(found["config/production.json"])
        places = [written.get(name, {}).get("config/production.json", {}) for name in
                  ("obsolete", "unknown")]  # fmt: skip
        lost = [
            leaf.name
            for leaf in leaves
            if rows[leaf.name] not in USED
            and leaf.value not in (None, "", [], {})
            and not any(kept(place, leaf.path) == leaf.value for place in places)
        ]
        assert lost == []


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(MEMBERS, st.sampled_from(["password", "webhook_secret", "api_token", "jwt_secret"]))
def test_no_secret_is_told(members: dict[str, Any], name: str) -> None:
    text = json.dumps({**members, name: SECRET})
    with tempfile.TemporaryDirectory() as folder:
        house = make_house(Path(folder), {"ORCH/integrated_config.json": text})
        work = ConfigStep().plan(house)
    found = contents(work.changes)
    told = repr((work.findings, work.counts, work.notes)) + found["config/production.json"].decode()
    assert (SECRET in told, "pw-geheim" in told) == (False, False)
    assert SECRET in found["config/secrets.json"].decode()
