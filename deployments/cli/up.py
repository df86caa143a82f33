"""`viva up`: the whole stack on this machine, in the foreground."""

from __future__ import annotations

import ipaddress
import signal
import sys
from pathlib import Path
from typing import Any

import click

from deployments import processes
from deployments.cli.output import Failure
from deployments.config import ConfigError, VivaConfig, from_mapping
from deployments.errors import StackError


@click.command()
@click.option("--grpc-port", type=click.IntRange(1, 65535), help="Port of the API (default 18500).")
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Folder of spool, logs and state.")
@click.option("--metrics-port", type=click.IntRange(0, 65535), help="Port of the metrics page; 0 switches it off.")
@click.option(
    "--config",
    "config_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML file with the keys of docs/configuration.md; options given here win.",
)
def up(grpc_port: int | None, data_dir: Path | None, metrics_port: int | None, config_file: Path | None) -> None:
    """Run the whole stack on this machine until Ctrl-C.

    Prints `viva is ready on HOST:PORT` when answers can be scored. Example:

    \b
        viva up --grpc-port 18500
    """
    try:
        config = _config(config_file, grpc_port, data_dir, metrics_port)
        _check_models(config)
        _check_rubrics()
        _check_certificates(config)
        _stop_on_signal()
        with processes.SupervisedStack(config) as stack:
            click.echo(f"starting; logs are in {config.log_dir}", err=True)
            stack.wait_ready()
            click.echo(f"viva is ready on {_dialable(config)}")
            sys.stdout.flush()
            stack.wait(tell=lambda line: click.echo(line, err=True))
    except (ConfigError, StackError) as error:
        raise Failure(str(error)) from error
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


def _config(
    config_file: Path | None, grpc_port: int | None, data_dir: Path | None, metrics_port: int | None
) -> VivaConfig:
    import yaml

    values: dict[str, Any] = {}
    if config_file is not None:
        try:
            values = yaml.safe_load(config_file.read_text()) or {}
        except yaml.YAMLError as error:
            raise ConfigError(f"{config_file} is not YAML: {' '.join(str(error).split())}") from error
        if not isinstance(values, dict):
            raise ConfigError(f"{config_file} must hold a mapping of keys to values")
    if grpc_port is not None:
        values["gateway"] = {**(values.get("gateway") or {}), "port": grpc_port}
        if "port" not in (values.get("web") or {}):
            values["web"] = {**(values.get("web") or {}), "port": grpc_port + 1 if grpc_port < 65535 else 0}
    if data_dir is not None:
        values["data_dir"] = str(data_dir)
    if metrics_port is not None:
        values["metrics_port"] = metrics_port
    elif grpc_port is not None and "metrics_port" not in values:
        values["metrics_port"] = grpc_port + 2 if grpc_port < 65534 else 0  # two stacks do not collide
    return from_mapping(values)


def _check_models(config: VivaConfig) -> None:
    from deployments.models.listing import State, list_models

    if config.triton.address:
        return
    missing = [row.name for row in list_models(config.triton.model_repository) if row.state is not State.BUILT]
    if missing:
        raise ConfigError(f"models are not built: {', '.join(missing)}; run `viva models build`")


def _check_rubrics() -> None:
    from serving.signals.scoring.rubric import load_rubrics

    try:
        load_rubrics()
    except ValueError as error:
        raise ConfigError(f"rubrics: {error}") from error


def _check_certificates(config: VivaConfig) -> None:
    from deployments import tls

    tls.check(config.gateway)


def _stop_on_signal() -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    # SIGINT too: a shell starts its background jobs with SIGINT ignored, and Python then leaves it so.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, interrupt)


def _dialable(config: VivaConfig) -> str:
    try:
        anywhere = ipaddress.ip_address(config.gateway.host).is_unspecified
    except ValueError:
        anywhere = False
    return f"localhost:{config.gateway.port}" if anywhere else config.gateway.address
