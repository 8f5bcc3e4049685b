"""Identity policies in a cluster: the node decides, by what it has fetched from the gateway."""

import time

import botocore.exceptions
import httpx
import pytest

from policy_users import (
    ECHO, SECONDS_MAX, User, bearer, document, make_table, model_arn, sentence, statement, table_arn, user_turn,
)
from role_cluster import Cluster
from waiting import eventually


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("policies"))
    servers = [made.gateway, made.tables, made.models]
    try:
        for server in reversed(servers):
            server.start(wait=False)
        for server in servers:
            server.wait_until_ready()
        yield made
    finally:
        for server in servers:
            server.close()


def test_the_node_decides_by_the_gateway_s_policies_within_five_seconds(cluster):
    make_table(cluster.gateway.client("dynamodb"), "orders")
    user = User(cluster.gateway, document(statement("Allow", "dynamodb:Scan", table_arn("orders"))))
    through, direct = user.client("dynamodb"), user.client("dynamodb", server=cluster.tables)

    def code(call, **members):
        try:
            call(**members)
            return "done"
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]

    # Before the node has the policies it knows that there are some, and does nothing.
    assert code(through.put_item, TableName="orders", Item={"k": {"S": "a"}}) in (
        "ServiceUnavailable", "AccessDeniedException")
    for client in (through, direct):
        eventually(lambda client=client: code(client.scan, TableName="orders") == "done", SECONDS_MAX)
        assert user.arn in sentence(client.put_item, TableName="orders", Item={"k": {"S": "a"}})
    user.put(document(statement("Allow", "dynamodb:PutItem", table_arn("orders"))))
    began = time.monotonic()
    for client in (through, direct):
        eventually(lambda client=client: code(client.scan, TableName="orders") == "AccessDeniedException", SECONDS_MAX)
        assert code(client.put_item, TableName="orders", Item={"k": {"S": "a"}}) == "done"
    assert time.monotonic() - began < SECONDS_MAX
    user.delete()
    for client in (through, direct):
        eventually(lambda client=client: code(
            client.put_item, TableName="orders", Item={"k": {"S": "a"}}) == "AccessDeniedException", SECONDS_MAX)


def test_a_node_is_told_when_a_temporary_key_was_made(cluster):
    make_table(cluster.gateway.client("dynamodb"), "sessions")
    user = User(cluster.gateway, document(statement(
        "Allow", "dynamodb:Scan", table_arn("sessions"), Condition={"Null": {"aws:TokenIssueTime": "false"}})))
    made = user.client("sts", server=cluster.gateway).get_session_token()["Credentials"]
    session = user.client("dynamodb", token=(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]))

    def is_served():
        try:
            return session.scan(TableName="sessions")["Count"] == 0
        except botocore.exceptions.ClientError:
            return False

    eventually(is_served, SECONDS_MAX)
    assert user.arn in sentence(user.client("dynamodb").scan, TableName="sessions")


def test_a_node_that_cannot_ask_lets_no_user_pass(cluster):
    user = User(cluster.gateway, document(statement("Allow", "dynamodb:*")))
    direct = user.client("dynamodb", server=cluster.tables)

    def code():
        try:
            direct.list_tables()
            return "done"
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]

    eventually(lambda: code() == "done", SECONDS_MAX)
    cluster.gateway.kill()
    try:
        eventually(lambda: code() == "ServiceUnavailable", SECONDS_MAX + 2)
    finally:
        cluster.gateway.start()
    eventually(lambda: code() == "done", SECONDS_MAX)


def test_bearer_keys_are_restricted_at_the_node_too(cluster):
    _, good = bearer(cluster.gateway, document(
        statement("Allow", "bedrock:CallWithBearerToken",
                  Condition={"StringEquals": {"bedrock:BearerTokenType": "LONG_TERM"}}),
        statement("Allow", "bedrock:InvokeModel", model_arn(ECHO))))
    converse = f"{cluster.gateway.url}/model/{{}}/converse"
    body = {"messages": user_turn("hi")}
    eventually(lambda: httpx.post(converse.format(ECHO), json=body, headers=good).status_code == 200, SECONDS_MAX)
    refused = httpx.post(converse.format("other"), json=body, headers=good)
    assert refused.status_code == 403 and "bedrock:InvokeModel on resource" in refused.json()["message"]
