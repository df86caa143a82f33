"""The gRPC service config of the API: which methods are safe to call again.

`service_config.json` is gRPC's own format, for clients in other languages to load as it is. A method with a
`retryPolicy` does no more when it is called twice than when it is called once: it only reads, it overwrites, or its
request has a `request_id`.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any, Final

SERVICE_CONFIG: Final[dict[str, Any]] = json.loads(
    resources.files("viva_client").joinpath("service_config.json").read_text("utf-8")
)

RETRIED: Final = frozenset(
    f"/{name['service']}/{name['method']}"
    for config in SERVICE_CONFIG["methodConfig"]
    if "retryPolicy" in config
    for name in config["name"]
)
