"""Bulk operations through boto3: items from files into a table that is written to meanwhile."""

import gzip
import json
import threading
import time
import uuid

from test_dynamodb_backups import create, items, refused
from test_dynamodb_imports import place
from waiting import eventually

OUTPUT = "a-report-bucket"


def line(pk, sk, condition=None, **attributes):
    """One record of an object."""
    record = {"Item": {"pk": {"S": pk}, "sk": {"N": str(sk)}} | attributes}
    if condition:
        record["ConditionExpression"] = condition
    return json.dumps(record)


def start(server, client, table, bucket, prefix="", outputs=("ERROR", "CONDITION_CHECK_FAILURE"), **options):
    source = {"S3Bucket": bucket, "InputFormat": options.pop("InputFormat", "DYNAMODB_JSON")}
    if prefix:
        source["S3KeyPrefix"] = prefix
    compression = options.pop("InputCompressionType", None)
    if compression:
        source["InputCompressionType"] = compression
    (server.data_dir / "objects" / OUTPUT).mkdir(parents=True, exist_ok=True)
    target = {"S3Bucket": OUTPUT, "OutputType": list(outputs)}
    return client.start_bulk_put_items(
        TableName=table, InputS3Configuration=source, OutputS3Configuration=target, **options,
    )["BulkOperationDescription"]


def ended(client, arn):
    """Waits until an operation has ended and returns its description."""
    for _ in range(600):
        description = client.describe_bulk_operation(BulkOperationArn=arn)["BulkOperationDescription"]
        if description["BulkOperationStatus"] not in ("IN_PROGRESS", "CANCELLING"):
            return description
        time.sleep(0.05)
    raise AssertionError("the operation did not end")


def report(server, arn, folder):
    """The entries of the first file of a report."""
    path = server.data_dir / "objects" / OUTPUT / "AWSDynamoDB" / arn.split("/")[-1] / folder / "1.json"
    return [json.loads(text) for text in path.read_text().splitlines()]


def test_objects_become_items_of_a_table(server, dynamodb, unique_name):
    table, bucket = unique_name("bulk"), "a-bulk-bucket"
    create(dynamodb, table)
    for file in range(3):
        place(server, bucket, f"in/{file}.json", "\n".join(line(f"p{file}", n) for n in range(150)).encode())
    place(server, bucket, "out/1.json", line("z", 1).encode())
    started = start(server, dynamodb, table, bucket, "in/")
    assert started["BulkOperationStatus"] == "IN_PROGRESS"
    assert started["PerformanceTier"] == "STANDARD" and started["ProcessedItemCount"] == 0
    description = ended(dynamodb, started["BulkOperationArn"])
    assert description["BulkOperationStatus"] == "COMPLETED"
    assert (description["ProcessedItemCount"], description["FailedItemCount"]) == (450, 0)
    assert description["ProcessedInputBytes"] == description["TotalInputBytes"] > 0
    assert description["BulkOperationUsage"][0]["BulkPutBytes"] > 0
    assert description["TableDetails"][0]["TableName"] == table
    assert len(items(dynamodb, table)) == 450
    listed = dynamodb.list_bulk_operations(MaxResults=1)["BulkOperationsSummaryList"]
    assert [summary["BulkOperationArn"] for summary in listed] == [started["BulkOperationArn"]]


