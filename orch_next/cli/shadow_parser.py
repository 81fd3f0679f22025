"""The grammar of `orch-next migrate shadow`; it imports nothing heavy."""

from __future__ import annotations

import argparse

ROUNDS = 40


def add_shadow(verbs: argparse._SubParsersAction[argparse.ArgumentParser], epilog: str) -> None:
    """Add the verb to those of `orch-next migrate`."""
    summary = "compare the old server and the new one"
    command = verbs.add_parser("shadow", help=summary, description=summary, epilog=epilog)
    command.set_defaults(module="shadow")
    command.add_argument("--legacy", required=True, metavar="URL", help="http://127.0.0.1:5000")
    command.add_argument("--next", required=True, metavar="URL", help="http://127.0.0.1:5001")
    command.add_argument(
        "--rounds", type=int, default=ROUNDS, help=f"per route; 0 times nothing (default: {ROUNDS})"
    )
    command.add_argument(
        "--timeout", type=float, default=10.0, metavar="SECONDS", help="per request (default: 10)"
    )
    command.add_argument("--json", action="store_true", help="print JSON (UTF-8)")
