"""Builds the engines of models that are built already, one graph after another.

An engine and its manifest are written beside the graph, in Triton's version folder, the manifest last: a build that is
cut short leaves an engine that counts as not built.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

from deployments.engines.compiling import compile_graph
from deployments.engines.manifest import EngineManifest, fingerprint, plan_path, read_manifest, write_manifest
from deployments.engines.precision import with_precision
from deployments.engines.recipe import GraphRecipe, load_recipes
from deployments.engines.toolchain import Toolchain
from deployments.models import manifest as models
from deployments.models.artifacts import read_graph
from deployments.models.build import BuildEvent, Progress, Stage
from deployments.models.catalogue import REPOSITORY, load_source
from deployments.models.errors import CatalogueError, EngineError
from deployments.models.fetch import cache_directory, sha256_of


def build_engines(
    toolchain: Toolchain,
    names: Sequence[str] = (),
    force: bool = False,
    progress: Progress | None = None,
    repository: Path = REPOSITORY,
) -> list[EngineManifest]:
    """Build the engines of the named models, or of all that have an `engines.yaml`.

    Raises:
        CatalogueError: a recipe is not valid, or there is none for a name.
        EngineError: a model is not built, or a graph does not become an engine; those before it stay built.
    """
    recipes = load_recipes(repository)
    unknown = sorted(set(names) - set(recipes))
    if unknown:
        raise CatalogueError(f"no engines are made of {', '.join(unknown)} (there are: {', '.join(recipes)})")
    return [
        _engine(model, graph, recipe, toolchain, force, progress, repository)
        for model in names or recipes
        for graph, recipe in recipes[model].items()
    ]


def _engine(
    model: str,
    graph_name: str,
    recipe: GraphRecipe,
    toolchain: Toolchain,
    force: bool,
    progress: Progress | None,
    repository: Path,
) -> EngineManifest:
    def report(stage: Stage, detail: str = "") -> None:
        if progress:
            progress(BuildEvent(f"{model} {graph_name}", stage, detail))

    built, graph = _built(model, graph_name, repository)
    plan, graph_sha256 = plan_path(graph, toolchain.hardware), built.artifacts[graph_name].sha256
    print_ = fingerprint(graph_sha256, recipe, toolchain)
    present = read_manifest(plan)
    if present and present.fingerprint == print_ and not force and not damaged(present, plan):
        report(Stage.UP_TO_DATE)
        return present
    if present and present.runnable and not toolchain.runnable and not force:
        raise EngineError(
            f"{model}: {plan.name} is an engine that Triton can load, and {toolchain.builder} would put a proof in its "
            f"place: `viva models check --compile {toolchain.hardware.value}` proves without keeping, --force replaces"
        )
    with tempfile.TemporaryDirectory(dir=graph.parent.parent, prefix=".build-") as folder:
        precise = Path(folder) / graph_name
        report(Stage.CONVERTING, recipe.precision)
        try:
            with_precision(graph, precise, recipe)
            report(Stage.COMPILING, str(toolchain))
            timings = _timings_path(toolchain)
            known = timings.read_bytes() if timings.is_file() else b""
            compiled = compile_graph(precise, recipe, toolchain, known)
        except EngineError as error:
            raise EngineError(f"{model}: {error}") from error
        if compiled.timings:
            _replace(timings, compiled.timings)
        made = EngineManifest(
            model=model,
            version=built.version,
            graph=graph_name,
            fingerprint=print_,
            sources_sha256={alias: source.sha256 for alias, source in built.sources.items()},
            graph_sha256=graph_sha256,
            onnx_sha256=sha256_of(precise),
            opset=read_graph(precise).opset,
            precision=recipe.precision,
            fp32_ops=recipe.fp32_ops,
            fp32_nodes=recipe.fp32_nodes,
            hardware=toolchain.hardware.value,
            compute_capability=toolchain.hardware.compute_capability,
            compiled_for=toolchain.target.compute_capability,
            builder=toolchain.builder,
            builder_version=toolchain.version,
            runnable=toolchain.runnable,
            driver=toolchain.gpu.driver if toolchain.gpu else None,
            profiles=compiled.profiles,
            inputs=compiled.inputs,
            outputs=compiled.outputs,
            layers=compiled.layers,
            weights_bytes=compiled.weights_bytes,
            activation_bytes=compiled.activation_bytes,
            plan_sha256=hashlib.sha256(compiled.plan).hexdigest(),
            plan_bytes=len(compiled.plan),
            seconds=compiled.seconds,
        )
    plan.with_suffix(".json").unlink(missing_ok=True)
    _replace(plan, compiled.plan)
    write_manifest(made, plan)
    stand_in = "" if toolchain.target is toolchain.hardware else f", {toolchain.target.value} stands in"
    report(Stage.BUILT, f"{made.plan_bytes / 1e6:.1f} MB, {made.layers} layers, {made.seconds:.1f} s{stand_in}")
    return made


def damaged(manifest: EngineManifest, plan: Path) -> bool:
    """Whether the engine is missing or not the bytes that were built."""
    return not plan.is_file() or plan.stat().st_size != manifest.plan_bytes or sha256_of(plan) != manifest.plan_sha256


def _built(model: str, graph: str, repository: Path) -> tuple[models.Manifest, Path]:
    source = load_source(repository / model / "source.yaml")
    directory = models.version_directory(source, repository)
    built = models.read_manifest(directory)
    if built is None or built.fingerprint != source.fingerprint:
        raise EngineError(f"{model}: is not built, or from another recipe: viva models build {model}")
    if graph not in built.artifacts:
        raise CatalogueError(f"{model}/engines.yaml: {graph} is none of the model's graphs")
    if graph in models.damaged_artifacts(built, directory):
        raise EngineError(f"{model}: {graph} is missing or not what the manifest says: viva models build {model}")
    return built, directory / graph


def _timings_path(toolchain: Toolchain) -> Path:
    name = f"{toolchain.builder}-{toolchain.version}-{toolchain.target.value}.timings"
    return cache_directory().parent / "engines" / name


def _replace(path: Path, content: bytes) -> None:
    """Put a whole file in place, or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.new")
    half.write_bytes(content)
    half.replace(path)
