"""A sample core: reads its task from stdin, tells what it does, leaves a report."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path


def main() -> None:
    """Work through three steps and name the report as the artifact."""
    job = json.load(sys.stdin)
    task, attempt = job["task"], job["attempt"]
    print(f"{task['id']} {task['title']} (attempt {attempt})", flush=True)
    if job["feedback"]:
        print(f"the last attempt was rejected: {job['feedback']}", flush=True)
    for step in ("reading", "working", "writing"):
        print(step, flush=True)
        time.sleep(1)
    root = Path(os.environ["ORCH_ROOT"])
    folder = root / "REPORTS" / "sample"
    folder.mkdir(parents=True, exist_ok=True)
    # The id comes from a ledger cell: it is not a file name.
    report = folder / f"{os.environ['ORCH_JOB']}.md"
    report.write_text(f"# {task['id']} {task['title']}\n\n{task['notes']}\n", encoding="utf-8")
    print(f"ORCH_ARTIFACT={report.relative_to(root.parent).as_posix()}", flush=True)


if __name__ == "__main__":
    main()
