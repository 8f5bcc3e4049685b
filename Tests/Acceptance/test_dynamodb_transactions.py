"""Transactions through boto3: all or nothing, with reasons, once for each token."""

import botocore.exceptions
import pytest

from brume_server import SOON
from test_dynamodb_tables import create


@pytest.fixture(scope="module")
def table(dynamodb):
    """A table with keys `pk` and `sk`, for the tests of this file; each takes a partition of its own."""
    create(dynamodb, "transactions")
    dynamodb.get_waiter("table_exists").wait(TableName="transactions", WaiterConfig=SOON)
    return "transactions"


def key(partition, sort):
    return {"pk": {"S": partition}, "sk": {"S": sort}}


def put(table, partition, sort, **options):
    return {"Put": {"TableName": table, "Item": key(partition, sort)} | options}


def test_a_transaction_is_done_whole_and_read_whole(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=key("whole", "b") | {"n": {"N": "1"}})
    dynamodb.put_item(TableName=table, Item=key("whole", "c"))
    add = {
        "TableName": table, "Key": key("whole", "b"), "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    check = {"TableName": table, "Key": key("whole", "d"), "ConditionExpression": "attribute_not_exists(pk)"}
    answer = dynamodb.transact_write_items(
        TransactItems=[
            put(table, "whole", "a"), {"Update": add}, {"Delete": {"TableName": table, "Key": key("whole", "c")}},
            {"ConditionCheck": check},
        ],
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 8.0, "WriteCapacityUnits": 8.0}]
    read = dynamodb.transact_get_items(
        TransactItems=[{"Get": {"TableName": table, "Key": key("whole", sort)}} for sort in "cba"]
    )
    assert read["Responses"] == [{}, {"Item": key("whole", "b") | {"n": {"N": "2"}}}, {"Item": key("whole", "a")}]


def test_a_cancelled_transaction_has_its_reasons(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=key("cancelled", "b"))
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as cancelled:
        dynamodb.transact_write_items(TransactItems=[
            put(table, "cancelled", "a"),
            put(
                table, "cancelled", "b", ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            ),
        ])
    assert cancelled.value.response["Error"]["Message"] == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]"
    )
    assert cancelled.value.response["CancellationReasons"] == [
        {"Code": "None"},
        {
            "Code": "ConditionalCheckFailed", "Message": "The conditional request failed",
            "Item": key("cancelled", "b"),
        },
    ]
    assert "Item" not in dynamodb.get_item(TableName=table, Key=key("cancelled", "a"))


def test_a_token_makes_a_transaction_happen_once(dynamodb, table):
    once = [put(table, "token", "a", ConditionExpression="attribute_not_exists(pk)")]
    dynamodb.transact_write_items(TransactItems=once, ClientRequestToken="only-once")
    dynamodb.transact_write_items(TransactItems=once, ClientRequestToken="only-once")
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        dynamodb.transact_write_items(TransactItems=[put(table, "token", "b")], ClientRequestToken="only-once")
    assert refused.value.response["Error"]["Code"] == "IdempotentParameterMismatchException"


def test_metrics_of_collections_are_those_that_were_written_not_those_that_were_checked(dynamodb, unique_name):
    name = unique_name("collections")
    schema = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "other", "KeyType": "RANGE"}]
    create(
        dynamodb, name,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk", "other")],
        LocalSecondaryIndexes=[
            {"IndexName": "local", "KeySchema": schema, "Projection": {"ProjectionType": "KEYS_ONLY"}}],
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig=SOON)
    check = {"TableName": name, "Key": key("checked", "a"), "ConditionExpression": "attribute_not_exists(pk)"}
    answer = dynamodb.transact_write_items(
        TransactItems=[
            {"ConditionCheck": check}, put(name, "put", "a"), put(name, "put", "b"),
            {"Update": {"TableName": name, "Key": key("updated", "a"), "UpdateExpression": "REMOVE x"}},
            {"Delete": {"TableName": name, "Key": key("deleted", "a")}},
        ],
        ReturnItemCollectionMetrics="SIZE",
    )
    assert list(answer["ItemCollectionMetrics"]) == [name]
    collections = [metrics["ItemCollectionKey"]["pk"]["S"] for metrics in answer["ItemCollectionMetrics"][name]]
    assert collections == ["put", "updated", "deleted"]
