"""`orch-next doctor`: look at the installation, and say how to mend what is wrong."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from orch_next.cli import doctor_places as places
from orch_next.cli.doctor_clock import check_clock
from orch_next.cli.doctor_software import check_packages, check_python
from orch_next.cli.findings import Finding, fail, ok
from orch_next.cli.guard import FAILED, FINE
from orch_next.cli.ledgers import read_state
from orch_next.cli.options import settings_for
from orch_next.cli.output import as_line, print_json
from orch_next.config import Settings
from orch_next.errors import ConfigError


def run(args: Namespace, environ: Mapping[str, str]) -> int:
    """Print every check; fail when one failed, warnings are fine."""
    findings = list(examine(args, environ))
    if args.json:
        print_json([asdict(finding) for finding in findings])
    else:
        for one in findings:
            mend = f"; mend: {one.mend}" if one.mend else ""
            print(as_line(f"{one.level:4}  {one.name}: {one.message}{mend}"))
    return FAILED if any(one.level == "fail" for one in findings) else FINE


def examine(args: Namespace, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the findings; without usable settings those that need none."""
    yield check_python()
    yield from check_packages()
    try:
        settings = settings_for(args, environ)
    except ConfigError as error:
        yield fail("configuration", str(error), "see docs/configuration.md")
        return
    yield ok("configuration", f"valid; ORCH root {settings.root}")
    yield from _examine_places(settings)


def _examine_places(settings: Settings) -> Iterator[Finding]:
    yield from places.check_ledgers(read_state(settings))
    yield places.check_lock(settings.state_folder)
    yield from places.check_merge_driver(settings.state_folder)
    yield from places.check_unfinished(settings.state_folder)
    yield places.check_database(settings.database)
    yield from check_clock(settings)
    yield places.check_port(settings.host, settings.port)
    yield places.check_door(settings)
    yield from places.check_secrets(settings)
    yield from places.check_rights(settings.root)
