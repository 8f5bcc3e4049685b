"""What `make docker-build` says of a Docker that cannot build; no engine is asked."""

import subprocess

import pytest

from brume_server import ROOT

CLIENT = """#!/bin/sh
case "$1" in
    buildx) exit {buildx} ;;
    version) echo {version}; echo 'Cannot connect to the Docker daemon' >&2; exit 1 ;;
esac
exit 99
"""


def check(folder, *words):
    """Runs the script where nothing is found but what lies in a folder, and the shell's own tools."""
    for tool in ("bash", "dirname", "env"):
        (folder / tool).symlink_to(f"/usr/bin/{tool}")
    return subprocess.run(
        [ROOT / "Scripts" / "docker-build", *words], env={"PATH": str(folder)}, capture_output=True, text=True,
        timeout=30, check=False)


@pytest.mark.parametrize(
    ("version", "buildx", "said"),
    [
        ("28.5.1", 1, "Docker 28.5.1 builds with its plugin buildx, which is not here. Install it: "
         "apt-get install docker-buildx (Debian, Ubuntu) or docker-buildx-plugin"),
        ("23.0.0", 1, "Docker 23.0.0 builds with its plugin buildx"),
        ("", 1, "Docker of this version builds with its plugin buildx"),
        ("28.5.1", 0, None), ("20.10.24", 1, None),
    ],
)
def test_a_docker_that_lacks_its_builder_is_told_with_the_remedy(tmp_path, version, buildx, said):
    docker = tmp_path / "docker"
    docker.write_text(CLIENT.format(version=version, buildx=buildx))
    docker.chmod(0o755)
    answer = check(tmp_path, "--check")
    assert answer.returncode == (1 if said else 0), answer
    assert answer.stderr.startswith(f"docker-build: {said}") if said else answer.stderr == ""


def test_without_docker_it_is_said_where_to_get_it(tmp_path):
    answer = check(tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("docker-build: there is no docker on PATH.")
