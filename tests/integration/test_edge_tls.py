"""The advertised port with TLS, over real connections and certificates of a real authority."""

import asyncio
import hashlib
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deployments import tls
from deployments.config import ConfigError, GatewayConfig
from serving.adapters.postgres.credentials import PostgresCredentials
from serving.adapters.postgres.database import PostgresDatabase
from serving.api.auth import Authenticator, configured_callers
from serving.domain.errors import Unauthorized
from tests import stack as stacks

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Ray's own code is behind pydantic's deprecations
    from ray.serve._private.grpc_util import gRPCGenericServer
    from ray.serve.grpc_util import RayServegRPCContext

    from deployments import health


@dataclass(frozen=True)
class Signed:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def cert_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def sign(common_name: str, by: Signed | None = None) -> Signed:
    """A certificate for localhost; without `by`, of an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(by.certificate.subject if by else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(hours=1))
        .not_valid_after(datetime.now(UTC) + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    )
    return Signed(builder.sign(by.key if by else key, hashes.SHA256()), key)


AUTHORITY = sign("authority")
CLIENT = sign("client", AUTHORITY)


def install(folder: Path, server: Signed) -> None:
    """Put a server's files where the gateways look for them."""
    (folder / "tls.crt").write_bytes(server.cert_pem)
    (folder / "tls.key").write_bytes(server.key_pem)


def configured(folder: Path, *, client_ca: bool = False) -> GatewayConfig:
    return GatewayConfig(
        port=stacks.free_port(),
        tls_cert=folder / "tls.crt",
        tls_key=folder / "tls.key",
        tls_client_ca=folder / "ca.crt" if client_ca else Path(),
    )


@asynccontextmanager
async def serving(gateway: GatewayConfig, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """A server as Ray Serve makes it in a gateway, with the hook's service and port."""
    monkeypatch.setattr(health, "_in_replica", lambda: True)
    for name, value in {health.ADDRESS_VARIABLE: gateway.address, **tls.environment(gateway)}.items():
        monkeypatch.setenv(name, value)
    server = gRPCGenericServer(service_handler_factory=lambda *_args, **_kwargs: None)
    health.add_to_server(None, server)
    await server.start()
    try:
        yield
    finally:
        await server.stop(0)


async def ask(port: int, credentials: grpc.ChannelCredentials | None) -> None:
    """One call on a new connection."""
    target, options = f"localhost:{port}", [("grpc.use_local_subchannel_pool", 1)]
    channel = (
        grpc.aio.secure_channel(target, credentials, options=options)
        if credentials
        else grpc.aio.insecure_channel(target, options=options)
    )
    async with channel:
        await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)


