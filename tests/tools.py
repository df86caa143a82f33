"""Programs that tests need and that pip cannot install; `.ci/run` installs them."""

from __future__ import annotations

import shutil

import pytest


def installed(program: str, package: str = "") -> str:
    """Path of a program; skips the test where there is none.

    Args:
        package: Debian's, where its name is another.
    """
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed (Debian: apt-get install {package or program})")
    return path
