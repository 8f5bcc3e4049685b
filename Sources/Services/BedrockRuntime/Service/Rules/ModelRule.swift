internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// A rule of `bedrock-rules` for matching requests: a canned reply, an error, a delay, or a recording.
package struct ModelRule: Sendable, Equatable {
    /// An error that is returned instead of an answer, or after a part of it.
    struct Failure: Sendable, Hashable {
        /// Such as `ThrottlingException`.
        var code: String
        var message: String
        /// Pieces of the answer sent before the error; nil means that no answer is started.
        var afterPieces: Int?
    }

    /// The value of the rule's header in answers.
    let name: String
    /// Ids of models, in which `*` matches any characters.
    let model: String
    /// A regular expression that must match a part of the user's last text; nil matches anything.
    let prompt: String?
    /// A tool that the request must offer; nil means any or none.
    let tool: String?
    /// How often the rule applies; nil means always.
    let times: Int?
    let delayMilliseconds: Int
    /// Before each piece of the answer.
    let pieceDelayMilliseconds: Int
    let reply: [Part]?
    let failure: Failure?
    let recording: RecordingRule?

    /// A piece of a canned reply.
    enum Part: Sendable, Equatable {
        case text(String)
        case reasoning(String)
        case toolUse(name: String, input: Document)
    }

    /// The limit on delays, so that a typo does not block a client for a day.
    static let delayMillisecondsMax = 3_600_000

    /// The limit on the size of a file of rules: a wrong path may lead to a model.
    package static let fileBytesMax = 16 << 20

    /// Parses the rules of a file.
    /// - Parameters:
    ///   - bytes: the file.
    ///   - folder: the base directory of relative paths: that of the file.
    /// - Returns: the rules in the file's order.
    /// - Throws: the first error in them.
    package static func rules(json bytes: [UInt8], folder: String = ".") throws(ModelRuleError) -> [ModelRule] {
        guard let document = Document(json: bytes) else { throw ModelRuleError("it is no JSON") }
        guard case .array(let entries)? = document["rules"] else {
            throw ModelRuleError("it must be an object with a list named rules")
        }
        var rules: [ModelRule] = []
        for (index, entry) in entries.enumerated() {
            rules.append(try ModelRule(entry, number: index + 1, folder: folder))
        }
        return rules
    }

    private static let members: Set<String> = [
        "name", "model", "prompt", "tool", "times", "delayMilliseconds", "pieceDelayMilliseconds", "reply", "error",
        "recording",
    ]

    private init(_ entry: Document, number: Int, folder: String) throws(ModelRuleError) {
        if let other = entry.members.first(where: { !Self.members.contains($0.name) }) {
            throw ModelRuleError("rule \(number) has \(other.name), which is nothing that a rule has")
        }
        self.name = entry["name"]?.text ?? "rule-\(number)"
        guard (1...64).contains(self.name.utf8.count), self.name.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ModelRuleError("the name of rule \(number) must be 1 to 64 visible ASCII characters")
        }
        self.model = entry["model"]?.text ?? "*"
        self.prompt = entry["prompt"]?.text
        if let prompt = self.prompt, LinearPattern(prompt) == nil {
            throw ModelRuleError("the prompt of rule \(number) is no regular expression that can be used here")
        }
        self.tool = entry["tool"]?.text
        self.times = try Self.number(entry["times"], "times", number, 1...1_000_000_000)
        self.delayMilliseconds =
            try Self.number(entry["delayMilliseconds"], "delayMilliseconds", number, 0...Self.delayMillisecondsMax) ?? 0
        self.pieceDelayMilliseconds =
            try Self.number(entry["pieceDelayMilliseconds"], "pieceDelayMilliseconds", number, 0...60_000) ?? 0
        self.reply = try entry["reply"].map { reply throws(ModelRuleError) in try Self.reply(reply, number) }
        self.failure = try Self.failure(entry["error"], number)
        self.recording = try entry["recording"].map { recording throws(ModelRuleError) in
            try RecordingRule(recording, number: number, folder: folder)
        }
        guard self.reply == nil || self.recording == nil else {
            throw ModelRuleError("rule \(number) has a reply and a recording; one of them gives the answer")
        }
    }

    private static func number(
        _ value: Document?, _ name: String, _ rule: Int, _ range: ClosedRange<Int>
    ) throws(ModelRuleError) -> Int? {
        guard let value else { return nil }
        guard let number = value.integer, range.contains(number) else {
            throw ModelRuleError(
                "\(name) of rule \(rule) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func reply(_ reply: Document, _ rule: Int) throws(ModelRuleError) -> [Part] {
        if let text = reply.text { return [.text(text)] }
        var parts: [Part] = []
        for entry in reply.members.isEmpty ? reply.elements : [reply] {
            if let text = entry["text"]?.text {
                parts.append(.text(text))
            } else if let text = entry["reasoning"]?.text {
                parts.append(.reasoning(text))
            } else if let name = entry["toolUse"]?["name"]?.text,
                case let input = entry["toolUse"]?["input"] ?? .object([]), case .object = input
            {
                parts.append(.toolUse(name: name, input: input))
            } else {
                throw ModelRuleError("the reply of rule \(rule) is a text, or a list of text, reasoning and toolUse")
            }
        }
        return parts
    }

    private static func failure(_ error: Document?, _ rule: Int) throws(ModelRuleError) -> Failure? {
        guard let error else { return nil }
        guard let code = error["code"]?.text, InjectedError.codes.contains(code) else {
            throw ModelRuleError(
                "error.code of rule \(rule) must be one of " + InjectedError.codes.sorted().joined(separator: ", "))
        }
        return Failure(
            code: code, message: error["message"]?.text ?? "This error was injected by a rule of bedrock-rules.",
            afterPieces: try self.number(error["afterPieces"], "error.afterPieces", rule, 0...1_000_000))
    }
}

/// A sentence about why rules cannot be used.
package struct ModelRuleError: Error, Sendable, Equatable {
    package let sentence: String

    init(_ sentence: String) {
        self.sentence = sentence
    }
}
