"""What several hosts need: equal environments, even spread, values of a node's own, a balancer's configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from deployments.app import build
from deployments.cli.main import main
from deployments.cluster.balancer import Balancer, BalancerError
from deployments.config import ConfigError, VivaConfig, from_mapping, of_this_node, to_mapping
from deployments.stack import REPLICA_PORTS, environment
from tests.cluster import NODE_ENV, environment_file
from tests.unit.deployments.test_serve_yaml import deployments

GATEWAYS = {"a": "10.0.0.11:18500", "b": "[fd00::2]:18500"}


def test_rays_environment_is_that_of_the_stack_and_of_the_replicas() -> None:
    config = from_mapping({"gateway": {"host": "0.0.0.0", "admin_keys": {"0" * 64: "ops"}}})
    of_replicas = dict(environment(config, REPLICA_PORTS))
    del of_replicas["PROMETHEUS_MULTIPROC_DIR"]  # Ray's own processes would write into a folder that is not there yet
    given = environment_file(NODE_ENV)
    assert of_replicas.items() <= given.items()
    assert given.keys() - of_replicas.keys() == {
        "RAY_AUTH_MODE",
        "RAY_AUTH_TOKEN_PATH",
        "RAY_USAGE_STATS_ENABLED",
        "RAY_gcs_rpc_server_reconnect_timeout_s",
    }


def test_several_nodes_have_alike_and_one_has_all() -> None:
    several = deployments(build({"triton": {"nodes": 3}, "gateway": {"replicas": 3}, "scorer": {"replicas": 7}}))
    most = {name: it._replica_config.max_replicas_per_node for name, it in several.items()}
    assert most == {"Node": 1, "Gateway": 1, "Scorer": 3}
    one = deployments(build({"gateway": {"replicas": 3}}))
    assert one["Gateway"]._replica_config.max_replicas_per_node is None


def test_a_node_of_a_shared_machine_has_values_of_its_own() -> None:
    values = to_mapping(VivaConfig(Path("/a")))
    assert of_this_node(values, {}) == VivaConfig(Path("/a"))
    own = of_this_node(values, {"VIVA_RUN_DIR": "/b/run", "VIVA_METRICS_PORT": "15000"})
    assert (own.run_dir, own.metrics_port, own.spool_dir) == (Path("/b/run"), 15000, Path("/a/spool"))
    with pytest.raises(ConfigError, match="metrics_port is 'x'"):
        of_this_node(values, {"VIVA_METRICS_PORT": "x"})


def test_every_gateway_is_in_both_backends() -> None:
    written = Balancer(GATEWAYS).configuration()
    for name, address in GATEWAYS.items():
        assert written.count(f"    server {name} {address}\n") == 2
    assert "bind *:18500 proto h2\n" in written
    assert "prometheus" not in written


def test_tls_is_spoken_on_either_side() -> None:
    written = Balancer(GATEWAYS, certificate=Path("/c.pem"), gateways_ca=Path("/ca.pem")).configuration()
    assert "bind *:18500 ssl crt /c.pem alpn h2\n" in written
    assert written.count(" ssl verify required ca-file /ca.pem alpn h2\n") == 2
    assert "proto h2" not in written


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"gateways": {}}, "there is no gateway"),
        ({"gateways": {"a b": "h:1"}}, "'a b' is no name"),
        ({"gateways": {"a": "h"}}, "the address of a is 'h'"),
        ({"gateways": {"a": "*:1"}}, "the address of a is '*:1'"),
        ({"gateways": {"a": "h:65536"}}, "the address of a is 'h:65536'"),
        ({"gateways": {"a": "h:1\n  server x y:1"}}, "the address of a"),
        ({"gateways": GATEWAYS, "bind": "18500"}, "bind is '18500'"),
        ({"gateways": GATEWAYS, "metrics": "x"}, "metrics is 'x'"),
        ({"gateways": GATEWAYS, "user": "a b"}, "'a b' is no name of a user"),
        ({"gateways": GATEWAYS, "certificate": Path("/a b")}, "'/a b' is no path"),
        ({"gateways": GATEWAYS, "socket": Path("/" + "a" * 100)}, "longer than 90 bytes"),
    ],
)
def test_what_cannot_be_used_is_named(given: dict[str, object], said: str) -> None:
    with pytest.raises(BalancerError) as raised:
        Balancer(**given)  # type: ignore[arg-type]
    assert said in str(raised.value)


def test_the_command_prints_it() -> None:
    nodes = [f"{name}={address}" for name, address in GATEWAYS.items()]
    result = CliRunner().invoke(main, ["balancer", *nodes, "--bind", "127.0.0.1:9"])
    assert result.output == Balancer(GATEWAYS, bind="127.0.0.1:9").configuration()
    for wrong, said in (
        (["a"], "the address of a is ''"),
        (["a=h:1", "a=h:2"], "given twice"),
        ([], "Missing argument"),
    ):
        result = CliRunner().invoke(main, ["balancer", *wrong])
        assert (result.exit_code, said in result.output) == (2, True)
