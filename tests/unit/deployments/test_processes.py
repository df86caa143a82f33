"""A stack leaves nothing behind, whatever its child does; small programs stand for the real one."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deployments import ports, processes, reaper
from deployments.config import GatewayConfig, ScorerConfig, VivaConfig, WebConfig
from deployments.errors import StackError
from deployments.processes import SupervisedStack

_READY = "import os, sys; os.write(int(sys.argv[3]), b'1')"
_WAIT = "import signal; signal.pause()"


@pytest.fixture
def config(tmp_path: Path) -> VivaConfig:
    free = ports.free_run(range(19000, 19900), host="127.0.0.1").start
    return VivaConfig(
        tmp_path,
        metrics_port=0,
        gateway=GatewayConfig(port=free),
        web=WebConfig(port=0),
        scorer=ScorerConfig(timeout_s=10),
    )


def program(*lines: str) -> tuple[str, str]:
    return "-c", "\n".join(lines)


def test_it_is_ready_when_the_child_says_so(config: VivaConfig) -> None:
    with SupervisedStack(config, program(_READY, _WAIT)) as stack:
        stack.wait_ready()


def test_what_the_child_prints_goes_to_the_log_however_much_it_is(config: VivaConfig) -> None:
    with SupervisedStack(config, program("print('x' * 300_000, flush=True)", _READY, _WAIT)) as stack:
        stack.wait_ready()
    assert (config.log_dir / "stack.log").stat().st_size == 300_001


def test_a_child_that_ends_early_is_told_with_the_end_of_its_log(config: VivaConfig) -> None:
    with (
        pytest.raises(StackError, match="ended while starting(.|\n)*no such model"),
        SupervisedStack(config, program("raise SystemExit('no such model')")) as stack,
    ):
        stack.wait_ready()


def test_a_start_that_fails_half_way_gives_everything_back(
    config: VivaConfig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(processes.sys, "executable", str(tmp_path / "missing"))
    before = set(Path("/tmp").glob("viva-*"))
    with pytest.raises(StackError, match="database"), SupervisedStack(config):
        pass
    monkeypatch.undo()
    assert set(Path("/tmp").glob("viva-*")) <= before
    with SupervisedStack(config, program(_READY, _WAIT)) as stack:  # the lock is free
        stack.wait_ready()


def test_a_folder_serves_one_stack_at_a_time(config: VivaConfig) -> None:
    with (
        SupervisedStack(config, program(_WAIT)),
        pytest.raises(StackError, match="another stack"),
        SupervisedStack(config, program(_WAIT)),
    ):
        pass


def test_signal_handlers_are_those_of_before(config: VivaConfig) -> None:
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(name) for name in names]
    with SupervisedStack(config, program(_WAIT)):
        pass
    assert [signal.getsignal(name) for name in names] == before


def test_orphans_of_the_stack_end_with_it_and_children_of_the_caller_do_not(config: VivaConfig) -> None:
    orphan = "import subprocess, sys; p = subprocess.Popen(['sleep', '600'], start_new_session=True); print(p.pid)"
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as earlier:
        with SupervisedStack(
            config, program(f"import subprocess, sys\n{orphan}", "sys.stdout.flush()", _READY)
        ) as stack:
            stack.wait_ready()
            stack._child.wait()
            later = subprocess.Popen(["sleep", "600"])
        pid = int((config.log_dir / "stack.log").read_text())
        assert not Path(f"/proc/{pid}").exists()
        try:
            assert (earlier.poll(), later.poll()) == (None, None)
        finally:
            for child in (earlier, later):
                child.kill()
                child.wait()


def test_a_stack_that_ends_is_started_again_with_nothing_left_of_it_but_the_database(config: VivaConfig) -> None:
    orphan = "subprocess.Popen(['sleep', '600'], start_new_session=True)"
    lines = ("import pathlib, signal, subprocess, sys", f"print({orphan}.pid, flush=True)", _READY)
    counts = "runs = pathlib.Path(sys.argv[1]).parent / 'runs'; runs.write_text(runs.read_text() + 'x')"
    (config.run_dir).mkdir(parents=True)
    (config.run_dir / "runs").write_text("")
    ends = "sys.exit(3) if len(runs.read_text()) < 3 else signal.pause()"
    told: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        if len(told) == 2:
            signal.setitimer(signal.ITIMER_REAL, 3.0)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, stop)
    try:
        with SupervisedStack(config, program(*lines, counts, ends)) as stack:
            database = {child for child in reaper.children() if b"postgres" in _command(child.pid)}
            stack.wait_ready()
            with pytest.raises(KeyboardInterrupt):
                stack.wait(tell)
            assert {child for child in reaper.children() if b"postgres" in _command(child.pid)} == database
            first, second, third = map(int, (config.log_dir / "stack.log").read_text().split())
            assert [Path(f"/proc/{pid}").exists() for pid in (first, second, third)] == [False, False, True]
        assert not Path(f"/proc/{third}").exists()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(told) == 2 and "exit code 3" in told[0]


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_nobody_is_adopted_any_more_afterwards(config: VivaConfig) -> None:
    with SupervisedStack(config, program(_WAIT)):
        pass
    code = "import subprocess; p = subprocess.Popen(['sleep', '0.5'], start_new_session=True); print(p.pid)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(out) not in {process.pid for process in reaper._children(os.getpid())}


def test_media_in_a_shared_spool_is_swept_by_its_age_only(config: VivaConfig) -> None:
    config.spool_dir.mkdir()
    of_another_host, left_behind = config.spool_dir / "answer-new", config.spool_dir / "answer-old"
    for path in (of_another_host, left_behind):
        path.write_bytes(b"x")
    old = time.time() - 2 * config.scorer.timeout_s - 1
    os.utime(left_behind, (old, old))
    with SupervisedStack(config, program(_WAIT)):
        assert (of_another_host.exists(), left_behind.exists()) == (True, False)


def test_logs_of_replicas_are_kept_for_a_week(config: VivaConfig) -> None:
    config.replica_log_dir.mkdir(parents=True)
    recent, old = config.replica_log_dir / "replica_new.log", config.replica_log_dir / "replica_old.log"
    for path, age_days in ((recent, 6), (old, 8)):
        path.write_text("x")
        os.utime(path, (time.time() - age_days * 86_400,) * 2)
    with SupervisedStack(config, program(_WAIT)):
        assert (recent.exists(), old.exists()) == (True, False)


def test_a_taken_port_is_named(config: VivaConfig) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", config.gateway.port))
        listener.listen()
        with pytest.raises(StackError, match=f"gateway.port {config.gateway.port}"), SupervisedStack(config):
            pass
