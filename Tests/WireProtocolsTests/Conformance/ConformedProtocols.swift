import ServiceModel
import WireProtocols

/// The protocols that the cases are run against, and how bodies of their notation are compared.
enum ConformedProtocols {
    /// The server's side of a protocol for the service of a case file.
    static func make(_ name: ProtocolName, _ model: SmithyModel) -> (any ServerProtocol)? {
        switch name {
        case .awsJson1_0, .awsJson1_1:
            AWSJSONProtocol(name, errorTypes: JSONErrorTypes(namespaces: [model.service.id: model.errorNamespace]))
        case .restJson1: RestJSONProtocol()
        default: nil
        }
    }

    /// What is different between the expected body of a case and ours; nil when they mean the same.
    static func difference(_ mediaType: String?, expected: String, actual: [UInt8]) -> String? {
        let actualText = String(decoding: actual, as: UTF8.self)
        switch mediaType {
        case "application/json":
            if expected.isEmpty { return actual.isEmpty ? nil : "body \(actualText) where none is due" }
            guard let left = try? CaseJSON.parse(Array(expected.utf8)), let right = try? CaseJSON.parse(actual) else {
                return "no JSON: \(actualText)"
            }
            return left.isSame(as: right) ? nil : "expected \(left.text), got \(right.text)"
        default:
            return expected == actualText ? nil : "expected \(expected), got \(actualText)"
        }
    }
}
