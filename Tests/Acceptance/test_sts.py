"""STS through unmodified clients."""

import boto3
import botocore.exceptions
import httpx
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


@pytest.mark.parametrize("version", ["2010-05-08", None])
def test_an_action_in_another_version_is_not_found(server, version):
    client = server.client("sts")

    def change(params, **_):
        params["body"].pop("Version")
        if version:
            params["body"]["Version"] = version

    client.meta.events.register("before-call.sts.GetCallerIdentity", change)
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        client.get_caller_identity()
    answer = refusal.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["Error"]["Code"] == "InvalidAction"
    assert answer["Error"]["Message"] == (
        f"Could not find operation GetCallerIdentity for version {version or 'NO_VERSION_SPECIFIED'}"
    )


def test_a_code_of_an_mfa_device_is_refused_in_aws_s_words(sts):
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        sts.get_session_token(SerialNumber="arn:aws:iam::000000000000:mfa/phone", TokenCode="123456")
    answer = refusal.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == (403, "AccessDenied")
    assert answer["Error"]["Message"] == (
        "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid "
        "and associated with this user.")


def test_a_presigned_url_is_a_post_as_boto3_makes_it_or_a_get(sts):
    presigned = {
        "POST": sts.generate_presigned_url("get_caller_identity"),
        "GET": sts.generate_presigned_url("get_caller_identity", HttpMethod="GET"),
    }
    for method, url in presigned.items():
        answer = httpx.request(method, url)
        assert answer.status_code == 200 and "<Account>000000000000</Account>" in answer.text, method
    assert httpx.get(presigned["POST"]).status_code == 403


def test_an_action_that_is_not_there_is_told_in_the_namespace_of_all_services(sts):
    url = sts.generate_presigned_url("get_caller_identity", HttpMethod="GET")
    answer = httpx.get(url.replace("Version=2011-06-15", "Version=2010-05-08"))
    assert answer.status_code == 400
    assert '<ErrorResponse xmlns="http://webservices.amazon.com/AWSFault/2005-15-09">' in answer.text
