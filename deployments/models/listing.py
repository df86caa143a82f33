"""What `viva models list` shows: one row a model of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from deployments.models.catalogue import REPOSITORY, ModelSource, load_catalogue
from deployments.models.manifest import Manifest, read_manifest, version_directory


class State(Enum):
    """Whether the artifacts of a model are there."""

    BUILT = "built"
    STALE = "stale"
    """Built from another recipe than the catalogue's present one, or a file is missing."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One line of the list."""

    name: str
    version: str
    licence: str
    source: str
    state: State
    size_bytes: int
    """Sum of the artifacts; 0 when they are missing."""
    configs: tuple[str, ...]
    """Hardware that the model is configured for: `cpu`, `gpu` for any GPU, `sm90` ..."""


def list_models(repository: Path = REPOSITORY) -> list[ModelRow]:
    """One row for every model of the catalogue, by name. Raises CatalogueError."""
    rows = []
    for source in load_catalogue(repository).values():
        directory = version_directory(source, repository)
        manifest = read_manifest(directory)
        rows.append(
            ModelRow(
                name=source.name,
                version=source.version,
                licence=source.licence,
                source=source.origin,
                state=_state(source, manifest, directory),
                size_bytes=sum(artifact.size_bytes for artifact in manifest.artifacts.values()) if manifest else 0,
                configs=_configs(repository / source.name),
            )
        )
    return rows


def _configs(folder: Path) -> tuple[str, ...]:
    named = sorted(path.stem for path in (folder / "configs").glob("*.pbtxt"))
    default = folder / "config.pbtxt"
    # Where it leads to the CPU's, the model has none of its own for a GPU.
    return (*named, "gpu") if default.exists() and not default.is_symlink() else tuple(named)


def _state(source: ModelSource, manifest: Manifest | None, directory: Path) -> State:
    if manifest is None:
        return State.MISSING
    # Presence and not hashes: a list answers at once; building and checking read every byte.
    whole = all((directory / name).is_file() for name in manifest.artifacts)
    return State.BUILT if whole and manifest.fingerprint == source.fingerprint else State.STALE
