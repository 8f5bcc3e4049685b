"""Exports through boto3: the files that AWS documents, with the items of the moment."""

import base64
import datetime
import gzip
import hashlib
import json
import time
import uuid


from test_dynamodb_backups import create, fill, item, items, next_second, refused

BUCKET = "an-export-bucket"


def enable(client, table):
    """Returns a moment that the table can be exported as of: everything written until now, and nothing later."""
    client.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    return next_second()


def arn(client, table):
    return client.describe_table(TableName=table)["Table"]["TableArn"]


def ended(client, export):
    """Waits until an export has ended and returns its description."""
    for _ in range(400):
        description = client.describe_export(ExportArn=export)["ExportDescription"]
        if description["ExportStatus"] != "IN_PROGRESS":
            return description
        time.sleep(0.05)
    raise AssertionError("the export did not end")


def make_bucket(server, bucket=BUCKET):
    """Makes a bucket: a folder under the data directory."""
    (server.data_dir / "objects" / bucket).mkdir(parents=True, exist_ok=True)


def export(server, client, table, **options):
    """Exports a table, waits, and returns the description and the folder of the export."""
    make_bucket(server)
    started = client.export_table_to_point_in_time(TableArn=arn(client, table), S3Bucket=BUCKET, **options)
    assert started["ExportDescription"]["ExportStatus"] == "IN_PROGRESS"
    description = ended(client, started["ExportDescription"]["ExportArn"])
    assert description["ExportStatus"] == "COMPLETED", description
    folder = server.data_dir / "objects" / BUCKET / description["ExportManifest"]
    return description, folder.parent


def lines(server, folder):
    """Every line of an export's data files, after its manifests were checked."""
    for name in ["manifest-summary", "manifest-files"]:
        digest = hashlib.md5((folder / f"{name}.json").read_bytes()).digest()
        assert (folder / f"{name}.md5").read_text() == base64.b64encode(digest).decode()
    found = []
    for line in (folder / "manifest-files.json").read_text().splitlines():
        file = json.loads(line)
        data = (server.data_dir / "objects" / BUCKET / file["dataFileS3Key"]).read_bytes()
        assert file["md5Checksum"] == base64.b64encode(hashlib.md5(data).digest()).decode()
        own = [json.loads(text) for text in gzip.decompress(data).splitlines()]
        assert len(own) == file["itemCount"]
        found += own
    return found


def test_a_full_export_has_the_items_of_its_moment(server, dynamodb, unique_name):
    table = unique_name("export")
    create(dynamodb, table)
    fill(dynamodb, table, 130)
    dynamodb.put_item(TableName=table, Item=item("odd", 1) | {
        "bytes": {"B": b"\x00\xff"}, "set": {"NS": ["1", "2.5"]}, "nested": {"M": {"l": {"L": [{"NULL": True}]}}},
        "quote": {"S": 'a "line"\nand\ttab €'}, "yes": {"BOOL": True},
    })
    moment = enable(dynamodb, table)
    before = items(dynamodb, table)
    fill(dynamodb, table, 50, text="later")
    description, folder = export(server, dynamodb, table, ExportTime=moment, S3Prefix="a/prefix")
    assert description["ItemCount"] == 131
    assert description["BilledSizeBytes"] > 0
    assert description["ExportManifest"].startswith("a/prefix/AWSDynamoDB/")
    assert (folder / "_started").read_bytes() == b""
    summary = json.loads((folder / "manifest-summary.json").read_text())
    assert summary["itemCount"] == 131
    assert summary["exportArn"] == description["ExportArn"]
    assert summary["manifestFilesS3Key"].endswith("/manifest-files.json")
    found = [line["Item"] for line in lines(server, folder)]
    for entry in found:
        if "bytes" in entry:
            entry["bytes"]["B"] = base64.b64decode(entry["bytes"]["B"])
            entry["set"]["NS"] = sorted(entry["set"]["NS"])
    found.sort(key=lambda entry: (entry["pk"]["S"], float(entry["sk"]["N"])))
    for entry in before:
        if "set" in entry:
            entry["set"]["NS"] = sorted(entry["set"]["NS"])
    assert found == before


