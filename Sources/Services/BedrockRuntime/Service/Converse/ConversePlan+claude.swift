internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel

/// The checks of Converse that depend on the model: Claude's rules, whose sentences its users have reported.
extension ConversePlan {
    /// Checks which role may use which blocks.
    /// - Source: Amazon Bedrock API reference, Message: documents are for the user's role; that sentence is modelled on
    ///   similar ones.
    // DEVIATION: Claude Opus 4.8 accepts messages with the system role.
    static func checkSpeakers(_ messages: [Message]) throws(ServiceError) {
        for (index, message) in messages.enumerated() {
            if message.role == .system { throw .invalid(ClaudeLimits.conversePrefix + AnthropicRules.noSystemTurns) }
            guard message.role == .assistant else {
                for case .reasoningContent in message.content { throw ModelGaps.noThoughts }
                continue
            }
            for case .document in message.content {
                throw .invalid(
                    "\(ClaudeLimits.conversePrefix)messages.\(index): `document` blocks can only be in `user` messages")
            }
        }
    }

    /// Claude refuses thoughts without their signatures, and a message that ends with a thought.
    /// - Source: the sentences that users report, also for empty signatures.
    static func checkThoughts(_ messages: [Message]) throws(ServiceError) {
        for (index, message) in messages.enumerated() {
            for (position, block) in message.content.enumerated() {
                guard case .reasoningContent(.reasoningText(let thought)) = block,
                    thought.signature?.isEmpty ?? true
                else { continue }
                throw .invalid(
                    "\(ClaudeLimits.conversePrefix)messages.\(index).content.\(position).thinking.signature: Field "
                        + "required")
            }
            if case .reasoningContent(.reasoningText)? = message.content.last {
                throw .invalid(ClaudeLimits.conversePrefix + AnthropicRules.endsThinking(at: index))
            }
        }
    }

    /// The cache points: each marks the end of the preceding block in its list.
    /// - Source: the sentences that users report; for Claude, documents other than PDFs are moved before the texts.
    static func cacheMarks(
        _ messages: [Message], _ system: [SystemContentBlock]?, _ tools: ToolConfiguration?, ofClaude isClaude: Bool
    ) throws(ServiceError) -> CacheMarks {
        var marks = CacheMarks()
        var count = 0
        func add(_ point: CachePointBlock, _ place: String) throws(ServiceError) {
            guard count > 0 else { throw Self.misplacedPoint("There is nothing available to cache") }
            marks.add("\(place).\(count - 1)", isLong: point.ttl == ._1h)
        }
        for tool in tools?.tools ?? [] {
            if case .cachePoint(let point) = tool { try add(point, "tools") } else { count += 1 }
        }
        count = 0
        for block in system ?? [] {
            if case .cachePoint(let point) = block { try add(point, "system") } else { count += 1 }
        }
        for (index, message) in messages.enumerated() {
            count = 0
            var before: ContentBlock?
            for block in message.content {
                guard case .cachePoint(let point) = block else {
                    count += 1
                    before = block
                    continue
                }
                if case .reasoningContent? = before {
                    throw Self.misplacedPoint("Cache point cannot be inserted after reasoning block")
                }
                if isClaude, case .document(let document)? = before, document.format != .pdf {
                    throw Self.misplacedPoint("There is nothing available to cache")
                }
                try add(point, "messages.\(index).content")
            }
        }
        return marks
    }

    private static func misplacedPoint(_ fault: String) -> ServiceError {
        .invalid("\(fault). Please remove the invalid cache point and try again.")
    }

    /// Claude's own tool choice, which supports `none` and the setting of parallel calls.
    /// - Source: the sentences that users report (litellm#36536 and #32605).
    static func addClaudeChoice(
        _ choice: Document?, beside converse: ToolChoice?, to request: inout ChatRequest
    ) throws(ServiceError) {
        guard let choice, choice != .null else { return }
        let name: String? =
            switch converse {
            case nil, .unknown: nil
            case .auto: "auto"
            case .any: "any"
            case .tool: "tool"
            }
        if let name {
            guard choice["type"] != nil else { return }
            throw .invalid(
                "The additional field tool_choice/type conflicts with the existing field toolConfig.toolChoice.\(name)."
                    + " Remove tool_choice/type and try again.")
        }
        do throws(ServiceError) {
            try AnthropicFamily.addChoice(choice, to: &request)
        } catch {
            throw .invalid(ClaudeLimits.conversePrefix + error.message)
        }
    }

    /// The blocks of a message in the order in which Claude receives them: documents other than PDFs come first.
    /// - Source: pydantic-ai#6098, measured on Bedrock; documents after a cache point are not moved.
    private static func blocks(_ message: Message) -> ToolTurns.Blocks {
        var (blocks, isKept): (ToolTurns.Blocks, Bool) = (([], []), false)
        for block in message.content {
            switch block {
            case .cachePoint: isKept = true
            case .toolUse(let call):
                blocks.calls.append(call.toolUseID)
                blocks.results.append(nil)
            case .toolResult(let result): blocks.results.append(result.toolUseID)
            case .document(let document) where document.format != .pdf && !isKept: blocks.results.insert(nil, at: 0)
            default: blocks.results.append(nil)
            }
        }
        return blocks
    }

    /// The valid members of `additionalModelRequestFields`.
    private static let claudeMembers = AnthropicRules.names.union(["reasoning_config"])

    /// The error of a Claude model for a request that is otherwise valid.
    static func claudeFault(
        _ request: ChatRequest, _ messages: [Message], _ id: ModelID, _ more: Document?
    ) -> String? {
        if let sentence = ToolTurns.late(messages.map(self.blocks)) { return sentence }
        if let last = request.messages.last, last.role == .assistant, case .text(let text)? = last.parts.last,
            text.last?.isWhitespace ?? false
        {
            return "messages: final assistant content cannot end with trailing whitespace"
        }
        if request.system.contains(where: { $0.allSatisfy(\.isWhitespace) }) {
            return "system: text content blocks must contain non-whitespace text"
        }
        let isMarked = ClaudeLimits.cachesAutomatically(id)
        if let member = more?.members.first(where: {
            !self.claudeMembers.contains($0.name) || ($0.name == "cache_control" && !isMarked)
        }) {
            return AnthropicMembers.extra(member.name).message
        }
        let thinking = more?["thinking"] ?? more?["reasoning_config"]
        return AnthropicRules.fault(stops: request.sampling.stopSequences) ?? ClaudeLimits.fault(request, id)
            ?? ClaudeLimits.fault(thinking: thinking, request, betas: more?["anthropic_beta"]?.texts ?? [])
    }
}
