"""Expressions and the parameters of before them, through boto3: what each does to an item, and what it returns."""

import botocore.exceptions
import pytest

TABLE = "expressions"
KEY = {"pk": {"S": "item"}}
OPERAND = "ValidationException: An operand in the update expression has an incorrect data type"
ABSENT = "ValidationException: The provided expression refers to an attribute that does not exist in the item"
PATH = "ValidationException: The document path provided in the update expression is invalid for update"
UPDATE = "ValidationException: 1 validation error detected: Invalid UpdateExpression: "
CONDITION = "ValidationException: 1 validation error detected: Invalid ConditionExpression: "
INCORRECT = "Incorrect operand type for operator or function; operator"
PARAMETER = "ValidationException: 1 validation error detected: One or more parameter values were invalid: "


def s(text):
    return {"S": text}


def n(number):
    return {"N": str(number)}


def ss(*texts):
    return {"SS": list(texts)}


def lst(*values):
    return {"L": list(values)}


@pytest.fixture(scope="module", autouse=True)
def table(dynamodb):
    dynamodb.create_table(
        TableName=TABLE, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )


def outcome(request, **parameters):
    """What a request answers, or how it is refused."""
    try:
        return request(TableName=TABLE, **parameters)
    except botocore.exceptions.ClientError as refused:
        return f"{refused.response['Error']['Code']}: {refused.response['Error']['Message']}"


def begin(dynamodb, attributes):
    """Makes the item anew; None: there is none."""
    dynamodb.delete_item(TableName=TABLE, Key=KEY)
    if attributes is not None:
        dynamodb.put_item(TableName=TABLE, Item=KEY | attributes)


def result(dynamodb, answer):
    """The item without its key after an update; the refusal of one that was refused."""
    if isinstance(answer, str):
        return answer
    item = dynamodb.get_item(TableName=TABLE, Key=KEY).get("Item")
    return item and {name: value for name, value in item.items() if name != "pk"}


def given(values):
    return {"ExpressionAttributeValues": values} if values else {}


