internal import BedrockRuntimeModel
package import ServiceModel

/// The types of a body's members, so that values of other types are refused rather than ignored.
///
/// Members that are not in the shape may have any value. `null` counts as absent, as SDKs use it; only Bedrock's own
/// check (`Form.amazon`) refuses it.
package indirect enum BodyShape: Sendable {
    case text
    case integer
    case number
    /// An integer or a number within these bounds (inclusive).
    case bounded(BodyShape, least: Double? = nil, most: Double? = nil)
    case flag
    case any
    /// One of these texts.
    case word([String])
    case list(BodyShape)
    /// - `required`: members that must exist.
    case object([String: BodyShape], required: [String] = [])
    /// Like `object`, of several kinds: the kind is the object's `type`, which Anthropic's API includes in paths.
    /// - `kind`: that of objects without a type.
    case union([String: BodyShape], required: [String] = [], kind: String? = nil)
    /// Like `object`, without other members: Bedrock's own check refuses those that a model does not know.
    case closed([String: BodyShape], required: [String] = [])
    /// A text, or a list of these.
    case textOrList(BodyShape)
    /// One of these texts, or an object.
    case wordOrObject([String], [String: BodyShape])

    /// The API whose sentences are used for errors.
    package enum Form: Sendable {
        /// OpenAI's API.
        case openAI
        /// Anthropic's API.
        case anthropic
        /// Bedrock's own check of native bodies.
        case amazon
    }

    /// `isFirstOnly`: whether Bedrock's own check stops at its first finding.
    /// - Throws: for the first member that does not conform; for Bedrock's own check, for all of them.
    /// - Complexity: recursion is as deep as the shape, whatever the body.
    package func check(_ body: Document, _ form: Form, isFirstOnly: Bool = false) throws(ServiceError) {
        var place = BodyPlace(form: form, isFirstOnly: isFirstOnly)
        try self.check(body, &place)
        guard place.findings.isEmpty else { throw BodyCheck.malformed(place.findings.joined()) }
    }

    private func check(_ value: Document, _ place: inout BodyPlace) throws(ServiceError) {
        switch (self, value) {
        case (.any, _): break
        // AWS's schemas do not allow null.
        case (_, .null): if place.form == .amazon { try place.wrongType(self, value) }
        case (.text, .string), (.number, .number), (.flag, .boolean), (.textOrList, .string):
            break
        case (.integer, .number):
            if value.integer == nil { try place.wrongType(self, value) }
        case (.bounded(let shape, let least, let most), _):
            let count = place.findings.count
            try shape.check(value, &place)
            if place.findings.count == count { try place.checkBounds(value, least: least, most: most) }
        case (.word(let words), .string(let text)), (.wordOrObject(let words, _), .string(let text)):
            if !words.contains(text) { try place.wrongWord(words, text) }
        case (.list(let shape), .array(let elements)), (.textOrList(let shape), .array(let elements)):
            for (index, element) in elements.enumerated() {
                place.enter(.element(index))
                try shape.check(element, &place)
                place.leave()
            }
        case (.object(let shapes, let required), .object(let members)):
            for name in required where value[name].map({ $0 == .null }) ?? true { try place.missing(name) }
            try Self.check(members, shapes, &place)
        case (.union(let shapes, let required, let kind), .object):
            let kind = place.form == .anthropic ? value["type"]?.text ?? kind : nil
            if let kind { place.enter(.member(kind)) }
            try Self.object(shapes, required: required).check(value, &place)
            if kind != nil { place.leave() }
        case (.closed(let shapes, let required), .object(let members)):
            try place.checkNames(of: members, known: shapes, required: required)
            try Self.check(members, shapes, &place)
        case (.wordOrObject(_, let shapes), .object(let members)): try Self.check(members, shapes, &place)
        default: try place.wrongType(self, value)
        }
    }

    private static func check(
        _ members: [Document.Member], _ shapes: [String: BodyShape], _ place: inout BodyPlace
    ) throws(ServiceError) {
        for member in members {
            guard let shape = shapes[member.name] else { continue }
            place.enter(.member(member.name))
            try shape.check(member.value, &place)
            place.leave()
        }
    }
}

/// The path of a member of a body, and the error messages about it.
private struct BodyPlace {
    let form: BodyShape.Form
    let isFirstOnly: Bool
    /// Those of Bedrock's own check, up to `BodyCheck.findingCountMax`.
    private(set) var findings: [String] = []
    /// From the body to the value; the text of a path is made only for an error.
    private var steps: [Step] = []

    enum Step {
        case member(String)
        case element(Int)
    }

    init(form: BodyShape.Form, isFirstOnly: Bool) {
        self.form = form
        self.isFirstOnly = isFirstOnly
    }

    mutating func enter(_ step: Step) { self.steps.append(step) }

    mutating func leave() { self.steps.removeLast() }

    /// `tools[0].name`, `tools.0.name` or `/tools/0/name`; empty for the body itself.
    private var path: String {
        var path = ""
        for step in self.steps {
            switch (self.form, step) {
            case (.openAI, .element(let index)): path += "[\(index)]"
            case (.openAI, .member(let name)), (.anthropic, .member(let name)): path += path.isEmpty ? name : ".\(name)"
            case (.anthropic, .element(let index)): path += ".\(index)"
            case (.amazon, .member(let name)): path += "/\(name)"
            case (.amazon, .element(let index)): path += "/\(index)"
            }
        }
        return path
    }

