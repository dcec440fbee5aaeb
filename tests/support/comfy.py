"""A real ComfyUI under test: finding one, running it with the pack installed, talking to it.

Hosts are the folders in ``COMFYUI_PATH`` (separated as in ``PATH``), else every ``~/comfy/ComfyUI*``. Each is
run with the Python of its own ``.venv``, on the CPU, on a free port, in a base directory of its own: nothing
is written into the host's folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import tiny_checkpoints

REPOSITORY = Path(__file__).resolve().parents[2]
SUPPORT = Path(__file__).resolve().parent
PROBE_PACK = SUPPORT / "probe_pack"
CHECKPOINT = tiny_checkpoints.CHECKPOINT
LORA = tiny_checkpoints.LORA
ADAPTER = tiny_checkpoints.ADAPTER
BASE_ADAPTER = tiny_checkpoints.BASE_ADAPTER
# What a test server finds in its model folders.
_MODELS = {
    "models/checkpoints": [CHECKPOINT],
    "models/loras": [LORA],
    "models/ipadapter": [ADAPTER, BASE_ADAPTER],
}
PACK_NAME = "tower-anime"
IMPORT_FAILED = re.compile(rf"\(IMPORT FAILED\): .*{PACK_NAME}")


@dataclass(frozen=True)
class ComfyHost:
    """A ComfyUI on this machine."""

    root: Path

    @property
    def name(self) -> str:
        return self.root.name

    @property
    def version(self) -> str:
        return re.search(r'"([^"]+)"', (self.root / "comfyui_version.py").read_text("utf-8"))[1]

    @property
    def python(self) -> Path:
        for path in (self.root / ".venv/bin/python", self.root / ".venv/Scripts/python.exe"):
            if path.is_file():
                return path
        return Path(sys.executable)


def find_hosts() -> list[ComfyHost]:
    """Return the hosts to test with, by name."""
    listed = os.environ.get("COMFYUI_PATH", "")
    folders = (
        [Path(part) for part in listed.split(os.pathsep) if part]
        if listed
        else sorted((Path.home() / "comfy").glob("ComfyUI*"))
    )
    return [ComfyHost(folder.resolve()) for folder in folders if (folder / "main.py").is_file()]


def tiny_models(host: ComfyHost) -> Path:
    """Return the folder with the tiny checkpoint, its LoRA and its adapters, made on first use."""
    sources = [Path(tiny_checkpoints.__file__), SUPPORT / "adapters.py"]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    folder = Path.home() / ".cache" / "tower-tests" / digest[:16]
    # The checkpoint is written last, so its presence means that all files are whole.
    if not (folder / CHECKPOINT).is_file():
        subprocess.run(
            [str(host.python), tiny_checkpoints.__file__, str(host.root), str(folder)],
            check=True,
            cwd=host.root,
            env=_clean_environment(),
            stdout=subprocess.DEVNULL,
        )
    return folder


def check_dependencies(host: ComfyHost) -> None:
    """Fail with the command to run when the host's Python lacks something that the pack declares."""
    declared = re.search(
        r"^dependencies = \[(.*?)^\]", (REPOSITORY / "pyproject.toml").read_text(), re.M | re.S
    )
    names = re.findall(r'"([A-Za-z0-9_-]+)', declared[1])
    script = (
        "import importlib.metadata as m, sys\n"
        "for n in sys.argv[1:]:\n"
        "  try: m.version(n)\n"
        "  except m.PackageNotFoundError: print(n)"
    )
    found = subprocess.run(
        [str(host.python), "-c", script, *names], capture_output=True, text=True, check=True
    )
    if missing := found.stdout.split():
        raise RuntimeError(
            f"{host.name} lacks {', '.join(missing)}; run: {host.python} -m pip install {' '.join(missing)}"
        )


