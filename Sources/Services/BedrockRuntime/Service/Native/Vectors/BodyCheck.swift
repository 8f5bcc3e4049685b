internal import ServiceModel

/// Validates a body as AWS does with the model's JSON schema, and lists all findings in one sentence.
///
/// - Source: AWS's answers as SDK users report them, such as "Malformed input request: #: required key [texts] not
///   found#: extraneous key [inputText] is not permitted, please reformat your input and try again."
struct BodyCheck {
    /// The limit on findings in an error: a body of megabytes may have a million, and the answer would be even larger.
    static let findingCountMax = 100

    private let body: Document
    private var findings: [String] = []

    init(_ body: Document, required: [String], optional: [String] = []) {
        self.body = body
        for key in required where body[key] == nil { self.add("#: required key [\(key)] not found") }
        let known = Set(required + optional)
        for finding in Self.extraneous(body.members, { known.contains($0) }) { self.add(finding) }
    }

    mutating func add(_ finding: String) {
        if self.findings.count < Self.findingCountMax { self.findings.append(finding) }
    }

    /// A finding for each unknown member, up to `findingCountMax`.
    static func extraneous(
        _ members: [Document.Member], at path: String = "", _ isKnown: (String) -> Bool
    ) -> [String] {
        var unknown: [String] = []
        for member in members where !isKnown(member.name) {
            unknown.append(member.name)
            if unknown.count == self.findingCountMax { break }
        }
        return self.ordered(unknown, of: members.count).map { "#\(path): extraneous key [\($0)] is not permitted" }
    }

    /// Some names of an object of `count` members, in the order in which AWS's findings list them: that of a hash map
    /// of Java.
    /// - Source: promptfoo#914, lobehub#5203 and AnthropicSwiftSDK#19, which report several findings each.
    private static func ordered(_ names: [String], of count: Int) -> [String] {
        guard names.count > 1 else { return names }
        var size: UInt32 = 16
        while count * 4 > Int(size) * 3 { size *= 2 }
        return names.enumerated().map { position, name in
            let hash = name.utf16.reduce(UInt32(0)) { $0 &* 31 &+ UInt32($1) }
            return (bucket: (hash ^ hash >> 16) & (size - 1), position: position, name: name)
        }
        .sorted { ($0.bucket, $0.position) < ($1.bucket, $1.position) }.map(\.name)
    }

    /// A text; nil when it is missing. AWS's schemas do not allow null.
    mutating func text(_ key: String, at pointer: String? = nil, in body: Document? = nil) -> String? {
        guard let value = (body ?? self.body)[key] else { return nil }
        guard let text = value.text else {
            self.add("#/\(pointer ?? key): expected type: String, found: \(Self.type(value))")
            return nil
        }
        return text
    }

    mutating func number(_ key: String, at pointer: String? = nil, in body: Document? = nil) -> Int? {
        guard let value = (body ?? self.body)[key] else { return nil }
        guard let number = value.integer else {
            self.add("#/\(pointer ?? key): expected type: Integer, found: \(Self.type(value))")
            return nil
        }
        return number
    }

    mutating func truth(_ key: String) -> Bool? {
        switch self.body[key] {
        case .boolean(let value)?: return value
        case nil: return nil
        case let value?:
            self.add("#/\(key): expected type: Boolean, found: \(Self.type(value))")
            return nil
        }
    }

    /// An object; empty when it is missing.
    mutating func object(_ key: String) -> Document {
        guard let value = self.body[key] else { return .object([]) }
        if case .object = value { return value }
        self.add("#/\(key): expected type: JSONObject, found: \(Self.type(value))")
        return .object([])
    }

    /// A list of texts; nil when it is missing.
    mutating func texts(_ key: String, countMax: Int? = nil, lengthMax: Int? = nil) -> [String]? {
        guard let value = self.body[key] else { return nil }
        guard case .array(let elements) = value else {
            self.add("#/\(key): expected type: JSONArray, found: \(Self.type(value))")
            return nil
        }
        if let countMax, elements.count > countMax {
            self.add("#/\(key): expected maximum item count: \(countMax), found: \(elements.count)")
        }
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            guard let text = element.text else {
                self.add("#/\(key)/\(index): expected type: String, found: \(Self.type(element))")
                continue
            }
            // The number of UTF-8 bytes is an upper bound for that of characters, which takes longer to count.
            if let lengthMax, text.utf8.count > lengthMax, text.unicodeScalars.count > lengthMax {
                self.add("#/\(key)/\(index): expected maxLength: \(lengthMax), actual: \(text.unicodeScalars.count)")
            }
            texts.append(text)
        }
        return texts
    }

    /// Checks that the value is one of a few.
    mutating func choice<Value: Equatable>(_ value: Value?, _ pointer: String, of lawful: [Value]) {
        guard let value, !lawful.contains(value) else { return }
        self.add("#/\(pointer): \(value) is not a valid enum value")
    }

    func finish() throws(ServiceError) {
        guard !self.findings.isEmpty else { return }
        throw Self.malformed(self.findings.joined())
    }

    static func malformed(_ finding: String) -> ServiceError {
        .invalid("Malformed input request: \(finding), please reformat your input and try again.")
    }

    static func type(_ value: Document) -> String {
        switch value {
        case .null: "Null"
        case .boolean: "Boolean"
        case .number(let text): text.contains { ".eE".contains($0) } ? "BigDecimal" : "Integer"
        case .string: "String"
        case .array: "JSONArray"
        case .object: "JSONObject"
        }
    }
}
