internal import BedrockRuntimeModel
package import Inference
internal import ServiceModel
internal import Synchronization

/// What a rule does with a recording: writes a model's answers there, or answers from it.
struct RecordingRule: Sendable, Hashable {
    /// Whether the model is asked.
    enum Mode: String, CaseIterable {
        /// Always, and its answer is written.
        case record
        /// Only where the recording has no answer, and where `recordsMisses` lets it.
        case replay
    }

    /// A path, whole or from the directory that the server was started in.
    let file: String
    let mode: Mode
    /// Whether a request without an answer goes to the model and is recorded; else it is an error.
    let recordsMisses: Bool
    /// Whether the pieces of an answer come as slowly as they did.
    let isPaced: Bool

    /// Whether it never asks a model.
    var isOnlyReplay: Bool { self.mode == .replay && !self.recordsMisses }

    private static let members: Set<String> = ["file", "mode", "miss", "pace"]

    /// - Parameters:
    ///   - entry: what the rule's `recording` is.
    ///   - number: of the rule, for the sentence of an error.
    ///   - folder: where a path that is not whole begins.
    /// - Throws: what is wrong with it.
    init(_ entry: Document, number: Int, folder: String) throws(ModelRuleError) {
        if let other = entry.members.first(where: { !Self.members.contains($0.name) }) {
            throw ModelRuleError("the recording of rule \(number) has \(other.name), which is nothing that one has")
        }
        guard let file = entry["file"]?.text, !file.isEmpty, !file.utf8.contains(0) else {
            throw ModelRuleError("the recording of rule \(number) must name a file")
        }
        guard let mode = entry["mode"]?.text.flatMap(Mode.init(rawValue:)) else {
            throw ModelRuleError("recording.mode of rule \(number) must be record or replay")
        }
        self.file = file.hasPrefix("/") ? file : "\(folder)/\(file)"
        self.mode = mode
        self.recordsMisses = try Self.choice(entry, "miss", ["error", "record"], number) == "record"
        self.isPaced = try Self.choice(entry, "pace", ["none", "recorded"], number) == "recorded"
        if mode == .record, entry["miss"] != nil || entry["pace"] != nil {
            throw ModelRuleError("miss and pace of rule \(number) go with mode replay")
        }
    }

    private static func choice(
        _ entry: Document, _ name: String, _ words: [String], _ number: Int
    ) throws(ModelRuleError) -> String? {
        guard let value = entry[name] else { return nil }
        guard let word = value.text, words.contains(word) else {
            throw ModelRuleError(
                "recording.\(name) of rule \(number) must be " + words.joined(separator: " or "))
        }
        return word
    }
}

/// The recordings that rules name, open; those of rules that come later are opened when they come.
package final class Recordings: Sendable {
    private let files = Mutex<[String: Result<Recording, RecordingError>]>([:])

    package init() {}

    /// Opens each of them once.
    /// - Throws: where one cannot be used.
    package init(of rules: [ModelRule]) throws(RecordingError) {
        self.open(rules)
        for rule in rules {
            if let rule = rule.recording { _ = try self.recording(rule) }
        }
    }

    /// Opens what is not open yet, and tries again what could not be used.
    func open(_ rules: [ModelRule]) {
        for rule in rules {
            guard let path = rule.recording?.file else { continue }
            self.files.withLock { files in
                if case .success? = files[path] { return }
                files[path] = Result { () throws(RecordingError) in try Recording(path: path) }
            }
        }
    }

    /// The recording that a rule names.
    func recording(_ rule: RecordingRule) throws(RecordingError) -> Recording {
        let found = self.files.withLock { $0[rule.file] }
        return try (found ?? Result { () throws(RecordingError) in try Recording(path: rule.file) }).get()
    }
}

/// What a recording does for one request, decided before the answer begins.
enum RecordedTurn: Sendable {
    /// Says that an answer is replayed, or on its way into a recording, and which: `replayed <fingerprint>`.
    static let header = "x-brume-recording"

    case replay(RecordedAnswer, isPaced: Bool)
    case record(Recording, RequestFingerprint)

    /// - Throws: where the recording has no answer and none may be recorded.
    init(_ rule: RecordingRule, _ recording: Recording, _ request: ChatRequest, model: String) throws(ServiceError) {
        let fingerprint = RequestFingerprint(request, model: model)
        if rule.mode == .replay, let answer = recording.answer(fingerprint) {
            self = .replay(answer, isPaced: rule.isPaced)
        } else if rule.isOnlyReplay {
            throw BedrockRuntimeError.resourceNotFound(
                message: "The recording \(recording.path) has no answer to this request of \(model), whose fingerprint "
                    + "is \(fingerprint). Record it with \"miss\": \"record\" in its rule.")
        } else {
            self = .record(recording, fingerprint)
        }
    }

    var headerValue: String {
        switch self {
        case .replay(let answer, _): "replayed \(answer.fingerprint)"
        case .record(_, let fingerprint): "recorded \(fingerprint)"
        }
    }
}
