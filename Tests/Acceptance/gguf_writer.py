"""Writes GGUF files (version 3, little endian) with nothing but Python's own library.

    with GGUFWriter("model.gguf") as writer:
        writer.key("general.architecture", "llama")
        writer.key("llama.block_count", UINT32, 2)
        writer.tensor("token_embd.weight", (64, 300), F32, floats)

Source: the GGUF specification (ggml's docs/gguf.md). Sizes of blocks: ggml-common.h.
"""

import array
import struct

UINT8, INT8, UINT16, INT16, UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY, UINT64, INT64, FLOAT64 = range(13)
_FORMATS = {UINT8: "B", INT8: "b", UINT16: "H", INT16: "h", UINT32: "I", INT32: "i", FLOAT32: "f", BOOL: "?",
            UINT64: "Q", INT64: "q", FLOAT64: "d"}

# ggml's number of a type, numbers in a block, bytes of a block.
F32, F16, BF16 = (0, 1, 4), (1, 1, 2), (30, 1, 2)
Q4_0, Q5_0, Q8_0 = (2, 32, 18), (6, 32, 22), (8, 32, 34)
Q2_K, Q3_K, Q4_K, Q5_K, Q6_K = (10, 256, 84), (11, 256, 110), (12, 256, 144), (13, 256, 176), (14, 256, 210)
IQ4_XS, MXFP4 = (23, 256, 136), (39, 32, 17)
TYPES = {"f32": F32, "f16": F16, "bf16": BF16, "q4_0": Q4_0, "q5_0": Q5_0, "q8_0": Q8_0, "q2_k": Q2_K, "q3_k": Q3_K,
         "q4_k": Q4_K, "q5_k": Q5_K, "q6_k": Q6_K, "iq4_xs": IQ4_XS, "mxfp4": MXFP4}

ALIGNMENT = 32


def _padded(count):
    return (count + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


def _text(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


class GGUFWriter:
    """One file: keys and tensors are announced first, and all is written at the end of the `with` block."""

    def __init__(self, path):
        self.path = path
        self._keys = []
        self._tensors = []

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self._write()

    def key(self, name, type_or_text, value=None):
        """A key of the metadata: `key(name, "text")`, or `key(name, UINT32, 5)`, or a list of either type."""
        if isinstance(type_or_text, str):
            data = struct.pack("<I", STRING) + _text(type_or_text)
        elif isinstance(value, (list, tuple)):
            data = struct.pack("<IIQ", ARRAY, type_or_text, len(value))
            if type_or_text == STRING:
                data += b"".join(_text(text) for text in value)
            else:
                data += struct.pack(f"<{len(value)}{_FORMATS[type_or_text]}", *value)
        else:
            data = struct.pack("<I" + _FORMATS[type_or_text], type_or_text, value)
        self._keys.append(_text(name) + data)

    def tensor(self, name, dimensions, kind, values=None):
        """A tensor; its first dimension is the one whose numbers stand side by side.

        `values` is a list of floats (F32), bytes that are repeated until the tensor is full, or None: zeros, which take
        no room on the disk.
        """
        number, elements, size = kind
        count = 1
        for dimension in dimensions:
            count *= dimension
        assert dimensions[0] % elements == 0, f"{name}: rows of {dimensions[0]} are no whole blocks of {elements}"
        total = count // elements * size
        if isinstance(values, (list, array.array)):
            assert kind == F32 and len(values) == count, f"{name}: {len(values)} values for {count} places"
            values = array.array("f", values).tobytes()
            assert len(values) == total
        self._tensors.append((name, tuple(dimensions), number, total, values))

    @property
    def tensor_bytes(self):
        """Bytes of all tensors, without padding."""
        return sum(total for _, _, _, total, _ in self._tensors)

    def _write(self):
        with open(self.path, "wb") as file:
            file.write(b"GGUF" + struct.pack("<IQQ", 3, len(self._tensors), len(self._keys)))
            for key in self._keys:
                file.write(key)
            offset = 0
            for name, dimensions, number, total, _ in self._tensors:
                shape = struct.pack(f"<I{len(dimensions)}Q", len(dimensions), *dimensions)
                file.write(_text(name) + shape + struct.pack("<IQ", number, offset))
                offset = _padded(offset + total)
            start = _padded(file.tell())
            offset = 0
            for _, _, _, total, values in self._tensors:
                if values is not None:
                    file.seek(start + offset)
                    _fill(file, values, total)
                offset = _padded(offset + total)
            file.truncate(start + offset)


def _fill(file, pattern, total):
    """Writes the pattern again and again until `total` bytes are there."""
    if not pattern:
        return
    piece = pattern * max(1, (1 << 20) // len(pattern)) if total > len(pattern) else pattern
    while total > 0:
        file.write(piece[:total])
        total -= len(piece)
