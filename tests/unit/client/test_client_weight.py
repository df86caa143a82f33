"""The client stays light: what it declares is what it imports."""

import ast
import subprocess
import sys
from pathlib import Path

import viva_client

ALLOWED = {"grpc", "google", "viva", "viva_client"}
# Imported where the application has done so, and never with the client.
OPTIONAL = {"tracing.py": {"opentelemetry"}}


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
                allowed = ALLOWED | OPTIONAL.get(path.name, set())
                assert top in allowed or top in sys.stdlib_module_names, f"{path.name} imports {name}"


def test_optional_packages_are_not_imported_with_the_client() -> None:
    check = "import sys, viva_client; sys.exit(any(name.split('.')[0] == 'opentelemetry' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
