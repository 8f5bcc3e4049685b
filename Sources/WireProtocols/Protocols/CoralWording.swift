package import ServiceModel

/// AWS's JSON services' messages for values of the wrong kind.
///
/// - Source: answers of AWS as recorded in public issues and in the tests of moto and dynalite. Some services parse
///   with a newer library than the others, hence two variants.
package enum CoralWording: Sendable {
    /// Of services with `newParser`: `NUMBER_VALUE cannot be converted to String`.
    case recent
    /// Everything else: `NUMBER_VALUE can not be converted to a String`.
    case classic

    package init(service: ServiceSchema) {
        self = service.quirks.contains(.newParser) ? .recent : .classic
    }

    /// The message of the `SerializationException`; nil if AWS sends none.
    package func message(for error: ShapeError) -> String? {
        switch error {
        case .malformed: nil
        case .typeMismatch(let found, let expected, let member):
            self.mismatch(found, expected, isElement: member == "member" || member == "value" || member == "key")
        case .invalidValue(let text, let expected, _): self.invalid(text, expected)
        case .limitExceeded(let limit): "Request over a limit of this server: \(limit)"
        case .unsupportedMediaType, .notAcceptable: nil
        }
    }

    /// The error for a body that cannot be read, in protocols that check the media types of request and response.
    func serviceError(for error: ShapeError) -> ServiceError {
        switch error {
        case .unsupportedMediaType: ServiceError(code: "UnsupportedMediaTypeException", status: 415, message: "")
        case .notAcceptable: ServiceError(code: "NotAcceptableException", status: 406, message: "")
        default: ServiceError(code: "SerializationException", message: self.message(for: error) ?? "")
        }
    }

    private func mismatch(_ found: WireToken, _ expected: ShapeType, isElement: Bool) -> String? {
        switch found {
        case .object:
            return self == .recent
                ? "Start of structure or map found where not expected"
                : "Start of structure or map found where not expected."
        case .array:
            guard self == .recent else { return "Start of list found where not expected" }
            return Self.javaClass(expected).map { "Unrecognized collection type class java.lang.\($0)" }
                ?? "Start of list found where not expected"
        case .null: return nil
        case .boolean, .number, .string:
            switch expected {
            case .structure, .union:
                guard self == .recent else { return "Expected null" }
                return isElement ? "Unexpected value type in payload" : "Unexpected field type"
            case .list: return self == .recent ? "Unexpected field type" : "Expected list or null"
            case .map: return self == .recent ? "Unexpected field type" : "Expected map or null"
            default: return self.conversion(found, expected)
            }
        }
    }

    private func conversion(_ found: WireToken, _ expected: ShapeType) -> String {
        let token =
            switch found {
            case .number: "NUMBER_VALUE"
            case .boolean: "TRUE_VALUE"
            default: "STRING_VALUE"
            }
        let target = Self.javaClass(expected) ?? "Object"
        guard self == .classic else {
            if expected == .blob { return "only base-64-encoded strings are convertible to bytes" }
            return "\(token) cannot be converted to \(target)"
        }
        let article = target == "Integer" ? "an" : "a"
        return "\(token) can not be converted to \(article) \(target)"
    }

    private func invalid(_ text: String, _ expected: ShapeType) -> String? {
        switch expected {
        case .blob:
            let count = text.utf8.count
            return count.isMultiple(of: 4)
                ? "Invalid last non-pad Base64 character dectected"
                : "Base64 encoded length is expected a multiple of 4 bytes but found: \(count)"
        default: return nil
        }
    }

    private static func javaClass(_ type: ShapeType) -> String? {
        switch type {
        case .string, .enumeration: "String"
        case .boolean: "Boolean"
        case .byte: "Byte"
        case .short: "Short"
        case .integer, .intEnumeration: "Integer"
        case .long: "Long"
        case .bigInteger: "BigInteger"
        case .float: "Float"
        case .double: "Double"
        case .bigDecimal: "BigDecimal"
        case .timestamp: "Date"
        case .blob: "ByteBuffer"
        case .structure, .union, .list, .map, .document: nil
        }
    }
}
