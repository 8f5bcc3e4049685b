/// How an engine process is started for one model: decided by the planner, passed to `llama-server`.
package struct EngineLaunch: Sendable, Equatable {
    /// The kind of requests; a process of the engine supports only one of them.
    package enum Purpose: String, Sendable, Hashable {
        case chat, embeddings, reranking
    }

    /// The number format of the attention's keys and values (the KV cache).
    package enum CacheType: String, Sendable, Hashable, CaseIterable {
        case f16, q8_0, q4_0
    }

    /// The number of model layers that the GPU computes.
    package enum GPULayers: Sendable, Equatable {
        /// No GPU is used: the CPU computes everything.
        case none
        /// All of them.
        case all
        /// This many of the last layers.
        case count(Int)
        /// As many as a plan finds memory for; none without a plan.
        case automatic
    }

    /// The GGUF file; for a split model, the first file.
    package var modelPath: String
    /// The engine's name for the model; used only in its log and metrics.
    package var alias: String
    package var purpose: Purpose
    /// Requests that are computed concurrently.
    package var slots: Int
    /// Tokens of one request including its answer. The engine's context is `slots` times as large.
    package var slotContextTokens: Int
    package var keyType: CacheType
    package var valueType: CacheType
    /// Whether all slots share one cache: a single request may then use the context of all slots.
    package var isCacheUnified: Bool
    package var gpuLayers: GPULayers
    /// The engine's name for the GPU, such as `CUDA0`; nil leaves the choice to the engine.
    package var device: String?
    /// The number of layers whose experts stay in main memory although the GPU computes the rest of the layer.
    package var hostExpertLayers: Int
    /// Compute threads, at most `EngineLaunch.standardThreads`, which is also the default (nil).
    package var threads: Int?
    /// Prompt tokens that are computed in one step (ubatch); nil leaves the engine's default (512).
    package var microBatchTokens: Int?
    /// The GGUF file of the projector, which encodes images for the model.
    package var projectorPath: String?
    /// A small draft model for speculative decoding; the large model verifies its tokens.
    package var draftPath: String?
    /// How one vector is derived from a text's tokens; nil leaves it to the file.
    package var pooling: GGUFFile.Pooling?
    /// Whether reranking scores are already between 0 and 1; otherwise they are logits.
    package var givesProbabilities: Bool
    /// Main memory for prompts of earlier requests, in MiB.
    package var promptCacheMegabytes: Int
    /// Whether the engine is told to log the sizes of its buffers, which engines before 2026 do by default.
    package var tellsBuffers: Bool

    package init(
        modelPath: String, alias: String, purpose: Purpose = .chat, slots: Int = 4, slotContextTokens: Int = 4096,
        cacheType: CacheType = .f16, gpuLayers: GPULayers = .none
    ) {
        self.modelPath = modelPath
        self.alias = alias
        self.purpose = purpose
        self.slots = slots
        self.slotContextTokens = slotContextTokens
        self.keyType = cacheType
        self.valueType = cacheType
        self.isCacheUnified = false
        self.gpuLayers = gpuLayers
        self.device = nil
        self.hostExpertLayers = 0
        self.threads = nil
        self.microBatchTokens = nil
        self.projectorPath = nil
        self.draftPath = nil
        self.pooling = nil
        self.givesProbabilities = false
        self.promptCacheMegabytes = 256
        self.tellsBuffers = false
    }

    /// The engine's total context in tokens. Texts to embed and rank are discarded once done, so all slots share the
    /// context of the longest.
    package var contextTokens: Int {
        self.purpose == .chat ? self.slots * self.slotContextTokens : self.slotContextTokens
    }

    /// Whether the processor computes the whole model.
    private var usesNoLayers: Bool {
        switch self.gpuLayers {
        case .none, .automatic, .count(0): true
        case .all, .count: false
        }
    }

    /// Threads of the engine's HTTP server in addition to one per slot: with fewer, streams delay `/health` (measured).
    package static let httpThreadsBeyondSlots = 8

    /// One less than the number of physical cores, so that the engine's threads, which spin while they wait, do not
    /// wait for a core that this server needs; at least one.
    package static func standardThreads(physicalCores: Int) -> Int { max(1, physicalCores - 1) }

    /// What is added to the engine's nice value. Where the processor computes, it occupies the cores for milliseconds
    /// at a time, and whatever else this server answers would wait for them. Next to a GPU, the engine's threads do
    /// little, and the GPU waits for them.
    package var niceness: Int32 { self.usesNoLayers ? Self.processorNiceness : 0 }

    private static let processorNiceness: Int32 = 5

    /// The command-line arguments after the program's name.
    /// - Parameters:
    ///   - socket: the path of the Unix socket to listen on; at most 104 bytes.
    ///   - physicalCores: the physical cores of this machine, for the number of threads.
    /// - Returns: one argument per element.
    package func arguments(socket: String, physicalCores: Int) -> [String] {
        let threadsMax = Self.standardThreads(physicalCores: physicalCores)
        let threads = String(min(max(1, self.threads ?? threadsMax), threadsMax))
        var arguments = [
            "--model", self.modelPath, "--host", socket, "--alias", self.alias,
            "--ctx-size", String(self.contextTokens), "--parallel", String(self.slots),
            "--threads", threads, "--threads-batch", threads,
            "--threads-http", String(self.slots + Self.httpThreadsBeyondSlots),
            "--cache-type-k", self.keyType.rawValue, "--cache-type-v", self.valueType.rawValue,
            "--cache-ram", String(self.promptCacheMegabytes), "--fit", "off", "--offline", "--no-webui", "--metrics",
            "--slots",
        ]
        switch self.gpuLayers {
        // On the CPU, flash attention is slower; the engine enables it itself when the cache type requires it.
        case .none, .automatic, .count(0): arguments += ["--n-gpu-layers", "0", "--flash-attn", "auto"]
        // More than any model has; the engine uses the actual number.
        case .all: arguments += ["--n-gpu-layers", "999", "--flash-attn", "on"]
        case .count(let count): arguments += ["--n-gpu-layers", String(count), "--flash-attn", "on"]
        }
        if let device = self.device { arguments += ["--device", device] }
        if self.tellsBuffers { arguments += ["--verbosity", "4"] }
        arguments += self.isCacheUnified || self.purpose != .chat ? ["--kv-unified"] : ["--no-kv-unified"]
        if self.hostExpertLayers > 0 { arguments += ["--n-cpu-moe", String(self.hostExpertLayers)] }
        switch self.purpose {
        case .chat: arguments += ["--jinja"]
        case .embeddings: arguments += ["--embeddings"] + (self.pooling.map { ["--pooling", "\($0)"] } ?? [])
        case .reranking: arguments += ["--reranking"]
        }
        // A text to embed must fit into one step; otherwise the engine answers 500, and if the model is an encoder, a
        // batch of several steps ends the engine (measured).
        if self.purpose != .chat {
            let tokens = String(self.slotContextTokens)
            arguments += ["--batch-size", tokens, "--ubatch-size", tokens]
        } else if let tokens = self.microBatchTokens {
            arguments += ["--batch-size", String(max(tokens, 2048)), "--ubatch-size", String(tokens)]
        }
        if let path = self.projectorPath {
            arguments += ["--mmproj", path]
            // As planned: a GPU build would otherwise put the projector on the GPU, even if no layer is there.
            if self.usesNoLayers { arguments.append("--no-mmproj-offload") }
        }
        if let path = self.draftPath { arguments += ["--model-draft", path] }
        return arguments
    }
}
