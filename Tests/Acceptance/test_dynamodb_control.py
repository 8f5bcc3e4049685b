"""Tags, endpoints, resource policies, destinations and insights of DynamoDB through boto3."""

import base64
import json
import time

import boto3
import botocore.config
import pytest

from brume_server import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from test_dynamodb_tables import create, refusal


@pytest.fixture
def table(dynamodb, unique_name):
    """The ARN of a new table."""
    return create(dynamodb, unique_name("control"))["TableArn"]


def tags(dynamodb, arn):
    return {tag["Key"]: tag["Value"] for tag in dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]}


def test_the_endpoint_is_the_address_that_was_used(dynamodb, server):
    assert dynamodb.describe_endpoints()["Endpoints"] == [
        {"Address": server.url.removeprefix("http://"), "CachePeriodInMinutes": 1440}
    ]


def test_tags_come_and_go(dynamodb, table):
    dynamodb.tag_resource(ResourceArn=table, Tags=[{"Key": "team", "Value": "red"}, {"Key": "empty", "Value": ""}])
    dynamodb.tag_resource(ResourceArn=table, Tags=[{"Key": "team", "Value": "blue"}])
    assert tags(dynamodb, table) == {"team": "blue", "empty": ""}
    dynamodb.untag_resource(ResourceArn=table, TagKeys=["team", "absent"])
    assert tags(dynamodb, table) == {"empty": ""}


def test_tags_are_paged_through_by_the_sdk(dynamodb, unique_name):
    given = [{"Key": f"k{number}", "Value": str(number)} for number in range(50)]
    arn = create(dynamodb, unique_name("control"), Tags=given)["TableArn"]
    pages = list(dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn))
    assert [tag for page in pages for tag in page["Tags"]] == given


def test_wrong_tags_are_refused_in_awss_words(server, table):
    client = boto3.client(
        "dynamodb", endpoint_url=server.url, region_name=REGION, aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY, config=botocore.config.Config(parameter_validation=False),
    )
    for given, sentence in [
        ([], "Atleast one Tag needs to be provided as Input."),
        ([{}], "The Tag Key provided is invalid, Key: null"),
        ([{"Key": "k"}], "The Tag Value provided is invalid, Value: null"),
        ([{"Key": "k" * 129, "Value": ""}], "The Tag Key provided is invalid, Key: " + "k" * 129),
    ]:
        assert refusal(client.tag_resource, ResourceArn=table, Tags=given)["Message"] == sentence


def test_tags_of_no_table_are_refused(dynamodb, table):
    missing = table + "-missing"
    error = refusal(dynamodb.list_tags_of_resource, ResourceArn=missing)
    assert error["Code"] == "ResourceNotFoundException"
    assert error["Message"] == f"Requested resource not found: ResourceArn: {missing} not found"


def statement(effect, action, principal, resource):
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource}


def test_a_policy_is_kept_in_iams_form_and_changed_by_revision(dynamodb, table):
    policy = {"Version": "2012-10-17", "Statement": [
        statement("Allow", ["dynamodb:GetItem"], {"AWS": "000000000000"}, [table]),
    ]}
    revision = dynamodb.put_resource_policy(ResourceArn=table, Policy=json.dumps(policy, indent=2))["RevisionId"]
    answer = dynamodb.get_resource_policy(ResourceArn=table)
    assert answer["RevisionId"] == revision
    assert json.loads(answer["Policy"]) == {"Version": "2012-10-17", "Statement": [
        statement("Allow", "dynamodb:GetItem", {"AWS": "arn:aws:iam::000000000000:root"}, table),
    ]}
    assert refusal(dynamodb.delete_resource_policy, ResourceArn=table, ExpectedRevisionId="1")["Code"] == (
        "PolicyNotFoundException"
    )
    assert dynamodb.delete_resource_policy(ResourceArn=table, ExpectedRevisionId=revision)["RevisionId"] == revision
    assert "RevisionId" not in dynamodb.delete_resource_policy(ResourceArn=table)
    assert refusal(dynamodb.get_resource_policy, ResourceArn=table)["Message"] == (
        f"Resource-based policy not found for the provided ResourceArn: {table}"
    )


def test_a_deny_of_a_policy_is_enforced(dynamodb, unique_name):
    name = unique_name("control")
    table = f"arn:aws:dynamodb:{REGION}:000000000000:table/{name}"
    deny = {"Version": "2012-10-17", "Statement": [statement("Deny", "dynamodb:PutItem", "*", table)]}
    create(dynamodb, name, ResourcePolicy=json.dumps(deny))
    item = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    error = refusal(dynamodb.put_item, TableName=name, Item=item)
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"] == (
        f"User: arn:aws:iam::000000000000:root is not authorized to perform: dynamodb:PutItem on resource: {table} "
        "with an explicit deny in a resource-based policy"
    )
    assert "Item" not in dynamodb.get_item(TableName=name, Key=item)
    dynamodb.delete_resource_policy(ResourceArn=table)
    dynamodb.put_item(TableName=name, Item=item)


