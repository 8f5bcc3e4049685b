/// How one engine process is started for one model: what the planner decides and `llama-server` is told.
package struct EngineLaunch: Sendable, Hashable {
    /// What the process answers; the engine can do only one of them in a process.
    package enum Purpose: String, Sendable, Hashable {
        case chat, embeddings, reranking
    }

    /// The numbers in which the engine keeps keys and values of the attention.
    package enum CacheType: String, Sendable, Hashable, CaseIterable {
        case f16, q8_0, q4_0
    }

    /// How many of the model's layers the card computes.
    package enum GPULayers: Sendable, Hashable {
        /// No card takes part: the processor computes everything.
        case none
        /// All of them.
        case all
        /// The last ones, so many.
        case count(Int)
        /// As many as a plan finds room for; without a plan none.
        case automatic
    }

    /// The GGUF file; of a split model the first file.
    package var modelPath: String
    /// The name under which the engine answers; in its log and metrics only.
    package var alias: String
    package var purpose: Purpose
    /// Requests that are computed at once.
    package var slots: Int
    /// Tokens of one request with its answer. The engine holds `slots` times as many.
    package var slotContextTokens: Int
    package var keyType: CacheType
    package var valueType: CacheType
    /// Whether all slots share one cache: a request may then be as long as all slots together.
    package var isCacheUnified: Bool
    package var gpuLayers: GPULayers
    /// The engine's name of the card, such as `CUDA0`; nil leaves it to the engine.
    package var device: String?
    /// So many layers keep their experts in the machine's memory although the card computes the rest of them.
    package var hostExpertLayers: Int
    /// Threads that compute, at most `EngineLaunch.standardThreads`; nil takes those.
    package var threads: Int?
    /// Tokens of a prompt that are computed in one step; nil leaves the engine's own (512).
    package var microBatchTokens: Int?
    /// The GGUF file that turns images into what the model reads.
    package var projectorPath: String?
    /// A small model that drafts what the large one checks.
    package var draftPath: String?
    /// How one vector is made of a text's tokens; nil leaves it to what the file says.
    package var pooling: GGUFFile.Pooling?
    /// Whether scores of a reranking lie between 0 and 1 already; others are logits.
    package var givesProbabilities: Bool
    /// Memory of the machine for prompts of earlier requests, in MiB.
    package var promptCacheMegabytes: Int
    /// Whether it logs the sizes of its buffers, which engines before 2026 do by themselves.
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

    /// Tokens that the engine holds at once. Texts to embed and to rank are forgotten when they are done, so that all
    /// slots share the room of the longest.
    package var contextTokens: Int {
        self.purpose == .chat ? self.slots * self.slotContextTokens : self.slotContextTokens
    }

    private var usesNoLayers: Bool {
        switch self.gpuLayers {
        case .none, .automatic, .count(0): true
        case .all, .count: false
        }
    }

    /// Threads of the engine's HTTP server beyond one a slot: with fewer, streams keep `/health` waiting (measured).
    package static let httpThreadsBeyondSlots = 8

    /// One physical core less than there are, so that the threads, which spin while they wait, never wait for a core
    /// that this server needs; at least one.
    package static func standardThreads(physicalCores: Int) -> Int { max(1, physicalCores - 1) }

    /// The command line after the program's name.
    /// - Parameters:
    ///   - socket: path of the Unix socket to listen on; at most 104 bytes.
    ///   - physicalCores: of this machine, for the number of threads.
    /// - Returns: one word an element.
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
        // Without a card flash attention is slower; the engine turns it on by itself where the cache needs it.
        case .none, .automatic, .count(0): arguments += ["--n-gpu-layers", "0", "--flash-attn", "auto"]
        // More than any model has; the engine takes what there is.
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
        // A text to embed must fit one step, or the engine answers 500; and a batch of several steps ends the engine
        // where the model is an encoder (measured).
        if self.purpose != .chat {
            let tokens = String(self.slotContextTokens)
            arguments += ["--batch-size", tokens, "--ubatch-size", tokens]
        } else if let tokens = self.microBatchTokens {
            arguments += ["--batch-size", String(max(tokens, 2048)), "--ubatch-size", String(tokens)]
        }
        if let path = self.projectorPath {
            arguments += ["--mmproj", path]
            // As planned: an engine for a card would have it there, whatever it has of the model.
            if self.usesNoLayers { arguments.append("--no-mmproj-offload") }
        }
        if let path = self.draftPath { arguments += ["--model-draft", path] }
        return arguments
    }
}
