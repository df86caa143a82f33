"""`manifest.json`: what stands beside the built artifacts and says how they came about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from deployments.models.artifacts import Artifact
from deployments.models.catalogue import REPOSITORY, ModelSource, load_source
from deployments.models.fetch import sha256_of

NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file that went in, as found: package and version (or hub, or file), path inside it, sha256."""

    origin: str
    member: str
    sha256: str


@dataclass(frozen=True, slots=True)
class BuildRun:
    """Circumstances of one build; two builds of the same artifacts may differ here and nowhere else."""

    seconds: float
    onnx: str
    numpy: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that is known of one built model version."""

    model: str
    version: str
    licence: str
    licence_source: str
    fingerprint: str
    converter: str
    sources: Mapping[str, SourceFile]
    artifacts: Mapping[str, Artifact]
    build: BuildRun


_ADAPTER = TypeAdapter(Manifest)


def version_directory(source: ModelSource, repository: Path = REPOSITORY) -> Path:
    """Triton's version directory that holds the artifacts and the manifest of a model."""
    return repository / source.name / str(source.directory)


def version_directory_of(model: str, repository: Path = REPOSITORY) -> Path:
    """As `version_directory`, of the model with this name. Raises CatalogueError."""
    return version_directory(load_source(repository / model / "source.yaml"), repository)


def write_manifest(manifest: Manifest, directory: Path) -> None:
    """Writes `manifest.json` into `directory`."""
    text = json.dumps(asdict(manifest), indent=2, ensure_ascii=False, sort_keys=True)
    (directory / NAME).write_text(text + "\n", encoding="utf-8")


def read_manifest(directory: Path) -> Manifest | None:
    """The manifest of a version directory; None when there is none or it is not readable as one."""
    try:
        return _ADAPTER.validate_json((directory / NAME).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def damaged_artifacts(manifest: Manifest, directory: Path) -> list[str]:
    """Artifacts that are missing or are not the bytes that were built."""
    return [
        name
        for name, artifact in manifest.artifacts.items()
        if not (directory / name).is_file()
        or (directory / name).stat().st_size != artifact.size_bytes
        or sha256_of(directory / name) != artifact.sha256
    ]
