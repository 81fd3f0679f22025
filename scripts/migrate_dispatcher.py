"""Move the dispatcher's parameters (phase 2).

    python scripts/migrate_dispatcher.py [--test] [--validate] [--source MOC] [--target DIR] [--yes]

--validate shows every finding first; --test moves into a temporary folder and back.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from orch_next.cli.migrate_script import Script, main

SCRIPT = Script("Move the dispatcher.", ("dispatcher",), looks=("validate",), rehearsals=("test",))

if __name__ == "__main__":
    raise SystemExit(main(SCRIPT))
