"""`brume policies`, what it refuses, and what the AWS CLI says to a user whom policies restrict."""

import json
import stat
import subprocess
import sys

import botocore.exceptions
import pytest

from brume_server import REGION, clean_environment
from policy_users import ACCOUNT, SECONDS_MAX, User, checked, document, make_table, statement, table_arn
from waiting import eventually


def test_policies_are_listed_shown_and_deleted(server, tmp_path):
    user = User(server)
    text = json.dumps(document(statement("Allow", "dynamodb:Scan")), indent=2) + "\n"
    file = tmp_path / "scan-only.json"
    file.write_text(text)
    checked(server.run("policies", "put", "Scan+Only", str(file), "--user", user.name))
    listed = json.loads(checked(server.run("policies", "list", "--user", user.name, "--output", "json")))
    assert listed == [{"account": ACCOUNT, "user": user.name, "policyName": "Scan+Only",
                       "characters": len("".join(text.split()))}]
    assert "Scan+Only" in checked(server.run("policies"))
    assert checked(server.run("policies", "show", "Scan+Only", "--user", user.name)) == text
    line = checked(server.run("policies", "show", "Scan+Only", "--user", user.name, "--output", "json"))
    assert line.count("\n") == 1
    assert json.loads(line)["policyDocument"] == json.loads(text)
    keys = {key["accessKeyId"]: key for key in json.loads(checked(server.run("keys", "list", "--output", "json")))}
    assert keys[user.key["accessKeyId"]]["policies"] == ["Scan+Only"]
    user.delete("Scan+Only")
    assert "may do nothing" in checked(server.run("policies", "list", "--user", user.name))
    missing = server.run("policies", "delete", "Scan+Only", "--user", user.name)
    assert missing.returncode == 66 and "there is no policy Scan+Only" in missing.stderr
    mode = (server.data_dir / "identity" / "user-policies").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


LONG = document(statement("Allow", "dynamodb:Scan", [table_arn(f"t{n:04}") for n in range(40)]))


@pytest.mark.parametrize(("text", "said"), [
    ("{", "standard input: line 1, column 2: This policy contains invalid Json"),
    ("[]", "This policy contains invalid Json"),
    ('"text"', "This text appears not to be a policy"),
    ('{\n "Version": "2013-01-01"}', "standard input: line 2, column 25: Syntax error"),
    (json.dumps(document(statement("Permit", "*"))), "Syntax error"),
    (json.dumps({"Version": "2012-10-17"}), "Syntax error"),
    (json.dumps(document()), "Statement is empty"),
    (json.dumps(document({"Effect": "Allow", "Action": "*"})), "Policy statement must contain resources."),
    (json.dumps(document({"Effect": "Allow", "Resource": "*"})), "Policy statement must contain actions."),
    (json.dumps(document(statement("Allow", []))), "Policy statement must contain actions."),
    (json.dumps(document(statement("Allow", "*", Principal="*"))), "Has prohibited field Principal"),
    (json.dumps(document(statement("Allow", "GetItem"))), "must be prefaced by a vendor"),
    (json.dumps(document(statement("Allow", "*", "table/music"))), 'must be in ARN format or "*"'),
    *((json.dumps(document(statement("Allow", "*", resource))), 'must be in ARN format or "*"')
      for resource in ("arn:aws:*", "arn:aws:dynamodb", "arn:aws:dynamodb:us-east-1", "arn:aws:iam::*")),
    (json.dumps(document(statement("Allow", "*", Sid="no spaces"))), "must be alpha-numeric"),
    (json.dumps(document(statement("Allow", "*", Condition={"Equals": {"aws:a": "b"}}))), "Syntax error"),
    (json.dumps(document(statement("Allow", "*", Condition={"StringEquals": {"a": "b"}}))), "prefaced by a vendor"),
    (json.dumps(document(*[statement("Allow", "*", Sid="a")] * 2)),
     "Statement IDs (SID) in a single policy must be unique."),
    (json.dumps(document(statement("Allow", "dynamodb:Get:Item"))), "can contain only one colon"),
    (json.dumps(document(statement("Allow", "dynamo*:GetItem"))), "Vendor dynamo* is not valid"),
    (json.dumps(document(statement("Allow", "*", "arn:aws:*:*:*:*"))), "Resource vendor must be fully qualified"),
    (json.dumps(document(statement("Deny", "*", Condition={"DateGreaterThan": {"aws:CurrentTime": "tomorrow"}}))),
     "The policy failed legacy parsing"),
    (json.dumps(document(statement("Allow", "dynamodb:€")), ensure_ascii=False), "must contain only printable"),
    (json.dumps(LONG), "Maximum policy size of 2048 bytes exceeded"),
    (" " * 140_000, "larger than"),
])
def test_what_is_no_policy_is_refused_with_the_place_and_changes_nothing(server, text, said):
    user = User(server)
    answer = user.put(None, text=text)
    assert answer.returncode == 78, answer.stderr
    assert said in answer.stderr
    assert json.loads(checked(server.run("policies", "list", "--user", user.name, "--output", "json"))) == []


