"""The one configuration of a stack: frozen, checked at start, derived values as properties.

A file (`viva up --config FILE`, or `args` of the Serve YAML) holds the same keys as the dataclasses below.
docs/configuration.md lists them; a test proves that it lists all.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from deployments.engines.hardware import Hardware
from deployments.strict_mapping import ConfigError as ConfigError  # raised by what is below
from deployments.strict_mapping import check, read
from serving.adapters.egress.config import EgressConfig
from serving.adapters.jwt.issuer import Issuer
from serving.adapters.telemetry.config import TelemetryConfig
from serving.domain import names

ROOT = Path(__file__).resolve().parent.parent
# Keys that a node may have of its own, by variables in the environment of its Ray: several nodes can share a machine.
NODE_VARIABLES: Final = {"VIVA_RUN_DIR": "run_dir", "VIVA_METRICS_PORT": "metrics_port"}


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """The edge: gRPC servers that share one advertised port.

    Attributes:
        host: address that the advertised port binds to; anything but loopback needs keys or an issuer of tokens.
        port: advertised gRPC port.
        replicas: gateway processes in the cluster; those of a node share the port.
        text_queue: text answers that may wait, for each gateway.
        media_queue: media answers that may wait, for each gateway.
        api_keys: tenant by hex SHA-256 of its key; with all scopes but `admin`.
        admin_keys: name by hex SHA-256 of a key of the operator; with all scopes. With neither these nor api_keys nor
            jwt_issuers, callers on this host are one local tenant without credentials.
        jwt_issuers: whose JSON Web Tokens are accepted.
        tls_cert: certificate chain of the advertised port in PEM format; empty for plain gRPC.
        tls_key: its private key, without a password.
        tls_client_ca: certificates that clients' certificates must come from; empty asks clients for none.
    """

    host: str = "127.0.0.1"
    port: int = 18500
    replicas: int = 1
    text_queue: int = 256
    media_queue: int = 64
    api_keys: Mapping[str, str] = field(default_factory=dict)
    admin_keys: Mapping[str, str] = field(default_factory=dict)
    jwt_issuers: tuple[Issuer, ...] = ()
    tls_cert: Path = Path()
    tls_key: Path = Path()
    tls_client_ca: Path = Path()

    def __post_init__(self) -> None:
        check(1 <= self.port <= 65535, "gateway.port", self.port, "1 to 65535")
        check(self.replicas >= 1, "gateway.replicas", self.replicas, "at least 1")
        check(self.text_queue >= 1, "gateway.text_queue", self.text_queue, "at least 1")
        check(self.media_queue >= 1, "gateway.media_queue", self.media_queue, "at least 1")
        self._check_callers()
        for name in ("tls_cert", "tls_key", "tls_client_ca"):
            if (given := getattr(self, name)) != Path():
                object.__setattr__(self, name, given.expanduser().absolute())
        check((self.tls_key != Path()) == self.tls, "gateway.tls_key", str(self.tls_key), "set if tls_cert is")
        fits = self.tls or self.tls_client_ca == Path()
        check(fits, "gateway.tls_client_ca", str(self.tls_client_ca), "empty without tls_cert")

    def _check_callers(self) -> None:
        for key, pattern, limit in (
            ("api_keys", names.TENANT_ID, "the id of a tenant: 3 to 40 of a-z, 0-9 and -, a letter first"),
            ("admin_keys", names.ID, "a name: 1 to 60 of a-z, 0-9, _ and -"),
        ):
            for sha256, name in getattr(self, key).items():
                hashed = re.fullmatch(names.SHA256, sha256) is not None  # or it may be a key itself
                check(hashed, f"a key of gateway.{key}", "(hidden)", "a hex SHA-256: 64 of 0-9 and a-f")
                check(re.fullmatch(pattern, name) is not None, f"gateway.{key}: {sha256[:8]}...", name, limit)
        both = sorted(self.api_keys.keys() & self.admin_keys.keys())
        check(not both, "gateway.admin_keys", both, "other keys than those of api_keys")
        issuers = [one.issuer for one in self.jwt_issuers]
        check(len(set(issuers)) == len(issuers), "gateway.jwt_issuers", issuers, "one entry for each issuer")
        closed = bool(self.api_keys or self.admin_keys or self.jwt_issuers)
        check(
            self._loopback or closed,
            "gateway.host",
            self.host,
            "loopback, unless api_keys, admin_keys or jwt_issuers are set",
        )

    @property
    def _loopback(self) -> bool:
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    @property
    def open_to_host(self) -> bool:
        """Whether callers on this host need no credentials."""
        return self._loopback and not (self.api_keys or self.admin_keys or self.jwt_issuers)

    @property
    def tls(self) -> bool:
        """Whether the advertised port speaks TLS only."""
        return self.tls_cert != Path()

    @property
    def address(self) -> str:
        """The advertised `host:port`, an IPv6 host in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ScorerConfig:
    """Processes that decode media and run the pipeline.

    Attributes:
        replicas: scorer processes in the cluster; more than one for a node where one no longer keeps its cores busy.
        text_slots: text answers that one replica works on at a time.
        media_slots: media answers that one replica works on at a time.
        num_cpus: logical CPUs that Ray reserves for one replica.
        timeout_s: longest time that one answer may take; a caller's deadline may be shorter.
    """

    replicas: int = 1
    text_slots: int = 16
    media_slots: int = 5
    num_cpus: float = 0.0
    timeout_s: float = 600.0

    def __post_init__(self) -> None:
        check(self.replicas >= 1, "scorer.replicas", self.replicas, "at least 1")
        check(self.text_slots >= 1, "scorer.text_slots", self.text_slots, "at least 1")
        check(self.media_slots >= 1, "scorer.media_slots", self.media_slots, "at least 1")
        check(self.num_cpus >= 0, "scorer.num_cpus", self.num_cpus, "at least 0")
        check(self.timeout_s > 0, "scorer.timeout_s", self.timeout_s, "above 0")


