"""Servers of language models as candidates of `candidates.py`: cuebox and llama.cpp's."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.candidates import Timed, local_candidates
from benchmarks.decoders import KV_CACHE_MB, QUANTIZATIONS
from benchmarks.peers.decoder_worker import TEMPERATURE, THREADS, TOP_K, TOP_P
from benchmarks.peers.peers import free_port, stop
from benchmarks.served import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import ExitStack

    from benchmarks.candidates import Asked, Candidate
    from benchmarks.decoders import Models
    from benchmarks.prompts import Prompts
    from benchmarks.served import Served

__all__ = ["SAMPLING", "Clients", "llama_server", "open_candidates", "serving_completions"]

SAMPLING = {"temperature": TEMPERATURE, "top_k": TOP_K, "top_p": TOP_P}

_CLIENTS = 16
_LIMIT_SECONDS = 120
_GENERATED = re.compile(r"generate;dur=([\d.]+)")


class Clients:
    """Threads with a connection each, as so many people have."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._pool = ThreadPoolExecutor(_CLIENTS)
        self._own = threading.local()

    def each(self, scripts: Sequence[Sequence[object]]) -> list[list[tuple[Any, str]]]:
        """One client per script; each asks its bodies in turn. Answers and `Server-Timing`."""
        return list(self._pool.map(self._script, scripts))

    def ask(self, body: object) -> tuple[Any, str]:
        """One request of the calling thread."""
        return self._ask(body)

    def _script(self, bodies: Sequence[object]) -> list[tuple[Any, str]]:
        return [self._ask(body) for body in bodies]

    def _ask(self, body: object) -> tuple[Any, str]:
        connection: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=600)
            self._own.connection = connection
        try:
            answer = self._send(connection, body)
        except (BrokenPipeError, ConnectionResetError):
            # The server closed a connection that was idle while others were measured.
            connection.close()
            answer = self._send(connection, body)
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {content.decode()[:500]}")
        return json.loads(content), answer.getheader("server-timing", "")

    def _send(
        self, connection: http.client.HTTPConnection, body: object
    ) -> http.client.HTTPResponse:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/v1/completions", json.dumps(body), headers)
        return connection.getresponse()


class CueboxServer:
    """One model of a running `cuebox serve`; prompts are sent as tokens."""

    def __init__(self, served: Served, model: str) -> None:
        self.name = f"cuebox, {model.rpartition('-')[2]}, HTTP"
        self._model = model
        self._clients = Clients(served.port)

    def run(self, asked: Asked) -> Timed:
        """Each prompt is one request for all its choices."""
        if asked.known:
            self._clients.each(
                [[self._body(each[: asked.known], 1, 1, 0)] for each in asked.prompts]
            )
        bodies = [self._body(each, asked.n, asked.tokens, asked.seed) for each in asked.prompts]
        began = time.perf_counter()
        if len(bodies) == 1:
            answers = [self._clients.ask(bodies[0])]
        else:
            answers = [found[0] for found in self._clients.each([[body] for body in bodies])]
        took = 1000 * (time.perf_counter() - began)
        for answer, _ in answers:
            if answer["usage"]["prompt_tokens_details"]["cached_tokens"] < asked.known:
                raise SystemExit(f"{self.name} forgot what was just served: {answer['usage']}")
        # The usage counts tokens of choices that were replaced, too; who used up his has them all.
        lengths = [
            asked.tokens if choice["finish_reason"] == "length" else 0
            for answer, _ in answers
            for choice in answer["choices"]
        ]
        return Timed(took, lengths, max(_engine_ms(timing) for _, timing in answers))

    def _body(self, prompt: list[int], n: int, tokens: int, seed: int) -> dict[str, object]:
        return {
            "model": self._model, "prompt": prompt, "n": n, "max_tokens": tokens, "seed": seed,
            **SAMPLING,
        }  # fmt: skip


