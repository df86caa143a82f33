"""Where the tritonserver binary is, and the private backend directory that it runs with.

In NGC's images it is in /opt/tritonserver, with backends for GPUs. Elsewhere the `nvidia-pytriton` wheel carries a real
tritonserver with its python backend. Only its files are used: the package is located without being imported (it would
pull in another web framework) and never written to.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from serving.domain.errors import InternalFault

_OWN_BACKENDS = Path(__file__).with_name("backends")
_LIBRARY = "libtriton_python.so"
_UTILS = "triton_python_backend_utils.py"
_CONTAINER = Path("/opt/tritonserver")
_GPU_BACKENDS = ("tensorrt",)


@dataclass(frozen=True, slots=True)
class TritonInstallation:
    """The files of one tritonserver installation.

    Attributes:
        binary: the server.
        python_backend: folder of `libtriton_python.so` and `triton_python_backend_utils.py`.
        stub: the python backend's stub that embeds this interpreter's version of Python.
        more_backends: folders of other backends that models may name.
        libraries: where its shared libraries are, besides those of this interpreter.
    """

    binary: Path
    python_backend: Path
    stub: Path
    more_backends: tuple[Path, ...] = ()
    libraries: str = ""

    @classmethod
    def find(cls, container: Path = _CONTAINER) -> TritonInstallation:
        """Locate the server of NGC's image, or that of the installed `nvidia-pytriton` wheel.

        Raises:
            InternalFault: neither is there, or a file is missing; the wheel has stubs for some versions of Python only.
        """
        if (container / "bin" / "tritonserver").exists():
            return cls._of_container(container)
        spec = importlib.util.find_spec("pytriton")
        if spec is None or spec.origin is None:
            raise InternalFault("no tritonserver: install nvidia-pytriton, or configure an external Triton")
        root = Path(spec.origin).parent / "tritonserver"
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        found = cls(
            binary=root / "bin" / "tritonserver",
            python_backend=root / "backends" / "python",
            stub=root / "python_backend_stubs" / python / "triton_python_backend_stub",
        )
        for path in (found.binary, found.python_backend, found.stub):
            if not path.exists():
                raise InternalFault(f"this nvidia-pytriton wheel has no {path.relative_to(root)}")
        return found

    @classmethod
    def _of_container(cls, root: Path) -> TritonInstallation:
        backends = root / "backends"
        found = cls(
            binary=root / "bin" / "tritonserver",
            python_backend=backends / "python",
            # Made for the image's own Python, which the environment there is made of.
            stub=backends / "python" / "triton_python_backend_stub",
            more_backends=tuple(path for name in _GPU_BACKENDS if (path := backends / name).is_dir()),
            libraries=os.environ.get("LD_LIBRARY_PATH", ""),
        )
        for path in (found.stub, found.python_backend / _LIBRARY, found.python_backend / _UTILS):
            if not path.exists():
                raise InternalFault(f"{root} has no {path.relative_to(root)}")
        return found

    def assemble_backends(self, target: Path) -> Path:
        """Build the backend directory in `target` (replaced if there) and return it.

        It holds the python backend with the one stub that fits, and our python-based backends beside it.
        """
        shutil.rmtree(target, ignore_errors=True)
        python = target / "python"
        python.mkdir(parents=True)
        # The server refuses a backend library that is a symbolic link out of this directory ...
        shutil.copy(self.python_backend / _LIBRARY, python)
        shutil.copy(self.python_backend / _UTILS, python)
        # ... and the stub must be one: its RPATH ($ORIGIN) finds the wheel's libraries from the real place only.
        (python / self.stub.name).symlink_to(self.stub)
        for path in self.more_backends:
            shutil.copytree(path, target / path.name)
        for backend in sorted(_OWN_BACKENDS.iterdir()):
            if (backend / "model.py").exists():
                shutil.copytree(backend, target / backend.name, ignore=shutil.ignore_patterns("__pycache__"))
        return target

    def environment(self) -> dict[str, str]:
        """Environment of the server: its stubs run on this interpreter and its packages.

        The stub ignores PYTHONPATH and takes the first `python3` of PATH; libpython comes from the base prefix
        of a virtual environment.
        """
        dropped = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
        environment = {key: value for key, value in os.environ.items() if key not in dropped}
        path = environment.get("PATH", os.defpath)
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{path}"
        libraries = [str(Path(sys.base_prefix) / "lib"), self.libraries]
        environment["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, libraries))
        # Instances are the parallelism; a thread pool in each of them would fight over the same cores.
        environment["OMP_NUM_THREADS"] = "1"
        # Buffers of a batch of segments are kept for the next: fetching fresh pages took 5% of the English recogniser.
        environment.setdefault(
            "GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=268435456"
        )
        return environment
