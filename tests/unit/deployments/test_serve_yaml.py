"""The Serve configuration that ships deploys the same stack as `viva up`."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from ray import serve
from ray.serve.schema import ServeDeploySchema

from deployments.app import build
from deployments.config import from_mapping
from deployments.stack import REPLICA_PORTS, SERVICERS, environment

SHIPPED = Path(__file__).parents[3] / "deployments/serve.yaml"


@pytest.fixture(scope="module")
def schema() -> ServeDeploySchema:
    return ServeDeploySchema.model_validate(yaml.safe_load(SHIPPED.read_text()))


def test_it_is_one_application_behind_the_same_servicers(schema: ServeDeploySchema) -> None:
    (application,) = schema.applications
    assert application.import_path == "deployments.app:build"
    assert (schema.proxy_location, tuple(schema.grpc_options.grpc_servicer_functions)) == ("Disabled", SERVICERS)


def test_its_environment_is_that_of_the_stack(schema: ServeDeploySchema) -> None:
    (application,) = schema.applications
    config = from_mapping(application.args)
    assert application.runtime_env == {"env_vars": environment(config, REPLICA_PORTS)}


def test_every_deployment_stays_on_the_nodes_that_are_marked(schema: ServeDeploySchema) -> None:
    (application,) = schema.applications
    built = deployments(build(application.args))
    assert set(built) == {"Gateway", "Scorer", "Node"}
    assert [it.ray_actor_options["resources"] for it in built.values()] == [{"viva_node": 0.001}] * 3
    assert built["Node"]._replica_config.max_replicas_per_node == 1


def test_an_external_model_server_takes_no_gpu_but_the_node_keeps_its_metrics_page() -> None:
    built = deployments(build({"triton": {"address": "triton:8001", "num_gpus": 1}}))
    assert built["Node"].ray_actor_options["num_gpus"] == 0
    assert built["Node"].ray_actor_options["resources"] == {}
    supervised = deployments(build({"triton": {"num_gpus": 1}}))
    assert supervised["Node"].ray_actor_options["num_gpus"] == 1


def deployments(application: serve.Application) -> dict[str, Any]:
    """Every deployment below an application, by name."""
    bound = application._bound_deployment
    found = {bound.name: bound}
    for argument in bound.init_args:
        if isinstance(argument, serve.Application):
            found |= deployments(argument)
    return found
