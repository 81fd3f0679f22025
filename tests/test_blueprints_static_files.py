"""Static files: compressed for who takes it, revalidated cheaply, plain for the others."""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.sample import REPOSITORY

SHEET = (REPOSITORY / "static" / "css" / "tokens.css").read_bytes()


def test_text_goes_out_compressed(client: FlaskClient) -> None:
    answers = [
        client.get("/static/css/tokens.css", headers={"Accept-Encoding": "gzip, br"}, buffered=True)
        for _ in range(2)
    ]
    assert [gzip.decompress(one.data) for one in answers] == [SHEET, SHEET]
    assert [(one.headers["Content-Encoding"], one.vary.as_set()) for one in answers] == [
        ("gzip", {"accept-encoding"})
    ] * 2
    assert int(answers[0].headers["Content-Length"]) < len(SHEET) / 2


@pytest.mark.parametrize("encodings", ["", "identity", "gzip;q=0"])
def test_who_takes_no_gzip_gets_it_plain(client: FlaskClient, encodings: str) -> None:
    answer = client.get(
        "/static/css/tokens.css", headers={"Accept-Encoding": encodings}, buffered=True
    )
    assert (answer.data, answer.headers.get("Content-Encoding")) == (SHEET, None)


def test_an_unchanged_file_is_not_sent_again(client: FlaskClient) -> None:
    headers = {"Accept-Encoding": "gzip"}
    first = client.get("/static/css/tokens.css", headers=headers, buffered=True)
    again = {**headers, "If-None-Match": first.headers["ETag"]}
    assert client.get("/static/css/tokens.css", headers=again, buffered=True).status_code == 304


def test_small_files_and_pages_stay_as_they_are(client: FlaskClient) -> None:
    headers = {"Accept-Encoding": "gzip"}
    paths = ("/static/img/mark.svg", "/", "/api/tasks")
    encodings = [
        client.get(path, headers=headers, buffered=True).headers.get("Content-Encoding")
        for path in paths
    ]
    assert encodings == [None, None, None]


def test_many_readers_at_once_get_whole_files(app: Flask) -> None:
    folder = REPOSITORY / "static" / "js" / "lib"
    names = sorted(path.name for path in folder.glob("*.js")) * 10

    def fetch(name: str) -> bool:
        answer = app.test_client().get(
            f"/static/js/lib/{name}", headers={"Accept-Encoding": "gzip"}, buffered=True
        )
        data = answer.data
        plain = gzip.decompress(data) if answer.content_encoding == "gzip" else data
        return plain == (folder / name).read_bytes()

    with ThreadPoolExecutor(16) as pool:
        assert [
            name for name, same in zip(names, pool.map(fetch, names), strict=True) if not same
        ] == []


def test_one_file_under_many_names_is_compressed_once(app: Flask, client: FlaskClient) -> None:
    headers = {"Accept-Encoding": "gzip"}
    bodies = {
        client.get(f"/static/{'./' * number}css/tokens.css", headers=headers).data
        for number in range(50)
    }
    assert [gzip.decompress(body) for body in bodies] == [SHEET]
    assert len(app.extensions["orch_next_static"]) == 1
