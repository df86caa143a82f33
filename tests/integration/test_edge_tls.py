"""The advertised port with TLS, over real connections and certificates of a real authority."""

import ssl
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

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


@dataclass
class Gateway:
    """A server that the hook of the gateways has made, and its files."""

    port: int
    files: Path

    def install(self, server: Signed) -> None:
        install(self.files, server)

    def common_name(self) -> str:
        """Whose certificate a new connection is shown."""
        context = ssl.create_default_context(cadata=AUTHORITY.cert_pem.decode())
        with ssl.create_connection_context(context, self.port) if False else _connected(context, self.port) as opened:
            subject = opened.getpeercert()["subject"]  # type: ignore[index]
        return str(subject[0][0][1])


def install(folder: Path, server: Signed) -> None:
    (folder / "tls.crt").write_bytes(server.cert_pem)
    (folder / "tls.key").write_bytes(server.key_pem)
