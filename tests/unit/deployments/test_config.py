"""A bad value fails at start and says which."""

import hashlib
from pathlib import Path

import pytest

from deployments.config import ConfigError, GatewayConfig, VivaConfig, from_mapping, to_mapping


def test_an_empty_document_is_the_default() -> None:
    assert from_mapping({}) == VivaConfig()


def test_what_travels_to_the_replicas_is_read_back_equal() -> None:
    config = from_mapping(
        {
            "data_dir": "data",
            "gateway": {"replicas": 2, "api_keys": {hashlib.sha256(b"k").hexdigest(): "acme"}},
            "scorer": {"timeout_s": 30},
            "triton": {"hardware": "sm90"},
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
        ({"scorer": {"replicas": 0}}, "scorer.replicas is 0"),
        ({"scorer": {"timeout_s": -1}}, "scorer.timeout_s"),
        ({"triton": {"address": "nowhere"}}, "triton.address"),
        ({"metrics_port": -1}, "metrics_port"),
    ],
)
def test_a_bad_value_is_named(values: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said.replace(".", r"\.")):
        from_mapping(values)


def test_an_address_that_others_can_reach_needs_keys() -> None:
    with pytest.raises(ConfigError, match="gateway.host"):
        GatewayConfig(host="0.0.0.0")
    assert GatewayConfig(host="0.0.0.0", api_keys={"ab": "acme"}).host == "0.0.0.0"


def test_all_slots_of_the_scorers_are_shared_out_to_the_gateways() -> None:
    config = from_mapping({"gateway": {"replicas": 2}, "scorer": {"replicas": 4, "media_slots": 2, "text_slots": 8}})
    assert (config.media_concurrency, config.text_concurrency) == (4, 16)


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
            nested = isinstance(value, dict) and key != "api_keys"
            found += keys(value, f"{prefix}{key}.") if nested else [prefix + key]  # type: ignore[arg-type]
        return found

    listed = keys(to_mapping(VivaConfig()))
    assert [key for key in listed if f"| `{key}` |" not in page] == []
