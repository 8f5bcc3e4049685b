"""Bearer keys of Bedrock: long-term ones of `brume keys create --bedrock`, short-term ones as AWS's generator makes."""

import base64
import datetime
import json
import time

import aws_bedrock_token_generator
import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions
import httpx
import pytest

from brume_server import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from waiting import eventually

INVALID = "Authentication failed: Please make sure your API Key is valid."
MESSAGES = [{"role": "user", "content": [{"text": "hi"}]}]


@pytest.fixture(scope="module")
def key(server):
    """A long-term key as the command prints it."""
    answer = server.run("keys", "create", "--bedrock", "--user", "ana", "--output", "json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def short_term(secret=SECRET_ACCESS_KEY, expires=3600, ago=0, action="CallWithBearerToken", token=None):
    """A key as aws-bedrock-token-generator makes it: a presigned request that is never sent."""
    credentials = botocore.credentials.Credentials(ACCESS_KEY_ID, secret, token)
    request = botocore.awsrequest.AWSRequest(
        "POST", "https://bedrock.amazonaws.com/", headers={"host": "bedrock.amazonaws.com"}, params={"Action": action})
    signer = botocore.auth.SigV4QueryAuth(credentials, "bedrock", REGION, expires=expires)
    before = botocore.auth.get_current_datetime
    botocore.auth.get_current_datetime = lambda *_, **__: before() - datetime.timedelta(seconds=ago)
    try:
        signer.add_auth(request)
    finally:
        botocore.auth.get_current_datetime = before
    text = request.url.replace("https://", "") + "&Version=1"
    return "bedrock-api-key-" + base64.b64encode(text.encode()).decode()


def converse(server, token):
    """The status and the body of a conversation with this token."""
    answer = httpx.post(
        f"{server.url}/model/brume.echo/converse", json={"messages": MESSAGES},
        headers={"Authorization": f"Bearer {token}"})
    return answer


def refusal(answer):
    return answer.status_code, answer.headers["x-amzn-errortype"].split(":")[0], answer.json()["message"]


def test_a_long_term_key_has_aws_s_shape_and_works_at_once(server, key):
    assert key["bearerToken"].startswith("ABSK")
    assert key["name"] == "ana-at-000000000000" and key["expires"] is None
    assert base64.b64decode(key["bearerToken"][4:]).decode().startswith(key["name"] + ":")
    for _ in range(20):  # a running server knows a new key within a second
        answer = converse(server, key["bearerToken"])
        if answer.status_code == 200:
            break
        time.sleep(0.1)
    assert answer.json()["output"]["message"]["content"] == [{"text": "[brume.echo] hi"}]
    listed = json.loads(server.run("keys", "list", "--output", "json").stdout)
    assert [row["bedrock"] for row in listed if row["accessKeyId"] == key["name"]] == [True]


def test_a_second_key_of_a_user_has_a_name_of_its_own_and_an_end(server, key):
    answer = server.run("keys", "create", "--bedrock", "--user", "ana", "--expires-days", "1", "--output", "json")
    second = json.loads(answer.stdout)
    assert second["name"] == "ana+1-at-000000000000"
    assert 86_000 < second["expires"] - time.time() <= 86_400
    assert server.run("keys", "delete", second["name"]).returncode == 0


def test_boto3_takes_the_key_from_its_environment_over_tls(server, key, monkeypatch):
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", key["bearerToken"])
    client = boto3.Session(region_name=REGION).client(
        "bedrock-runtime", endpoint_url=f"https://localhost:{server.port}",
        verify=server.client_environment()["AWS_CA_BUNDLE"],
        config=botocore.config.Config(retries={"total_max_attempts": 1}))
    sent = []
    client.meta.events.register("before-send.*", lambda request, **_: sent.append(request.headers["Authorization"]))
    answer = client.converse(modelId="brume.echo", messages=MESSAGES)
    assert answer["stopReason"] == "end_turn" and sent[0].startswith(b"Bearer ABSK")
    events = list(client.converse_stream(modelId="brume.echo", messages=MESSAGES)["stream"])
    assert "metadata" in events[-1]


def test_a_short_term_key_acts_for_its_signer(server):
    assert converse(server, short_term()).status_code == 200


def test_a_short_term_key_of_aws_s_generator_works(server):
    credentials = botocore.credentials.Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY)
    token = aws_bedrock_token_generator.BedrockTokenGenerator().get_token(credentials, REGION)
    assert converse(server, token).status_code == 200


