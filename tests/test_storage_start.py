"""A start that could record nothing is refused, with the command that helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers import copy_orch, start_server
from tests.test_storage_database import put_legacy

ASKED = "; ORCH-Next keeps a file of its own, which takes over what is ours: remove database_url"


@pytest.mark.parametrize(("mode", "status"), [("serve", 1), ("eventlet", 4)])
def test_another_programs_database_ends_the_start(tmp_path: Path, mode: str, status: int) -> None:
    """4 is how gunicorn ends when its worker cannot load the app."""
    path = copy_orch(tmp_path).parent / "data" / "orch.db"
    before = put_legacy(path)
    server = start_server(tmp_path, mode, env={"ORCH_DATABASE_URL": f"sqlite:///{path}"})
    assert server.process.wait(40) == status
    assert f"orch-next: nothing can be recorded: {path} belongs to another program" in server.log()
    assert ASKED in server.log()
    assert "Traceback" not in server.log()
    assert path.read_bytes() == before


def test_a_folder_in_the_databases_place_ends_the_start(tmp_path: Path) -> None:
    path = copy_orch(tmp_path).parent / "data" / "orch-next.db"
    path.mkdir(parents=True)
    server = start_server(tmp_path)
    assert server.process.wait(40) == 1
    assert server.log().split("\n")[-2].endswith("; run: orch-next doctor")
