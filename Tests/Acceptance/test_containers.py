"""`brume containers` and the monitor, against a real Docker engine."""

import json
import re
import subprocess
import time

import pytest

from brume_server import BINARY, clean_environment


@pytest.fixture(scope="module")
def brume(container_engine, tmp_path_factory):
    """Runs `brume containers …` against the engine."""
    environment = clean_environment(tmp_path_factory.mktemp("home"))
    environment["DOCKER_HOST"] = f"unix://{container_engine.socket}"

    def run(*words):
        return subprocess.run(
            [BINARY, "containers", *words], capture_output=True, text=True, timeout=60, env=environment)

    return run


@pytest.fixture
def container(run_container):
    """Starts containers of Brume's, or of somebody else."""
    def start(name, script, *options, managed=True):
        label = ["--label", "dev.brume.managed=true"] if managed else []
        run_container(name, "--network", "none", *label, *options, "busybox", "sh", "-c", script)

    return start


def test_what_runs_brume_is_listed_and_others_only_when_asked_for(brume, container):
    container("node-a", "sleep 600", "--label", "dev.brume.services=dynamodb")
    container("stranger", "sleep 600", managed=False)
    assert re.search(r"^node-a\s+Up .*busybox\s+dynamodb$", brume("list").stdout, re.MULTILINE)
    assert "stranger" not in brume("list").stdout
    everyone = json.loads(brume("list", "--all", "--output", "json").stdout)
    assert {(one["name"], one["managed"]) for one in everyone} >= {("node-a", True), ("stranger", False)}


def test_a_strangers_container_is_looked_at_and_never_changed(brume, container, container_engine):
    container("stranger", "echo hi; sleep 600", managed=False)
    assert brume("logs", "stranger").stdout == "hi\n"
    for words in (["stop", "stranger"], ["restart", "stranger"], ["limit", "stranger", "--pids", "5"]):
        answer = brume(*words)
        assert answer.returncode == 77 and "is not Brume's" in answer.stderr
    assert container_engine.docker("inspect", "-f", "{{.State.Running}}", "stranger").strip() == "true"


def test_limits_change_at_once_and_show_in_the_figures(brume, container, container_engine):
    container_engine.needs_limits()
    container("node-b", "while :; do :; done", "--memory", "64m", "--cpus", "1")
    changed = brume("limit", "node-b", "--memory", "32m", "--cpus", "0.25", "--pids", "40")
    assert changed.returncode == 0, changed.stderr
    limits = json.loads(brume("inspect", "node-b").stdout)["HostConfig"]
    assert (limits["Memory"], limits["NanoCpus"], limits["PidsLimit"]) == (32 << 20, 250_000_000, 40)
    figures = json.loads(brume("stats", "--output", "json").stdout)
    node = next(one for one in figures["containers"] if one["name"] == "node-b")
    assert node["memoryLimitBytes"] == 32 << 20
    # A busy loop that is held to a quarter; the machine itself may be busy.
    assert 2 < node["cpuPercent"] < 40 and node["throttledPeriods"] > 0
    assert figures["machine"]["memoryTotalBytes"] > figures["machine"]["memoryUsedBytes"] > 0


@pytest.mark.parametrize("words, mistake", [
    (["limit", "x"], "Give a limit"), (["limit", "x", "--memory", "1k"], "at least 6m"),
    (["limit", "x", "--cpus", "zero"], "number of processors"), (["limit", "x", "--pids", "0"], "from 1 to"),
])
def test_wrong_limits_are_told(brume, words, mistake):
    answer = brume(*words)
    assert answer.returncode == 64 and mistake in answer.stderr


def test_logs_keep_the_two_streams_apart_and_can_be_followed(brume, container):
    container("node-c", "echo out; echo trouble >&2; sleep 1; echo later; exit 3")
    followed = brume("logs", "--follow", "node-c")
    assert followed.stdout == "out\nlater\n" and followed.stderr == "trouble\n"
    assert brume("logs", "--tail", "1", "node-c").stdout == "later\n"


def test_a_container_that_went_over_its_memory_is_reported(brume, container, container_engine):
    container_engine.needs_limits()
    container("node-d", "x=a; while :; do x=$x$x; done", "--memory", "16m")
    end = time.monotonic() + 30
    while "out of memory" not in (listed := brume("list").stdout):
        assert time.monotonic() < end, listed
        # Docker itself may miss the kernel's event when the container ends at the same moment.
        if "Exited (137)" in listed:
            brume("start", "node-d")
        time.sleep(0.2)


def test_a_missing_container_and_a_missing_engine_are_told_apart(brume):
    absent = brume("inspect", "nobody")
    assert absent.returncode == 66 and "there is no container nobody" in absent.stderr
    alone = brume("list", "--docker-socket", "/nowhere.sock")
    assert alone.returncode == 69 and "no container engine answers at /nowhere.sock" in alone.stderr


