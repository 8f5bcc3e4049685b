"""Access keys: chosen, made up, deleted, and the modes that ask for less."""

import concurrent.futures
import json
import stat

import botocore.exceptions
import pytest

from brume_server import ACCESS_KEY_ID, Server
from waiting import eventually

KEY_SECONDS_MAX = 5


def identity_with(server, access_key_id, secret_access_key):
    """The caller's identity with a key, or the code of the refusal."""
    client = server.client("sts", session=server.session(access_key_id, secret_access_key))
    try:
        return client.get_caller_identity()
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]


def test_a_chosen_key_works_in_its_account_until_it_is_deleted(server):
    made = server.run(
        "keys", "create", "--access-key-id", "test", "--secret-access-key", "test", "--account", "111122223333",
    )
    assert made.returncode == 0, made.stderr
    eventually(lambda: identity_with(server, "test", "test") != "InvalidClientTokenId", KEY_SECONDS_MAX)
    assert identity_with(server, "test", "test")["Account"] == "111122223333"
    assert identity_with(server, "test", "guess") == "SignatureDoesNotMatch"
    assert "test" in server.run("keys", "list").stdout
    assert server.run("keys", "delete", "test").returncode == 0
    eventually(lambda: identity_with(server, "test", "test") == "InvalidClientTokenId", KEY_SECONDS_MAX)


def test_a_key_that_is_made_again_has_no_sessions_of_the_former_one(server):
    def make(secret, *words):
        made = server.run("keys", "create", "--access-key-id", "AKIAMADETWICE", "--secret-access-key", secret, *words)
        assert made.returncode == 0, made.stderr

    def arn(*key):
        try:
            return server.client("sts", session=server.session(*key)).get_caller_identity()["Arn"]
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]

    make("of/the/root")
    eventually(lambda: arn("AKIAMADETWICE", "of/the/root").endswith(":root"), KEY_SECONDS_MAX)
    sts = server.client("sts", session=server.session("AKIAMADETWICE", "of/the/root"))
    made = sts.get_session_token()["Credentials"]
    session = (made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
    assert arn(*session).endswith(":root")
    for secret, user in [("of/ana", ["--user", "ana"]), ("another", [])]:
        server.run("keys", "delete", "AKIAMADETWICE")
        make(secret, *user)
        eventually(lambda: ":iam:" in arn("AKIAMADETWICE", secret), KEY_SECONDS_MAX)
        assert arn(*session) == "InvalidClientTokenId"
    server.run("keys", "delete", "AKIAMADETWICE")


def test_the_log_names_the_command_that_makes_an_unknown_key_here(server):
    assert identity_with(server, "nobody-yet", "any") == "InvalidClientTokenId"
    command = f"brume keys create --data-dir {server.data_dir} --access-key-id nobody-yet --secret-access-key …"
    eventually(lambda: f"`{command}`" in (server.data_dir / "logs" / "access.log").read_text(), KEY_SECONDS_MAX)


def test_a_key_of_another_emulators_suite_needs_no_other_name(fresh_server):
    """Testcontainers for Python signs with this one."""
    key = "testcontainers-localstack"
    server = fresh_server(environment={"BRUME_ROOT_ACCESS_KEY_ID": key, "BRUME_ROOT_SECRET_ACCESS_KEY": key})
    assert identity_with(server, key, key)["Account"] == "000000000000"
    assert server.run("keys", "create", "--access-key-id", "fake-key", "--secret-access-key", "x").returncode == 0
    eventually(lambda: "Account" in identity_with(server, "fake-key", "x"), KEY_SECONDS_MAX)


def test_a_made_up_key_is_printed_once(server):
    made = json.loads(server.run("keys", "create", "--output", "json").stdout)
    assert (made["account"], made["user"]) == ("000000000000", "root")
    made_key = made["accessKeyId"], made["secretAccessKey"]
    eventually(lambda: "Account" in identity_with(server, *made_key), KEY_SECONDS_MAX)
    assert made["secretAccessKey"] not in server.run("keys", "list").stdout


def test_many_may_be_the_first_to_make_a_key(tmp_path):
    """A start and commands beside it, on a data directory that is not there: all seal with one key."""
    server = Server(tmp_path)
    server.start(wait=False)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: server.run("keys", "create", "--output", "json"), range(8)))
    assert [answer.returncode for answer in made] == [0] * 8, made
    server.wait_until_ready()
    listed = {key["accessKeyId"] for key in json.loads(server.run("keys", "list", "--output", "json").stdout)}
    assert listed == {json.loads(answer.stdout)["accessKeyId"] for answer in made} | {ACCESS_KEY_ID}
    server.close()


