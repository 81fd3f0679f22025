"""Move the ledgers of STATE (phase 1).

    python scripts/migrate_state.py [--validate] [--backup] [--source MOC] [--target DIR] [--yes]

--validate shows every finding first; --backup reads the backup again after the move (one is
always taken before anything is written).
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from orch_next.cli.migrate_script import Script, main

SCRIPT = Script("Move the ledgers.", ("state",), looks=("validate",), proofs=("backup",))

if __name__ == "__main__":
    raise SystemExit(main(SCRIPT))
