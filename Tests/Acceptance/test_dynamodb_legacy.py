"""The parameters of before expressions through boto3: conditions, updates, filters, key conditions, attributes."""

import pytest

from brume_server import SOON
from test_dynamodb_tables import create, refusal


@pytest.fixture(scope="module")
def table(dynamodb):
    """A table with keys `pk` and `sk`, for the tests of this file; each takes a partition of its own."""
    create(dynamodb, "legacy")
    dynamodb.get_waiter("table_exists").wait(TableName="legacy", WaiterConfig=SOON)
    return "legacy"


def key(partition, sort):
    return {"pk": {"S": partition}, "sk": {"S": sort}}


def compare(operator, *values):
    return {"ComparisonOperator": operator, "AttributeValueList": list(values)}


def test_a_condition_guards_a_write(dynamodb, table):
    absent = {"pk": {"Exists": False}}
    dynamodb.put_item(TableName=table, Item=key("guard", "a") | {"n": {"N": "1"}}, Expected=absent)
    refused = refusal(dynamodb.put_item, TableName=table, Item=key("guard", "a"), Expected=absent)
    assert refused["Code"] == "ConditionalCheckFailedException"
    dynamodb.update_item(
        TableName=table, Key=key("guard", "a"), AttributeUpdates={"n": {"Action": "ADD", "Value": {"N": "1"}}},
        Expected={"n": {"Value": {"N": "1"}}, "m": compare("NULL") | {"AttributeValueList": []}},
        ConditionalOperator="AND",
    )
    refused = refusal(
        dynamodb.delete_item, TableName=table, Key=key("guard", "a"), Expected={"n": compare("LT", {"N": "2"})}
    )
    assert refused["Code"] == "ConditionalCheckFailedException"
    deleted = dynamodb.delete_item(
        TableName=table, Key=key("guard", "a"), Expected={"n": compare("IN", {"N": "2"}, {"N": "3"})},
        ReturnValues="ALL_OLD",
    )
    assert deleted["Attributes"]["n"] == {"N": "2"}


def test_attributes_are_put_added_and_deleted(dynamodb, table):
    updated = dynamodb.update_item(
        TableName=table, Key=key("update", "a"), ReturnValues="ALL_NEW",
        AttributeUpdates={
            "name": {"Value": {"S": "x"}, "Action": "PUT"}, "count": {"Value": {"N": "2"}, "Action": "ADD"},
            "tags": {"Value": {"SS": ["a", "b"]}, "Action": "ADD"},
        },
    )
    assert updated["Attributes"]["count"] == {"N": "2"}
    updated = dynamodb.update_item(
        TableName=table, Key=key("update", "a"), ReturnValues="UPDATED_NEW",
        AttributeUpdates={
            "name": {"Action": "DELETE"}, "count": {"Value": {"N": "-3"}, "Action": "ADD"},
            "tags": {"Value": {"SS": ["a"]}, "Action": "DELETE"},
        },
    )
    assert updated["Attributes"] == {"count": {"N": "-1"}, "tags": {"SS": ["b"]}}


def test_conditions_choose_and_filter(dynamodb, table):
    for number in range(5):
        dynamodb.put_item(TableName=table, Item=key("read", f"s{number}") | {"n": {"N": str(number)}})
    found = dynamodb.query(
        TableName=table, AttributesToGet=["n"],
        KeyConditions={"pk": compare("EQ", {"S": "read"}), "sk": compare("GE", {"S": "s2"})},
        QueryFilter={"n": compare("NE", {"N": "3"})},
    )
    assert found["Items"] == [{"n": {"N": "2"}}, {"n": {"N": "4"}}]
    assert (found["Count"], found["ScannedCount"]) == (2, 3)
    scanned = dynamodb.scan(
        TableName=table, ConditionalOperator="OR",
        ScanFilter={"n": compare("BETWEEN", {"N": "0"}, {"N": "1"}), "sk": compare("CONTAINS", {"S": "s4"})},
    )
    assert sorted(item["n"]["N"] for item in scanned["Items"] if item["pk"] == {"S": "read"}) == ["0", "1", "4"]
    assert dynamodb.get_item(TableName=table, Key=key("read", "s1"), AttributesToGet=["n"])["Item"] == {"n": {"N": "1"}}


def test_both_kinds_of_parameters_are_refused(dynamodb, table):
    refused = refusal(
        dynamodb.get_item, TableName=table, Key=key("a", "a"), AttributesToGet=["n"], ProjectionExpression="n"
    )
    assert refused["Code"] == "ValidationException"
    assert refused["Message"] == (
        "Can not use both expression and non-expression parameters in the same request: "
        "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"
    )


def test_names_that_only_look_alike_are_different_names(dynamodb, table):
    composed, decomposed = "\u00e9", "e\u0301"
    updated = dynamodb.update_item(
        TableName=table, Key=key("alike", "a"), ReturnValues="UPDATED_NEW",
        AttributeUpdates={composed: {"Value": {"S": "1"}}, decomposed: {"Value": {"S": "2"}}},
    )
    assert updated["Attributes"] == {composed: {"S": "1"}, decomposed: {"S": "2"}}
    for first, second, count in [("1", "2", 1), ("1", "1", 0), ("2", "2", 0)]:
        conditions = {composed: compare("EQ", {"S": first}), decomposed: compare("EQ", {"S": second})}
        assert dynamodb.scan(TableName=table, ScanFilter=conditions)["Count"] == count
        found = dynamodb.query(
            TableName=table, KeyConditions={"pk": compare("EQ", {"S": "alike"})}, QueryFilter=conditions)
        assert found["Count"] == count
        write = {"TableName": table, "Key": key("alike", "a"), "Expected": conditions}
        if count:
            dynamodb.update_item(**write)
        else:
            assert refusal(dynamodb.update_item, **write)["Code"] == "ConditionalCheckFailedException"