def test_a_container_is_made_from_what_is_allowed_with_files_and_nothing_of_the_host(
        brume, container_engine, tmp_path):
    container_engine.needs_limits()
    (tmp_path / "words").write_text("hello from outside\n")
    made = brume(
        "create", "made", "busybox", "--memory", "32m", "--cpus", "0.5", "--pids", "20", "--env", "WHO=brume",
        "--label", "dev.brume.services=none", "--volume", "/in", "--tmpfs", "/tmp",
        "--file", f"{tmp_path}/words:/in/deep/words", "--start",
        "--", "sh", "-c", "read line < /in/deep/words; echo $WHO: $line; echo x > /tmp/x && echo written; sleep 600")
    try:
        assert made.returncode == 0, made.stderr
        details = json.loads(brume("inspect", "made").stdout)
        host = details["HostConfig"]
        assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (32 << 20, 500_000_000, 20)
        assert host["CapDrop"] == ["ALL"] and host["ReadonlyRootfs"] and not host["Privileged"]
        assert host["SecurityOpt"] == ["no-new-privileges"] and host["NetworkMode"] == "none"
        assert not host["Binds"] and details["Config"]["User"] == "65532:65532"
        end = time.monotonic() + 30
        while (said := brume("logs", "made").stdout) != "brume: hello from outside\nwritten\n":
            assert time.monotonic() < end, said
            time.sleep(0.1)
        assert re.search(r"^made\s+Up .*busybox\s+none$", brume("list").stdout, re.MULTILINE)
    finally:
        assert brume("remove", "made").returncode == 0
    assert brume("inspect", "made").returncode == 66
    volumes = [volume["Name"] for volume in container_engine.get("/volumes")["Volumes"]]
    assert details["Mounts"][0]["Type"] == "volume" and details["Mounts"][0]["Name"] not in volumes


def test_an_engine_that_holds_to_no_limits_is_told_of(brume, container, container_engine):
    if container_engine.has_limits:
        pytest.skip("this engine holds containers to limits: a rootless one on control groups of version 1 does not")
    container("node-g", "sleep 600", "--memory", "64m")
    for words in (["limit", "node-g", "--memory", "32m"], ["create", "never", "busybox", *LIMITS], ["stats"]):
        answer = brume(*words)
        assert answer.returncode == 69 and "cannot limit or measure containers" in answer.stderr, answer
    assert container_engine.docker("inspect", "never", check=False).returncode != 0
    assert brume("list").returncode == 0


LIMITS = ["--memory", "32m", "--cpus", "0.5", "--pids", "20"]


@pytest.mark.parametrize("words, mistake", [
    (LIMITS[2:], "--memory"), (LIMITS[:4], "--pids"), ([*LIMITS[:4], "--pids", "0"], "a limit of processes"),
    ([*LIMITS, "--network", "host"], "never the host's"), ([*LIMITS, "--volume", "/etc:/etc"], "without a colon"),
    ([*LIMITS, "--file", "/etc/passwd:/in/words"], "its path in a --volume"),
    ([*LIMITS, "--volume", "/in", "--file", "/nowhere:/in/words"], "/nowhere cannot be read"),
    ([*LIMITS, "--publish", "80"], "takes two ports"),
])
def test_a_container_that_is_not_allowed_is_not_made(brume, container_engine, words, mistake):
    answer = brume("create", "never", "busybox", *words)
    assert answer.returncode == 64 and mistake in answer.stderr, answer
    assert container_engine.docker("inspect", "never", check=False).returncode != 0


def test_containers_stop_start_and_restart(brume, container, container_engine):
    container("node-e", "trap 'exit 0' TERM; while :; do sleep 0.1; done")
    state = lambda: container_engine.docker("inspect", "-f", "{{.State.Status}}", "node-e").strip()
    for word, done, wanted in (
        ("stop", "stopped", "exited"), ("stop", "stopped", "exited"), ("start", "started", "running"),
        ("restart", "restarted", "running"),
    ):
        answer = brume(word, "node-e")
        assert answer.returncode == 0, answer.stderr
        assert answer.stdout == f"node-e: {done}\n"
        assert state() == wanted


def test_what_a_slow_stop_waits_for_is_said(brume, container):
    container("node-f", "trap '' TERM; while :; do sleep 0.1; done")
    answer = brume("stop", "--seconds", "4", "node-f")
    assert (answer.returncode, answer.stdout) == (0, "node-f: stopped\n")
    assert answer.stderr == "waiting for node-f to end; it is killed after 4 seconds\n"


def test_a_server_measures_the_machine_and_the_containers(container_engine, container, fresh_server):
    container_engine.needs_limits()
    container("node-f", "sleep 600", "--memory", "64m")
    server = fresh_server(
        "--docker-socket", str(container_engine.socket), "--resource-seconds", "0.2", "--table-metrics", "true")
    wanted = ['container_insights_memory_reserved_sum{', 'container_name="node-f"', "instance_memory_utilization"]
    end = time.monotonic() + 30
    while not all(word in (text := server.get("/metrics").read().decode()) for word in wanted):
        assert time.monotonic() < end, text
        time.sleep(0.2)
