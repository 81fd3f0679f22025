"""Step `config`: the legacy's settings become config/production.json and config/secrets.json."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from orch_next.config import SECTION, load_settings
from orch_next.errors import ConfigError
from orch_next.migrate.changes import Change, Put
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House
from orch_next.migrate.settings.gather import Gathered, gather
from orch_next.migrate.settings.json_lines import BadJsonError
from orch_next.migrate.settings.safety import secure_exposure, warn_of_weak
from orch_next.migrate.settings.secrets import SECRET_SETTINGS, SECRETS_FILE
from orch_next.migrate.settings.sources import PRODUCTION, Sources, known_files, read_sources
from orch_next.migrate.settings.text import read_text
from orch_next.migrate.settings.told import blocker, info, problem, warning
from orch_next.migrate.settings.tree import is_plain, place
from orch_next.migrate.settings.written import (
    Present,
    legacy_secrets,
    production_file,
    read_present,
    secrets_file,
)
from orch_next.migrate.step import Phase, Step, Work
from orch_next.migrate.steps.environment import EnvironmentStep
from orch_next.migrate.steps.requirements import RequirementsStep

LEGACY = PurePosixPath("config/legacy")
PRIVATE = 0o600
# Files of the legacy that ORCH-Next reads itself, wherever they lay.
_READ = {
    "agents_api.json": "config/agents_api.json",
    "monitoring.json": "config/monitoring.json",
}
_FOLDERS = ("config", "ORCH/config")
# Ours already, or another step's.
_NOT_COPIED = frozenset({"config/cores.toml"})


def make_steps() -> tuple[Step, ...]:
    """Return the steps of the configuration, in order."""
    return (ConfigStep(), RequirementsStep(), EnvironmentStep())


class ConfigStep:
    """Settings, secrets, and every other file below `config/`."""

    name = "config"
    phase: Phase = 1
    title = "Configuration files to config/production.json, secrets to config/secrets.json"
    title_ja = "設定ファイルを config/production.json へ、秘密を config/secrets.json へ"

    def check(self, house: House) -> Sequence[Finding]:
        """Tell of a target file that could not be added to without losing something."""
        try:
            read_present(house.target)
        except (BadJsonError, OSError) as error:
            return [_bad_target(error)]
        return []

    def plan(self, house: House) -> Work:
        """Map every key, keep what has no place, and copy the other files."""
        try:
            present = read_present(house.target)
        except (BadJsonError, OSError) as error:
            return Work(findings=(_bad_target(error),))
        sources = read_sources(house.source)
        gathered = gather(sources)
        safety = secure_exposure(gathered.settings, gathered.origins.get("host", ""))
        source = {} if house.same else legacy_secrets(house.source)
        changes: list[Change] = []
        if gathered.table or present.production or PRODUCTION in sources.unreadable:
            content = production_file(gathered, present)
            changes.append(Put(PurePosixPath(PRODUCTION), content=content))
        secrets = secrets_file(gathered, present, source)
        if secrets:
            changes.append(Put(PurePosixPath(SECRETS_FILE), content=secrets, mode=PRIVATE))
        changes += _other_files(house, sources, gathered)
        findings = (
            *gathered.findings,
            *safety,
            *warn_of_weak(gathered.secrets),
            *_open_secrets(house.source, gathered),
            *_shadowed(house.target, gathered),
            *_kept_by_target(present, gathered),
        )
        return Work(tuple(changes), findings, _counts(gathered, changes), _notes(gathered))

    def verify(self, house: House, work: Work) -> Sequence[Finding]:
        """Let the program itself read what was written."""
        try:
            load_settings({"ORCH_ROOT": str(house.target / "ORCH")})
        except ConfigError as error:
            return [_refused(error)]
        path = house.target / SECRETS_FILE
        if is_plain(path) and _is_open(path):
            return [_open(SECRETS_FILE, "problem")]
        return []


def _other_files(house: House, sources: Sources, gathered: Gathered) -> Iterator[Change]:
    for file in sources.unreadable:
        if file in _READ.values():
            continue  # it goes where it is read: better refused at the start than passed over
        yield Put(LEGACY / file, origin=house.source / file, mode=PRIVATE)
    if house.same:
        yield from _closed(house, gathered)
        return
    for file in _files(house.source):
        path = PurePosixPath(_READ.get(PurePosixPath(file).name, file))
        origin = house.source / file
        present = house.target / path
        if is_plain(present) and present.read_bytes() not in (origin.read_bytes(), _utf8(origin)):
            path = LEGACY / file
        yield _copy(path, origin, is_private=file in gathered.kept_secrets)


def _copy(path: PurePosixPath, origin: Path, *, is_private: bool) -> Put:
    """Copy a file as it is; one that the program reads becomes UTF-8, as it reads no other."""
    mode = PRIVATE if is_private or path.suffix in (".key", ".pem") else None
    if str(path) in _READ.values() and (content := _utf8(origin)) != origin.read_bytes():
        return Put(path, content=content, mode=mode)
    return Put(path, origin=origin, mode=mode)


def _utf8(path: Path) -> bytes:
    return read_text(path).text.encode("utf-8", "surrogatepass")


def _closed(house: House, gathered: Gathered) -> Iterator[Change]:
    """Yield old files with secrets, the same but readable by their owner only."""
    for file in gathered.kept_secrets:
        path = house.source / file
        is_data = path.suffix in (".json", ".env") or path.name.startswith(".env")
        if is_data and file not in (PRODUCTION, SECRETS_FILE):
            yield Put(PurePosixPath(file), origin=path, mode=PRIVATE)
    for path in sorted((house.source / "config").glob("*.key")):
        if is_plain(path):
            yield Put(PurePosixPath(place(house.source, path)), origin=path, mode=PRIVATE)


def _files(source: Path) -> list[str]:
    """List files below the config folders that are copied as they are."""
    found = [path for folder in _FOLDERS for path in sorted((source / folder).rglob("*"))]
    names = [place(source, path) for path in found if is_plain(path)]
    read = {one if one in names else f"ORCH/{one}" for one in _READ.values()}
    merged = known_files() - read
    return [name for name in names if name not in merged | _NOT_COPIED]


def _counts(gathered: Gathered, changes: Sequence[Change]) -> dict[str, int]:
    fates = Counter(str(row["fate"]) for row in gathered.table)
    return {
        **{f"keys_{fate}": count for fate, count in sorted(fates.items())},
        "files": len(changes),
    }


def _notes(gathered: Gathered) -> dict[str, object]:
    return {"settings": dict(gathered.settings), "mapping": list(gathered.table)}


def _open_secrets(source: Path, gathered: Gathered) -> Iterator[Finding]:
    for file in sorted({*gathered.kept_secrets, *_secret_files(source)}):
        path = source / file
        if (
            os.name == "posix"
            and is_plain(path)
            and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
        ):
            yield _open(file, "warning")


def _is_open(path: Path) -> bool:
    """Tell whether others may read a file; Windows says so elsewhere (docs/security.md)."""
    return os.name == "posix" and bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


def _secret_files(source: Path) -> list[str]:
    return [SECRETS_FILE] if is_plain(source / SECRETS_FILE) else []


def _open(file: str, severity: str) -> Finding:
    told = warning if severity == "warning" else problem
    return told(
        "open_secret",
        file,
        "other users of this machine can read the secrets in this file: chmod 600, and change "
        "the secrets if anyone might have",
        "このマシンの他の利用者がこのファイルの秘密を読めます。chmod 600 にし、読まれた恐れがあれば"
        "秘密を替えてください",
    )


def _shadowed(target: Path, gathered: Gathered) -> Iterator[Finding]:
    path = target / "config" / "orch_next.toml"
    if gathered.settings and is_plain(path) and _says_something(path):
        yield info(
            "toml_wins",
            "config/orch_next.toml",
            "what this file sets wins over config/production.json",
            "このファイルの設定は config/production.json より優先されます",
        )


def _kept_by_target(present: Present, gathered: Gathered) -> Iterator[Finding]:
    settings = present.production.get(SECTION, {})
    for name, value in gathered.settings.items():
        if name in settings and settings[name] != value:
            yield info(
                "target_kept",
                PRODUCTION,
                f"{name} was changed here since it was migrated, and stays so",
                f"{name} は移行後にここで変更されているため、そのままにします",
            )


def _says_something(path: Path) -> bool:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return any(line.strip() and not line.lstrip().startswith("#") for line in lines)


def _bad_target(error: Exception) -> Finding:
    return blocker(
        "bad_target_json",
        "config/",
        "config/production.json or config/secrets.json of the target cannot be read, so nothing "
        f"can be added to it: {error}. Mend or move it first",
        "移行先の config/production.json か config/secrets.json が読めないため追記できません "
        f"({error})。先に直すか移してください",
    )


def _refused(error: ConfigError) -> Finding:
    # The program's words repeat the value.
    secret = next((name for name in sorted(SECRET_SETTINGS) if name in str(error)), "")
    told = f"{secret} in config/secrets.json is no text" if secret else str(error)
    return problem(
        "settings_refused",
        "config/",
        f"ORCH-Next would not start with these settings: {told}",
        f"この設定では ORCH-Next が起動しません: {told}",
    )
