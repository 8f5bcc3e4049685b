"""What the acceptance tests share: a running server, and clients that nobody changed.

    server          one server for the whole run; tests make tables of their own names
    fresh_server    a function that starts a server of the test's own, ended with the test
    dynamodb, sts   boto3 clients of `server`
    unique_name     a function that gives names no other test has
    aws             a function that runs the AWS CLI after `eval "$(brume env)"` and nothing else
    container_engine, run_container
                    one Docker engine for the whole run, and a function that starts a container on it
"""

import itertools
import json
import os
import pathlib
import subprocess
import sys

import pytest
from xdist.scheduler import LoadScopeScheduling

from brume_server import BINARY, Server, clean_environment
from docker_engine import Engine, Unavailable

# boto3 reads its settings from this process's environment; a developer's own must not decide a test.
for name in [name for name in os.environ if name.startswith(("AWS_", "BOTO_"))]:
    del os.environ[name]
os.environ.update({name: value for name, value in clean_environment("/nonexistent").items() if name.startswith("AWS_")})

_SERVERS = pytest.StashKey[list]()


def pytest_configure(config):
    """Says at once what is missing, rather than in each test."""
    config.stash[_SERVERS] = []
    if not os.access(BINARY, os.X_OK):
        raise pytest.UsageError(f"{BINARY} is not there; run 'make build' first, or set BRUME_BINARY")


class _Files(LoadScopeScheduling):
    """Deals out whole files, since their tests share servers; those that need the Docker engine to one process.

    Two engines would use the same networks.
    """

    _with_containers = {
        path.name for path in pathlib.Path(__file__).parent.glob("test_*.py") if "container_engine" in path.read_text()
    }

    def _split_scope(self, nodeid):
        name = nodeid.split("::", 1)[0]
        return "containers" if pathlib.Path(name).name in self._with_containers else name


def pytest_xdist_make_scheduler(config, log):
    """How `-n 3` deals out tests, whatever `--dist` says."""
    return _Files(config, log)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that fails shows the end of the log of each server that is running then."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for server in item.config.stash[_SERVERS]:
            report.sections.append((f"log of the server at {server.url}", server.log_tail()))


@pytest.fixture(scope="session")
def server(tmp_path_factory, pytestconfig):
    """One server for the whole run."""
    with Server(tmp_path_factory.mktemp("server")) as running:
        pytestconfig.stash[_SERVERS].append(running)
        yield running


@pytest.fixture
def fresh_server(tmp_path_factory, pytestconfig):
    """Starts servers of the test's own: `fresh_server("--compat", "localstack")`."""
    started = []

    def start(*options, ready=True, **settings):
        running = Server(tmp_path_factory.mktemp("fresh"), *options, **settings)
        started.append(running)
        pytestconfig.stash[_SERVERS].append(running)
        return running.start(wait=ready)

    yield start
    for running in started:
        running.close()
        pytestconfig.stash[_SERVERS].remove(running)


@pytest.fixture(scope="session")
def dynamodb(server):
    """A DynamoDB client of the shared server."""
    return server.client("dynamodb")


@pytest.fixture(scope="module")
def bedrock(server):
    """A client of Bedrock's runtime, of the shared server or of the module's own."""
    return server.client("bedrock-runtime")


@pytest.fixture(scope="session")
def sts(server):
    """An STS client of the shared server."""
    return server.client("sts")


@pytest.fixture(scope="session")
def unique_name():
    """Gives names that no other test of this run has: `unique_name("orders")`."""
    numbers = itertools.count(1)
    return lambda prefix="table": f"{prefix}-{next(numbers)}"


@pytest.fixture(scope="session")
def aws(server):
    """Runs the AWS CLI: `aws("dynamodb", "list-tables")` gives its answer, parsed; a refusal raises its sentence."""
    environment = server.client_environment()

    def run(*words):
        command = [sys.executable, "-m", "awscli", *words, "--output", "json"]
        answer = subprocess.run(
            command, check=False, env=environment, timeout=60, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        )
        assert answer.returncode == 0, f"aws {' '.join(words)} ended with {answer.returncode}: {answer.stderr}"
        return json.loads(answer.stdout) if answer.stdout.strip() else None

    return run


@pytest.fixture(scope="session")
def container_engine():
    """One Docker engine for the whole run, with the images `brume` and `busybox`; skips, with the reason, without one.

    Tests give their containers and networks names of their own.
    """
    running = Engine()
    try:
        running.start()
    except Unavailable as reason:
        running.close()
        pytest.skip(str(reason))
    try:
        running.build("brume")
        running.import_busybox("busybox")
        yield running
    finally:
        running.close()


@pytest.fixture
def run_container(container_engine):
    """Starts a container that is removed with the test: `run_container("name", "busybox", "sleep", "600")`."""
    made = []

    def run(name, *words):
        made.append(name)
        container_engine.docker("run", "-d", "--name", name, *words)

    yield run
    for name in made:
        container_engine.docker("rm", "-f", name, check=False)
