"""Resource-based policies that ask about items: IAM's condition keys of DynamoDB, through boto3."""

import json

import botocore.exceptions
import pytest

from test_dynamodb_tables import create


@pytest.fixture
def table(dynamodb, unique_name):
    """(name, a function that denies an action under a condition)."""
    name = unique_name("conditions")
    arn = create(dynamodb, name)["TableArn"]

    def deny(action, condition):
        statement = {"Effect": "Deny", "Principal": "*", "Action": f"dynamodb:{action}", "Resource": "*",
                     "Condition": condition}
        dynamodb.put_resource_policy(
            ResourceArn=arn, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
            ConfirmRemoveSelfResourceAccess=True)

    return name, deny


def is_denied(request, **parameters):
    try:
        request(**parameters)
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] == "AccessDeniedException":
            assert "with an explicit deny in a resource-based policy" in error.response["Error"]["Message"]
            return True
        raise
    return False


def key(partition, sort="0"):
    return {"pk": {"S": partition}, "sk": {"S": sort}}


def test_partitions_are_denied_to_single_requests_batches_transactions_and_statements(dynamodb, table):
    name, deny = table
    deny("*Item", {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["secret*"]}})
    for partition, expected in (("open", False), ("secret-1", True)):
        assert is_denied(dynamodb.put_item, TableName=name, Item=key(partition)) == expected
        assert is_denied(dynamodb.get_item, TableName=name, Key=key(partition)) == expected
        assert is_denied(
            dynamodb.update_item, TableName=name, Key=key(partition), UpdateExpression="SET a = :a",
            ExpressionAttributeValues={":a": {"N": "1"}}) == expected
        assert is_denied(
            dynamodb.batch_get_item, RequestItems={name: {"Keys": [key("open", "1"), key(partition)]}}) == expected
        assert is_denied(
            dynamodb.batch_write_item,
            RequestItems={name: [{"PutRequest": {"Item": key("open", "1")}},
                                 {"DeleteRequest": {"Key": key(partition)}}]}) == expected
        assert is_denied(
            dynamodb.transact_write_items,
            TransactItems=[{"Put": {"TableName": name, "Item": key("open", "1")}},
                           {"Put": {"TableName": name, "Item": key(partition)}}]) == expected
    deny("PartiQL*", {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["secret*"]}})
    for partition, expected in (("open", False), ("secret-1", True)):
        assert is_denied(
            dynamodb.execute_statement, Statement=f'SELECT * FROM "{name}" WHERE pk = ?',
            Parameters=[{"S": partition}]) == expected
        assert is_denied(
            dynamodb.execute_statement,
            Statement=f"INSERT INTO \"{name}\" VALUE {{'pk': '{partition}', 'sk': 'new'}}") == expected


def test_a_query_is_denied_by_the_partition_of_its_index(dynamodb, unique_name):
    name = unique_name("conditions-index")
    index = {"IndexName": "by-owner", "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
             "Projection": {"ProjectionType": "ALL"}}
    arn = dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "owner")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[index])["TableDescription"]["TableArn"]
    statement = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:Query", "Resource": f"{arn}/index/*",
                 "Condition": {"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": "ana"}}}
    dynamodb.put_resource_policy(
        ResourceArn=arn, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    def query(owner):
        return is_denied(
            dynamodb.query, TableName=name, IndexName="by-owner", KeyConditionExpression="#o = :o",
            ExpressionAttributeNames={"#o": "owner"}, ExpressionAttributeValues={":o": {"S": owner}})

    assert query("ana") and not query("bob")


def test_attributes_are_denied_with_reads_that_do_not_name_theirs(dynamodb, table):
    name, deny = table
    deny("GetItem", {"ForAnyValue:StringEquals": {"dynamodb:Attributes": ["ssn"]}})
    assert is_denied(dynamodb.get_item, TableName=name, Key=key("a"), ProjectionExpression="ssn.x")
    assert not is_denied(dynamodb.get_item, TableName=name, Key=key("a"), ProjectionExpression="nickname")
    assert not is_denied(dynamodb.get_item, TableName=name, Key=key("a"))
    deny("GetItem", {"StringNotEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}})
    assert is_denied(dynamodb.get_item, TableName=name, Key=key("a"))
    assert not is_denied(dynamodb.get_item, TableName=name, Key=key("a"), ProjectionExpression="nickname")


def test_what_is_returned_transactions_and_full_scans_are_denied(dynamodb, table):
    name, deny = table
    deny("UpdateItem", {"StringEquals": {"dynamodb:ReturnValues": ["ALL_OLD", "ALL_NEW"]}})
    assert is_denied(dynamodb.update_item, TableName=name, Key=key("a"), ReturnValues="ALL_NEW")
    assert not is_denied(dynamodb.update_item, TableName=name, Key=key("a"), ReturnValues="UPDATED_NEW")
    deny("PutItem", {"Null": {"dynamodb:EnclosingOperation": "true"}})
    assert is_denied(dynamodb.put_item, TableName=name, Item=key("a"))
    assert not is_denied(
        dynamodb.transact_write_items, TransactItems=[{"Put": {"TableName": name, "Item": key("a")}}])
    deny("PartiQLSelect", {"Bool": {"dynamodb:FullTableScan": "true"}})
    assert is_denied(dynamodb.execute_statement, Statement=f'SELECT * FROM "{name}"')
    assert not is_denied(dynamodb.execute_statement, Statement=f"SELECT * FROM \"{name}\" WHERE pk = 'a'")
    deny("Scan", {"StringEquals": {"dynamodb:ReturnConsumedCapacity": "TOTAL"}})
    assert is_denied(dynamodb.scan, TableName=name, ReturnConsumedCapacity="TOTAL")
    assert not is_denied(dynamodb.scan, TableName=name)
