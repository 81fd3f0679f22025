"""`orch-next identity`: who may come in when `ORCH_AUTH=token`."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import asdict

from orch_next.cli.guard import FINE
from orch_next.cli.options import settings_for
from orch_next.cli.output import as_line, as_table, print_json
from orch_next.security.identities import Identities

COLUMNS = ("name", "role", "created_at")


def run(args: Namespace, environ: Mapping[str, str]) -> int:
    """Add, list, change or remove identities; raise `InputError` or `NotFoundError`."""
    identities = Identities(settings_for(args, environ).database)
    verbs: Mapping[str, Callable[[Namespace, Identities], int]] = {
        "add": _add,
        "remove": _remove,
        "password": _set_password,
        "cores": _set_cores,
        "logout": _end_sessions,
    }
    return verbs.get(args.verb, _print_all)(args, identities)


def _remove(args: Namespace, identities: Identities) -> int:
    print(as_line(f"{identities.remove(args.name).name} removed"))
    return FINE


def _set_password(args: Namespace, identities: Identities) -> int:
    """Take the password from the terminal without showing it, else a line of the input."""
    identity = identities.get(args.name)
    asks = sys.stdin.isatty()
    password = getpass.getpass() if asks else sys.stdin.readline().rstrip("\r\n")
    identities.set_password(identity, password)
    print(as_line(f"{identity.name} has a new password; its sessions have ended"))
    return FINE


def _set_cores(args: Namespace, identities: Identities) -> int:
    identity = identities.set_cores(identities.get(args.name), args.cores)
    print(as_line(f"{identity.name} may speak as {', '.join(identity.cores) or 'no other core'}"))
    return FINE


def _end_sessions(args: Namespace, identities: Identities) -> int:
    identity = identities.get(args.name)
    identities.end_sessions(identity)
    print(as_line(f"the sessions of {identity.name} have ended"))
    return FINE


def _add(args: Namespace, identities: Identities) -> int:
    identity, token = identities.add(args.name, args.role, args.core)
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
