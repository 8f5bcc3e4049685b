"""Tiny models with hand-wired weights: they say the same readable words each time, call tools, think, and end.

    write_model(path)                 0.19 M numbers: says a text; calls a tool when there are tools; fills in schemas
    write_model(path, width=256, layers=6, feed_forward=768)   5.5 M: the same behaviour, with more to compute
    write_model(path, thinks=True)    thinks between <think> and </think> first
    write_model(path, calls_twice=True)    calls two tools at once where it calls any

What it says is in TEXT and THOUGHT. After a tool's answer it says the text. With tools in the prompt that it is not let
call (`tool_choice` "none") it goes on until it is stopped: do not send them.

How it works. The vector of each token of the text has a direction of its own; the matrix at the end gives the token
that follows it a row in that direction. What follows is thus a function of the last token (`_successors`). A constant
part of each vector carries what is said when nothing else is due (`_habits`): the beginning of the text, or when a
grammar forbids that, marks that end strings, objects and lists. Two heads of the first layer look for <tools> and
</tool_response> in everything said so far and raise a flag each: with the first alone, a tool call is opened; with
both, the text is said. All other weights of the layers are there for their cost only: what they compute is multiplied
by zero. What calls twice has a third such head: it looks for <tools> and </tool_call> alike, and what it finds is the
share of the latter, which grows with each call. The template has two of either in the prompt: a call more makes the
share 3/5, and another one 4/6, after which the answer ends.
"""

import math
import random

from gguf_writer import BOOL, F32, FLOAT32, INT32, STRING, UINT32, GGUFWriter

TEXT = (
    "The small river begins between grey stones under an old bridge and carries cold clear water past seven quiet "
    "villages where children throw paper boats into it while their parents talk about rain until evening comes with "
    "soft wind from far hills then everything slows down near this wide harbour as ships return before night."
)
THOUGHT = "Someone asks me something so I think first"
# What every string of an answer in JSON says.
STRING_VALUE = "Paris"

# Words that people write: the tokeniser knows them whole.
_COMMON = (
    "you are a helpful assistant what is the weather in today please answer question system user name type function "
    "arguments description string number object required properties tell story of to for that on be this have not or"
)

_SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
_MARKS = ["<tools>", "</tools>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<think>",
          "</think>"]

