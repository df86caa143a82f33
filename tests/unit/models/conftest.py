"""A small repository to build in: one model whose source files lie beside its source.yaml."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import numpy as np
import pytest
import yaml
from model_wheels import sha256

CONFIG = """{"config": {"layers": [
  {"name": "in", "class_name": "InputLayer", "config": {}, "inbound_nodes": []},
  {"name": "conv", "class_name": "Conv2D", "inbound_nodes": [[["in", 0, 0]]],
   "config": {"kernel_size": [3, 3], "strides": [2, 2], "padding": "same"}},
  {"name": "mean", "class_name": "GlobalAveragePooling2D", "config": {}, "inbound_nodes": [[["conv", 0, 0]]]},
  {"name": "out", "class_name": "Activation", "config": {"activation": "softmax"}, "inbound_nodes": [[["mean", 0, 0]]]}
]}}"""


@pytest.fixture
def keras_net() -> tuple[bytes, np.ndarray]:
    """A Keras HDF5 file that `fer:face_expression` converts, and the kernel in it, [3, 3, 1, 7]."""
    kernel = np.random.default_rng(3).normal(size=(3, 3, 1, 7)).astype(np.float32)
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", track_order=True) as file:
        file.attrs["model_config"] = CONFIG
        for layer, arrays in (("conv", {"conv/kernel:0": kernel}), ("mean", {}), ("out", {})):
            group = file.create_group(f"model_weights/{layer}")
            group.attrs["weight_names"] = [name.encode() for name in arrays]
            for name, array in arrays.items():
                group[name] = array
    return buffer.getvalue(), kernel


WriteEntry = Callable[[Mapping[str, object]], Path]


@pytest.fixture
def write_entry(tmp_path: Path) -> WriteEntry:
    """Writes `source.yaml` of the model `expression` from fields over valid ones; returns its path."""

    def write(fields: Mapping[str, object]) -> Path:
        entry: dict[str, object] = {
            "description": "A net for tests",
            "licence": "MIT",
            "licence_source": "https://example.org/LICENSE",
            "version": "1.2.3",
            "converter": "fer:face_expression",
            "outputs": {"model.onnx": {}},
        }
        path = tmp_path / "model_repository" / "expression" / "source.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({**entry, **fields}))
        return path

    return write


@pytest.fixture
def entry(write_entry: WriteEntry, keras_net: tuple[bytes, np.ndarray]) -> Path:
    """A model that can be built without a download."""
    path = write_entry({"files": {"net": {"path": "net.h5", "sha256": sha256(keras_net[0])}}})
    path.with_name("net.h5").write_bytes(keras_net[0])
    return path
