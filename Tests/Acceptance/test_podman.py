"""`brume containers` against Podman's engine, which this starts over data of its own; skipped where there is no Podman.

`make test` installs none: `apt-get install podman` does, with catatonit, which is the first process of a container.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from brume_server import BINARY, clean_environment
from waiting import eventually

PODMAN = shutil.which("podman")

pytestmark = pytest.mark.skipif(
    not PODMAN or not shutil.which("runc") or os.geteuid() != 0, reason="Podman, runc and root are not all here")


@pytest.fixture(scope="module")
def podman():
    """The settings are for machines on which Podman's own do not do: old control groups, bounded open files."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="brume-podman-", dir="/tmp"))
    (folder / "containers.conf").write_text(
        '[containers]\ndefault_ulimits=["nofile=4096:4096", "nproc=4096:4096"]\n'
        '[engine]\nruntime="runc"\ncgroup_manager="cgroupfs"\nevents_logger="file"\n')
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver="overlay"\ngraphroot="{folder}/root"\nrunroot="{folder}/run"\n')
    environment = clean_environment(folder) | {
        "CONTAINERS_CONF": str(folder / "containers.conf"), "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "CONTAINER_HOST": f"unix://{folder}/podman.sock",
    }
    root = folder / "busybox"
    (root / "bin").mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin" / "busybox")
    (root / "bin" / "sh").symlink_to("busybox")
    (root / "bin" / "sleep").symlink_to("busybox")
    archive = folder / "busybox.tar"
    subprocess.run(["tar", "-C", root, "-cf", archive, "."], check=True)
    local = {name: value for name, value in environment.items() if name != "CONTAINER_HOST"}
    subprocess.run([PODMAN, "import", archive, "busybox"], check=True, env=local, capture_output=True, timeout=60)
    engine = subprocess.Popen(
        [PODMAN, "system", "service", "--time", "0", f"unix://{folder}/podman.sock"], env=local,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: (folder / "podman.sock").exists())
        yield environment
    finally:
        engine.terminate()
        engine.wait(20)
        subprocess.run([PODMAN, "rm", "--all", "--force", "--time", "0"], env=local, capture_output=True, timeout=60)
        subprocess.run(["umount", "--recursive", "--lazy", folder / "root" / "overlay"], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def test_podman_s_engine_is_spoken_to_as_docker_s(podman, tmp_path):
    def brume(*words):
        return subprocess.run(
            [BINARY, "containers", *words], capture_output=True, text=True, timeout=60, env=podman)

    (tmp_path / "words").write_text("hello\n")
    made = brume(
        "create", "made", "localhost/busybox", "--memory", "32m", "--cpus", "0.5", "--pids", "20", "--volume", "/in",
        "--file", f"{tmp_path}/words:/in/words", "--start", "--",
        "sh", "-c", "read line < /in/words; echo said $line; while :; do :; done")
    assert made.returncode == 0, made.stderr
    eventually(lambda: brume("logs", "made").stdout == "said hello\n")
    listed = json.loads(brume("list", "--output", "json").stdout)
    assert [(one["name"], one["state"], one["managed"]) for one in listed] == [("made", "running", True)]
    figures = json.loads(brume("stats", "--output", "json").stdout)["containers"][0]
    assert figures["memoryLimitBytes"] == 32 << 20 and 0 < figures["cpuPercent"] < 80
    # Podman 4 changes nothing of a container that is there, and it is told so; later ones may.
    limited = brume("limit", "made", "--memory", "16m")
    assert limited.returncode == 0 or "changes no limits" in limited.stderr
    for words in (["stop", "--seconds", "1"], ["start"], ["remove"]):
        assert brume(words[0], "made", *words[1:]).returncode == 0, words
    assert brume("list", "--all").stdout == "There are no containers.\n"
