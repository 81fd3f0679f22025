"""Secrets in files: known forms, and labelled values with much entropy (rule `secrets`)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from math import log2

from orch_next.sensors.rules.config import Rule
from orch_next.sensors.rules.files import Content, Finding

LONGEST_LINE = 2_000
MOST_PER_FILE = 20

# Forms that are secrets wherever they stand.
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("秘密鍵", r"-----BEGIN (?:[A-Z0-9]+ )?PRIVATE KEY-----"),
        ("AWS のアクセスキー", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
        ("GitHub のトークン", r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{60,}\b"),
        ("Slack のトークン", r"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
        ("Google の API キー", r"\bAIza[0-9A-Za-z_-]{35}\b"),
        ("API キー", r"\bsk-(?:[a-z]+-)?[A-Za-z0-9_-]{32,}\b"),
        ("ORCH のトークン", r"\borch_[0-9a-f]{12}_[A-Za-z0-9_-]{43}\b"),
        ("JWT", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"),
        ("URL の中のパスワード", r"\b[a-z][a-z0-9+.-]*://[^\s:/@'\"<>{}$]+:[^\s/@'\"<>{}$]{6,}@"),
    )
)
_LABELLED = re.compile(
    r"(?i)(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|hmac[_-]?key|credential)[\w.-]{0,24}[\"']?\s*(?:=>|[:=])\s*"
    r"(?P<quote>[\"']?)(?P<value>[A-Za-z0-9+/=_.~!@#%^&*-]{8,200})(?P=quote)(?:[\s,;}\])]|$)"
)
_PLACEHOLDER = re.compile(
    r"(?i)change|replace|example|sample|dummy|placeholder|your|todo|xxx|test|secret|password"
    r"|token|none|null|^env[.:]|os\.environ|\*\*\*|\.\.\."
)
# One of these stands in every line that can match: most lines need no pattern at all.
_HINTS = re.compile(
    r"(?i)pass|secret|token|key|credential|AKIA|ASIA|gh[pousr]_|github_pat|xox|AIza|sk-|orch_|eyJ|://"
)


def check_secrets(content: Content, rule: Rule) -> Iterator[Finding]:
    """Yield the lines that hold a secret, at most 20 of a file; the message masks it."""
    found = 0
    for number, line in enumerate(content.lines, start=1):
        if not _HINTS.search(line[:LONGEST_LINE]):
            continue
        told = find_secret(line[:LONGEST_LINE], rule.tuning["entropy"], rule.tuning["min_length"])
        if told:
            name, value = told
            digest = sha256(value.encode()).hexdigest()[:16]
            yield Finding(content.file, number, f"{name}: {mask(value)}", digest)
            found += 1
            if found >= MOST_PER_FILE:
                return


def find_secret(line: str, entropy: float, min_length: int) -> tuple[str, str] | None:
    """Return what a line gives away: the kind and the value."""
    for name, pattern in _FORMS:
        if match := pattern.search(line):
            return None if _is_sample(name, match[0]) else (name, match[0])
    for match in _LABELLED.finditer(line):
        value = match["value"]
        if len(value) >= min_length and is_random(value, entropy):
            return "秘密の値", value
    return None


def is_random(value: str, entropy: float) -> bool:
    """Tell whether a value looks generated: letters and digits mixed, no placeholder, no path."""
    mixed = any(char.isdigit() for char in value) and any(char.isalpha() for char in value)
    looks_coded = value.count("/") < 3 and value.count(".") < 3 and not _PLACEHOLDER.search(value)
    return mixed and looks_coded and entropy_of(value) >= entropy


def entropy_of(value: str) -> float:
    """Return the Shannon entropy in bits for each character."""
    size = len(value)
    return -sum(count / size * log2(count / size) for count in Counter(value).values())


def mask(value: str) -> str:
    """Show the first four characters and the length only."""
    return f"{value[:4]}… ({len(value)} 文字)"


def _is_sample(name: str, value: str) -> bool:
    # A password in a URL is often the one of an example.
    return name.startswith("URL") and _PLACEHOLDER.search(value) is not None
