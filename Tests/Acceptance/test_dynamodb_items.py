"""Items through boto3: what goes in comes out, conditions hold, refusals have AWS's sentences."""

import decimal
import multiprocessing
import time

import botocore.exceptions
import pytest
from boto3.dynamodb.conditions import Attr, Key

from brume_server import SOON
from test_dynamodb_tables import create, refusal


@pytest.fixture(scope="module")
def table(server, dynamodb):
    """A table with keys `pk` and `sk`, for the tests of this file; each takes a partition of its own."""
    create(dynamodb, "items")
    dynamodb.get_waiter("table_exists").wait(TableName="items", WaiterConfig=SOON)
    return server.resource("dynamodb").Table("items")


VALUES = {
    "text": "häßlich \U0001f600 \" \\ \n", "empty": "",
    "number": decimal.Decimal("1234567890.123456789012345678901234567"),
    "small": decimal.Decimal("1E-130"), "negative": decimal.Decimal("-99999999999999999999999999999999999999"),
    "binary": b"\x00\xff", "yes": True, "no": False, "nothing": None, "list": [1, "two", [3, {"four": 5}]],
    "map": {"a": {"b": {"c": []}}}, "strings": {"a", "b"},
    "numbers": {1, decimal.Decimal("2.5")}, "binaries": {b"a", b"b"},
}


def test_every_type_comes_back_as_it_went(table):
    item = {"pk": "types", "sk": "all"} | VALUES
    table.put_item(Item=item)
    assert table.get_item(Key={"pk": "types", "sk": "all"}, ConsistentRead=True)["Item"] == item


@pytest.mark.parametrize(("given", "shown"), [
    ("1e100", "1" + "0" * 100),
    ("-9.9999999999999999999999999999999999999E+125", "-" + "9" * 38 + "0" * 88),
    ("00012.500", "12.5"), ("-0", "0"), ("1E-130", "0." + "0" * 129 + "1"),
])
def test_a_number_is_shown_in_plain_digits(table, dynamodb, given, shown):
    # Not through the resource: boto3's own decimals refuse more than 38 digits, zeros counted (boto3 issue 2500).
    key = {"pk": {"S": "plain"}, "sk": {"S": given}}
    dynamodb.put_item(TableName="items", Item=key | {"n": {"N": given}})
    assert dynamodb.get_item(TableName="items", Key=key)["Item"]["n"] == {"N": shown}


def test_a_missing_item_has_no_item_member(table):
    assert "Item" not in table.get_item(Key={"pk": "missing", "sk": "none"})


def test_a_condition_that_does_not_hold_changes_nothing(table):
    table.put_item(Item={"pk": "condition", "sk": "a", "version": 1})
    absent = Attr("pk").not_exists()
    error = refusal(table.put_item, Item={"pk": "condition", "sk": "a", "version": 2}, ConditionExpression=absent)
    assert error["Code"] == "ConditionalCheckFailedException"
    assert error["Message"] == "The conditional request failed"
    assert table.get_item(Key={"pk": "condition", "sk": "a"})["Item"]["version"] == 1


