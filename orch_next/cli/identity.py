"""`orch-next identity`: who may come in when `ORCH_AUTH=token`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict

from orch_next.cli.guard import FINE
from orch_next.cli.options import settings_for
from orch_next.cli.output import as_line, as_table, print_json
from orch_next.security.identities import Identities

COLUMNS = ("name", "role", "created_at")


def run(args: Namespace, environ: Mapping[str, str]) -> int:
    """Add, list or remove identities; raise `InputError` or `NotFoundError`."""
    identities = Identities(settings_for(args, environ).database)
    if args.verb == "add":
        return _add(args, identities)
    if args.verb == "remove":
        print(as_line(f"{identities.remove(args.name).name} removed"))
        return FINE
    return _print_all(args, identities)


def _add(args: Namespace, identities: Identities) -> int:
    identity, token = identities.add(args.name, args.role)
    if args.json:
        print_json({**asdict(identity), "token": token})
    else:
        print(token)
    return FINE


def _print_all(args: Namespace, identities: Identities) -> int:
    found = identities.list_all()
    if args.json:
        print_json([asdict(identity) for identity in found])
    else:
        print(as_table(COLUMNS, [[getattr(one, name) for name in COLUMNS] for one in found]))
    return FINE
