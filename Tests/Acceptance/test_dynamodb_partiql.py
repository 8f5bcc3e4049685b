"""PartiQL through boto3: statements, batches and transactions of them."""

import botocore.exceptions
import pytest

from brume_server import SOON
from test_dynamodb_tables import create


@pytest.fixture(scope="module")
def table(dynamodb):
    """A table with keys `pk` and `sk`, for the tests of this file; each takes a partition of its own."""
    create(dynamodb, "partiql")
    dynamodb.get_waiter("table_exists").wait(TableName="partiql", WaiterConfig=SOON)
    return "partiql"


def execute(dynamodb, statement, *parameters, **options):
    if parameters:
        options["Parameters"] = list(parameters)
    return dynamodb.execute_statement(Statement=statement, **options)


def refusal(dynamodb, statement, *parameters, **options):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        execute(dynamodb, statement, *parameters, **options)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def test_the_statements_of_the_developer_guide(dynamodb, table):
    execute(dynamodb, f"""INSERT INTO {table} value {{'pk':'guide', 'sk':'1',
        'NumberType':1,
        'MapType' : {{'entryname1': 'value', 'entryname2': 4}},
        'ListType': [1,'stringval'],
        'NumberSetType':<<1,34,32,4.5>>,
        'StringSetType':<<'stringval','stringval2'>>
        }}""")
    execute(dynamodb, f"""UPDATE "{table}"
        SET NumberType=NumberType + 100
        SET MapType.NewMapEntry=[2020, 'stringvalue', 2.4]
        SET ListType = LIST_APPEND(ListType, [4, <<'string1', 'string2'>>])
        SET NumberSetType= SET_ADD(NumberSetType, <<345, 48.4>>)
        SET StringSetType = SET_ADD(StringSetType, <<'stringsetvalue1', 'stringsetvalue2'>>)
        WHERE pk='guide' AND sk='1'""")
    item = dynamodb.get_item(TableName=table, Key={"pk": {"S": "guide"}, "sk": {"S": "1"}})["Item"]
    assert item["NumberType"] == {"N": "101"}
    assert item["MapType"]["M"]["NewMapEntry"] == {"L": [{"N": "2020"}, {"S": "stringvalue"}, {"N": "2.4"}]}
    assert item["ListType"] == {
        "L": [{"N": "1"}, {"S": "stringval"}, {"N": "4"}, {"SS": ["string1", "string2"]}]
    }
    assert sorted(item["NumberSetType"]["NS"]) == ["1", "32", "34", "345", "4.5", "48.4"]
    answer = execute(dynamodb, f"""UPDATE "{table}"
        SET NumberType=NumberType - 1
        REMOVE ListType[1]
        REMOVE MapType.NewMapEntry
        SET NumberSetType = SET_DELETE( NumberSetType, <<345>>)
        SET StringSetType = SET_DELETE( StringSetType, <<'stringsetvalue1'>>)
        WHERE pk='guide' AND sk='1' RETURNING ALL NEW *""")["Items"]
    assert answer[0]["NumberType"] == {"N": "100"}
    assert answer[0]["ListType"]["L"][1] == {"N": "4"}
    assert "NewMapEntry" not in answer[0]["MapType"]["M"]
    assert "345" not in answer[0]["NumberSetType"]["NS"]
    assert sorted(answer[0]["StringSetType"]["SS"]) == ["stringsetvalue2", "stringval", "stringval2"]


def test_a_select_finds_by_key_and_by_condition(dynamodb, table):
    for sort, color in [("a", "red"), ("b", "blue"), ("c", "red")]:
        execute(
            dynamodb, f"INSERT INTO \"{table}\" VALUE {{'pk': ?, 'sk': ?, 'color': ?, 'doc': {{'entries': [1, ?]}}}}",
            {"S": "select"}, {"S": sort}, {"S": color}, {"S": sort * 2},
        )

    def sorts(condition, *parameters, **options):
        answer = execute(dynamodb, f'SELECT sk FROM "{table}" WHERE {condition}', *parameters, **options)
        return [item["sk"]["S"] for item in answer["Items"]]

    assert sorts("pk = 'select'") == ["a", "b", "c"]
    assert sorts("pk = ? AND sk > ?", {"S": "select"}, {"S": "a"}) == ["b", "c"]
    assert sorts("pk = 'select' AND sk BETWEEN 'a' AND 'b' ORDER BY sk DESC") == ["b", "a"]
    assert sorts("pk = 'select' AND color = 'red'") == ["a", "c"]
    assert sorts("pk = 'select' AND begins_with(sk, 'b')") == ["b"]
    assert sorts("pk = 'select' AND doc.entries[1] IN ['aa', 'cc'] AND NOT color IS MISSING") == ["a", "c"]
    assert sorts("pk = 'select' AND (sk = 'a' OR contains(color, 'lu'))") == ["a", "b"]
    assert sorted(sorts("color = 'red' AND size(doc.entries) = 2")) == ["a", "c"]
    answer = execute(dynamodb, f"SELECT doc.entries[1], color FROM {table} WHERE pk = 'select' AND sk = 'b'")
    assert answer["Items"] == [{"entries[1]": {"S": "bb"}, "color": {"S": "blue"}}]


