import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from serving.adapters.triton import launch

_PARENT = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-I", sys.argv[1], str(os.getpid()), "/bin/sleep", "600"])
print(child.pid, flush=True)
sys.stdin.read()
"""


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_the_child_dies_with_its_parent_and_has_a_group_of_its_own() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(launch.__file__)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        deadline = time.monotonic() + 20
        while os.getpgid(child) != child:  # until the wrapper has set itself up
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert _runs(child)
        parent.kill()
        parent.wait()
        while _runs(child):
            assert time.monotonic() < deadline, "the child outlived its parent"
            time.sleep(0.01)


def test_an_orphan_never_starts() -> None:
    done = subprocess.run([sys.executable, "-I", launch.__file__, "1", "/bin/echo", "ran"], capture_output=True)
    assert done.returncode == 1
    assert done.stdout == b""


def test_a_command_that_is_not_there_is_an_error() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        subprocess.run(
            [sys.executable, "-I", launch.__file__, str(os.getpid()), "/nonexistent"], check=True, capture_output=True
        )
