"""Japanese and English: whose language, and what the ledgers' problems are called in it."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, request
from flask_babel import Babel, get_locale, pgettext
from werkzeug.datastructures import LanguageAccept

from orch_next.core.schema import Problem

LANGUAGES = ("ja", "en")
VARY = ("Accept-Language", "Cookie")
COOKIE = "orch_lang"
COOKIE_SECONDS = 365 * 24 * 3600
TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"


def install(app: Flask) -> None:
    """Give one application's templates `_()` and its pages a language."""
    Babel(app, locale_selector=select, default_translation_directories=str(TRANSLATIONS))
    app.context_processor(lambda: {"lang": language()})
    app.after_request(remember)


def language() -> str:
    """Return `ja` or `en`, the language of the present request."""
    return str(get_locale() or "ja")


def select() -> str:
    """Return what `?lang=` asks for, else what it asked for last, else the browser's wish."""
    for wish in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return wish
    return best_language(request.accept_languages)


def best_language(accepted: LanguageAccept) -> str:
    """Return the wish we have first; no wish at all is Japanese, as in the contract's titles."""
    # Werkzeug's best_match prefers an exact `en` to the better wished `ja-JP`.
    wishes = [tag.partition("-")[0].lower() for tag, quality in accepted if quality > 0]
    if not wishes:
        return "ja"
    return next((wish for wish in wishes if wish in LANGUAGES), "ja" if "*" in wishes else "en")


def remember(response: Response) -> Response:
    """Keep an asked language in a cookie, so that links need not carry it."""
    if response.mimetype != "text/html":
        return response
    response.vary.update(VARY)
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        response.set_cookie(
            COOKIE,
            asked,
            max_age=COOKIE_SECONDS,
            path=f"{request.script_root}/",
            samesite="Lax",
            secure=request.is_secure,
        )
    return response


def tell_problem(problem: Problem) -> str:
    """Return a problem's text in the reader's language; a code without a text stays English."""
    text = str(pgettext("problem", problem.code))
    if text == problem.code:
        return problem.message
    return text.format(id=problem.record_id or "?", message=problem.message)
