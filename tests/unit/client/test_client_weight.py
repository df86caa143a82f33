"""The client stays light: what it declares is what it imports."""

import ast
import sys
from pathlib import Path

import viva_client

ALLOWED = {"grpc", "google", "viva", "viva_client"}


def test_the_client_imports_only_what_it_declares() -> None:
    for path in Path(viva_client.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                top = name.partition(".")[0]
                assert top in ALLOWED or top in sys.stdlib_module_names, f"{path.name} imports {name}"
