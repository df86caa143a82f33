"""The typed asynchronous client of the node's Triton."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc.aio import InferenceServerClient

from serving.adapters.triton.arena import Region, ShmArena
from serving.adapters.triton.contract import RECOGNISERS
from serving.adapters.triton.endpoint import Endpoint, endpoint_path, read_endpoint
from serving.adapters.triton.faults import Fault, classify, to_viva_error
from serving.adapters.triton.tensors import Array, check_inputs, check_outputs, contract_of
from serving.domain.errors import ModelUnavailable, VivaError
from serving.pipeline import metering, tracing
from serving.pipeline.tracer import Key, Kind, Span, Value

_POLL_S = 0.05
_METHOD = "inference.GRPCInferenceService/ModelInfer"
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """How the client sends and how long it waits.

    Attributes:
        shm_threshold_bytes: inputs from this size on travel in shared memory.
        shm_limit_bytes: most shared memory that the client holds; 0 sends everything inline.
        recovery_s: longest wait for a server or a model that is being restarted.
    """

    shm_threshold_bytes: int = 64 * 1024
    shm_limit_bytes: int = 64 * 1024 * 1024
    recovery_s: float = 15.0


class _Connection:
    """The channel and the shared memory of one start of one server."""

    def __init__(self, endpoint: Endpoint, config: ClientConfig) -> None:
        self.endpoint = endpoint
        self.stub = InferenceServerClient(endpoint.grpc)
        host = endpoint.grpc.rpartition(":")[0]
        on_this_host = host in ("127.0.0.1", "localhost", "[::1]")
        self.arena = ShmArena(self.stub, config.shm_limit_bytes if on_this_host else 0)
        self.max_batch_sizes: dict[str, int] = {}

    async def close(self, *, server_is_gone: bool) -> None:
        if server_is_gone:
            self.arena.abandon()
        else:
            await self.arena.close()
        await self.stub.close()


class TritonClient:
    """Calls the Triton that the runtime directory's endpoint file names. Belongs to the event loop that uses it.

    One channel is kept for each start of the server; the file tells of a new start. Every error is a `VivaError`.
    """

    def __init__(
        self,
        runtime_dir: Path,
        config: ClientConfig | None = None,
        called: Callable[[str, float], None] | None = None,
    ) -> None:
        """Begin unconnected.

        Args:
            called: told of every call of `infer`: the model, and its wall time in seconds.
        """
        self._runtime_dir = runtime_dir
        self._endpoint_file = str(endpoint_path(runtime_dir))
        self._config = config or ClientConfig()
        self._called = called
        self._connection: _Connection | None = None
        self._retired: set[asyncio.Task[None]] = set()
        self._endpoint: Endpoint | None = None
        self._endpoint_stamp: tuple[int, int] | None = None
        self._closed = False

    async def infer(
        self,
        model: str,
        inputs: Mapping[str, Array],
        *,
        timeout_s: float,
        outputs: Sequence[str] | None = None,
    ) -> dict[str, Array]:
        """Run one request; retried once when the server or the model's process was restarted under it.

        Args:
            inputs: each [batch, *dims] of the contract's dtype; BYTES as object arrays of bytes.
            timeout_s: for all of it, waiting for a restart included; Triton drops what is still queued then.
            outputs: names of the wanted outputs; None for all.

        Returns:
            Each wanted output, [batch, *dims].

        Raises:
            ModelUnavailable: no server and none came back in time, or `timeout_s` passed.
            Overloaded: the model's queue is full.
            ModelFailed: the model refused the request, or broke its contract.

        A caller that is cancelled gives the request up where the model asks whether anybody still waits. Others run to
        their end, some milliseconds, unheard: Triton 2.51 dies of a cancellation that meets its response
        (https://github.com/triton-inference-server/server/issues/8034).
        """
        check_inputs(model, inputs)
        wanted = outputs if outputs is not None else [spec.name for spec in contract_of(model).outputs]
        started = time.monotonic()
        try:
            with metering.model_call(), _span(model, inputs):
                return await self._attempts(
                    model,
                    timeout_s,
                    lambda connection, deadline: self._infer(connection, model, inputs, wanted, deadline),
                )
        finally:
            if self._called:
                self._called(model, time.monotonic() - started)

    async def _attempts(
        self, model: str, timeout_s: float, call: Callable[[_Connection, float], Awaitable[Answer]]
    ) -> Answer:
        """`call(connection, deadline)`, once more when the server or the model's process was restarted under it."""
        deadline = time.monotonic() + timeout_s
        for attempt in (1, 2):
            seen, connection = await self._connect(model, deadline)
            try:
                return await call(connection, deadline)
            except VivaError:
                raise
            except (Exception, asyncio.CancelledError) as error:
                if isinstance(error, asyncio.CancelledError) and _cancelled():
                    raise
                fault = classify(error)
                recovers = fault in (Fault.AWAY, Fault.STUB_DEAD, Fault.NOT_LOADED)
                # Once only: an input that kills the server must not do it again and again.
                if attempt == 2 or not recovers or self._closed:
                    raise to_viva_error(fault, model, error) from error
                await self._recovery(fault, seen, deadline)
        raise AssertionError("the second attempt returns or raises")

    async def max_batch_size(self, model: str, timeout_s: float) -> int:
        """Most rows that one request to `model` may have, as its config on the server says; asked once a start.

        Raises:
            The errors of `infer`.
        """

        async def ask(connection: _Connection, deadline: float) -> int:
            if model not in connection.max_batch_sizes:
                remaining_s = max(_POLL_S, deadline - time.monotonic())
                answer = await connection.stub.get_model_config(model, client_timeout=remaining_s)
                connection.max_batch_sizes[model] = max(1, answer.config.max_batch_size)
            return connection.max_batch_sizes[model]

        return await self._attempts(model, timeout_s, ask)

    def available(self) -> bool:
        """Whether a server that infers is published now; costs one look at a file."""
        return self._read_endpoint() is not None

    async def close(self) -> None:
        """Close the channel and free the shared memory; calls in flight fail with `ModelUnavailable`."""
        self._closed = True
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close(server_is_gone=self._read_endpoint() is None)
        if self._retired:
            await asyncio.wait(self._retired)

    async def _infer(
        self,
        connection: _Connection,
        model: str,
        inputs: Mapping[str, Array],
        wanted: Sequence[str],
        deadline: float,
    ) -> dict[str, Array]:
        borrowed: list[Region] = []

        def give_back(request: asyncio.Future[Any] | None = None) -> None:
            answered = request is not None and not request.cancelled() and request.exception() is None
            for region in borrowed:
                connection.arena.give_back(region, answered=answered)

        try:
            tensors = [await self._tensor(connection, model, name, array, borrowed) for name, array in inputs.items()]
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                raise to_viva_error(Fault.EXPIRED, model)
        except BaseException:
            give_back()
            raise
        request = asyncio.ensure_future(
            connection.stub.infer(
                model,
                tensors,
                outputs=[InferRequestedOutput(name) for name in wanted],
                client_timeout=remaining_s,
                headers=_trace_headers(),
            )
        )
        request.add_done_callback(give_back)
        result = await (request if model in RECOGNISERS else asyncio.shield(request))
        rows = len(next(iter(inputs.values())))
        return check_outputs(model, {name: result.as_numpy(name) for name in wanted}, rows)

    async def _tensor(
        self, connection: _Connection, model: str, name: str, array: Array, borrowed: list[Region]
    ) -> InferInput:
        tensor = InferInput(name, list(array.shape), contract_of(model).input(name).datatype)
        if array.dtype != np.object_ and array.nbytes >= self._config.shm_threshold_bytes:
            region = await connection.arena.borrow(array.nbytes)
            if region is not None:
                borrowed.append(region)
                region.write(array)
                tensor.set_shared_memory(region.name, array.nbytes)
                return tensor
        tensor.set_data_from_numpy(array)
        return tensor

    async def _connect(self, model: str, deadline: float) -> tuple[Endpoint, _Connection]:
        """The published endpoint and its connection; waits for one while the server is being restarted."""
        give_up = min(deadline, time.monotonic() + self._config.recovery_s)
        while (endpoint := self._read_endpoint()) is None:
            if self._closed or time.monotonic() >= give_up:
                raise ModelUnavailable(f"{model} cannot be reached: no model server runs", retry_after_s=2.0)
            await asyncio.sleep(_POLL_S)
        if self._closed:
            raise ModelUnavailable("the client of the model server is closed")
        current = self._connection
        if current is None or not current.endpoint.same_server(endpoint):
            if current is not None:
                retired = asyncio.create_task(current.close(server_is_gone=True))
                self._retired.add(retired)
                retired.add_done_callback(self._retired.discard)
            current = self._connection = _Connection(endpoint, self._config)
        return endpoint, current

    async def _recovery(self, fault: Fault, seen: Endpoint, deadline: float) -> None:
        """Return when a second attempt may succeed, or when waiting longer is of no use.

        A change of the endpoint file is the supervisor's word that the server, or a model of it, is new. A server
        that answers although the call found it away only had a broken connection; one with a dead stub answers too.
        """
        give_up = min(deadline, time.monotonic() + self._config.recovery_s)
        while time.monotonic() < give_up and not self._closed:
            await asyncio.sleep(_POLL_S)
            endpoint = self._read_endpoint()
            if endpoint not in (None, seen):
                return
            if endpoint == seen and fault is Fault.AWAY and await self._answers(give_up):
                return

    async def _answers(self, give_up: float) -> bool:
        connection = self._connection
        if connection is None:
            return False
        with suppress(Exception):  # not answering, in whatever way
            timeout_s = max(_POLL_S, min(1.0, give_up - time.monotonic()))
            ready: Any = await connection.stub.is_server_ready(client_timeout=timeout_s)
            return bool(ready)
        return False

    def _read_endpoint(self) -> Endpoint | None:
        """The published endpoint, read again only when the file has changed."""
        try:
            status = os.stat(self._endpoint_file)  # noqa: PTH116 - before every call
        except FileNotFoundError:
            self._endpoint, self._endpoint_stamp = None, None
            return None
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._endpoint_stamp:
            self._endpoint, self._endpoint_stamp = read_endpoint(self._runtime_dir), stamp
        return self._endpoint


def _span(model: str, inputs: Mapping[str, Array]) -> AbstractContextManager[Span]:
    """The call as a step of the answer, by OpenTelemetry's conventions for gRPC clients."""
    about: dict[Key, Value] = {
        Key.RPC_SYSTEM: "grpc",
        Key.RPC_METHOD: _METHOD,
        Key.MODEL: model,
        Key.ROWS: len(next(iter(inputs.values()))),
    }
    return tracing.step(f"infer {model}", Kind.CLIENT, about)


def _trace_headers() -> dict[str, str] | None:
    """What has the server's spans join ours. The server records whatever has a `traceparent`, so only what we do."""
    return {"traceparent": tracing.traceparent()} if tracing.current().recording else None


def _cancelled() -> bool:
    """Whether this task was asked to stop. If not, a CancelledError is grpc's way to say that its channel closed."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
