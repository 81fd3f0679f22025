"""Move the configuration: settings, requirements, environment (phase 1).

python scripts/migrate_config.py --source MOC --target DIR [--dry-run] [--yes] [--json]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from orch_next.cli.migrate_script import Script, main

SCRIPT = Script("Move the configuration.", ("config", "requirements", "environment"))

if __name__ == "__main__":
    raise SystemExit(main(SCRIPT))
