"""TLS of the advertised port: certificates that are checked at the start and read again when their files change."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import grpc

from deployments.config import ConfigError, GatewayConfig

CERT_VARIABLE: Final = "VIVA_GRPC_TLS_CERT"
KEY_VARIABLE: Final = "VIVA_GRPC_TLS_KEY"
CLIENT_CA_VARIABLE: Final = "VIVA_GRPC_TLS_CLIENT_CA"

_log = logging.getLogger("ray.serve")


def environment(gateway: GatewayConfig) -> Mapping[str, str]:
    """How the files reach the hook that opens the port, which sees no configuration."""
    if not gateway.tls:
        return {}
    found = {CERT_VARIABLE: str(gateway.tls_cert), KEY_VARIABLE: str(gateway.tls_key)}
    if gateway.tls_client_ca != Path():
        found[CLIENT_CA_VARIABLE] = str(gateway.tls_client_ca)
    return found


def from_environment(variables: Mapping[str, str]) -> CertificateFiles | None:
    """The files that `environment` named, None without TLS."""
    if not variables.get(CERT_VARIABLE):
        return None
    client_ca = variables.get(CLIENT_CA_VARIABLE)
    return CertificateFiles(
        Path(variables[CERT_VARIABLE]), Path(variables.get(KEY_VARIABLE, "")), Path(client_ca) if client_ca else None
    )


def check_environment(gateway: GatewayConfig, variables: Mapping[str, str]) -> None:
    """Raise `ConfigError` unless the port is what the configuration says: on a cluster both are written by hand."""
    wanted = environment(gateway)
    for name in (CERT_VARIABLE, KEY_VARIABLE, CLIENT_CA_VARIABLE):
        if variables.get(name, "") != wanted.get(name, ""):
            raise ConfigError(f"{name} is {variables.get(name, '')!r}, the configuration says {wanted.get(name, '')!r}")


def check(gateway: GatewayConfig) -> None:
    """Raise `ConfigError` unless the files are there and fit together."""
    if gateway.tls:
        client_ca = None if gateway.tls_client_ca == Path() else gateway.tls_client_ca
        CertificateFiles(gateway.tls_cert, gateway.tls_key, client_ca).read()


class CertificateFiles:
    """Files in PEM format, which whoever renews the certificate replaces while the gateways run.

    Args:
        cert: the server's certificate, and those between it and its root.
        key: its private key, without a password.
        client_ca: certificates that clients' certificates must come from; None asks clients for none.
    """

    def __init__(self, cert: Path, key: Path, client_ca: Path | None) -> None:
        self._paths = {"gateway.tls_cert": cert, "gateway.tls_key": key}
        if client_ca is not None:
            self._paths["gateway.tls_client_ca"] = client_ca
        self._seen: tuple[tuple[int, int, int], ...] = ()

    def read(self) -> grpc.ServerCertificateConfiguration:
        """What the files hold now. Raises `ConfigError` with the key of the file at fault."""
        found = {key: _read(key, path) for key, path in self._paths.items()}
        cert, private_key, *client_ca = self._paths.values()
        # gRPC itself says nothing about files that it cannot use until a client fails.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(cert, private_key, password=lambda: "")
        except (ssl.SSLError, ValueError) as error:
            raise ConfigError(
                f"gateway.tls_cert and gateway.tls_key ({cert}, {private_key}) are no certificate in PEM format with "
                f"its own private key: {_short(error)}"
            ) from error
        try:
            for path in client_ca:
                context.load_verify_locations(path)
        except ssl.SSLError as error:
            raise ConfigError(
                f"gateway.tls_client_ca ({client_ca[0]}) holds no certificate in PEM format: {_short(error)}"
            ) from error
        pair = (found["gateway.tls_key"], found["gateway.tls_cert"])
        return grpc.ssl_server_certificate_configuration([pair], found.get("gateway.tls_client_ca"))

    def credentials(self) -> grpc.ServerCredentials:
        """Credentials of a port; the files are looked at with each new connection. Raises `ConfigError`."""
        self._seen = self._state()
        return grpc.dynamic_ssl_server_credentials(
            self.read(),
            self._renewed,  # type: ignore[arg-type]  # gRPC documents None: keep what is in use
            require_client_authentication="gateway.tls_client_ca" in self._paths,
        )

    def _renewed(self) -> grpc.ServerCertificateConfiguration | None:
        """What changed files hold; None keeps what is in use. Called by gRPC's own threads, and must not raise."""
        try:
            state = self._state()
            if state == self._seen:
                return None
            self._seen = state
            renewed = self.read()
        except (ConfigError, OSError) as error:  # one file is renewed before the other, whose change is seen again
            _log.warning("renewed certificate files cannot be used yet: %s", error)
            return None
        _log.info("certificate files were read again")
        return renewed

    def _state(self) -> tuple[tuple[int, int, int], ...]:
        """What differs when a file is another one or missing."""
        stats = [path.stat() for path in self._paths.values() if path.exists()]
        return tuple((stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in stats)


def _read(key: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{key} is {path}, which cannot be read: {error.strerror}") from error


def _short(error: Exception) -> str:
    return getattr(error, "reason", None) or str(error)
