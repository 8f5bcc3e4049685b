internal import Inference
internal import ServiceModel

/// The checks of Claude's models, independent of the notation of the request: each returns a sentence, or nil.
///
/// - Source: Amazon Bedrock User Guide, "Prompt caching" (four cache points), "Extended thinking", "Request and
///   Response" of Claude's Messages API (`temperature` or `top_p`); the sentences that users of both APIs report.
enum ClaudeLimits {
    /// The prefix of these sentences in Converse.
    static let conversePrefix = "The model returned the following errors: "

    private static let thoughtTokensMin = 1024
    private static let thinkingShareMin = 0.95
    private static let guide = "https://docs.claude.com/en/docs/build-with-claude/extended-thinking"

    static func isClaude(_ id: ModelID) -> Bool { id.name.hasPrefix("anthropic.") }

    /// The signature of thoughts in Converse; nil for other models, which do not sign them.
    static func signature(_ id: ModelID) -> String? { self.isClaude(id) ? AnthropicFamily.signature : nil }

    /// Parameters that some versions do not support: versions from 4.1 on accept only one of `temperature` and `top_p`,
    /// and those from 4.7 on control sampling and the length of thinking themselves.
    /// - Source: the sentences that users of Bedrock report (cline#10572, claude-code#63546; for 4.1 to 4.6
    ///   bedrock-chat#979, bedrock-access-gateway#208, gemini-cli-pro#38); Anthropic's guide of Opus 4.7 for values
    ///   without effect.
    static func fault(_ request: ChatRequest, _ id: ModelID) -> String? {
        let sampling = request.sampling
        guard let version = self.version(id), version >= (4, 1) else { return nil }
        if self.choosesSampling(id) {
            if sampling.temperature ?? 1 != 1 { return "`temperature` is deprecated for this model." }
            if sampling.topP ?? 1 != 1 { return "`top_p` is deprecated for this model." }
            if sampling.topK != nil { return "`top_k` is deprecated for this model." }
            // Only thinking of the type `enabled` has a budget.
            if request.reasoning?.tokensMax != nil {
                return "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and "
                    + "\"output_config.effort\" to control thinking behavior."
            }
            return nil
        }
        guard sampling.temperature != nil, sampling.topP != nil else { return nil }
        return "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
    }

    /// Whether a version controls sampling itself: those from 4.7 on, which know version 2026-10-21 of Anthropic's API.
    static func choosesSampling(_ id: ModelID) -> Bool { self.version(id).map { $0 >= (4, 7) } ?? false }

    /// Whether a version accepts `cache_control` of a whole body on Bedrock: those from 4.7 on; the others refuse it as
    /// an unknown member.
    /// - Source: pydantic-ai 2.68, measured on Bedrock; inspect_ai#3851 and litellm#26320 for the sentence.
    static func cachesAutomatically(_ id: ModelID) -> Bool { self.version(id).map { $0 >= (4, 7) } ?? false }

    /// The error for a prefilled answer: models from 4.6 on do not support it.
    /// - Source: the sentence that users of Bedrock report.
    static func fault(begun messages: [ChatRequest.Message], _ id: ModelID) -> String? {
        guard messages.last?.role == .assistant, let version = self.version(id), version >= (4, 6) else { return nil }
        return "This model does not support assistant message prefill. The conversation must end with a user message."
    }

    /// The version in `anthropic.claude-opus-4-6-v1`; nil for older ids, with the version before the family's name.
    private static func version(_ id: ModelID) -> (Int, Int)? {
        let words = id.name.split(separator: "-")
        guard words.count > 2, words[0] == "anthropic.claude", Int(words[1]) == nil, let major = Int(words[2]) else {
            return nil
        }
        // This may be a date.
        let minor = words.count > 3 && words[3].utf8.count < 3 ? Int(words[3]) : nil
        return (major, minor ?? 0)
    }

    /// - Parameters:
    ///   - thinking: the member of that name.
    ///   - request: the rest of the request, parsed.
    ///   - betas: the requested beta features; interleaved thinking may use more tokens than the answer.
    /// - Returns: the error, or nil.
    static func fault(thinking: Document?, _ request: ChatRequest, betas: [String] = []) -> String? {
        guard let thinking, thinking != .null else { return nil }
        switch thinking["type"]?.text {
        case nil: return "thinking.type: Field required"
        case "disabled": return nil
        case "adaptive": return self.fault(request.toolChoice)
        case "enabled":
            let isInterleaved = betas.contains { $0.hasPrefix("interleaved-thinking") }
            return self.fault(
                budget: thinking["budget_tokens"]?.integer, isInterleaved ? nil : request.sampling.tokensMax)
                ?? self.fault(choosing: request.sampling) ?? self.fault(request.toolChoice)
        case let type?:
            return "thinking: Input tag '\(type)' found using 'type' does not match any of the expected tags: "
                + "'adaptive', 'disabled', 'enabled'"
        }
    }

    private static func fault(budget tokens: Int?, _ tokensMax: Int?) -> String? {
        guard let tokens else { return "thinking.enabled.budget_tokens: Field required" }
        guard tokens >= self.thoughtTokensMin else {
            return "thinking.enabled.budget_tokens: Input should be greater than or equal to \(self.thoughtTokensMin)"
        }
        guard let tokensMax, tokensMax <= tokens else { return nil }
        return "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at "
            + "\(self.guide)#max-tokens-and-context-window-size"
    }

    private static func fault(choosing sampling: ChatRequest.Sampling) -> String? {
        let demand: String
        if let temperature = sampling.temperature, temperature != 1 {
            demand = "`temperature` may only be set to 1"
        } else if sampling.topK != nil {
            demand = "`top_k` must be unset"
        } else if let share = sampling.topP, share < self.thinkingShareMin {
            demand = "`top_p` must be greater than or equal to 0.95 or unset"
        } else {
            return nil
        }
        return "\(demand) when thinking is enabled. Please consult our documentation at "
            + "\(self.guide)#important-considerations-when-using-extended-thinking"
    }

    private static func fault(_ choice: ChatRequest.ToolChoice) -> String? {
        switch choice {
        case .auto, .never: nil
        case .any, .named: "Thinking may not be enabled when tool_choice forces tool use."
        }
    }
}

/// The cache points of a request, in the order in which the model reads them: tools, system, messages.
struct CacheMarks {
    static let countMax = 4

    private var count = 0
    private var hasShort = false
    /// The place of the first one-hour cache point that follows one for five minutes.
    private var late: String?

    /// - Parameters:
    ///   - place: of the block that it ends, such as `messages.0.content.1`.
    ///   - isLong: whether its TTL is one hour.
    mutating func add(_ place: String, isLong: Bool) {
        self.count += 1
        if isLong, self.hasShort { self.late = self.late ?? place }
        if !isLong { self.hasShort = true }
    }

    /// The error in the cache points, if any.
    /// - Source: the sentences that users report, also for Converse.
    var fault: String? {
        guard self.count <= Self.countMax else {
            return "A maximum of \(Self.countMax) blocks with cache_control may be provided. Found \(self.count)."
        }
        return self.late.map { place in
            "\(place).cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control "
                + "block. Note that blocks are processed in the following order: `tools`, `system`, `messages`."
        }
    }
}
