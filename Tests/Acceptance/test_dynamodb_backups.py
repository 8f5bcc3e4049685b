"""Backups and point-in-time recovery through boto3: what was there then is there again, under another name."""

import datetime
import time

import botocore.exceptions
import pytest

from brume_server import SOON


def create(client, name, **options):
    """Makes a table with keys `pk` and `sk` and the index `by-kind`, and waits for it."""
    client.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in
                              [("pk", "S"), ("sk", "N"), ("kind", "S")]],
        GlobalSecondaryIndexes=[{
            "IndexName": "by-kind", "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }],
        **options,
    )
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig=SOON)


def item(partition, sort, text="x", kind="even"):
    return {"pk": {"S": partition}, "sk": {"N": str(sort)}, "kind": {"S": kind}, "text": {"S": text}}


def fill(client, table, count, text="x"):
    for number in range(0, count, 25):
        client.batch_write_item(RequestItems={table: [
            {"PutRequest": {"Item": item(f"p{n % 7}", n, text, "even" if n % 2 == 0 else "odd")}}
            for n in range(number, min(number + 25, count))
        ]})


def items(client, table, **options):
    """Every item of a table, sorted by its key."""
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True, **options)
    found = [found for page in pages for found in page["Items"]]
    return sorted(found, key=lambda item: (item["pk"]["S"], float(item["sk"]["N"])))


def next_second():
    """Waits until a second begins, and returns it: SDKs send moments without the fractions of their seconds."""
    moment = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(seconds=1)
    while datetime.datetime.now(datetime.timezone.utc) <= moment + datetime.timedelta(milliseconds=5):
        time.sleep(0.01)
    return moment


def available(client, arn):
    """Waits until a backup is AVAILABLE and returns its description."""
    for _ in range(200):
        description = client.describe_backup(BackupArn=arn)["BackupDescription"]
        if description["BackupDetails"]["BackupStatus"] == "AVAILABLE":
            return description
        time.sleep(0.05)
    raise AssertionError("the backup did not become AVAILABLE")


def backup(client, table, name):
    details = client.create_backup(TableName=table, BackupName=name)["BackupDetails"]
    assert details["BackupStatus"] == "CREATING"
    available(client, details["BackupArn"])
    return details["BackupArn"]


def restored(client, table):
    """Waits until a restored table is ACTIVE and returns its description."""
    client.get_waiter("table_exists").wait(TableName=table, WaiterConfig=SOON)
    return client.describe_table(TableName=table)["Table"]


def refused(call):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call()
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_a_backup_is_of_its_moment_and_outlives_its_table(dynamodb, unique_name):
    source, target = unique_name("source"), unique_name("target")
    create(dynamodb, source)
    fill(dynamodb, source, 300)
    before = items(dynamodb, source)
    arn = backup(dynamodb, source, "first")
    fill(dynamodb, source, 150, text="changed")
    dynamodb.delete_item(TableName=source, Key={"pk": {"S": "p0"}, "sk": {"N": "0"}})
    dynamodb.delete_table(TableName=source)
    answer = dynamodb.restore_table_from_backup(TargetTableName=target, BackupArn=arn)["TableDescription"]
    assert answer["TableStatus"] == "CREATING"
    assert answer["RestoreSummary"]["RestoreInProgress"] is True
    assert answer["RestoreSummary"]["SourceBackupArn"] == arn
    assert "RestoreSummary" not in restored(dynamodb, target)
    assert items(dynamodb, target) == before
    odd = dynamodb.query(
        TableName=target, IndexName="by-kind", KeyConditionExpression="kind = :odd",
        ExpressionAttributeValues={":odd": {"S": "odd"}}, Select="COUNT",
    )
    assert odd["Count"] == 150