def test_a_failed_condition_returns_the_item_when_asked(table):
    table.put_item(Item={"pk": "old", "sk": "a", "version": 1})
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        table.delete_item(
            Key={"pk": "old", "sk": "a"}, ConditionExpression=Attr("version").gt(1),
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert refused.value.response["Item"] == {"pk": {"S": "old"}, "sk": {"S": "a"}, "version": {"N": "1"}}
    # The message has the model's name beside the item too, so that boto3 shows it in both places.
    assert refused.value.response["Error"]["Message"] == "The conditional request failed"
    assert refused.value.response["message"] == "The conditional request failed"


def test_an_update_sets_removes_adds_and_deletes(table):
    key = {"pk": "update", "sk": "a"}
    table.put_item(Item=key | {"count": 1, "gone": "x", "tags": {"a", "b"}, "list": [1, 2], "map": {"x": 1}})
    answer = table.update_item(
        Key=key, ReturnValues="ALL_NEW",
        UpdateExpression="SET #c = #c + :one, #l = list_append(#l, :more), #m.y = if_not_exists(#m.y, :one) "
        "REMOVE gone ADD hits :one DELETE tags :b",
        ExpressionAttributeNames={"#c": "count", "#l": "list", "#m": "map"},
        ExpressionAttributeValues={":one": 1, ":more": [3], ":b": {"b"}},
    )
    assert answer["Attributes"] == key | {
        "count": 2, "tags": {"a"}, "list": [1, 2, 3], "map": {"x": 1, "y": 1}, "hits": 1,
    }


@pytest.mark.parametrize("wanted, expected", [
    ("NONE", None), ("ALL_OLD", {"a": 1, "b": 1}), ("UPDATED_OLD", {"a": 1}), ("ALL_NEW", {"a": 2, "b": 1}),
    ("UPDATED_NEW", {"a": 2}),
])
def test_return_values_are_what_was_asked_for(table, wanted, expected):
    key = {"pk": "return", "sk": wanted}
    table.put_item(Item=key | {"a": 1, "b": 1})
    answer = table.update_item(
        Key=key, UpdateExpression="SET a = :two", ExpressionAttributeValues={":two": 2}, ReturnValues=wanted,
    )
    found = answer.get("Attributes")
    assert (found and {name: value for name, value in found.items() if name not in key}) == expected


@pytest.mark.parametrize("change, sentence", [
    ({"Item": {"pk": "a"}}, "One or more parameter values were invalid: Missing the key sk in the item"),
    ({"Item": {"pk": 1, "sk": "a"}},
     "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N"),
    ({"Item": {"pk": "a", "sk": "a"}, "ConditionExpression": "pk ="}, None),
    ({"Item": {"pk": "a", "sk": "a"}, "ConditionExpression": "attribute_not_exists(#x)"}, None),
])
def test_a_wrong_item_or_expression_is_refused(table, change, sentence):
    error = refusal(table.put_item, **change)
    assert error["Code"] == "ValidationException"
    assert sentence is None or error["Message"] == sentence


def test_an_item_of_400_kib_passes_and_one_byte_more_does_not(table):
    fixed = len("pk" + "size" + "sk" + "a" + "body")
    table.put_item(Item={"pk": "size", "sk": "a", "body": "x" * (400 * 1024 - fixed)})
    error = refusal(table.put_item, Item={"pk": "size", "sk": "a", "body": "x" * (400 * 1024 - fixed + 1)})
    assert error["Code"] == "ValidationException"
    assert error["Message"] == "Item size has exceeded the maximum allowed size"


def test_a_query_reads_a_partition_in_order_forward_backward_and_by_pages(table):
    with table.batch_writer() as batch:
        for number in range(60):
            batch.put_item(Item={"pk": "query", "sk": f"{number:03}", "number": number})
    asked = {"KeyConditionExpression": Key("pk").eq("query")}
    assert [item["number"] for item in table.query(**asked)["Items"]] == list(range(60))
    backward = table.query(**asked, ScanIndexForward=False, Limit=3)
    assert [item["number"] for item in backward["Items"]] == [59, 58, 57]
    assert backward["LastEvaluatedKey"] == {"pk": "query", "sk": "057"}
    rest = table.query(**asked, ScanIndexForward=False, ExclusiveStartKey=backward["LastEvaluatedKey"])
    assert [item["number"] for item in rest["Items"]] == list(range(56, -1, -1))


@pytest.mark.parametrize("condition, numbers", [
    (Key("sk").eq("005"), [5]), (Key("sk").lt("003"), [0, 1, 2]), (Key("sk").lte("001"), [0, 1]),
    (Key("sk").gt("017"), [18, 19]), (Key("sk").gte("019"), [19]), (Key("sk").between("004", "006"), [4, 5, 6]),
    (Key("sk").begins_with("01"), list(range(10, 20))),
])
def test_a_key_condition_bounds_the_partition(table, condition, numbers):
    with table.batch_writer() as batch:
        for number in range(20):
            batch.put_item(Item={"pk": "bounds", "sk": f"{number:03}", "number": number})
    found = table.query(KeyConditionExpression=Key("pk").eq("bounds") & condition)
    assert [item["number"] for item in found["Items"]] == numbers


def test_a_filter_hides_items_that_were_read_and_a_projection_hides_members(table):
    with table.batch_writer() as batch:
        for number in range(10):
            batch.put_item(Item={"pk": "filter", "sk": str(number), "number": number, "extra": {"deep": [number]}})
    found = table.query(
        KeyConditionExpression=Key("pk").eq("filter"), FilterExpression=Attr("number").gte(7),
        ProjectionExpression="sk, extra.deep[0]",
    )
    assert (found["Count"], found["ScannedCount"]) == (3, 10)
    assert found["Items"][0] == {"sk": "7", "extra": {"deep": [7]}}


def test_a_scan_sees_each_item_once_over_all_its_pages(server, dynamodb, unique_name):
    name = unique_name()
    create(dynamodb, name)
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig=SOON)
    with server.resource("dynamodb").Table(name).batch_writer() as batch:
        for number in range(500):
            batch.put_item(Item={"pk": f"p{number % 50}", "sk": str(number), "body": "x" * 5000})
    pages = list(dynamodb.get_paginator("scan").paginate(TableName=name))
    keys = [(item["pk"]["S"], item["sk"]["S"]) for page in pages for item in page["Items"]]
    assert len(pages) >= 3, "2.5 MB do not fit two pages of 1 MB"
    assert len(keys) == len(set(keys)) == 500
    parts = [
        page["Count"] for segment in range(4)
        for page in dynamodb.get_paginator("scan").paginate(TableName=name, Segment=segment, TotalSegments=4)
    ]
    assert sum(parts) == 500


