"""Tags and endpoints of DynamoDB through boto3."""

import botocore.config
import boto3
import pytest

from brume_server import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from test_dynamodb_tables import create, refusal


@pytest.fixture
def table(dynamodb, unique_name):
    """The ARN of a new table."""
    return create(dynamodb, unique_name("control"))["TableArn"]


def tags(dynamodb, arn):
    return {tag["Key"]: tag["Value"] for tag in dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]}


def test_the_endpoint_is_the_address_that_was_used(dynamodb, server):
    assert dynamodb.describe_endpoints()["Endpoints"] == [
        {"Address": server.url.removeprefix("http://"), "CachePeriodInMinutes": 1440}
    ]


def test_tags_come_and_go(dynamodb, table):
    dynamodb.tag_resource(ResourceArn=table, Tags=[{"Key": "team", "Value": "red"}, {"Key": "empty", "Value": ""}])
    dynamodb.tag_resource(ResourceArn=table, Tags=[{"Key": "team", "Value": "blue"}])
    assert tags(dynamodb, table) == {"team": "blue", "empty": ""}
    dynamodb.untag_resource(ResourceArn=table, TagKeys=["team", "absent"])
    assert tags(dynamodb, table) == {"empty": ""}


def test_tags_are_paged_through_by_the_sdk(dynamodb, unique_name):
    given = [{"Key": f"k{number}", "Value": str(number)} for number in range(50)]
    arn = create(dynamodb, unique_name("control"), Tags=given)["TableArn"]
    pages = list(dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn))
    assert [tag for page in pages for tag in page["Tags"]] == given


def test_wrong_tags_are_refused_in_awss_words(server, table):
    client = boto3.client(
        "dynamodb", endpoint_url=server.url, region_name=REGION, aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY, config=botocore.config.Config(parameter_validation=False),
    )
    for given, sentence in [
        ([], "Atleast one Tag needs to be provided as Input."),
        ([{}], "The Tag Key provided is invalid, Key: null"),
        ([{"Key": "k"}], "The Tag Value provided is invalid, Value: null"),
        ([{"Key": "k" * 129, "Value": ""}], "The Tag Key provided is invalid, Key: " + "k" * 129),
    ]:
        assert refusal(client.tag_resource, ResourceArn=table, Tags=given)["Message"] == sentence


def test_tags_of_no_table_are_refused(dynamodb, table):
    missing = table + "-missing"
    error = refusal(dynamodb.list_tags_of_resource, ResourceArn=missing)
    assert error["Code"] == "ResourceNotFoundException"
    assert error["Message"] == f"Requested resource not found: ResourceArn: {missing} not found"