def test_a_backup_is_described_listed_and_deleted(dynamodb, unique_name):
    source = unique_name("listed")
    create(dynamodb, source)
    fill(dynamodb, source, 3)
    first = backup(dynamodb, source, "first")
    second = backup(dynamodb, source, "second")
    description = dynamodb.describe_backup(BackupArn=first)["BackupDescription"]
    assert description["BackupDetails"]["BackupSizeBytes"] > 0
    assert description["SourceTableDetails"]["ItemCount"] == 3
    assert description["SourceTableFeatureDetails"]["GlobalSecondaryIndexes"][0]["IndexName"] == "by-kind"
    page = dynamodb.list_backups(TableName=source, Limit=1)
    assert [summary["BackupArn"] for summary in page["BackupSummaries"]] == [first]
    rest = dynamodb.list_backups(TableName=source, ExclusiveStartBackupArn=page["LastEvaluatedBackupArn"])
    assert [summary["BackupArn"] for summary in rest["BackupSummaries"]] == [second]
    deleted = dynamodb.delete_backup(BackupArn=first)["BackupDescription"]
    assert deleted["BackupDetails"]["BackupStatus"] == "DELETED"
    assert refused(lambda: dynamodb.describe_backup(BackupArn=first)) == (
        "BackupNotFoundException", f"Backup not found: {first}",
    )


def test_a_backup_under_writers_is_whole(fresh_server):
    server = fresh_server()
    client = server.client("dynamodb")
    create(client, "busy")
    fill(client, "busy", 1000)
    before = items(client, "busy")
    details = client.create_backup(TableName="busy", BackupName="busy")["BackupDetails"]
    fill(client, "busy", 500, text="later")
    for number in range(20):
        client.delete_item(TableName="busy", Key={"pk": {"S": f"p{number % 7}"}, "sk": {"N": str(number)}})
    fill(client, "busy", 1050, text="more")
    available(client, details["BackupArn"])
    client.restore_table_from_backup(TargetTableName="quiet", BackupArn=details["BackupArn"])
    restored(client, "quiet")
    assert items(client, "quiet") == before


def test_a_backup_is_restored_to_one_table_at_a_time(dynamodb, unique_name):
    source, first, second = unique_name("source"), unique_name("first"), unique_name("second")
    create(dynamodb, source)
    fill(dynamodb, source, 3000)
    arn = dynamodb.create_backup(TableName=source, BackupName="once")["BackupDetails"]["BackupArn"]
    available(dynamodb, arn)
    dynamodb.restore_table_from_backup(TargetTableName=first, BackupArn=arn)
    assert refused(lambda: dynamodb.restore_table_from_backup(TargetTableName=second, BackupArn=arn)) == (
        "BackupInUseException", f"Backup is being used to restore another table: {arn}",
    )
    assert refused(lambda: dynamodb.delete_backup(BackupArn=arn)) == (
        "BackupInUseException", f"Backup is being used to restore table: {arn}",
    )
    restored(dynamodb, first)
    dynamodb.restore_table_from_backup(TargetTableName=second, BackupArn=arn)
    restored(dynamodb, second)