def test_a_batch_gets_what_is_there_and_names_what_is_doubled(dynamodb, table):
    with table.batch_writer() as batch:
        for number in range(30):
            batch.put_item(Item={"pk": "batch", "sk": str(number)})
    keys = [{"pk": {"S": "batch"}, "sk": {"S": str(number)}} for number in range(40)]
    answer = dynamodb.batch_get_item(RequestItems={"items": {"Keys": keys}})
    assert len(answer["Responses"]["items"]) == 30
    assert answer["UnprocessedKeys"] == {}
    error = refusal(dynamodb.batch_get_item, RequestItems={"items": {"Keys": [keys[0], keys[0]]}})
    assert error["Code"] == "ValidationException"
    assert error["Message"] == "Provided list of item keys contains duplicates"


def test_capacity_is_counted_by_size(table):
    item = {"pk": "capacity", "sk": "a", "body": "x" * 5000}
    written = table.put_item(Item=item, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert (written["TableName"], written["CapacityUnits"]) == ("items", 5)
    key = {"pk": "capacity", "sk": "a"}
    for consistent, units in [(True, 2), (False, 1)]:
        read = table.get_item(Key=key, ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL")
        assert read["ConsumedCapacity"]["CapacityUnits"] == units


def test_concurrent_counters_lose_nothing(server, table):
    from concurrent.futures import ThreadPoolExecutor

    def add(_):
        client = server.client("dynamodb")
        for _ in range(25):
            client.update_item(
                TableName="items", Key={"pk": {"S": "counter"}, "sk": {"S": "a"}}, UpdateExpression="ADD amount :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(add, range(16)))
    assert table.get_item(Key={"pk": "counter", "sk": "a"}, ConsistentRead=True)["Item"]["amount"] == 400


def test_a_request_of_megabytes_does_not_make_others_wait(fresh_server):
    server = fresh_server("--loops", "1")
    client = server.client("dynamodb")
    client.create_table(
        TableName="large", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    values = {"NS": [str(number) for number in range(1_500_000)]}
    # In a process of its own: to write and sign so much keeps Python's lock for a second.
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def put():
        try:
            client.put_item(TableName="large", Item={"pk": {"S": "a"}, "x": values})
            sender.send("it was taken")
        except botocore.exceptions.ClientError as refused:
            sender.send(refused.response["Error"])

    process = context.Process(target=put)
    process.start()
    waits = []
    while process.is_alive():
        before = time.monotonic()
        assert server.get("/healthz").status == 200
        waits.append(time.monotonic() - before)
        time.sleep(0.01)
    assert receiver.poll() and receiver.recv() == {
        "Code": "ValidationException", "Message": "Item size has exceeded the maximum allowed size",
    }
    # Generous, as other programs may have the processor: it was seconds when the loop itself read the set.
    assert max(waits) < 1, waits
