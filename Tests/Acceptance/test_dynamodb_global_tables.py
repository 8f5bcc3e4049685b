"""Global tables (version 2019.11.21) through boto3: replicas in other regions of one server."""

import contextlib
import json
import subprocess
import threading

import botocore.exceptions
import pytest

from brume_server import SOON, ServerDied
from waiting import eventually

EAST, WEST, NORTH = "us-east-1", "us-west-2", "eu-north-1"


def regional(server, region):
    return server.client("dynamodb", region_name=region)


@pytest.fixture
def regions(server):
    """Clients of the shared server by region."""
    return {region: regional(server, region) for region in (EAST, WEST, NORTH)}


def create(client, name, **options):
    client.create_table(
        **{
            "TableName": name, "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        } | options
    )
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig=SOON)


def replicas(client, name):
    table = client.describe_table(TableName=name)["Table"]
    return {replica["RegionName"]: replica["ReplicaStatus"] for replica in table.get("Replicas", [])}


def add(client, name, region, **options):
    client.update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": region} | options}])
    eventually(lambda: replicas(client, name).get(region) == "ACTIVE")


def contents(client, name):
    found, options = {}, {}
    while True:
        page = client.scan(TableName=name, ConsistentRead=True, **options)
        found |= {item["pk"]["S"]: item for item in page["Items"]}
        if "LastEvaluatedKey" not in page:
            return found
        options = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def refusal(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        call(**arguments)
    return refused.value.response["Error"]


def test_items_go_both_ways(regions, unique_name):
    east, west, name = regions[EAST], regions[WEST], unique_name("global")
    create(east, name)
    for number in range(120):
        east.put_item(TableName=name, Item={"pk": {"S": f"old-{number}"}})
    add(east, name, WEST)
    assert len(contents(west, name)) == 120
    east.put_item(TableName=name, Item={"pk": {"S": "east"}, "from": {"S": "east"}})
    west.put_item(TableName=name, Item={"pk": {"S": "west"}, "from": {"S": "west"}})
    west.delete_item(TableName=name, Key={"pk": {"S": "old-7"}})
    eventually(lambda: "west" in contents(east, name) and "old-7" not in contents(east, name))
    eventually(lambda: contents(east, name) == contents(west, name))
    table = west.describe_table(TableName=name)["Table"]
    assert table["GlobalTableVersion"] == "2019.11.21"
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert [replica["RegionName"] for replica in table["Replicas"]] == [EAST]
    assert table["TableArn"].startswith(f"arn:aws:dynamodb:{WEST}:")


def test_the_stream_of_a_replica_shows_what_was_replicated(server, regions, unique_name):
    east, west, name = regions[EAST], regions[WEST], unique_name("global")
    create(east, name)
    east.put_item(TableName=name, Item={"pk": {"S": "old"}})
    add(east, name, WEST)
    east.put_item(TableName=name, Item={"pk": {"S": "new"}})
    eventually(lambda: "new" in contents(west, name))
    streams = server.client("dynamodbstreams", region_name=WEST)
    arn = west.describe_table(TableName=name)["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    assert [(record["eventName"], record["dynamodb"]["Keys"]["pk"]["S"]) for record in records] == [("INSERT", "new")]
    assert records[0]["awsRegion"] == WEST
    assert "userIdentity" not in records[0]


def test_a_third_replica_is_added_from_another_one_while_all_are_written_to(regions, unique_name):
    name = unique_name("global")
    create(regions[EAST], name)
    add(regions[EAST], name, WEST)
    stop, counts = threading.Event(), {EAST: 0, WEST: 0}

    def write(region):
        number = 0
        while not stop.is_set():
            number = counts[region] = number + 1
            regions[region].put_item(
                TableName=name, Item={"pk": {"S": f"k{number % 40}"}, "by": {"S": region}, "n": {"N": str(number)}})

    writers = [threading.Thread(target=write, args=(region,)) for region in (EAST, WEST)]
    for writer in writers:
        writer.start()
    eventually(lambda: min(counts.values()) > 40)
    add(regions[WEST], name, NORTH)
    before = dict(counts)
    eventually(lambda: all(counts[region] > before[region] + 40 for region in counts))
    stop.set()
    for writer in writers:
        writer.join()
    assert list(replicas(regions[NORTH], name)) == [EAST, WEST]
    eventually(lambda: len({str(contents(client, name)) for client in regions.values()}) == 1)
    assert len(contents(regions[NORTH], name)) == 40


def test_settings_of_all_replicas_are_changed_together(regions, unique_name):
    east, west, name = regions[EAST], regions[WEST], unique_name("global")
    create(east, name)
    east.put_item(TableName=name, Item={"pk": {"S": "a"}, "g": {"S": "x"}})
    add(east, name, WEST)
    west.update_table(
        TableName=name, AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": {
            "IndexName": "byG", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }}],
    )
    for client in (east, west):
        eventually(lambda: client.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"][0]["IndexStatus"]
              == "ACTIVE")
        answer = client.query(
            TableName=name, IndexName="byG", KeyConditionExpression="g = :g",
            ExpressionAttributeValues={":g": {"S": "x"}})
        assert answer["Count"] == 1
    east.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "end"})
    assert west.describe_time_to_live(TableName=name)["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED", "AttributeName": "end"}
    east.update_table(TableName=name, DeletionProtectionEnabled=True)
    assert west.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"] is False
    disabled = refusal(west.update_table, TableName=name, StreamSpecification={"StreamEnabled": False})
    assert disabled["Message"] == (
        "One or more parameter values were invalid: Disabling Stream is not allowed for a Global Table replica.")


