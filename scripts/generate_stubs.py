"""Generate the committed Python stubs of the contract from clients/proto.

Usage: python scripts/generate_stubs.py [--check]

`--check` generates into a temporary folder and fails when the committed stubs differ.
"""

from __future__ import annotations

import argparse
import filecmp
import sys
import tempfile
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "clients/proto"
STUBS = ROOT / "clients/python/viva/v1"
WELL_KNOWN = Path(grpc_tools.__file__).parent / "_proto"


def generate(out: Path) -> None:
    """Write *_pb2.py, *_pb2.pyi and *_pb2_grpc.py of package viva.v1 under `out`/viva/v1."""
    sources = [str(path.relative_to(PROTO)) for path in sorted((PROTO / "viva/v1").glob("*.proto"))]
    arguments = ["protoc", f"-I{PROTO}", f"-I{WELL_KNOWN}"]
    arguments += [f"--{kind}_out={out}" for kind in ("python", "pyi", "grpc_python")]
    if protoc.main(arguments + sources):
        raise SystemExit("protoc failed")
    # A file without services gets an empty grpc module: no use to anyone.
    for path in (out / "viva/v1").glob("*_pb2_grpc.py"):
        if "Servicer" not in path.read_text():
            path.unlink()
    for package in ("viva", "viva/v1"):
        (out / package / "__init__.py").write_text('"""Generated from clients/proto; do not edit."""\n')


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail when the committed stubs differ")
    if not parser.parse_args().check:
        generate(ROOT / "clients/python")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        fresh = {path.name: path for path in (Path(folder) / "viva/v1").iterdir()}
        committed = {path.name: path for path in STUBS.iterdir() if path.is_file()}
        changed = sorted(
            name
            for name in fresh.keys() | committed.keys()
            if name not in fresh or name not in committed or not filecmp.cmp(fresh[name], committed[name], False)
        )
    if changed:
        print(f"stubs differ from clients/proto: {', '.join(changed)}; run `make stubs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
