"""Loads a model of the repository as Triton's python backend does, in this process."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from google.protobuf.json_format import MessageToDict

from benchmarks.raw import backend_utils
from deployments.models.triton_config import read_config
from serving.adapters.triton import installation

_VERSION: Final = "1"
_UTILS: Final = "triton_python_backend_utils"


def load_model(repository: Path, name: str, hardware: str = "cpu") -> Any:
    """The initialised `TritonPythonModel` of a built model, computing on the calling thread only.

    Raises:
        OSError: the model was not built.
    """
    folder = repository.resolve() / name
    config = read_config(folder / "configs" / f"{hardware}.pbtxt")
    document = MessageToDict(config, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    document["parameters"].pop("workers", None)
    backends = Path(installation.__file__).with_name("backends")
    code = folder / _VERSION if config.backend == "python" else backends / config.backend
    with _modules_of(code):
        model = importlib.import_module("model").TritonPythonModel()
    model.initialize({"model_config": json.dumps(document), "model_repository": str(folder), "model_version": _VERSION})
    return model


@contextmanager
def _modules_of(folder: Path) -> Iterator[None]:
    """Imports inside find the modules of `folder` first, and leave none of them behind.

    Both recognisers name their modules alike; in Triton each has a process of its own.
    """
    before = dict(sys.modules)
    sys.modules[_UTILS] = backend_utils
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name, module in tuple(sys.modules.items()):
            if name not in before and _lies_in(module, folder):
                del sys.modules[name]
        if _UTILS in before:
            sys.modules[_UTILS] = before[_UTILS]
        else:
            del sys.modules[_UTILS]


def _lies_in(module: ModuleType, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).is_relative_to(folder)
