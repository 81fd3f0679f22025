"""Move logs and data (phase 1).

    python scripts/migrate_data.py [--logs] [--metrics] [--source MOC] [--target DIR] [--yes]

--logs moves ORCH/LOGS alone, --metrics data/ alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from orch_next.cli.migrate_script import Script, main

SCRIPT = Script(
    "Move logs and data.",
    ("logs", "data"),
    parts={"logs": ("logs",), "metrics": ("data",)},
)

if __name__ == "__main__":
    raise SystemExit(main(SCRIPT))