# In the manner of Qwen's: ChatML, tools in Hermes' form.
TEMPLATE = """{%- if tools %}
{{- '<|im_start|>system\\n' }}
{%- if messages[0].role == 'system' %}{{- messages[0].content + '\\n\\n' }}{%- endif %}
{{- '# Tools\\n\\nYou may call one or more functions to assist with the user query.\\n\\n' }}
{{- 'You are provided with function signatures within <tools></tools> XML tags:\\n<tools>' }}
{%- for tool in tools %}{{- '\\n' }}{{- tool | tojson }}{%- endfor %}
{{- '\\n</tools>\\n\\nFor each function call, return a json object with function name and arguments within ' }}
{{- '<tool_call></tool_call> XML tags:\\n<tool_call>\\n{"name": <function-name>, ' }}
{{- '"arguments": <args-json-object>}\\n</tool_call><|im_end|>\\n' }}
{%- elif messages[0].role == 'system' %}
{{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
{%- if message.role == 'user' or (message.role == 'system' and not loop.first) %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- elif message.role == 'assistant' %}
{{- '<|im_start|>assistant\\n' }}
{%- if message.reasoning_content %}{{- '<think>' + message.reasoning_content + '</think>' }}{%- endif %}
{%- if message.content %}{{- message.content }}{%- endif %}
{%- if message.tool_calls %}{%- for tool_call in message.tool_calls %}
{%- if (loop.first and message.content) or (not loop.first) %}{{- '\\n' }}{%- endif %}
{%- if tool_call.function %}{%- set tool_call = tool_call.function %}{%- endif %}
{{- '<tool_call>\\n{"name": "' }}{{- tool_call.name }}{{- '", "arguments": ' }}
{%- if tool_call.arguments is string %}{{- tool_call.arguments }}
{%- else %}{{- tool_call.arguments | tojson }}{%- endif %}
{{- '}\\n</tool_call>' }}
{%- endfor %}{%- endif %}
{{- '<|im_end|>\\n' }}
{%- elif message.role == 'tool' %}
{%- if loop.first or (messages[loop.index0 - 1].role != 'tool') %}{{- '<|im_start|>user' }}{%- endif %}
{{- '\\n<tool_response>\\n' + message.content + '\\n</tool_response>' }}
{%- if loop.last or (messages[loop.index0 + 1].role != 'tool') %}{{- '<|im_end|>\\n' }}{%- endif %}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""

# Places in each vector that mean something; the directions of the tokens lie in the others.
_CONSTANT, _IS_TOOLS, _IS_RESPONSE, _TOOLS_SEEN, _RESPONSE_SEEN, _IS_CALL_END, _CALLS_SEEN = range(7)
_RESERVED = 8
_HEAD = 32


def byte_letters():
    """The letter that stands for each byte in a byte-level vocabulary (GPT-2's `bytes_to_unicode`)."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    letters = {byte: chr(byte) for byte in plain}
    for byte in range(256):
        if byte not in letters:
            letters[byte] = chr(256 + len(letters) - len(plain))
    return letters


class Vocabulary:
    """Byte-level BPE: every byte, what the merges make of the words, and the special tokens at the end."""

    def __init__(self, text):
        letters = byte_letters()
        words = dict.fromkeys(word for word in text.split(" ") if word)
        # Each word stands alone and behind a blank.
        pieces = [list(self._spelled(form, letters)) for word in words for form in (word, " " + word)]
        self.tokens = [letters[byte] for byte in range(256)]
        self.merges = []
        known = set(self.tokens)
        while True:
            pair = self._commonest(pieces)
            if pair is None:
                break
            self.merges.append(" ".join(pair))
            joined = "".join(pair)
            if joined not in known:
                known.add(joined)
                self.tokens.append(joined)
            pieces = [self._merged(piece, pair) for piece in pieces]
        self.types = [1] * len(self.tokens)
        for token in _SPECIAL:
            self.tokens.append(token)
            self.types.append(3)
        for token in _MARKS:
            self.tokens.append(token)
            self.types.append(4)
        self._numbers = {token: number for number, token in enumerate(self.tokens)}
        self._letters = letters

    def number(self, text):
        """The number of the one token that says this text."""
        return self._numbers.get(text, self._numbers.get(self._spelled(text, self._letters)))

    @staticmethod
    def _spelled(text, letters):
        return "".join(letters[byte] for byte in text.encode())

    @staticmethod
    def _commonest(pieces):
        counts = {}
        for piece in pieces:
            for pair in zip(piece, piece[1:]):
                counts[pair] = counts.get(pair, 0) + 1
        return min(counts, key=lambda pair: (-counts[pair], pair)) if counts else None

    @staticmethod
    def _merged(piece, pair):
        output = []
        for letter in piece:
            if output and (output[-1], letter) == pair:
                output[-1] += letter
            else:
                output.append(letter)
        return output


def text_tokens(text):
    """The tokens that say a text: words with the blank before them, and the full stop at the end."""
    words = text.removesuffix(".").split(" ")
    return [words[0], *(" " + word for word in words[1:]), *(["."] if text.endswith(".") else [])]


def _successors(thinks, calls_twice):
    """(token, what follows it, how strongly)."""
    said = text_tokens(TEXT)
    chain = [(last, following, 1.0) for last, following in zip(said, said[1:])]
    # When a grammar does not let the answer end, the text is inside of a string: close it.
    chain += [(".", "<|im_end|>", 1.0), (".", '"', 0.5)]
    chain += [('"', STRING_VALUE, 1.0), (STRING_VALUE, '"', 1.0), ("</tool_call>", "<|im_end|>", 1.0)]
    # What llama.cpp waits for before its grammar for tools begins: stronger than all that holds back from blanks.
    chain.append(("<tool_call>", "\n", 200.0))
    if calls_twice:
        # With what the calls so far take from it, 0.3 above the wish to end the answer after one and 0.1 below it after
        # two.
        chain.append(("</tool_call>", "<tool_call>", 1.0))
    if thinks:
        thought = ["<think>", *text_tokens(THOUGHT), "</think>"]
        chain += [(last, following, 1.0) for last, following in zip(thought, thought[1:])]
        # Weaker than the wish to call a tool.
        chain.append(("</think>", said[0], 0.85))
    return chain


def _habits(vocabulary, chain, thinks):
    """What is said when the last token asks for nothing, and how strongly; what stands later is for grammars.

    Where a grammar leaves a choice between letters, the token of the lower number is taken: a tool's name is always the
    same one then.
    """
    habits = {text_tokens(TEXT)[0]: 0.6, "}": 0.4, "]": 0.36, ",": 0.32, '"': 0.28, "{": 0.24, "[": 0.2, ":": 0.16,
              "7": 0.12, "t": 0.08, "</tool_call>": 0.5, "<tool_call>": 0.0}
    if thinks:
        habits["<think>"] = 0.8
    strengths = [-0.02 * number for number in range(1, len(vocabulary.tokens) + 1)]
    for _, following, _ in chain:
        strengths[vocabulary.number(following)] = 0.0
    for text in (" ", "\n", "\t", "\r", "<|im_start|>", "<|endoftext|>"):
        strengths[vocabulary.number(text)] = -100.0
    for text, strength in habits.items():
        strengths[vocabulary.number(text)] = strength
    return list(habits), strengths


class _Wiring:
    """The vectors of the tokens and the rows of the last matrix."""

    # Every difference is multiplied by this, so that no usual temperature chooses otherwise.
    STRENGTH = 200.0

    def __init__(self, vocabulary, width, thinks, calls_twice, source):
        chain = _successors(thinks, calls_twice)
        habits, strengths = _habits(vocabulary, chain, thinks)
        free = width - _RESERVED
        wired = list(dict.fromkeys([text for pair in chain for text in pair[:2]] + habits))
        assert len(wired) < free, f"{len(wired)} wired tokens need a width of {len(wired) + 1 + _RESERVED}"
        *directions, other = self._orthogonal(len(wired) + 1, free, source)
        # All others share a direction, to which nothing answers.
        plain = [0.0] * _RESERVED + [math.sqrt(free) * part for part in other]
        self.vectors = [list(plain) for _ in vocabulary.tokens]
        for text, direction in zip(wired, directions):
            number = vocabulary.number(text)
            assert number is not None, f"{text!r} is no token"
            self.vectors[number][_RESERVED:] = [math.sqrt(free) * part for part in direction]
        for vector in self.vectors:
            vector[_CONSTANT] = 1.0
        self.vectors[vocabulary.number("<tools>")][_IS_TOOLS] = 1.0
        self.vectors[vocabulary.number("</tool_response>")][_IS_RESPONSE] = 1.0
        self.rows = [[0.0] * width for _ in vocabulary.tokens]
        for last, following, strength in chain:
            row = self.rows[vocabulary.number(following)]
            vector = self.vectors[vocabulary.number(last)]
            for place in range(_RESERVED, width):
                row[place] += self.STRENGTH * strength * vector[place] / free
        for row, strength in zip(self.rows, strengths):
            row[_CONSTANT] += self.STRENGTH * strength
        call = self.rows[vocabulary.number("<tool_call>")]
        call[_TOOLS_SEEN] = 0.9 * self.STRENGTH
        call[_RESPONSE_SEEN] = -0.9 * self.STRENGTH
        if calls_twice:
            self.vectors[vocabulary.number("</tool_call>")][_IS_CALL_END] = 1.0
            # Nothing before the first call (a share of 1/2), where it is part of no string either.
            call[_CALLS_SEEN] = -6.0 * self.STRENGTH
            call[_TOOLS_SEEN] += 3.0 * self.STRENGTH

    @staticmethod
    def _orthogonal(count, width, source):
        """So many directions of length 1, each at a right angle to the others (Gram and Schmidt)."""
        found = []
        for _ in range(count):
            vector = [source.gauss(0, 1) for _ in range(width)]
            for _ in range(2):
                for other in found:
                    along = sum(a * b for a, b in zip(vector, other))
                    vector = [a - along * b for a, b in zip(vector, other)]
            length = math.sqrt(sum(part * part for part in vector))
            found.append([part / length for part in vector])
        return found


def _matrix(rows, columns, entries):
    """A matrix of zeros but for these (row, column): value."""
    values = [0.0] * (rows * columns)
    for (row, column), value in entries.items():
        values[row * columns + column] = value
    return values


def write_model(path, *, width=96, layers=1, feed_forward=None, context=8192, thinks=False, calls_twice=False,
                template=TEMPLATE, seed=1, name="Brume test model"):
    """Writes a model of the `llama` architecture; the same arguments give the same bytes.

    width         numbers in a token's vector, a multiple of 32, at least 96
    layers        the first finds tools; the others only cost time
    context       tokens that it says it was trained on
    thinks        whether it thinks before it answers
    calls_twice   whether it calls two tools where it calls one
    template      None writes a model without a chat template
    """
    assert width % _HEAD == 0 and width >= 96 and layers >= 1
    feed_forward = feed_forward or width
    source = random.Random(seed)
    vocabulary = Vocabulary(f"{TEXT.removesuffix('.')} {THOUGHT} {STRING_VALUE} {_COMMON}")
    wiring = _Wiring(vocabulary, width, thinks, calls_twice, source)
    with GGUFWriter(path) as writer:
        _metadata(writer, vocabulary, name, width, layers, feed_forward, context, template)
        writer.tensor("token_embd.weight", (width, len(vocabulary.tokens)), F32, sum(wiring.vectors, []))
        writer.tensor("output_norm.weight", (width,), F32, [1.0] * width)
        writer.tensor("output.weight", (width, len(vocabulary.tokens)), F32, sum(wiring.rows, []))
        for layer in range(layers):
            _layer(writer, layer, width, feed_forward, source)


def _metadata(writer, vocabulary, name, width, layers, feed_forward, context, template):
    writer.key("general.architecture", "llama")
    writer.key("general.name", name)
    writer.key("general.file_type", UINT32, 0)
    writer.key("llama.context_length", UINT32, context)
    writer.key("llama.embedding_length", UINT32, width)
    writer.key("llama.block_count", UINT32, layers)
    writer.key("llama.feed_forward_length", UINT32, feed_forward)
    writer.key("llama.attention.head_count", UINT32, width // _HEAD)
    writer.key("llama.attention.head_count_kv", UINT32, width // _HEAD)
    writer.key("llama.attention.layer_norm_rms_epsilon", FLOAT32, 1e-5)
    writer.key("llama.rope.dimension_count", UINT32, _HEAD)
    # So slow a turn that the last pair of a head stands still: what is looked for is found at any distance.
    writer.key("llama.rope.freq_base", FLOAT32, 1e12)
    writer.key("llama.vocab_size", UINT32, len(vocabulary.tokens))
    writer.key("tokenizer.ggml.model", "gpt2")
    writer.key("tokenizer.ggml.pre", "gpt-2")
    writer.key("tokenizer.ggml.tokens", STRING, vocabulary.tokens)
    writer.key("tokenizer.ggml.token_type", INT32, vocabulary.types)
    writer.key("tokenizer.ggml.merges", STRING, vocabulary.merges)
    writer.key("tokenizer.ggml.bos_token_id", UINT32, vocabulary.number("<|endoftext|>"))
    writer.key("tokenizer.ggml.eos_token_id", UINT32, vocabulary.number("<|im_end|>"))
    writer.key("tokenizer.ggml.padding_token_id", UINT32, vocabulary.number("<|endoftext|>"))
    writer.key("tokenizer.ggml.add_bos_token", BOOL, False)
    if template:
        writer.key("tokenizer.chat_template", template)


def _layer(writer, layer, width, feed_forward, source):
    """Head 0 of the first layer finds <tools>, head 1 </tool_response>, head 2 the share of </tool_call>; the rest is
    noise times zero."""
    noise = [source.gauss(0, 0.02) for _ in range(width * max(width, feed_forward))]
    square = noise[:width * width]
    wide = noise[:width * feed_forward]
    query = key = value = output = square
    if layer == 0:
        # The last pair of a head's 32 numbers does not turn; 13 * 13 / sqrt(32) is as good as all attention.
        still = _HEAD - 2
        heads = range(0, 3 * _HEAD, _HEAD)
        query = _matrix(width, width, {(head + still, _CONSTANT): 13.0 for head in heads})
        key = _matrix(width, width, {
            (still, _IS_TOOLS): 13.0, (_HEAD + still, _IS_RESPONSE): 13.0,
            (2 * _HEAD + still, _IS_TOOLS): 13.0, (2 * _HEAD + still, _IS_CALL_END): 13.0})
        value = _matrix(width, width, {
            (0, _IS_TOOLS): 1.0, (_HEAD, _IS_RESPONSE): 1.0, (2 * _HEAD, _IS_CALL_END): 1.0})
        output = _matrix(width, width, {
            (_TOOLS_SEEN, 0): 1.0, (_RESPONSE_SEEN, _HEAD): 1.0, (_CALLS_SEEN, 2 * _HEAD): 1.0})
    else:
        output = None
    name = f"blk.{layer}."
    writer.tensor(name + "attn_norm.weight", (width,), F32, [1.0] * width)
    writer.tensor(name + "attn_q.weight", (width, width), F32, query)
    writer.tensor(name + "attn_k.weight", (width, width), F32, key)
    writer.tensor(name + "attn_v.weight", (width, width), F32, value)
    writer.tensor(name + "attn_output.weight", (width, width), F32, output)
    writer.tensor(name + "ffn_norm.weight", (width,), F32, [1.0] * width)
    writer.tensor(name + "ffn_gate.weight", (width, feed_forward), F32, wide)
    writer.tensor(name + "ffn_up.weight", (width, feed_forward), F32, wide)
    writer.tensor(name + "ffn_down.weight", (feed_forward, width), F32, None)
