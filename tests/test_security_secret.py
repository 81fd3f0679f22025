"""The secret key: made once, private, never half-written."""

from __future__ import annotations

import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from orch_next.errors import ConfigError
from orch_next.security.secret import KEY_BYTES, load_secret_key

pytestmark = pytest.mark.kill

posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes exist on POSIX only")


def test_a_key_is_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "資料" / "secret.key"
    keys = [load_secret_key(path) for _ in range(3)]
    assert (len(keys[0]), set(keys), path.read_bytes()) == (KEY_BYTES, {keys[0]}, keys[0])


def test_two_places_have_two_keys(tmp_path: Path) -> None:
    assert load_secret_key(tmp_path / "a.key") != load_secret_key(tmp_path / "b.key")


@posix_only
def test_only_its_owner_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    before = os.umask(0)
    try:
        load_secret_key(path)
    finally:
        os.umask(before)
    assert (stat.S_IMODE(path.stat().st_mode), [p.name for p in tmp_path.iterdir()]) == (
        0o600,
        ["secret.key"],
    )


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret.key"
    load_secret_key(path)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"mode {mode:04o}.: chmod 600 "):
        load_secret_key(path)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_damaged_key_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=f"has {len(content)} bytes, not 32: delete it"):
        load_secret_key(path)
    assert path.read_bytes() == content


def test_an_unusable_place_is_explained(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(ConfigError, match="ORCH_SECRET_KEY_FILE can name another place"):
        load_secret_key(tmp_path / "data" / "secret.key")


def _load(path: Path) -> bytes:
    return load_secret_key(path)


def test_processes_that_start_together_get_one_key(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.key" for number in range(20)]
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        keys = pool.map(_load, [path for path in paths for _ in range(8)], chunksize=1)
    assert [len(set(keys[i : i + 8])) for i in range(0, len(keys), 8)] == [1] * len(paths)
