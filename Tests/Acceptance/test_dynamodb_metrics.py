"""What CloudWatch would have of tables, as /metrics tells it where it may."""

import re

import botocore.exceptions
import pytest

from test_dynamodb_tables import create


def measured(server, metric, **labels):
    """(sum, number of samples) of a metric of AWS/DynamoDB; (0, 0) where nothing was measured."""
    text = server.get("/metrics").read().decode()
    found = []
    for part in ("sum", "count"):
        total = 0.0
        for given, value in re.findall(rf"^aws_dynamodb_{metric}_{part}\{{(.*)\}} (\S+)$", text, re.MULTILINE):
            names = dict(re.findall(r'(\w+)="([^"]*)"', given))
            del names["account"], names["region"]
            if names == labels:
                total += float(value)
        found.append(total)
    return tuple(found)


def test_tables_are_not_named_unless_asked_for(server, dynamodb):
    create(dynamodb, "metrics-hidden")
    dynamodb.put_item(TableName="metrics-hidden", Item={"pk": {"S": "a"}, "sk": {"S": "0"}})
    text = server.get("/metrics").read().decode()
    assert "metrics-hidden" not in text and "aws_dynamodb" not in text


def test_what_requests_consume_and_how_they_end_is_counted_for_each_table(fresh_server):
    server = fresh_server("--table-metrics", "true")
    dynamodb = server.client("dynamodb")
    create(dynamodb, "orders", ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 9},
           BillingMode="PROVISIONED")
    key = {"pk": {"S": "a"}, "sk": {"S": "0"}}
    for size in (10, 2500):
        dynamodb.put_item(TableName="orders", Item=key | {"data": {"S": "x" * size}})
    dynamodb.get_item(TableName="orders", Key=key, ConsistentRead=True)
    dynamodb.scan(TableName="orders")
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        dynamodb.put_item(TableName="orders", Item=key, ConditionExpression="attribute_not_exists(pk)")
    assert refused.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    for name in ("get_item", "delete_item"):
        with pytest.raises(botocore.exceptions.ClientError):
            getattr(dynamodb, name)(TableName="absent", Key=key)
    with pytest.raises(botocore.exceptions.ClientError):
        dynamodb.get_item(TableName="orders", Key={})
    # Refused before any handler sees it.
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        dynamodb.get_item(TableName="orders", Key=key, ReturnConsumedCapacity="SOME")
    assert "failed to satisfy constraint" in refused.value.response["Error"]["Message"]

    # 1 + 3 for the puts, 3 for the one that was refused.
    assert measured(server, "consumed_write_capacity_units", table_name="orders") == (7, 3)
    assert measured(server, "consumed_read_capacity_units", table_name="orders") == (1.5, 2)
    total, samples = measured(server, "successful_request_latency", operation="PutItem", table_name="orders")
    assert samples == 2 and 0 < total < 10_000
    assert measured(server, "returned_item_count", operation="Scan", table_name="orders") == (1, 1)
    assert measured(server, "conditional_check_failed_requests", table_name="orders") == (1, 1)
    assert measured(server, "user_errors") == (4, 4)
    assert measured(server, "throttled_requests", operation="PutItem", table_name="orders") == (0, 0)
    # Counted once, however often it is looked at.
    assert measured(server, "consumed_write_capacity_units", table_name="orders") == (7, 3)
