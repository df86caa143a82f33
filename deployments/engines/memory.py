"""How much of a GPU's memory the models take, and whether a placement fits, before anything is loaded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tritonclient.grpc import model_config_pb2

from deployments.engines.hardware import Hardware
from deployments.engines.manifest import plan_path, read_manifest
from deployments.engines.recipe import load_recipes
from deployments.models.catalogue import REPOSITORY
from deployments.models.errors import CatalogueError, EngineError
from deployments.models.manifest import version_directory_of
from deployments.models.triton_config import read_config

RESERVED_BYTES: Final = 1_000_000_000
"""Left to the CUDA context, libraries and Triton's pinned and device pools: an allowance, not measured."""

_UNITS: Final = {"gb": 10**9, "gib": 2**30, "mb": 10**6, "mib": 2**20}
_SIZE: Final = re.compile(r"(?:\d+g\.)?(\d+(?:\.\d+)?)\s*(gib|gb|mib|mb)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Budget:
    """What one engine takes.

    Attributes:
        weights_bytes: once, whatever runs it.
        activation_bytes: of each execution context.
        contexts: one for each instance and profile.
    """

    model: str
    graph: str
    weights_bytes: int
    activation_bytes: int
    contexts: int

    @property
    def total_bytes(self) -> int:
        return self.weights_bytes + self.contexts * self.activation_bytes


def parse_memory(text: str) -> int:
    """Bytes of a size (`24GB`, `22.5GiB`) or of a MIG profile (`1g.10gb`). Raises CatalogueError."""
    found = _SIZE.fullmatch(text.strip())
    if found is None or float(found[1]) <= 0:
        raise CatalogueError(f"{text}: is no size of memory: give one like 24GB, 22.5GiB or 1g.10gb")
    return int(float(found[1]) * _UNITS[found[2].lower()])


def budgets(hardware: Hardware, repository: Path = REPOSITORY) -> list[Budget]:
    """What each model that runs on the GPU takes of it.

    Raises:
        CatalogueError: a recipe is not valid.
        EngineError: an engine is not built, so that nobody knows.
    """
    made = []
    for model, recipe in load_recipes(repository).items():
        config = read_config(repository / model / "config.pbtxt")
        on_gpu = [
            group for group in config.instance_group if group.kind == model_config_pb2.ModelInstanceGroup.KIND_GPU
        ]
        folder = version_directory_of(model, repository)
        for graph in recipe if on_gpu else ():
            plan = plan_path(folder / graph, hardware)
            manifest = read_manifest(plan)
            if manifest is None:
                raise EngineError(f"{model}: {plan.name} is not built: viva models build --hardware {hardware.value}")
            contexts = sum(group.count * max(1, len(group.profile)) for group in on_gpu)
            made.append(Budget(model, graph, manifest.weights_bytes, manifest.activation_bytes, contexts))
    return made


def misfit(found: list[Budget], memory_bytes: int) -> str:
    """Why the models do not fit into so much memory; empty: they do."""
    needed = sum(one.total_bytes for one in found) + RESERVED_BYTES
    if needed <= memory_bytes:
        return ""
    largest = max(found, key=lambda one: one.total_bytes)
    return (
        f"the models need {needed / 1e9:.2f} GB with {RESERVED_BYTES / 1e9:g} GB reserved, there are "
        f"{memory_bytes / 1e9:.2f}; {largest.model} takes most, {largest.total_bytes / 1e9:.2f} GB: lower its "
        "max_batch_size, profiles or instances, or give it another GPU"
    )
