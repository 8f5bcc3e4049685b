"""Time to live through boto3: its settings, and items that go by themselves."""

import time

import botocore.exceptions
import pytest

from test_dynamodb_tables import create
from waiting import eventually


def specify(dynamodb, table, attribute, enabled=True):
    specification = {"Enabled": enabled, "AttributeName": attribute}
    return dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)


def item(partition, **attributes):
    return {"pk": {"S": partition}, "sk": {"S": "0"}} | attributes


def partitions(dynamodb, table):
    return {found["pk"]["S"] for found in dynamodb.scan(TableName=table)["Items"]}


def test_the_setting_is_kept(dynamodb):
    create(dynamodb, "ttl-setting")
    assert dynamodb.describe_time_to_live(TableName="ttl-setting")["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "DISABLED"
    }
    answer = specify(dynamodb, "ttl-setting", "end")
    assert answer["TimeToLiveSpecification"] == {"Enabled": True, "AttributeName": "end"}
    assert dynamodb.describe_time_to_live(TableName="ttl-setting")["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED", "AttributeName": "end"
    }
    for attribute, enabled, message in [
        ("end", True, "TimeToLive is already enabled"),
        ("other", True, "TimeToLive is active on a different AttributeName: current AttributeName is end"),
        ("other", False, "TimeToLive is active on a different AttributeName: current AttributeName is end"),
    ]:
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            specify(dynamodb, "ttl-setting", attribute, enabled)
        assert refused.value.response["Error"] == {"Code": "ValidationException", "Message": message}
    specify(dynamodb, "ttl-setting", "end", enabled=False)
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        specify(dynamodb, "ttl-setting", "end", enabled=False)
    assert refused.value.response["Error"]["Message"] == "TimeToLive is already disabled"


def test_items_go_when_their_time_is_over_also_after_a_kill(fresh_server):
    server = fresh_server("--ttl-sweep-seconds", "0.5")
    dynamodb, streams = server.client("dynamodb"), server.client("dynamodbstreams")
    specification = {"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"}
    arn = create(dynamodb, "ttl-items", StreamSpecification=specification)["LatestStreamArn"]
    now = int(time.time())
    # From before time to live was enabled.
    dynamodb.put_item(TableName="ttl-items", Item=item("old", end={"N": str(now - 60)}))
    specify(dynamodb, "ttl-items", "end")
    ends = {"over": {"N": str(now - 1)}, "soon": {"N": str(now + 4)}, "later": {"N": str(now + 3600)},
            "text": {"S": str(now - 60)}, "ancient": {"N": str(now - 6 * 366 * 86_400)}}
    for name, end in ends.items():
        dynamodb.put_item(TableName="ttl-items", Item=item(name, end=end))
    eventually(lambda: not partitions(dynamodb, "ttl-items") & {"old", "over"})
    server.restart(hard=True)
    eventually(lambda: "soon" not in partitions(dynamodb, "ttl-items"))
    assert time.time() >= now + 4
    assert partitions(dynamodb, "ttl-items") == {"later", "text", "ancient"}
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][-1]["ShardId"]
    place = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    removed = [r for r in streams.get_records(ShardIterator=place)["Records"] if r["eventName"] == "REMOVE"]
    assert {record["dynamodb"]["Keys"]["pk"]["S"] for record in removed} == {"old", "over", "soon"}
    identity = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
    assert all(record["userIdentity"] == identity for record in removed)
