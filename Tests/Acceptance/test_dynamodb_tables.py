"""CreateTable, DescribeTable, ListTables, DeleteTable through boto3 and the AWS CLI."""

import botocore.exceptions
import pytest

from brume_server import SOON


def create(dynamodb, name, **changes):
    """A table with a partition key `pk` and a sort key `sk`, unless changed."""
    options = {
        "TableName": name, "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
        ],
    } | changes
    return dynamodb.create_table(**options)["TableDescription"]


def refusal(call, *arguments, **options):
    """The error of a call that must be refused."""
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        call(*arguments, **options)
    return refused.value.response["Error"]


def test_a_table_is_described_as_it_was_created(dynamodb, unique_name):
    name = unique_name()
    created = create(dynamodb, name)
    assert created["TableStatus"] in ("CREATING", "ACTIVE")
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig=SOON)
    table = dynamodb.describe_table(TableName=name)["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert table["TableArn"] == f"arn:aws:dynamodb:us-east-1:000000000000:table/{name}"
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert (table["ItemCount"], table["TableSizeBytes"]) == (0, 0)
    assert {key["AttributeName"]: key["KeyType"] for key in table["KeySchema"]} == {"pk": "HASH", "sk": "RANGE"}


def test_a_second_table_of_a_name_is_refused(dynamodb, unique_name):
    name = unique_name()
    create(dynamodb, name)
    error = refusal(create, dynamodb, name)
    assert error == {"Code": "ResourceInUseException", "Message": f"Table already exists: {name}"}


def test_a_missing_table_is_named(dynamodb):
    error = refusal(dynamodb.describe_table, TableName="missing")
    assert error == {
        "Code": "ResourceNotFoundException", "Message": "Requested resource not found: Table: missing not found",
    }
    error = refusal(dynamodb.delete_table, TableName="missing")
    assert error["Code"] == "ResourceNotFoundException"


def test_a_deleted_table_is_gone_and_its_successor_is_empty(dynamodb, unique_name):
    name = unique_name()
    create(dynamodb, name)
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig=SOON)
    dynamodb.put_item(TableName=name, Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    assert dynamodb.delete_table(TableName=name)["TableDescription"]["TableStatus"] == "DELETING"
    dynamodb.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig=SOON)
    create(dynamodb, name)
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig=SOON)
    assert dynamodb.scan(TableName=name)["Items"] == []


def test_tables_are_listed_in_order_page_by_page(fresh_server):
    dynamodb = fresh_server().client("dynamodb")
    for number in range(7):
        create(dynamodb, f"table-{number}")
    pages = list(dynamodb.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["TableNames"]) for page in pages] == [3, 3, 1]
    assert [name for page in pages for name in page["TableNames"]] == [f"table-{number}" for number in range(7)]


@pytest.mark.parametrize("name, length", [("ab", 2), ("a" * 256, 256)])
def test_a_name_outside_its_bounds_is_refused(dynamodb, name, length):
    error = refusal(create, dynamodb, name)
    assert error["Code"] == "ValidationException"


def test_the_cli_creates_and_lists(aws, unique_name):
    name = unique_name("cli")
    aws(
        "dynamodb", "create-table", "--table-name", name, "--billing-mode", "PAY_PER_REQUEST",
        "--attribute-definitions", "AttributeName=id,AttributeType=S", "--key-schema", "AttributeName=id,KeyType=HASH",
    )
    assert name in aws("dynamodb", "list-tables")["TableNames"]
    aws("dynamodb", "put-item", "--table-name", name, "--item", '{"id": {"S": "a"}, "size": {"N": "1"}}')
    answer = aws("dynamodb", "get-item", "--table-name", name, "--key", '{"id": {"S": "a"}}', "--consistent-read")
    assert answer["Item"] == {"id": {"S": "a"}, "size": {"N": "1"}}


def test_the_limits_are_those_of_a_new_account(dynamodb):
    limits = dynamodb.describe_limits()
    del limits["ResponseMetadata"]
    assert limits == {
        "AccountMaxReadCapacityUnits": 80_000, "AccountMaxWriteCapacityUnits": 80_000,
        "TableMaxReadCapacityUnits": 40_000, "TableMaxWriteCapacityUnits": 40_000,
    }


def test_names_that_only_look_alike_are_different_names(dynamodb, unique_name):
    names = ["\u00e9", "e\u0301"]
    composed, decomposed = names
    table = unique_name("alike")
    create(
        dynamodb, table,
        KeySchema=[
            {"AttributeName": composed, "KeyType": "HASH"}, {"AttributeName": decomposed, "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        GlobalSecondaryIndexes=[{
            "IndexName": "swapped",
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["\u00e4", "a\u0308"]},
            "KeySchema": [
                {"AttributeName": decomposed, "KeyType": "HASH"}, {"AttributeName": composed, "KeyType": "RANGE"}],
        }],
    )
    dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig=SOON)
    description = dynamodb.describe_table(TableName=table)["Table"]
    assert [definition["AttributeName"] for definition in description["AttributeDefinitions"]] == names
    item = {composed: {"S": "1"}, decomposed: {"S": "2"}, "\u00e4": {"S": "3"}, "a\u0308": {"S": "4"}}
    dynamodb.put_item(TableName=table, Item=item)
    found = dynamodb.query(
        TableName=table, IndexName="swapped", KeyConditionExpression="#n = :v",
        ExpressionAttributeNames={"#n": decomposed}, ExpressionAttributeValues={":v": {"S": "2"}},
    )
    assert found["Items"] == [item]
    tags = [{"Key": "\u212b", "Value": "1"}, {"Key": "\u00c5", "Value": "2"}]
    dynamodb.tag_resource(ResourceArn=description["TableArn"], Tags=tags)
    dynamodb.untag_resource(ResourceArn=description["TableArn"], TagKeys=["\u00c5"])
    assert dynamodb.list_tags_of_resource(ResourceArn=description["TableArn"])["Tags"] == tags[:1]
