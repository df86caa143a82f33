"""The real PostgreSQL server of one machine, as its owner starts, loses and stops it."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from serving.adapters.postgres.data_folder import DataFolder
from serving.adapters.postgres.installation import PostgresError, tied
from serving.adapters.postgres.server import PostgresServer

_PATIENCE_S = 30.0
_SPOKEN = "mein Geheimnis 4711"  # what a candidate said

_OWNER = """
import sys, time
from pathlib import Path
from serving.adapters.postgres.server import PostgresServer
server = PostgresServer(Path(sys.argv[1]))
server.start()
print(server.app_url, flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder below one that is closed to everyone else, as a home is."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return home / "postgres"


@pytest.fixture
def server(folder: Path) -> Iterator[PostgresServer]:
    server = PostgresServer(folder)
    server.start()
    yield server
    server.stop()


def _postmaster(folder: Path) -> int:
    return int((folder / "postmaster.pid").read_text().split()[0])


def _processes(tag: str) -> list[int]:
    """Every process of the server whose folder has that tag."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if tag in " ".join(process.info["cmdline"] or ()):
            found.append(process.pid)
    return found


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not done():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def _accepts(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def _remember(server: PostgresServer, word: str) -> None:
    with psycopg.connect(server.owner_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS memory (word text PRIMARY KEY)")
        connection.execute("INSERT INTO memory VALUES (%s)", [word])


def _remembered(server: PostgresServer) -> list[str]:
    with psycopg.connect(server.owner_url) as connection:
        return [word for (word,) in connection.execute("SELECT word FROM memory ORDER BY word")]


def _run_until_broken(url: str, statement: str) -> threading.Thread:
    """Run a statement in a thread, which ends when the server breaks it off."""

    def run() -> None:
        with psycopg.connect(url) as connection, pytest.raises(psycopg.OperationalError):
            connection.execute(statement)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def _busy_backend(server: PostgresServer) -> int:
    """Process id of the backend that runs the application's statement."""
    pids: list[int] = []

    def found() -> bool:
        query = "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"
        with psycopg.connect(server.app_url) as connection:
            pids[:] = [pid for (pid,) in connection.execute(query)]
        return bool(pids)

    _until(found)
    return pids[0]


def test_it_runs_unprivileged_in_a_private_folder_on_loopback_only(server: PostgresServer, folder: Path) -> None:
    assert psutil.Process(_postmaster(folder)).uids().effective != 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    port = urllib.parse.urlsplit(server.app_url).port
    assert port is not None
    socket.create_connection(("127.0.0.1", port)).close()
    with pytest.raises(ConnectionRefusedError):  # it would be there on every address
        socket.create_connection(("127.0.0.2", port))
    assert f".s.PGSQL.{port}" not in Path("/proc/net/unix").read_text()


def test_the_application_is_no_superuser_and_row_security_holds_for_it(server: PostgresServer) -> None:
    with psycopg.connect(server.owner_url) as owner:
        owner.execute("CREATE TABLE secrets AS SELECT 'hidden' AS word")
        owner.execute("ALTER TABLE secrets ENABLE ROW LEVEL SECURITY")
        owner.execute("GRANT SELECT ON secrets TO viva_app, viva_system")
        owner.execute("CREATE POLICY every ON secrets TO viva_system USING (true)")
    with psycopg.connect(server.app_url, autocommit=True) as app:
        flags = "rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
        assert app.execute(f"SELECT {flags} FROM pg_roles WHERE rolname = current_user").fetchone() == (False,) * 5
        assert app.execute("SELECT word FROM secrets").fetchall() == []
        app.execute("SET row_security = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("SELECT word FROM secrets")
        app.execute("RESET row_security")
        for role in ("viva_owner", "postgres"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(f"SET ROLE {role}")
        app.execute("SET ROLE viva_system")
        assert app.execute("SELECT word FROM secrets").fetchall() == [("hidden",)]


def test_the_owner_owns_the_database_and_is_no_superuser(server: PostgresServer) -> None:
    with psycopg.connect(server.owner_url) as owner:
        query = "SELECT pg_get_userbyid(datdba), datname FROM pg_database WHERE datname = current_database()"
        assert owner.execute(query).fetchone() == ("viva_owner", "viva")
        assert owner.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
        assert owner.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'viva_system'").fetchone() == (False,)


def test_a_wrong_password_is_refused(server: PostgresServer) -> None:
    wrong = server.app_url.replace("viva_app:", "viva_app:x")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_what_is_committed_is_durable(server: PostgresServer) -> None:
    with psycopg.connect(server.app_url) as app:
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert app.execute("SELECT current_setting(%s)", [setting]).fetchone() == ("on",)


def test_data_and_passwords_survive_a_stop_and_a_start(folder: Path) -> None:
    first = PostgresServer(folder, 19_431)
    first.start()
    _remember(first, "kept")
    url = first.app_url
    first.stop()
    second = PostgresServer(folder, 19_431)
    second.start()
    try:
        assert second.app_url == url
        assert _remembered(second) == ["kept"]
    finally:
        second.stop()


def test_stop_breaks_off_what_runs_and_leaves_no_process(server: PostgresServer, folder: Path) -> None:
    tag = DataFolder(folder).tag
    busy = _run_until_broken(server.app_url, "SELECT pg_sleep(600)")
    _busy_backend(server)
    assert _processes(tag)
    server.stop()
    assert _processes(tag) == []
    busy.join()
    with pytest.raises(RuntimeError, match="not started"):
        _ = server.app_url
    server.stop()  # again


def test_a_killed_server_comes_back_on_its_port_with_what_was_committed(server: PostgresServer, folder: Path) -> None:
    _remember(server, "kept")
    # A backend that never waits does not notice that its postmaster is gone, and would block the new one.
    busy = _run_until_broken(server.app_url, "SELECT count(*) FROM generate_series(1, 1000000000000)")
    stuck = _busy_backend(server)
    killed = _postmaster(folder)
    os.kill(killed, signal.SIGKILL)
    _until(lambda: server.restarts == 1)
    assert _remembered(server) == ["kept"]
    assert _postmaster(folder) != killed
    assert not psutil.pid_exists(stuck) or psutil.Process(stuck).status() == psutil.STATUS_ZOMBIE
    busy.join()


def test_a_server_that_cannot_start_is_tried_until_it_can(server: PostgresServer, folder: Path) -> None:
    control, aside = folder / "global" / "pg_control", folder / "pg_control.aside"
    control.rename(aside)
    os.kill(_postmaster(folder), signal.SIGKILL)
    _until(lambda: server.log_path.read_text().count("could not find the database system") >= 2)
    assert server.restarts == 0
    aside.rename(control)
    _until(lambda: server.restarts == 1)
    assert _accepts(server.app_url)


def test_a_killed_backend_costs_connections_but_no_restart_and_tells_no_statement(
    server: PostgresServer, folder: Path
) -> None:
    postmaster = _postmaster(folder)
    busy = _run_until_broken(server.app_url, f"SELECT '{_SPOKEN}', pg_sleep(600)")
    os.kill(_busy_backend(server), signal.SIGKILL)
    busy.join()
    _until(lambda: _accepts(server.app_url))
    assert _postmaster(folder) == postmaster
    assert server.restarts == 0
    log = server.log_path.read_text()
    assert "was terminated by signal 9" in log
    assert _SPOKEN not in log


def test_neither_statements_nor_their_errors_nor_passwords_reach_the_log(server: PostgresServer, folder: Path) -> None:
    _remember(server, _SPOKEN)
    with psycopg.connect(server.owner_url, autocommit=True) as owner:
        with pytest.raises(psycopg.errors.UniqueViolation):  # its detail quotes the key
            owner.execute("INSERT INTO memory VALUES (%s)", [_SPOKEN])
        with pytest.raises(psycopg.errors.InvalidTextRepresentation, match=_SPOKEN):
            owner.execute("SELECT %s::text::int", [_SPOKEN])
        owner.execute("DO $$ BEGIN RAISE WARNING '" + _SPOKEN + "'; END $$")
    server.stop()
    server.start()
    log = server.log_path.read_text()
    assert "ready to accept connections" in log
    assert _SPOKEN not in log
    passwords = folder.with_name("postgres.passwords.json")
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o600
    assert passwords.stat().st_uid == os.geteuid()
    for password in json.loads(passwords.read_text()).values():
        assert password not in log
    assert "viva_app" not in log


def test_a_killed_owner_takes_its_server_along_and_the_next_takes_over(folder: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", _OWNER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with owner.stdout:
        url = owner.stdout.readline().strip()
    tag = DataFolder(folder).tag
    owner.kill()
    owner.wait()
    successor = PostgresServer(folder)
    successor.start()
    try:
        assert successor.app_url != url
        assert _accepts(successor.app_url)
    finally:
        successor.stop()
    assert _processes(tag) == []


def test_a_killed_owner_leaves_no_process(folder: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", _OWNER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with owner.stdout:
        url = owner.stdout.readline().strip()
    tag = DataFolder(folder).tag
    with psycopg.connect(url):  # a client does not hold it up
        assert _processes(tag)
        owner.kill()
        owner.wait()
        _until(lambda: _processes(tag) == [])


def test_a_second_owner_of_a_folder_is_refused(server: PostgresServer, folder: Path) -> None:
    second = PostgresServer(folder)
    with pytest.raises(PostgresError, match="another Viva runs the database"):
        second.start()
    assert _accepts(server.app_url)


def test_an_owner_that_was_killed_while_it_made_the_folder_leaves_nothing_half_made(folder: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", _OWNER, str(folder)], stdout=subprocess.DEVNULL)
    _until(lambda: any(folder.parent.glob(".postgres.new-*/base")))
    owner.kill()
    owner.wait()
    assert not folder.exists()
    server = PostgresServer(folder)
    server.start()
    try:
        assert _accepts(server.app_url)
        assert list(folder.parent.glob(".postgres.new-*")) == []
    finally:
        server.stop()


def test_a_process_id_that_now_belongs_to_a_stranger_does_not_keep_it_from_starting(
    server: PostgresServer, folder: Path
) -> None:
    server.stop()
    stranger = subprocess.Popen(tied([shutil.which("sleep") or "sleep", "600"], *DataFolder(folder).owner))
    try:
        _until(lambda: psutil.Process(stranger.pid).name() == "sleep")
        (folder / "postmaster.pid").write_text(f"{stranger.pid}\n{folder}\n")
        server.start()
        assert _accepts(server.app_url)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_taken_port_is_named(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PostgresError, match=f"port {port} of 127.0.0.1: Address already in use"):
            PostgresServer(folder, port).start()


def test_a_folder_of_another_version_is_left_alone(server: PostgresServer, folder: Path) -> None:
    server.stop()
    (folder / "PG_VERSION").write_text("17\n")
    with pytest.raises(PostgresError, match="holds a database of PostgreSQL 17, and this is PostgreSQL 18"):
        server.start()
    (folder / "PG_VERSION").write_text("18\n")
    server.start()
    assert _accepts(server.app_url)


def test_a_folder_of_something_else_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(PostgresError, match="is not empty and holds no database"):
        PostgresServer(folder).start()
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]


def test_lost_passwords_are_told(server: PostgresServer, folder: Path) -> None:
    server.stop()
    passwords = folder.with_name("postgres.passwords.json")
    passwords.rename(folder.with_name("elsewhere"))
    with pytest.raises(PostgresError, match="postgres.passwords.json is not there"):
        server.start()
    folder.with_name("elsewhere").rename(passwords)
    server.start()


def test_passwords_of_another_folder_are_refused_without_being_told(server: PostgresServer, folder: Path) -> None:
    server.stop()
    other = {"postgres": "others", "viva_owner": "others", "viva_app": "others"}
    folder.with_name("postgres.passwords.json").write_text(json.dumps(other))
    with pytest.raises(PostgresError, match='password authentication failed for user "postgres"') as refusal:
        server.start()
    assert "others" not in str(refusal.value)
    assert _processes(DataFolder(folder).tag) == []


def test_a_server_that_cannot_start_says_why_in_one_line(server: PostgresServer, folder: Path) -> None:
    server.stop()
    (folder / "global" / "pg_control").unlink()
    with pytest.raises(PostgresError, match=r"pg_control\": No such file or directory") as failure:
        server.start()
    assert "\n" not in str(failure.value)
    assert _processes(DataFolder(folder).tag) == []
