"""`<graph>.<hardware>.json`: what stands beside an engine and says how it came about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from deployments.engines.compiling import Shapes
from deployments.engines.hardware import Hardware
from deployments.engines.recipe import GraphRecipe
from deployments.engines.toolchain import Builder, Toolchain
from deployments.models.artifacts import Tensor


@dataclass(frozen=True, slots=True)
class EngineManifest:
    """All that is known of one engine.

    Attributes:
        fingerprint: sha256 over all that decides the engine; another one is stale.
        sources_sha256: of the files that the model was converted from, by alias.
        graph_sha256: of the model's own ONNX file; `onnx_sha256`: of the one in the engine's precision.
        compute_capability: that Triton looks for; `compiled_for`: that the builder compiled for.
        runnable: whether Triton can load it; False of what TensorRT-RTX compiled without a GPU.
        driver: newest CUDA version that the driver of the building machine knows; None: it has none.
        profiles: least, usual and most of each input with an open dim.
        weights_bytes: on the GPU, once; activation_bytes: of each execution context, at the most of the profiles.
        inputs, outputs: as the engine binds them; a dim that varies is `?`.
    """

    model: str
    version: str
    graph: str
    fingerprint: str
    sources_sha256: Mapping[str, str]
    graph_sha256: str
    onnx_sha256: str
    opset: int
    precision: str
    fp32_ops: tuple[str, ...]
    fp32_nodes: tuple[str, ...]
    hardware: str
    compute_capability: str
    compiled_for: str
    builder: Builder
    builder_version: str
    runnable: bool
    driver: str | None
    profiles: tuple[Mapping[str, Shapes], ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    layers: int
    weights_bytes: int
    activation_bytes: int
    plan_sha256: str
    plan_bytes: int
    seconds: float


_ADAPTER = TypeAdapter(EngineManifest)


def plan_path(graph: Path, hardware: Hardware) -> Path:
    """Where the engine of a graph lies: beside it."""
    return graph.with_suffix(f".{hardware.value}.plan")


def write_manifest(manifest: EngineManifest, plan: Path) -> None:
    """Write the manifest of the engine `plan`."""
    text = json.dumps(asdict(manifest), indent=2, ensure_ascii=False, sort_keys=True)
    plan.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


def read_manifest(plan: Path) -> EngineManifest | None:
    """The manifest of the engine `plan`; None when there is none or it is not readable as one."""
    try:
        return _ADAPTER.validate_json(plan.with_suffix(".json").read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def fingerprint(graph_sha256: str, recipe: GraphRecipe, toolchain: Toolchain) -> str:
    """sha256 over all that decides an engine's bytes, but for the machine's own measurements."""
    target = toolchain.target.compute_capability
    return _fingerprint(graph_sha256, recipe, toolchain.builder, toolchain.version, target)


def fingerprint_of(manifest: EngineManifest, recipe: GraphRecipe) -> str:
    """What an engine's fingerprint would be if it had been made by `recipe`."""
    made = (manifest.builder, manifest.builder_version, manifest.compiled_for)
    return _fingerprint(manifest.graph_sha256, recipe, *made)


def _fingerprint(graph_sha256: str, recipe: GraphRecipe, builder: str, version: str, target: str) -> str:
    decided = [graph_sha256, asdict(recipe), builder, version, target]
    return hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()
