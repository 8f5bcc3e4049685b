"""One gateway, a DynamoDB node and two Bedrock nodes, each a process with a data directory of its own."""

import base64
import hashlib
import hmac
import http.client
import json
import time
import uuid

from brume_server import ACCESS_KEY_ID, REGION, Server, free_port
from waiting import eventually


class Cluster:
    """The processes, and the key that they share."""

    def __init__(self, folder):
        self.folder = folder
        self.key_file = folder / "cluster.key"
        self.rules = folder / "rules.json"
        self.rules.write_text(json.dumps({"rules": [
            {"name": "slow", "prompt": "take your time", "delayMilliseconds": 20_000},
        ]}))
        maker = Server(folder / "maker")
        made = maker.run("keys", "cluster", "--file", str(self.key_file))
        assert made.returncode == 0, made.stderr
        self.key = bytes.fromhex(self.key_file.read_text().strip())
        self.inner = {name: free_port() for name in ("gateway", "tables", "models", "more_models")}
        self.tables = self.node("tables", "dynamodb")
        self.models = self.node("models", "bedrock", "--bedrock-rules", str(self.rules))
        self.more_models = self.node("more_models", "bedrock", "--bedrock-rules", str(self.rules))
        self.gateway = Server(
            folder / "gateway", "--services", "sts", "--cluster-key-file", str(self.key_file),
            "--internal-listen", f"127.0.0.1:{self.inner['gateway']}", "--upstream",
            f"dynamodb={self.url('tables')},bedrock={self.url('models')},bedrock={self.url('more_models')}",
        )

    def url(self, name):
        return f"http://127.0.0.1:{self.inner[name]}"

    def node(self, name, services, *options):
        return Server(
            self.folder / name, "--services", services, "--cluster-key-file", str(self.key_file),
            "--internal-listen", f"127.0.0.1:{self.inner[name]}", "--identity-url", self.url("gateway"), *options,
        )

    @property
    def servers(self):
        return [self.gateway, self.tables, self.models, self.more_models]

    @staticmethod
    def lines(server, **members):
        """Lines of a server's access log that have these members."""
        text = (server.data_dir / "logs" / "access.log").read_text()
        lines = [json.loads(line) for line in text.splitlines()]
        return [line for line in lines if all(line.get(name) == value for name, value in members.items())]

    def line(self, server, **members):
        """The last such line, which may be written a moment after the answer."""
        return eventually(lambda: self.lines(server, **members))[-1]


def netstring(*texts):
    return b"".join(str(len(text.encode())).encode() + b":" + text.encode() for text in texts)


def statement_for(key, method, path, headers, body, *, age=0, operation="ListTables", sender=None, sequence=1):
    """The header that a gateway puts before a request, as docs/roles.md describes it."""
    derived = hmac.new(key, b"brume-forward-2", hashlib.sha256).digest()
    statement = netstring(
        str(int((time.time() - age) * 1000)), str(sender or uuid.uuid4().int >> 64), str(sequence), "REQUEST",
        "dynamodb", operation, "192.0.2.1", "tls", hashlib.sha256(body).hexdigest(), "root", "000000000000",
        "arn:aws:iam::000000000000:root", "000000000000", ACCESS_KEY_ID, REGION,
    )
    covered = "".join(f"{name.lower()}:{value}\n" for name, value in headers)
    text = f"{method}\n{path}\n\n{covered}\n".encode() + statement
    return f"v2.{base64.b64encode(statement).decode()}.{hmac.new(derived, text, hashlib.sha256).hexdigest()}"


HEADERS = [("Host", "localhost"), ("X-Amz-Target", "DynamoDB_20120810.ListTables"),
           ("Content-Type", "application/x-amz-json-1.0")]
BODY = b"{}"


def post(port, headers, body=BODY, path="/", statement=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("POST", path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    if statement:
        connection.putheader("X-Brume-Forwarded", statement)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()
