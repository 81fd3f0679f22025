from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.sample import REPOSITORY, clean_environ, copy_sample

pytestmark = pytest.mark.server

NOT_IMPORTED = ("flask", "sqlalchemy", "socket", "orch_next.core")


def serve(moc_root: Path, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a server that is expected to give up, in its own process."""
    return subprocess.run(
        [sys.executable, "-m", "orch_next", "serve", *argv],
        cwd=moc_root,
        env=clean_environ(**environ),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@pytest.mark.parametrize("by_option", [True, False])
def test_a_taken_port_is_one_line_and_status_1(tmp_path: Path, by_option: bool) -> None:
    copy_sample(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = serve(tmp_path, "--port", port) if by_option else serve(tmp_path, ORCH_PORT=port)
    line = f"orch-next: cannot listen on 127.0.0.1 port {port}: "
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(line)


def test_a_folder_without_ledgers_is_not_served(tmp_path: Path) -> None:
    done = serve(tmp_path, "--orch-root", "ORCH")
    assert (done.returncode, done.stderr) == (
        1,
        f"orch-next: {tmp_path / 'ORCH' / 'STATE'} is no folder: "
        "name your ORCH folder with --orch-root, or make one with empty ledgers: "
        "`orch-next init --new`\n",
    )


def test_a_bad_port_is_not_a_bug(tmp_path: Path) -> None:
    copy_sample(tmp_path)
    done = serve(tmp_path, "--port", "五千")
    assert (done.returncode, done.stderr.startswith("orch-next: port must be")) == (1, True)


def test_parsing_imports_nothing_that_must_be_patched_first() -> None:
    code = (
        "import sys\nfrom orch_next.cli.parser import build_parser\n"
        "build_parser().parse_args(['serve'])\n"
        f"print([n for n in {NOT_IMPORTED} if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
