"""Move the knowledge database (phase 3).

    python scripts/migrate_knowledge.py [--data] [--schema] [--source MOC] [--target DIR] [--yes]

--schema shows the plan and its findings first; --data is what is moved anyway.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from orch_next.cli.migrate_script import Script, main

SCRIPT = Script(
    "Move the knowledge database.",
    ("knowledge",),
    parts={"data": ("knowledge",)},
    looks=("schema",),
)

if __name__ == "__main__":
    raise SystemExit(main(SCRIPT))
