package import Primitives

/// The sender of a request, as verified by the gateway. Texts, because their meaning is up to whoever reads them.
package struct ForwardedPrincipal: Sendable, Equatable {
    package var kind: String
    package var account: String
    package var arn: String
    package var userID: String
    package var accessKeyID: String
    /// The region of the signature, or the gateway's default.
    package var region: String

    package init(
        kind: String, account: String, arn: String, userID: String, accessKeyID: String, region: String
    ) {
        self.kind = kind
        self.account = account
        self.arn = arn
        self.userID = userID
        self.accessKeyID = accessKeyID
        self.region = region
    }

    static let textCount = 6

    func append(to cursor: inout ByteCursor) {
        Netstring.append(self.kind, to: &cursor)
        Netstring.append(self.account, to: &cursor)
        Netstring.append(self.arn, to: &cursor)
        Netstring.append(self.userID, to: &cursor)
        Netstring.append(self.accessKeyID, to: &cursor)
        Netstring.append(self.region, to: &cursor)
    }

    /// An upper bound of the bytes that `append` writes.
    var bytesMax: Int {
        Self.textCount * Netstring.overheadMax + self.kind.utf8.count + self.account.utf8.count + self.arn.utf8.count
            + self.userID.utf8.count + self.accessKeyID.utf8.count + self.region.utf8.count
    }

    init?(_ texts: some Collection<String>) {
        let texts = Array(texts)
        guard texts.count == Self.textCount else { return nil }
        self.init(
            kind: texts[0], account: texts[1], arn: texts[2], userID: texts[3], accessKeyID: texts[4],
            region: texts[5])
    }
}

/// A gateway's statement about a request that it forwards to a node.
package struct ForwardStatement: Sendable, Equatable {
    /// What is stated about the body, and with it about the sender.
    package enum Body: Sendable, Equatable {
        /// The body is at hand: its hash and its sender.
        case known(Digest256, ForwardedPrincipal)
        /// The body is streamed in frames (`ForwardFrame`). Many signatures cover the body, so the sender is known only
        /// at its end: the last frame states it.
        case framed
    }

    /// When the statement was made; it is valid for `lifetimeSeconds` from then.
    package var issued: Timestamp
    /// A random number of the gateway process, and a counter of its statements: no two statements are alike.
    package var sender: UInt64
    package var sequence: UInt64
    /// The request id for the answer and for every log line.
    package var requestID: String
    /// The service that the gateway identified; a node that identifies another refuses the request.
    package var service: String
    package var operation: String
    /// The client's address, and whether the client used TLS.
    package var sourceAddress: String
    package var isTLS: Bool
    package var body: Body

    package init(
        issued: Timestamp, sender: UInt64, sequence: UInt64, requestID: String, service: String, operation: String,
        sourceAddress: String, isTLS: Bool, body: Body
    ) {
        self.issued = issued
        self.sender = sender
        self.sequence = sequence
        self.requestID = requestID
        self.service = service
        self.operation = operation
        self.sourceAddress = sourceAddress
        self.isTLS = isTLS
        self.body = body
    }

    /// How long a statement is valid.
    package static let lifetimeSeconds: Int64 = 60
    /// How far a gateway's clock may be ahead of a node's.
    package static let clockSkewSecondsMax: Int64 = 30

    private static let fixedTextCount = 9
    private static let framedText = "framed"

    var bytes: [UInt8] {
        var output: [UInt8] = []
        output.append(bytesMax: self.bytesMax) { cursor in
            Netstring.append(decimal: self.issued.millisecondsSinceEpoch, to: &cursor)
            Netstring.append(decimal: self.sender, to: &cursor)
            Netstring.append(decimal: self.sequence, to: &cursor)
            Netstring.append(self.requestID, to: &cursor)
            Netstring.append(self.service, to: &cursor)
            Netstring.append(self.operation, to: &cursor)
            Netstring.append(self.sourceAddress, to: &cursor)
            Netstring.append(self.isTLS ? "tls" : "plain", to: &cursor)
            switch self.body {
            case .known(let digest, let principal):
                Netstring.append(digest.description, to: &cursor)
                principal.append(to: &cursor)
            case .framed:
                Netstring.append(Self.framedText, to: &cursor)
            }
        }
        return output
    }

    /// An upper bound of the length of `bytes`.
    private var bytesMax: Int {
        var count = 8 * Netstring.overheadMax + 3 * Netstring.decimalMax + self.requestID.utf8.count
        count += self.service.utf8.count + self.operation.utf8.count + self.sourceAddress.utf8.count + 5
        switch self.body {
        case .known(_, let principal): count += Netstring.overheadMax + Digest256.byteCount * 2 + principal.bytesMax
        case .framed: count += Netstring.overheadMax + Self.framedText.utf8.count
        }
        return count
    }

    /// - Returns: nil unless the bytes are exactly as `bytes` writes them.
    init?(bytes: [UInt8]) {
        let countMax = Self.fixedTextCount + ForwardedPrincipal.textCount
        guard let texts = Netstring.texts(bytes, countMax: countMax), texts.count >= Self.fixedTextCount,
            let milliseconds = Int64(texts[0]), let sender = UInt64(texts[1]), let sequence = UInt64(texts[2]),
            texts[7] == "tls" || texts[7] == "plain"
        else { return nil }
        let body: Body
        if texts[8] == Self.framedText {
            guard texts.count == Self.fixedTextCount else { return nil }
            body = .framed
        } else {
            guard let digest = Digest256(lowercaseHex: texts[8].utf8),
                let principal = ForwardedPrincipal(texts[Self.fixedTextCount...])
            else { return nil }
            body = .known(digest, principal)
        }
        self.init(
            issued: Timestamp(millisecondsSinceEpoch: milliseconds), sender: sender, sequence: sequence,
            requestID: texts[3], service: texts[4], operation: texts[5], sourceAddress: texts[6],
            isTLS: texts[7] == "tls", body: body)
    }
}

/// Why a node does not accept a forwarded request.
package enum ForwardError: Error, Sendable, Equatable {
    /// There is no statement.
    case absent
    /// The statement cannot be parsed.
    case malformed
    /// The statement was made with another key, or for another method, path, query, header or body.
    case forged
    /// The statement is too old.
    case expired
    /// The statement was made in the future.
    case notYetCurrent
    /// The statement was received before.
    case replayed
    /// More gateways send at once than a node tracks.
    case tooManySenders
    /// The statement has the format of another version of Brume.
    case otherVersion
    /// The frame with this number, counted from 1, fails verification.
    case frame(UInt64)
    /// The body ended after this many frames without a last one.
    case cutOff(afterFrames: UInt64)
    /// The body is longer than the service accepts.
    case tooLong

    /// The reason in words, for the log and for whoever sets up a cluster.
    package var sentence: String {
        switch self {
        case .absent: "The request carries no statement of a gateway."
        case .malformed: "The statement of the gateway cannot be read."
        case .forged: "The statement of the gateway is not for this request, or was made with another cluster key."
        case .expired: "The statement of the gateway is too old; the clocks may differ."
        case .notYetCurrent: "The statement of the gateway is from the future; the clocks differ."
        case .replayed: "The statement of the gateway was used before."
        case .tooManySenders: "More gateways send requests than a node keeps apart."
        case .otherVersion: "The gateway is of another version; gateways and nodes are of one."
        case .frame(let number):
            "Frame \(number) of the body is not as the gateway sent it: it was altered, left out, repeated or moved."
        case .cutOff(let count): "The body ends after \(count) frames, and none of them was its last."
        case .tooLong: "The body is longer than the service takes."
        }
    }
}
