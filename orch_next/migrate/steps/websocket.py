"""The step `websocket`: Socket.IO, event streams and webhooks; it looks, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar

from orch_next.config import Settings, load_settings
from orch_next.errors import ConfigError
from orch_next.migrate.findings import Finding
from orch_next.migrate.house import House
from orch_next.migrate.intake.finding import finding
from orch_next.migrate.realtime.clients import Address, Clients, find_clients
from orch_next.migrate.realtime.rules import HEARD, SENT, OldSetting, read_old_settings
from orch_next.migrate.step import Phase, Step, Work


@dataclass(frozen=True)
class WebsocketStep:
    """Maps the old settings, lists clients with old addresses, checks the new configuration."""

    name: ClassVar[str] = "websocket"
    phase: ClassVar[Phase] = 3
    title: ClassVar[str] = "Socket.IO, event streams, webhooks"
    title_ja: ClassVar[str] = "Socket.IO・イベント配信・Webhook"

    def check(self, house: House) -> Sequence[Finding]:
        """Return nothing: nothing here stands in the way of the others."""
        return ()

    def plan(self, house: House) -> Work:
        """Return no change, but what became of each old setting and client."""
        olds = [one for one in read_old_settings(house.source) if house.options.wants(one.part)]
        clients = find_clients(house.source)
        settings = _settings(house)
        addresses = clients.addresses if house.options.wants("realtime") else ()
        stale = [one for one in addresses if one.port != settings.port]
        findings = [
            *(finding(one.code, one.where, one.key, one.becomes) for one in olds if one.code),
            *(finding("unreadable", where, why) for where, why in clients.unread),
            *_about_addresses(stale, settings),
            *(_about_events(clients) if house.options.wants("realtime") else ()),
            *(_about_secret(olds, settings) if house.options.wants("webhook") else ()),
        ]
        counts = {"settings": len(olds), "addresses": len(addresses), "stale": len(stale)}
        notes = {
            "settings": [asdict(one) for one in olds],
            "addresses": [asdict(one) for one in addresses],
        }
        return Work((), tuple(findings), counts, notes)

    def verify(self, house: House, work: Work) -> Sequence[Finding]:
        """Check that the new configuration can be read; a server is asked by `migrate shadow`."""
        try:
            load_settings({}, {"root": house.target / "ORCH"})
        except ConfigError as error:
            return (finding("live-config", "config/orch_next.toml", error),)
        return ()


def _settings(house: House) -> Settings:
    try:
        return load_settings({}, {"root": house.target / "ORCH"})
    except ConfigError:
        return Settings()  # told by `verify` and by the step `config`


def _about_addresses(stale: Iterable[Address], settings: Settings) -> Iterator[Finding]:
    for where, urls in _by_file((one.where, one.url) for one in stale).items():
        yield finding("live-address", where, urls, settings.port)


def _about_events(clients: Clients) -> Iterator[Finding]:
    unknown: dict[str, list[tuple[str, str]]] = {"live-unsent": [], "live-unheard": []}
    for one in clients.events:
        known = SENT if one.way == "from the server" else HEARD
        code = "live-unsent" if one.way == "from the server" else "live-unheard"
        if one.name not in known:
            unknown[code].append((one.where, one.name))
    for code, found in unknown.items():
        for where, names in _by_file(found).items():
            yield finding(code, where, names)


def _by_file(found: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return what each file says, each word once, by the first place in it."""
    first: dict[str, str] = {}
    said: dict[str, list[str]] = {}
    for where, word in found:
        file = where.rpartition(":")[0]
        words = said.setdefault(first.setdefault(file, where), [])
        if word not in words:
            words.append(word)
    return {where: ", ".join(words) for where, words in said.items()}


def _about_secret(olds: Iterable[OldSetting], settings: Settings) -> Iterator[Finding]:
    had = [one for one in olds if one.becomes.startswith("webhook_secret") and one.shown == "***"]
    if had and not settings.webhook_secret:
        yield finding("live-no-secret", had[0].where)


def make_steps() -> tuple[Step, ...]:
    """Return the step."""
    return (WebsocketStep(),)
