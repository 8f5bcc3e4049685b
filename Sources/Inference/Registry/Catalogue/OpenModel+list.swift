extension OpenModel {
    /// The list, by family, from small to large. Sizes are those of the named files, from the pages of the
    /// repositories.
    package static let all: [OpenModel] = llama + qwen + others + vectors

    private static let llamaLicense3 = "Llama 3.1 Community License"
    private static let llamaLicense32 = "Llama 3.2 Community License"
    private static let llamaLicense33 = "Llama 3.3 Community License"
    private static let apache = "Apache-2.0"

    private static let llama = [
        OpenModel(
            name: "llama3.2-1b", title: "Llama 3.2 1B Instruct", kind: .chat, sees: false,
            reference: "hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M", bytes: 810_000_000, cardGiB: 4,
            license: llamaLicense32, isOpenSource: false,
            note: "for trying things out, even without a GPU"),
        OpenModel(
            name: "llama3.2-3b", title: "Llama 3.2 3B Instruct", kind: .chat, sees: false,
            reference: "hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M", bytes: 2_020_000_000, cardGiB: 6,
            license: llamaLicense32, isOpenSource: false, note: "small and general"),
        OpenModel(
            name: "llama3.1-8b", title: "Llama 3.1 8B Instruct", kind: .chat, sees: false,
            reference: "hf.co/bartowski/Meta-Llama-3.1-8B-Instruct-GGUF:Q4_K_M", bytes: 4_920_000_000, cardGiB: 8,
            license: llamaLicense3, isOpenSource: false, note: "general, with tools"),
        OpenModel(
            name: "llama3.3-70b", title: "Llama 3.3 70B Instruct", kind: .chat, sees: false,
            reference: "hf.co/bartowski/Llama-3.3-70B-Instruct-GGUF:Q4_K_M", bytes: 42_520_000_000, cardGiB: 48,
            license: llamaLicense33, isOpenSource: false,
            note: "large; slow if a part of it runs on the processor"),
    ]

    private static let qwen = [
        OpenModel(
            name: "qwen3-4b", title: "Qwen3 4B", kind: .chat, sees: false,
            reference: "hf.co/Qwen/Qwen3-4B-GGUF:Q4_K_M", bytes: 2_500_000_000, cardGiB: 6,
            license: apache, isOpenSource: true, note: "small, thinks before it answers, with tools"),
        OpenModel(
            name: "qwen3-8b", title: "Qwen3 8B", kind: .chat, sees: false,
            reference: "hf.co/Qwen/Qwen3-8B-GGUF:Q4_K_M", bytes: 5_030_000_000, cardGiB: 8,
            license: apache, isOpenSource: true, note: "general, thinks before it answers, with tools"),
        OpenModel(
            name: "qwen3-14b", title: "Qwen3 14B", kind: .chat, sees: false,
            reference: "hf.co/Qwen/Qwen3-14B-GGUF:Q4_K_M", bytes: 9_000_000_000, cardGiB: 12,
            license: apache, isOpenSource: true, note: "general, thinks before it answers, with tools"),
        OpenModel(
            name: "qwen3-30b-a3b", title: "Qwen3 30B-A3B", kind: .chat, sees: false,
            reference: "hf.co/Qwen/Qwen3-30B-A3B-GGUF:Q4_K_M", bytes: 18_600_000_000, cardGiB: 24,
            license: apache, isOpenSource: true,
            note: "experts: fast like a small model, able like a large one, even if it fits only partly"),
        OpenModel(
            name: "qwen3-coder-30b", title: "Qwen3 Coder 30B-A3B Instruct", kind: .chat, sees: false,
            reference: "hf.co/unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF:Q4_K_M", bytes: 18_600_000_000, cardGiB: 24,
            license: apache, isOpenSource: true, note: "for programming, with tools"),
        OpenModel(
            name: "qwen3-32b", title: "Qwen3 32B", kind: .chat, sees: false,
            reference: "hf.co/Qwen/Qwen3-32B-GGUF:Q4_K_M", bytes: 19_800_000_000, cardGiB: 24,
            license: apache, isOpenSource: true, note: "large and thorough"),
    ]

    private static let others = [
        OpenModel(
            name: "gpt-oss-20b", title: "gpt-oss 20B", kind: .chat, sees: false,
            reference: "hf.co/ggml-org/gpt-oss-20b-GGUF", bytes: 12_110_000_000, cardGiB: 16,
            license: apache, isOpenSource: true, note: "experts: fast, thinks before it answers, with tools"),
        OpenModel(
            name: "gpt-oss-120b", title: "gpt-oss 120B", kind: .chat, sees: false,
            reference: "hf.co/ggml-org/gpt-oss-120b-GGUF", bytes: 63_390_000_000, cardGiB: 80,
            license: apache, isOpenSource: true, note: "experts; in three files"),
        OpenModel(
            name: "mistral-7b", title: "Mistral 7B Instruct v0.3", kind: .chat, sees: false,
            reference: "hf.co/bartowski/Mistral-7B-Instruct-v0.3-GGUF:Q4_K_M", bytes: 4_370_000_000, cardGiB: 8,
            license: apache, isOpenSource: true, note: "small and general"),
        OpenModel(
            name: "mistral-small-24b", title: "Mistral Small 3.2 24B Instruct", kind: .chat, sees: true,
            reference: "hf.co/bartowski/mistralai_Mistral-Small-3.2-24B-Instruct-2506-GGUF:Q4_K_M",
            bytes: 15_200_000_000, cardGiB: 24, license: apache, isOpenSource: true,
            note: "general, with images and tools"),
        OpenModel(
            name: "gemma3-4b", title: "Gemma 3 4B", kind: .chat, sees: true,
            reference: "hf.co/ggml-org/gemma-3-4b-it-GGUF:Q4_K_M", bytes: 3_340_000_000, cardGiB: 6,
            license: "Gemma Terms of Use", isOpenSource: false, note: "small, with images"),
        OpenModel(
            name: "gemma3-12b", title: "Gemma 3 12B", kind: .chat, sees: true,
            reference: "hf.co/ggml-org/gemma-3-12b-it-GGUF:Q4_K_M", bytes: 8_150_000_000, cardGiB: 12,
            license: "Gemma Terms of Use", isOpenSource: false, note: "general, with images"),
        OpenModel(
            name: "gemma3-27b", title: "Gemma 3 27B", kind: .chat, sees: true,
            reference: "hf.co/ggml-org/gemma-3-27b-it-GGUF:Q4_K_M", bytes: 17_400_000_000, cardGiB: 24,
            license: "Gemma Terms of Use", isOpenSource: false, note: "large, with images"),
        OpenModel(
            name: "deepseek-r1-8b", title: "DeepSeek R1 Distill Llama 8B", kind: .chat, sees: false,
            reference: "hf.co/unsloth/DeepSeek-R1-Distill-Llama-8B-GGUF:Q4_K_M", bytes: 4_920_000_000, cardGiB: 8,
            license: "MIT and Llama 3.1 Community License", isOpenSource: false,
            note: "thinks at length; a small model distilled from DeepSeek R1"),
    ]

    private static let vectors = [
        OpenModel(
            name: "qwen3-embedding-0.6b", title: "Qwen3 Embedding 0.6B", kind: .embedding, sees: false,
            reference: "hf.co/Qwen/Qwen3-Embedding-0.6B-GGUF:Q8_0", bytes: 640_000_000, cardGiB: 4,
            license: apache, isOpenSource: true, note: "1,024 dimensions, or the first 256 or 512 of them"),
        OpenModel(
            name: "bge-reranker-v2-m3", title: "BGE Reranker v2 M3", kind: .rerank, sees: false,
            reference: "hf.co/gpustack/bge-reranker-v2-m3-GGUF:Q8_0", bytes: 640_000_000, cardGiB: 4,
            license: apache, isOpenSource: true, note: "ranks documents by a question, in many languages"),
    ]
}
