"""Bring the pages' third-party scripts into the package that is built; the rest is setup.cfg."""

import runpy
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

VENDOR = Path(__file__).resolve().parent / "scripts" / "vendor.py"


class BuildWithVendor(build_py):
    """Copy static/vendor first; where npm is missing the pages use a CDN."""

    def run(self) -> None:
        """Copy, then build."""
        problem = runpy.run_path(str(VENDOR))["bring"]() if VENDOR.exists() else "no scripts here"
        if problem:
            self.announce(f"vendor: {problem}", level=2)
        super().run()


setup(cmdclass={"build_py": BuildWithVendor})
