"""boto3's waiters for what DynamoDB does in the background, and a sentence that libraries take apart.

Nothing of Brume's own is read here: if a waiter's path or state had another name, it would wait until its attempts are
used up. The waiters for tables are used all over this folder.
"""

import botocore.exceptions
import pytest

from brume_server import SOON
from test_dynamodb_backups import create
from test_dynamodb_bulk import line, start as start_bulk
from test_dynamodb_imports import place, start as start_import

# Enough for a state that never comes.
BRIEF = {"Delay": 0.01, "MaxAttempts": 3}
ENDED = "terminal failure state"


def wait(client, name, settings=SOON, **request):
    client.get_waiter(name).wait(WaiterConfig=settings, **request)


def test_the_waiters_of_background_work_end_when_it_is_done(server, dynamodb, unique_name):
    table, bucket = unique_name("waited"), "a-waiter-bucket"
    create(dynamodb, table)
    place(server, bucket, "in/1.json", line("a", 1).encode())
    bulk = start_bulk(server, dynamodb, table, bucket, "in/")
    wait(dynamodb, "bulk_operation_completed", BulkOperationArn=bulk["BulkOperationArn"])
    dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    export = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket, S3Prefix="out")["ExportDescription"]
    wait(dynamodb, "export_completed", ExportArn=export["ExportArn"])
    imported = start_import(dynamodb, unique_name("imported"), bucket, "in/")
    wait(dynamodb, "import_completed", ImportArn=imported["ImportArn"])
    dynamodb.update_contributor_insights(TableName=table, ContributorInsightsAction="ENABLE")
    wait(dynamodb, "contributor_insights_enabled", TableName=table)
    stream = arn.replace(":dynamodb:", ":kinesis:").split(":table/")[0] + ":stream/changes"
    dynamodb.enable_kinesis_streaming_destination(TableName=table, StreamArn=stream)
    wait(dynamodb, "kinesis_streaming_destination_active", TableName=table)
    dynamodb.disable_kinesis_streaming_destination(TableName=table, StreamArn=stream)
    with pytest.raises(botocore.exceptions.WaiterError, match=ENDED):
        wait(dynamodb, "kinesis_streaming_destination_active", TableName=table)
    dynamodb.update_contributor_insights(TableName=table, ContributorInsightsAction="DISABLE")
    with pytest.raises(botocore.exceptions.WaiterError, match="Max attempts exceeded"):
        wait(dynamodb, "contributor_insights_enabled", BRIEF, TableName=table)


def test_the_waiters_of_failed_work_say_so(server, dynamodb, unique_name):
    table = unique_name("waited")
    create(dynamodb, table)
    bulk = start_bulk(server, dynamodb, table, "no-such-bucket")
    with pytest.raises(botocore.exceptions.WaiterError, match=ENDED):
        wait(dynamodb, "bulk_operation_completed", BulkOperationArn=bulk["BulkOperationArn"])
    imported = start_import(dynamodb, unique_name("imported"), "no-such-bucket")
    with pytest.raises(botocore.exceptions.WaiterError, match=ENDED):
        wait(dynamodb, "import_completed", ImportArn=imported["ImportArn"])


def test_a_refused_word_can_be_replaced_by_what_the_sentence_says(server, dynamodb, unique_name):
    """As awswrangler does: the sentence's beginning names the parameter, its end the word as it was written."""
    table = unique_name("words")
    create(dynamodb, table)
    server.resource("dynamodb").Table(table).put_item(Item={"pk": "a", "sk": 1, "Year": 2026, "name": "x"})
    request = {"TableName": table, "FilterExpression": "Year > :y", "ProjectionExpression": "name",
               "ExpressionAttributeValues": {":y": {"N": "2000"}}}
    names = {}
    for _ in range(3):
        try:
            found = dynamodb.scan(**request, **({"ExpressionAttributeNames": names} if names else {}))
            break
        except botocore.exceptions.ClientError as refusal:
            sentence = refusal.response["Error"]["Message"]
        parameter = sentence.removeprefix("Invalid ").split(": Attribute name is a reserved keyword; ")[0]
        word = sentence.split("reserved keyword: ")[-1]
        request[parameter] = request[parameter].replace(word, f"#{word}")
        names[f"#{word}"] = word
    assert names == {"#Year": "Year", "#name": "name"}
    assert found["Items"] == [{"name": {"S": "x"}}]
