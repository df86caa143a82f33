"""A bad value fails at start and says which."""

import hashlib
from pathlib import Path

import pytest

from deployments.cli import up
from deployments.config import ConfigError, GatewayConfig, VivaConfig, WebConfig, from_mapping, to_mapping
from serving.adapters.jwt.issuer import Issuer

SHA256 = hashlib.sha256(b"k").hexdigest()


def test_an_empty_document_is_the_default() -> None:
    assert from_mapping({}) == VivaConfig()


def test_what_travels_to_the_replicas_is_read_back_equal() -> None:
    config = from_mapping(
        {
            "data_dir": "data",
            "gateway": {
                "replicas": 2,
                "api_keys": {SHA256: "acme"},
                "jwt_issuers": [{"issuer": "https://login.example.com", "audience": "viva", "jwks": "/etc/keys.json"}],
                "tls_cert": "/etc/viva/tls.crt",
                "tls_key": "/etc/viva/tls.key",
            },
            "scorer": {"timeout_s": 30},
            "triton": {"hardware": "sm90"},
            "egress": {"allowed_networks": ["10.1.0.0/16"], "allow_http": True},
        }
    )
    assert from_mapping(to_mapping(config)) == config
    assert config.data_dir == Path("data").absolute()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"port": 1}, "unknown key port"),
        ({"gateway": {"prot": 1}}, "unknown key gateway.prot"),
        ({"gateway": 5}, "gateway must be a mapping"),
        ({"gateway": {"port": "18500"}}, "gateway.port is '18500'"),
        ({"gateway": {"port": True}}, "gateway.port is True"),
        ({"gateway": {"port": 70000}}, "gateway.port is 70000"),
        ({"gateway": {"api_keys": {"a": 1}}}, "gateway.api_keys"),
        ({"gateway": {"api_keys": {SHA256: "No"}}}, f"gateway.api_keys: {SHA256[:8]}... is 'No'"),
        ({"gateway": {"api_keys": {SHA256: "acme"}, "admin_keys": {SHA256: "ops"}}}, "gateway.admin_keys"),
        ({"gateway": {"jwt_issuers": ["https://a"]}}, "gateway.jwt_issuers must be a list of mappings"),
        ({"gateway": {"jwt_issuers": [{"issuer": "a", "audience": "v"}]}}, "gateway.jwt_issuers[0].jwks must not be"),
        (
            {"gateway": {"jwt_issuers": [{"issuer": "a", "audience": "v", "jwks": "http://example.com/keys"}]}},
            "gateway.jwt_issuers[0].jwks is 'http://example.com/keys'",
        ),
        ({"gateway": {"tls_cert": "a.crt"}}, "gateway.tls_key"),
        ({"gateway": {"tls_client_ca": "ca.crt"}}, "gateway.tls_client_ca"),
        ({"scorer": {"replicas": 0}}, "scorer.replicas is 0"),
        ({"scorer": {"timeout_s": -1}}, "scorer.timeout_s"),
        ({"triton": {"address": "nowhere"}}, "triton.address"),
        ({"egress": {"allowed_networks": "10.1.0.0/16"}}, "egress.allowed_networks must be a list of strings"),
        ({"egress": {"allowed_networks": ["10.1.0.0/8"]}}, "egress.allowed_networks holds '10.1.0.0/8'"),
        ({"egress": {"allow_http": 1}}, "egress.allow_http is 1"),
        ({"metrics_port": -1}, "metrics_port"),
        ({"web": {"port": 65536}}, "web.port is 65536"),
        ({"web": {"base_url": "viva.example"}}, "web.base_url"),
    ],
)
def test_a_bad_value_is_named(values: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        from_mapping(values)
    assert said in str(raised.value)


def test_an_address_that_others_can_reach_needs_keys() -> None:
    with pytest.raises(ConfigError, match="gateway.host"):
        GatewayConfig(host="0.0.0.0")
    issuer = Issuer(issuer="https://login.example.com", audience="viva", jwks="keys.json")
    for gateway in (
        GatewayConfig(host="0.0.0.0", api_keys={SHA256: "acme"}),
        GatewayConfig(host="0.0.0.0", admin_keys={SHA256: "ops"}),
        GatewayConfig(host="0.0.0.0", jwt_issuers=(issuer,)),
    ):
        assert not gateway.open_to_host
    assert GatewayConfig().open_to_host
    assert not GatewayConfig(api_keys={SHA256: "acme"}).open_to_host


def test_a_key_in_place_of_its_hash_is_not_repeated() -> None:
    with pytest.raises(ConfigError, match="hex SHA-256") as raised:
        GatewayConfig(api_keys={"my-secret-key": "acme"})
    assert "my-secret-key" not in str(raised.value)


def test_each_gateway_may_fill_all_slots_of_the_scorers() -> None:
    config = from_mapping({"gateway": {"replicas": 2}, "scorer": {"replicas": 4, "media_slots": 2, "text_slots": 8}})
    assert (config.media_concurrency, config.text_concurrency) == (8, 32)


def test_the_spool_may_be_shared_while_run_files_stay_with_the_node() -> None:
    config = from_mapping({"data_dir": "/a", "spool_dir": "/shared/spool"})
    assert (config.spool_dir, config.run_dir) == (Path("/shared/spool"), Path("/a/run"))


def test_an_ipv6_host_is_written_in_brackets() -> None:
    assert GatewayConfig(host="::1", port=5).address == "[::1]:5"
    assert GatewayConfig(port=5).address == "127.0.0.1:5"


def test_the_documentation_lists_every_key_with_its_default() -> None:
    page = (Path(__file__).parents[3] / "docs/configuration.md").read_text()

    def keys(values: dict[str, object], prefix: str = "") -> list[str]:
        found = []
        for key, value in values.items():
            nested = isinstance(value, dict) and key not in ("api_keys", "admin_keys")
            found += keys(value, f"{prefix}{key}.") if nested else [prefix + key]  # type: ignore[arg-type]
        return found

    listed = keys(to_mapping(VivaConfig()))
    assert [key for key in listed if f"| `{key}` |" not in page] == []


def test_links_begin_with_the_address_that_readers_reach_the_pages_by() -> None:
    assert VivaConfig().web.links_begin == "http://127.0.0.1:18501"
    assert WebConfig(port=0).links_begin == ""
    assert WebConfig(port=0, base_url="https://hr.example/viva/").links_begin == "https://hr.example/viva"


@pytest.mark.parametrize(
    ("port", "file", "pages"), [(15000, "", 15001), (65535, "", 0), (15000, "web: {port: 9}", 9), (None, "", 18501)]
)
def test_the_pages_move_with_the_port_of_the_api(tmp_path: Path, port: int | None, file: str, pages: int) -> None:
    written = tmp_path / "viva.yaml"
    written.write_text(file)
    assert up._config(written, port, None, None).web.port == pages
