"""Refusals of requests that an SDK would not send: which sentence AWS gives, and which one first."""

import botocore.config
import botocore.exceptions
import pytest

from brume_server import SOON
from test_dynamodb_tables import create

TABLE = "wording"
KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
INVALID = "One or more parameter values were invalid: "
RETURN_VALUES = "[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"


@pytest.fixture(scope="module")
def unchecked(server, dynamodb):
    """A client that sends what it is given."""
    create(dynamodb, TABLE)
    dynamodb.get_waiter("table_exists").wait(TableName=TABLE, WaiterConfig=SOON)
    return server.client("dynamodb", config=botocore.config.Config(parameter_validation=False))


def envelope(sentence):
    return f"1 validation error detected: {sentence}"


REFUSALS = {
    "a write tells one broken constraint": (
        "update_item",
        {"TableName": TABLE, "Key": KEY, "ReturnConsumedCapacity": "x", "ReturnValues": "y"},
        envelope(
            "Value 'y' at 'returnValues' failed to satisfy constraint: "
            f"Member must satisfy enum value set: {RETURN_VALUES}"
        ),
    ),
    "a put tells all of them": (
        "put_item",
        {"TableName": TABLE, "Item": KEY, "ReturnValues": "y", "ReturnItemCollectionMetrics": "x"},
        "2 validation errors detected: Value 'y' at 'returnValues' failed to satisfy constraint: "
        f"Member must satisfy enum value set: {RETURN_VALUES}; "
        "Value 'x' at 'returnItemCollectionMetrics' failed to satisfy constraint: "
        "Member must satisfy enum value set: [SIZE, NONE]",
    ),
    "the name of a write's table is looked at first": (
        "put_item",
        {"ReturnValues": "y", "Item": KEY, "TableName": ""},
        envelope(
            "Value '' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 1"
        ),
    ),
    "other operations tell all of them": (
        "scan",
        {"TableName": TABLE, "Segment": -1, "TotalSegments": 0},
        "2 validation errors detected: "
        "Value '-1' at 'segment' failed to satisfy constraint: Member must have value greater than or equal to 0; "
        "Value '0' at 'totalSegments' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ),
    "a name that breaks its pattern and its length": (
        "create_backup",
        {"TableName": TABLE, "BackupName": ""},
        "2 validation errors detected: Value '' at 'backupName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value '' at 'backupName' failed to satisfy "
        "constraint: Member must have length greater than or equal to 3",
    ),
    "a name of an index, whose length is told first": (
        "update_table",
        {"TableName": TABLE, "GlobalSecondaryIndexUpdates": [
            {"Create": {
                "IndexName": "", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "Projection": {}}}]},
        "2 validation errors detected: Value '' at 'globalSecondaryIndexUpdates.1.member.create.indexName' failed to "
        "satisfy constraint: Member must have length greater than or equal to 3; Value '' at "
        "'globalSecondaryIndexUpdates.1.member.create.indexName' failed to satisfy constraint: Member must satisfy "
        "regular expression pattern: [a-zA-Z0-9_.-]+",
    ),
    "members in the service's order": (
        "update_table",
        {"TableName": TABLE, "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}},
        "2 validation errors detected: "
        "Value '0' at 'provisionedThroughput.writeCapacityUnits' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1; "
        "Value '0' at 'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1",
    ),
    "an empty name, where an ARN may stand": (
        "describe_table", {"TableName": ""},
        "2 validation errors detected: Value '' at 'tableName' failed to satisfy constraint: Member must have length "
        "greater than or equal to 3; Value '' at 'tableName' failed to satisfy constraint: Member must satisfy regular "
        "expression pattern: [a-zA-Z0-9_.-]+",
    ),
    "an empty name of an index that insights are wanted of": (
        "describe_contributor_insights", {"TableName": TABLE, "IndexName": ""},
        "IndexName must be at least 3 characters long and at most 255 characters long",
    ),
    "an empty name for what is restored": (
        "restore_table_from_backup", {"TargetTableName": "", "BackupArn": "x" * 37},
        "TableName must be at least 3 characters long and at most 255 characters long",
    ),
    "a replica without a region": (
        "update_table", {"TableName": TABLE, "ReplicaUpdates": [{"Create": {}}]},
        "One or more parameter values were invalid",
    ),
    "a content is told before that there are several": (
        "put_item",
        {"TableName": TABLE, "Item": KEY | {"x": {"S": "a", "N": "b"}}},
        envelope("The parameter cannot be converted to a numeric value: b"),
    ),
    "there can be one type of value": (
        "put_item",
        {"TableName": TABLE, "Item": KEY | {"x": {"S": "a", "N": "1"}}},
        envelope(
            "Supplied AttributeValue has more than one datatypes set, "
            "must contain exactly one of the supported datatypes"
        ),
    ),
    "an attribute without a name": (
        "put_item", {"TableName": TABLE, "Item": KEY | {"": {"S": "a"}}}, envelope("Empty attribute name"),
    ),
    "a batch with a map that has an entry without a name": (
        "batch_write_item",
        {"RequestItems": {TABLE: [{"PutRequest": {"Item": KEY | {"x": {"M": {"": {"S": "a"}}}}}}]}},
        "Empty attribute name",
    ),
    "a transaction with an attribute without a name": (
        "transact_write_items",
        {"TransactItems": [{"Put": {"TableName": TABLE, "Item": KEY | {"": {"S": "a"}}}}]},
        "Empty attribute name",
    ),
    "an update to a map that has an entry without a name": (
        "update_item",
        {"TableName": TABLE, "Key": KEY, "UpdateExpression": "SET x = :v",
         "ExpressionAttributeValues": {":v": {"L": [{"M": {"": {"S": "a"}}}]}}},
        envelope("ExpressionAttributeValues contains invalid value: Empty attribute name for key :v"),
    ),
    "a table class that there is not": (
        "update_table", {"TableName": TABLE, "TableClass": "COLD"},
        "Invalid table-class parameter provided. Please try again with a valid table-class value: "
        "[STANDARD, STANDARD_INFREQUENT_ACCESS].",
    ),
    "a table class among other things": (
        "update_table", {"TableName": "", "TableClass": "COLD"},
        "2 validation errors detected: Value '' at 'tableName' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1; Value 'COLD' at 'tableClass' failed to satisfy "
        "constraint: Member must satisfy enum value set: [STANDARD, STANDARD_INFREQUENT_ACCESS]",
    ),
    "a view of a stream that there is not": (
        "update_table", {"TableName": TABLE, "StreamSpecification": {"StreamEnabled": True, "StreamViewType": ""}},
        envelope(
            "Value '' at 'streamSpecification.streamViewType' failed to satisfy constraint: "
            "Member must satisfy enum value set: [OLD_IMAGE, KEYS_ONLY, NEW_AND_OLD_IMAGES, NEW_IMAGE]"
        ),
    ),
    "a compression that there is not": (
        "import_table",
        {"S3BucketSource": {"S3Bucket": "a-bucket"}, "InputFormat": "CSV", "InputCompressionType": "BZIP2",
         "TableCreationParameters": {
             "TableName": "imported", "BillingMode": "PAY_PER_REQUEST",
             "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
             "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}},
        envelope(
            "Value 'BZIP2' at 'inputCompressionType' failed to satisfy constraint: Member must satisfy enum value set: "
            "[ZSTD, NONE, GZIP]"
        ),
    ),
    "an empty name of a key": (
        "update_table",
        {"TableName": TABLE, "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": ""}},
        envelope(
            "Value '' at 'sSESpecification.kMSMasterKeyId' failed to satisfy constraint: Member must have length greater "
            "than or equal to 1"
        ),
    ),
    "warm throughput of an index that says nothing, before the table is looked for": (
        "update_table",
        {"TableName": "nowhere", "GlobalSecondaryIndexUpdates": [
            {"Update": {"IndexName": "ghost", "WarmThroughput": {}}}]},
        f"{INVALID}WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified for "
        "index: ghost",
    ),
    "warm throughput of an index that says nothing, before what stands alone": (
        "update_table",
        {"TableName": TABLE, "TableClass": "STANDARD",
         "GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "ghost", "WarmThroughput": {}}}]},
        f"{INVALID}WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified for "
        "index: ghost",
    ),
    "a zero whose exponent is too large": (
        "put_item", {"TableName": TABLE, "Item": KEY | {"x": {"N": "0e126"}}},
        envelope("Number overflow. Attempting to store a number with magnitude larger than supported range"),
    ),
    "a batch of reads without tables": (
        "batch_get_item",
        {"RequestItems": {}},
        envelope(
            "Value at 'RequestItems' failed to satisfy constraint: Member must have length greater than or equal to 1"
        ),
    ),
    "a batch of writes without tables": (
        "batch_write_item", {"RequestItems": {}}, "The requestItems parameter is required for BatchWriteItem",
    ),
    "an empty ARN of a backup": ("describe_backup", {"BackupArn": ""}, "Invalid Backup ARN"),
}


@pytest.mark.parametrize(("operation", "request_", "sentence"), REFUSALS.values(), ids=REFUSALS.keys())
def test_the_sentence_of_a_refusal(unchecked, operation, request_, sentence):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        getattr(unchecked, operation)(**request_)
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("ValidationException", sentence)
