"""A real Docker engine for the tests, with a data directory and a network of its own: the machine's rules stay as they are."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import pytest

# An engine that is not there by then does not run on this machine.
START_SECONDS_MAX = 60
BUSYBOX = pathlib.Path("/bin/busybox")


class ContainerEngine:
    """dockerd over a temporary directory, ended with everything that it runs."""

    def __init__(self):
        # Not below the tests' folder: the path of a socket has few bytes.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="brume-docker-"))
        self.socket = self.folder / "docker.sock"
        self.log_path = self.folder / "log"
        self.process = None

    @staticmethod
    def reason_for_none():
        """Why no engine can be tried here, or None."""
        for program in ("dockerd", "containerd", "docker"):
            if shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None:
                return f"no Docker engine: {program} is not installed (apt-get install docker.io)"
        if os.geteuid() != 0:
            return "no Docker engine: it is started by root only"
        if not BUSYBOX.exists():
            return "no Docker engine: busybox-static is not installed, of which the test's image is made"
        return None

    def start(self):
        """Returns why it does not run, or None."""
        words = [
            "dockerd", "--data-root", self.folder / "data", "--exec-root", self.folder / "exec",
            "--pidfile", self.folder / "pid", "-H", f"unix://{self.socket}", "--storage-driver", "overlay2",
            "--exec-opt", "native.cgroupdriver=cgroupfs", "--iptables=false", "--ip6tables=false",
            "--ip-forward=false", "--ip-masq=false", "--bridge=none",
        ]
        environment = os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT, env=environment)
        end = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < end and self.process.poll() is None:
            if self.socket.exists() and self.docker("version", check=False).returncode == 0:
                return None
            time.sleep(0.1)
        tail = self.log_path.read_text(errors="replace").splitlines()[-3:]
        return "no Docker engine: dockerd does not start on this machine: " + " / ".join(tail)

    def docker(self, *words, check=True, **options):
        """Runs Docker's own command against this engine."""
        options = {"capture_output": True, "text": True, "timeout": 120} | options
        environment = os.environ | {"DOCKER_HOST": f"unix://{self.socket}"}
        return subprocess.run(["docker", *map(str, words)], env=environment, check=check, **options)

    def make_busybox_image(self, name="busybox"):
        """An image with a shell, made without a registry."""
        root = self.folder / "root"
        (root / "bin").mkdir(parents=True)
        shutil.copy(BUSYBOX, root / "bin" / "busybox")
        for applet in ("sh", "sleep", "echo", "cat", "wget"):
            (root / "bin" / applet).symlink_to("busybox")
        archive = subprocess.run(["tar", "-C", root, "-c", "."], check=True, capture_output=True).stdout
        self.docker("import", "-", name, input=archive, text=False)

    def close(self):
        if self.process is not None:
            if self.process.poll() is None:
                running = self.docker("ps", "-aq", check=False).stdout.split()
                if running:
                    self.docker("rm", "-f", *running, check=False)
                self.process.terminate()
                try:
                    self.process.wait(20)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
            subprocess.run(["umount", self.folder / "exec" / "netns" / "default"], check=False, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def container_engine():
    """One engine for the tests of a run; they are skipped where none can run."""
    reason = ContainerEngine.reason_for_none()
    if reason is not None:
        pytest.skip(reason)
    engine = ContainerEngine()
    try:
        reason = engine.start()
        if reason is not None:
            pytest.skip(reason)
        engine.make_busybox_image()
        yield engine
    finally:
        engine.close()
