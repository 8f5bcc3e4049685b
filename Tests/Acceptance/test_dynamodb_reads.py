"""Queries and scans of tables and indexes through boto3: what is selected, where pages go on, what it costs."""

import botocore.exceptions
import pytest

TABLE, MULTI = "reads", "reads-multi"
P = {":p": {"S": "a"}}
G = {":p": {"S": "g"}}
EVERY = ["gp", "gs", "ls", "pk", "sk", "x", "y"]
REFUSED = "ValidationException: "
ENVELOPE = REFUSED + "1 validation error detected: "
KEYS = REFUSED + "Invalid KeyConditionExpression: "


def s(text):
    return {"S": text}


def n(number):
    return {"N": str(number)}


def key(pk, sk):
    return {"pk": s(pk), "sk": n(sk)}


def schema(partition, *sort):
    keys = [{"AttributeName": name, "KeyType": "HASH"} for name in partition]
    return keys + [{"AttributeName": name, "KeyType": "RANGE"} for name in sort]


def index(name, keys, projection, *names):
    shown = {"ProjectionType": projection} | ({"NonKeyAttributes": list(names)} if names else {})
    return {"IndexName": name, "KeySchema": keys, "Projection": shown}


def definitions(**types):
    return [{"AttributeName": name, "AttributeType": type_} for name, type_ in types.items()]


@pytest.fixture(scope="module", autouse=True)
def tables(dynamodb):
    dynamodb.create_table(
        TableName=TABLE, BillingMode="PAY_PER_REQUEST", KeySchema=schema(["pk"], "sk"),
        AttributeDefinitions=definitions(pk="S", sk="N", ls="S", gp="S", gs="N"),
        LocalSecondaryIndexes=[
            index("local-keys", schema(["pk"], "ls"), "KEYS_ONLY"), index("local-all", schema(["pk"], "ls"), "ALL")],
        GlobalSecondaryIndexes=[
            index("some", schema(["gp"], "gs"), "INCLUDE", "x"), index("whole", schema(["gp"]), "ALL")],
    )
    for pk in "ab":
        for sk in range(5):
            item = key(pk, sk) | {"x": n(sk), "y": s("y" * 10)}
            item |= {"ls": s(f"l{4 - sk}")} if sk % 2 == 0 else {}
            item |= {"gp": s("g"), "gs": n(sk % 3)} if sk != 3 else {}
            dynamodb.put_item(TableName=TABLE, Item=item)
    dynamodb.create_table(
        TableName=MULTI, BillingMode="PAY_PER_REQUEST", KeySchema=schema(["pk"]),
        AttributeDefinitions=definitions(pk="S", a="S", b="N", c="S", d="N", e="B"),
        GlobalSecondaryIndexes=[index("multi", schema(["a", "b"], "c", "d", "e"), "ALL")],
    )
    for number in range(6):
        dynamodb.put_item(TableName=MULTI, Item={
            "pk": s(f"k{number}"), "a": s("x"), "b": n(1), "c": s("cc" if number < 4 else "dd"), "d": n(number % 3),
            "e": {"B": bytes([number])},
        })
    dynamodb.put_item(TableName=MULTI, Item={"pk": s("part"), "a": s("x"), "b": n(1), "c": s("cc")})


def outcome(request, **parameters):
    """What a request answers, or how it is refused."""
    try:
        return request(**({"TableName": TABLE} | parameters))
    except botocore.exceptions.ClientError as refused:
        return f"{refused.response['Error']['Code']}: {refused.response['Error']['Message']}"


def query(dynamodb, condition, values, **options):
    return outcome(
        dynamodb.query, KeyConditionExpression=condition, ExpressionAttributeValues=values, **options)


def shown(answer, *names):
    """The named attributes of the items, or the refusal."""
    if isinstance(answer, str):
        return answer
    return [tuple(next(iter(item[name].values())) for name in names) for item in answer["Items"]]


# The condition on the keys, its value, and the sort keys of what is found.
FOUND = [
    ("pk = :p AND sk = :v", {":v": n("2.0")}, [2]), ("sk = :v AND pk = :p", {":v": n(2)}, [2]),
    ("pk = :p AND sk < :v", {":v": n(2)}, [0, 1]), ("pk = :p AND :v <= sk", {":v": n(2)}, [2, 3, 4]),
    ("(pk = :p) AND (sk BETWEEN :v AND :w)", {":v": n(1), ":w": n("2.5")}, [1, 2]),
    ("pk = :p AND sk > :v", {":v": n(9)}, []),
    ("pk = :p AND sk BETWEEN :v AND :w", {":v": n(3), ":w": n(1)},
     KEYS + "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound "
     "operand: AttributeValue: {N:3}, upper bound operand: AttributeValue: {N:1}"),
    ("pk = :p AND begins_with(sk, :v)", {":v": n(1)},
     KEYS + "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"),
    ("pk = :p OR sk = :v", {":v": n(1)}, KEYS + "Invalid operator used in KeyConditionExpression: OR"),
    ("pk = :p AND sk > :v AND sk < :w", {":v": n(1), ":w": n(3)},
     KEYS + "KeyConditionExpressions must only contain one condition per key"),
    ("pk = :p AND x = :v", {":v": n(1)}, REFUSED + "Query condition missed key schema element: sk"),
    ("pk < :p", {}, REFUSED + "Query key condition not supported"),
]


