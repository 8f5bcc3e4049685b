package import Primitives

/// A bearer key of Amazon Bedrock, parsed but not verified.
///
/// There are two kinds. A long-term key is `ABSK` and the base64 of `name:secret`: a service-specific credential of a
/// user. A short-term key is `bedrock-api-key-` and the base64 of a presigned request, as AWS's token generators make
/// it.
/// - Source: `aws-bedrock-token-generator` 1.1.0; Amazon Bedrock User Guide, "Generate an Amazon Bedrock API key".
package enum BearerToken: Sendable, Equatable {
    case longTerm(LongTermBearer)
    /// A presigned request that is never sent: whoever holds it acts for its signer.
    case shortTerm(RequestHead)

    private static let longTermPrefix = "ABSK"
    private static let shortTermPrefix = "bedrock-api-key-"
    /// Appended to the presigned request by the generators; not signed.
    private static let version = "&Version=1"
    /// A longer token is refused; with a session token inside, it takes a few kilobytes.
    package static let bytesMax = 16 << 10
    /// The longest lifetime of a short-term key: twelve hours.
    package static let secondsMax: Int64 = 43_200

    /// The token of an `Authorization` header; nil for another scheme.
    package static func text(inAuthorization value: String) -> Substring? {
        let scheme = value.utf8.prefix(7)
        guard scheme.count == 7, zip(scheme, "bearer ".utf8).allSatisfy({ ASCII.lowercased($0) == $1 }) else {
            return nil
        }
        return value[scheme.endIndex...].drop { $0 == " " }
    }

    package init(_ text: Substring) throws(BearerError) {
        let bytes = text.utf8
        guard bytes.count <= Self.bytesMax else { throw .invalid }
        if bytes.starts(with: Self.longTermPrefix.utf8) {
            let plain = try Self.decoded(bytes.dropFirst(Self.longTermPrefix.utf8.count))
            guard let colon = plain.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw .invalid }
            let secret = String(plain[plain.utf8.index(after: colon)...])
            self = .longTerm(LongTermBearer(name: String(plain[..<colon]), secret: secret))
        } else if bytes.starts(with: Self.shortTermPrefix.utf8) {
            let plain = try Self.decoded(bytes.dropFirst(Self.shortTermPrefix.utf8.count))
            self = .shortTerm(try Self.request(plain))
        } else {
            throw .unknownPrefix
        }
    }

    /// Strict, except that padding may be missing: it is often lost when keys are copied.
    private static func decoded(_ text: Substring.UTF8View) throws(BearerError) -> String {
        var padded = Array(text)
        while padded.count % 4 != 0 { padded.append(UInt8(ascii: "=")) }
        guard let bytes = Base64.decode(padded), let plain = String(validating: bytes, as: UTF8.self) else {
            throw .invalid
        }
        return plain
    }

    private static func request(_ plain: String) throws(BearerError) -> RequestHead {
        guard let slash = plain.utf8.firstIndex(of: UInt8(ascii: "/")) else { throw .invalid }
        let head = RequestHead(
            method: "POST", target: String(plain[slash...]), headers: ["host": String(plain[..<slash])])
        var query = head.query
        guard query.hasSuffix(Self.version) else { throw .invalid }
        query.removeLast(Self.version.utf8.count)
        // A URL presigned for another action must not work as a key.
        guard head.path == "/", query.split(separator: "&").contains("Action=CallWithBearerToken") else {
            throw .invalid
        }
        guard let life = self.seconds(query), life <= Self.secondsMax else { throw .invalid }
        return RequestHead(method: head.method, path: head.path, query: query, headers: head.headers)
    }

    /// The lifetime of a presigned request; nil when it does not state one.
    private static func seconds(_ query: String) -> Int64? {
        let name = QueryParameter.expires + "="
        return query.split(separator: "&").first { $0.hasPrefix(name) }.flatMap { Int64($0.dropFirst(name.utf8.count)) }
    }
}

/// The content of a long-term key: its public name and its secret.
package struct LongTermBearer: Sendable, Equatable {
    /// The public part, such as `BedrockAPIKey-x7k2-at-123456789012`.
    package let name: String
    private let secret: String

    fileprivate init(name: String, secret: String) {
        self.name = name
        self.secret = secret
    }

    /// Whether the secret is this one; constant time except for the length.
    package func proves(_ secret: String) -> Bool {
        equalInConstantTime(self.secret, secret)
    }

    /// The text of a key, to be given to its owner.
    package static func text(name: String, secret: String) -> String {
        "ABSK" + Base64.encode("\(name):\(secret)".utf8)
    }
}

/// Why a bearer key is not accepted.
package enum BearerError: Error, Sendable, Hashable {
    /// Neither of the two kinds.
    case unknownPrefix
    /// It cannot be parsed, its name is unknown, or its secret or signature is wrong.
    case invalid
    case expired

    /// AWS's sentence; the status is 403, the code AccessDeniedException.
    /// - Source: answers of Bedrock in public issues; the sentence for expired keys is from memory and not confirmed.
    package var sentence: String {
        switch self {
        case .unknownPrefix: "Invalid API Key format: Must start with pre-defined prefix"
        case .invalid: "Authentication failed: Please make sure your API Key is valid."
        case .expired: "Bearer Token has expired"
        }
    }
}
