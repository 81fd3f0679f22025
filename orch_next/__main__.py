"""Run the command line: `python -m orch_next`."""

from __future__ import annotations

from orch_next.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
