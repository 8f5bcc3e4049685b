"""Images and Compose files on a real Docker engine; skipped, with the reason, where the machine runs none.

The image holds a binary that was built before: no stage of the Dockerfile that compiles runs here, and neither do the
Debian, engine and CUDA images. The Compose is Debian's 1.29, and v2 where that is installed.
"""

import json
import re
import sys
import time
import urllib.request

import boto3
import botocore.config
import pytest

from brume_server import REGION, ROOT, free_port
from waiting import eventually

IMAGE = "brume"
SHELL = "busybox"
HEALTHY_SECONDS_MAX = 30


class Project:
    """A Compose project of one file or several, by Compose 1.29 where the engine lets it, or by v2."""

    def __init__(self, engine, name, *files, version=None):
        self.engine = engine
        self.name = name
        self.port = free_port()
        self.files = [word for file in files for word in ("-f", file)]
        self.environment = {
            "BRUME_PORT": str(self.port), "BRUME_SECRETS": str(engine.folder / "secrets"), "BRUME_ENGINE_IMAGE": IMAGE,
            "BRUME_BEDROCK_MEMORY": "512m", "BRUME_BEDROCK_CPUS": "1.0",
            "DOCKER_SOCKET": str(engine.socket), "DOCKER_GID": str(engine.socket_group),
        }
        if (version or engine.compose_version) == 2:
            settings = engine.compose_2()
            if settings is None:
                pytest.skip("Compose v2 is not there; 'Scripts/install-dependencies docker' fetches it")
            self.environment |= settings

    def compose(self, *words, seconds_max=100):
        return self.engine.run(
            ROOT / "Scripts" / "compose", "-p", self.name, *self.files, *words, environment=self.environment,
            seconds_max=seconds_max,
        )

    def up(self):
        """Seconds until every container is healthy."""
        begun = time.monotonic()
        self.compose("config", "--quiet")  # makes the key
        self.engine.lend(self.engine.folder / "secrets")
        self.compose("up", "-d", "--no-build")
        while not all(self.health(container) == "healthy" for container in self.containers().values()):
            assert time.monotonic() - begun < 60, self.compose("logs", "--tail", "20")
            time.sleep(0.1)
        return time.monotonic() - begun

    def containers(self):
        """Service to container id."""
        found = self.engine.get('/containers/json?filters={"label":["com.docker.compose.project=%s"]}' % self.name)
        return {container["Labels"]["com.docker.compose.service"]: container["Id"] for container in found}

    def health(self, container):
        return self.engine.get(f"/containers/{container}/json")["State"]["Health"]["Status"]

    def client(self, service, holder):
        """A boto3 client with the key that the container made at its first start."""
        words = self.compose("exec", "-T", holder, "brume", "env")
        keys = dict(re.findall(r"^export (AWS_[A-Z_]+)=(.*)$", words, re.MULTILINE))
        return boto3.client(
            service, endpoint_url=f"http://127.0.0.1:{self.port}", region_name=REGION,
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"].strip("'\""),
            config=botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=30),
        )


@pytest.fixture(scope="module")
def single(container_engine):
    """Every service in one container."""
    project = Project(container_engine, "single", "compose.single.yaml")
    project.seconds = project.up()
    yield project
    project.compose("down", "--volumes")


def round_trip(project, holder):
    """A table and a model, through the published port."""
    dynamodb = project.client("dynamodb", holder)
    dynamodb.create_table(
        TableName="orders", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "1"}})
    assert dynamodb.get_item(TableName="orders", Key={"id": {"S": "1"}})["Item"] == {"id": {"S": "1"}}
    answer = project.client("bedrock-runtime", holder).converse(
        modelId="brume.echo", messages=[{"role": "user", "content": [{"text": "hello"}]}],
    )
    assert "hello" in answer["output"]["message"]["content"][0]["text"]


@pytest.mark.parametrize("version", [1, 2])
def test_every_compose_file_is_valid(container_engine, version):
    project = Project(container_engine, "valid", version=version)
    assert re.search(rf"[vV]ersion v?{version}\.", project.compose("version"))
    for files in (["compose.yaml"], ["compose.yaml", "compose.gpu.yaml"], ["compose.yaml", "compose.docker.yaml"],
                  ["compose.yaml", "compose.scale.yaml"], ["compose.single.yaml"]):
        project.files = [word for file in files for word in ("-f", file)]
        project.compose("config", "--quiet")


def test_the_image_is_nothing_but_the_server(container_engine):
    configuration = json.loads(container_engine.docker("image", "inspect", IMAGE))[0]["Config"]
    assert configuration["User"] == "65532:65532"
    assert configuration["Healthcheck"]["Test"] == ["CMD", "brume", "healthcheck"]
    run = ["run", "--rm", "--network", "none"]
    assert container_engine.docker(*run, "--entrypoint", "/bin/sh", IMAGE, check=False).returncode == 127
    assert container_engine.docker(*run, "--read-only", IMAGE, "version").startswith("brume ")


def test_one_container_serves_every_service(single):
    assert single.seconds <= HEALTHY_SECONDS_MAX
    round_trip(single, "brume")
    container = single.engine.get(f"/containers/{single.containers()['brume']}/json")
    assert container["HostConfig"]["ReadonlyRootfs"] and container["HostConfig"]["CapDrop"] == ["ALL"]
    assert container["HostConfig"]["PidsLimit"] == 256


def test_data_outlives_the_container(single):
    single.compose("up", "-d", "--no-build", "--force-recreate")
    single.up()
    assert "orders" in single.client("dynamodb", "brume").list_tables()["TableNames"]