def test_conditions_and_errors_are_reported(server, dynamodb, unique_name):
    table, bucket = unique_name("conditions"), "a-condition-bucket"
    create(dynamodb, table)
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"N": "1"}, "text": {"S": "old"}})
    lines = [
        line("a", 1, "attribute_not_exists(pk)", text={"S": "new"}), line("a", 2, "attribute_not_exists(pk)"),
        json.dumps({"Item": {"pk": {"S": "a"}}}), line("a", 3, "nonsense ("), line("a", 4),
    ]
    place(server, bucket, "1.json", "\n".join(lines).encode())
    place(server, bucket, "2.json", f"{line('b', 1)}\nnonsense\n{line('b', 2)}".encode())
    started = start(server, dynamodb, table, bucket)
    description = ended(dynamodb, started["BulkOperationArn"])
    assert description["BulkOperationStatus"] == "COMPLETED_WITH_ERRORS"
    assert (description["ProcessedItemCount"], description["FailedItemCount"]) == (7, 3)
    found = items(dynamodb, table)
    assert [(item["pk"]["S"], item["sk"]["N"]) for item in found] == [("a", "1"), ("a", "2"), ("a", "4"), ("b", "1")]
    assert found[0]["text"] == {"S": "old"}
    conditions = report(server, started["BulkOperationArn"], "condition-check-failure")
    assert len(conditions) == 1
    assert (conditions[0]["Item"]["text"], conditions[0]["ExistingItem"]["text"]) == ({"S": "new"}, {"S": "old"})
    errors = report(server, started["BulkOperationArn"], "error")
    assert [(entry["InputObject"], entry["RecordNumber"]) for entry in errors] == [
        ("1.json", 3), ("1.json", 4), ("2.json", 2),
    ]


