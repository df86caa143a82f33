"""Triton python-based backend `viva_onnx`: a single-pass ONNX graph on CPU cores, one row at a time.

A model of this backend has no code of its own: `backend: "viva_onnx"` in its config and `model.onnx` in its version
folder, whose inputs and outputs have the config's names.

Rows run alone and unpadded, because kernels pick other blockings, and so other roundings, for other shapes: the
same row gives the same bits whatever its batch mates. On a CPU a batch buys nothing anyway.

Parameters of the config:
    workers: threads that run rows side by side in this process, over one copy of the weights (default 1).
    row_length_mask: name of an INT32 input of ones and then zeros. Each row's inputs whose first dim varies (-1)
        are cut to its ones, and outputs whose first dim varies are filled up with zeros again.
    keep_memory: "false" gives a row's memory back to the system after it, for rows that differ much in size
        (default true).
"""

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import triton_python_backend_utils as pb_utils

Array = np.ndarray[Any, np.dtype[Any]]
Feed = dict[str, Array]  # one row of each input, [1, ...]


def open_session(path: Path, keep_memory: bool = True) -> ort.InferenceSession:
    """Session that computes on the calling thread only; parallelism is that of rows and of instances."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # A thread that spins for its next task takes the core from a neighbour that has one.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = keep_memory
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _filled(array: Array, missing: int) -> Array:
    """[1, n, ...] with zeros after its n entries."""
    return np.pad(array, [(0, 0), (0, missing)] + [(0, 0)] * (array.ndim - 2))


class TritonPythonModel:
    """The class that Triton's python backend looks for."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the graph of this version."""
        config = json.loads(args["model_config"])
        parameters = {key: entry["string_value"] for key, entry in config["parameters"].items()}
        graph = Path(args["model_repository"], args["model_version"], "model.onnx")
        self._session = open_session(graph, keep_memory=parameters.get("keep_memory", "true") == "true")
        self._inputs = [entry["name"] for entry in config["input"]]
        self._outputs = [entry["name"] for entry in config["output"]]
        self._mask = parameters.get("row_length_mask")
        self._cut = {entry["name"] for entry in config["input"] if int(entry["dims"][0]) == -1}
        self._filled = [int(entry["dims"][0]) == -1 for entry in config["output"]]
        self._workers = int(parameters.get("workers", "1"))
        self._helpers = ThreadPoolExecutor(self._workers - 1) if self._workers > 1 else None

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer each request, [rows, ...] an input, by its rows' outputs; a request's failure is its own."""
        batches = [self._rows(request) for request in requests]
        results = iter(self._run_all(list(itertools.chain.from_iterable(batches))))
        return [self._respond(list(itertools.islice(results, len(batch)))) for batch in batches]

    def finalize(self) -> None:
        """End the worker threads."""
        if self._helpers is not None:
            self._helpers.shutdown()

    def _run_all(self, rows: list[Feed]) -> list[list[Array] | Exception]:
        """Results of `rows`: a share for each worker, this thread the first of them, so that few threads are woken."""
        if self._helpers is None or len(rows) == 1:
            return [self._run(row) for row in rows]
        shares = [rows[worker :: self._workers] for worker in range(self._workers)]
        helped = [self._helpers.submit(lambda share: [self._run(row) for row in share], share) for share in shares[1:]]
        results: list[list[Array] | Exception] = [[]] * len(rows)
        results[:: self._workers] = [self._run(row) for row in shares[0]]
        for worker, future in enumerate(helped, start=1):
            results[worker :: self._workers] = future.result()
        return results

    def _rows(self, request: Any) -> list[Feed]:
        arrays = {name: pb_utils.get_input_tensor_by_name(request, name).as_numpy() for name in self._inputs}
        return [{name: array[i : i + 1] for name, array in arrays.items()} for i in range(len(arrays[self._inputs[0]]))]

    def _run(self, feed: Feed) -> list[Array] | Exception:
        try:
            if self._mask is None:
                outputs: list[Array] = self._session.run(self._outputs, feed)
                return outputs
            length = max(1, int(feed[self._mask].sum()))  # a warm-up row has no tokens, a graph needs one
            missing = feed[self._mask].shape[1] - length
            feed = {name: array[:, :length] if name in self._cut else array for name, array in feed.items()}
            outputs = self._session.run(self._outputs, feed)
            if missing:
                outputs = [
                    _filled(array, missing) if varies else array
                    for array, varies in zip(outputs, self._filled, strict=True)
                ]
        except Exception as error:  # whatever ONNX Runtime has against this row: the batch mates still get theirs
            return error
        return outputs

    def _respond(self, results: list[list[Array] | Exception]) -> Any:
        for result in results:
            if isinstance(result, Exception):
                return pb_utils.InferenceResponse([], pb_utils.TritonError(str(result)))
        columns = zip(self._outputs, zip(*results, strict=True), strict=True)
        return pb_utils.InferenceResponse([pb_utils.Tensor(name, np.concatenate(rows)) for name, rows in columns])
