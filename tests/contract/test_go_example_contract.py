"""The Go example: stubs are generated from the contract, compiled against Debian's packages, and run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from resources_double import Resources
from scoring_double import AWAY, TOO_LONG, Fault

EXAMPLE = Path(__file__).parents[2] / "clients" / "examples" / "go"
LIBRARIES = Path("/usr/share/gocode")
TOOLS = ("go", "gofmt", "protoc-gen-go", "protoc-gen-go-grpc")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, compiled."""
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    # The last is of github.com/golang/protobuf 1.5: 1.3, which Debian has too, cannot read what protoc-gen-go writes.
    folders = ("google.golang.org/grpc", "google.golang.org/genproto", "github.com/golang/protobuf/internal/gengogrpc")
    missing += [str(path) for name in folders if not (path := LIBRARIES / "src" / name).is_dir()]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: Debian's packages of clients/examples/go/README.md")
    folder = tmp_path_factory.mktemp("go")
    (folder / "src").mkdir()
    source = folder / "src" / "vivaexample"
    source.symlink_to(EXAMPLE)
    env = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",  # where buf is
        "GO111MODULE": "off",
        "GOPATH": f"{folder}:{LIBRARIES}",
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
    }
    build = ["go", "build", "-o", str(folder / "example"), "vivaexample"]
    for command in (["go", "generate", "."], build):
        done = subprocess.run(command, cwd=EXAMPLE, env=env, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
    return folder / "example"


def run(program: Path, resources: Resources, *args: str) -> subprocess.CompletedProcess[str]:
    env = {"VIVA_ADDRESS": resources.address, "VIVA_API_KEY": "k", "GRPC_GO_RETRY": "on"}
    return subprocess.run([str(program), *args], env=env, capture_output=True, text=True, check=False, timeout=60)


def test_the_go_example_makes_a_role_and_an_interview(program: Path, resources: Resources) -> None:
    resources.double.faults["CreateRole"].append(AWAY)
    done = run(program, resources, "-role", "clerk", "-candidate", "c-7")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["tenants/acme/interviews/2", "  conflict: Tell me about a conflict."]
    first, second = resources.double.of("CreateRole")
    assert first.request == second.request
    assert first.metadata["authorization"] == "Bearer k"
    (invited,) = resources.double.of("CreateInterview")
    assert invited.request.interview.role_revision == "tenants/acme/roles/clerk"
    assert invited.request.interview.consents.HasField("notice_time")


def test_the_go_example_takes_the_role_that_is_there_and_explains_errors(program: Path, resources: Resources) -> None:
    resources.double.faults["CreateRole"].append(Fault(grpc.StatusCode.ALREADY_EXISTS, "ALREADY_EXISTS", "it exists"))
    resources.double.faults["GetRole"].append(TOO_LONG)
    done = run(program, resources)
    assert done.returncode == 1
    assert done.stderr == f"error: TEXT_TOO_LONG: {TOO_LONG.message} [text: {TOO_LONG.message}]\n"
    assert resources.double.of("GetRole")[0].request.name == "tenants/-/roles/trainee"


def test_the_go_example_is_formatted(program: Path) -> None:
    done = subprocess.run(["gofmt", "-l", str(EXAMPLE / "main.go")], capture_output=True, text=True, check=True)
    assert done.stdout == ""
