"""A tiny projector with random weights: what makes a tiny model of gguf_models take images.

    write_projector("mmproj.gguf", width=96)    for a model whose tokens' vectors have 96 numbers

It is LLaVA's kind (llama.cpp's `mlp`): the picture is cut into patches, each becomes a vector, one layer of a vision
transformer looks at all of them, and two matrices make vectors of the language model from them: a token for each patch.

Source of the names: llama.cpp's tools/mtmd (clip-impl.h).
"""

import random

from gguf_writer import BOOL, F32, FLOAT32, UINT32, GGUFWriter

# Pixels of a side of the picture that is looked at, and of a patch of it.
IMAGE_PIXELS, PATCH_PIXELS = 56, 14
# A token of the language model for each patch.
IMAGE_TOKENS = (IMAGE_PIXELS // PATCH_PIXELS) ** 2


def write_projector(path, *, width, vision_width=32, layers=2, seed=1):
    """Writes the projector; the same arguments give the same bytes.

    width          numbers in a token's vector of the language model
    vision_width   numbers in the vector of a patch
    layers         of the vision transformer; as in LLaVA the last one is not used
    """
    source = random.Random(seed)
    wide = 2 * vision_width
    with GGUFWriter(path) as writer:
        def tensor(name, *dimensions, is_norm=False):
            count = 1
            for dimension in dimensions:
                count *= dimension
            values = [1.0] * count if is_norm else [source.gauss(0, 0.05) for _ in range(count)]
            writer.tensor(name, dimensions, F32, values)

        writer.key("general.architecture", "clip")
        writer.key("general.name", "Brume test projector")
        writer.key("general.file_type", UINT32, 0)
        writer.key("clip.has_vision_encoder", BOOL, True)
        writer.key("clip.projector_type", "mlp")
        writer.key("clip.use_gelu", BOOL, True)
        writer.key("clip.vision.image_size", UINT32, IMAGE_PIXELS)
        writer.key("clip.vision.patch_size", UINT32, PATCH_PIXELS)
        writer.key("clip.vision.embedding_length", UINT32, vision_width)
        writer.key("clip.vision.feed_forward_length", UINT32, wide)
        writer.key("clip.vision.projection_dim", UINT32, width)
        writer.key("clip.vision.block_count", UINT32, layers)
        writer.key("clip.vision.attention.head_count", UINT32, 2)
        writer.key("clip.vision.attention.layer_norm_epsilon", FLOAT32, 1e-5)
        writer.key("clip.vision.image_mean", FLOAT32, [0.5, 0.5, 0.5])
        writer.key("clip.vision.image_std", FLOAT32, [0.5, 0.5, 0.5])
        tensor("v.class_embd", vision_width)
        tensor("v.patch_embd.weight", PATCH_PIXELS, PATCH_PIXELS, 3, vision_width)
        tensor("v.position_embd.weight", vision_width, IMAGE_TOKENS + 1)
        tensor("v.pre_ln.weight", vision_width, is_norm=True)
        tensor("v.pre_ln.bias", vision_width)
        for layer in range(layers):
            name = f"v.blk.{layer}."
            for part in ("attn_q", "attn_k", "attn_v", "attn_out"):
                tensor(f"{name}{part}.weight", vision_width, vision_width)
                tensor(f"{name}{part}.bias", vision_width)
            for part in ("ln1", "ln2"):
                tensor(f"{name}{part}.weight", vision_width, is_norm=True)
                tensor(f"{name}{part}.bias", vision_width)
            tensor(f"{name}ffn_up.weight", vision_width, wide)
            tensor(f"{name}ffn_up.bias", wide)
            tensor(f"{name}ffn_down.weight", wide, vision_width)
            tensor(f"{name}ffn_down.bias", vision_width)
        tensor("mm.0.weight", vision_width, width)
        tensor("mm.0.bias", width)
        tensor("mm.2.weight", width, width)
        tensor("mm.2.bias", width)
