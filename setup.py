"""What setup.cfg cannot say: the folders that are packages, and the pages' third-party scripts."""

import runpy
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

VENDOR = Path(__file__).resolve().parent / "scripts" / "vendor.py"
# They stay at the repository's top, where editors and people look for them.
MAPPED = {
    "orch_next.defaults": "config",
    "orch_next.static": "static",
    "orch_next.templates": "templates",
}


class BuildWithVendor(build_py):
    """Copy static/vendor first; where npm is missing the pages use a CDN."""

    def run(self) -> None:
        """Copy, then build."""
        problem = runpy.run_path(str(VENDOR))["bring"]() if VENDOR.exists() else "no scripts here"
        if problem:
            self.announce(f"vendor: {problem}", level=2)
        super().run()


setup(
    packages=[*find_packages(include=["orch_next", "orch_next.*"]), *MAPPED],
    package_dir=MAPPED,
    cmdclass={"build_py": BuildWithVendor},
)
