"""Builds the artifacts of a model: fetch, convert, verify, put in place.

Work happens in a temporary directory beside the target; only whole files are renamed into the repository, and the
manifest goes last, so a build that is cut short leaves a model that counts as not built, never a half one.
"""

from __future__ import annotations

import importlib
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import onnx

from deployments.models.artifacts import Artifact, describe
from deployments.models.catalogue import REPOSITORY, ModelSource, load_catalogue
from deployments.models.errors import CatalogueError, ModelBuildError
from deployments.models.fetch import Fetched, fetch
from deployments.models.manifest import (
    NAME,
    BuildRun,
    Manifest,
    SourceFile,
    damaged_artifacts,
    read_manifest,
    version_directory,
    write_manifest,
)


class Stage(Enum):
    """Where the build of one model, or of one engine, stands."""

    FETCHING = "fetching"
    CONVERTING = "converting"
    COMPILING = "compiling"
    VERIFYING = "verifying"
    DIFFERS = "differs"
    """An artifact is not the bytes that the catalogue expects; the build goes on (see `build_model`)."""
    BUILT = "built"
    UP_TO_DATE = "up to date"


@dataclass(frozen=True, slots=True)
class BuildEvent:
    """One step of one model's build, for a progress display."""

    model: str
    stage: Stage
    detail: str = ""


Progress = Callable[[BuildEvent], None]


def build_models(
    names: Sequence[str] = (),
    force: bool = False,
    progress: Progress | None = None,
    repository: Path = REPOSITORY,
) -> list[Manifest]:
    """Builds the named models, or all of the catalogue, one after another.

    Raises:
        CatalogueError: a name is not in the catalogue, or an entry is not valid.
        ModelBuildError: a model could not be built; models before it stay built.
    """
    catalogue = load_catalogue(repository)
    unknown = sorted(set(names) - set(catalogue))
    if unknown:
        raise CatalogueError(f"no such model: {', '.join(unknown)} (there are: {', '.join(catalogue)})")
    return [build_model(catalogue[name], force, progress, repository) for name in names or catalogue]


def build_model(
    source: ModelSource, force: bool = False, progress: Progress | None = None, repository: Path = REPOSITORY
) -> Manifest:
    """Builds one model, unless its manifest says that this very recipe is built and its files are intact.

    Source files that are not the pinned ones always fail. An artifact that differs from the catalogue's `sha256` is
    kept and reported as `Stage.DIFFERS`: the sources are proven and the converter is ours, so what differs is how
    another release of `onnx` serialises the same graph.

    Raises:
        ModelBuildError: one line that names the model and what failed.
    """
    report = _reporter(source.name, progress)
    target = version_directory(source, repository)
    present = read_manifest(target)
    up_to_date = present and present.fingerprint == source.fingerprint
    if present and up_to_date and not force and not damaged_artifacts(present, target):
        report(Stage.UP_TO_DATE, "")
        return present
    started = time.monotonic()
    target.mkdir(parents=True, exist_ok=True)
    # Inside the model's own directory, so that a rename never crosses a file system; Triton only reads version
    # directories whose names are numbers.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".build-") as name:
        inputs, out = Path(name) / "sources", Path(name) / "out"
        inputs.mkdir()
        out.mkdir()
        report(Stage.FETCHING, source.origin)
        fetched = fetch(source, inputs, repository)
        report(Stage.CONVERTING, source.converter)
        _convert(source, fetched, out)
        report(Stage.VERIFYING, "")
        artifacts = _verify(source, out, report)
        run = BuildRun(round(time.monotonic() - started, 2), onnx.__version__, np.__version__)
        manifest = _manifest(source, fetched, artifacts, run)
        write_manifest(manifest, out)
        (target / NAME).unlink(missing_ok=True)
        for artifact in (*artifacts, NAME):
            (out / artifact).replace(target / artifact)
    report(Stage.BUILT, f"{run.seconds:.1f} s")
    return manifest


def _reporter(model: str, progress: Progress | None) -> Callable[[Stage, str], None]:
    def report(stage: Stage, detail: str) -> None:
        if progress:
            progress(BuildEvent(model, stage, detail))

    return report


def _convert(source: ModelSource, fetched: Mapping[str, Fetched], out: Path) -> None:
    module, function = source.converter.split(":")
    try:
        convert = getattr(importlib.import_module(f"deployments.models.convert.{module}"), function)
    except (ImportError, AttributeError) as error:
        raise ModelBuildError(f"{source.name}: converter {source.converter}: {error}") from error
    try:
        convert({alias: file.path for alias, file in fetched.items()}, out)
    except Exception as error:  # whatever a converter meets in a source file, the reader learns which model it was
        raise ModelBuildError(f"{source.name}: {' '.join(str(error).split()) or type(error).__name__}") from error


def _verify(source: ModelSource, out: Path, report: Callable[[Stage, str], None]) -> dict[str, Artifact]:
    written = {path.name for path in out.iterdir()}
    if written != set(source.outputs):
        raise ModelBuildError(
            f"{source.name}: the converter wrote {sorted(written)}, the catalogue expects {sorted(source.outputs)}"
        )
    artifacts = {}
    for name, output in source.outputs.items():
        try:
            artifacts[name] = describe(out / name)
        except onnx.checker.ValidationError as error:
            raise ModelBuildError(f"{source.name}: {name} is not a valid graph: {error}") from error
        if output.sha256 not in (None, artifacts[name].sha256):
            report(Stage.DIFFERS, f"{name} has sha256 {artifacts[name].sha256}, expected {output.sha256}")
    return artifacts


def _manifest(
    source: ModelSource, fetched: Mapping[str, Fetched], artifacts: Mapping[str, Artifact], run: BuildRun
) -> Manifest:
    return Manifest(
        model=source.name,
        version=source.version,
        licence=source.licence,
        licence_source=source.licence_source,
        fingerprint=source.fingerprint,
        converter=source.converter,
        sources={alias: SourceFile(file.origin, file.member, file.sha256) for alias, file in fetched.items()},
        artifacts=artifacts,
        build=run,
    )