def test_a_limit_that_is_changed_is_seen_in_the_stats(single):
    single.engine.needs_limits()
    container = single.containers()["brume"]
    megabyte = 1 << 20
    stats = single.engine.get(f"/containers/{container}/stats?stream=false&one-shot=true")
    assert stats["memory_stats"]["limit"] == 1024 * megabyte
    single.engine.docker("update", "--memory", "512m", "--memory-swap", "512m", container)
    stats = single.engine.get(f"/containers/{container}/stats?stream=false&one-shot=true")
    assert stats["memory_stats"]["limit"] == 512 * megabyte


def test_a_container_over_its_memory_is_killed_and_that_is_told(container_engine):
    container_engine.needs_limits()
    # The status is sure; the reason is an event of its own that Docker 20.10 now and then misses.
    for number in range(3):
        container_engine.docker(
            "run", "--name", f"greedy-{number}", "--network", "none", "--memory", "16m", "--memory-swap", "16m", SHELL,
            "/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1", check=False,
        )
        state = container_engine.get(f"/containers/greedy-{number}/json")["State"]
        assert state["ExitCode"] == 137
        if state["OOMKilled"]:
            return
    pytest.fail(f"the engine tells no reason: {state}")


@pytest.fixture(scope="module")
def cluster(container_engine):
    """The gateway, which may use the engine, and a container for each part behind it."""
    project = Project(container_engine, "cluster", "compose.yaml", "compose.docker.yaml")
    project.seconds = project.up()
    yield project
    project.compose("down", "--volumes")


def test_a_gateway_serves_what_runs_in_other_containers(cluster):
    assert cluster.seconds <= HEALTHY_SECONDS_MAX
    round_trip(cluster, "gateway")
    assert cluster.client("sts", "gateway").get_caller_identity()["Account"] == "000000000000"


def test_the_gateway_sees_the_containers_through_the_engine_s_socket(cluster):
    listed = json.loads(cluster.compose("exec", "-T", "gateway", "brume", "containers", "list", "--output", "json"))
    ids = {one["id"] for one in listed if one["managed"] and one["state"] == "running"}
    assert ids >= set(cluster.containers().values())
    # It is not root there: only the socket's group makes that possible.
    gateway = cluster.engine.get(f"/containers/{cluster.containers()['gateway']}/json")
    assert gateway["Config"]["User"] == "65532:65532"


def test_compose_2_starts_the_same_containers(container_engine):
    project = Project(container_engine, "second", "compose.yaml", version=2)
    try:
        assert project.up() <= HEALTHY_SECONDS_MAX
        assert set(project.containers()) == {"gateway", "dynamodb", "bedrock", "services"}
        round_trip(project, "gateway")
        limits = project.engine.get(f"/containers/{project.containers()['dynamodb']}/json")["HostConfig"]
        assert (limits["Memory"], limits["NanoCpus"], limits["PidsLimit"]) == (1 << 30, 1_000_000_000, 128)
    finally:
        project.compose("down", "--volumes")


def test_nodes_cannot_be_reached_from_outside(cluster):
    node = cluster.engine.get(f"/containers/{cluster.containers()['dynamodb']}/json")["NetworkSettings"]
    assert not any(node["Ports"].values())
    internal = cluster.engine.get("/networks/cluster_internal")
    assert internal["Internal"]
    address = node["Networks"]["cluster_internal"]["IPAddress"]
    # By its number: on the network of the nodes it answers, from the clients' network there is no way.
    assert connects_from(cluster.engine, "cluster_internal", address)
    assert not connects_from(cluster.engine, "cluster_edge", address)


def connects_from(engine, network, address):
    """Whether a container on this network reaches the nodes' port, tried by this process in its place."""
    container = engine.docker("run", "-d", "--network", network, SHELL, "/bin/sleep", "60").split()[-1]
    process = engine.get(f"/containers/{container}/json")["State"]["Pid"]
    attempt = f"import socket; socket.create_connection(('{address}', 4567), 3)"
    try:
        answer = engine.run(
            "nsenter", f"--net=/proc/{process}/ns/net", sys.executable, "-c", attempt, check=False)
        return answer.returncode == 0
    finally:
        engine.docker("rm", "--force", container)


def test_a_killed_node_comes_back_and_is_used_again(cluster):
    dynamodb = cluster.client("dynamodb", "gateway")
    cluster.engine.docker("kill", cluster.containers()["dynamodb"])
    with pytest.raises(dynamodb.exceptions.ClientError) as refusal:
        dynamodb.list_tables()
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    # `docker kill` counts as a wish, so the restart policy leaves it; Compose starts it.
    cluster.compose("up", "-d", "--no-build", "dynamodb")
    deadline = time.monotonic() + HEALTHY_SECONDS_MAX
    while True:
        try:
            assert "orders" in dynamodb.list_tables()["TableNames"]
            return
        except dynamodb.exceptions.ClientError:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_a_second_container_of_a_service_is_found_and_takes_over(cluster):
    sts = cluster.client("sts", "gateway")
    first = cluster.containers()["services"]
    cluster.compose("up", "-d", "--no-build", "--scale", "services=2", "services")
    eventually(lambda: gateway_knows(cluster) == 2, HEALTHY_SECONDS_MAX, "the gateway finds both containers")
    cluster.engine.docker("kill", first)
    # The dead one is perhaps asked first; an operation that only reads is then sent to the other.
    for _ in range(10):
        assert sts.get_caller_identity()["Account"] == "000000000000"


def gateway_knows(cluster):
    """How many nodes of STS the gateway has found that can be used."""
    port = cluster.port
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    usable = [line for line in lines if line.startswith("brume_node_usable{") and line.endswith(" 1")]
    return sum('service="sts"' in line for line in usable)
