"""Tiny encoders with hand-wired weights, for tests of embeddings and of reranking with the real engine.

    write_embedder(path)     a text's vector is the mean of its words' directions: texts with common words are near
    write_ranker(path)       a document scores by the words RELEVANT in it and in the question

Both are of the `bert` architecture with one layer and a WordPiece vocabulary of whole words; what is no word of it is
[UNK]. How it works: word vectors have a direction each, positions and segments are zero, and the layer adds nothing but
what attention brings, which looks at all words alike. The ranker reads the first token, to which attention brings the
mean of all.
"""

import math
import random

from gguf_writer import BOOL, F32, FLOAT32, INT32, STRING, UINT32, GGUFWriter

WIDTH = 64
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = (
    "the a of and in to is was it who what where how river water bridge boat harbour rain stone king queen palace "
    "money market stock price bread cheese wine eat drink cook quick brown fox dog cat sleeps runs jumps over lazy"
).split()
RELEVANT = "river water bridge boat harbour".split()
MEAN, CLS, RANK = 1, 2, 4


def write_embedder(path, *, context=64, pooling=MEAN):
    """Writes an embedding model that takes so many tokens; without a pooling the file says nothing of it."""
    _write(path, context, pooling, None)


def write_ranker(path, *, context=64):
    """Writes a reranking model."""
    _write(path, context, RANK, RELEVANT)


def _write(path, context, pooling, relevant):
    tokens = _SPECIAL + ["\u2581" + word for word in WORDS]
    source = random.Random(7)
    vectors = [[source.gauss(0, 1) for _ in range(WIDTH)] for _ in tokens]
    for vector in vectors[:len(_SPECIAL)]:
        # What stands around each text says nothing of it.
        vector[:] = [part * 0.0 + (1.0 if place % 2 else -1.0) * 0.01 for place, part in enumerate(vector)]
    with GGUFWriter(path) as writer:
        writer.key("general.architecture", "bert")
        writer.key("general.type", "model")
        writer.key("general.name", "Brume test encoder")
        writer.key("general.file_type", UINT32, 0)
        writer.key("bert.block_count", UINT32, 1)
        writer.key("bert.context_length", UINT32, context)
        writer.key("bert.embedding_length", UINT32, WIDTH)
        writer.key("bert.feed_forward_length", UINT32, WIDTH)
        writer.key("bert.attention.head_count", UINT32, 2)
        # Large, so that the marks around a text stay small when all is brought to one size.
        writer.key("bert.attention.layer_norm_epsilon", FLOAT32, 0.05)
        writer.key("bert.attention.causal", BOOL, False)
        if pooling:
            writer.key("bert.pooling_type", UINT32, pooling)
        writer.key("tokenizer.ggml.model", "bert")
        writer.key("tokenizer.ggml.pre", "default")
        writer.key("tokenizer.ggml.token_type_count", UINT32, 2)
        writer.key("tokenizer.ggml.tokens", STRING, tokens)
        writer.key("tokenizer.ggml.token_type", INT32, [3] * len(_SPECIAL) + [1] * len(WORDS))
        for key, word in (("unknown", "[UNK]"), ("seperator", "[SEP]"), ("padding", "[PAD]"), ("cls", "[CLS]"),
                          ("mask", "[MASK]"), ("bos", "[CLS]"), ("eos", "[SEP]")):
            writer.key(f"tokenizer.ggml.{key}_token_id", UINT32, _SPECIAL.index(word))
        _tensors(writer, tokens, vectors, context, relevant)


def _tensors(writer, tokens, vectors, context, relevant):
    identity = [1.0 if row == column else 0.0 for row in range(WIDTH) for column in range(WIDTH)]
    square = (WIDTH, WIDTH)
    writer.tensor("token_embd.weight", (WIDTH, len(tokens)), F32, sum(vectors, []))
    writer.tensor("token_types.weight", (WIDTH, 2), F32, None)
    writer.tensor("position_embd.weight", (WIDTH, context), F32, None)
    for name in ("token_embd_norm", "blk.0.attn_output_norm", "blk.0.layer_output_norm"):
        writer.tensor(f"{name}.weight", (WIDTH,), F32, [1.0] * WIDTH)
        writer.tensor(f"{name}.bias", (WIDTH,), F32, None)
    for name, values in (("attn_q", None), ("attn_k", None), ("attn_v", identity),
                         ("attn_output", identity if relevant else None), ("ffn_up", None), ("ffn_down", None)):
        writer.tensor(f"blk.0.{name}.weight", square, F32, values)
        writer.tensor(f"blk.0.{name}.bias", (WIDTH,), F32, None)
    if relevant:
        wanted = [0.0] * WIDTH
        for word in relevant:
            for place, part in enumerate(vectors[tokens.index("\u2581" + word)]):
                wanted[place] += part
        length = math.sqrt(sum(part * part for part in wanted))
        writer.tensor("cls.output.weight", (WIDTH, 1), F32, [part / length for part in wanted])
        writer.tensor("cls.output.bias", (1,), F32, [-2.0])
