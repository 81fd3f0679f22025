"""Move the dashboard's own templates and static files, check its routes (phase 2).

python scripts/migrate_dashboard.py [--templates] [--static] [--api] [--source MOC] [--yes]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from orch_next.cli.migrate_script import Script, main

SCRIPT = Script(
    "Move the dashboard.",
    ("dashboard",),
    parts={"templates": ("dashboard",), "static": ("dashboard",), "api": ("dashboard",)},
)

if __name__ == "__main__":
    raise SystemExit(main(SCRIPT))
