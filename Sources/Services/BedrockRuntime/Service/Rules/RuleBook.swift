internal import BedrockRuntimeModel
internal import Inference
internal import Primitives
internal import ServiceModel
internal import Synchronization

/// The rules in force, and how often each has held; others may take their place while requests are served.
final class RuleBook: Sendable {
    /// How much of a text is looked at for a prompt.
    static let promptBytesMax = 64 << 10

    private struct Entry: Sendable {
        let rule: ModelRule
        let prompt: LinearPattern?
    }

    private struct State: Sendable {
        let entries: [Entry]
        var counts: [Int]

        init(_ rules: [ModelRule]) {
            self.entries = rules.map { Entry(rule: $0, prompt: $0.prompt.flatMap(ModelRule.compile)) }
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

    /// From now on these rules hold, none of which has held yet.
    func replace(with rules: [ModelRule]) {
        self.recordings.open(rules)
        let state = State(rules)
        self.state.withLock { $0 = state }
    }

    /// Whether a rule could answer for a model that is not here.
    func answers(_ id: ModelID) -> Bool {
        self.entries.contains {
            ($0.rule.reply != nil || $0.rule.failure != nil || $0.rule.recording?.mode == .replay)
                && ModelAlias.fits(id.name, pattern: $0.rule.model)
        }
    }

    /// The first rule that fits, and its turn taken.
    func take(_ id: ModelID, _ request: ChatRequest) -> ModelRule? {
        let entries = self.entries
        guard !entries.isEmpty else { return nil }
        let text = Self.lastText(request)
        for (index, entry) in entries.enumerated() {
            let rule = entry.rule
            guard ModelAlias.fits(id.name, pattern: rule.model) else { continue }
            if let tool = rule.tool, !request.tools.contains(where: { $0.name == tool }) { continue }
            if let prompt = entry.prompt, !prompt.matchesWhole(text) { continue }
            let isTaken = self.state.withLock { state in
                // Other rules have come meanwhile: this request still goes by those that it found.
                guard state.counts.indices.contains(index) else { return true }
                guard state.counts[index] < rule.times ?? .max else { return false }
                state.counts[index] += 1
                return true
            }
            if isTaken { return rule }
        }
        return nil
    }

    /// What the rule's recording does for a request; nil where it has none, or where the rule's error comes first.
    /// - Throws: where it has no answer and none may be recorded.
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
