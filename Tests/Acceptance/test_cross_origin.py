"""Web pages of other servers, as a browser speaks for them: a question beforehand, then the request with its origin."""

import http.client

import botocore.exceptions
import pytest

from waiting import eventually

PAGE = "http://localhost:3000"
ASKED = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-amz-date,x-amz-target",
}


def ask(server, origin, path="/"):
    """What the server says to a browser that asks for a page of `origin`."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("OPTIONS", path, headers={"Origin": origin, **ASKED})
        answer = connection.getresponse()
        answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def client_of_page(server, origin, service="dynamodb", **settings):
    """A client whose requests say what a browser adds to them."""
    client = server.client(service, **settings)
    client.meta.events.register("before-send", lambda request, **_: request.headers.update(Origin=origin))
    return client


def headers_of(answer):
    return answer["ResponseMetadata"]["HTTPHeaders"]


def test_a_page_of_this_machine_may_call_and_read_answers_and_errors(server, unique_name):
    status, said = ask(server, PAGE)
    assert (status, said["access-control-allow-origin"]) == (200, PAGE)
    assert said["access-control-allow-methods"] == "POST"
    assert said["access-control-allow-headers"] == ASKED["Access-Control-Request-Headers"]
    dynamodb = client_of_page(server, PAGE)
    answer = headers_of(dynamodb.list_tables())
    assert answer["access-control-allow-origin"] == PAGE and answer["vary"] == "Origin"
    assert answer["access-control-expose-headers"] == "*"
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException) as refused:
        dynamodb.describe_table(TableName=unique_name())
    assert headers_of(refused.value.response)["access-control-allow-origin"] == PAGE


def test_a_page_may_read_a_stream_of_events(server):
    bedrock = client_of_page(server, PAGE, "bedrock-runtime")
    answer = bedrock.converse_stream(
        modelId="brume.echo", messages=[{"role": "user", "content": [{"text": "hello"}]}])
    assert headers_of(answer)["access-control-allow-origin"] == PAGE
    assert any("messageStop" in event for event in answer["stream"])


def test_a_page_of_another_machine_is_told_nothing(server):
    assert ask(server, "https://app.example.com")[0] == 403
    answer = client_of_page(server, "https://app.example.com").list_tables()
    assert "access-control-allow-origin" not in headers_of(answer)


def test_refused_pages_are_counted(fresh_server):
    server = fresh_server()
    assert "brume_cross_origin_refusals_total 0" in server.get("/metrics").read().decode()
    ask(server, "https://app.example.com")
    assert "brume_cross_origin_refusals_total 1" in server.get("/metrics").read().decode()


def test_pages_are_allowed_by_name_and_the_setting_is_read_again(fresh_server, tmp_path):
    settings = tmp_path / "brume.yaml"
    settings.write_text("cors-origins: https://app.example.com\n")
    server = fresh_server("--config", str(settings))
    assert ask(server, "https://app.example.com")[0] == 200
    assert ask(server, PAGE)[0] == 403
    settings.write_text("cors-origins: '*'\n")
    eventually(lambda: ask(server, PAGE)[1].get("access-control-allow-origin") == "*")


def test_where_keys_are_no_secret_a_page_of_another_machine_is_refused(fresh_server):
    server = fresh_server("--compat", "localstack")
    known = server.session("test", "test")
    assert client_of_page(server, PAGE, session=known).list_tables()["TableNames"] == []
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        client_of_page(server, "https://evil.example", session=known).list_tables()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