def test_pages_go_on_with_their_token_and_with_no_other(dynamodb, table):
    for number in range(7):
        execute(dynamodb, f"INSERT INTO {table} VALUE {{'pk': 'page', 'sk': ?}}", {"S": f"{number}"})
    statement = f"SELECT sk FROM {table} WHERE pk = 'page'"
    pages, token = [], None
    while True:
        answer = execute(dynamodb, statement, Limit=3, **({"NextToken": token} if token else {}))
        pages.append("".join(item["sk"]["S"] for item in answer["Items"]))
        token = answer.get("NextToken")
        if token is None:
            break
        last = token
    assert pages == ["012", "345", "6"]
    assert refusal(dynamodb, f"SELECT sk FROM {table} WHERE pk = 'other'", NextToken=last) == (
        "ValidationException", "NextToken does not match request"
    )
    edited = last[:10] + ("A" if last[10] != "A" else "B") + last[11:]
    assert refusal(dynamodb, statement, NextToken=edited) == ("ValidationException", "Invalid NextToken")


def test_writes_are_refused_in_aws_words(dynamodb, table):
    insert = f"INSERT INTO {table} VALUE {{'pk': 'refused', 'sk': 'a', 'n': 1}}"
    assert execute(dynamodb, insert)["Items"] == []
    assert refusal(dynamodb, insert) == ("DuplicateItemException", "Duplicate primary key exists in table")
    assert refusal(dynamodb, f"UPDATE {table} SET n = 2 WHERE pk = 'refused'") == (
        "ValidationException", "Where clause does not contain a mandatory equality on all key attributes"
    )
    assert refusal(dynamodb, f"UPDATE {table} SET n = 2 WHERE pk = 'refused' AND sk = 'b'") == (
        "ConditionalCheckFailedException", "The conditional request failed"
    )
    assert refusal(dynamodb, f"DELETE FROM {table} WHERE pk = 'refused' AND sk = 'a' AND n = 2") == (
        "ConditionalCheckFailedException", "The conditional request failed"
    )
    assert execute(dynamodb, f"DELETE FROM {table} WHERE pk = 'refused' AND sk = 'b'")["Items"] == []
    deleted = execute(dynamodb, f"DELETE FROM {table} WHERE pk = 'refused' AND sk = 'a' RETURNING ALL OLD *")
    assert deleted["Items"] == [{"pk": {"S": "refused"}, "sk": {"S": "a"}, "n": {"N": "1"}}]
    assert refusal(dynamodb, "SELECT * FROM nowhere") == (
        "ResourceNotFoundException", "Requested resource not found"
    )
    assert refusal(dynamodb, f"SLECT * FROM {table}") == (
        "ValidationException", "Statement wasn't well formed, can't be processed: Expected data manipulation"
    )
    assert refusal(dynamodb, f"SELECT * FROM {table} WHERE pk = ?") == (
        "ValidationException", "Number of parameters in request and statement don't match."
    )


