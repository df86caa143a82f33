"""Which tritonserver is taken, and what it finds in its backend directory."""

import os
import sys
from pathlib import Path

import pytest

from serving.adapters.triton.installation import TritonInstallation
from serving.domain.errors import InternalFault


@pytest.fixture
def container(tmp_path: Path) -> Path:
    """NGC's /opt/tritonserver, as far as it matters."""
    root = tmp_path / "tritonserver"
    for file in (
        "bin/tritonserver",
        "backends/python/libtriton_python.so",
        "backends/python/triton_python_backend_utils.py",
        "backends/python/triton_python_backend_stub",
        "backends/tensorrt/libtriton_tensorrt.so",
        "backends/pytorch/libtriton_pytorch.so",
    ):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(file)
    return root


def test_the_server_of_the_image_comes_first(container: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/usr/local/cuda/lib64")
    found = TritonInstallation.find(container)
    assert found.binary == container / "bin/tritonserver"
    backends = found.assemble_backends(tmp_path / "assembled")
    assert {path.name for path in backends.iterdir()} == {"python", "tensorrt", "viva_onnx"}
    engine = backends / "tensorrt/libtriton_tensorrt.so"
    assert engine.is_file() and not engine.is_symlink(), "the server refuses a library that is a link out of its folder"
    assert (backends / "python/triton_python_backend_stub").resolve() == found.stub
    own = str(Path(sys.base_prefix) / "lib")
    assert found.environment()["LD_LIBRARY_PATH"] == os.pathsep.join((own, "/usr/local/cuda/lib64"))


def test_an_image_without_the_python_backend_is_refused(container: Path) -> None:
    (container / "backends/python/triton_python_backend_stub").unlink()
    with pytest.raises(InternalFault, match="has no backends/python/triton_python_backend_stub"):
        TritonInstallation.find(container)


def test_elsewhere_the_wheel_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/somebody/else")
    found = TritonInstallation.find(tmp_path / "nowhere")
    assert "pytriton" in found.binary.parts
    assert found.more_backends == ()
    assert found.environment()["LD_LIBRARY_PATH"] == str(Path(sys.base_prefix) / "lib")
