"""Identity policies: what users may do, as IAM decides it.

The users are keys of `brume keys create --user`, their policies those of `brume policies`.
"""

import json

import boto3.dynamodb.conditions
import httpx
import pytest

from brume_server import REGION
from policy_users import (
    ACCOUNT, ECHO, SECONDS_MAX, User, bearer, document, is_denied, make_table, model_arn, refusal, sentence, statement,
    table_arn, user_turn,
)
from waiting import eventually


@pytest.fixture
def table(server, unique_name):
    name = unique_name()
    make_table(server.client("dynamodb"), name)
    return name


# What a user may do


def test_a_user_without_policies_may_do_everything_until_the_first_is_put(server, table):
    user = User(server)
    dynamodb = user.client("dynamodb")
    dynamodb.put_item(TableName=table, Item={"k": {"S": "a"}})
    put = user.put(document(statement("Allow", "dynamodb:GetItem", table_arn(table))))
    assert put.returncode == 0 and "only what its policies allow" in put.stderr
    eventually(lambda: is_denied(dynamodb.put_item, TableName=table, Item={"k": {"S": "b"}}), SECONDS_MAX)
    assert dynamodb.get_item(TableName=table, Key={"k": {"S": "a"}})["Item"] == {"k": {"S": "a"}}
    user.delete()
    eventually(lambda: is_denied(dynamodb.get_item, TableName=table, Key={"k": {"S": "a"}}), SECONDS_MAX)
    # The account's root is not restricted.
    server.client("dynamodb").put_item(TableName=table, Item={"k": {"S": "b"}})


def test_a_read_only_user_reads_and_is_refused_in_aws_s_words(server, table):
    user = User(server, document(statement(
        "Allow", ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:List*",
                  "dynamodb:Describe*", "dynamodb:PartiQLSelect"])))
    dynamodb = user.client("dynamodb")
    server.client("dynamodb").put_item(TableName=table, Item={"k": {"S": "a"}})
    key = {"k": {"S": "a"}}
    assert dynamodb.scan(TableName=table)["Count"] == 1
    assert dynamodb.execute_statement(Statement=f'SELECT * FROM "{table}"')["Items"] == [key]
    assert table in dynamodb.list_tables()["TableNames"]
    assert dynamodb.describe_table(TableName=table)["Table"]["TableArn"] == table_arn(table)
    for action, call in {
        "PutItem": lambda: dynamodb.put_item(TableName=table, Item=key),
        "DeleteItem": lambda: dynamodb.delete_item(TableName=table, Key=key),
        "BatchWriteItem": lambda: dynamodb.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": key}}]}),
        "PartiQLDelete": lambda: dynamodb.execute_statement(Statement=f"DELETE FROM \"{table}\" WHERE k = 'a'"),
        "DeleteTable": lambda: dynamodb.delete_table(TableName=table),
    }.items():
        error = refusal(call)
        assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert error["Error"]["Message"] == (
            f"User: {user.arn} is not authorized to perform: dynamodb:{action} on resource: {table_arn(table)} "
            f"because no identity-based policy allows the dynamodb:{action} action"), action
    # What cannot be read is told apart from what may not be done.
    assert refusal(dynamodb.execute_statement, Statement="SELEKT")["Error"]["Code"] == "ValidationException"


