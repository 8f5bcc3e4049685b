internal import BedrockRuntimeModel
internal import Inference
internal import Primitives
internal import ServiceModel
internal import Synchronization

/// The active rules, with the number of times each has applied; they can be replaced while requests are served.
final class RuleBook: Sendable {
    /// The length of text in which a prompt is searched for.
    static let promptBytesMax = 64 << 10
    /// The length of text that is searched on the event loop; each rule takes a millisecond for 64 KiB.
    private static let loopPromptBytesMax = 1 << 10

    private struct Entry: Sendable {
        let rule: ModelRule
        let prompt: LinearPattern?
    }

    private struct State: Sendable {
        let entries: [Entry]
        var counts: [Int]

        init(_ rules: [ModelRule]) {
            self.entries = rules.map { Entry(rule: $0, prompt: $0.prompt.flatMap { LinearPattern($0) }) }
            self.counts = [Int](repeating: 0, count: rules.count)
        }
    }

    private let state: Mutex<State>
    private let recordings: Recordings

    private var entries: [Entry] { self.state.withLock { $0.entries } }

    init(_ rules: [ModelRule], _ recordings: Recordings) {
        self.state = Mutex(State(rules))
        self.recordings = recordings
    }

    /// Replaces the rules; all counts start at zero.
    func replace(with rules: [ModelRule]) {
        self.recordings.open(rules)
        let state = State(rules)
        self.state.withLock { $0 = state }
    }

    /// Whether a rule could answer for a model that is not available.
    func answers(_ id: ModelID) -> Bool {
        self.entries.contains {
            ($0.rule.reply != nil || $0.rule.failure != nil || $0.rule.recording?.mode == .replay)
                && ModelAlias.fits(id.name, pattern: $0.rule.model)
        }
    }

    /// The first matching rule; counts its use.
    func take(_ id: ModelID, _ request: ChatRequest) async -> ModelRule? {
        let entries = self.entries
        guard !entries.isEmpty else { return nil }
        let text = Self.lastText(request)
        guard text.utf8.count > Self.loopPromptBytesMax, entries.contains(where: { $0.prompt != nil }) else {
            return self.take(id, request, text, entries)
        }
        return await withTaskExecutorPreference(globalConcurrentExecutor) {
            self.take(id, request, text, entries)
        }
    }

    private func take(
        _ id: ModelID, _ request: ChatRequest, _ text: String, _ entries: [Entry]
    ) -> ModelRule? {
        for (index, entry) in entries.enumerated() {
            let rule = entry.rule
            guard ModelAlias.fits(id.name, pattern: rule.model) else { continue }
            if let tool = rule.tool, !request.tools.contains(where: { $0.name == tool }) { continue }
            if let prompt = entry.prompt, !prompt.matchesPart(of: text) { continue }
            let isTaken = self.state.withLock { state in
                // The rules were replaced concurrently: this request still uses those that it started with.
                guard state.counts.indices.contains(index) else { return true }
                guard state.counts[index] < rule.times ?? .max else { return false }
                state.counts[index] += 1
                return true
            }
            if isTaken { return rule }
        }
        return nil
    }

    /// The use of the rule's recording for a request; nil without a recording, or when the rule's error comes first.
    /// - Throws: when the recording has no answer and must not be extended.
    func recorded(_ rule: ModelRule?, _ id: ModelID, _ request: ChatRequest) throws(ServiceError) -> RecordedTurn? {
        guard let rule, rule.failure.map({ $0.afterPieces != nil }) ?? true, let recorded = rule.recording else {
            return nil
        }
        let recording: Recording
        do throws(RecordingError) {
            recording = try self.recordings.recording(recorded)
        } catch {
            throw BedrockRuntimeError.internalServer(message: "A recording cannot be used: \(error.sentence)")
        }
        return try RecordedTurn(recorded, recording, request, model: id.name)
    }

    private static func lastText(_ request: ChatRequest) -> String {
        let parts = request.messages.last { $0.role == .user }?.parts ?? []
        let text = parts.compactMap { part -> String? in
            if case .text(let text) = part { text } else { nil }
        }.joined(separator: "\n")
        return String(decoding: text.utf8.prefix(self.promptBytesMax), as: UTF8.self)
    }
}
