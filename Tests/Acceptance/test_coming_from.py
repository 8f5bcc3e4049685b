"""docs/coming-from.md: its pytest fixtures, as they stand there, give each test an account of its own."""

import os
import subprocess
import sys
import textwrap

import pytest

from brume_server import BINARY, ROOT, clean_environment

TESTS = '''
import boto3, pytest

@pytest.mark.parametrize("number", range(4))
def test_tables_of_other_tests_are_not_seen(number):
    client = boto3.client("dynamodb")
    assert client.list_tables()["TableNames"] == []
    client.create_table(
        TableName="orders", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
'''


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_fixtures_of_the_guide(tmp_path, workers):
    guide = (ROOT / "docs" / "coming-from.md").read_text()
    block = guide[guide.index("    import json, os"):guide.index("Nothing has to be reset")]
    (tmp_path / "conftest.py").write_text(textwrap.dedent(block))
    (tmp_path / "test_orders.py").write_text(TESTS)
    # The guide's program is `brume`, wherever the binary lies.
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "brume").symlink_to(BINARY.resolve())
    # As moto's documentation has it.
    made_up = dict.fromkeys(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"], "testing")
    environment = clean_environment(tmp_path) | made_up
    environment["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{environment['PATH']}"
    # What xdist tells the processes of this run is not for those of that one.
    environment = {name: value for name, value in environment.items() if not name.startswith("PYTEST_")}
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", workers, "--basetemp", tmp_path / "made", tmp_path],
        env=environment, cwd=tmp_path, check=False, timeout=120, capture_output=True, text=True)
    assert answer.returncode == 0 and "4 passed" in answer.stdout, answer.stdout + answer.stderr
