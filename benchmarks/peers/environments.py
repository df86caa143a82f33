"""An environment for each peer: its own packages first, then those of the product, so that neither's pins touch the
other's.

Usage: python -m benchmarks.peers.environments [NAME ...]
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Final

from benchmarks.harness.core import BenchError
from deployments.config import ROOT

FOLDER: Final = ROOT / ".cache" / "peers"
PEERS: Final = ("bentoml", "litserve", "mosec", "ray_serve")

_MARK: Final = "installed"


def requirements(peer: str) -> Path:
    """The file that pins what a peer needs beside the product's packages."""
    return Path(__file__).parent / peer / "requirements.txt"


def python_of(peer: str) -> Path:
    """The interpreter that runs a peer.

    Raises:
        BenchError: its environment was not made, or its requirements have changed since.
    """
    folder = FOLDER / peer
    mark = folder / _MARK
    if not mark.exists() or mark.read_text() != _wanted(peer):
        raise BenchError(f"{peer} is not installed; run `make peers`")
    return folder / "bin" / "python"


def install(peer: str) -> Path:
    """Make a peer's environment unless it is there. Raises `BenchError` when its packages cannot be installed."""
    try:
        return python_of(peer)
    except BenchError:
        folder = FOLDER / peer
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    (_site_packages(folder) / "product.pth").write_text(
        f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    )
    command = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "--quiet"]
    done = subprocess.run([*command, "install", "--no-deps", "--requirement", str(requirements(peer))], check=False)
    if done.returncode:
        raise BenchError(f"{peer}: pip could not install {requirements(peer)}")
    (folder / _MARK).write_text(_wanted(peer))
    return python


def _site_packages(folder: Path) -> Path:
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))


def _wanted(peer: str) -> str:
    """What the environment is made of: the peer's pins, and where the product's packages lie."""
    content = requirements(peer).read_bytes() + sysconfig.get_path("purelib").encode()
    return hashlib.sha256(content).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peers", nargs="*", metavar="NAME", help=f"which; by default all of {', '.join(PEERS)}")
    wanted = parser.parse_args().peers or PEERS
    if unknown := sorted(set(wanted) - set(PEERS)):
        parser.error(f"no peer is called {unknown[0]}; known are {', '.join(PEERS)}")
    for peer in wanted:
        try:
            print(f"{peer}: {install(peer)}")
        except BenchError as error:
            print(error, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
