import Primitives
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
        case .restXml: RestXMLProtocol(bareErrorServices: ["amazons3"])
        case .awsQuery: AWSQueryProtocol()
        case .ec2Query: EC2QueryProtocol()
        case .rpcv2Cbor: RPCv2CBORProtocol()
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
        case "application/cbor":
            let expectedBytes = Base64.decode(Array(expected.utf8)) ?? []
            if expectedBytes.isEmpty, actual.isEmpty { return nil }
            guard let left = CaseCBOR.parse(expectedBytes), let right = CaseCBOR.parse(actual) else {
                return "no CBOR: \(actual)"
            }
            return right.withoutNamespace.isSame(as: left.withoutNamespace) ? nil : "expected \(left), got \(right)"
        case _ where expected.contains("<"):
            guard let left = CaseXML.parse(expected), let right = CaseXML.parse(actualText) else {
                return "no XML: \(actualText)"
            }
            return right.difference(from: left)
        default:
            return expected == actualText ? nil : "expected \(expected), got \(actualText)"
        }
    }
}
