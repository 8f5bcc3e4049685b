"""DynamoDB and its streams through the AWS SDK for Go, version 2, which shares no code with boto3.

The SDK is Debian's, as a library of sources, so the program in go/ is built here, once.
"""

import os
import pathlib
import shutil
import subprocess

import pytest

from brume_server import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

SOURCES = pathlib.Path(__file__).parent / "go"
PATH = "/usr/share/gocode"
SDK = pathlib.Path(PATH, "src/github.com/aws/aws-sdk-go-v2/service/dynamodb")
BUILD_SECONDS_MAX = 240
CHECKS = ["items", "conditions", "pages", "batches", "transactions", "statements", "streams", "errors"]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The program, built against Debian's SDK, without optimisation: it is built for longer than it runs."""
    if shutil.which("go") is None or not SDK.is_dir():
        pytest.skip("no Go, or no AWS SDK for it: Scripts/install-dependencies acceptance installs Debian's packages")
    built = tmp_path_factory.mktemp("go") / "program"
    answer = subprocess.run(
        ["go", "build", "-gcflags=-N -l", "-ldflags=-s -w", "-o", built, "."], cwd=SOURCES, check=False,
        env=os.environ | {"GO111MODULE": "off", "GOPATH": PATH, "GOFLAGS": ""}, capture_output=True, text=True,
        timeout=BUILD_SECONDS_MAX,
    )
    assert answer.returncode == 0, answer.stderr
    return built


@pytest.mark.timeout(BUILD_SECONDS_MAX + 60)
@pytest.mark.parametrize("check", CHECKS)
def test_the_sdk_for_go_is_answered_as_aws_answers_it(server, program, unique_name, check):
    answer = subprocess.run(
        [program, server.url, ACCESS_KEY_ID, SECRET_ACCESS_KEY, REGION, check, unique_name("go")], check=False,
        capture_output=True, text=True, timeout=50,
    )
    assert answer.returncode == 0, answer.stderr