def test_exports_are_idempotent_and_listed(server, dynamodb, unique_name):
    table = unique_name("listed-export")
    create(dynamodb, table)
    assert refused(lambda: export(server, dynamodb, table)) == (
        "PointInTimeRecoveryUnavailableException", f"Point in time recovery is not enabled for table '{table}'",
    )
    enable(dynamodb, table)
    token = str(uuid.uuid4())
    first, folder = export(server, dynamodb, table, ClientToken=token)
    assert lines(server, folder) == []
    again = dynamodb.export_table_to_point_in_time(TableArn=arn(dynamodb, table), S3Bucket=BUCKET, ClientToken=token)
    assert again["ExportDescription"]["ExportArn"] == first["ExportArn"]
    assert refused(lambda: export(server, dynamodb, table, ClientToken=token, S3Prefix="x"))[0] == (
        "ExportConflictException"
    )
    second, _ = export(server, dynamodb, table)
    page = dynamodb.list_exports(TableArn=arn(dynamodb, table), MaxResults=1)
    assert [summary["ExportArn"] for summary in page["ExportSummaries"]] == [second["ExportArn"]]
    rest = dynamodb.list_exports(TableArn=arn(dynamodb, table), NextToken=page["NextToken"])
    assert [summary["ExportArn"] for summary in rest["ExportSummaries"]] == [first["ExportArn"]]
    assert "NextToken" not in rest
    assert refused(lambda: dynamodb.describe_export(ExportArn=first["ExportArn"] + "0"))[0] == "ExportNotFoundException"
    # The sort of an export is listed, and described if the request said it.
    assert page["ExportSummaries"][0]["ExportType"] == "FULL_EXPORT"
    assert "ExportType" not in second
    third, _ = export(server, dynamodb, table, ExportType="FULL_EXPORT")
    assert third["ExportType"] == "FULL_EXPORT"
    # Exports are those of one table, also where another one has its name.
    table_arn = arn(dynamodb, table)
    dynamodb.delete_table(TableName=table)
    assert dynamodb.list_exports(TableArn=table_arn)["ExportSummaries"] == []
    create(dynamodb, table)
    assert dynamodb.list_exports(TableArn=table_arn)["ExportSummaries"] == []
    assert dynamodb.describe_export(ExportArn=first["ExportArn"])["ExportDescription"]["TableArn"] == table_arn


def test_exports_of_what_is_not_here_are_refused(dynamodb, unique_name):
    table = unique_name("refused-export")
    create(dynamodb, table)
    table_arn = arn(dynamodb, table)

    def refusal(table_arn, **options):
        return refused(lambda: dynamodb.export_table_to_point_in_time(TableArn=table_arn, S3Bucket=BUCKET, **options))

    early = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) - datetime.timedelta(hours=1)
    assert refusal(
        table_arn, ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification={"ExportFromTime": early},
    ) == (
        "InvalidExportTimeException",
        "Incremental export period from time cannot be less than the table creation time : "
        f"{early:%Y-%m-%dT%H:%M:%SZ}",
    )
    enable(dynamodb, table)
    account = table_arn.split(":")[4]
    far = table_arn.replace(table_arn.split(":")[3], "ap-south-1")
    assert refusal(far) == ("TableNotFoundException", f"Table not found: {far}")
    assert refusal(f"{table_arn}/index/by-kind") == ("ValidationException", "Invalid Request: Table ARN is invalid.")
    assert refusal(table_arn.replace(account, "999999999999")) == ("AccessDeniedException", "Access is denied")
    export_arn = f"{table_arn}/export/01791506414432-3f2e5aa4"
    assert refused(lambda: dynamodb.describe_export(ExportArn=export_arn.replace(account, "999999999999"))) == (
        "AccessDeniedException", "Access is denied",
    )


def test_a_filter_chooses_items_and_attributes(server, dynamodb, unique_name):
    table = unique_name("filtered-export")
    create(dynamodb, table)
    fill(dynamodb, table, 60)
    enable(dynamodb, table)
    description, folder = export(
        server, dynamodb, table, FilterSpecification={
            "KeyConditionExpression": "pk = :pk AND sk < :sk", "FilterExpression": "kind = :kind",
            "ProjectionExpression": "pk, sk",
            "ExpressionAttributeValues": {":pk": {"S": "p3"}, ":sk": {"N": "30"}, ":kind": {"S": "even"}},
        },
    )
    assert lines(server, folder) == [
        {"Item": {"pk": {"S": "p3"}, "sk": {"N": str(n)}}} for n in range(0, 30) if n % 7 == 3 and n % 2 == 0
    ]
    assert description["ItemCount"] == 2


def test_a_killed_export_goes_on(fresh_server):
    server = fresh_server()
    client = server.client("dynamodb")
    create(client, "cut")
    fill(client, "cut", 60)
    enable(client, "cut")
    before = items(client, "cut")
    server.environment["BRUME_CRASH_AT"] = "dynamodb.export.step:3"
    server.restart()
    client = server.client("dynamodb")
    make_bucket(server)
    started = client.export_table_to_point_in_time(TableArn=arn(client, "cut"), S3Bucket=BUCKET)
    server.process.wait(20)
    server.process = None
    del server.environment["BRUME_CRASH_AT"]
    server.start()
    client = server.client("dynamodb")
    description = ended(client, started["ExportDescription"]["ExportArn"])
    folder = (server.data_dir / "objects" / BUCKET / description["ExportManifest"]).parent
    found = [line["Item"] for line in lines(server, folder)]
    assert sorted(found, key=lambda entry: (entry["pk"]["S"], float(entry["sk"]["N"]))) == before


def test_an_export_to_a_bucket_that_is_not_there_fails(dynamodb, unique_name):
    table = unique_name("nowhere")
    create(dynamodb, table)
    enable(dynamodb, table)
    started = dynamodb.export_table_to_point_in_time(TableArn=arn(dynamodb, table), S3Bucket="no-such-bucket")
    description = ended(dynamodb, started["ExportDescription"]["ExportArn"])
    assert (description["ExportStatus"], description["FailureCode"], description["FailureMessage"]) == (
        "FAILED", "S3NoSuchBucket", "The specified bucket does not exist",
    )
