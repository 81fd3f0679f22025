"""The command line's grammar: names, options and their help; it imports nothing heavy."""

from __future__ import annotations

import argparse
from pathlib import Path

from orch_next import __version__
from orch_next.cli.migrate_parser import add_migrate

TASK_VERBS = {
    "promote": "set the status to READY",
    "approve-done": "set the status to DONE",
    "request-fix": "set the status to FIX",
    "hold": "set the status to HOLD and clear the lock cells",
    "drop": "set the status to DROP",
}
APPROVAL_VERBS = {
    "approve": "decide a pending approval: approved",
    "reject": "decide a pending approval: rejected",
}
IDENTITY_ROLES = ("CMD", "WORK", "AUDIT", "viewer")
IDENTITY_VERBS = {
    "remove": "remove an identity",
    "password": "give it a new password, read from the terminal or a pipe; end its sessions",
    "logout": "end its sessions everywhere",
}
REPORTS = ("DOING", "REVIEW", "FIX", "READY")
MOST_SECONDS = 86_400
MOST_MARKER = 1_000
ASYNC_MODES = ("eventlet", "threading", "gevent")

EPILOG = """exit status: 0 fine, 1 expected failure (unknown id, refused change, taken port,
problems found), 2 usage, 3 a bug (a log file is named), 4 done but not
printed, 130 interrupted"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser; a parsed namespace has `module`, the command module's name."""
    parser = argparse.ArgumentParser(
        prog="orch-next",
        description="Dashboard and lossless ledger for a MOC installation.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"orch-next {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_serve(commands)
    _add_check(commands)
    _add_tasks(commands)
    _add_approvals(commands)
    _add_identity(commands)
    _add_dispatch(commands)
    _add_leases(commands)
    _add_undo(commands)
    _add_merge_ledger(commands)
    _add_init(commands)
    _add_json(_add_command(commands, "doctor", "check the installation", "doctor"))
    add_migrate(commands, EPILOG)
    return parser


_Commands = argparse._SubParsersAction  # argparse has no public name for it


def _add_command(
    commands: _Commands[argparse.ArgumentParser], name: str, summary: str, module: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=summary, epilog=EPILOG)
    command.set_defaults(module=module)
    command.add_argument(
        "--orch-root",
        type=Path,
        metavar="FOLDER",
        help="the ORCH folder that holds STATE/ (default: $ORCH_ROOT, else ./ORCH)",
    )
    return command


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON (UTF-8)")


def _add_serve(commands: _Commands[argparse.ArgumentParser]) -> None:
    serve = _add_command(commands, "serve", "serve the dashboard", "serve")
    serve.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", help="port to listen on (default: 5001)")
    serve.add_argument(
        "--async-mode", choices=ASYNC_MODES, default="eventlet", help="default: eventlet"
    )


def _add_check(commands: _Commands[argparse.ArgumentParser]) -> None:
    check = _add_command(commands, "check", "print the problems of the ledgers", "check")
    check.add_argument(
        "--strict", action="store_true", help="also what contradicts the rules, and STATE/LOCKS"
    )
    _add_json(check)


def _add_tasks(commands: _Commands[argparse.ArgumentParser]) -> None:
    tasks = commands.add_parser("tasks", help="list, show, change and create tasks")
    verbs = tasks.add_subparsers(dest="verb", metavar="VERB", required=True)
    _add_reading(verbs, "task_id", "tasks")
    for verb, summary in TASK_VERBS.items():
        _add_change(_add_command(verbs, verb, summary, "tasks"), "task_id")
    create = _add_command(verbs, "create", "add a task in status PLAN", "tasks")
    create.add_argument("--title", required=True)
    create.add_argument("--owner", default="CMD", help="CMD, WORK or AUDIT (default: CMD)")
    create.add_argument("--due", metavar="DATE", help="due date, as the cell shall hold it")
    create.add_argument("--notes", default="")
    _add_author(create)


def _add_approvals(commands: _Commands[argparse.ArgumentParser]) -> None:
    approvals = commands.add_parser("approvals", help="list, show and decide approvals")
    verbs = approvals.add_subparsers(dest="verb", metavar="VERB", required=True)
    _add_reading(verbs, "appr_id", "approvals")
    for verb, summary in APPROVAL_VERBS.items():
        command = _add_command(verbs, verb, summary, "approvals")
        command.add_argument("--approver", metavar="NAME", help="default: the actor")
        command.add_argument("--approver-role", metavar="ROLE", help="CMD or AUDIT (default: CMD)")
        command.add_argument("--comment", default="", help="kept in the journal")
        _add_change(command, "appr_id")


def _add_identity(commands: _Commands[argparse.ArgumentParser]) -> None:
    identity = commands.add_parser("identity", help="say who may come in with ORCH_AUTH=token")
    verbs = identity.add_subparsers(dest="verb", metavar="VERB", required=True)
    add = _add_command(verbs, "add", "add an identity; print its token, this once", "identity")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--role", required=True, choices=IDENTITY_ROLES)
    help_text = "a core it may speak as, besides those of its role; may be given again"
    add.add_argument("--core", metavar="CORE", action="append", default=[], help=help_text)
    _add_json(add)
    _add_json(_add_command(verbs, "list", "list the identities", "identity"))
    for verb, summary in IDENTITY_VERBS.items():
        _add_command(verbs, verb, summary, "identity").add_argument("name", metavar="NAME")
    cores = _add_command(verbs, "cores", "say as which cores it may speak", "identity")
    cores.add_argument("name", metavar="NAME")
    cores.add_argument("cores", metavar="CORE", nargs="*", help="none: those of its role only")


def _add_dispatch(commands: _Commands[argparse.ArgumentParser]) -> None:
    dispatch = _add_command(commands, "dispatch", "hand READY tasks to a core", "dispatch")
    dispatch.add_argument("--core-id", metavar="CORE", help="the core, as config/cores.toml has it")
    how = dispatch.add_mutually_exclusive_group()
    how.add_argument("--once", action="store_true", help="take one task and end (default)")
    how.add_argument("--stay", action="store_true", help="go on until Ctrl-C")
    how.add_argument("--dry-run", action="store_true", help="print what would be taken")
    how.add_argument("--explain", metavar="TASK", help="say why a task is not running")
    dispatch.add_argument(
        "--interval", type=_seconds, default=5, metavar="SECONDS", help="between looks (default: 5)"
    )
    dispatch.add_argument(
        "--enable-orch-integration", action="store_true", help="keep STATE/LOCKS up to date"
    )
    _add_json(dispatch)


def _seconds(text: str) -> int:
    seconds = int(text)
    if not 1 <= seconds <= MOST_SECONDS:
        raise ValueError
    return seconds


def _add_leases(commands: _Commands[argparse.ArgumentParser]) -> None:
    leases = commands.add_parser("leases", help="list, claim, renew, report and sweep leases")
    verbs = leases.add_subparsers(dest="verb", metavar="VERB", required=True)
    _add_json(_add_command(verbs, "list", "list leases and locks of others", "leases"))
    _add_author(_add_command(verbs, "sweep", "clear expired locks of others", "leases"))
    claim = _add_command(verbs, "claim", "take a task for a pull core, print it", "leases")
    claim.add_argument("--core-id", required=True, metavar="CORE")
    claim.add_argument("--task", metavar="ID", help="this task (default: the next one)")
    renew = _add_command(verbs, "renew", "extend a lease", "leases")
    _add_holder(renew)
    renew.add_argument("--seconds", type=float, help="by how much (default: as much as allowed)")
    report = _add_command(verbs, "report", "end a lease", "leases")
    _add_holder(report)
    report.add_argument("--status", required=True, choices=REPORTS)
    report.add_argument("--artifact", default="", metavar="PATH")
    report.add_argument("--message", default="", metavar="TEXT")


def _add_undo(commands: _Commands[argparse.ArgumentParser]) -> None:
    undo = _add_command(commands, "undo", "take back one change of a ledger's row", "undo")
    which = undo.add_mutually_exclusive_group(required=True)
    which.add_argument("journal_id", metavar="ID", nargs="?", type=int, help="the journal entry")
    which.add_argument("--last", action="store_true", help="the actor's newest standing change")
    undo.add_argument("--dry-run", action="store_true", help="say what it would do, change nothing")
    _add_author(undo)


def _add_merge_ledger(commands: _Commands[argparse.ArgumentParser]) -> None:
    summary = "merge three versions of a ledger into OURS (git's merge driver)"
    merge = commands.add_parser("merge-ledger", help=summary, description=summary, epilog=EPILOG)
    merge.set_defaults(module="merge")
    for name in ("base", "ours", "theirs"):
        merge.add_argument(name, metavar=name.upper(), type=Path)
    merge.add_argument(
        "--marker-size", type=_marker_size, default=7, metavar="N", help="default: 7"
    )
    merge.add_argument("--path", metavar="P", help="the file's name in messages")


def _marker_size(text: str) -> int:
    size = int(text)
    if not 1 <= size <= MOST_MARKER:
        raise ValueError
    return size


def _add_init(commands: _Commands[argparse.ArgumentParser]) -> None:
    init = _add_command(commands, "init", "install git's merge driver for the ledgers", "init")
    init.add_argument("--new", action="store_true", help="make empty ledgers where there are none")
    _add_json(init)


def _add_holder(command: argparse.ArgumentParser) -> None:
    command.add_argument("task_id", metavar="TASK_ID")
    command.add_argument("--token", help="the lease's token (default: $ORCH_TOKEN)")


def _add_reading(verbs: _Commands[argparse.ArgumentParser], id_name: str, module: str) -> None:
    listing = _add_command(verbs, "list", f"list the {module}", module)
    listing.add_argument("--status", metavar="STATUS", help="only those in this status")
    _add_json(listing)
    show = _add_command(verbs, "show", "show one record, every column", module)
    show.add_argument("record_id", metavar=id_name.upper())
    _add_json(show)


def _add_change(command: argparse.ArgumentParser, id_name: str) -> None:
    command.add_argument("record_id", metavar=id_name.upper())
    command.add_argument(
        "--expected-rev", metavar="REV", help="refuse when the row is at another revision"
    )
    _add_author(command)


def _add_author(command: argparse.ArgumentParser) -> None:
    command.add_argument("--actor", metavar="NAME", help="who does it (default: your user name)")
    command.add_argument("--role", default="-", help="your role: CMD, WORK or AUDIT")
    _add_json(command)