def test_a_replica_is_deleted_and_nothing_that_it_took_is_lost(regions, unique_name):
    east, west, name = regions[EAST], regions[WEST], unique_name("global")
    create(east, name)
    add(east, name, WEST)
    source = refusal(east.delete_table, TableName=name)
    assert source["Code"] == "ValidationException"
    assert source["Message"].startswith("Replica cannot be deleted because it has acted as a source region")
    for number in range(50):
        west.put_item(TableName=name, Item={"pk": {"S": str(number)}})
    answer = east.update_table(TableName=name, ReplicaUpdates=[{"Delete": {"RegionName": WEST}}])
    assert answer["TableDescription"]["TableStatus"] == "UPDATING"
    eventually(lambda: not replicas(east, name))
    west.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig=SOON)
    assert len(contents(east, name)) == 50
    table = east.describe_table(TableName=name)["Table"]
    assert "GlobalTableVersion" not in table and "Replicas" not in table
    assert table["StreamSpecification"]["StreamEnabled"] is True
    east.delete_table(TableName=name)


def test_what_the_policy_of_a_replica_denies_is_refused_from_elsewhere(regions, unique_name):
    east, west, name = regions[EAST], regions[WEST], unique_name("global")
    create(east, name)
    add(east, name, WEST)
    arn = west.describe_table(TableName=name)["Table"]["TableArn"]
    policy = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "dynamodb:DeleteTableReplica", "Resource": arn,
    }]}
    west.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))
    denied = refusal(east.update_table, TableName=name, ReplicaUpdates=[{"Delete": {"RegionName": WEST}}])
    assert denied["Code"] == "AccessDeniedException"
    assert f"dynamodb:DeleteTableReplica on resource: {arn}" in denied["Message"]
    west.delete_resource_policy(ResourceArn=arn)
    east.update_table(TableName=name, ReplicaUpdates=[{"Delete": {"RegionName": WEST}}])
    eventually(lambda: not replicas(east, name))


def test_states_take_the_time_that_tables_take(fresh_server):
    server = fresh_server("--table-transition-milliseconds", "700")
    east, west = regional(server, EAST), regional(server, WEST)
    create(east, "slow")
    answer = east.update_table(TableName="slow", ReplicaUpdates=[{"Create": {"RegionName": WEST}}])
    assert answer["TableDescription"]["TableStatus"] == "UPDATING"
    assert answer["TableDescription"]["Replicas"] == []
    assert replicas(east, "slow") == {WEST: "CREATING"}
    busy = refusal(east.update_table, TableName="slow", DeletionProtectionEnabled=True)
    assert busy["Code"] == "ResourceInUseException"
    eventually(lambda: replicas(east, "slow") == {WEST: "ACTIVE"})
    eventually(lambda: east.describe_table(TableName="slow")["Table"]["TableStatus"] == "ACTIVE")
    west.put_item(TableName="slow", Item={"pk": {"S": "late"}})
    east.update_table(TableName="slow", ReplicaUpdates=[{"Delete": {"RegionName": WEST}}])
    assert replicas(east, "slow") == {WEST: "DELETING"}
    eventually(lambda: replicas(east, "slow") == {})
    assert list(contents(east, "slow")) == ["late"]


def test_sigkill_in_the_midst_of_replication_loses_nothing(fresh_server):
    """What was acknowledged in a region is in all of them after the next start, and they are the same."""
    server = fresh_server()
    east, west = regional(server, EAST), regional(server, WEST)
    create(east, "kept")
    for number in range(300):
        east.put_item(TableName="kept", Item={"pk": {"S": f"old-{number}"}, "n": {"N": "0"}})
    died = []
    for point in ("copied:2", "step:3", "applied:2", "step:12", "applied:6"):
        acknowledged = {EAST: {}, WEST: {}}
        server.kill()
        server.environment["BRUME_CRASH_AT"] = f"dynamodb.replication.{point}"
        try:
            server.start()
        except ServerDied:
            pass  # It came to the point while it started.
        clients = {EAST: regional(server, EAST), WEST: regional(server, WEST)}
        ends = []

        def write(region):
            try:
                for number in range(400):
                    key = f"{region}-{number % 50}"
                    clients[region].put_item(
                        TableName="kept", Item={"pk": {"S": key}, "n": {"N": str(number)}, "at": {"S": point}})
                    acknowledged[region][key] = number
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
                ends.append(type(error).__name__)

        try:
            if not replicas(clients[EAST], "kept"):
                clients[EAST].update_table(TableName="kept", ReplicaUpdates=[{"Create": {"RegionName": WEST}}])
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
            pass
        writers = [threading.Thread(target=write, args=(region,)) for region in (EAST, WEST)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        with contextlib.suppress(subprocess.TimeoutExpired):
            # The writers may be done before their writes are replicated.
            server.process.wait(5)
            died.append(point)
        server.kill()
        del server.environment["BRUME_CRASH_AT"]
        server.start()
        east, west = regional(server, EAST), regional(server, WEST)
        eventually(lambda: replicas(east, "kept").get(WEST) == "ACTIVE")
        eventually(lambda: contents(east, "kept") == contents(west, "kept"))
        kept = contents(east, "kept")
        assert sum(key.startswith("old-") for key in kept) == 300
        for written in acknowledged.values():
            for key, number in written.items():
                # A write that was under way may have been kept, too.
                assert int(kept[key]["n"]["N"]) >= number, f"{key} went back at {point}"
    assert len(died) >= 4, died
