"""Imports through boto3: DynamoDB JSON, Amazon Ion and CSV from files, and the way out and back in."""

import base64
import collections.abc
import decimal
import gzip
import json
import time
import uuid

import pytest
from amazon.ion import simple_types, simpleion

from test_dynamodb_backups import create, fill, items, refused
from test_dynamodb_exports import BUCKET, enable, export
from waiting import eventually

KEYS = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": kind} for name, kind in [("pk", "S"), ("sk", "N"), ("kind", "S")]
    ],
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [{
        "IndexName": "by-kind", "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }],
}


def place(server, bucket, key, content):
    """Puts an object where imports find it: a file under the data directory."""
    path = server.data_dir / "objects" / bucket / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def start(client, table, bucket, prefix="", kind="DYNAMODB_JSON", **options):
    source = {"S3Bucket": bucket} | ({"S3KeyPrefix": prefix} if prefix else {})
    return client.import_table(
        S3BucketSource=source, InputFormat=kind, TableCreationParameters={"TableName": table} | KEYS, **options,
    )["ImportTableDescription"]


def ended(client, arn):
    """Waits until an import has ended and returns its description."""
    for _ in range(400):
        description = client.describe_import(ImportArn=arn)["ImportTableDescription"]
        if description["ImportStatus"] != "IN_PROGRESS":
            return description
        time.sleep(0.05)
    raise AssertionError("the import did not end")


@pytest.mark.alone
@pytest.mark.parametrize("kind, record", [("DYNAMODB_JSON", b"{}"), ("CSV", b"a\n")])
def test_an_object_that_becomes_large_and_has_tiny_records_takes_little_memory(fresh_server, kind, record):
    server = fresh_server()
    place(server, "a-bucket", "one", gzip.compress(record * 4_000_000, 9))
    before, client = server.memory_bytes(), server.client("dynamodb")
    arn = start(client, "a-table", "a-bucket", kind=kind, InputCompressionType="GZIP")["ImportArn"]
    eventually(
        lambda: client.describe_import(ImportArn=arn)["ImportTableDescription"]["ImportStatus"] == "FAILED", 60,
        "the end of the import")
    # All records of a piece were held at once: 300 MB.
    assert server.memory_bytes("VmHWM") - before < 150e6


def test_an_export_is_imported_again(server, dynamodb, unique_name):
    source, target = unique_name("out"), unique_name("in")
    create(dynamodb, source)
    fill(dynamodb, source, 320)
    enable(dynamodb, source)
    exported, _ = export(server, dynamodb, source)
    prefix = exported["ExportManifest"].replace("manifest-summary.json", "data/")
    started = start(dynamodb, target, BUCKET, prefix, InputCompressionType="GZIP")
    assert started["ImportStatus"] == "IN_PROGRESS"
    description = ended(dynamodb, started["ImportArn"])
    assert description["ImportStatus"] == "COMPLETED"
    assert description["ImportedItemCount"] == description["ProcessedItemCount"] == 320
    assert description["ErrorCount"] == 0
    assert dynamodb.describe_table(TableName=target)["Table"]["TableStatus"] == "ACTIVE"
    assert items(dynamodb, target) == items(dynamodb, source)
    count = dynamodb.scan(TableName=target, IndexName="by-kind", Select="COUNT")["Count"]
    assert count == 320
    listed = dynamodb.list_imports(TableArn=description["TableArn"])["ImportSummaryList"]
    assert [summary["ImportArn"] for summary in listed] == [started["ImportArn"]]


def test_csv_is_imported(server, dynamodb, unique_name):
    bucket, table = "a-csv-bucket", unique_name("csv")
    place(server, bucket, "people/1.csv", 'pk;sk;kind;text\r\na;1;x;"say ""hi""; bye"\r\nb;2.50;;plain\r\n'.encode())
    place(server, bucket, "people/2.csv", "text;pk;sk\nüber;c;3".encode())
    place(server, bucket, "other/1.csv", b"pk;sk\nz;9\n")
    started = start(
        dynamodb, table, bucket, "people/", "CSV", InputFormatOptions={"Csv": {"Delimiter": ";"}},
        InputCompressionType="NONE",
    )
    assert ended(dynamodb, started["ImportArn"])["ImportStatus"] == "COMPLETED"
    assert items(dynamodb, table) == [
        {"pk": {"S": "a"}, "sk": {"N": "1"}, "kind": {"S": "x"}, "text": {"S": 'say "hi"; bye'}},
        {"pk": {"S": "b"}, "sk": {"N": "2.5"}, "text": {"S": "plain"}},
        {"pk": {"S": "c"}, "sk": {"N": "3"}, "text": {"S": "über"}},
    ]


def test_columns_of_csv_that_only_look_alike_are_different_columns(server, dynamodb, unique_name):
    bucket, table = "an-alike-bucket", unique_name("alike")
    place(server, bucket, "1.csv", "pk,sk,\u00e9,e\u0301\na,1,x,y\n".encode())
    started = start(dynamodb, table, bucket, "", "CSV", InputCompressionType="NONE")
    assert ended(dynamodb, started["ImportArn"])["ImportStatus"] == "COMPLETED"
    assert items(dynamodb, table) == [
        {"pk": {"S": "a"}, "sk": {"N": "1"}, "\u00e9": {"S": "x"}, "e\u0301": {"S": "y"}}]


def from_ion(value):
    """A value that Ion's own library read, in DynamoDB JSON."""
    if value is None or isinstance(value, simple_types.IonPyNull):
        return {"NULL": True}
    if isinstance(value, (bool, simple_types.IonPyBool)):
        return {"BOOL": bool(value)}
    if isinstance(value, decimal.Decimal):
        return {"N": format(value, "f")}
    if isinstance(value, bytes):
        return {"B": bytes(value)}
    if isinstance(value, str):
        return {"S": str(value)}
    if isinstance(value, collections.abc.Mapping):
        return {"M": {name: from_ion(member) for name, member in value.items()}}
    elements = [from_ion(element) for element in value]
    for annotation in value.ion_annotations:
        kind = annotation.text.removeprefix("$dynamodb_")
        return {kind: [element[kind[0]] for element in elements]}
    return {"L": elements}


def test_an_export_in_ion_is_what_ion_s_library_reads_and_is_imported_again(server, dynamodb, unique_name):
    source, target = unique_name("ion"), unique_name("ion-in")
    create(dynamodb, source)
    fill(dynamodb, source, 20)
    dynamodb.put_item(TableName=source, Item={
        "pk": {"S": "types"}, "sk": {"N": "-0.00000012"}, "a b": {"S": "\"'\\\n\x00é😀"}, "b": {"B": b"\x00\xff"},
        "n": {"NULL": True}, "t": {"BOOL": False}, "big": {"N": "1e125"}, "small": {"N": "1e-130"},
        "l": {"L": [{"M": {"true": {"N": "12.5"}}}, {"L": []}]}, "ss": {"SS": ["a", "b"]},
        "ns": {"NS": ["1", "200"]}, "bs": {"BS": [b"a"]},
    })
    enable(dynamodb, source)
    exported, folder = export(server, dynamodb, source, ExportFormat="ION")
    assert exported["ExportFormat"] == "ION"
    assert json.loads((folder / "manifest-summary.json").read_text())["outputFormat"] == "ION"
    read = []
    for file in folder.glob("data/*.ion.gz"):
        text = gzip.decompress(file.read_bytes()).decode()
        assert all(line.startswith("$ion_1_0 {Item:{") for line in text.splitlines())
        read += [from_ion(value["Item"])["M"] for value in simpleion.loads(text, single_value=False)]
    wanted = items(dynamodb, source)
    assert sorted(read, key=repr) == sorted(wanted, key=repr)
    prefix = exported["ExportManifest"].replace("manifest-summary.json", "data/")
    started = start(dynamodb, target, BUCKET, prefix, "ION", InputCompressionType="GZIP")
    description = ended(dynamodb, started["ImportArn"])
    assert (description["ImportStatus"], description["InputFormat"]) == ("COMPLETED", "ION")
    assert items(dynamodb, target) == wanted


# The items a, 0 to a, 299, as the program `zstd -19` writes them.
ZSTANDARD = base64.b64decode(
    "KLUv/QRoBQ0A1iNHFqBbGgOh1hcChhfjL/feW8oE+vzT5AFQAEkAPwDFK2QIq2mIV8gQVtMMr5AhrKYRXiFDWE1jXiFDWE1TXiFD"
    "WE2zV8gQVhN5FolDoVkuCXA4HBwFJLBBQIQFAw4aKGCBDQIiKNggYMIBw4ANAeNEEUQMIYSJEgsSI86KERsmzKxsIxu7KkVqlCir"
    "qotq6i6Tx2K7fno+KkRokCCjoolo6KYMmTFibGoemiGvkCGspjmvkCGspgm7u7u7u7u7u7u7u7u7e81DM7N35ciNE2dX99HNXSmF"
    "lFFEsVLlQmXKkUIIGUQQI0UmRIbcKIOMMcSwUeNBYwIAh8PBu93d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3Q2BK6gh"
    "SPvsfwfhayxzEvj/fwSBEn+EQBGCIoQkCEkIgRDCEIIhhCIIRQiDXZ8Bcg6QKIQiDEUISRCSEAIhhCEIQwhFEIoQwWzXRUqbEiyk"
    "TdK2hbQpbVvINqVtC2lTsm0hbUrbFtJMadtC2pS2WUibkrX277mEJEmylGROfgkD/FUHDxFc"
)


def test_objects_of_zstandard_are_imported(server, dynamodb, unique_name):
    bucket, table = "a-zstd-bucket", unique_name("zstd")
    place(server, bucket, "1.json.zst", ZSTANDARD)
    started = start(dynamodb, table, bucket, InputCompressionType="ZSTD")
    description = ended(dynamodb, started["ImportArn"])
    assert (description["ImportStatus"], description["InputCompressionType"]) == ("COMPLETED", "ZSTD")
    assert description["ProcessedSizeBytes"] > 10_000
    assert [item["sk"]["N"] for item in items(dynamodb, table)] == [str(number) for number in range(300)]


def test_errors_are_counted_and_logged(server, dynamodb, unique_name):
    bucket, table = "a-bad-bucket", unique_name("bad")
    lines = [
        {"Item": {"pk": {"S": "a"}, "sk": {"N": "1"}}}, {"Item": {"pk": {"S": "a"}}},
        {"Item": {"pk": {"S": "a"}, "sk": {"N": "2"}}},
    ]
    place(server, bucket, "1.json", "\n".join(json.dumps(line) for line in lines).encode())
    place(server, bucket, "2.json", b'{"Item": {"pk": {"S": "b"}, "sk": {"N": "1"}}}\nnonsense\n{"Item": {}}\n')
    started = start(dynamodb, table, bucket)
    description = ended(dynamodb, started["ImportArn"])
    assert description["ImportStatus"] == "FAILED"
    assert description["FailureCode"] == "ItemValidationError"
    # What the request does not say is described as AWS takes it.
    assert description["InputCompressionType"] == "NONE"
    assert description["S3BucketSource"] == {"S3Bucket": bucket, "S3BucketOwner": started["TableArn"].split(":")[4]}
    assert (description["ProcessedItemCount"], description["ImportedItemCount"], description["ErrorCount"]) == (5, 3, 2)
    assert len(items(dynamodb, table)) == 3
    time.sleep(0.1)
    log = (server.data_dir / "logs" / "access.log").read_text()
    assert started["ImportArn"] in log and "is not DynamoDB JSON" in log


def test_an_import_happens_once_for_each_token(server, dynamodb, unique_name):
    bucket, table = "a-token-bucket", unique_name("token")
    place(server, bucket, "1.json.gz", gzip.compress(b'{"Item": {"pk": {"S": "a"}, "sk": {"N": "1"}}}\n'))
    token = str(uuid.uuid4())
    started = start(dynamodb, table, bucket, InputCompressionType="GZIP", ClientToken=token)
    again = start(dynamodb, table, bucket, InputCompressionType="GZIP", ClientToken=token)
    assert again["ImportArn"] == started["ImportArn"]
    assert refused(lambda: start(dynamodb, table, bucket, ClientToken=token))[0] == "ImportConflictException"
    assert ended(dynamodb, started["ImportArn"])["ImportStatus"] == "COMPLETED"
    assert refused(lambda: start(dynamodb, table, bucket)) == (
        "ResourceInUseException", f"Table already exists: {table}",
    )
    absent = unique_name("missing")
    missing = start(dynamodb, absent, "no-such-bucket")
    description = ended(dynamodb, missing["ImportArn"])
    assert refused(lambda: dynamodb.describe_table(TableName=absent))[0] == "ResourceNotFoundException"
    assert (description["FailureCode"], description["FailureMessage"]) == (
        "S3NoSuchBucket", "The specified bucket does not exist",
    )


def test_a_killed_import_goes_on(fresh_server):
    server = fresh_server()
    for file in range(4):
        lines = [{"Item": {"pk": {"S": str(file)}, "sk": {"N": str(n)}}} for n in range(50)]
        place(server, "a-bucket", f"{file}.json", "\n".join(json.dumps(line) for line in lines).encode())
    server.environment["BRUME_CRASH_AT"] = "dynamodb.import.step:3"
    server.restart()
    started = start(server.client("dynamodb"), "cut", "a-bucket")
    server.process.wait(20)
    server.process = None
    del server.environment["BRUME_CRASH_AT"]
    server.start()
    client = server.client("dynamodb")
    description = ended(client, started["ImportArn"])
    assert description["ImportStatus"] == "COMPLETED"
    assert description["ImportedItemCount"] == 200
    assert len(items(client, "cut")) == 200