def test_a_deny_of_a_streams_policy_is_enforced(dynamodb, server, unique_name):
    streams = server.client("dynamodbstreams")
    specification = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    arn = create(dynamodb, unique_name("control"), StreamSpecification=specification)["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="LATEST")["ShardIterator"]
    deny = {"Version": "2012-10-17", "Statement": [statement("Deny", "dynamodb:GetRecords", "*", arn)]}
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=json.dumps(deny))
    error = refusal(streams.get_records, ShardIterator=iterator)
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"].endswith(
        f"dynamodb:GetRecords on resource: {arn} with an explicit deny in a resource-based policy"
    )


def test_kinesis_destinations_go_through_their_states(dynamodb, unique_name):
    name = unique_name("control")
    create(dynamodb, name)
    stream = f"arn:aws:kinesis:{REGION}:000000000000:stream/changes"
    precision = {"ApproximateCreationDateTimePrecision": "MICROSECOND"}

    def destinations():
        answer = dynamodb.describe_kinesis_streaming_destination(TableName=name)
        return answer["KinesisDataStreamDestinations"]

    assert destinations() == []
    enabled = dynamodb.enable_kinesis_streaming_destination(TableName=name, StreamArn=stream)
    assert (enabled["DestinationStatus"], enabled["EnableKinesisStreamingConfiguration"]) == ("ENABLING", {})
    assert destinations() == [{"StreamArn": stream, "DestinationStatus": "ACTIVE"}]
    dynamodb.update_kinesis_streaming_destination(
        TableName=name, StreamArn=stream, UpdateKinesisStreamingConfiguration=precision,
    )
    assert destinations() == [{"StreamArn": stream, "DestinationStatus": "ACTIVE"} | precision]
    error = refusal(dynamodb.enable_kinesis_streaming_destination, TableName=name, StreamArn=stream)
    assert error["Code"] == "ValidationException"
    dynamodb.disable_kinesis_streaming_destination(TableName=name, StreamArn=stream)
    assert destinations() == [{"StreamArn": stream, "DestinationStatus": "DISABLED"}]


def delivered(folder):
    """The data of the records in a stream's folder."""
    lines = [line for file in sorted(folder.glob("records-*.jsonl")) for line in file.read_text().splitlines()]
    return [json.loads(base64.b64decode(json.loads(line)["Data"])) for line in lines]


def test_changes_are_delivered_to_a_stream_that_is_there_through_a_kill(fresh_server):
    server = fresh_server()
    dynamodb = server.client("dynamodb")
    create(dynamodb, "delivered")
    key = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    stream = f"arn:aws:kinesis:{REGION}:000000000000:stream/changes"
    dynamodb.enable_kinesis_streaming_destination(TableName="delivered", StreamArn=stream)
    # Written before there is such a stream: it waits.
    dynamodb.put_item(TableName="delivered", Item=key | {"v": {"N": "1"}})
    server.restart()
    folder = server.data_dir / "streams" / "000000000000" / REGION / "changes"
    folder.mkdir(parents=True)
    dynamodb.delete_item(TableName="delivered", Key=key)
    deadline = time.monotonic() + 30
    while len(records := delivered(folder)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [(record["eventName"], record["tableName"], record["awsRegion"]) for record in records] == [
        ("INSERT", "delivered", REGION), ("REMOVE", "delivered", REGION),
    ]
    assert records[0]["dynamodb"]["NewImage"] == key | {"v": {"N": "1"}}
    assert records[1]["dynamodb"]["Keys"] == key


def test_contributor_insights_are_switched_on_and_off(dynamodb, unique_name):
    name = unique_name("control")
    create(dynamodb, name)
    on = dynamodb.update_contributor_insights(TableName=name, ContributorInsightsAction="ENABLE")
    assert on["ContributorInsightsStatus"] == "ENABLING"
    answer = dynamodb.describe_contributor_insights(TableName=name)
    assert answer["ContributorInsightsStatus"] == "ENABLED"
    assert [rule.split("-")[1] for rule in answer["ContributorInsightsRuleList"]] == ["PKC", "SKC", "PKT", "SKT"]
    assert dynamodb.list_contributor_insights(TableName=name)["ContributorInsightsSummaries"] == [
        {
            "TableName": name, "ContributorInsightsStatus": "ENABLED",
            "ContributorInsightsMode": "ACCESSED_AND_THROTTLED_KEYS",
        }
    ]
    dynamodb.update_contributor_insights(TableName=name, ContributorInsightsAction="DISABLE")
    assert dynamodb.list_contributor_insights(TableName=name)["ContributorInsightsSummaries"] == []


def test_there_are_no_global_tables_of_the_old_version(dynamodb, unique_name):
    name = unique_name("control")
    create(dynamodb, name)
    assert dynamodb.list_global_tables()["GlobalTables"] == []
    made = refusal(dynamodb.create_global_table, GlobalTableName=name, ReplicationGroup=[{"RegionName": REGION}])
    assert made["Code"] == "ValidationException"
    assert "version 2017.11.29 is not supported" in made["Message"]
    for call in (dynamodb.describe_global_table, dynamodb.describe_global_table_settings):
        assert refusal(call, GlobalTableName=name)["Code"] == "GlobalTableNotFoundException"
    scaling = refusal(dynamodb.describe_table_replica_auto_scaling, TableName=name)
    assert scaling["Code"] == "ResourceNotFoundException"
    assert scaling["Message"] == f"Global table with name: '{name}' does not exist."
