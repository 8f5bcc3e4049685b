"""UpdateTable through boto3: capacity, streams, protection, and global indexes that are added to a table in use."""

import threading
import time

import botocore.exceptions
import pytest

from brume_server import SOON
from test_dynamodb_tables import create, refusal

ITEMS = 3000


def wait_for_index(dynamodb, table, name):
    """Returns the description of the index once it is ACTIVE; None once it is gone."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        indexes = dynamodb.describe_table(TableName=table)["Table"].get("GlobalSecondaryIndexes", [])
        found = [index for index in indexes if index["IndexName"] == name]
        if not found:
            return None
        if found[0]["IndexStatus"] == "ACTIVE":
            return found[0]
        time.sleep(0.02)
    raise AssertionError(f"{name} is not ready")


def add_index(dynamodb, table, name="by-kind", attribute="kind"):
    return dynamodb.update_table(
        TableName=table, AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": {
            "IndexName": name, "KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }}],
    )["TableDescription"]


def fill(dynamodb, table, count=ITEMS):
    """Items of which every third has no `kind`."""
    for start in range(0, count, 25):
        requests = []
        for number in range(start, min(start + 25, count)):
            item = {"pk": {"S": f"p{number}"}, "sk": {"S": "s"}}
            if number % 3:
                item["kind"] = {"S": "x"}
            requests.append({"PutRequest": {"Item": item}})
        assert not dynamodb.batch_write_item(RequestItems={table: requests})["UnprocessedItems"]


def entries(dynamodb, table, index="by-kind", kind="x"):
    """The partition keys of the items that the index holds under a kind."""
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table, IndexName=index, KeyConditionExpression="kind = :kind",
        ExpressionAttributeValues={":kind": {"S": kind}},
    )
    return sorted(item["pk"]["S"] for page in pages for item in page["Items"])


def test_capacity_is_changed_and_switched(dynamodb, unique_name):
    name = unique_name()
    create(
        dynamodb, name, BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )
    units = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 5}
    assert dynamodb.update_table(TableName=name, ProvisionedThroughput=units)["TableDescription"]["TableName"] == name
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig=SOON)
    assert dynamodb.describe_table(TableName=name)["Table"]["ProvisionedThroughput"]["ReadCapacityUnits"] == 7
    error = refusal(dynamodb.update_table, TableName=name, ProvisionedThroughput=units)
    assert error["Code"] == "ValidationException"
    assert error["Message"].startswith("The provisioned throughput for the table will not change.")
    dynamodb.update_table(TableName=name, BillingMode="PAY_PER_REQUEST")
    table = dynamodb.describe_table(TableName=name)["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 0


def test_stream_and_protection_are_switched(dynamodb, unique_name):
    name = unique_name()
    create(dynamodb, name)
    specification = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    table = dynamodb.update_table(TableName=name, StreamSpecification=specification)["TableDescription"]
    assert table["LatestStreamArn"] == f"{table['TableArn']}/stream/{table['LatestStreamLabel']}"
    error = refusal(dynamodb.update_table, TableName=name, StreamSpecification=specification)
    assert error["Message"] == f"Table already has an enabled stream: TableName: {name}"
    dynamodb.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
    assert "StreamSpecification" not in dynamodb.describe_table(TableName=name)["Table"]
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True)
    assert refusal(dynamodb.delete_table, TableName=name)["Code"] == "ValidationException"
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=name)


def test_an_index_is_added_filled_and_deleted(dynamodb, unique_name):
    name = unique_name()
    create(dynamodb, name)
    fill(dynamodb, name, 300)
    added = add_index(dynamodb, name)
    assert added["TableStatus"] == "UPDATING"
    assert added["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"
    index = wait_for_index(dynamodb, name, "by-kind")
    assert "Backfilling" not in index
    assert len(entries(dynamodb, name)) == 200
    dynamodb.update_table(TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-kind"}}])
    assert wait_for_index(dynamodb, name, "by-kind") is None
    definitions = dynamodb.describe_table(TableName=name)["Table"]["AttributeDefinitions"]
    assert [definition["AttributeName"] for definition in definitions] == ["pk", "sk"]
    with pytest.raises(botocore.exceptions.ClientError, match="The table does not have the specified index: by-kind"):
        entries(dynamodb, name)


def test_items_that_are_written_while_an_index_is_filled_are_in_it(dynamodb, unique_name):
    name = unique_name()
    create(dynamodb, name)
    fill(dynamodb, name, 1000)
    done = threading.Event()
    written = set()

    def write():
        number = 0
        while not done.is_set():
            item = {"pk": {"S": f"late{number}"}, "sk": {"S": "s"}, "kind": {"S": "x"}}
            dynamodb.put_item(TableName=name, Item=item)
            written.add(f"late{number}")
            dynamodb.delete_item(TableName=name, Key={"pk": {"S": f"p{number}"}, "sk": {"S": "s"}})
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    add_index(dynamodb, name)
    wait_for_index(dynamodb, name, "by-kind")
    done.set()
    writer.join()
    gone = {f"p{number}" for number in range(len(written))}
    expected = written | ({f"p{number}" for number in range(1000) if number % 3} - gone)
    assert entries(dynamodb, name) == sorted(expected)


def test_the_filling_of_an_index_goes_on_after_sigkill(fresh_server):
    server = fresh_server(environment={"BRUME_CRASH_AT": "index.slice:7"})
    client = server.client("dynamodb")
    create(client, "kept")
    client.get_waiter("table_exists").wait(TableName="kept", WaiterConfig=SOON)
    fill(client, "kept")
    add_index(client, "kept")
    # The server ends as by SIGKILL after the seventh of thirty slices.
    server.process.wait(60)
    server.process = None
    del server.environment["BRUME_CRASH_AT"]
    server.start()
    client = server.client("dynamodb")
    assert wait_for_index(client, "kept", "by-kind")["ItemCount"] == ITEMS * 2 // 3
    assert entries(client, "kept") == sorted(f"p{number}" for number in range(ITEMS) if number % 3)


def test_an_index_that_is_deleted_before_sigkill_is_gone_afterwards(fresh_server):
    server = fresh_server()
    client = server.client("dynamodb")
    create(client, "kept")
    fill(client, "kept", 300)
    add_index(client, "kept")
    wait_for_index(client, "kept", "by-kind")
    client.update_table(TableName="kept", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-kind"}}])
    server.restart()
    client = server.client("dynamodb")
    assert wait_for_index(client, "kept", "by-kind") is None
    assert client.describe_table(TableName="kept")["Table"]["TableStatus"] == "ACTIVE"
    add_index(client, "kept")
    assert wait_for_index(client, "kept", "by-kind")["ItemCount"] == 200


def test_tables_take_the_time_that_the_server_was_told(fresh_server):
    server = fresh_server("--table-transition-milliseconds", "700")
    client = server.client("dynamodb")
    create(client, "slow")
    assert client.describe_table(TableName="slow")["Table"]["TableStatus"] == "CREATING"
    key = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    assert refusal(client.put_item, TableName="slow", Item=key)["Code"] == "ResourceNotFoundException"
    client.get_waiter("table_exists").wait(TableName="slow", WaiterConfig=SOON)
    client.put_item(TableName="slow", Item=key)
    client.delete_table(TableName="slow")
    error = refusal(client.delete_table, TableName="slow")
    assert error["Message"] == "Attempt to change a resource which is still in use: Table is being deleted: slow"
    server.restart()
    server.client("dynamodb").get_waiter("table_not_exists").wait(TableName="slow", WaiterConfig=SOON)


def test_units_that_say_nothing_are_passed_over_beside_other_changes(dynamodb, unique_name):
    name = unique_name()
    create(dynamodb, name)
    add_index(dynamodb, name)
    wait_for_index(dynamodb, name, "by-kind")
    for change in (
        {"WarmThroughput": {}, "DeletionProtectionEnabled": False}, {"WarmThroughput": {}, "TableClass": "STANDARD"},
        {"OnDemandThroughput": {}, "BillingMode": "PAY_PER_REQUEST"},
    ):
        dynamodb.update_table(TableName=name, **change)
    updates = [{"Update": {"IndexName": "by-kind", "OnDemandThroughput": {}}}]
    error = refusal(dynamodb.update_table, TableName=name, GlobalSecondaryIndexUpdates=updates)
    assert error["Message"] == (
        "One or more parameter values were invalid: The only Updates for index: by-kind when TableThroughputMode is "
        "PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput")


def test_a_table_that_is_being_created_refuses_its_other_settings_in_their_own_words(fresh_server):
    server = fresh_server("--table-transition-milliseconds", "700")
    client = server.client("dynamodb")
    create(client, "slow")
    of_table = {"TableName": "slow"}
    assert refusal(client.describe_time_to_live, **of_table) == {
        "Code": "ValidationException",
        "Message": "Cannot describe time to live while table is in CREATING state: Current table state is CREATING"}
    specification = {"Enabled": True, "AttributeName": "until"}
    assert refusal(client.update_time_to_live, TimeToLiveSpecification=specification, **of_table) == {
        "Code": "ResourceInUseException",
        "Message": "Attempt to change a resource which is still in use: Table slow is being created"}
    error = refusal(client.update_contributor_insights, ContributorInsightsAction="ENABLE", **of_table)
    assert error == {
        "Code": "ValidationException",
        "Message": "Table or Index is not in a valid state to update Key Access Insights: TableStatus must be ACTIVE to "
        "enable ContributorInsights."}
    described = client.describe_continuous_backups(**of_table)["ContinuousBackupsDescription"]
    assert described["ContinuousBackupsStatus"] == "DISABLED"
    unavailable = {
        "Code": "ContinuousBackupsUnavailableException",
        "Message": "Backups are being enabled for the table: slow. Please retry later"}
    recovery = {"PointInTimeRecoveryEnabled": True}
    assert refusal(
        client.update_continuous_backups, PointInTimeRecoverySpecification=recovery, **of_table) == unavailable
    assert refusal(client.create_backup, BackupName="early", **of_table) == unavailable
    client.get_waiter("table_exists").wait(WaiterConfig=SOON, **of_table)
    client.update_continuous_backups(PointInTimeRecoverySpecification=recovery, **of_table)
    client.delete_table(**of_table)
    assert refusal(client.describe_time_to_live, **of_table)["Message"] == (
        "Cannot describe time to live while table is in DELETING state: Current table state is DELETING")