def test_a_table_is_restored_to_another_region(server, unique_name):
    near, far = (server.client("dynamodb", region_name=region) for region in ("us-west-2", "eu-north-1"))
    source = unique_name("source")
    create(near, source, TableClass="STANDARD_INFREQUENT_ACCESS")
    fill(near, source, 50)
    before = items(near, source)
    near.update_continuous_backups(
        TableName=source, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    arn = backup(near, source, "first")
    table_arn = near.describe_table(TableName=source)["Table"]["TableArn"]
    for number, begin in enumerate((
        lambda **options: far.restore_table_from_backup(BackupArn=arn, **options),
        lambda **options: far.restore_table_to_point_in_time(
            SourceTableArn=table_arn, UseLatestRestorableTime=True, **options,
        ),
    )):
        target = unique_name(f"target{number}")
        assert refused(lambda: begin(TargetTableName=target)) == (
            "ValidationException",
            "Invalid Request: sseSpecificationOverride must be provided for cross-region restores",
        )
        begin(TargetTableName=target, SSESpecificationOverride={"Enabled": True, "SSEType": "KMS"})
        table = restored(far, target)
        assert table["TableArn"].startswith("arn:aws:dynamodb:eu-north-1:")
        assert table["SSEDescription"]["KMSMasterKeyArn"].startswith("arn:aws:kms:eu-north-1:")
        assert "TableClassSummary" not in table
        assert items(far, target) == before
        assert refused(lambda: near.describe_table(TableName=target))[0] == "ResourceNotFoundException"
    assert refused(lambda: far.describe_backup(BackupArn=arn)) == (
        "BackupNotFoundException", f"Backup not found: {arn}",
    )


@pytest.mark.parametrize("place, count", [("dynamodb.backup.step", 4), ("dynamodb.restore.step", 5)])
def test_a_kill_in_the_middle_loses_nothing(fresh_server, place, count):
    server = fresh_server()
    client = server.client("dynamodb")
    create(client, "source")
    fill(client, "source", 1000)
    before = items(client, "source")
    server.environment["BRUME_CRASH_AT"] = f"{place}:{count}"
    server.restart()
    client = server.client("dynamodb")
    arn = client.create_backup(TableName="source", BackupName="cut")["BackupDetails"]["BackupArn"]
    if place == "dynamodb.restore.step":
        available(client, arn)
        client.restore_table_from_backup(TargetTableName="target", BackupArn=arn)
    server.process.wait(20)
    server.process = None
    del server.environment["BRUME_CRASH_AT"]
    server.start()
    client = server.client("dynamodb")
    available(client, arn)
    if place == "dynamodb.backup.step":
        client.restore_table_from_backup(TargetTableName="target", BackupArn=arn)
    restored(client, "target")
    assert items(client, "target") == before


def test_a_table_is_restored_to_a_second_of_its_past(dynamodb, unique_name):
    source, target, latest = unique_name("past"), unique_name("then"), unique_name("latest")
    create(dynamodb, source)
    fill(dynamodb, source, 40)
    assert refused(lambda: dynamodb.restore_table_to_point_in_time(
        SourceTableName=source, TargetTableName=target, UseLatestRestorableTime=True,
    )) == ("PointInTimeRecoveryUnavailableException", f"Point in time recovery is not enabled for table '{source}'")
    enabled = dynamodb.update_continuous_backups(
        TableName=source, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert enabled["RecoveryPeriodInDays"] == 35
    moment = next_second()
    before = items(dynamodb, source)
    fill(dynamodb, source, 20, text="changed")
    dynamodb.delete_item(TableName=source, Key={"pk": {"S": "p0"}, "sk": {"N": "35"}})
    dynamodb.put_item(TableName=source, Item=item("new", 1))
    after = items(dynamodb, source)
    assert before != after
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=source, TargetTableName=target, RestoreDateTime=moment,
    )
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=source, TargetTableName=latest, UseLatestRestorableTime=True,
    )
    restored(dynamodb, target)
    restored(dynamodb, latest)
    assert items(dynamodb, target) == before
    assert items(dynamodb, latest) == after
    later = moment + datetime.timedelta(days=1)
    assert refused(lambda: dynamodb.restore_table_to_point_in_time(
        SourceTableName=source, TargetTableName=unique_name("never"), RestoreDateTime=later,
    ))[0] == "InvalidRestoreTimeException"


def test_a_deleted_table_with_recovery_leaves_a_system_backup(dynamodb, unique_name):
    source, target = unique_name("deleted"), unique_name("again")
    create(dynamodb, source)
    dynamodb.update_continuous_backups(
        TableName=source, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    fill(dynamodb, source, 30)
    before = items(dynamodb, source)
    dynamodb.delete_table(TableName=source)
    [summary] = dynamodb.list_backups(TableName=source, BackupType="SYSTEM")["BackupSummaries"]
    assert summary["BackupName"] == f"{source}$DeletedTableBackup"
    assert summary["BackupStatus"] == "AVAILABLE"
    assert (summary["BackupExpiryDateTime"] - summary["BackupCreationDateTime"]).days == 35
    assert dynamodb.list_backups(TableName=source)["BackupSummaries"] == []
    dynamodb.restore_table_from_backup(TargetTableName=target, BackupArn=summary["BackupArn"])
    restored(dynamodb, target)
    assert items(dynamodb, target) == before
