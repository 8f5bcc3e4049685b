"""A server whose every model is `brume.echo`, and requests in the notations of OpenAI and Anthropic to it."""

import httpx
import pytest

from brume_server import Server

ECHO = "brume.echo"
MESSAGES = [{"role": "user", "content": "Hi"}]


@pytest.fixture(scope="module")
def typed(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("typed"), "--bedrock-aliases", f"*={ECHO}") as server:
        yield server


@pytest.fixture(scope="module")
def token(typed):
    return typed.bearer_token()


def post(server, token, path, body):
    headers = {"Authorization": f"Bearer {token}", "anthropic-version": "2023-06-01"}
    return httpx.post(server.url + path, headers=headers, json={"model": ECHO} | body)