# The item before, the expression, its values, and the item afterwards or the refusal.
UPDATES = [
    (None, "SET a = :v", {":v": n(1)}, {"a": n(1)}),
    (None, "REMOVE a", None, None),
    (None, "DELETE a :v", {":v": ss("a")}, None),
    ({"a": n(1), "b": n(2)}, "SET a = b, b = a", None, {"a": n(2), "b": n(1)}),
    ({"a": n(1)}, "SET a = a + :v, b = a - :v", {":v": n("0.1")}, {"a": n("1.1"), "b": n("0.9")}),
    ({}, "SET a = :v - :w", {":v": n(3), ":w": n(5)}, {"a": n(-2)}),
    ({"a": n(1)}, "SET a = (a + :v)", {":v": n(3)}, {"a": n(4)}),
    ({}, "SET a = a + :v", {":v": n(1)}, ABSENT),
    ({}, "SET a = b", None, ABSENT),
    ({}, "SET a = if_not_exists(a, if_not_exists(b, :v)) + :w", {":v": n(0), ":w": n(5)}, {"a": n(5)}),
    ({"a": n(7)}, "SET a = if_not_exists(a, :v)", {":v": n(0)}, {"a": n(7)}),
    ({"l": lst(n(1))}, "SET l = list_append(l, :v)", {":v": lst(n(2))}, {"l": lst(n(1), n(2))}),
    ({"l": lst(n(1))}, "SET l = list_append(:v, l)", {":v": lst(n(2))}, {"l": lst(n(2), n(1))}),
    ({}, "SET l = list_append(if_not_exists(l, :e), :v)", {":v": lst(n(2)), ":e": lst()}, {"l": lst(n(2))}),
    ({}, "SET l = list_append(l, :v)", {":v": lst(n(2))}, ABSENT),
    ({"l": s("a")}, "SET l = list_append(l, :v)", {":v": lst(n(2))}, OPERAND),
    ({"l": lst()}, "SET l = list_append(l, :v)", {":v": s("x")},
     f"{UPDATE}{INCORRECT} or function: list_append, operand type: S"),
    ({"a": n(1)}, "SET a = a + :v", {":v": s("x")}, f"{UPDATE}{INCORRECT} or function: +, operand type: S"),
    ({"a": s("x")}, "SET a = a + :v", {":v": n(1)}, OPERAND),
    ({"l": lst(n(1))}, "SET l[5] = :v", {":v": n(2)}, {"l": lst(n(1), n(2))}),
    ({"l": lst(n(1))}, "SET l[9] = :v, l[5] = :w", {":v": n(2), ":w": n(3)}, {"l": lst(n(1), n(3), n(2))}),
    ({"l": lst(n(0), n(1), n(2), n(3))}, "REMOVE l[1], l[3]", None, {"l": lst(n(0), n(2))}),
    ({"l": lst(n(0))}, "REMOVE l[7]", None, {"l": lst(n(0))}),
    ({"l": lst(n(0), n(1), n(2))}, "SET l[0] = :v REMOVE l[1]", {":v": n(9)}, {"l": lst(n(9), n(2))}),
    ({"a": n(1)}, "REMOVE b", None, {"a": n(1)}),
    ({"m": {"M": {"a": n(1)}}}, "REMOVE m.b", None, {"m": {"M": {"a": n(1)}}}),
    ({"a": n(1)}, "REMOVE b.c", None, PATH),
    ({"a": n(1)}, "SET b.c = :v", {":v": n(1)}, PATH),
    ({"a": n(1)}, "SET a.c = :v", {":v": n(1)}, PATH),
    ({"a": {"M": {}}}, "SET a[0] = :v", {":v": n(1)}, PATH),
    ({"a": {"M": {}}}, "SET a.c = :v", {":v": n(1)}, {"a": {"M": {"c": n(1)}}}),
    ({}, "ADD a :v", {":v": n(5)}, {"a": n(5)}),
    ({"a": n(1)}, "ADD a :v", {":v": n(-5)}, {"a": n(-4)}),
    ({"a": ss("a")}, "ADD a :v", {":v": ss("b", "a")}, {"a": ss("a", "b")}),
    ({"a": ss("a")}, "ADD a :v", {":v": {"NS": ["1"]}}, OPERAND),
    ({"a": ss("a")}, "ADD a :v", {":v": n(1)}, OPERAND),
    ({}, "ADD a :v", {":v": s("x")},
     f"{UPDATE}{INCORRECT}: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND"),
    ({"a": ss("a", "b")}, "DELETE a :v", {":v": ss("b", "z")}, {"a": ss("a")}),
    ({"a": ss("a"), "b": n(1)}, "DELETE a :v", {":v": ss("a")}, {"b": n(1)}),
    ({"b": n(1)}, "DELETE a :v", {":v": ss("a")}, {"b": n(1)}),
    ({"a": n(1)}, "DELETE a :v", {":v": ss("a")}, OPERAND),
    ({}, "DELETE a :v", {":v": n(1)},
     f"{UPDATE}{INCORRECT}: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND"),
    ({}, "SET a.b = :v REMOVE a", {":v": n(1)},
     f"{UPDATE}Two document paths overlap with each other; must remove or rewrite one of these paths; "
     "path one: [a, b], path two: [a]"),
    ({}, "SET a[0] = :v, a.b = :v", {":v": n(1)},
     f"{UPDATE}Two document paths conflict with each other; must remove or rewrite one of these paths; "
     "path one: [a, [0]], path two: [a, b]"),
    ({"a": n("9e125")}, "ADD a :v", {":v": n("9e125")},
     "ValidationException: Number overflow. Attempting to store a number with magnitude larger than supported range"),
]


@pytest.mark.parametrize(("before", "expression", "values", "wanted"), UPDATES)
def test_an_update_does_what_its_expression_says(dynamodb, before, expression, values, wanted):
    begin(dynamodb, before)
    answer = outcome(dynamodb.update_item, Key=KEY, UpdateExpression=expression, **given(values))
    assert result(dynamodb, answer) == wanted


WHOLE = {"a": n(1), "m": {"M": {"x": n(1), "y": n(2)}}, "l": lst(n(1), n(2), n(3)), "s": ss("a", "b")}
# ReturnValues, the item before, the expression, its values, and the Attributes of the answer.
RETURNED = [
    ("ALL_OLD", None, "SET a = :v", {":v": n(1)}, None),
    ("UPDATED_OLD", None, "SET a = :v", {":v": n(1)}, None),
    ("ALL_NEW", None, "SET a = :v", {":v": n(1)}, KEY | {"a": n(1)}),
    ("UPDATED_NEW", None, "SET a = :v", {":v": n(1)}, {"a": n(1)}),
    ("NONE", WHOLE, "SET a = :v", {":v": n(2)}, None),
    ("UPDATED_NEW", WHOLE, "SET a = :v", {":v": n(1)}, {"a": n(1)}),
    ("UPDATED_NEW", WHOLE, "SET m.x = :v", {":v": n(9)}, {"m": {"M": {"x": n(9)}}}),
    ("UPDATED_OLD", WHOLE, "SET m.x = :v", {":v": n(9)}, {"m": {"M": {"x": n(1)}}}),
    ("UPDATED_NEW", WHOLE, "SET m.x = :v, m.y = :v", {":v": n(9)}, {"m": {"M": {"x": n(9), "y": n(9)}}}),
    ("UPDATED_NEW", WHOLE, "SET l[1] = :v", {":v": n(9)}, {"l": lst(n(9))}),
    ("UPDATED_OLD", WHOLE, "SET l[1] = :v", {":v": n(9)}, {"l": lst(n(2))}),
    ("UPDATED_NEW", WHOLE, "REMOVE a", None, None),
    ("UPDATED_OLD", WHOLE, "REMOVE a", None, {"a": n(1)}),
    ("UPDATED_NEW", WHOLE, "REMOVE m.x", None, None),
    ("UPDATED_OLD", WHOLE, "REMOVE m.x", None, {"m": {"M": {"x": n(1)}}}),
    ("UPDATED_NEW", WHOLE, "ADD s :v", {":v": ss("c")}, {"s": ss("a", "b", "c")}),
    ("UPDATED_NEW", WHOLE, "DELETE s :v", {":v": ss("a", "b")}, None),
]


