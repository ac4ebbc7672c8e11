"""The servers that cuebox's throughput is measured against: what to run, what to send, what returns.

install.sh makes one environment per peer and the model folder under a root; `start` runs a peer
from there on the loopback interface and `stop` ends it with everything it forked.
Standard library only, so that the benchmark needs nothing but the project's own environment.
"""

import base64
import contextlib
import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

HERE = Path(__file__).resolve().parent
DIMENSIONS = 384


class PeerError(Exception):
    """A peer did not come up; the message names it and its log."""


@dataclass(frozen=True)
class Peer:
    """One server with one engine and one setting of workers, threads and batching.

    `argv`, `env` and `folder` are templates: {root} is install.sh's folder, {here} this one,
    {port} the HTTP port, {port1} and {port2} the two after it. argv[0] is in `venv`'s bin.
    """

    name: str
    version: str
    engine: str
    venv: str
    argv: tuple[str, ...]
    path: str
    body: Callable[[str], bytes]
    embedding: Callable[[bytes], list[float]]
    ready_path: str
    folder: str = "{root}"
    env: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def command(self, root: Path, port: int) -> list[str]:
        """Return the command line that serves on 127.0.0.1:`port`."""
        values = _values(root, port)
        program, *arguments = self.argv
        executable = root / self.venv / "bin" / program
        return [str(executable), *(argument.format(**values) for argument in arguments)]

    def environment(self, root: Path, port: int) -> dict[str, str]:
        """Return the variables the server needs beyond the caller's own."""
        values = _values(root, port)
        common = {"PEER_MODEL": "{root}/weights", "PYTHONPATH": "{here}", **COMMON_ENV}
        return {key: value.format(**values) for key, value in {**common, **self.env}.items()}

    def working_folder(self, root: Path) -> Path:
        """Return the folder that the server runs in."""
        return Path(self.folder.format(**_values(root, 0)))

    def url(self, port: int) -> str:
        """Return where one text is posted."""
        return f"http://127.0.0.1:{port}{self.path}"

    def ready_url(self, port: int) -> str:
        """Return where the server says that it is up."""
        return f"http://127.0.0.1:{port}{self.ready_path}"


COMMON_ENV: Mapping[str, str] = MappingProxyType(
    {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": "{root}/hub",
        "DO_NOT_TRACK": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": "1",
    }
)


def _values(root: Path, port: int) -> dict[str, object]:
    """Return what the templates may name."""
    return {"root": root, "here": HERE, "port": port, "port1": port + 1, "port2": port + 2}


def free_port() -> int:
    """Return a port that is free now together with the two that follow it."""
    while True:
        with socket.socket() as first, socket.socket() as second, socket.socket() as third:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
                third.bind(("127.0.0.1", port + 2))
            except (OSError, OverflowError):
                continue
            return port


def _text_body(text: str) -> bytes:
    return json.dumps({"text": text}).encode()


def _openai_body(text: str) -> bytes:
    body = {"model": "minilm", "input": text, "encoding_format": "base64"}
    return json.dumps(body).encode()


def _oip_body(text: str) -> bytes:
    tensor = {"name": "text", "shape": [1, 1], "datatype": "BYTES", "data": [text]}
    return json.dumps({"inputs": [tensor]}).encode()


def _oip_binary_body(text: str) -> bytes:
    tensor = {"name": "text", "shape": [1, 1], "datatype": "BYTES", "data": [text]}
    options = {"binary_data_output": True}
    return json.dumps({"inputs": [tensor], "parameters": options}).encode()


def _floats(raw: bytes) -> list[float]:
    return list(struct.unpack(f"<{DIMENSIONS}f", raw))


def _text_embedding(answer: bytes) -> list[float]:
    vector: list[float] = json.loads(answer)["embedding"]
    return vector


def _openai_embedding(answer: bytes) -> list[float]:
    return _floats(base64.b64decode(json.loads(answer)["data"][0]["embedding"]))


def _oip_embedding(answer: bytes) -> list[float]:
    vector: list[float] = json.loads(answer)["outputs"][0]["data"]
    return vector


def _oip_binary_embedding(answer: bytes) -> list[float]:
    return _floats(answer[-4 * DIMENSIONS :])


def _infinity(name: str, engine: str, folder: str, env: Mapping[str, str], *options: str) -> Peer:
    return Peer(
        name=name,
        version="infinity_emb 0.0.78",
        engine=engine,
        venv="infinity",
        argv=(
            "infinity_emb",
            "v2",
            *("--model-id", ".", "--served-model-name", "minilm"),
            *("--host", "127.0.0.1", "--port", "{port}", "--device", "cpu"),
            *("--no-vector-disk-cache", "--log-level", "warning"),
            *options,
        ),
        path="/embeddings",
        body=_openai_body,
        embedding=_openai_embedding,
        ready_path="/health",
        folder=folder,
        env={"INFINITY_ANONYMOUS_USAGE_STATS": "0", **env},
    )


def _mlserver(name: str, engine: str, env: Mapping[str, str]) -> Peer:
    return Peer(
        name=name,
        version="MLServer 1.7.1",
        engine=engine,
        venv="mlserver",
        argv=("mlserver", "start", "{here}"),
        path="/v2/models/embedder/infer",
        body=_oip_body,
        embedding=_oip_embedding,
        ready_path="/v2/health/ready",
        env={
            "MLSERVER_HOST": "127.0.0.1",
            "MLSERVER_HTTP_PORT": "{port}",
            "MLSERVER_GRPC_PORT": "{port1}",
            "MLSERVER_METRICS_PORT": "{port2}",
            "MLSERVER_DEBUG": "false",
            "MLSERVER_MODEL_NAME": "embedder",
            "MLSERVER_MODEL_IMPLEMENTATION": "mlserver_server.Embedder",
            **env,
        },
    )


