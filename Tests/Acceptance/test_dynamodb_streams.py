"""Streams through boto3: what changed, in order, once; and a reader that follows writers while they write."""

import collections
import random
import threading
import time

import botocore.exceptions
import pytest

from test_dynamodb_tables import create


@pytest.fixture(scope="module")
def streams(server):
    """A DynamoDB Streams client of the shared server."""
    return server.client("dynamodbstreams")


def streamed(dynamodb, name, view_type="NEW_AND_OLD_IMAGES"):
    """A table with a stream; gives the stream's ARN."""
    specification = {"StreamEnabled": True, "StreamViewType": view_type}
    return create(dynamodb, name, StreamSpecification=specification)["LatestStreamArn"]


def key(partition, sort="0"):
    return {"pk": {"S": partition}, "sk": {"S": sort}}


def shard_ids(streams, arn):
    description = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    return [shard["ShardId"] for shard in description["Shards"]]


def iterator(streams, arn, kind="TRIM_HORIZON", shard=None, **options):
    shard = shard or shard_ids(streams, arn)[-1]
    answer = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **options)
    return answer["ShardIterator"]


def test_changes_are_told_in_order(dynamodb, streams):
    arn = streamed(dynamodb, "stream-changes")
    dynamodb.put_item(TableName="stream-changes", Item=key("a") | {"n": {"N": "1"}})
    dynamodb.update_item(
        TableName="stream-changes", Key=key("a"), UpdateExpression="SET n = n + :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    dynamodb.delete_item(TableName="stream-changes", Key=key("a"))
    records = streams.get_records(ShardIterator=iterator(streams, arn))["Records"]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert records[1]["dynamodb"]["OldImage"] == key("a") | {"n": {"N": "1"}}
    assert records[1]["dynamodb"]["NewImage"] == key("a") | {"n": {"N": "2"}}
    assert all(record["dynamodb"]["Keys"] == key("a") for record in records)
    assert {record["eventSource"] for record in records} == {"aws:dynamodb"}
    assert {record["eventVersion"] for record in records} == {"1.1"}
    assert {record["awsRegion"] for record in records} == {dynamodb.meta.region_name}
    assert abs(records[0]["dynamodb"]["ApproximateCreationDateTime"].timestamp() - time.time()) < 60
    assert "userIdentity" not in records[2]


def test_streams_are_listed_and_described(dynamodb, streams):
    arn = streamed(dynamodb, "stream-listed", "KEYS_ONLY")
    assert streams.list_streams(TableName="stream-listed")["Streams"] == [
        {"StreamArn": arn, "TableName": "stream-listed", "StreamLabel": arn.rsplit("/", 1)[1]}
    ]
    table = dynamodb.describe_table(TableName="stream-listed")["Table"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    assert table["LatestStreamArn"] == arn
    description = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert description["StreamStatus"] == "ENABLED"
    assert description["KeySchema"] == table["KeySchema"]
    assert "EndingSequenceNumber" not in description["Shards"][-1]["SequenceNumberRange"]


def test_a_consumer_goes_on_from_its_sequence_number(dynamodb, streams):
    arn = streamed(dynamodb, "stream-resumed")
    for sort in "abc":
        dynamodb.put_item(TableName="stream-resumed", Item=key("x", sort))
    first = streams.get_records(ShardIterator=iterator(streams, arn), Limit=1)
    number = first["Records"][0]["dynamodb"]["SequenceNumber"]
    for kind, sorts in [("AFTER_SEQUENCE_NUMBER", "bc"), ("AT_SEQUENCE_NUMBER", "abc")]:
        answer = streams.get_records(ShardIterator=iterator(streams, arn, kind, SequenceNumber=number))
        assert [record["dynamodb"]["Keys"]["sk"]["S"] for record in answer["Records"]] == list(sorts)
    assert streams.get_records(ShardIterator=iterator(streams, arn, "LATEST"))["Records"] == []


def test_what_is_wrong_is_refused_in_awss_words(dynamodb, streams):
    arn = streamed(dynamodb, "stream-refused")
    good = iterator(streams, arn)
    cases = [
        (streams.describe_stream, {"StreamArn": arn + "0"}, "ValidationException", "Invalid StreamArn"),
        (streams.describe_stream, {"StreamArn": arn[:-1] + "x"}, "ResourceNotFoundException",
         f"Requested resource not found: Stream: {arn[:-1]}x not found"),
        (streams.get_records, {"ShardIterator": good[:-3]}, "ValidationException", "Invalid ShardIterator"),
        (streams.get_shard_iterator, {"StreamArn": arn, "ShardId": "shardId-00000001500000000000-00000000",
                                      "ShardIteratorType": "LATEST"},
         "ResourceNotFoundException", "Requested resource not found: Shard does not exist"),
        (iterator, {"streams": streams, "arn": arn, "kind": "TRIM_HORIZON", "SequenceNumber": "1" * 40},
         "ValidationException", "SequenceNumber must not be given for ShardIteratorType TRIM_HORIZON"),
    ]
    for call, request, code, message in cases:
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            call(**request)
        assert refused.value.response["Error"] == {"Code": code, "Message": message}


def test_a_stream_outlives_its_table_and_a_kill(fresh_server):
    server = fresh_server()
    dynamodb, streams = server.client("dynamodb"), server.client("dynamodbstreams")
    arn = streamed(dynamodb, "outlived")
    dynamodb.put_item(TableName="outlived", Item=key("a"))
    held = iterator(streams, arn)
    dynamodb.delete_table(TableName="outlived")
    server.restart(hard=True)
    answer = streams.get_records(ShardIterator=held)
    assert [record["eventName"] for record in answer["Records"]] == ["INSERT"]
    assert "NextShardIterator" not in answer
    assert streams.describe_stream(StreamArn=arn)["StreamDescription"]["StreamStatus"] == "DISABLED"


class Reader(threading.Thread):
    """Follows a stream as a consumer does: shard after shard, parents first, until it was told how much there is."""

    def __init__(self, streams, arn):
        super().__init__()
        self.streams, self.arn = streams, arn
        self.records, self.shards_read, self.failure = [], [], None
        self.expected = None
        self.deadline = time.monotonic() + 60

    def run(self):
        try:
            while not self.is_done():
                for shard in self.shards():
                    if shard not in self.shards_read:
                        self.read(shard)
        except BaseException as failure:  # shown by the test
            self.failure = failure

    def shards(self):
        request, shards = {"StreamArn": self.arn, "Limit": 2}, []
        while True:
            description = self.streams.describe_stream(**request)["StreamDescription"]
            shards += [shard["ShardId"] for shard in description["Shards"]]
            if "LastEvaluatedShardId" not in description:
                return shards
            request["ExclusiveStartShardId"] = description["LastEvaluatedShardId"]

    def read(self, shard):
        place = iterator(self.streams, self.arn, shard=shard)
        while place and not self.is_done():
            answer = self.streams.get_records(ShardIterator=place, Limit=random.choice([1, 7, 1000]))
            self.records += answer["Records"]
            place = answer.get("NextShardIterator")
            if not answer["Records"]:
                time.sleep(0.01)
        if not place:
            self.shards_read.append(shard)

    def is_done(self):
        assert time.monotonic() < self.deadline, f"{len(self.records)} records of {self.expected} came in a minute"
        return self.expected is not None and len(self.records) >= self.expected


def write(server, table, writer, items, changes, counts):
    """Writes `changes` versions to the writer's own items; each write changes something."""
    dynamodb = server.client("dynamodb")
    chosen = random.Random(writer)
    version = collections.Counter()
    for _ in range(changes):
        name = f"{writer}-{chosen.randrange(items)}"
        version[name] += 1
        dynamodb.put_item(TableName=table, Item=key(name) | {"v": {"N": str(version[name])}})
    counts[writer] = dict(version)


def follow(server, table, writers=4, changes=150):
    dynamodb = server.client("dynamodb")
    reader = Reader(server.client("dynamodbstreams"), streamed(dynamodb, table))
    reader.start()
    counts = {}
    threads = [
        threading.Thread(target=write, args=(server, table, writer, 5, changes, counts)) for writer in range(writers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reader.expected = writers * changes
    reader.join()
    if reader.failure:
        raise reader.failure
    versions = collections.defaultdict(list)
    for record in reader.records:
        change = record["dynamodb"]
        versions[change["Keys"]["pk"]["S"]].append(int(change["NewImage"]["v"]["N"]))
        assert record["eventName"] == ("INSERT" if versions[change["Keys"]["pk"]["S"]] == [1] else "MODIFY")
    expected = {name: list(range(1, count + 1)) for own in counts.values() for name, count in own.items()}
    assert dict(versions) == expected
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in reader.records]
    assert numbers == sorted(set(numbers))
    assert len({record["eventID"] for record in reader.records}) == len(numbers)
    return reader


def test_a_reader_misses_nothing_and_reads_nothing_twice(server):
    follow(server, "stream-followed")


def test_a_reader_follows_from_shard_to_shard(fresh_server):
    reader = follow(fresh_server("--stream-shard-seconds", "1"), "stream-shards", writers=3, changes=400)
    shards = reader.streams.describe_stream(StreamArn=reader.arn)["StreamDescription"]["Shards"]
    assert all(shard["ParentShardId"] == parent["ShardId"] for parent, shard in zip(shards, shards[1:]))
    assert reader.shards_read == [shard["ShardId"] for shard in shards][: len(reader.shards_read)]
    assert len(reader.shards_read) >= 1