@dataclass(frozen=True, slots=True)
class OverloadConfig:
    """What happens when more comes than can be scored; docs/overload.md explains it.

    Attributes:
        text_wait_s: a text answer that would wait longer for its turn is refused.
        media_wait_s: a media answer that would wait longer for its turn is refused.
        queued_answers: answers of all tenants that may wait to be scored.
        watchers: calls of one gateway that wait for something to happen (`WatchReports`, `WaitOperation`).
        reserved_slots: places of each lane that a scorer's jobs leave to calls; one is always theirs.
        patience_s: longest time that a bulk answer stands back, in all, for those that somebody waits for; 0 for never.
        bulk_turnaround_slo_s: time in which bulk videos should be done; where it is at risk, they are scored without
            looking at the picture. 0 never does so.
    """

    text_wait_s: float = 10.0
    media_wait_s: float = 120.0
    queued_answers: int = 1_000_000
    watchers: int = 256
    reserved_slots: int = 1
    patience_s: float = 30.0
    bulk_turnaround_slo_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("text_wait_s", "media_wait_s"):
            check(getattr(self, name) > 0, f"overload.{name}", getattr(self, name), "above 0")
        for name in ("queued_answers", "watchers"):
            check(getattr(self, name) >= 1, f"overload.{name}", getattr(self, name), "at least 1")
        for name in ("reserved_slots", "patience_s", "bulk_turnaround_slo_s"):
            check(getattr(self, name) >= 0, f"overload.{name}", getattr(self, name), "at least 0")


@dataclass(frozen=True, slots=True)
class TritonConfig:
    """The model server of each node.

    Attributes:
        hardware: `cpu`, or a GPU's (`sm90`): which `configs/<hardware>.pbtxt` of the models to use, or `config.pbtxt`
            where a model has none of its own for it.
        model_repository: Triton's model repository.
        address: `host:port` (gRPC) of a server that runs already; empty starts and supervises one on each node.
        nodes: most nodes that run a `Node` (one each): a metrics page, and a supervised server; gateways and scorers
            are spread evenly over so many.
        num_gpus: GPUs that Ray reserves for each server.
    """

    hardware: str = "cpu"
    model_repository: Path = ROOT / "model_repository"
    address: str = ""
    nodes: int = 1
    num_gpus: float = 0.0

    def __post_init__(self) -> None:
        known = ("cpu", *(one.value for one in Hardware))
        # Triton would take any GPU's configuration for a name that it does not know.
        check(self.hardware in known, "triton.hardware", self.hardware, f"one of {', '.join(known)}")
        check(self.nodes >= 1, "triton.nodes", self.nodes, "at least 1")
        check(self.num_gpus >= 0, "triton.num_gpus", self.num_gpus, "at least 0")
        check(
            not self.address or self.address.rpartition(":")[2].isdigit(),
            "triton.address",
            self.address,
            "HOST:PORT or empty",
        )


@dataclass(frozen=True, slots=True)
class DatabaseConfig:
    """PostgreSQL.

    Attributes:
        url: `postgresql://...` of the role that serves (viva_app); empty starts one below `data_dir`, for one host.
        owner_url: of the role that owns the database; only migrations use it.
        connections: most connections of one gateway or scorer.
        port: of the server that is started here; 0 chooses a free one.
    """

    url: str = ""
    owner_url: str = ""
    connections: int = 8
    port: int = 0

    def __post_init__(self) -> None:
        for name, url in (("url", self.url), ("owner_url", self.owner_url)):
            fits = not url or url.startswith(("postgresql://", "postgres://"))
            check(fits, f"database.{name}", "(hidden)", "a postgresql:// URL")
        check(2 <= self.connections <= 1000, "database.connections", self.connections, "2 to 1000")
        check(0 <= self.port <= 65535, "database.port", self.port, "0 to 65535")


