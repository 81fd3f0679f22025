"""Old settings that would leave the door open: changed to safe ones, and said loudly."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from enum import Enum
from typing import Any

from orch_next.migrate.findings import Finding
from orch_next.migrate.settings.rules import DEBUG_KEYS, ORIGIN_KEYS
from orch_next.migrate.settings.secrets import is_worthless
from orch_next.migrate.settings.sources import Item
from orch_next.migrate.settings.told import problem

_TRUE = {"1", "true", "yes", "on", "development"}
_DEBUG = DEBUG_KEYS | {"FLASK_ENV"}
_SESSION_KEYS = {"secret_key", "flask_secret_key", "SECRET_KEY", "FLASK_SECRET_KEY"}
_ORIGIN_KEYS = ORIGIN_KEYS | {"ORCH_CORS_ORIGINS"}


class Doubt(Enum):
    """What is unsafe about an old value."""

    DEBUG = "unsafe_debug"
    CORS = "unsafe_cors"
    CONSTANT = "unsafe_secret_key"
    SAMPLE = "unsafe_secret"


_SAID: Mapping[Doubt, tuple[str, str]] = {
    Doubt.DEBUG: (
        "debug mode was on: anyone who reached the page could run code. ORCH-Next has no debug "
        "mode, so it is off now",
        "デバッグモードが有効でした (画面に届く人が任意のコードを実行できます)。ORCH-Next には"
        "デバッグモードがないため、無効になります",
    ),
    Doubt.CORS: (
        "every web page might call this server (CORS `*`). Only the dashboard's own pages may "
        "now; name others in cors_origins",
        "すべての Web ページから呼び出せる設定 (CORS `*`) でした。今後は自分の画面だけに限ります。"
        "他は cors_origins に書いてください",
    ),
    Doubt.CONSTANT: (
        "the key that signs sessions stood in a file or in the code. It is not taken over: "
        "ORCH-Next makes a random one in data/secret.key, and people log in anew",
        "セッション署名鍵がファイルかコードに書かれていました。引き継がず、ORCH-Next が"
        "data/secret.key に乱数の鍵を作ります。再ログインが必要です",
    ),
    Doubt.SAMPLE: (
        "this secret is a sample that everybody knows. It is not taken over; what it opened is "
        "closed until there is a real one in config/secrets.json",
        "この秘密は誰でも知っている見本です。引き継ぎません。config/secrets.json に本物を書くまで、"
        "これで開くものは閉じています",
    ),
}


def doubt_of(item: Item) -> Doubt | None:
    """Return what is unsafe about a value, apart from secrets that `gather` looks at."""
    last = item.path[-1]
    if (item.key in _DEBUG or last in _DEBUG) and str(item.value).strip().lower() in _TRUE:
        return Doubt.DEBUG
    if last in _SESSION_KEYS and item.value not in (None, ""):
        return Doubt.CONSTANT
    if last in _ORIGIN_KEYS and _has_star(item.value):
        return Doubt.CORS
    return None


def tell_unsafe(doubt: Doubt, item: Item) -> Finding:
    """Return the finding; it names the key and never the value."""
    english, japanese = _SAID[doubt]
    return problem(doubt.value, item.where, f"{item.key}: {english}", f"{item.key}: {japanese}")


def secure_exposure(settings: dict[str, Any], where: str) -> list[Finding]:
    """Turn tokens on where other machines reach the server; change `settings` in place."""
    host = str(settings.get("host", "127.0.0.1"))
    if settings.get("auth") == "token" or is_loopback(host):
        return []
    settings["auth"] = "token"
    return [
        problem(
            "unsafe_auth",
            where,
            f"host {host} is reached by other machines and nobody was asked who they are: "
            'auth = "token" now. Add people with `orch-next identity add`, name the host names in '
            "trusted_hosts, or listen on 127.0.0.1",
            f'host {host} は他のマシンから届くのに認証なしでした。auth = "token" にしました。'
            "`orch-next identity add` で利用者を加え、trusted_hosts にホスト名を書くか、"
            "127.0.0.1 にしてください",
        )
    ]


def warn_of_weak(secrets: Mapping[str, Any]) -> list[Finding]:
    """Return findings about secrets that are short: HS256 needs 32 bytes (RFC 7518, 3.2)."""
    least = {"jwt_secret": 32, "hmac_key": 16, "webhook_secret": 16}
    return [
        problem(
            "weak_secret",
            f"config/secrets.json {name}",
            f"{name} has fewer than {bytes_} bytes; it is kept so that senders go on, but make a "
            "longer one",
            f"{name} が {bytes_} バイト未満です。送信側のため残しますが、長いものに替えてください",
        )
        for name, bytes_ in least.items()
        if isinstance(secrets.get(name), str)
        and not is_worthless(secrets[name])
        and len(secrets[name].encode("utf-8", "surrogatepass")) < bytes_
    ]


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address."""
    bare = host.strip().strip("[]").lower()
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def _has_star(value: Any) -> bool:
    parts = value.split(",") if isinstance(value, str) else value
    return isinstance(parts, (list, tuple)) and any(str(one).strip() == "*" for one in parts)