@pytest.mark.parametrize(("mode", "before", "expression", "values", "wanted"), RETURNED)
def test_an_update_returns_what_was_asked_for(dynamodb, mode, before, expression, values, wanted):
    begin(dynamodb, before)
    answer = outcome(dynamodb.update_item, Key=KEY, UpdateExpression=expression, ReturnValues=mode, **given(values))
    assert answer.get("Attributes") == wanted


COMPARED = {
    "ss": ss("c", "a", "b"), "ns": {"NS": ["3", "1", "2"]}, "bs": {"BS": [b"b", b"a"]}, "l": lst(n(1), s("a")),
    "m": {"M": {"a": n(1), "b": n(2)}}, "t": s("text"),
}
# The condition, its value, and whether it holds; or the refusal, as far as it goes beyond CONDITION.
CONDITIONS = [
    ("ss = :v", ss("a", "b", "c"), True), ("ss = :v", ss("a", "b"), False),
    ("ns = :v", {"NS": ["1.0", "2e0", "3"]}, True), ("bs = :v", {"BS": [b"a", b"b"]}, True),
    ("l = :v", lst(n("1.0"), s("a")), True), ("l = :v", lst(s("a"), n(1)), False),
    ("m = :v", {"M": {"b": n(2), "a": n(1)}}, True), ("m = :v", {"M": {"a": n(1)}}, False),
    ("m <> :v", s("a"), True), ("nope <> :v", s("a"), True), ("nope = :v", s("a"), False),
    ("NOT nope = :v", s("a"), True), ("nope < :v", n(1), False), ("t < :v", n(1), False),
    ("contains(ss, :v)", s("a"), True), ("contains(ss, :v)", n(1), False), ("contains(ns, :v)", n("1.00"), True),
    ("contains(bs, :v)", {"B": b"a"}, True), ("contains(l, :v)", s("a"), True), ("contains(m, :v)", s("a"), False),
    ("contains(t, :v)", s("ex"), True), ("contains(t, :v)", n(1), False), ("contains(ss, :v)", ss("a"), False),
    ("begins_with(t, :v)", s("te"), True), ("begins_with(t, :v)", s(""), True), ("begins_with(ss, :v)", s("a"), False),
    ("size(ss) = :v", n(3), True), ("size(l) = :v", n(2), True), ("size(m) = :v", n(2), True),
    ("size(t) = :v", n(4), True), ("size(nope) = :v", n(0), False),
    ("attribute_type(ss, :v)", s("SS"), True), ("attribute_type(nope, :v)", s("S"), False),
    (":v IN (t, ss)", s("text"), True), ("t IN (:v)", n(1), False),
    ("attribute_type(ss, :v)", s("XX"),
     "Invalid attribute type name found; type: XX, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"),
    ("begins_with(t, :v)", n(1), f"{INCORRECT} or function: begins_with, operand type: N"),
    ("t < :v", {"BOOL": True}, f"{INCORRECT} or function: <, operand type: BOOL"),
    ("t >= :v", {"M": {}}, f"{INCORRECT} or function: >=, operand type: M"),
    ("t = t OR t = :v", s("a"),
     "The first operand must be distinct from the remaining operands for this operator or function; operator: =, "
     "first operand: [t]"),
    ("attribute_exists(:v)", n(1),
     "Operator or function requires a document path; operator or function: attribute_exists"),
    ("((t = :v))", s("a"), "The expression has redundant parentheses;"),
    ("if_not_exists(a, :v) = :v", n(1),
     "The function is not allowed in a condition expression; function: if_not_exists"),
]


@pytest.mark.parametrize(("condition", "value", "wanted"), CONDITIONS)
def test_a_condition_compares_as_its_types_do(dynamodb, condition, value, wanted):
    begin(dynamodb, COMPARED)
    answer = outcome(dynamodb.delete_item, Key=KEY, ConditionExpression=condition, **given({":v": value}))
    if isinstance(wanted, str):
        assert answer == CONDITION + wanted
    else:
        assert isinstance(answer, dict) == wanted
        assert wanted or answer == "ConditionalCheckFailedException: The conditional request failed"


