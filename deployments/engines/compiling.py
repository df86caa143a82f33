"""One graph to one engine."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import onnx

from deployments.engines.recipe import Extent, GraphRecipe
from deployments.engines.toolchain import Toolchain
from deployments.models.artifacts import Tensor, read_graph
from deployments.models.errors import EngineError

_SHOWN: Final = 300  # characters of a builder's message

Shapes = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
"""Least, usual and most of an input, all dims given."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """An engine.

    Attributes:
        plan: its bytes.
        profiles: shapes that it takes, by input, for each profile of the recipe.
        inputs, outputs: of the engine; an open dim is `?`.
        layers: of the network before the builder fused any.
        weights_bytes: on the GPU, once for all that share the engine.
        activation_bytes: of one execution context, scratch included, at the most that the profiles allow.
        seconds: parsing and building.
        timings: TensorRT's cache of how long each way to do a layer takes; empty of TensorRT-RTX, which measures
            nothing.
    """

    plan: bytes
    profiles: tuple[Mapping[str, Shapes], ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    layers: int
    weights_bytes: int
    activation_bytes: int
    seconds: float
    timings: bytes


def compile_graph(graph: Path, recipe: GraphRecipe, toolchain: Toolchain, timings: bytes = b"") -> Compiled:
    """Build the engine of an ONNX file whose types are those that it is to compute in.

    Args:
        timings: what an earlier build of the same toolchain on the same hardware found out.

    Raises:
        EngineError: one line with the node or layer that the builder does not take.
    """
    api, log, started = toolchain.api, _log(toolchain.api), time.monotonic()
    builder = api.Builder(log)
    network = builder.create_network(_strongly_typed(api))
    parser = api.OnnxParser(network, log)
    if not parser.parse_from_file(str(graph)):
        raise EngineError(f"{graph.name}: {_parse_error(parser, log)}")
    config = builder.create_builder_config()
    if toolchain.runnable:
        config.set_timing_cache(config.create_timing_cache(timings), False)
    else:
        config.num_compute_capabilities = 1
        config.set_compute_capability(getattr(api.ComputeCapability, toolchain.target.name), 0)
    profiles = profiles_of(graph, recipe)
    for profile in profiles:
        shapes = builder.create_optimization_profile()
        for name, extents in profile.items():
            shapes.set_shape(name, *extents)
        config.add_optimization_profile(shapes)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise EngineError(f"{graph.name}: {_first(log.errors) or 'the builder gave no engine and no reason'}")
    kept = config.get_timing_cache() if toolchain.runnable else None
    return Compiled(
        bytes(plan),
        profiles,
        tuple(_binding(api, network.get_input(place)) for place in range(network.num_inputs)),
        tuple(_binding(api, network.get_output(place)) for place in range(network.num_outputs)),
        network.num_layers,
        _told(log.memory, "Weights", graph),
        _told(log.memory, "Activation", graph),
        round(time.monotonic() - started, 2),
        bytes(kept.serialize()) if kept is not None else b"",
    )


def profiles_of(graph: Path, recipe: GraphRecipe) -> tuple[Mapping[str, Shapes], ...]:
    """Shapes of the inputs that have an open dim, for each profile of the recipe.

    Raises:
        EngineError: a profile says nothing of an open dim, or names one that the graph does not have.
    """
    try:
        inputs = read_graph(graph).inputs
    except onnx.checker.ValidationError as error:
        raise EngineError(f"{graph.name}: {' '.join(str(error).split())[:_SHOWN]}") from error
    there = {dim for tensor in inputs for dim in tensor.dims if isinstance(dim, str)}
    if there and not recipe.profiles:
        raise EngineError(f"{graph.name}: {', '.join(sorted(there))} is open and the recipe has no profiles")
    for place, dims in enumerate(recipe.profiles):
        if missing := there - dims.keys():
            raise EngineError(f"{graph.name}: profiles.{place} says nothing of {', '.join(sorted(missing))}")
        if unknown := dims.keys() - there:
            raise EngineError(f"{graph.name}: profiles.{place}: the graph knows no {', '.join(sorted(unknown))}")
    return tuple(
        {
            tensor.name: (_shape(tensor, dims, 0), _shape(tensor, dims, 1), _shape(tensor, dims, 2))
            for tensor in inputs
            if any(isinstance(dim, str) for dim in tensor.dims)
        }
        for dims in recipe.profiles
    )


def _shape(tensor: Tensor, dims: Mapping[str, Extent], place: int) -> tuple[int, ...]:
    return tuple(dim if isinstance(dim, int) else dims[dim][place] for dim in tensor.dims)


def _binding(api: Any, tensor: Any) -> Tensor:
    names = {
        api.float32: "FP32",
        api.float16: "FP16",
        api.int32: "INT32",
        api.int64: "INT64",
        api.int8: "INT8",
        api.uint8: "UINT8",
        api.bool: "BOOL",
    }
    return Tensor(
        tensor.name, names.get(tensor.dtype, "OTHER"), tuple(dim if dim >= 0 else "?" for dim in tensor.shape)
    )


def _strongly_typed(api: Any) -> int:
    """The network's flags: TensorRT 10 has to be asked for what later ones always do."""
    flag = getattr(api.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    return 0 if flag is None else 1 << int(flag)


def _parse_error(parser: Any, log: Any) -> str:
    if not parser.num_errors:
        return _first(log.errors) or "it does not parse"
    error = parser.get_error(0)
    where = " ".join(part for part in (error.node_operator(), error.node_name()) if part)
    reason = _first([error.desc(), *log.errors])
    return f"{where}: {reason}" if where else reason


def _first(messages: list[str]) -> str:
    return next((" ".join(message.split())[:_SHOWN] for message in messages if message.strip()), "")


def _told(lines: list[str], what: str, graph: Path) -> int:
    """Bytes that the builder says it needs. Only its log has them before there is a GPU to ask."""
    for line in reversed(lines):
        if found := re.match(rf"Total {what} Memory: (\d+) bytes", line):
            return int(found[1])
    raise EngineError(f"{graph.name}: this builder does not say its {what.lower()} memory")


def _log(api: Any) -> Any:
    """A logger that keeps errors, and what is said of memory, instead of printing; its class needs the module that is
    imported at run time."""

    class Log(api.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.errors: list[str] = []
            self.memory: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            if severity <= api.ILogger.Severity.ERROR:
                self.errors.append(message)
            elif message.startswith("Total "):
                self.memory.append(message)

    return Log()