def _pytriton(name: str, engine: str, env: Mapping[str, str]) -> Peer:
    return Peer(
        name=name,
        version="PyTriton 0.7.0",
        engine=engine,
        venv="pytriton",
        argv=("python", "{here}/pytriton_server.py", "{port}", "{port1}", "{port2}"),
        path="/v2/models/embedder/infer",
        body=_oip_binary_body,
        embedding=_oip_binary_embedding,
        ready_path="/v2/health/ready",
        env={
            "LD_LIBRARY_PATH": "{root}/pytriton/interpreter-lib",
            "PYTRITON_HOME": "{root}/pytriton/home",
            **env,
        },
    )


def _litserve(name: str, engine: str, env: Mapping[str, str]) -> Peer:
    return Peer(
        name=name,
        version="LitServe 0.2.19",
        engine=engine,
        venv="litserve",
        argv=("python", "{here}/litserve_server.py", "{port}"),
        path="/predict",
        body=_text_body,
        embedding=_text_embedding,
        ready_path="/health",
        env=env,
    )


def _flask(name: str, engine: str, env: Mapping[str, str], *options: str) -> Peer:
    return Peer(
        name=name,
        version="Flask 3.1.3, gunicorn 27.0.1",
        engine=engine,
        venv="flask",
        argv=("gunicorn", "--bind", "127.0.0.1:{port}", *options, "flask_server:app"),
        path="/embed",
        body=_text_body,
        embedding=_text_embedding,
        ready_path="/health",
        env=env,
    )


PEERS: list[Peer] = [
    _infinity(
        "infinity-int8",
        "optimum-onnx on onnxruntime, int8",
        "{root}/infinity-weights",
        {"INFINITY_ONNX_DISABLE_OPTIMIZE": "1"},
        *("--engine", "optimum", "--pooling-method", "mean"),
        *("--batch-size", "8", "--device-id", "0,1"),
    ),
    _infinity(
        "infinity-torch",
        "sentence-transformers on torch, float32",
        "{root}/weights",
        {"OMP_NUM_THREADS": "2"},
        *("--engine", "torch", "--batch-size", "16"),
    ),
    _mlserver(
        "mlserver-int8",
        "onnxruntime, int8",
        {
            "PEER_ENGINE": "int8",
            "MLSERVER_PARALLEL_WORKERS": "2",
            "MLSERVER_MODEL_MAX_BATCH_SIZE": "8",
            "MLSERVER_MODEL_MAX_BATCH_TIME": "0.002",
        },
    ),
    _pytriton(
        "pytriton-int8",
        "onnxruntime, int8",
        {"PEER_ENGINE": "int8", "PEER_WORKERS": "2", "PEER_BATCH": "16"},
    ),
    _litserve(
        "litserve-int8",
        "onnxruntime, int8",
        {"PEER_ENGINE": "int8", "PEER_WORKERS": "2", "PEER_BATCH": "4"},
    ),
    _litserve(
        "litserve-torch",
        "sentence-transformers on torch, float32",
        {"PEER_ENGINE": "torch", "PEER_WORKERS": "2", "PEER_BATCH": "8"},
    ),
    _flask(
        "flask-torch",
        "sentence-transformers on torch, float32",
        {"PEER_ENGINE": "torch"},
        *("--workers", "2", "--threads", "8"),
    ),
    _flask(
        "flask-int8",
        "onnxruntime, int8",
        {"PEER_ENGINE": "int8"},
        *("--workers", "2", "--threads", "8"),
    ),
]


def start(peer: Peer, root: Path, port: int, *, limit_s: float = 180.0) -> subprocess.Popen[bytes]:
    """Run the peer in a process group of its own and return once it answered a real request.

    Its output goes to ROOT/logs/NAME.log. Raises PeerError if it exits or stays silent.
    """
    log_path = root / "logs" / f"{peer.name}.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            peer.command(root, port),
            env={**os.environ, **peer.environment(root, port)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=peer.working_folder(root),
            start_new_session=True,
        )
    try:
        _wait_for_answer(peer, process, port, limit_s)
    except BaseException:
        stop(process)
        raise
    return process


def _wait_for_answer(
    peer: Peer, process: subprocess.Popen[bytes], port: int, limit_s: float
) -> None:
    deadline = time.monotonic() + limit_s
    while not _answers(peer, port):
        try:
            # A foreign server has no event to wait for; this wait at least ends when it dies.
            process.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            if time.monotonic() < deadline:
                continue
        raise PeerError(f"{peer.name} did not answer on port {port}; read logs/{peer.name}.log")


def stop(process: subprocess.Popen[bytes], *, grace_s: float = 10.0) -> None:
    """Ask the peer's first process to end in order, then kill what is left of its group."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=grace_s)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _answers(peer: Peer, port: int) -> bool:
    """Whether a real request gets a whole embedding."""
    request = urllib.request.Request(
        peer.url(port),
        data=peer.body("are you there"),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return len(peer.embedding(response.read())) == DIMENSIONS
    except (OSError, http.client.HTTPException):
        return False
