"""Vector indexes: what boto3 writes is what SearchVectors finds, compared with a search by hand."""

import math
import random

import botocore.exceptions
import pytest

TABLE = "documents"
DIMENSIONS = 8


def number_list(vector):
    return [{"N": repr(x)} for x in vector]


def cosine(left, right):
    dot = sum(a * b for a, b in zip(left, right))
    return 1 - dot / math.sqrt(sum(a * a for a in left) * sum(b * b for b in right))


@pytest.fixture
def table(dynamodb):
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "shelf", "AttributeType": "S"},
            {"AttributeName": "year", "AttributeType": "N"},
        ],
        VectorIndexes=[
            {
                "IndexName": "all",
                "VectorAttribute": {"AttributeName": "embedding"},
                "Projection": {"ProjectionType": "KEYS_ONLY"},
                "Dimensions": DIMENSIONS,
                "DistanceFunction": "COSINE",
            },
            {
                "IndexName": "shelves",
                "VectorAttribute": {"AttributeName": "embedding"},
                "SearchSchema": [
                    {"AttributeName": "shelf", "SearchSchemaElementType": "HASH"},
                    {"AttributeName": "year", "SearchSchemaElementType": "INLINE_FILTER"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["title"]},
                "Dimensions": DIMENSIONS,
                "DistanceFunction": "EUCLIDEAN",
            },
        ],
    )
    yield TABLE
    dynamodb.delete_table(TableName=TABLE)


def put(dynamodb, key, vector, **more):
    dynamodb.put_item(TableName=TABLE, Item={"id": {"S": key}, "embedding": {"L": number_list(vector)}, **more})


def test_the_nearest_are_those_that_a_search_by_hand_finds(dynamodb, table):
    source = random.Random(7)
    vectors = {f"d{i}": [source.uniform(-1, 1) for _ in range(DIMENSIONS)] for i in range(300)}
    for key, vector in vectors.items():
        put(dynamodb, key, vector)
    wanted = [source.uniform(-1, 1) for _ in range(DIMENSIONS)]
    answer = dynamodb.search_vectors(
        TableName=TABLE, IndexName="all", SearchVector=number_list(wanted), TopK=10, ReturnConsumedCapacity="TOTAL"
    )
    by_hand = sorted(vectors, key=lambda key: cosine(vectors[key], wanted))[:10]
    assert [result["Item"]["id"]["S"] for result in answer["SearchResults"]] == by_hand
    assert answer["SearchResults"][0]["Score"] == pytest.approx(cosine(vectors[by_hand[0]], wanted), abs=1e-6)
    # The least that a search is said to take: AWS counts dimensions and what is found, not what is compared.
    assert answer["ConsumedCapacity"]["VectorSearchRequestBytes"] == 1024


def test_a_partition_and_a_filter_narrow_the_search_and_writes_are_seen(dynamodb, table):
    ones = [1.0] * DIMENSIONS
    put(dynamodb, "a", ones, shelf={"S": "x"}, year={"N": "1999"}, title={"S": "A"}, other={"S": "no"})
    put(dynamodb, "b", [2.0] * DIMENSIONS, shelf={"S": "x"}, year={"N": "2020"})
    put(dynamodb, "c", ones, shelf={"S": "y"})
    put(dynamodb, "none", ones)

    def found(condition, values, **names):
        answer = dynamodb.search_vectors(
            TableName=TABLE, IndexName="shelves", SearchVector=number_list(ones), TopK=5,
            SearchConditionExpression=condition, ExpressionAttributeValues=values,
            ProjectionExpression="id, title, shelf", **names,
        )
        return [(result["Item"]["id"]["S"], round(result["Score"], 3)) for result in answer["SearchResults"]]

    x = {":s": {"S": "x"}}
    assert found("shelf = :s", x) == [("a", 0.0), ("b", round(math.sqrt(DIMENSIONS), 3))]
    year = {":y": {"N": "2020"}}
    assert found("shelf = :s AND #y = :y", x | year, ExpressionAttributeNames={"#y": "year"}) == [
        ("b", round(math.sqrt(DIMENSIONS), 3))
    ]
    dynamodb.update_item(
        TableName=TABLE, Key={"id": {"S": "c"}}, UpdateExpression="SET shelf = :s", ExpressionAttributeValues=x
    )
    dynamodb.delete_item(TableName=TABLE, Key={"id": {"S": "a"}})
    assert [key for key, _ in found("shelf = :s", x)] == ["c", "b"]
    assert found("shelf = :s", {":s": {"S": "y"}}) == []


@pytest.mark.parametrize("change, message", [
    ({"TopK": 101}, "Provided TopK value '101' is out of valid range. The value must be between 1 and 100 inclusive"),
    ({"IndexName": "none"}, "The table does not have the specified index: none"),
    ({"IndexName": "shelves"}, "SearchConditionExpression must be provided when SearchSchema has a HASH key"),
])
def test_a_search_that_cannot_be_done_is_refused(dynamodb, table, change, message):
    request = {"TableName": TABLE, "IndexName": "all", "SearchVector": number_list([0.5] * DIMENSIONS), "TopK": 3}
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        dynamodb.search_vectors(**{**request, **change})
    assert failure.value.response["Error"] == {"Code": "ValidationException", "Message": message}


def test_a_vector_of_another_length_is_not_written(dynamodb, table):
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        put(dynamodb, "short", [1.0])
    assert failure.value.response["Error"]["Code"] == "ValidationException"


def test_the_table_describes_its_vector_indexes(dynamodb, table):
    put(dynamodb, "a", [1.0] * DIMENSIONS)
    indexes = dynamodb.describe_table(TableName=TABLE)["Table"]["VectorIndexes"]
    assert [(index["IndexName"], index["IndexStatus"], index["ItemCount"]) for index in indexes] == [
        ("all", "ACTIVE", 1), ("shelves", "ACTIVE", 0),
    ]
