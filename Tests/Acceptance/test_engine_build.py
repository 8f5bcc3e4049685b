"""`brume engine build` with a CMake that only pretends: what is fetched, told, kept, and gone on with."""

import http.server
import os
import pathlib
import re
import signal
import subprocess
import threading

import pytest

from brume_server import BINARY, clean_environment

CMAKE = """#!/bin/sh
echo "$@" >> "$CMAKE_CALLS"
if [ "$1" = "--build" ]; then
    echo "[ 10%] Building CXX object"
    if [ -e "$CMAKE_FAILS" ]; then echo "error: no room for templates"; exit 2; fi
    if [ -e "$CMAKE_FAILS.slow" ]; then sleep 60; fi
    echo "[ 90%] Linking"
    mkdir -p "$2/bin"
    printf '#!/bin/sh\\necho "version: 1234 (pretended)"\\n' > "$2/bin/llama-server"
    chmod +x "$2/bin/llama-server"
fi
"""


class Machine:
    """A PATH of its own, a data directory, and the pretended CMake's calls."""

    def __init__(self, folder):
        self.data = folder / "data"
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.calls_path, self.fails = folder / "calls", folder / "fails"
        for name, text in (("cmake", CMAKE), ("c++", "#!/bin/sh\n")):
            self.add(name, text)
        self.environment = clean_environment(folder) | {
            "PATH": f"{self.bin}:/bin", "CMAKE_CALLS": str(self.calls_path), "CMAKE_FAILS": str(self.fails)}

    def add(self, name, text="#!/bin/sh\n"):
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def unpacked(self):
        """As if the source had been fetched and unpacked."""
        help_text = self.brume("engine", "build", "--help").stdout
        self.version = re.search(r"llama-cpp-python\s+([0-9.]+[0-9])", help_text).group(1)
        (self.data / "engines" / f"llama.cpp-{self.version}").mkdir(parents=True)

    def brume(self, *words):
        return subprocess.run([BINARY, *words], env=self.environment, capture_output=True, text=True, timeout=60)

    def build(self, *words):
        return self.brume("engine", "build", "--data-dir", str(self.data), *words)

    @property
    def calls(self):
        return self.calls_path.read_text().splitlines() if self.calls_path.exists() else []


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_an_engine_is_built_and_chosen(machine):
    machine.unpacked()
    answer = machine.build("--backend", "cpu", "--jobs", "3")
    assert answer.returncode == 0, answer.stderr
    assert "pretended" in answer.stdout and "compiling: 10 %" in answer.stderr and "compiling: 90 %" in answer.stderr
    configure, compile_call = machine.calls
    assert "-DGGML_CUDA=OFF" in configure and "-DLLAMA_BUILD_SERVER=ON" in configure
    assert compile_call.endswith("--target llama-server --parallel 3")
    assert "pretended" in machine.brume("engine", "status", "--data-dir", str(machine.data)).stdout
    log = (machine.data / "engines" / "build.log").read_text()
    assert "[ 90%] Linking" in log and "--build" in log


def test_a_build_that_is_stopped_says_how_to_continue(machine):
    machine.unpacked()
    slow = machine.fails.with_name("fails.slow")
    slow.touch()
    with subprocess.Popen(
        [BINARY, "engine", "build", "--data-dir", machine.data, "--backend", "cpu"], env=machine.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # Whoever runs this in the background may have it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert any("compiling: 10 %" in line for line in process.stderr)
        # As a terminal does: CMake gets it too, and its end is no news.
        os.killpg(process.pid, signal.SIGINT)
        said = process.stderr.read()
    assert (process.returncode, said) == (
        -signal.SIGINT, "stopped; run the same command again to continue where it stopped\n")
    slow.unlink()
    assert machine.build("--backend", "cpu").returncode == 0


def test_a_build_that_fails_says_why_and_goes_on(machine):
    machine.unpacked()
    machine.fails.touch()
    answer = machine.build()
    assert answer.returncode == 65 and "error: no room for templates" in answer.stderr
    assert "build.log" in answer.stderr
    machine.fails.unlink()
    assert machine.build().returncode == 0


def test_cuda_is_taken_where_its_compiler_is(machine):
    machine.unpacked()
    machine.add("nvidia-smi")
    answer = machine.build()
    assert "an NVIDIA GPU, but no CUDA compiler" in answer.stderr and "-DGGML_CUDA=OFF" in machine.calls[0]
    machine.add("nvcc")
    answer = machine.build()
    assert answer.returncode == 0 and "-cuda" in answer.stdout
    assert "-DGGML_CUDA=ON" in machine.calls[2] and f"-DCMAKE_CUDA_COMPILER={machine.bin}/nvcc" in machine.calls[2]


def test_a_tool_that_is_missing_is_named(machine):
    (machine.bin / "cmake").unlink()
    if any(os.access(f"/bin/{name}", os.X_OK) for name in ("cmake",)):
        pytest.skip("this machine has CMake in /bin")
    answer = machine.build()
    assert answer.returncode == 66 and "needs CMake" in answer.stderr and "apt-get install" in answer.stderr
    machine.add("cmake", CMAKE)
    assert "nvcc is not on PATH" in machine.build("--backend", "cuda").stderr or os.path.exists("/usr/local/cuda")
    assert machine.build("--backend", "abacus").returncode == 64


def test_a_source_that_is_another_is_refused(machine, tmp_path):
    (tmp_path / "other.tar.gz").write_bytes(b"other")
    answer = machine.build("--archive", str(tmp_path / "other.tar.gz"))
    assert answer.returncode == 65 and "SHA-256" in answer.stderr and not machine.calls

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        answer = machine.build("--url", f"http://127.0.0.1:{server.server_port}/source.tar.gz")
        assert answer.returncode != 0 and not machine.calls
    finally:
        server.shutdown()


@pytest.mark.skipif("BRUME_TEST_ENGINE_SOURCE" not in os.environ, reason="BRUME_TEST_ENGINE_SOURCE names no archive")
def test_the_real_source_is_unpacked(machine):
    archive = os.environ["BRUME_TEST_ENGINE_SOURCE"]
    machine.environment["PATH"] += ":/usr/bin"
    answer = machine.build("--archive", archive)
    assert answer.returncode == 0, answer.stderr
    source = next((machine.data / "engines").glob("llama.cpp-*"))
    assert (source / "tools" / "server" / "server.cpp").exists() and (source / "ggml").is_dir()
    assert not list(pathlib.Path(machine.data / "engines").glob("*~"))