LEGACY = {"a": n(5), "s": ss("a", "b"), "l": lst(n(1)), "t": s("hello")}


def compare(operator, *values):
    return {"ComparisonOperator": operator} | ({"AttributeValueList": list(values)} if values else {})


# The attribute, what is expected of it, and whether it is so; or the refusal, as far as it goes beyond PARAMETER.
EXPECTED = [
    ("a", {"Value": n(5)}, True), ("a", {"Value": n(6)}, False), ("a", {"Exists": False}, False),
    ("z", {"Exists": False}, True), ("a", {"Exists": True, "Value": n(5)}, True),
    ("a", compare("NE", n(6)), True), ("z", compare("NE", n(6)), True), ("a", compare("IN", n(1), n(5)), True),
    ("a", compare("BETWEEN", n(1), n(5)), True), ("t", compare("BEGINS_WITH", s("he")), True),
    ("t", compare("CONTAINS", s("ell")), True), ("s", compare("CONTAINS", s("a")), True),
    ("l", compare("CONTAINS", n(1)), True), ("s", compare("NOT_CONTAINS", s("z")), True),
    ("a", compare("NULL"), False), ("a", compare("NOT_NULL"), True), ("a", compare("GT", s("a")), False),
    ("s", compare("EQ", ss("b", "a")), True),
    ("a", {}, "Value must be provided when Exists is null for Attribute: a"),
    ("a", {"Exists": True}, "Value must be provided when Exists is true for Attribute: a"),
    ("a", {"Exists": False, "Value": n(1)}, "Value cannot be used when Exists is false for Attribute: a"),
    ("a", compare("EQ"), "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a"),
    ("a", compare("EQ", n(1), n(2)), "Invalid number of argument(s) for the EQ ComparisonOperator"),
    ("a", {"AttributeValueList": [n(1)]},
     "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"),
    ("a", compare("BEGINS_WITH", n(1)), "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"),
    ("a", compare("LT", ss("a")), "ComparisonOperator LT is not valid for SS AttributeValue type"),
    ("a", compare("EQ", n(1)) | {"Value": n(1)},
     "Value and AttributeValueList cannot be used together for Attribute: a"),
]


@pytest.mark.parametrize(("name", "expected", "wanted"), EXPECTED)
def test_what_is_expected_guards_a_write(dynamodb, name, expected, wanted):
    begin(dynamodb, LEGACY)
    answer = outcome(dynamodb.put_item, Item=KEY | LEGACY, Expected={name: expected})
    if isinstance(wanted, str):
        assert answer == PARAMETER + wanted
    else:
        assert isinstance(answer, dict) == wanted


# The item before, the update of one attribute, and the item afterwards.
ATTRIBUTE_UPDATES = [
    ({}, {"a": {"Value": n(1)}}, {"a": n(1)}),
    ({"a": n(1)}, {"a": {"Action": "ADD", "Value": n(2)}}, {"a": n(3)}),
    ({}, {"a": {"Action": "ADD", "Value": n(2)}}, {"a": n(2)}),
    (None, {"a": {"Action": "DELETE"}}, None),
    ({"s": ss("a", "b")}, {"s": {"Action": "DELETE", "Value": ss("a", "b")}}, {}),
    ({"l": lst(n(1))}, {"l": {"Action": "ADD", "Value": lst(n(2))}}, {"l": lst(n(1), n(2))}),
    ({"a": s("x")}, {"a": {"Action": "ADD", "Value": n(1)}},
     "ValidationException: Type mismatch for attribute to update"),
]


@pytest.mark.parametrize(("before", "updates", "wanted"), ATTRIBUTE_UPDATES)
def test_attribute_updates_do_what_they_say(dynamodb, before, updates, wanted):
    begin(dynamodb, before)
    answer = outcome(dynamodb.update_item, Key=KEY, AttributeUpdates=updates)
    assert result(dynamodb, answer) == wanted


@pytest.mark.parametrize("operation", ["put_item", "delete_item", "update_item"])
def test_the_item_that_failed_a_condition_is_returned_where_there_is_one(dynamodb, operation):
    begin(dynamodb, {"a": n(1)})
    target = {"Item": KEY} if operation == "put_item" else {"Key": KEY}
    for condition, exists, shown in [
        ("attribute_not_exists(pk)", True, KEY | {"a": n(1)}), ("attribute_exists(pk)", False, None),
    ]:
        if not exists:
            begin(dynamodb, None)
        with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as failed:
            getattr(dynamodb, operation)(
                TableName=TABLE, ConditionExpression=condition, ReturnValuesOnConditionCheckFailure="ALL_OLD", **target)
        assert failed.value.response.get("Item") == shown