class ComfyServer:
    """One ComfyUI process with the pack in it.

    Parameters
    ----------
    host : ComfyHost
    base : Path
        Base directory, furnished with ``input``, ``output``, ``user``, ``temp``, ``models`` and
        ``custom_nodes``. A second server on the same base is a restart of the first.
    packs : sequence of Path
        Further custom node folders, such as `PROBE_PACK`.
    environment : mapping of str to str
        Added to the environment, from which every ``TOWER_*`` was taken out.
    arguments : sequence of str
        Further arguments of ComfyUI's command line.
    """

    def __init__(
        self,
        host: ComfyHost,
        base: Path,
        *,
        packs: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
    ) -> None:
        self.host = host
        self.base = base
        self.packs = packs
        self.environment = dict(environment or {})
        self.arguments = arguments
        self.port = 0
        self.process: subprocess.Popen | None = None
        self.log_path = base / "comfyui.log"

    input = property(lambda self: self.base / "input")
    output = property(lambda self: self.base / "output")
    user = property(lambda self: self.base / "user")
    home = property(lambda self: self.user / "__tower")
    url = property(lambda self: f"http://127.0.0.1:{self.port}")
    version = property(lambda self: self.host.version)

    def __enter__(self) -> ComfyServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, timeout: float = 180) -> None:
        """Start and wait until it answers; a host that dies shows the end of its log."""
        check_dependencies(self.host)
        self._furnish()
        self.port = _free_port()
        command = [
            *(str(self.host.python), str(SUPPORT / "launch.py"), str(self.host.root)),
            *("--cpu", "--disable-auto-launch", "--port", str(self.port)),
            *("--base-directory", str(self.base), "--database-url", f"sqlite:///{self.base / 'comfyui.db'}"),
            *self.arguments,
        ]
        environment = {**_clean_environment(), "PYTHONUNBUFFERED": "1", **self.environment}
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.host.root, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + timeout
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{self.host.name} did not start:\n{self.log()[-4000:]}")
            time.sleep(0.2)
        if IMPORT_FAILED.search(self.log()):
            self.kill()
            raise RuntimeError(f"{self.host.name} could not import the pack:\n{self.log()[-4000:]}")

    def stop(self) -> None:
        """End it; a stopped server may be started again."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def log(self) -> str:
        """Return everything that it printed."""
        return self.log_path.read_text("utf-8", "replace") if self.log_path.is_file() else ""

    def request(
        self,
        method: str,
        path: str,
        json_body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        timeout: float = 30,
    ) -> tuple[int, Any]:
        """Return status and body; a JSON body comes parsed, another as bytes."""
        headers = dict(headers or {})
        if json_body is not None:
            data = json.dumps(json_body).encode()
            headers.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return response.status, _parsed(response.headers.get_content_type(), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _parsed(error.headers.get_content_type(), error.read())

    def get(self, path: str) -> Any:
        """Return the body of a GET that must succeed."""
        status, body = self.request("GET", path)
        if status != 200:
            raise RuntimeError(f"GET {path} answered {status}: {body!r}")
        return body

    def object_info(self, node: str) -> dict[str, Any]:
        """Return the description of one node type; empty when there is none."""
        return self.get(f"/object_info/{node}").get(node, {})

    def submit(
        self,
        prompt: Mapping[str, Any],
        *,
        client_id: str | None = None,
        extra_data: Mapping[str, Any] | None = None,
    ) -> str:
        """Queue a prompt and return its id.

        Raises
        ------
        PromptRefusedError
            If it does not pass the host's validation.
        """
        body: dict[str, Any] = {"prompt": prompt, "extra_data": dict(extra_data or {})}
        if client_id:
            body["client_id"] = client_id
        status, answer = self.request("POST", "/prompt", body)
        if status != 200:
            raise PromptRefusedError(answer)
        return answer["prompt_id"]

    def wait(self, prompt_id: str, timeout: float = 120) -> dict[str, Any]:
        """Return the history entry of a prompt when it has ended."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if prompt_id in (history := self.get(f"/history/{prompt_id}")):
                return history[prompt_id]
            if self.process is None or self.process.poll() is not None:
                raise RuntimeError(f"{self.host.name} died:\n{self.log()[-4000:]}")
            time.sleep(0.05)
        raise TimeoutError(f"prompt {prompt_id} did not end in {timeout} s:\n{self.log()[-2000:]}")

    def run_prompt(
        self,
        prompt: Mapping[str, Any],
        client_id: str | None = None,
        timeout: float = 120,
        *,
        extra_data: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Queue a prompt, wait for its end and return its history entry, with ``prompt_id``."""
        prompt_id = self.submit(prompt, client_id=client_id, extra_data=extra_data)
        return {**self.wait(prompt_id, timeout), "prompt_id": prompt_id}

    def _furnish(self) -> None:
        for name in ("input", "output", "user", "temp", "custom_nodes", *_MODELS):
            (self.base / name).mkdir(parents=True, exist_ok=True)
        models = tiny_models(self.host)
        for folder, names in _MODELS.items():
            for name in names:
                _place(models / name, self.base / folder / name)
        _place(REPOSITORY, self.base / "custom_nodes" / PACK_NAME)
        for pack in self.packs:
            _place(pack, self.base / "custom_nodes" / pack.name)

    def _answers(self) -> bool:
        try:
            return self.request("GET", "/system_stats", timeout=5)[0] == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


class PromptRefusedError(Exception):
    """The host's validation refused a prompt; `answer` is what it said."""

    def __init__(self, answer: Any) -> None:
        super().__init__(json.dumps(answer, indent=1) if isinstance(answer, dict) else repr(answer))
        self.answer = answer


@contextmanager
def comfy_server(host: ComfyHost, **options: Any) -> Iterator[ComfyServer]:
    """Run a server in a base directory that is removed afterwards."""
    # Ignoring errors: on Windows a killed process may hold its files a moment longer.
    folder = tempfile.TemporaryDirectory(prefix="tower-comfy-", ignore_cleanup_errors=True)
    with folder as base, ComfyServer(host, Path(base), **options) as server:
        yield server


def new_prompt_id() -> str:
    """Return an id in the only form that every host takes."""
    return str(uuid.uuid4())


def _place(source: Path, target: Path) -> None:
    """Link `source` to `target`, or copy it where links are not allowed."""
    if target.exists() or target.is_symlink():
        return
    try:
        target.symlink_to(source, target_is_directory=source.is_dir())
    except OSError:
        if source.is_dir():
            ignored = shutil.ignore_patterns(".git", ".venv", "build", "__pycache__", "node_modules")
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copyfile(source, target)


def _clean_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("TOWER_", "PYTHON", "COV_"))}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _parsed(content_type: str, body: bytes) -> Any:
    return json.loads(body) if content_type == "application/json" and body else body
