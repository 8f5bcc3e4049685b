internal import BedrockRuntimeModel
package import Inference
internal import ServiceModel
internal import Synchronization

/// The use of a recording by a rule: to record a model's answers, or to replay them.
struct RecordingRule: Sendable, Equatable {
    /// When the model is asked.
    enum Mode: String, CaseIterable {
        /// Always; its answers are recorded.
        case record
        /// Only if the recording has no answer, and `recordsMisses` is set.
        case replay
    }

    /// A path, absolute or relative to the server's working directory.
    let file: String
    let mode: Mode
    /// Whether a request without a recorded answer is passed to the model and recorded, instead of being an error.
    let recordsMisses: Bool
    /// Whether the pieces of an answer are replayed at their original speed.
    let isPaced: Bool

    /// Whether the model is never asked.
    var isOnlyReplay: Bool { self.mode == .replay && !self.recordsMisses }

    private static let members: Set<String> = ["file", "mode", "miss", "pace"]

    /// - Parameters:
    ///   - entry: the rule's member `recording`.
    ///   - number: the rule's number, for error messages.
    ///   - folder: the base directory of a relative path.
    /// - Throws: the first error in it.
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

/// The open recordings of the rules; those of rules added later are opened then.
package final class Recordings: Sendable {
    private let files = Mutex<[String: Result<Recording, RecordingError>]>([:])

    package init() {}

    /// Opens each recording once.
    /// - Throws: when one cannot be used.
    package init(of rules: [ModelRule]) throws(RecordingError) {
        self.open(rules)
        for rule in rules {
            if let rule = rule.recording { _ = try self.recording(rule) }
        }
    }

    /// Opens recordings that are not open yet, and retries those that failed.
    func open(_ rules: [ModelRule]) {
        for rule in rules {
            guard let path = rule.recording?.file else { continue }
            self.files.withLock { files in
                if case .success? = files[path] { return }
                files[path] = Result { () throws(RecordingError) in try Recording(path: path) }
            }
        }
    }

    /// The recording of a rule.
    func recording(_ rule: RecordingRule) throws(RecordingError) -> Recording {
        let found = self.files.withLock { $0[rule.file] }
        return try (found ?? Result { () throws(RecordingError) in try Recording(path: rule.file) }).get()
    }
}

/// The use of a recording for one request, decided before the answer starts.
enum RecordedTurn: Sendable {
    /// Whether an answer is replayed or being recorded, with its fingerprint: `replayed <fingerprint>`.
    static let header = "x-brume-recording"

    case replay(RecordedAnswer, isPaced: Bool)
    case record(Recording, RequestFingerprint)

    /// - Throws: when the recording has no answer and must not be extended.
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
