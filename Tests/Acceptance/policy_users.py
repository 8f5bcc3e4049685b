"""Users with policies, for the tests of what they may do."""

import itertools
import json

import botocore.exceptions
import pytest

from brume_server import REGION

ACCOUNT = "000000000000"
ECHO = "brume.echo"
SECONDS_MAX = 5
numbers = itertools.count(1)


def statement(effect, action, resource="*", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def table_arn(name, region=REGION):
    return f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{name}"


def model_arn(name):
    return f"arn:aws:bedrock:{REGION}::foundation-model/{name}"


class User:
    """A user of a server, with a key and perhaps policies."""

    def __init__(self, server, policy=None, name=None):
        self.server = server
        self.name = name or f"user-{next(numbers)}"
        words = ["keys", "create", "--user", self.name, "--output", "json"]
        if policy is not None:
            words += ["--policy", "-"]
        self.key = json.loads(checked(server.run(*words, input=json.dumps(policy or {}))))
        self.arn = f"arn:aws:iam::{ACCOUNT}:user/{self.name}"

    def put(self, policy, name="policy", text=None):
        return self.server.run(
            "policies", "put", name, "-", "--user", self.name, input=text or json.dumps(policy))

    def delete(self, name="policy"):
        checked(self.server.run("policies", "delete", name, "--user", self.name))

    def client(self, service, server=None, token=None):
        server = server or self.server
        keys = token or (self.key["accessKeyId"], self.key["secretAccessKey"], None)
        return server.client(service, session=server.session(*keys))


def checked(answer):
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def refusal(call, *arguments, **members):
    """The error of a call that must not succeed."""
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        call(*arguments, **members)
    return failure.value.response


def sentence(call, *arguments, **members):
    error = refusal(call, *arguments, **members)
    assert error["Error"]["Code"] == "AccessDeniedException", error
    return error["Error"]["Message"]


def is_denied(call, *arguments, **members):
    """Whether a call is denied now, for what takes a moment to be known."""
    try:
        call(*arguments, **members)
        return False
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] == "AccessDeniedException":
            return True
        raise


def make_table(dynamodb, name, partition="k", **more):
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": partition, "AttributeType": "S"}],
        KeySchema=[{"AttributeName": partition, "KeyType": "HASH"}], **more)


def user_turn(text):
    return [{"role": "user", "content": [{"text": text}]}]


def bearer(server, policy):
    made = json.loads(checked(server.run(
        "keys", "create", "--bedrock", "--policy", "-", "--output", "json", input=json.dumps(policy))))
    return made["user"], {"Authorization": f"Bearer {made['bearerToken']}"}
