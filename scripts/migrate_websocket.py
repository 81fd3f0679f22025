"""Move the settings of realtime and webhooks (phase 3).

python scripts/migrate_websocket.py [--realtime] [--sse] [--source MOC] [--target DIR] [--yes]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from orch_next.cli.migrate_script import Script, main

SCRIPT = Script(
    "Move the realtime settings.",
    ("websocket",),
    parts={"realtime": ("websocket",), "sse": ("websocket",)},
)

if __name__ == "__main__":
    raise SystemExit(main(SCRIPT))