def test_an_export_in_ion_is_put_into_another_table(server, dynamodb, unique_name):
    source, target, bucket = unique_name("ion"), unique_name("ion-target"), "an-ion-bucket"
    for table in (source, target):
        create(dynamodb, table)
    for n in range(5):
        dynamodb.put_item(TableName=source, Item={
            "pk": {"S": "it's"}, "sk": {"N": str(n)}, "set": {"NS": ["1", "2.5"]}, "b": {"B": b"\x00"},
            "n": {"NULL": True}, "m": {"M": {"l": {"L": [{"BOOL": True}, {"S": "ü\n"}]}}},
        })
    (server.data_dir / "objects" / bucket).mkdir(parents=True, exist_ok=True)
    dynamodb.update_continuous_backups(
        TableName=source, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    arn = dynamodb.export_table_to_point_in_time(
        TableArn=dynamodb.describe_table(TableName=source)["Table"]["TableArn"], S3Bucket=bucket, ExportFormat="ION",
    )["ExportDescription"]["ExportArn"]
    deadline = time.monotonic() + 30
    while (export := dynamodb.describe_export(ExportArn=arn)["ExportDescription"])["ExportStatus"] == "IN_PROGRESS":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    prefix = export["ExportManifest"].replace("manifest-summary.json", "data/")
    started = start(
        server, dynamodb, target, bucket, prefix, InputFormat="ION", InputCompressionType="GZIP")
    description = ended(dynamodb, started["BulkOperationArn"])
    assert description["InputS3Configuration"]["InputFormat"] == "ION"
    assert (description["BulkOperationStatus"], description["ProcessedItemCount"]) == ("COMPLETED", 5)
    assert items(dynamodb, target) == items(dynamodb, source)


def test_an_operation_happens_once_for_each_token(server, dynamodb, unique_name):
    table, bucket = unique_name("token"), "a-bulk-token-bucket"
    create(dynamodb, table)
    place(server, bucket, "1.json.gz", gzip.compress(line("a", 1).encode()))
    token = str(uuid.uuid4())
    started = start(server, dynamodb, table, bucket, InputCompressionType="GZIP", ClientToken=token)
    again = start(server, dynamodb, table, bucket, InputCompressionType="GZIP", ClientToken=token)
    assert again["BulkOperationArn"] == started["BulkOperationArn"]
    assert refused(lambda: start(server, dynamodb, table, bucket, ClientToken=token))[0] == (
        "IdempotentParameterMismatchException")
    assert ended(dynamodb, started["BulkOperationArn"])["BulkOperationStatus"] == "COMPLETED"
    missing = ended(dynamodb, start(server, dynamodb, table, "no-such-bucket")["BulkOperationArn"])
    assert (missing["BulkOperationStatus"], missing["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    arn = started["BulkOperationArn"]
    assert refused(lambda: dynamodb.cancel_bulk_operation(BulkOperationArn=arn))[0] == "ValidationException"
    assert refused(lambda: dynamodb.describe_bulk_operation(BulkOperationArn=f"{arn}0"))[0] == (
        "ResourceNotFoundException")
    assert refused(lambda: start(server, dynamodb, "no-such-table", bucket))[0] == "ResourceNotFoundException"


def test_a_cancelled_operation_stops(server, dynamodb, unique_name):
    table, bucket = unique_name("cancel"), "a-cancel-bucket"
    create(dynamodb, table)
    place(server, bucket, "1.json", "\n".join(line("a", n) for n in range(20_000)).encode())
    # 20,000 units take 20 seconds.
    started = start(server, dynamodb, table, bucket, MaxWriteRequestUnits=1024)
    arn = started["BulkOperationArn"]
    eventually(lambda: dynamodb.describe_bulk_operation(BulkOperationArn=arn)["BulkOperationDescription"].get(
        "ProcessedItemCount"))
    answer = dynamodb.cancel_bulk_operation(BulkOperationArn=started["BulkOperationArn"])
    assert answer["BulkOperationStatus"] == "CANCELLING"
    begun = time.monotonic()
    description = ended(dynamodb, started["BulkOperationArn"])
    assert time.monotonic() - begun < 5
    assert description["BulkOperationStatus"] == "CANCELLED" and description["FailureCode"]
    assert len(items(dynamodb, table)) == description["ProcessedItemCount"] < 20_000


def test_no_write_is_lost_beside_an_operation(server, dynamodb, unique_name):
    table, bucket = unique_name("beside"), "a-beside-bucket"
    create(dynamodb, table)
    # Each line counts only where nobody wrote: a write of the item that came first must stay.
    lines = [line("a", n % 40, "attribute_not_exists(pk)", who={"S": "bulk"}) for n in range(2000)]
    place(server, bucket, "1.json", "\n".join(lines).encode())
    stop, counts = threading.Event(), [0] * 40

    def count():
        while not stop.is_set():
            for number in range(40):
                dynamodb.update_item(
                    TableName=table, Key={"pk": {"S": "a"}, "sk": {"N": str(number)}},
                    UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": {"N": "1"}},
                )
                counts[number] += 1

    writer = threading.Thread(target=count)
    writer.start()
    try:
        started = start(server, dynamodb, table, bucket, outputs=["ERROR"])
        description = ended(dynamodb, started["BulkOperationArn"])
    finally:
        stop.set()
        writer.join()
    assert description["BulkOperationStatus"] == "COMPLETED" and description["ProcessedItemCount"] == 2000
    for number, item in enumerate(items(dynamodb, table)):
        # An update comes to an item that the operation has put, or the operation's condition fails.
        assert int(item["n"]["N"]) == counts[number]


def test_a_killed_operation_goes_on_behind_its_last_item(fresh_server):
    server = fresh_server()
    client = server.client("dynamodb")
    create(client, "cut")
    for file in range(3):
        text = "\n".join(line(f"p{file}", n, "attribute_not_exists(pk)") for n in range(250))
        place(server, "a-bucket", f"{file}.json.gz", gzip.compress(text.encode()))
    arn = None
    for crash in ("dynamodb.bulk.batch:2", "dynamodb.bulk.batch:3", "dynamodb.bulk.step:2"):
        server.environment["BRUME_CRASH_AT"] = crash
        if arn is None:
            server.restart()
            arn = start(server, server.client("dynamodb"), "cut", "a-bucket", InputCompressionType="GZIP")[
                "BulkOperationArn"]
        else:
            server.start(wait=False)
        server.process.wait(20)
        server.process = None
    del server.environment["BRUME_CRASH_AT"]
    server.start()
    client = server.client("dynamodb")
    description = ended(client, arn)
    # No item was put twice: its condition would have failed.
    assert description["BulkOperationStatus"] == "COMPLETED"
    assert description["ProcessedItemCount"] == 750
    assert len(items(client, "cut")) == 750
    assert not (server.data_dir / "objects" / OUTPUT / "AWSDynamoDB" / arn.split("/")[-1] / "error").exists()
    summary = server.data_dir / "objects" / OUTPUT / "AWSDynamoDB" / arn.split("/")[-1] / "manifest-summary.json"
    assert json.loads(summary.read_text())["conditionCheckFailureCount"] == 0
