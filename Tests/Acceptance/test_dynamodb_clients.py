"""DynamoDB through the interfaces that programs use: boto3's resource, the AWS CLI, PynamoDB, aiodynamo, and HTTP with
gzip.

The other files of this folder use boto3's client.
"""

import asyncio
import datetime
import gzip
import json
import zlib

import aiodynamo.errors
import botocore.auth
import botocore.awsrequest
import httpx
import pynamodb.attributes
import pynamodb.connection
import pynamodb.constants
import pynamodb.exceptions
import pynamodb.indexes
import pynamodb.models
import pynamodb.transactions
import pytest
from aiodynamo.client import Client
from aiodynamo.credentials import Key as Credential, StaticCredentials
from aiodynamo.expressions import F, HashKey, RangeKey
from aiodynamo.http.httpx import HTTPX
from aiodynamo.models import BatchGetRequest, KeySchema, KeySpec, KeyType, PayPerRequest, ReturnValues
from aiodynamo.operations import ConditionCheck, Get, Put, Update
from boto3.dynamodb.conditions import Attr, Key
from yarl import URL

from brume_server import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, SOON

# boto3's resource


def test_the_resource_makes_fills_reads_and_deletes_a_table(server, unique_name):
    resource, name = server.resource("dynamodb"), unique_name("resource")
    table = resource.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"},
            {"AttributeName": "kind", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[{
            "IndexName": "kinds", "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }],
    )
    table.wait_until_exists()
    table.reload()
    assert (table.table_status, table.item_count) == ("ACTIVE", 0)
    assert name in [known.name for known in resource.tables.all()]
    with table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
        for number in range(60):
            batch.put_item(Item={"pk": "a", "sk": number, "kind": "even" if number % 2 == 0 else "odd"})
        batch.put_item(Item={"pk": "a", "sk": 0, "kind": "zero"})
    found = table.query(KeyConditionExpression=Key("pk").eq("a") & Key("sk").between(0, 9), ScanIndexForward=False)
    assert [int(item["sk"]) for item in found["Items"]] == list(range(9, -1, -1))
    odd = table.query(
        IndexName="kinds", KeyConditionExpression=Key("kind").eq("odd"), FilterExpression=Attr("sk").gt(50),
        ProjectionExpression="#k", ExpressionAttributeNames={"#k": "sk"},
    )
    assert sorted(int(item["sk"]) for item in odd["Items"]) == [51, 53, 55, 57, 59]
    keys = [{"pk": "a", "sk": number} for number in (0, 1, 99)]
    answer = resource.batch_get_item(RequestItems={name: {"Keys": keys}})
    assert sorted(item["kind"] for item in answer["Responses"][name]) == ["odd", "zero"]
    changed = table.update_item(
        Key={"pk": "a", "sk": 0}, UpdateExpression="SET tags = :t ADD visits :one",
        ExpressionAttributeValues={":t": {"x", "y"}, ":one": 1}, ReturnValues="ALL_NEW",
    )
    assert changed["Attributes"] == {"pk": "a", "sk": 0, "kind": "zero", "tags": {"x", "y"}, "visits": 1}
    with pytest.raises(table.meta.client.exceptions.ConditionalCheckFailedException):
        table.delete_item(Key={"pk": "a", "sk": 0}, ConditionExpression=Attr("visits").gt(1))
    table.delete()
    table.wait_until_not_exists()


# The AWS CLI


def test_the_command_line_does_a_table_s_whole_life(aws, unique_name):
    name = unique_name("cli")
    aws(
        "dynamodb", "create-table", "--table-name", name, "--billing-mode", "PAY_PER_REQUEST", "--key-schema",
        "AttributeName=pk,KeyType=HASH", "AttributeName=sk,KeyType=RANGE", "--attribute-definitions",
        "AttributeName=pk,AttributeType=S", "AttributeName=sk,AttributeType=N",
    )
    aws("dynamodb", "wait", "table-exists", "--table-name", name)
    puts = [
        {"Put": {"TableName": name, "Item": {"pk": {"S": "a"}, "sk": {"N": str(number)}}}} for number in range(3)
    ]
    aws("dynamodb", "transact-write-items", "--transact-items", json.dumps(puts))
    updated = aws(
        "dynamodb", "update-item", "--table-name", name, "--key", '{"pk": {"S": "a"}, "sk": {"N": "1"}}',
        "--update-expression", "ADD visits :one", "--expression-attribute-values", '{":one": {"N": "1"}}',
        "--return-values", "UPDATED_NEW",
    )
    assert updated["Attributes"] == {"visits": {"N": "1"}}
    # The command line asks for page after page by itself.
    pages = aws(
        "dynamodb", "query", "--table-name", name, "--key-condition-expression", "pk = :p",
        "--expression-attribute-values", '{":p": {"S": "a"}}', "--page-size", "1",
    )
    assert [item["sk"]["N"] for item in pages["Items"]] == ["0", "1", "2"]
    found = aws("dynamodb", "execute-statement", "--statement", f'SELECT visits FROM "{name}" WHERE pk=\'a\' AND sk=1')
    assert found["Items"] == [{"visits": {"N": "1"}}]
    aws("dynamodb", "delete-table", "--table-name", name)
    aws("dynamodb", "wait", "table-not-exists", "--table-name", name)


# PynamoDB


class ByAuthor(pynamodb.indexes.GlobalSecondaryIndex):
    """Threads of an author, the most viewed last."""

    class Meta:
        index_name = "by-author"
        projection = pynamodb.indexes.AllProjection()
        billing_mode = pynamodb.constants.PAY_PER_REQUEST_BILLING_MODE

    author = pynamodb.attributes.UnicodeAttribute(hash_key=True)
    views = pynamodb.attributes.NumberAttribute(range_key=True)


class Thread(pynamodb.models.Model):
    """A table as PynamoDB's tutorial has it."""

    class Meta:
        table_name = "pynamodb-threads"
        billing_mode = pynamodb.constants.PAY_PER_REQUEST_BILLING_MODE
        region = REGION
        aws_access_key_id = ACCESS_KEY_ID
        aws_secret_access_key = SECRET_ACCESS_KEY

    forum = pynamodb.attributes.UnicodeAttribute(hash_key=True)
    subject = pynamodb.attributes.UnicodeAttribute(range_key=True)
    author = pynamodb.attributes.UnicodeAttribute(null=True)
    views = pynamodb.attributes.NumberAttribute(default=0)
    tags = pynamodb.attributes.UnicodeSetAttribute(null=True)
    data = pynamodb.attributes.JSONAttribute(null=True)
    raw = pynamodb.attributes.BinaryAttribute(null=True, legacy_encoding=False)
    created = pynamodb.attributes.UTCDateTimeAttribute(null=True)
    version = pynamodb.attributes.VersionAttribute()
    by_author = ByAuthor()


@pytest.fixture(scope="module")
def threads(server):
    """PynamoDB's model against the shared server."""
    Thread.Meta.host = server.url
    Thread.create_table(wait=True)
    yield Thread
    Thread.delete_table()


def test_pynamodb_stores_and_finds_what_a_model_says(threads):
    created = datetime.datetime(2026, 11, 28, 12, 30, tzinfo=datetime.timezone.utc)
    thread = threads(
        "forum", "types", author="ada", tags={"a", "b"}, data={"deep": [1, {"x": None}]}, raw=b"\x00\xff",
        created=created,
    )
    thread.save()
    found = threads.get("forum", "types", consistent_read=True)
    assert (found.author, found.tags, found.data, found.raw, found.created, found.version) == (
        "ada", {"a", "b"}, {"deep": [1, {"x": None}]}, b"\x00\xff", created, 1,
    )
    found.update(actions=[threads.views.add(3), threads.tags.delete({"a"})], condition=threads.author == "ada")
    assert (found.views, found.tags, found.version) == (3, {"b"}, 2)
    # The first object has an old version: its conditional write is refused.
    thread.views = 100
    with pytest.raises(pynamodb.exceptions.PutError) as refused:
        thread.save()
    assert refused.value.cause_response_code == "ConditionalCheckFailedException"
    with pytest.raises(threads.DoesNotExist):
        threads.get("forum", "absent")


def test_pynamodb_pages_queries_scans_and_batches(threads):
    with threads.batch_write() as batch:
        for number in range(40):
            batch.save(threads("pages", f"{number:02}", author="grace", views=number))
    found = list(threads.query("pages", threads.subject.startswith("1"), page_size=3))
    assert [thread.subject for thread in found] == [f"{number}" for number in range(10, 20)]
    popular = list(threads.by_author.query("grace", threads.views > 36, scan_index_forward=False))
    assert [int(thread.views) for thread in popular] == [39, 38, 37]
    assert threads.count("pages", filter_condition=threads.views < 5) == 5
    wanted = [("pages", "03"), ("pages", "04"), ("pages", "99")]
    assert sorted(thread.subject for thread in threads.batch_get(wanted)) == ["03", "04"]
    assert len(list(threads.scan(threads.author == "grace", page_size=7))) == 40
    first = threads.query("pages", limit=5)
    assert len(list(first)) == 5 and first.last_evaluated_key is not None


def test_pynamodb_transactions_are_whole(server, threads):
    connection = pynamodb.connection.Connection(region=REGION, host=server.url)
    connection.session.set_credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY)
    threads("whole", "a", views=1).save()
    with pynamodb.transactions.TransactWrite(connection=connection) as transaction:
        transaction.update(threads("whole", "a", version=1), actions=[threads.views.add(1)])
        transaction.save(threads("whole", "b", views=7))
    with pytest.raises(pynamodb.exceptions.TransactWriteError) as cancelled:
        with pynamodb.transactions.TransactWrite(connection=connection) as transaction:
            transaction.save(threads("whole", "c"))
            transaction.condition_check(threads, "whole", "a", condition=threads.views == 1)
    # PynamoDB sends conditions before what is stored.
    reasons = cancelled.value.cancellation_reasons
    assert [reason and reason.code for reason in reasons] == ["ConditionalCheckFailed", None]
    with pynamodb.transactions.TransactGet(connection=connection) as transaction:
        both = [transaction.get(threads, "whole", subject) for subject in "ab"]
    assert [int(future.get().views) for future in both] == [2, 7]
    assert threads.count("whole") == 2


# HTTP


def signed(server, operation, body, **headers):
    """The answer to a request signed by hand, its body as it was sent over the wire."""
    request = botocore.awsrequest.AWSRequest(
        "POST", server.url + "/", data=json.dumps(body).encode(),
        headers={"X-Amz-Target": f"DynamoDB_20120810.{operation}", "Content-Type": "application/x-amz-json-1.0"},
    )
    botocore.auth.SigV4Auth(server.session().get_credentials(), "dynamodb", REGION).add_auth(request)
    sent = dict(request.headers.items()) | headers
    with httpx.stream("POST", server.url + "/", content=request.data, headers=sent) as answer:
        return answer, b"".join(answer.iter_raw())


@pytest.mark.parametrize("asks", [True, False])
def test_large_answers_are_compressed_for_who_asks_and_the_checksum_is_of_what_is_sent(
    server, dynamodb, unique_name, asks,
):
    name = unique_name("gzip")
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig=SOON)
    for number in range(4):
        dynamodb.put_item(TableName=name, Item={"pk": {"S": str(number)}, "text": {"S": "word " * 5000}})
    encoding = {"Accept-Encoding": "gzip" if asks else "identity"}
    answer, body = signed(server, "Scan", {"TableName": name}, **encoding)
    assert answer.status_code == 200
    assert answer.headers.get("content-encoding") == ("gzip" if asks else None)
    assert int(answer.headers["x-amz-crc32"]) == zlib.crc32(body)
    assert int(answer.headers["content-length"]) == len(body)
    found = json.loads(gzip.decompress(body) if asks else body)
    assert found["Count"] == 4 and found["Items"][0]["text"] == {"S": "word " * 5000}
    assert len(body) < 20_000 or not asks
    # Small answers and refusals are as they are.
    for operation, request in [("GetItem", {"TableName": name, "Key": {"pk": {"S": "none"}}}), ("Scan", {})]:
        answer, body = signed(server, operation, request, **encoding)
        assert "content-encoding" not in answer.headers
        assert int(answer.headers["x-amz-crc32"]) == zlib.crc32(body)
        json.loads(body)