@dataclass(frozen=True, slots=True)
class StorageConfig:
    """Where media are kept.

    Attributes:
        url: `s3://bucket/prefix`, or a folder that all hosts share; empty for `data_dir/objects`.
        classes: address of each further storage class that jurisdictions ask for, such as `cn`.
        s3_endpoint: of a store that is not Amazon's, such as `http://minio:9000`.
        s3_region, s3_access_key_id, s3_secret_access_key: empty for what the environment says.
    """

    url: str = ""
    classes: Mapping[str, str] = field(default_factory=dict)
    s3_endpoint: str = ""
    s3_region: str = ""
    s3_access_key_id: str = ""
    s3_secret_access_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class WebConfig:
    """The pages behind report links: plain HTTP, at `gateway.host`.

    Attributes:
        port: shared by all gateways of a host; 0 serves no pages.
        base_url: what links begin with, where a proxy with TLS stands before the port; empty for this host's own.
    """

    port: int = 18501
    base_url: str = ""

    def __post_init__(self) -> None:
        check(0 <= self.port <= 65535, "web.port", self.port, "0 to 65535")
        fits = not self.base_url or self.base_url.startswith(("http://", "https://"))
        check(fits, "web.base_url", self.base_url, "an http:// or https:// URL")

    @property
    def links_begin(self) -> str:
        """What links begin with, without a slash at its end; empty where nothing serves them."""
        return self.base_url.rstrip("/") or (f"http://127.0.0.1:{self.port}" if self.port else "")


@dataclass(frozen=True, slots=True)
class VivaConfig:
    """Everything.

    Attributes:
        data_dir: parent of the folders below and of the logs; this host's own.
        spool_dir: received media until it is scored; on several hosts, storage that gateways and scorers share. The
            default is `data_dir/spool`.
        run_dir: files of this node's processes (Triton's endpoint, counters); never shared. Default: `data_dir/run`.
        metrics_port: Prometheus metrics of the node on loopback; 0 switches them off.
        node_resource: Ray's custom resource that marks the nodes to run on, where not all of them have a `Node`.
    """

    data_dir: Path = Path("~/.local/state/viva")
    spool_dir: Path = Path()
    run_dir: Path = Path()
    metrics_port: int = 18502
    node_resource: str = ""
    gateway: GatewayConfig = GatewayConfig()
    web: WebConfig = WebConfig()
    scorer: ScorerConfig = ScorerConfig()
    overload: OverloadConfig = OverloadConfig()
    triton: TritonConfig = TritonConfig()
    database: DatabaseConfig = DatabaseConfig()
    storage: StorageConfig = StorageConfig()
    egress: EgressConfig = field(default_factory=EgressConfig)
    telemetry: TelemetryConfig = field(default_factory=TelemetryConfig)

    def __post_init__(self) -> None:
        check(0 <= self.metrics_port <= 65535, "metrics_port", self.metrics_port, "0 to 65535")
        data_dir = self.data_dir.expanduser().absolute()
        object.__setattr__(self, "data_dir", data_dir)
        for name in ("spool", "run"):
            given = getattr(self, f"{name}_dir")
            folder = data_dir / name if given == Path() else given.expanduser().absolute()
            object.__setattr__(self, f"{name}_dir", folder)

    @property
    def storage_urls(self) -> Mapping[str, str]:
        """Address of each storage class."""
        return {**self.storage.classes, "default": self.storage.url or str(self.data_dir / "objects")}

    @property
    def log_dir(self) -> Path:
        return self.data_dir / "logs"

    @property
    def replica_log_dir(self) -> Path:
        return self.log_dir / "replicas"

    @property
    def metrics_dir(self) -> Path:
        return self.run_dir / "metrics"

    @property
    def text_concurrency(self) -> int:
        """Text answers that one gateway sends to the scorers at a time: as many as they have places.

        The kernel spreads connections over gateways, not calls, so that a share of the places would leave some unused.
        """
        return self.scorer.replicas * self.scorer.text_slots

    @property
    def media_concurrency(self) -> int:
        """Media answers that one gateway sends to the scorers at a time: as many as they have places."""
        return self.scorer.replicas * self.scorer.media_slots

    @property
    def most_calls(self) -> int:
        """Calls that all gateways send to the scorers at a time; should one scorer be alone, they are all its own."""
        return self.gateway.replicas * (self.text_concurrency + self.media_concurrency)


def from_mapping(values: Mapping[str, Any]) -> VivaConfig:
    """The configuration of a parsed YAML document.

    Raises:
        ConfigError: an unknown key, a value of the wrong type, or one out of range; names the key.
    """
    return read(VivaConfig, values)


def of_this_node(values: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> VivaConfig:
    """`from_mapping` with what `NODE_VARIABLES` say instead.

    Raises:
        ConfigError: as there; or a variable has a value of the wrong type.
    """
    given = {key: environment[name] for name, key in NODE_VARIABLES.items() if environment.get(name)}
    port = given.get("metrics_port", "")
    return from_mapping({**values, **given, **({"metrics_port": int(port)} if port.isdecimal() else {})})


def to_mapping(config: VivaConfig) -> dict[str, Any]:
    """Plain values (strings, numbers, lists, dicts) that `from_mapping` reads back; what travels to the replicas."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, tuple):
            return [plain(item) for item in value]
        return str(value) if isinstance(value, Path) else value

    result = plain(dataclasses.asdict(config))
    assert isinstance(result, dict)
    return result
