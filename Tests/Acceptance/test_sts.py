"""STS through unmodified clients."""

import boto3
import botocore.exceptions
import pytest

from brume_server import ACCESS_KEY_ID


def test_the_root_key_is_the_root_of_the_default_account(sts):
    identity = sts.get_caller_identity()
    assert identity["Account"] == "000000000000"
    assert identity["Arn"] == "arn:aws:iam::000000000000:root"
    assert identity["UserId"] == "000000000000"


def test_the_cli_gets_the_same_after_brume_env_and_nothing_else(aws, sts):
    answer = aws("sts", "get-caller-identity")
    assert answer["Arn"] == sts.get_caller_identity()["Arn"]


def test_a_wrong_secret_is_refused(server):
    client = server.client("sts", session=server.session(ACCESS_KEY_ID, "wrong"))
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        client.get_caller_identity()
    assert refused.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_an_unknown_key_is_refused(server):
    client = server.client("sts", session=server.session("AKIAUNKNOWNUNKNOWN00"))
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        client.get_caller_identity()
    assert refused.value.response["Error"]["Code"] == "InvalidClientTokenId"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_boto3_needs_nothing_but_brume_env(server, monkeypatch):
    for name, value in server.client_environment().items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    identity = boto3.session.Session().client("sts").get_caller_identity()
    assert identity["Account"] == "000000000000"
