package import ServiceModel

/// AWS's query services' messages for values that they cannot read.
package enum QueryWording {
    /// The message of a `MalformedInput`.
    package static func message(for error: ShapeError) -> String {
        switch error {
        case .malformed(let reason): return "The request could not be read: \(reason)"
        case .typeMismatch(let found, let expected, _): return self.mismatch(found, expected)
        case .invalidValue(let text, let expected, _): return self.invalid(text, expected)
        case .limitExceeded(let limit): return "Request over a limit of this server: \(limit)"
        case .unsupportedMediaType, .notAcceptable: return "The media type is not supported"
        }
    }

    private static func mismatch(_ found: WireToken, _ expected: ShapeType) -> String {
        switch (found, expected) {
        case (.object, _): "Start of structure or map found where not expected"
        case (_, .structure), (_, .union): "Unexpected complex element termination"
        case (_, .list): "Unexpected list element termination"
        case (_, .map): "Unexpected map element termination"
        default: "Unexpected complex element termination"
        }
    }

    private static func invalid(_ text: String, _ expected: ShapeType) -> String {
        switch expected {
        case .timestamp: "timestamp must follow ISO8601"
        case .boolean: "boolean must follow xsd1.1 definition"
        case .blob: "Invalid base64: \(text)"
        default: "\(text) is not a valid value"
        }
    }
}
