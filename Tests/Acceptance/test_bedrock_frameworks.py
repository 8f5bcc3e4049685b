"""Agent frameworks that reach Bedrock by themselves: litellm, langchain-aws, strands-agents and pydantic-ai.

They bring three hundred megabytes, so they are not in requirements.txt: `Scripts/install-dependencies frameworks` adds
them, and each test is skipped where its framework is not there.
"""

import os

import pytest

from brume_server import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

ECHO = "brume.echo"
ANSWER = "[brume.echo] Hello there"
HELLO = [{"role": "user", "content": "Hello there"}]


# litellm would fetch its list of prices from the network.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"


@pytest.fixture
def proof(server):
    """The names that litellm gives key and endpoint."""
    return {
        "aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_ACCESS_KEY, "aws_region_name": REGION,
        "aws_bedrock_runtime_endpoint": server.url,
    }


def test_litellm_converses_and_streams(proof):
    litellm = pytest.importorskip("litellm", reason="litellm is not installed")
    model = f"bedrock/converse/{ECHO}"
    answer = litellm.completion(model=model, messages=HELLO, **proof)
    assert answer.choices[0].message.content == ANSWER and answer.usage.prompt_tokens > 0
    chunks = list(litellm.completion(model=model, messages=HELLO, stream=True, **proof))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == ANSWER


@pytest.mark.parametrize("model_id", [
    "anthropic.claude-3-haiku-20240307-v1:0", "meta.llama3-8b-instruct-v1:0", "mistral.mistral-7b-instruct-v0:2",
    "amazon.titan-text-express-v1", "amazon.nova-lite-v1:0",
])
def test_litellm_invokes_each_family(fresh_server, proof, model_id):
    litellm = pytest.importorskip("litellm", reason="litellm is not installed")
    server = fresh_server("--bedrock-aliases", "*=brume.echo")
    proof = proof | {"aws_bedrock_runtime_endpoint": server.url}
    answer = litellm.completion(model=f"bedrock/invoke/{model_id}", messages=HELLO, max_tokens=200, **proof)
    assert "Hello there" in answer.choices[0].message.content


def test_langchain_converses_invokes_and_streams(server):
    langchain_aws = pytest.importorskip("langchain_aws", reason="langchain-aws is not installed")
    model = langchain_aws.ChatBedrockConverse(
        model=ECHO, provider="anthropic", client=server.client("bedrock-runtime"),
        bedrock_client=server.client("bedrock"))
    answer = model.invoke("Hello there")
    assert answer.content == ANSWER and answer.usage_metadata["input_tokens"] > 0
    assert "".join(chunk.text for chunk in model.stream("Hello there")) == ANSWER
    native = langchain_aws.ChatBedrock(
        model=ECHO, provider="anthropic", client=server.client("bedrock-runtime"),
        bedrock_client=server.client("bedrock"))
    assert native.invoke("Hello there").content == ANSWER


def test_strands_agents_call_a_tool(server):
    strands = pytest.importorskip("strands", reason="strands-agents is not installed")
    from strands.models import BedrockModel

    @strands.tool
    def get_weather(city: str) -> str:
        """The weather of a city."""
        return f"3 degrees in {city}"

    model = BedrockModel(model_id=ECHO, boto_session=server.session(), endpoint_url=server.url)
    agent = strands.Agent(model=model, tools=[get_weather], callback_handler=None)
    assert "3 degrees in echo" in str(agent("Use get_weather"))


def test_pydantic_ai_calls_a_tool(server):
    pydantic_ai = pytest.importorskip("pydantic_ai", reason="pydantic-ai is not installed")
    from pydantic_ai.models.bedrock import BedrockConverseModel
    from pydantic_ai.providers.bedrock import BedrockProvider

    provider = BedrockProvider(bedrock_client=server.client("bedrock-runtime"))
    agent = pydantic_ai.Agent(BedrockConverseModel(ECHO, provider=provider))

    @agent.tool_plain
    def get_weather(city: str) -> str:
        """The weather of a city."""
        return f"3 degrees in {city}"

    assert "3 degrees in echo" in agent.run_sync("Use get_weather").output