@pytest.mark.parametrize(("condition", "values", "wanted"), FOUND)
def test_a_key_condition_finds_its_range(dynamodb, condition, values, wanted):
    answer = query(dynamodb, condition, P | values)
    assert shown(answer, "sk") == (wanted if isinstance(wanted, str) else [(str(sk),) for sk in wanted])


# The index, Select and the projection, and the names of what is returned.
SELECTED = [
    (None, "ALL_ATTRIBUTES", None, EVERY), ("local-keys", None, None, ["ls", "pk", "sk"]),
    ("local-keys", "ALL_PROJECTED_ATTRIBUTES", None, ["ls", "pk", "sk"]), ("local-keys", "ALL_ATTRIBUTES", None, EVERY),
    ("local-keys", "SPECIFIC_ATTRIBUTES", "y", ["y"]), ("some", None, None, ["gp", "gs", "pk", "sk", "x"]),
    ("whole", "ALL_ATTRIBUTES", None, EVERY), ("some", "SPECIFIC_ATTRIBUTES", "x, pk", ["pk", "x"]),
    ("some", "ALL_ATTRIBUTES", None,
     REFUSED + "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global "
     "secondary index some because its projection type is not ALL"),
    ("some", None, "y",
     REFUSED + "One or more parameter values were invalid: Global secondary index some does not project [y]"),
    (None, "ALL_PROJECTED_ATTRIBUTES", None,
     ENVELOPE + "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"),
    (None, "COUNT", "x", ENVELOPE + "Cannot specify the ProjectionExpression when choosing to get only the Count"),
    ("nope", None, None, REFUSED + "The table does not have the specified index: nope"),
]


@pytest.mark.parametrize(("name", "select", "projection", "wanted"), SELECTED)
def test_a_query_returns_what_it_selects(dynamodb, name, select, projection, wanted):
    options = {"IndexName": name, "Select": select, "ProjectionExpression": projection}
    condition, values = ("gp = :p", G) if name in ("some", "whole") else ("pk = :p", P)
    answer = query(dynamodb, condition, values, **{option: value for option, value in options.items() if value})
    if not isinstance(answer, str):
        answer = sorted({attribute for item in answer["Items"] for attribute in item})
    assert answer == wanted


@pytest.mark.parametrize(("options", "wanted"), [
    ({"Select": "SPECIFIC_ATTRIBUTES"},
     "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"),
    ({"Select": "ALL_PROJECTED_ATTRIBUTES"},
     "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"),
    ({"Select": "COUNT", "AttributesToGet": ["x"]},
     "Cannot specify the AttributesToGet when choosing to get only the Count"),
])
def test_a_scan_says_as_a_query_what_it_cannot_select(dynamodb, options, wanted):
    assert outcome(dynamodb.scan, **options) == ENVELOPE + wanted


@pytest.mark.parametrize(("name", "condition", "values", "names"), [
    (None, "pk = :p", P, ["pk", "sk"]), ("local-keys", "pk = :p", P, ["ls", "pk", "sk"]),
    ("some", "gp = :p", G, ["gp", "gs", "pk", "sk"]), ("whole", "gp = :p", G, ["gp", "pk", "sk"]),
])
@pytest.mark.parametrize("forward", [True, False])
def test_pages_have_each_item_once_and_keys_of_index_and_table(dynamodb, name, condition, values, names, forward):
    options = {"ScanIndexForward": forward} | ({"IndexName": name} if name else {})
    whole = shown(query(dynamodb, condition, values, **options), "pk", "sk")
    for limit in (1, 2, 3):
        found, start = [], {}
        while True:
            page = query(dynamodb, condition, values, Limit=limit, **options, **start)
            assert page["ScannedCount"] <= limit
            found += shown(page, "pk", "sk")
            if "LastEvaluatedKey" not in page:
                break
            assert sorted(page["LastEvaluatedKey"]) == names
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        assert found == whole


@pytest.mark.parametrize(("start", "wanted"), [
    ({"pk": s("a")}, "The provided starting key is invalid"),
    (key("a", 1) | {"z": s("z")}, "The provided starting key is invalid"),
    ({"pk": s("a"), "sk": s("x")},
     "The provided starting key is invalid: The provided key element does not match the schema"),
    (key("b", 1), "The provided starting key is outside query boundaries based on provided conditions"),
])
def test_a_query_goes_on_only_from_a_key_of_its_own(dynamodb, start, wanted):
    assert query(dynamodb, "pk = :p", P, ExclusiveStartKey=start) == REFUSED + wanted
    assert query(dynamodb, "pk = :p AND sk > :v", P | {":v": n(2)}, ExclusiveStartKey=key("a", 1)) == (
        REFUSED + "The provided starting key does not match the range key predicate")
    assert shown(query(dynamodb, "pk = :p", P, ExclusiveStartKey=key("a", "2.5")), "sk") == [("3",), ("4",)]


