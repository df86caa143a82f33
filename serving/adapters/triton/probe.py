"""Tiny real inferences over HTTP: the only proof that a model which says "ready" can still answer.

A model whose stub process was killed stays "ready" to every health check. HTTP and not gRPC, because a gRPC
channel to a server that is still starting backs off for seconds.
"""

from __future__ import annotations

import json
import struct
import urllib.request
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from serving.adapters.triton.contract import CONTRACT, TensorSpec

_PROBE_SAMPLES = 512  # 32 ms, one step of the VAD
_BATCH = 1


def _probe_bytes(spec: TensorSpec) -> tuple[list[int], bytes]:
    """Shape (with the batch dimension) and raw content of a smallest valid value of an input."""
    match spec.datatype:
        case "BYTES":  # only the ASRs' language: 4 bytes of length, little endian, then the text
            shape, content = [1], struct.pack("<I", 2) + b"en"
        case "INT16":
            shape, content = [_PROBE_SAMPLES], bytes(2 * _PROBE_SAMPLES)
        case "INT32":
            value = _PROBE_SAMPLES if spec.name == "sample_count" else 1
            shape, content = [1], np.array([value], np.int32).tobytes()
        case "UINT8":
            shape, content = list(spec.dims), bytes(int(np.prod(spec.dims)))
        case "FP32":
            shape = [1 if size == -1 else size for size in spec.dims]
            content = bytes(4 * int(np.prod(shape)))
        case _:
            raise AssertionError(f"no model takes {spec.datatype}")
    return [_BATCH, *shape], content


def probe_request(model: str) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a smallest inference of `model` (Triton's binary tensor extension of the v2 protocol)."""
    inputs: list[dict[str, Any]] = []
    contents: list[bytes] = []
    for spec in CONTRACT[model].inputs:
        shape, content = _probe_bytes(spec)
        parameters = {"binary_data_size": len(content)}
        inputs.append({"name": spec.name, "shape": shape, "datatype": spec.datatype, "parameters": parameters})
        contents.append(content)
    header = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    headers = {
        "Content-Type": "application/octet-stream",
        "Inference-Header-Content-Length": str(len(header)),
    }
    return header + b"".join(contents), headers


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How many requests to a model, all versions together, succeeded and failed."""

    succeeded: int = 0
    failed: int = 0

    def __add__(self, other: Outcomes) -> Outcomes:
        return Outcomes(self.succeeded + other.succeeded, self.failed + other.failed)


class HttpProbe:
    """Blocking health calls to one server. Every method answers within its timeout, whatever the server does."""

    def __init__(self, address: str) -> None:
        """Args: address: `host:port` of the server's HTTP endpoint."""
        self._base = f"http://{address}/v2"

    def ready(self, timeout_s: float) -> bool:
        """Whether the server says that it and all its models are ready."""
        return self._call("/health/ready", timeout_s=timeout_s) is not None

    def infers(self, model: str, timeout_s: float) -> bool | None:
        """Whether `model` answers a smallest inference; None when it says nothing in time, neither yes nor no."""
        body, headers = probe_request(model)
        try:
            self._send(f"/models/{model}/infer", body, headers, timeout_s)
        except TimeoutError:
            return None
        except OSError:
            return False
        return True

    def outcomes(self, timeout_s: float) -> dict[str, Outcomes]:
        """Of each loaded model, its outcomes since it was loaded; empty when the server does not say."""
        answer = self._call("/models/stats", timeout_s=timeout_s)
        outcomes: dict[str, Outcomes] = defaultdict(Outcomes)
        for entry in json.loads(answer)["model_stats"] if answer else ():
            stats, model = entry["inference_stats"], entry["name"]
            outcomes[model] += Outcomes(int(stats["success"]["count"]), int(stats["fail"]["count"]))
        return outcomes

    def mapped_regions(self, timeout_s: float) -> list[str]:
        """Names of the shared memory regions that clients have registered."""
        answer = self._call("/systemsharedmemory/status", timeout_s=timeout_s)
        return [entry["name"] for entry in json.loads(answer)] if answer else []

    def unmap_region(self, name: str, timeout_s: float) -> bool:
        """Unregister a region, which no request may be using; whether it was."""
        return self._call(f"/systemsharedmemory/region/{name}/unregister", b"{}", timeout_s=timeout_s) is not None

    def reload(self, model: str, timeout_s: float) -> bool:
        """Unload and load `model` again, with new processes; whether it was loaded."""
        self._call(f"/repository/models/{model}/unload", b"{}", timeout_s=timeout_s)
        return self._call(f"/repository/models/{model}/load", b"{}", timeout_s=timeout_s) is not None

    def _call(
        self,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        timeout_s: float = 1.0,
    ) -> bytes | None:
        """Content of a 200 answer; None for any other one, and when no server answers."""
        try:
            return self._send(path, body, headers or {}, timeout_s)
        except OSError:
            return None

    def _send(self, path: str, body: bytes | None, headers: dict[str, str], timeout_s: float) -> bytes:
        """Content of a 200 answer; OSError (urllib's are such) for any other one, TimeoutError when it is late."""
        request = urllib.request.Request(self._base + path, data=body, headers=headers)
        with _OPENER.open(request, timeout=timeout_s) as response:
            content: bytes = response.read()
            return content


# The server is on loopback or in the cluster: a proxy of the environment must not get between.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
