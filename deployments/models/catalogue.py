"""The catalogue: `model_repository/<model>/source.yaml`, read into frozen dataclasses.

A `source.yaml` says where a model comes from and what becomes of it:

    description: Voice activity, one probability per 32 ms.
    licence: MIT                              # SPDX expression
    licence_source: https://...               # where the licence is stated
    version: 1.0.0                            # of the artifact, semantic
    packages:                                 # wheels that hold the source files
      - name: silero-vad
        version: 6.2.3
        members:
          net: {path: silero_vad/data/silero_vad.onnx, sha256: 9ccd...}
    mirrors: []                               # whole sets of packages with the same aliases, tried in order
    converter: silero:convert                 # module:function under deployments.models.convert
    outputs:
      model.onnx: {sha256: 41ab...}           # what the conversion is expected to give; may be left out

A mirror replaces all packages at once, because uploads of the same weights may be cut at different places. Files
can also come from a `hub` (a Hugging Face repository at a revision, or a local snapshot of one) and from `files`
(paths relative to the `source.yaml`); every alias of a model is unique across all three.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import ConfigDict, StringConstraints, TypeAdapter, ValidationError

from deployments.models.errors import CatalogueError

CHECKOUT = Path(__file__).resolve().parents[2]
REPOSITORY = CHECKOUT / "model_repository"

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
SemanticVersion = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Converter = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*:[a-z_][a-z0-9_]*$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside a wheel, a hub snapshot or a directory, pinned by its content."""

    path: Text
    sha256: Sha256

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True)
class Package:
    """A wheel at an exact version, and the files wanted from it by alias."""

    name: Text
    version: Text
    members: Mapping[str, Member]

    __pydantic_config__ = _STRICT

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class Hub:
    """A Hugging Face repository at an exact revision (`id` may be a local directory, then `revision` is a note)."""

    id: Text
    revision: Text
    files: Mapping[str, Member]

    __pydantic_config__ = _STRICT

    def __str__(self) -> str:
        return f"{self.id}@{self.revision}"


@dataclass(frozen=True, slots=True)
class Output:
    """An artifact; `sha256` is what the conversion gave when the catalogue entry was written."""

    sha256: Sha256 | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True)
class ModelSource:
    """One entry of the catalogue."""

    name: Text
    description: Text
    licence: Text
    licence_source: Text
    version: SemanticVersion
    converter: Converter
    outputs: Mapping[FileName, Output]
    packages: tuple[Package, ...] = ()
    mirrors: tuple[tuple[Package, ...], ...] = ()
    hub: Hub | None = None
    files: Mapping[str, Member] = field(default_factory=dict)
    directory: int = 1
    """Triton's version directory that the artifacts go to."""

    __pydantic_config__ = _STRICT

    @property
    def aliases(self) -> tuple[str, ...]:
        """Names by which the converter finds its source files, in the catalogue's order."""
        return tuple(_aliases(self.packages, self.hub, self.files))

    @property
    def origin(self) -> str:
        """Where the model comes from, in a few words for a table."""
        parts = [str(package) for package in self.packages]
        parts += [str(self.hub)] if self.hub else []
        parts += [member.path for member in self.files.values()]
        return ", ".join(parts)

    @property
    def fingerprint(self) -> str:
        """sha256 over all that decides the artifacts; a manifest with another one is stale.

        The expected hashes of the outputs are a part of it, so a changed converter that gives other bytes makes
        every earlier build stale as soon as the catalogue says so. Wording and mirrors are not.
        """
        recipe = asdict(self)
        for key in ("description", "licence_source", "mirrors"):
            del recipe[key]
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


_ADAPTER = TypeAdapter(ModelSource)


def load_catalogue(repository: Path = REPOSITORY) -> dict[str, ModelSource]:
    """Every model of `repository` that has a `source.yaml`, by name in alphabetical order.

    Raises:
        CatalogueError: one line that names the file and the field at fault.
    """
    paths = sorted(repository.glob("*/source.yaml"))
    return {path.parent.name: load_source(path) for path in paths}


def load_source(path: Path) -> ModelSource:
    """One `source.yaml`; the directory's name is the model's. Raises CatalogueError."""
    try:
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise CatalogueError(f"{_label(path)}: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict) or "name" in document:
        raise CatalogueError(f"{_label(path)}: must be a mapping without `name` (the directory's name is used)")
    try:
        source = _ADAPTER.validate_python({"name": path.parent.name, **document})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CatalogueError(f"{_label(path)}: {where}: {first['msg']}") from error
    for problem in _problems(source):
        raise CatalogueError(f"{_label(path)}: {problem}")
    return source


def _problems(source: ModelSource) -> Iterator[str]:
    aliases = source.aliases
    if not aliases:
        yield "names no source file (packages, hub or files)"
    if len(set(aliases)) != len(aliases):
        yield "an alias is used twice"
    if not source.outputs:
        yield "outputs: names no file"
    wanted = set(_aliases(source.packages, None, {}))
    for position, mirror in enumerate(source.mirrors):
        if set(_aliases(mirror, None, {})) != wanted:
            yield f"mirrors.{position}: must have the members {sorted(wanted)}"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", source.name):
        yield "a model's name is lower case with underscores"


def _aliases(packages: tuple[Package, ...], hub: Hub | None, files: Mapping[str, Member]) -> Iterator[str]:
    for package in packages:
        yield from package.members
    if hub:
        yield from hub.files
    yield from files


def _label(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
