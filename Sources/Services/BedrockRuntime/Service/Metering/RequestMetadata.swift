internal import ServiceModel
internal import Telemetry
internal import WireProtocols

/// What a client writes beside a request, so that it is found again in the log of invocations.
///
/// Converse's are checked by the API's model already; InvokeModel has them as JSON in a header.
/// - Source: Amazon Bedrock API reference, "Converse" and "InvokeModel", `requestMetadata`.
struct RequestMetadata: Sendable {
    private static let pairCountMax = 16
    private static let textBytesMax = 256

    /// By their keys.
    private let pairs: [(key: String, value: String)]

    static let none = RequestMetadata(nil)

    init(_ pairs: [String: String]?) {
        self.pairs = (pairs ?? [:]).map { ($0.key, $0.value) }.sorted { $0.key < $1.key }
    }

    /// - Parameter header: JSON, as AWS's SDKs send it; nil where there is none.
    /// - Throws: for what is none, or against the rules of Converse's.
    init(header: String?) throws(ServiceError) {
        guard let header, !header.isEmpty else {
            self.init(nil)
            return
        }
        guard let document = Document(json: header), case .object(let members) = document else {
            throw Self.fault("be a JSON object of texts")
        }
        guard !members.isEmpty else { throw Self.fault("have length greater than or equal to 1") }
        guard members.count <= Self.pairCountMax else {
            throw Self.fault("have length less than or equal to \(Self.pairCountMax)")
        }
        var pairs: [String: String] = [:]
        for member in members {
            guard let value = member.value.text else { throw Self.fault("be a JSON object of texts") }
            guard !member.name.isEmpty, Self.isLawful(member.name), Self.isLawful(value) else {
                throw Self.fault("satisfy regular expression pattern: [a-zA-Z0-9\\s:_@$#=/+,-.]{1,256}")
            }
            pairs[member.name] = value
        }
        self.init(pairs)
    }

    /// `requestMetadata.<key>` for each, as a line of the log has them.
    var logMembers: [LogRecord.Member] { self.pairs.map { .init("requestMetadata.\($0.key)", .string($0.value)) } }

    private static func isLawful(_ text: String) -> Bool {
        text.utf8.count <= self.textBytesMax
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), 0x09...0x0D, UInt8(ascii: " "):
                    true
                // The pattern has the hyphen between a comma and a full stop, which it stands between in ASCII too.
                default: ":_@$#=/+,-.".utf8.contains(byte)
                }
            }
    }

    private static func fault(_ demand: String) -> ServiceError {
        .invalid(
            "1 validation error detected: Value at 'requestMetadata' failed to satisfy constraint: Member must "
                + demand)
    }
}
