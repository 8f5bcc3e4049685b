internal import ServiceModel

/// The checks of OpenAI's API on bodies whose members have valid types.
/// - Source: OpenAI API reference; the sentences that its users report.
enum OpenAIRules {
    private static let decimals: [(name: String, least: Int, most: Int)] = [
        ("temperature", 0, 2), ("top_p", 0, 1), ("presence_penalty", -2, 2), ("frequency_penalty", -2, 2),
    ]
    private static let counts = [
        ("max_completion_tokens", 1), ("max_tokens", 1), ("max_output_tokens", 16), ("n", 1),
    ]
    private static let lists = [("stop", 4), ("tools", 128)]
    private static let nameLettersMax = 64
    /// The limits on pairs in `metadata`, and on characters of a value.
    private static let (pairsMax, pairLettersMax) = (16, 512)

    /// The ranges of sampling parameters. For InvokeModel's bodies, each provider has its own ranges.
    static func check(_ body: Document) throws(ServiceError) {
        for (name, least, most) in self.decimals {
            guard case .number(let text)? = body[name], let value = body[name]?.double else { continue }
            if value > Double(most) {
                throw self.fault(
                    "Invalid '\(name)': decimal above maximum value. Expected a value <= \(most), but got \(text) "
                        + "instead.", name, "decimal_above_max_value")
            }
            if value < Double(least) {
                throw self.fault(
                    "Invalid '\(name)': decimal below minimum value. Expected a value >= \(least), but got \(text) "
                        + "instead.", name, "decimal_below_min_value")
            }
        }
        try self.check(countsOf: body)
        try self.check(metadata: body["metadata"])
        for (name, most) in self.lists {
            guard let count = body[name]?.elements.count, count > most else { continue }
            throw self.fault(
                "Invalid '\(name)': array too long. Expected an array with maximum length \(most), but got an "
                    + "array with length \(count) instead.", name, "array_above_max_length")
        }
    }

    private static func check(metadata: Document?) throws(ServiceError) {
        let pairs = metadata?.members ?? []
        guard pairs.count <= self.pairsMax else {
            throw self.fault(
                "Invalid 'metadata': too many properties. Expected an object with at most \(self.pairsMax) properties, "
                    + "but got an object with \(pairs.count) properties instead.", "metadata",
                "object_above_max_properties")
        }
        let shape = BodyShape.object(Dictionary(pairs.map { ($0.name, .text) }) { first, _ in first })
        try BodyShape.object(["metadata": shape]).check(.object(["metadata": metadata]), .openAI)
        for pair in pairs {
            guard let count = pair.value.text?.unicodeScalars.count, count > self.pairLettersMax else { continue }
            throw self.fault(
                "Invalid 'metadata.\(pair.name)': string too long. Expected a string with maximum length "
                    + "\(self.pairLettersMax), but got a string with length \(count) instead.", "metadata.\(pair.name)",
                "string_above_max_length")
        }
    }

    /// Checks the minimum values, which apply to all providers.
    static func check(countsOf body: Document) throws(ServiceError) {
        for (name, least) in self.counts {
            guard let value = body[name]?.integer, value < least else { continue }
            throw self.fault(
                "Invalid '\(name)': integer below minimum value. Expected a value >= \(least), but got \(value) "
                    + "instead.", name, "integer_below_min_value")
        }
    }

    /// Checks the name of a function; `member` is its path.
    static func check(name: String, at member: String) throws(ServiceError) {
        guard !name.isEmpty else {
            throw self.fault(
                "Invalid '\(member)': empty string. Expected a string with minimum length 1, but got an empty string "
                    + "instead.", member, "empty_string")
        }
        let isPlain = FunctionName.isPlain(name)
        guard isPlain else {
            throw self.fault(
                "Invalid '\(member)': string does not match pattern. Expected a string that matches the pattern "
                    + "'^[a-zA-Z0-9_-]+$'.", member, "invalid_value")
        }
        guard name.utf8.count > self.nameLettersMax else { return }
        throw self.fault(
            "Invalid '\(member)': string too long. Expected a string with maximum length \(self.nameLettersMax), but "
                + "got a string with length \(name.utf8.count) instead.", member, "string_above_max_length")
    }

    /// Checks the JSON schema for an answer: `name` and `schema`; the schema is required here, since it is what is
    /// enforced.
    static func check(format: Document, at place: String) throws(ServiceError) {
        guard let name = format["name"], name != .null else { throw self.missing("\(place).name") }
        if let name = name.text { try self.check(name: name, at: "\(place).name") }
        guard let schema = format["schema"], schema != .null else { throw self.missing("\(place).schema") }
        guard format["strict"] == .boolean(true) else { return }
        let type = schema["type"]?.text ?? "None"
        let fault =
            type == "object"
            ? OpenAISchema.fault(in: schema)
            : "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"\(type)\"'."
        guard let fault else { return }
        let isChat = place.hasPrefix("response_format")
        throw self.fault(
            "Invalid schema for response_format '\(name.text ?? "")': \(fault)",
            isChat ? "response_format" : "text.format.schema", isChat ? nil : "invalid_json_schema")
    }

    /// The parameters of a function must be an object; a function without parameters has none.
    static func check(
        parameters: Document?, of name: String, isStrict: Bool, at member: String
    ) throws(ServiceError) {
        guard let parameters, case .object(let members) = parameters, !members.isEmpty else { return }
        let type = parameters["type"]?.text ?? "None"
        let fault =
            type == "object"
            ? isStrict ? OpenAISchema.fault(in: parameters) : nil
            : "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"\(type)\"'."
        guard let fault else { return }
        throw self.fault("Invalid schema for function '\(name)': \(fault)", member, "invalid_function_parameters")
    }

    /// The error for a missing member.
    static func missing(_ member: String) -> ServiceError {
        self.fault("Missing required parameter: '\(member)'.", member, "missing_required_parameter")
    }

    /// The error for a member that would change an answer, and that no model here supports.
    static func unsupported(_ member: String) -> ServiceError {
        self.fault(
            "Unsupported parameter: '\(member)' is not supported with this model.", member, "unsupported_parameter")
    }

    static let noMessages = Self.fault(
        "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        "messages", "empty_array")

    /// An error with the member that it is about, unless that is empty.
    static func fault(_ message: String, _ member: String, _ code: String?) -> ServiceError {
        ServiceError(
            code: "ValidationException", message: message,
            detail: MemberFault(message: message, member: member, code: code))
    }
}