def test_a_user_of_one_table_has_its_indexes_and_nothing_else(server, unique_name):
    root = server.client("dynamodb")
    own, other = unique_name(), unique_name()
    for name in (own, other):
        root.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"},
                                  {"AttributeName": "g", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            GlobalSecondaryIndexes=[{"IndexName": "byG", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                                     "Projection": {"ProjectionType": "ALL"}}])
    dynamodb = User(server, document(
        statement("Allow", "dynamodb:*", [table_arn(own), table_arn(own) + "/index/*"]))).client("dynamodb")
    item = {"k": {"S": "a"}, "g": {"S": "x"}}
    dynamodb.put_item(TableName=own, Item=item)
    query = {"IndexName": "byG", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "x"}}}
    assert dynamodb.query(TableName=own, **query)["Items"] == [item]
    assert f"{table_arn(other)}/index/byG" in sentence(dynamodb.query, TableName=other, **query)
    assert table_arn(other) in sentence(dynamodb.put_item, TableName=other, Item=item)
    assert f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/*" in sentence(dynamodb.list_tables)
    # Each table of a request must be allowed, and each action.
    puts = [{"Put": {"TableName": name, "Item": item}} for name in (own, other)]
    assert table_arn(other) in sentence(dynamodb.transact_write_items, TransactItems=puts)
    dynamodb.transact_write_items(TransactItems=puts[:1])
    keys = {name: {"Keys": [{"k": {"S": "a"}}]} for name in (own, other)}
    assert table_arn(other) in sentence(dynamodb.batch_get_item, RequestItems=keys)
    statements = [{"Statement": f"SELECT * FROM \"{name}\" WHERE k = 'a'"} for name in (own, other)]
    assert table_arn(other) in sentence(dynamodb.batch_execute_statement, Statements=statements)
    assert table_arn(other) in sentence(dynamodb.execute_transaction, TransactStatements=statements)
    # Of another account's table nobody may know.
    assert "444455556666" in sentence(
        dynamodb.get_item, TableName=f"arn:aws:dynamodb:{REGION}:444455556666:table/{own}", Key={"k": {"S": "a"}})


def test_a_star_at_the_end_of_an_arn_s_part_stands_for_the_parts_behind_it(server, table):
    key = {"k": {"S": "a"}}
    for resource, mine in (("arn:aws:dynamodb:*", True), ("arn:aws:dynamodb:eu-*", False),
                           ("arn:aws:bedrock:*", False)):
        dynamodb = User(server, document(statement("Allow", "dynamodb:GetItem", resource))).client("dynamodb")
        read = {"TableName": table, "Key": key}
        assert is_denied(dynamodb.get_item, **read) != mine, resource


def test_an_explicit_deny_wins_over_every_allow(server, table):
    user = User(server, document(
        statement("Allow", "*"),
        {"Effect": "Deny", "NotAction": ["dynamodb:Get*", "dynamodb:PutItem"], "Resource": table_arn(table)}))
    dynamodb = user.client("dynamodb")
    dynamodb.put_item(TableName=table, Item={"k": {"S": "a"}})
    assert sentence(dynamodb.scan, TableName=table) == (
        f"User: {user.arn} is not authorized to perform: dynamodb:Scan on resource: {table_arn(table)} "
        "with an explicit deny in an identity-based policy")
    dynamodb.list_tables()


def test_a_table_s_policy_may_allow_by_name_and_deny_everybody(server, table):
    user = User(server, document(statement("Allow", "dynamodb:Scan", table_arn(table))))
    dynamodb, root = user.client("dynamodb"), server.client("dynamodb")

    def put(effect, principal, action):
        root.put_resource_policy(ResourceArn=table_arn(table), Policy=json.dumps(document({
            "Effect": effect, "Principal": {"AWS": principal}, "Action": action, "Resource": table_arn(table)})))

    read = {"TableName": table, "Key": {"k": {"S": "a"}}}
    # To name the account leaves it to the policies of its users.
    put("Allow", f"arn:aws:iam::{ACCOUNT}:root", "dynamodb:GetItem")
    assert "no identity-based policy allows" in sentence(dynamodb.get_item, **read)
    put("Allow", user.arn, "dynamodb:GetItem")
    dynamodb.get_item(**read)
    put("Deny", user.arn, "dynamodb:Scan")
    assert sentence(dynamodb.scan, TableName=table).endswith("with an explicit deny in a resource-based policy")


# Fine-grained access, as AWS's developer guide shows it


def test_users_see_only_items_with_their_own_name_as_partition_key(server, unique_name):
    name = unique_name()
    make_table(server.client("dynamodb"), name, "UserId")
    policy = document(statement(
        "Allow",
        ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem",
         "dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:PartiQL*"], table_arn(name),
        Condition={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:username}"]}}))
    ana, bob = User(server, policy), User(server, policy)
    for user in (ana, bob):
        user.client("dynamodb").put_item(TableName=name, Item={"UserId": {"S": user.name}, "score": {"N": "1"}})
    dynamodb = ana.client("dynamodb")
    own, other = ({"UserId": {"S": user.name}} for user in (ana, bob))
    assert dynamodb.get_item(TableName=name, Key=own)["Item"]["score"] == {"N": "1"}
    assert table_arn(name) in sentence(dynamodb.get_item, TableName=name, Key=other)
    assert is_denied(dynamodb.put_item, TableName=name, Item=other)
    assert is_denied(dynamodb.batch_get_item, RequestItems={name: {"Keys": [own, other]}})
    assert is_denied(dynamodb.transact_write_items, TransactItems=[
        {"Put": {"TableName": name, "Item": own}}, {"Delete": {"TableName": name, "Key": other}}])
    query = {"TableName": name, "KeyConditionExpression": boto3.dynamodb.conditions.Key("UserId").eq(ana.name)}
    session = server.session(ana.key["accessKeyId"], ana.key["secretAccessKey"])
    assert server.resource("dynamodb", session=session).Table(name).query(
        KeyConditionExpression=query["KeyConditionExpression"])["Count"] == 1
    read = 'SELECT * FROM "{}" WHERE UserId = ?'.format(name)
    assert len(dynamodb.execute_statement(Statement=read, Parameters=[{"S": ana.name}])["Items"]) == 1
    assert is_denied(dynamodb.execute_statement, Statement=read, Parameters=[{"S": bob.name}])
    # Scan is not among the actions: it has no leading keys, which the condition would take for all of them.
    assert is_denied(dynamodb.scan, TableName=name)


def test_a_partition_that_looks_like_a_user_s_is_not_the_user_s(server, unique_name):
    name = unique_name()
    make_table(server.client("dynamodb"), name)
    dynamodb = User(server, document(statement(
        "Allow", "dynamodb:GetItem", table_arn(name),
        Condition={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["\u00e9"]}}))).client("dynamodb")
    dynamodb.get_item(TableName=name, Key={"k": {"S": "\u00e9"}})
    assert is_denied(dynamodb.get_item, TableName=name, Key={"k": {"S": "e\u0301"}})


def test_attributes_and_what_is_returned_can_be_conditions(server, table):
    user = User(server, document(statement(
        "Allow", ["dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:BatchGetItem"], table_arn(table), Condition={
            "ForAllValues:StringEquals": {"dynamodb:Attributes": ["k", "public"]},
            "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES",
                                     "dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]}})))
    dynamodb = user.client("dynamodb")
    key = {"k": {"S": "a"}}
    dynamodb.get_item(TableName=table, Key=key, ProjectionExpression="k, #p", ExpressionAttributeNames={"#p": "public"})
    assert is_denied(dynamodb.get_item, TableName=table, Key=key)
    assert is_denied(dynamodb.get_item, TableName=table, Key=key, ProjectionExpression="k, secret")
    part, whole = {"Keys": [key], "ProjectionExpression": "k"}, {"Keys": [key]}
    dynamodb.batch_get_item(RequestItems={table: part})
    assert is_denied(dynamodb.batch_get_item, RequestItems={table: part, table_arn(table): whole})
    update = {"TableName": table, "Key": key, "ExpressionAttributeValues": {":v": {"S": "v"}}}
    names = {"ExpressionAttributeNames": {"#p": "public"}}
    dynamodb.update_item(**update, **names, UpdateExpression="SET #p = :v", ReturnValues="UPDATED_NEW")
    assert is_denied(dynamodb.update_item, **update, **names, UpdateExpression="SET #p = :v", ReturnValues="ALL_NEW")
    assert is_denied(dynamodb.update_item, **update, UpdateExpression="SET secret = :v")


def test_tags_of_tables_can_be_conditions(server, unique_name):
    root = server.client("dynamodb")
    mine, theirs = unique_name(), unique_name()
    make_table(root, mine, Tags=[{"Key": "team", "Value": "a"}])
    make_table(root, theirs, Tags=[{"Key": "team", "Value": "b"}])
    dynamodb = User(server, document(statement(
        "Allow", "dynamodb:Scan", "*", Condition={"StringEquals": {"aws:ResourceTag/team": "a"}}))).client("dynamodb")
    assert dynamodb.scan(TableName=mine)["Count"] == 0
    assert is_denied(dynamodb.scan, TableName=theirs)


def test_a_tag_does_not_hide_another_whose_key_differs_in_case(server, unique_name):
    root = server.client("dynamodb")
    hidden = [{"Key": "team", "Value": "a"}, {"Key": "Team", "Value": "b"}]
    table, plain = unique_name(), unique_name()
    make_table(root, table, Tags=hidden)
    make_table(root, plain)
    dynamodb = User(server, document(
        statement("Allow", "*"),
        statement("Deny", "dynamodb:Scan", Condition={"StringEquals": {"aws:ResourceTag/team": "a"}}),
        statement("Deny", "dynamodb:TagResource", Condition={"StringEquals": {"aws:RequestTag/team": "a"}}),
    )).client("dynamodb")
    assert is_denied(dynamodb.scan, TableName=table)
    assert all(is_denied(dynamodb.tag_resource, ResourceArn=table_arn(plain), Tags=hidden) for _ in range(20))
    dynamodb.tag_resource(ResourceArn=table_arn(plain), Tags=hidden[1:])


def test_a_table_with_tags_needs_the_right_to_tag(server, unique_name):
    name = unique_name()
    dynamodb = User(server, document(statement("Allow", "dynamodb:CreateTable", table_arn(name)))).client("dynamodb")
    for tags in ([{"Key": "team", "Value": "a"}], []):
        assert f"dynamodb:TagResource on resource: {table_arn(name)}" in sentence(
            make_table, dynamodb, name, Tags=tags)
    make_table(dynamodb, name)


def test_streams_ask_the_policies_too(server, unique_name):
    root, name = server.client("dynamodb"), unique_name()
    make_table(root, name, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    stream = root.describe_table(TableName=name)["Table"]["LatestStreamArn"]
    user = User(server, document(statement("Allow", "dynamodb:DescribeStream", f"{table_arn(name)}/stream/*")))
    streams = user.client("dynamodbstreams")
    shard = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
    assert stream in sentence(
        streams.get_shard_iterator, StreamArn=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    assert sentence(streams.list_streams) == (
        f"User: {user.arn} is not authorized to perform: dynamodb:ListStreams on resource: * because no identity-based "
        "policy allows the dynamodb:ListStreams action")


# Sessions


def test_a_session_may_do_what_its_user_may_and_sts_asks_nobody(server, table):
    user = User(server, document(statement("Allow", "dynamodb:Scan", table_arn(table)), statement("Deny", "sts:*")))
    sts = user.client("sts")
    assert sts.get_caller_identity()["Arn"] == user.arn
    made = sts.get_session_token()["Credentials"]
    session = (made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
    dynamodb = user.client("dynamodb", token=session)
    assert dynamodb.scan(TableName=table)["Count"] == 0
    assert user.arn in sentence(dynamodb.put_item, TableName=table, Item={"k": {"S": "a"}})
    assert user.client("sts", token=session).get_caller_identity()["Arn"] == user.arn
    user.delete()
    eventually(lambda: is_denied(dynamodb.scan, TableName=table), SECONDS_MAX)


def test_a_policy_can_ask_for_temporary_keys_and_when_they_were_made(server, table):
    late = {"Null": {"aws:TokenIssueTime": "false"}, "DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01"}}
    user = User(server, document(
        statement("Allow", "dynamodb:Scan", Condition=late),
        statement("Allow", "dynamodb:GetItem", Condition={"Null": {"aws:TokenIssueTime": "true"}}),
        statement("Allow", "dynamodb:Query", Condition={"DateLessThan": {"aws:TokenIssueTime": "2020-01-01"}})))
    made = user.client("sts").get_session_token()["Credentials"]
    session = user.client("dynamodb", token=(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]))
    long_term, read = user.client("dynamodb"), {"TableName": table, "Key": {"k": {"S": "a"}}}
    session.scan(TableName=table)
    long_term.get_item(**read)
    assert is_denied(long_term.scan, TableName=table)
    assert is_denied(session.get_item, **read)
    query = {"KeyConditionExpression": "k = :k", "ExpressionAttributeValues": {":k": {"S": "a"}}}
    assert is_denied(session.query, TableName=table, **query)


# Bedrock


def test_a_client_has_its_address_of_ipv4_also_on_a_socket_for_both_kinds(fresh_server):
    server = fresh_server("--host", "::")
    here = {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}
    user = User(server, document(statement("Allow", "dynamodb:ListTables", Condition=here)))
    assert user.client("dynamodb").list_tables()["TableNames"] == []


def test_a_user_of_one_model_has_no_other(server):
    user = User(server, document(statement("Allow", "bedrock:InvokeModel", model_arn(ECHO))))
    bedrock = user.client("bedrock-runtime")
    assert bedrock.converse(modelId=ECHO, messages=user_turn("hi"))["stopReason"] == "end_turn"
    error = refusal(bedrock.converse, modelId="anthropic.claude-3-haiku-20240307-v1:0", messages=user_turn("hi"))
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert error["Error"]["Code"] == "AccessDeniedException"
    assert error["Error"]["Message"] == (
        f"User: {user.arn} is not authorized to perform: bedrock:InvokeModel on resource: "
        f"{model_arn('anthropic.claude-3-haiku-20240307-v1:0')} because no identity-based policy allows the "
        "bedrock:InvokeModel action")
    assert "bedrock:InvokeModelWithResponseStream" in sentence(
        bedrock.converse_stream, modelId=ECHO, messages=user_turn("hi"))


def test_a_profile_needs_the_permission_for_the_model_behind_it_which_may_be_for_the_profile_alone(server):
    profile = f"us.{ECHO}"
    profile_arn = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/{profile}"

    def asking(*statements):
        bedrock = User(server, document(*statements)).client("bedrock-runtime")
        return lambda model: bedrock.converse(modelId=model, messages=user_turn("hi"))

    through_profile = statement("Allow", "bedrock:InvokeModel", profile_arn)
    ask = asking(through_profile)
    assert model_arn(ECHO) in sentence(ask, profile)
    ask = asking(through_profile, statement("Allow", "bedrock:InvokeModel", model_arn(ECHO), Condition={
        "StringLike": {"bedrock:InferenceProfileArn": profile_arn}}))
    for model in [profile, profile_arn]:
        assert ask(model)["stopReason"] == "end_turn"
    assert model_arn(ECHO) in sentence(ask, ECHO)
    ask = asking(statement("Allow", "bedrock:*"), statement("Deny", "bedrock:*", model_arn(ECHO)))
    away = f"arn:aws:bedrock:eu-west-1::foundation-model/{ECHO}"
    named = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:application-inference-profile/{ECHO}"
    for model in [profile, profile_arn, away, named]:
        assert "with an explicit deny" in sentence(ask, model)
    # A name with something behind it, and what is no resource of the action, are no ways round.
    for model in [f"{ECHO}:1", f"arn:aws:bedrock:{REGION}:{ACCOUNT}:custom-model/{ECHO}",
                  f"arn:aws:bedrock:{REGION}:{ACCOUNT}:provisioned-model/{ECHO}"]:
        assert refusal(ask, model)["Error"]["Code"] in ("ResourceNotFoundException", "ValidationException"), model
    # Only profiles have the prefix of one.
    bedrock = User(server, document(statement("Allow", "bedrock:*"))).client("bedrock-runtime")
    with pytest.raises(bedrock.exceptions.ResourceNotFoundException):
        bedrock.converse(modelId=model_arn(profile), messages=user_turn("hi"))


def test_a_deny_of_a_model_holds_for_every_name_that_reaches_it(fresh_server):
    server = fresh_server("--bedrock-aliases", f"mine={ECHO},anthropic.*={ECHO}")

    def asking(*statements):
        bedrock = User(server, document(*statements)).client("bedrock-runtime")
        return lambda model: bedrock.converse(modelId=model, messages=user_turn("hi"))

    allow, claude = statement("Allow", "bedrock:*"), "anthropic.claude-v2"
    for denied, names in [
        ("mine", ["mine", "mine:latest", "mine:7", "us.mine:7"]), ("mine:latest", ["mine", "mine:latest", "mine:7"]),
        (ECHO, [ECHO, "mine", "mine:latest", claude]),
    ]:
        ask = asking(allow, statement("Deny", "bedrock:*", model_arn(denied)))
        for model in names:
            assert "with an explicit deny" in sentence(ask, model), (denied, model)
    # Another name is not allowed with it, and a model that alone is not denied stays so under its alias.
    ask = asking(statement("Allow", "bedrock:*", [model_arn(ECHO), model_arn("mine")]))
    assert ask("mine")["stopReason"] == "end_turn"
    assert "no identity-based policy allows" in sentence(ask, "mine:7")
    ask = asking(allow, {"Effect": "Deny", "Action": "bedrock:*", "NotResource": model_arn(claude)})
    assert ask(claude)["stopReason"] == "end_turn"
    assert "with an explicit deny" in sentence(ask, "mine")
    _, headers = bearer(server, document(allow, statement("Deny", "bedrock:*", model_arn(ECHO))))
    refused = httpx.post(f"{server.url}/v1/chat/completions", json=CHAT | {"model": "mine"}, headers=headers)
    assert refused.status_code == 403, refused.text


CHAT = {"model": ECHO, "messages": [{"role": "user", "content": "hi"}]}


def test_a_bearer_key_needs_the_permission_to_be_one_and_that_for_the_model(server):
    allow = statement("Allow", ["bedrock:CallWithBearerToken", "bedrock:InvokeModel"])
    _, headers = bearer(server, document(allow))
    converse = f"{server.url}/model/{ECHO}/converse"
    body = {"messages": user_turn("hi")}
    assert httpx.post(converse, json=body, headers=headers).status_code == 200
    assert httpx.post(f"{server.url}/v1/chat/completions", json=CHAT, headers=headers).status_code == 200
    streamed = httpx.post(f"{server.url}/v1/chat/completions", json=CHAT | {"stream": True}, headers=headers)
    assert streamed.status_code == 403
    assert "bedrock:InvokeModelWithResponseStream" in streamed.json()["error"]["message"]
    message = httpx.post(
        f"{server.url}/v1/messages", json=CHAT | {"model": "other", "max_tokens": 5, "stream": True}, headers=headers)
    assert (message.status_code, message.json()["error"]["type"]) == (403, "permission_error")
    models = httpx.get(f"{server.url}/v1/models", headers=headers)
    assert models.status_code == 403 and "bedrock:ListFoundationModels" in models.text

    user, without = bearer(server, document(statement("Allow", "bedrock:InvokeModel")))
    refused = httpx.post(converse, json=body, headers=without)
    assert refused.status_code == 403
    assert refused.json()["message"] == (
        f"User: arn:aws:iam::{ACCOUNT}:user/{user} is not authorized to perform: bedrock:CallWithBearerToken on "
        "resource: * because no identity-based policy allows the bedrock:CallWithBearerToken action")
    _, long_term = bearer(server, document(allow, statement(
        "Deny", "bedrock:CallWithBearerToken",
        Condition={"StringEquals": {"bedrock:BearerTokenType": "LONG_TERM"}})))
    assert "explicit deny" in httpx.post(converse, json=body, headers=long_term).text


def test_a_backup_is_protected_under_an_arn_of_any_region(server, table):
    """To delete a backup, its ARN may name another region: the backup is looked up in that of the request."""
    root = server.client("dynamodb")
    arn = root.create_backup(TableName=table, BackupName="kept")["BackupDetails"]["BackupArn"]
    user = User(server, document(
        statement("Allow", "dynamodb:*"), statement("Deny", "dynamodb:*Backup", f"{table_arn(table)}/backup/*")))
    dynamodb = user.client("dynamodb")
    for spelling in (arn, arn.replace(REGION, "eu-west-1")):
        assert "explicit deny" in sentence(dynamodb.describe_backup, BackupArn=spelling)
        assert "explicit deny" in sentence(dynamodb.delete_backup, BackupArn=spelling)
    assert root.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupName"] == "kept"