def test_statements_may_have_empty_ids(server):
    checked(User(server).put(document(*[statement("Allow", "dynamodb:Scan", Sid="")] * 2)))


def test_a_key_whose_policy_is_wrong_is_not_made(server):
    before = checked(server.run("keys", "list"))
    answer = server.run("keys", "create", "--user", "wrong", "--policy", "-", input="{}")
    assert answer.returncode == 78 and "standard input" in answer.stderr
    assert server.run("keys", "create", "--policy", "-", input="{}").returncode == 64
    absent = server.run("keys", "create", "--user", "wrong", "--policy", "/absent/policy.json")
    assert (absent.returncode, absent.stderr) == (
        66, "brume: the policy cannot be read: there is no file /absent/policy.json\n")
    assert checked(server.run("keys", "list")) == before


def test_a_damaged_file_refuses_the_start_with_the_remedy(fresh_server):
    server = fresh_server()
    User(server, document(statement("Allow", "*")))
    file = server.data_dir / "identity" / "user-policies"
    good = file.read_text()
    server.stop()
    file.write_text(good.replace("\t", " "))
    refused = server.run("start", "--port", str(server.port))
    assert refused.returncode == 74
    assert f"{file}, line 2 cannot be read" in refused.stderr and "put the policies again" in refused.stderr
    file.write_text(good)
    server.start()


def code_of(call):
    """The code of the error of a call; none where it succeeds."""
    try:
        call()
        return None
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]


def test_a_damaged_file_of_policies_keeps_no_deleted_key_alive(fresh_server):
    server = fresh_server()
    user, other = User(server), User(server, document(statement("Allow", "*")))
    deleted, restricted = user.client("dynamodb"), other.client("dynamodb")
    assert deleted.list_tables()["TableNames"] == restricted.list_tables()["TableNames"] == []
    file, keys = (server.data_dir / "identity" / name for name in ("user-policies", "access-keys"))
    good = file.read_bytes()
    file.write_bytes(good[:-9])
    checked(server.run("keys", "delete", user.key["accessKeyId"]))
    eventually(lambda: code_of(deleted.list_tables) == "UnrecognizedClientException", seconds=SECONDS_MAX)
    file.write_bytes(good)
    keys.write_bytes(keys.read_bytes()[:-9])
    checked(other.put(document(statement("Deny", "*"))))
    eventually(lambda: code_of(restricted.list_tables) == "AccessDeniedException", seconds=SECONDS_MAX)


@pytest.mark.parametrize("cut", [False, True])
def test_users_whose_policies_are_lost_may_do_nothing(fresh_server, cut):
    server = fresh_server()
    free, restricted = User(server), User(server, document(statement("Allow", "*")))
    clients = [user.client("dynamodb") for user in (free, restricted)]
    assert [code_of(client.list_tables) for client in clients] == [None, None]
    file = server.data_dir / "identity" / "user-policies"
    good = file.read_bytes()

    def lose():
        if cut:
            file.write_bytes(good.splitlines(keepends=True)[0])
        else:
            file.unlink()

    lose()
    eventually(lambda: code_of(clients[1].list_tables) == "AccessDeniedException", seconds=SECONDS_MAX)
    assert code_of(clients[0].list_tables) is None
    said = f"no longer has the policies of {restricted.name}"
    eventually(lambda: said in server.log_tail(), seconds=SECONDS_MAX)
    assert said in server.run("doctor").stdout
    server.restart()
    assert [code_of(client.list_tables) for client in clients] == [None, "AccessDeniedException"]
    checked(restricted.put(document(statement("Allow", "*"))))
    eventually(lambda: code_of(clients[1].list_tables) is None, seconds=SECONDS_MAX)
    eventually(lambda: "in order again" in server.log_tail(), seconds=SECONDS_MAX)


def test_lost_keys_are_told_at_the_start(fresh_server):
    server = fresh_server()
    assert "although a server has run here" not in server.log_tail()
    server.stop()
    (server.data_dir / "identity" / "access-keys").unlink()
    assert "although a server has run here" in server.run("doctor").stdout
    server.start()
    eventually(lambda: "although a server has run here" in server.log_tail(), seconds=SECONDS_MAX)


def test_the_aws_cli_says_what_is_missing(server, unique_name):
    table = unique_name()
    make_table(server.client("dynamodb"), table)
    user = User(server, document(statement("Allow", "dynamodb:Scan", table_arn(table))))
    environment = clean_environment(server.folder) | {
        "AWS_ACCESS_KEY_ID": user.key["accessKeyId"], "AWS_SECRET_ACCESS_KEY": user.key["secretAccessKey"],
        "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": server.url}

    def aws(*words):
        return subprocess.run(
            [sys.executable, "-m", "awscli", *words], env=environment, capture_output=True, text=True, timeout=60,
            check=False)

    assert json.loads(checked(aws("dynamodb", "scan", "--table-name", table)))["Count"] == 0
    answer = aws("dynamodb", "delete-table", "--table-name", table)
    assert answer.returncode != 0
    assert (f"An error occurred (AccessDeniedException) when calling the DeleteTable operation: User: {user.arn} is "
            "not authorized to perform: dynamodb:DeleteTable") in answer.stderr