def test_a_short_term_key_of_a_session_works_and_only_with_its_token(server, sts):
    session = sts.get_session_token()["Credentials"]
    credentials = botocore.credentials.Credentials(
        session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    request = botocore.awsrequest.AWSRequest(
        "POST", "https://bedrock.amazonaws.com/", headers={"host": "bedrock.amazonaws.com"},
        params={"Action": "CallWithBearerToken"})
    botocore.auth.SigV4QueryAuth(credentials, "bedrock", REGION, expires=60).add_auth(request)
    text = request.url.replace("https://", "") + "&Version=1"
    assert converse(server, "bedrock-api-key-" + base64.b64encode(text.encode()).decode()).status_code == 200


@pytest.mark.parametrize("make, sentence", [
    (lambda key: "nonsense", "Invalid API Key format: Must start with pre-defined prefix"),
    (lambda key: "ABSK!!!", INVALID),
    (lambda key: "ABSK" + base64.b64encode(b"nobody-at-000000000000:secret").decode(), INVALID),
    (lambda key: "ABSK" + base64.b64encode(f"{key['name']}:wrong".encode()).decode(), INVALID),
    (lambda key: "ABSK" + base64.b64encode(f"{ACCESS_KEY_ID}:{SECRET_ACCESS_KEY}".encode()).decode(), INVALID),
    (lambda key: "bedrock-api-key-" + base64.b64encode(b"bedrock.amazonaws.com/?Action=CallWithBearerToken").decode(),
     INVALID),
    (lambda key: short_term(secret="wrong"), INVALID),
    (lambda key: short_term(action="ListFoundationModels"), INVALID),
    (lambda key: short_term(expires=43_201), INVALID),
    (lambda key: short_term(expires=60, ago=120), "Bearer Token has expired"),
])
def test_a_key_that_proves_nothing_is_refused_in_aws_s_words(server, key, make, sentence):
    assert refusal(converse(server, make(key))) == (403, "AccessDeniedException", sentence)


def test_a_bearer_key_signs_nothing_and_opens_nothing_but_bedrock(server, key):
    secret = base64.b64decode(key["bearerToken"][4:]).decode().split(":", 1)[1]
    client = server.client("sts", session=server.session(key["name"], secret))
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        client.get_caller_identity()
    assert failure.value.response["Error"]["Code"] in ("InvalidClientTokenId", "SignatureDoesNotMatch")
    answer = httpx.post(f"{server.url}/", headers={
        "Authorization": f"Bearer {key['bearerToken']}", "X-Amz-Target": "DynamoDB_20120810.ListTables",
        "Content-Type": "application/x-amz-json-1.0"}, content=b"{}")
    assert answer.status_code == 400 and "MissingAuthenticationToken" in answer.text


def logged(server):
    return (server.data_dir / "logs" / "access.log").read_text()


def test_the_log_says_of_a_made_up_key_how_to_make_one(server):
    """OpenAI's SDK wants some key, and programs written for Ollama give it this one."""
    answer = httpx.get(f"{server.url}/v1/models", headers={"Authorization": "Bearer ollama-of-ana"})
    assert answer.status_code == 401
    remedy = f"make one with `brume keys create --data-dir {server.data_dir} --bedrock`"
    eventually(lambda: f"the bearer token is no API key of Bedrock; {remedy}" in logged(server))
    assert "ollama-of-ana" not in logged(server)


def test_no_key_is_ever_in_the_log(server, key):
    converse(server, key["bearerToken"])
    answer = converse(server, short_term())
    # Both lines are written then: they leave in order.
    eventually(lambda: answer.headers["x-amzn-RequestId"] in logged(server))
    log = logged(server)
    assert key["name"] in log
    assert key["bearerToken"][4:40] not in log and "bedrock-api-key-" not in log and "X-Amz-Signature" not in log
