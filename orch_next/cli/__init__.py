"""The `orch-next` command: parse, run one command, return its exit status (docs/cli.md)."""

from __future__ import annotations

import importlib
import os
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from orch_next.cli.guard import guarded
from orch_next.cli.output import make_consoles_safe
from orch_next.cli.parser import build_parser

Command = Callable[[Namespace, Mapping[str, str]], int]


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Run one command and return its exit status; argparse exits with 2 for a usage error."""
    args = build_parser().parse_args(argv)
    make_consoles_safe()
    settings_source = os.environ if environ is None else environ
    return guarded(lambda: _command(args.module)(args, settings_source))


def _command(module: str) -> Command:
    # Only the chosen command is imported: eventlet must patch before much else is loaded.
    return cast(Command, importlib.import_module(f"orch_next.cli.{module}").run)