class LlamaServer:
    """A running `llama_cpp.server`, which has no `n`: a choice is a request.

    It takes text only, and keeps the prompt that it read last.
    """

    def __init__(self, port: int, quantization: str, prompts: Prompts) -> None:
        self.name = f"llama.cpp {quantization.upper()}, its server, a request a choice"
        self._prompts = prompts
        self._clients = Clients(port)

    def run(self, asked: Asked) -> Timed:
        """The clients of all prompts ask at once, each for one choice after the other."""
        texts = [self._prompts.text(each) for each in asked.prompts]
        for prompt in asked.prompts if asked.known else ():
            self._clients.ask(self._body(self._prompts.text(prompt[: asked.known]), 1, 0))
        scripts = [
            [self._body(text, asked.tokens, asked.seed + at) for at in range(asked.n)]
            for text in texts
        ]
        began = time.perf_counter()
        if len(scripts) == 1:
            answers = [self._clients.ask(body)[0] for body in scripts[0]]
        else:
            answers = [found for each in self._clients.each(scripts) for found, _ in each]
        took = 1000 * (time.perf_counter() - began)
        for answer in answers:
            if answer["usage"]["prompt_tokens"] != len(asked.prompts[0]):
                raise SystemExit(f"{self.name} read another prompt: {answer['usage']}")
        return Timed(took, [answer["usage"]["completion_tokens"] for answer in answers])

    def _body(self, prompt: str, tokens: int, seed: int) -> dict[str, object]:
        # min_p is on by default, and nobody else has it.
        return {"prompt": prompt, "max_tokens": tokens, "seed": seed, "min_p": 0.0, **SAMPLING}


def open_candidates(
    stack: ExitStack, models: Models, size: str, peers: Path | None, prompts: Prompts
) -> list[Candidate]:
    """All there is of one size: libraries in processes of their own, and servers."""
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="cuebox-bench-")))
    found: list[Candidate] = []
    for local in local_candidates(models, size, peers):
        local.open(stack)
        found.append(local)
    names = [f"{size}-{bits}" for bits in QUANTIZATIONS]
    served = stack.enter_context(serving_completions(folder, models.store, names))
    found += [CueboxServer(served, name) for name in names]
    if peers is not None:
        for kind in ("q8_0", "q4_0"):
            log = folder / f"llama-{kind}.log"
            port = stack.enter_context(llama_server(models, size, kind, peers, log))
            found.append(LlamaServer(port, kind, prompts))
    return found


@contextmanager
def serving_completions(
    folder: Path, store: str | Path, models: Sequence[str], *, program: Sequence[str] = ()
) -> Iterator[Served]:
    """A `cuebox serve` with these models, ready; see `serving` for `program`."""
    variables = {
        "CUEBOX_SERVING__MODELS": json.dumps(list(models)),
        "CUEBOX_DECODER__KV_CACHE_MB": str(KV_CACHE_MB),
    }
    with serving(folder, str(store), extra=variables, program=program) as served:
        yield served


@contextmanager
def llama_server(
    models: Models, size: str, quantization: str, peers: Path, log: Path, *options: str
) -> Iterator[int]:
    """Port of a `llama_cpp.server`, ready, with all threads and without logits nobody asked for."""
    port = free_port()
    command = [
        str(peers / "llama" / "bin" / "python"), "-m", "llama_cpp.server",
        "--model", str(models.gguf(size, quantization)), "--host", "127.0.0.1",
        "--port", str(port), "--n_ctx", "1024", "--n_threads", str(THREADS),
        "--n_threads_batch", str(THREADS), "--logits_all", "false", "--verbose", "false", *options,
    ]  # fmt: skip
    with log.open("ab") as stream:
        process = subprocess.Popen(
            command, stdout=stream, stderr=stream, env=os.environ, start_new_session=True
        )
    try:
        _wait(process, port, log)
        yield port
    finally:
        stop(process)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _LIMIT_SECONDS
    while process.poll() is None and time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/v1/models")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise SystemExit(f"llama_cpp.server did not come up: {log.read_text()[-2000:]}")


def _engine_ms(timing: str) -> float:
    found = _GENERATED.search(timing)
    if found is None:
        raise SystemExit(f"Server-Timing does not tell the engine's time: {timing!r}")
    return float(found[1])