def test_segments_share_a_table_and_its_indexes(dynamodb):
    for options, count in ({}, 10), ({"IndexName": "some"}, 8), ({"IndexName": "local-keys"}, 6):
        parts = [outcome(dynamodb.scan, Segment=part, TotalSegments=4, **options) for part in range(4)]
        found = [row for part in parts for row in shown(part, "pk", "sk")]
        assert len(found) == len(set(found)) == count
    assert outcome(dynamodb.scan, Segment=0) == REFUSED + (
        "The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
    assert outcome(dynamodb.scan, TotalSegments=2) == REFUSED + (
        "The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
    assert outcome(dynamodb.scan, Segment=2, TotalSegments=2) == REFUSED + (
        "The Segment parameter is zero-based and must be less than parameter TotalSegments")


def test_keys_of_several_attributes_are_bound_from_the_left(dynamodb):
    base = {":a": s("x"), ":b": n(1)}

    def find(condition, values=None, **options):
        answer = query(
            dynamodb, condition, base | (values or {}), TableName=MULTI, IndexName="multi", **options)
        return shown(answer, "pk")

    assert find("a = :a AND b = :b") == [(f"k{number}",) for number in (0, 3, 1, 2, 4, 5)]
    assert find("a = :a AND b = :b AND c = :c AND d > :d", {":c": s("cc"), ":d": n(0)}) == [("k1",), ("k2",)]
    assert find("a = :a AND b = :b AND c = :c AND d = :d AND e = :e", {
        ":c": s("cc"), ":d": n(0), ":e": {"B": b"\x03"}}) == [("k3",)]
    assert find("a = :a AND b = :b AND d = :d", {":d": n(1)}) == REFUSED + (
        "RANGE key attributes c must have equality conditions specified in the query because a condition is present on "
        "key attribute d")
    page = query(dynamodb, "a = :a AND b = :b", base, TableName=MULTI, IndexName="multi", Limit=4)
    assert sorted(page["LastEvaluatedKey"]) == ["a", "b", "c", "d", "e", "pk"]
    assert find("a = :a AND b = :b", ExclusiveStartKey=page["LastEvaluatedKey"]) == [("k4",), ("k5",)]


def capacity(total, table, local=None, whole=None):
    """ConsumedCapacity of INDEXES."""
    def units(indexes):
        return {name: {"CapacityUnits": float(count)} for name, count in indexes.items()}
    answer = {"TableName": TABLE, "CapacityUnits": float(total), "Table": {"CapacityUnits": float(table)}}
    answer |= {"LocalSecondaryIndexes": units(local)} if local else {}
    return answer | ({"GlobalSecondaryIndexes": units(whole)} if whole else {})


def test_writes_cost_what_they_change_of_each_index(dynamodb):
    item = key("cost", 1) | {"gp": s("c"), "gs": n(1), "ls": s("a")}
    both = {"local-keys": 1, "local-all": 1}

    def cost(request, **parameters):
        return outcome(request, ReturnConsumedCapacity="INDEXES", **parameters)["ConsumedCapacity"]

    assert cost(dynamodb.put_item, Item=item) == capacity(5, 1, both, {"some": 1, "whole": 1})
    assert cost(dynamodb.put_item, Item=item) == capacity(1, 1)
    moved = item | {"gp": s("d")}
    assert cost(dynamodb.put_item, Item=moved) == capacity(6, 1, {"local-all": 1}, {"some": 2, "whole": 2})
    assert cost(dynamodb.delete_item, Key=key("cost", 1)) == capacity(5, 1, both, {"some": 1, "whole": 1})
    assert cost(dynamodb.delete_item, Key=key("cost", 1)) == capacity(1, 1)


def test_reads_cost_what_they_read_also_of_what_is_not_there(dynamodb):
    def cost(answer):
        return answer["ConsumedCapacity"]["CapacityUnits"]

    total = {"ReturnConsumedCapacity": "TOTAL"}
    for sk in (1, 99):
        assert cost(outcome(dynamodb.get_item, Key=key("a", sk), **total)) == 0.5
        assert cost(outcome(dynamodb.get_item, Key=key("a", sk), ConsistentRead=True, **total)) == 1
    assert cost(query(dynamodb, "pk = :p", {":p": s("nobody")}, **total)) == 0.5
    fetched = query(
        dynamodb, "pk = :p", P, IndexName="local-keys", Select="ALL_ATTRIBUTES", ReturnConsumedCapacity="INDEXES")
    assert fetched["ConsumedCapacity"] == capacity(2, 1.5, {"local-keys": 0.5})
    gets = [{"Get": {"TableName": TABLE, "Key": key("a", sk)}} for sk in (1, 99)]
    assert dynamodb.transact_get_items(TransactItems=gets, **total)["ConsumedCapacity"] == [
        {"TableName": TABLE, "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}]
    batch = {TABLE: {"Keys": [key("a", 1), key("a", 99)]}}
    assert dynamodb.batch_get_item(RequestItems=batch, **total)["ConsumedCapacity"] == [
        {"TableName": TABLE, "CapacityUnits": 1.0}]
