"""Models of real families' shapes without trained weights: what they need of memory, and how fast they run, is true.

    write_shape(path, "llama", layers=4, width=512, heads=8, kv_heads=2, feed_forward=1408, vocabulary=32000)
    write_shape(path, "qwen3moe", ..., experts=32, experts_used=4, expert_feed_forward=256)
    write_shape(path, "gemma3", ..., window=512)
    write_shape(path, "gpt-oss", ..., experts=8, experts_used=4, window=128)

Without `fill` all weights are zeros that take no room on the disk; with it they are small random numbers, for measuring
speed. `FULL_SIZE` has the shapes of well-known models.
"""

import random
import struct

from gguf_writer import BOOL, F16, F32, FLOAT32, INT32, STRING, TYPES, UINT32, GGUFWriter

ARCHITECTURES = ("llama", "qwen3moe", "gemma3", "gpt-oss")

# Source: the models' public config.json. `kind` is the type of most weights of the usual file.
FULL_SIZE = {
    "llama-3.2-1b": ("llama", dict(layers=16, width=2048, heads=32, kv_heads=8, head=64, feed_forward=8192,
                                   vocabulary=128256, context=131072, kind="q4_k", tied=True)),
    "llama-3.1-8b": ("llama", dict(layers=32, width=4096, heads=32, kv_heads=8, head=128, feed_forward=14336,
                                   vocabulary=128256, context=131072, kind="q4_k")),
    "qwen3-30b-a3b": ("qwen3moe", dict(layers=48, width=2048, heads=32, kv_heads=4, head=128, feed_forward=6144,
                                       vocabulary=151936, context=40960, experts=128, experts_used=8,
                                       expert_feed_forward=768, kind="q4_k")),
    "gemma-3-12b": ("gemma3", dict(layers=48, width=3840, heads=16, kv_heads=8, head=256, feed_forward=15360,
                                   vocabulary=262144, context=131072, window=1024, kind="q4_k")),
    "gpt-oss-20b": ("gpt-oss", dict(layers=24, width=2880, heads=64, kv_heads=8, head=64, feed_forward=2880,
                                    vocabulary=201088, context=131072, experts=32, experts_used=4,
                                    expert_feed_forward=2880, window=128, kind="q8_0", expert_kind="mxfp4")),
}


def write_shape(path, architecture, *, layers, width, heads, kv_heads, feed_forward, vocabulary, head=None,
                context=32768, experts=0, experts_used=0, expert_feed_forward=0, window=0, kind="f16",
                expert_kind=None, tied=False, fill=False, seed=1):
    """Writes a model of this shape and gives the bytes of its tensors."""
    assert architecture in ARCHITECTURES
    head = head or width // heads
    matrix, expert = TYPES[kind], TYPES[expert_kind or kind]
    with GGUFWriter(path) as writer:
        _metadata(writer, architecture, dict(
            context_length=context, embedding_length=width, block_count=layers, feed_forward_length=feed_forward,
            vocab_size=vocabulary, expert_count=experts, expert_used_count=experts_used,
            expert_feed_forward_length=expert_feed_forward), heads, kv_heads, head, window, vocabulary)
        tensors = _Tensors(writer, random.Random(seed) if fill else None)
        tensors.add("token_embd.weight", (width, vocabulary), matrix)
        tensors.add("output_norm.weight", (width,), F32)
        if not tied and architecture != "gemma3":
            tensors.add("output.weight", (width, vocabulary), matrix)
        for layer in range(layers):
            tensors.prefix = f"blk.{layer}."
            _attention(tensors, architecture, width, heads * head, kv_heads * head, head, heads, matrix)
            if experts:
                _experts(tensors, architecture, width, experts, expert_feed_forward, expert)
            else:
                for name in ("ffn_gate.weight", "ffn_up.weight"):
                    tensors.add(name, (width, feed_forward), matrix)
                tensors.add("ffn_down.weight", (feed_forward, width), matrix)
        return writer.tensor_bytes


