"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

import click

DEFAULT_ADDRESS: Final = "localhost:18500"


@dataclass(frozen=True)
class Server:
    """Where the server is and how to speak to it.

    Attributes:
        address: `HOST:PORT`.
        api_key: key of the tenant, None to send none.
        tls: TLS with the system's roots.
        wait_s: how long to wait for a server that cannot be reached, seconds.
    """

    address: str
    api_key: str | None
    tls: bool
    wait_s: float


def server_options(*, wait_s: float, wait_option: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add `--address`, `--api-key`, `--tls` and `--wait`; the command takes them as one `server`.

    Args:
        wait_s: how long to wait for a server that cannot be reached, unless `--wait` says otherwise.
        wait_option: whether there is `--wait`.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @click.option(
            "--address",
            envvar="VIVA_ADDRESS",
            default=DEFAULT_ADDRESS,
            show_default=True,
            show_envvar=True,
            metavar="HOST:PORT",
            help="The server.",
        )
        @click.option(
            "--api-key", envvar="VIVA_API_KEY", show_envvar=True, help="Your key, if the server asks for one."
        )
        @click.option("--tls", is_flag=True, envvar="VIVA_TLS", show_envvar=True, help="Use TLS (system's roots).")
        @wraps(command)
        def with_server(
            *args: Any, address: str, api_key: str | None, tls: bool, wait_s: float = wait_s, **kwargs: Any
        ) -> Any:
            return command(*args, server=Server(address, api_key, tls, wait_s), **kwargs)

        if not wait_option:
            return with_server
        waiting = click.option(
            "--wait",
            "wait_s",
            type=click.FloatRange(min=0),
            default=wait_s,
            show_default=True,
            metavar="SECONDS",
            help="Wait this long for a server that cannot be reached.",
        )
        return waiting(with_server)

    return decorate


def policy_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--allow` and `--deny`."""
    modality = click.Choice(("speech", "language", "face", "expression"))
    for name, text in (
        ("--deny", "A modality that must not run; may be repeated."),
        ("--allow", "A modality that may run although it is off by default (expression)."),
    ):
        command = click.option(name, multiple=True, type=modality, help=text)(command)
    return command