def test_a_body_of_another_type_than_json_1_0_is_not_found(server):
    for media_type in ("application/x-amz-json-1.1", "text/plain"):
        answer, body = signed(server, "ListTables", {}, **{"Content-Type": media_type})
        assert answer.status_code == 404 and b"UnknownOperationException" in body, media_type

# aiodynamo, which makes and signs its requests by itself


def test_aiodynamo_works_with_tables_items_and_transactions(server, unique_name):
    asyncio.run(aiodynamo_tour(server.url, unique_name("aiodynamo")))


async def aiodynamo_tour(url, name):
    async with httpx.AsyncClient() as session:
        credentials = StaticCredentials(Credential(ACCESS_KEY_ID, SECRET_ACCESS_KEY))
        client = Client(HTTPX(session), credentials, REGION, URL(url))
        table = client.table(name)
        schema = KeySchema(KeySpec("h", KeyType.string), KeySpec("r", KeyType.number))
        await table.create(PayPerRequest(), schema, wait_for_active=True)
        item = {"h": "a", "r": 1, "l": [1, {"x": None}], "b": b"\0\1", "s": {"a", "b"}, "f": 1.5}
        await table.put_item(item)
        assert await table.get_item({"h": "a", "r": 1}) == item
        for number in range(2, 302):
            await table.put_item({"h": "a", "r": number, "v": "x" * 5000})
        # More than one page.
        found = [item["r"] async for item in table.query(HashKey("h", "a") & RangeKey("r").gt(1))]
        assert found == list(range(2, 302))
        assert await table.count(HashKey("h", "a")) == 301
        updated = await table.update_item(
            {"h": "a", "r": 1}, F("l").append([5]) & F("z").set_if_not_exists(3), condition=F("l").size().gt(1),
            return_values=ReturnValues.updated_new,
        )
        assert updated == {"l": [1, {"x": None}, 5], "z": 3}
        with pytest.raises(aiodynamo.errors.ConditionalCheckFailed):
            await table.put_item({"h": "a", "r": 1}, condition=F("h").does_not_exist())
        await client.transact_write_items([
            Put(name, {"h": "b", "r": 1}), Update(name, {"h": "b", "r": 2}, F("c").set(1)),
            ConditionCheck(name, {"h": "a", "r": 1}, F("h").exists()),
        ])
        assert await client.transact_get_items([Get(name, {"h": "b", "r": 1})]) == [{"h": "b", "r": 1}]
        answer = await client.batch_get({name: BatchGetRequest(keys=[{"h": "b", "r": 2}, {"h": "b", "r": 9}])})
        assert answer.items[name] == [{"h": "b", "r": 2, "c": 1}]
        assert len([item async for item in table.scan()]) == 303
        await table.delete()
