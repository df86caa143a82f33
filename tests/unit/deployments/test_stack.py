"""What the stack's process tells Ray, and how it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from deployments import stack

_STOPPING = """
import signal, sys, time
from deployments import stack
stack.stop_on_sigterm()
try:
    print("up", flush=True)
    while True:
        signal.pause()
finally:
    print("stopping", flush=True)
    sys.stdin.readline()
    print("clean", flush=True)
"""


def test_a_second_sigterm_does_not_cut_the_shutdown_short() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _STOPPING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdin
        assert process.stdout.readline() == "up\n"
        process.terminate()
        assert process.stdout.readline() == "stopping\n"
        process.terminate()
        out, _ = process.communicate("\n", timeout=20)
    assert (out, process.returncode) == ("clean\n", 0)


def test_ray_keeps_its_secret_in_the_folder_of_this_run(tmp_path: Path) -> None:
    token = stack._new_token(tmp_path / "token")
    other = stack._new_token(tmp_path / "other")
    assert token.stat().st_mode & 0o777 == 0o600
    assert token.read_text() != other.read_text()
    assert stack.host_environment(token)["RAY_AUTH_TOKEN_PATH"] == str(token)


def test_ray_accepts_the_secret_without_a_home(tmp_path: Path) -> None:
    token = stack._new_token(tmp_path / "token")
    settings = {**os.environ, **stack.host_environment(token), "HOME": "/dev/null"}
    code = (
        "from ray._private.authentication.authentication_token_setup import ensure_token_if_auth_enabled\n"
        "from ray._raylet import AuthenticationTokenLoader\n"
        "ensure_token_if_auth_enabled()\n"
        "print(AuthenticationTokenLoader.instance().get_raw_token())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == token.read_text(), done.stderr


def test_signals_are_ours_again_after_ray_has_set_its_own() -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        stack.stop_on_sigterm()
        assert signal.getsignal(signal.SIGTERM) not in (before, signal.SIG_DFL)
    finally:
        signal.signal(signal.SIGTERM, before)