def test_a_batch_has_an_answer_for_each_statement(dynamodb, table):
    insert = f"INSERT INTO {table} VALUE {{'pk': 'batch', 'sk': ?}}"
    answer = dynamodb.batch_execute_statement(Statements=[
        {"Statement": insert, "Parameters": [{"S": "a"}]}, {"Statement": insert, "Parameters": [{"S": "b"}]},
        {"Statement": f"UPDATE {table} SET n = 1 WHERE pk = 'batch' AND sk = 'none'"}, {"Statement": "no statement"},
    ])["Responses"]
    assert answer[:2] == [{"TableName": table}, {"TableName": table}]
    assert answer[2]["Error"] == {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    assert answer[3]["Error"]["Code"] == "ValidationError"
    read = f"SELECT sk FROM {table} WHERE pk = 'batch' AND sk = ?"
    answer = dynamodb.batch_execute_statement(
        Statements=[{"Statement": read, "Parameters": [{"S": sort}]} for sort in "bxa"]
    )["Responses"]
    assert [item.get("Item") for item in answer] == [{"sk": {"S": "b"}}, None, {"sk": {"S": "a"}}]


def test_a_transaction_is_done_whole_or_not_at_all(dynamodb, table):
    execute(dynamodb, f"INSERT INTO {table} VALUE {{'pk': 'transaction', 'sk': 'a', 'n': 1}}")
    statements = [
        {"Statement": f"EXISTS(SELECT * FROM {table} WHERE pk = 'transaction' AND sk = 'a' AND n = ?)",
         "Parameters": [{"N": "1"}]},
        {"Statement": f"INSERT INTO {table} VALUE {{'pk': 'transaction', 'sk': 'b'}}"},
    ]
    dynamodb.execute_transaction(TransactStatements=statements, ClientRequestToken="partiql-transaction")
    dynamodb.execute_transaction(TransactStatements=statements, ClientRequestToken="partiql-transaction")
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as cancelled:
        dynamodb.execute_transaction(TransactStatements=statements)
    assert [reason["Code"] for reason in cancelled.value.response["CancellationReasons"]] == ["None", "DuplicateItem"]
    read = dynamodb.execute_transaction(TransactStatements=[
        {"Statement": f"SELECT * FROM {table} WHERE pk = 'transaction' AND sk = 'b'"}
    ])["Responses"]
    assert read == [{"Item": {"pk": {"S": "transaction"}, "sk": {"S": "b"}}}]


def test_a_statement_has_8192_characters_and_not_one_more(dynamodb, table):
    statement = f"SELECT sk FROM {table} WHERE pk = 'length'"
    assert execute(dynamodb, statement.ljust(8192))["Items"] == []
    code, message = refusal(dynamodb, statement.ljust(8193))
    assert code == "ValidationException"
    assert "at 'statement' failed to satisfy constraint: Member must have length less than or equal to 8192" in message


def test_indexes_are_read_and_ordered_by_their_keys(dynamodb, unique_name):
    name = unique_name()
    create(
        dynamodb, name,
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": "color", "AttributeType": "S"}, {"AttributeName": "price", "AttributeType": "N"},
        ],
        GlobalSecondaryIndexes=[{
            "IndexName": "by-color", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [
                {"AttributeName": "color", "KeyType": "HASH"}, {"AttributeName": "price", "KeyType": "RANGE"},
            ],
        }],
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig=SOON)
    dynamodb.batch_execute_statement(Statements=[
        {"Statement": f"INSERT INTO \"{name}\" VALUE {{'pk': ?, 'sk': 's', 'color': 'red', 'price': ?}}",
         "Parameters": [{"S": f"{number}"}, {"N": f"{number}"}]}
        for number in range(5)
    ])
    answer = execute(
        dynamodb,
        f'SELECT pk FROM "{name}"."by-color" WHERE color = ? AND price BETWEEN 1 AND 3 ORDER BY price DESC',
        {"S": "red"}, ReturnConsumedCapacity="INDEXES",
    )
    assert [item["pk"]["S"] for item in answer["Items"]] == ["3", "2", "1"]
    assert answer["ConsumedCapacity"]["GlobalSecondaryIndexes"] == {"by-color": {"CapacityUnits": 0.5}}


def test_a_batch_has_25_statements_and_a_transaction_100(dynamodb, table):
    def statements(count):
        return [
            {"Statement": f"DELETE FROM {table} WHERE pk = 'count' AND sk = ?", "Parameters": [{"S": f"{number}"}]}
            for number in range(count)
        ]

    assert len(dynamodb.batch_execute_statement(Statements=statements(25))["Responses"]) == 25
    with pytest.raises(botocore.exceptions.ClientError, match="Member must have length less than or equal to 25"):
        dynamodb.batch_execute_statement(Statements=statements(26))
    dynamodb.execute_transaction(TransactStatements=statements(100))
    with pytest.raises(botocore.exceptions.ClientError, match="Member must have length less than or equal to 100"):
        dynamodb.execute_transaction(TransactStatements=statements(101))