def test_secrets_are_the_owners_alone(server):
    files = [path for path in (server.data_dir / "identity").rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert server.environment["BRUME_ROOT_SECRET_ACCESS_KEY"].encode() not in path.read_bytes(), path


def test_accounts_do_not_see_each_other(server, unique_name):
    name = unique_name()
    made = json.loads(server.run("keys", "create", "--account", "444455556666", "--output", "json").stdout)
    other = server.session(made["accessKeyId"], made["secretAccessKey"])
    made_key = made["accessKeyId"], made["secretAccessKey"]
    eventually(lambda: "Account" in identity_with(server, *made_key), KEY_SECONDS_MAX)
    server.client("dynamodb").create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    assert name not in server.client("dynamodb", session=other).list_tables()["TableNames"]
    elsewhere = server.session(region="eu-central-1")
    assert name not in server.client("dynamodb", session=elsewhere).list_tables()["TableNames"]


def test_localstack_mode_takes_test_and_maps_twelve_digits_to_accounts(fresh_server):
    server = fresh_server("--compat", "localstack")
    assert identity_with(server, "test", "test")["Account"] == "000000000000"
    assert identity_with(server, "111111111111", "test")["Account"] == "111111111111"
    assert identity_with(server, "test", "guess") == "SignatureDoesNotMatch"
    # The package localstack-client has this key.
    assert identity_with(server, "accesskey", "secretkey")["Account"] == "000000000000"
    health = json.loads(server.get("/_localstack/health").read())
    assert health["services"] == dict.fromkeys(["bedrock-runtime", "dynamodb", "dynamodbstreams", "sts"], "running")
    # What health checks of compose files look for, and what Testcontainers does in the log.
    assert b'"completed": true' in server.get("/_localstack/init/ready").read()
    assert "\nReady.\n" in server.log_path.read_text()


def test_without_localstack_mode_its_key_and_health_are_unknown(server):
    assert identity_with(server, "111111111111", "test") == "InvalidClientTokenId"
    refusal = server.get("/_localstack/health")
    assert refusal.status == 501
    assert "`brume start --compat localstack` serves LocalStack's health" in json.loads(refusal.read())["message"]


@pytest.mark.parametrize("key", [("AKIANOBODYNOBODY0000", "any"), ("test", "test")])
def test_accepting_any_credentials_is_asked_for_by_name_and_warned_about(fresh_server, key):
    server = fresh_server("--insecure-accept-any-credentials")
    assert "Account" in identity_with(server, *key)
    assert "signature" in server.log_tail(200).lower()


@pytest.mark.parametrize("words, sentence", [
    (["keys", "create"], "the access keys are taken from another process: run `brume keys create` there"),
    (["policies", "put", "Any", "-", "--user", "ana"],
     "the policies of users are taken from another process: run `brume policies put` there"),
])
def test_what_nobody_would_look_at_is_not_made(tmp_path, words, sentence):
    server = Server(tmp_path, environment={
        "BRUME_IDENTITY_URL": "http://gateway:4567", "BRUME_CLUSTER_KEY_FILE": str(tmp_path / "cluster.key")})
    assert server.run("keys", "cluster", "--file", tmp_path / "cluster.key").returncode == 0
    refusal = server.run(*words, input="{}")
    assert (refusal.returncode, refusal.stdout) == (78, "")
    assert sentence in refusal.stderr
    assert not (server.data_dir / "identity" / "access-keys").exists()


@pytest.mark.parametrize("words, sentence", [
    (["keys", "create", "--account", "12"], "an account is twelve digits"),
    (["keys", "create", "--user", "a b"], "a user name is 1 to 64 letters"),
    (["keys", "create", "--access-key-id", "a b"], "an access key id is "),
    (["keys", "create", "--secret-access-key", ""], "a secret access key is "),
    (["keys", "create", "--bedrock", "--expires-days", "0"], "expires after 1 to 36600 days"),
    (["policies", "list", "--account", "12"], "an account is twelve digits"),
    (["policies", "put", "a b", "-", "--user", "ana"], '"a b" is no name of a policy'),
    (["policies", "put", "Any", "-", "--user", "a b"], "a user name is 1 to 64 letters"),
])
def test_a_wrong_argument_is_wrong_usage(tmp_path, words, sentence):
    refusal = Server(tmp_path).run(*words, input="{}")
    assert (refusal.returncode, refusal.stdout) == (64, "") and sentence in refusal.stderr


def test_a_key_is_made_once_and_a_region_has_a_form(server):
    assert server.run("keys", "create", "--access-key-id", ACCESS_KEY_ID).returncode == 64
    assert server.run("env", "--region", "Nowhere!").returncode == 64


@pytest.mark.parametrize("words, environment", [
    (["start", "--port", "x"], {}), (["start"], {"BRUME_PORT": "x"}), (["config", "check"], {"BRUME_PORT": "x"}),
])
def test_a_wrong_setting_is_wrong_configuration_wherever_it_is_given(tmp_path, words, environment):
    refusal = Server(tmp_path, environment=environment).run(*words)
    assert refusal.returncode == 78 and "whole number from 0 to 65535" in refusal.stderr


def test_a_damaged_seal_is_damage_and_not_the_wrong_directory(fresh_server):
    server = fresh_server()
    server.stop()
    seal = server.data_dir / "identity" / "seal.key"
    whole = seal.read_bytes()
    seal.write_bytes(whole[:16])
    refused = server.run("start", "--port", str(server.port))
    assert refused.returncode == 74, refused.stderr
    assert refused.stderr == f"brume: cannot use {seal}: it is not 32 bytes long. Restore it from a backup.\n"
    seal.write_bytes(whole)
    server.start()
