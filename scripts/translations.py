"""Keep the Japanese catalogue: add texts, compile, check.

    python scripts/translations.py --add pairs.json   add {"English": "日本語"}; compile. What has
                                                      a Japanese text keeps it:
    python scripts/translations.py --set pairs.json   put another one in its place
    python scripts/translations.py                    compile the .po to .mo and messages.ja.js
    python scripts/translations.py --check            1 when a text has no Japanese, or the
                                                      compiled files are not the .po's
The English text is the key. Texts come from `_("...")` in templates and Python and `t("...")` in
JavaScript. A key "context|text" in the pairs makes an entry with a context, such as
"problem|duplicate-id" for the ledgers' problems.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import normalize, read_po
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "orch_next" / "translations" / "ja" / "LC_MESSAGES"
PO = FOLDER / "messages.po"
MO = FOLDER / "messages.mo"
JS = ROOT / "static" / "js" / "messages.ja.js"
# the same in both files, and all of it: Babel's own header has a date and Babel's version
HEADERS = [
    ("Language", "ja"),
    ("MIME-Version", "1.0"),
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Transfer-Encoding", "8bit"),
    ("Plural-Forms", "nplurals=1; plural=0;"),
]
TITLE = "# Japanese texts of the pages; kept by scripts/translations.py.\n"
# where texts stand: folder, pattern, Babel's extractor, the functions that mark them
SOURCES = (
    ("orch_next", "**/*.py", "python", ("_",)),
    ("templates", "**/*.html", "jinja2.ext:babel_extract", ("_",)),
    ("static/js", "**/*.js", "javascript", ("t",)),
)
PROBLEM = "problem"
Key = tuple[str, str]  # context or "", English text


class PlainCatalog(Catalog):
    """A catalogue that says nothing about the day and the tool that compile it."""

    mime_headers = HEADERS  # type: ignore[override]  # Babel's is a property


def main(words: list[str]) -> int:
    """Do what the words ask for."""
    if "--check" in words:
        faults = check()
        print("\n".join(faults) or "translations: complete")
        return 1 if faults else 0
    with FileLock(ROOT / ".translations.lock"):
        texts = read_texts()
        for path in words[1:]:
            take(texts, read_pairs(Path(path)), replace=words[0] == "--set")
        write_all(texts)
    print(f"translations: {len(texts)} texts")
    return 0


def take(texts: dict[Key, str], pairs: dict[Key, str], *, replace: bool) -> None:
    """Add pairs to the texts; tell which ones would have changed another's words."""
    for key, told in pairs.items():
        if replace or key not in texts:
            texts[key] = told
        elif texts[key] != told:
            print(f"kept: {key[1]!r} is {texts[key]!r}, not {told!r}")


def read_texts(path: Path = PO) -> dict[Key, str]:
    """Return the catalogue; empty where there is none yet."""
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale="ja")
    return {(m.context or "", str(m.id)): str(m.string) for m in catalogue if m.id and m.string}


def read_pairs(path: Path) -> dict[Key, str]:
    """Return the pairs of a JSON file; `context|text` has a context."""
    pairs = json.loads(path.read_text(encoding="utf-8"))
    known = (f"{PROBLEM}|",)
    split = {text: text.split("|", 1) if text.startswith(known) else ("", text) for text in pairs}
    return {(split[text][0], split[text][1]): pairs[text] for text in pairs}


def write_all(texts: dict[Key, str]) -> None:
    """Write the .po and what is made of it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    PO.write_bytes(render_po(texts))
    kept = read_texts()
    MO.write_bytes(render_mo(kept))
    JS.write_bytes(render_js(kept))


def render_po(texts: dict[Key, str]) -> bytes:
    """Return the catalogue as text, sorted, so that two people's additions merge."""
    head = "".join(f'"{name}: {value}\\n"\n' for name, value in HEADERS)
    entries = [f'{TITLE}msgid ""\nmsgstr ""\n{head}']
    for (context, text), told in sorted(texts.items()):
        about = f"msgctxt {normalize(context)}\n" if context else ""
        entries.append(f"\n{about}msgid {normalize(text)}\nmsgstr {normalize(told)}\n")
    return "".join(entries).encode()


def render_mo(texts: dict[Key, str]) -> bytes:
    """Return the catalogue as gettext reads it."""
    catalogue = PlainCatalog(locale="ja", fuzzy=False)
    for (context, text), told in sorted(texts.items()):
        catalogue.add(text, told, context=context or None)
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def render_js(texts: dict[Key, str]) -> bytes:
    """Return a module with the texts of the scripts; what only templates use stays out."""
    in_scripts = set(find_texts("static/js"))
    elsewhere = {text for folder in ("templates", "orch_next") for text in find_texts(folder)}
    wanted = {
        f"{context}\u0004{text}" if context else text: told
        for (context, text), told in sorted(texts.items())
        if context or text in in_scripts or text not in elsewhere
    }
    body = json.dumps(wanted, ensure_ascii=False, indent=1)
    return f"// Made by scripts/translations.py; do not edit.\nexport default {body};\n".encode()


def find_texts(folder: str) -> Iterator[str]:
    """Yield the marked texts below one folder of `SOURCES`."""
    for top, pattern, method, marks in SOURCES:
        if top != folder:
            continue
        for path in sorted((ROOT / top).glob(pattern)):
            if "vendor" not in path.parts:
                yield from texts_in(path, method, marks)


def texts_in(path: Path, method: str, marks: tuple[str, ...]) -> Iterator[str]:
    """Yield the texts that one file marks."""
    keywords = dict.fromkeys(marks)
    options = {"encoding": "utf-8", "silent": "false"}
    with path.open("rb") as file:
        for _line, text, _comments, _context in extract(method, file, keywords, options=options):
            yield text if isinstance(text, str) else text[0]


def check() -> list[str]:
    """Return what is wrong: missing texts, and compiled files that are not the .po's."""
    texts = read_texts()
    used = {text for folder, *_ in SOURCES for text in find_texts(folder)}
    faults = [f"no Japanese text: {text}" for text in sorted(used - {text for _, text in texts})]
    made = {PO: render_po(texts), MO: render_mo(texts), JS: render_js(texts)}
    for path, content in made.items():
        if not path.exists() or path.read_bytes() != content:
            faults.append(f"run scripts/translations.py: {path.relative_to(ROOT)} is out of date")
    return faults


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