    /// - Source: the sentences of each API as SDK users report them; Bedrock's are those of everit's JSON Schema
    ///   library.
    mutating func wrongType(_ shape: BodyShape, _ value: Document) throws(ServiceError) {
        switch self.form {
        case .openAI:
            throw self.fault(
                "Invalid type for '\(self.path)': expected \(shape.openAIName), but got \(value.openAIName) instead.",
                "invalid_type")
        case .anthropic: throw self.fault("\(self.path): Input should be \(shape.anthropicName)", "invalid_type")
        case .amazon: try self.add("#\(self.path): expected type: \(shape.amazonName), found: \(value.amazonName)")
        }
    }

    mutating func wrongWord(_ words: [String], _ word: String) throws(ServiceError) {
        let quoted = words.map { "'\($0)'" }
        switch self.form {
        case .openAI:
            let all = quoted.dropLast().joined(separator: ", ") + (quoted.count > 2 ? ", and " : " and ")
            throw self.fault(
                "Invalid value: '\(word)'. Supported values are: \(all)\(quoted.last ?? "").", "invalid_value")
        case .anthropic:
            let all = quoted.dropLast().joined(separator: ", ") + " or "
            throw self.fault("\(self.path): Input should be \(all)\(quoted.last ?? "")", "invalid_value")
        case .amazon: try self.add("#\(self.path): \(word) is not a valid enum value")
        }
    }

    mutating func missing(_ name: String) throws(ServiceError) {
        guard self.form != .amazon else { return try self.add("#\(self.path): required key [\(name)] not found") }
        var place = self
        place.enter(.member(name))
        guard self.form == .openAI else { throw place.fault("\(place.path): Field required", "missing") }
        throw place.fault("Missing required parameter: '\(place.path)'.", "missing_required_parameter")
    }

    /// Adds a finding of Bedrock's own check.
    /// - Source: promptfoo#914, whose answer lists names and a bound.
    private mutating func add(_ finding: String) throws(ServiceError) {
        guard !self.isFirstOnly else { throw BodyCheck.malformed(finding) }
        if self.findings.count < BodyCheck.findingCountMax { self.findings.append(finding) }
    }

    /// Lists all missing and all unknown members.
    mutating func checkNames(
        of members: [Document.Member], known: [String: BodyShape], required: [String]
    ) throws(ServiceError) {
        let missing = required.filter { name in !members.contains { $0.name == name } }
        // For every model, a body may specify how a guardrail reads it.
        let extraneous = BodyCheck.extraneous(members, at: self.path) {
            known[$0] != nil || $0.hasPrefix("amazon-bedrock-")
        }
        for name in missing { try self.missing(name) }
        for finding in extraneous { try self.add(finding) }
    }

    /// - Source: everit's JSON Schema library, as for `wrongType`.
    mutating func checkBounds(_ value: Document, least: Double?, most: Double?) throws(ServiceError) {
        guard case .number(let text) = value, let number = value.double else { return }
        if let least, number < least {
            try self.add("#\(self.path): \(text) is not greater or equal to \(Self.text(least))")
        }
        if let most, number > most {
            try self.add("#\(self.path): \(text) is not less or equal to \(Self.text(most))")
        }
    }

    private static func text(_ bound: Double) -> String {
        Int(exactly: bound).map { "\($0)" } ?? "\(bound)"
    }

    private func fault(_ message: String, _ code: String) -> ServiceError {
        ServiceError(
            code: "ValidationException", message: message,
            detail: MemberFault(message: message, member: self.path, code: code))
    }
}

/// A ValidationException with the member that it is about, for clients that read it besides the message.
struct MemberFault: WritableShape {
    static let schema = ValidationException.schema

    let message: String
    /// Such as `tools[0].function.name`.
    let member: String
    /// OpenAI's error code, such as `invalid_type`; nil when OpenAI has none.
    let code: String?

    func write(to writer: any ShapeWriter) {
        ValidationException(message: self.message).write(to: writer)
    }
}

extension BodyShape {
    fileprivate var openAIName: String {
        switch self {
        case .text, .word: "a string"
        case .integer: "an integer"
        case .number: "a decimal"
        case .flag: "a boolean"
        case .any: "a value"
        case .object, .union, .closed: "an object"
        case .bounded(let shape, _, _): shape.openAIName
        case .list(let shape): "an array of \(shape.openAIPlural)"
        case .textOrList(let shape): "one of a string or array of \(shape.openAIPlural)"
        case .wordOrObject: "one of a string or object"
        }
    }

    private var openAIPlural: String {
        switch self {
        case .text, .word: "strings"
        case .integer: "integers"
        case .number: "numbers"
        case .flag: "booleans"
        case .any: "values"
        case .object, .union, .closed, .wordOrObject: "objects"
        case .bounded(let shape, _, _): shape.openAIPlural
        case .list, .textOrList: "arrays"
        }
    }

    fileprivate var anthropicName: String {
        switch self {
        case .text, .word: "a valid string"
        case .integer: "a valid integer"
        case .number: "a valid number"
        case .flag: "a valid boolean"
        case .any: "a valid value"
        case .object, .union, .closed, .wordOrObject: "a valid dictionary"
        case .bounded(let shape, _, _): shape.anthropicName
        case .list, .textOrList: "a valid list"
        }
    }

    fileprivate var amazonName: String {
        switch self {
        case .text, .word: "String"
        case .integer: "Integer"
        case .number: "Number"
        case .flag: "Boolean"
        case .any: "Object"
        case .object, .union, .closed, .wordOrObject: "JSONObject"
        case .bounded(let shape, _, _): shape.amazonName
        case .list, .textOrList: "JSONArray"
        }
    }
}

extension Document {
    fileprivate var openAIName: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .number: self.integer == nil ? "a decimal number" : "an integer"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    fileprivate var amazonName: String {
        switch self {
        case .null: "Null"
        case .boolean: "Boolean"
        case .number: self.integer == nil ? "Double" : "Integer"
        case .string: "String"
        case .array: "JSONArray"
        case .object: "JSONObject"
        }
    }
}