async def common_name(port: int) -> str:
    """Whose certificate a new connection is shown."""
    context = ssl.create_default_context(cadata=AUTHORITY.cert_pem.decode())
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    ((((_, name),), *_)) = writer.get_extra_info("peercert")["subject"]
    writer.close()
    return str(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    install(tmp_path, sign("first", AUTHORITY))
    (tmp_path / "ca.crt").write_bytes(AUTHORITY.cert_pem)
    return tmp_path


async def test_the_port_speaks_tls_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = configured(folder)
    async with serving(gateway, monkeypatch):
        await ask(gateway.port, grpc.ssl_channel_credentials(AUTHORITY.cert_pem))
        with pytest.raises(grpc.aio.AioRpcError):
            await ask(gateway.port, None)
        with pytest.raises(grpc.aio.AioRpcError):
            await ask(gateway.port, grpc.ssl_channel_credentials(sign("stranger").cert_pem))


async def test_with_a_client_authority_only_its_clients_are_served(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = configured(folder, client_ca=True)
    stranger = sign("client", sign("another authority"))
    async with serving(gateway, monkeypatch):
        client = grpc.ssl_channel_credentials(AUTHORITY.cert_pem, CLIENT.key_pem, CLIENT.cert_pem)
        await ask(gateway.port, client)
        for refused in (
            grpc.ssl_channel_credentials(AUTHORITY.cert_pem),
            grpc.ssl_channel_credentials(AUTHORITY.cert_pem, stranger.key_pem, stranger.cert_pem),
        ):
            with pytest.raises(grpc.aio.AioRpcError):
                await ask(gateway.port, refused)


async def test_renewed_files_are_served_without_a_restart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway, second = configured(folder), sign("second", AUTHORITY)
    async with serving(gateway, monkeypatch):
        assert await common_name(gateway.port) == "first"
        (folder / "tls.crt").write_bytes(second.cert_pem)  # its key is not there yet
        assert await common_name(gateway.port) == "first"
        (folder / "tls.key").unlink()
        assert await common_name(gateway.port) == "first"
        (folder / "tls.key").write_bytes(second.key_pem)
        assert await common_name(gateway.port) == "second"
        await ask(gateway.port, grpc.ssl_channel_credentials(AUTHORITY.cert_pem))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("tls.crt", None, "gateway.tls_cert is "),
        ("tls.key", None, "gateway.tls_key is "),
        ("ca.crt", None, "gateway.tls_client_ca is "),
        ("tls.key", sign("other").key_pem, "are no certificate in PEM format with its own private key"),
        ("tls.crt", b"nothing", "are no certificate in PEM format with its own private key"),
        ("ca.crt", b"nothing", "gateway.tls_client_ca"),
    ],
)
def test_files_that_cannot_serve_stop_the_start_with_one_line(
    folder: Path, name: str, content: bytes | None, said: str
) -> None:
    gateway = configured(folder, client_ca=True)
    tls.check(gateway)
    (folder / name).unlink() if content is None else (folder / name).write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        tls.check(gateway)
    assert said in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_a_key_with_a_password_stops_the_start(folder: Path) -> None:
    secret = serialization.BestAvailableEncryption(b"secret")
    locked = CLIENT.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)
    (folder / "tls.crt").write_bytes(CLIENT.cert_pem)
    (folder / "tls.key").write_bytes(locked)
    with pytest.raises(ConfigError, match="gateway.tls_key"):
        tls.check(configured(folder))


def test_a_port_that_is_not_as_configured_stops_the_gateway(folder: Path) -> None:
    gateway, plain = configured(folder), GatewayConfig()
    tls.check_environment(gateway, {"HOME": "/", **tls.environment(gateway)})
    tls.check_environment(plain, {"HOME": "/"})
    for config, variables in ((gateway, {}), (plain, tls.environment(gateway))):
        with pytest.raises(ConfigError, match=tls.CERT_VARIABLE):
            tls.check_environment(config, variables)


async def test_a_key_that_comes_over_a_plain_connection_is_refused(folder: Path) -> None:
    """Ray opens a plain port of its own for every gateway."""
    database = PostgresDatabase("")  # a configured key needs none
    authenticator = Authenticator(
        PostgresCredentials(database),
        configured=configured_callers({hashlib.sha256(b"key").hexdigest(): "acme"}, {}),
        tokens=None,
        open_to_host=False,
        tls=True,
    )

    async def who(_: bytes, context: Any) -> bytes:
        seen = RayServegRPCContext(context)
        try:
            caller = await authenticator.caller(seen.invocation_metadata(), seen.peer(), seen.auth_context(), "r")
        except Unauthorized as error:
            return error.message.encode()
        return caller.tenant.encode()

    server = grpc.aio.server()
    handler: Any = grpc.unary_unary_rpc_method_handler(who)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("viva.Who", {"Am": handler}),))
    files = tls.from_environment(tls.environment(configured(folder)))
    assert files is not None
    secure = server.add_secure_port("127.0.0.1:0", files.credentials())
    plain = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    metadata = (("authorization", "Bearer key"),)
    try:
        roots = grpc.ssl_channel_credentials(AUTHORITY.cert_pem)
        async with grpc.aio.secure_channel(f"localhost:{secure}", roots) as channel:
            call: Any = channel.unary_unary("/viva.Who/Am")
            assert await call(b"", metadata=metadata, timeout=5) == b"acme"
        async with grpc.aio.insecure_channel(f"127.0.0.1:{plain}") as channel:
            call = channel.unary_unary("/viva.Who/Am")
            assert b"with TLS" in await call(b"", metadata=metadata, timeout=5)
    finally:
        await server.stop(0)
