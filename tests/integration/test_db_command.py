"""`viva db` on a database that a DBA without superuser rights made, by the very statements of docs/database.md."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from click.testing import CliRunner, Result

from deployments.cli.main import main
from serving.adapters.postgres import schema
from serving.adapters.postgres.installation import binary
from serving.adapters.postgres.server import PostgresServer

DOCS = Path(__file__).parents[2] / "docs/database.md"
ROLES = ("viva_app", "viva_owner", "viva_system")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`HOST:PORT` of a server that a DBA has prepared."""
    folder = tmp_path_factory.mktemp("db")
    server = PostgresServer(folder / "postgres")
    server.start()
    try:
        place = urlsplit(server.owner_url).netloc.rpartition("@")[2]
        superuser = json.loads((folder / "postgres.passwords.json").read_text())["postgres"]
        with psycopg.connect(f"postgresql://postgres:{superuser}@{place}/postgres", autocommit=True) as connection:
            connection.execute("DROP DATABASE viva")
            for role in ROLES:
                connection.execute(f"DROP ROLE {role}")
            connection.execute("CREATE ROLE dba LOGIN CREATEROLE CREATEDB PASSWORD 'dba'")
            connection.execute("CREATE ROLE reader LOGIN BYPASSRLS PASSWORD 'reader'")
            connection.execute("GRANT pg_read_all_data TO reader")
        (statements,) = re.findall(r"```sql\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
        with psycopg.connect(f"postgresql://dba:dba@{place}/postgres", autocommit=True) as connection:
            for line in statements.splitlines():
                connection.execute(line)
        yield place
    finally:
        server.stop()


@pytest.fixture
def owner_url(place: str) -> str:
    """Of a database without a schema."""
    url = f"postgresql://viva_owner:owner-password@{place}/viva"
    schema.downgrade(url, "base")
    return url


def viva_db(url: str, *args: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["db", *args], env={"VIVA_DATABASE_OWNER_URL": url}, input=stdin)


def test_the_schema_is_brought_forward_without_a_superuser(owner_url: str) -> None:
    before = viva_db(owner_url, "status")
    assert (before.exit_code, before.stdout) == (1, f"database: none\nneeded:   {schema.newest()}\n")
    upgraded = viva_db(owner_url, "upgrade")
    assert (upgraded.exit_code, upgraded.stdout) == (0, f"schema none -> {schema.newest()}\n")
    after = viva_db(owner_url, "status")
    assert (after.exit_code, after.stdout) == (0, f"database: {schema.newest()}\nneeded:   {schema.newest()}\n")
    assert viva_db(owner_url, "upgrade").stdout == f"schema {schema.newest()} -> {schema.newest()}\n"


def test_the_application_sees_a_tenant_at_a_time_and_becomes_the_system_on_demand(owner_url: str, place: str) -> None:
    viva_db(owner_url, "upgrade")
    with psycopg.connect(f"postgresql://viva_app:app-password@{place}/viva") as connection:
        connection.execute("SELECT set_config('viva.tenant', 'acme', true)")
        connection.execute("INSERT INTO tenants VALUES ('acme', 'tenants/acme', 'tenants', 1, now(), now(), '{}', 'A')")
        connection.execute("SELECT set_config('viva.tenant', 'other', true)")
        assert connection.execute("SELECT count(*) FROM tenants").fetchone() == (0,)
        connection.execute("SET LOCAL ROLE viva_system")
        assert connection.execute("SELECT count(*) FROM tenants").fetchone() == (1,)


def test_going_back_asks_first(owner_url: str) -> None:
    viva_db(owner_url, "upgrade")
    refused = viva_db(owner_url, "downgrade", "base", stdin="n\n")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "nothing was changed" in refused.stderr
    assert schema.current(owner_url) == schema.newest()
    done = viva_db(owner_url, "downgrade", "base", "--yes")
    assert (done.exit_code, done.stdout) == (0, f"schema {schema.newest()} -> none\n")


@pytest.mark.parametrize(
    ("url", "args", "said"),
    [
        ("postgresql://viva_owner:secret@{place}/viva", ("upgrade",), "password authentication failed"),
        ("postgresql://viva_owner:secret@127.0.0.1:1/viva", ("status",), "refused"),
        ("postgresql://viva_owner:owner-password@{place}/none", ("status",), "does not exist"),
        ("viva_owner:secret", ("status",), "URL"),
        ("postgresql://viva_owner:owner-password@{place}/viva", ("downgrade", "9999", "--yes"), "9999"),
        ("postgresql://reader:reader@{place}/viva", ("upgrade",), "permission denied"),
    ],
)
def test_what_is_wrong_is_one_line_without_a_password(place: str, url: str, args: tuple[str, ...], said: str) -> None:
    result = viva_db(url.format(place=place), *args)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert "secret" not in result.stderr
    assert "owner-password" not in result.stderr


def test_without_an_address_it_is_wrong_usage() -> None:
    result = CliRunner().invoke(main, ["db", "status"])
    assert result.exit_code == 2
    assert "VIVA_DATABASE_OWNER_URL" in result.stderr


@pytest.mark.parametrize(
    ("user", "password", "works"), [("viva_owner", "owner-password", False), ("reader", "reader", True)]
)
def test_a_dump_needs_a_role_that_row_security_does_not_hold_for(
    owner_url: str, place: str, user: str, password: str, works: bool
) -> None:
    viva_db(owner_url, "upgrade")
    command = [binary("pg_dump"), f"postgresql://{user}:{password}@{place}/viva"]
    dumped = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (dumped.returncode == 0) is works, dumped.stderr