class _Tensors:
    def __init__(self, writer, source):
        self.prefix = ""
        self._writer = writer
        self._source = source
        self._patterns = {}

    def add(self, name, dimensions, kind):
        values = self._pattern(kind) if self._source else None
        self._writer.tensor(self.prefix + name, dimensions, kind, values)

    def _pattern(self, kind):
        """Some blocks of small random numbers; bytes at random, but never a scale that is infinite."""
        if kind not in self._patterns:
            number, elements, size = kind
            if kind == F32:
                blocks = [struct.pack("<f", self._source.gauss(0, 0.02)) for _ in range(4096)]
            elif kind == F16:
                blocks = [struct.pack("<e", self._source.gauss(0, 0.02)) for _ in range(4096)]
            else:
                # A byte of 1 in each place of a scale is a small number in every type of block.
                blocks = [bytes(self._source.choice((1, 2, 16, 17, 18)) for _ in range(size)) for _ in range(1024)]
            self._patterns[kind] = b"".join(blocks)
        return self._patterns[kind]


def _attention(tensors, architecture, width, queries, keys, head, heads, matrix):
    tensors.add("attn_norm.weight", (width,), F32)
    tensors.add("attn_q.weight", (width, queries), matrix)
    tensors.add("attn_k.weight", (width, keys), matrix)
    tensors.add("attn_v.weight", (width, keys), matrix)
    tensors.add("attn_output.weight", (queries, width), matrix)
    if architecture in ("qwen3moe", "gemma3"):
        tensors.add("attn_q_norm.weight", (head,), F32)
        tensors.add("attn_k_norm.weight", (head,), F32)
    if architecture == "gpt-oss":
        for name, count in (("attn_q", queries), ("attn_k", keys), ("attn_v", keys), ("attn_output", width)):
            tensors.add(name + ".bias", (count,), F32)
        tensors.add("attn_sinks.weight", (heads,), F32)
    if architecture in ("gemma3", "gpt-oss"):
        tensors.add("post_attention_norm.weight", (width,), F32)
    if architecture != "gpt-oss":
        tensors.add("ffn_norm.weight", (width,), F32)
    if architecture == "gemma3":
        tensors.add("post_ffw_norm.weight", (width,), F32)


def _experts(tensors, architecture, width, experts, feed_forward, kind):
    tensors.add("ffn_gate_inp.weight", (width, experts), F32)
    for name in ("ffn_gate_exps.weight", "ffn_up_exps.weight"):
        tensors.add(name, (width, feed_forward, experts), kind)
    tensors.add("ffn_down_exps.weight", (feed_forward, width, experts), kind)
    if architecture == "gpt-oss":
        tensors.add("ffn_gate_inp.bias", (experts,), F32)
        tensors.add("ffn_gate_exps.bias", (feed_forward, experts), F32)
        tensors.add("ffn_up_exps.bias", (feed_forward, experts), F32)
        tensors.add("ffn_down_exps.bias", (width, experts), F32)


def _metadata(writer, architecture, numbers, heads, kv_heads, head, window, vocabulary):
    writer.key("general.architecture", architecture)
    writer.key("general.name", "shape of " + architecture)
    for name, value in numbers.items():
        if value:
            writer.key(f"{architecture}.{name}", UINT32, value)
    writer.key(f"{architecture}.attention.head_count", UINT32, heads)
    writer.key(f"{architecture}.attention.head_count_kv", UINT32, kv_heads)
    writer.key(f"{architecture}.attention.key_length", UINT32, head)
    writer.key(f"{architecture}.attention.value_length", UINT32, head)
    writer.key(f"{architecture}.attention.layer_norm_rms_epsilon", FLOAT32, 1e-5)
    writer.key(f"{architecture}.rope.dimension_count", UINT32, head)
    writer.key(f"{architecture}.rope.freq_base", FLOAT32, 500000.0)
    if window:
        writer.key(f"{architecture}.attention.sliding_window", UINT32, window)
    writer.key("tokenizer.ggml.model", "gpt2")
    writer.key("tokenizer.ggml.pre", "gpt-2")
    # Every byte, and then words that nobody writes.
    letters = [chr(code) for code in range(0x21, 0x21 + 94)]
    writer.key("tokenizer.ggml.tokens", STRING, letters + [f"<{number}>" for number in range(94, vocabulary)])
    writer.key("tokenizer.ggml.token_type", INT32, [1] * vocabulary)
    writer.key("tokenizer.ggml.merges", STRING, ["! !"])
    writer.key("tokenizer.ggml.eos_token_id", UINT32, vocabulary - 1)
    writer.key("tokenizer.ggml.bos_token_id", UINT32, vocabulary - 2)
    writer.key("tokenizer.ggml.add_bos_token", BOOL, False)
