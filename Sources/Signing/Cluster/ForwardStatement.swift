package import Primitives

/// Who sent a request, as the gateway proved it; texts, because what they mean is the matter of those who read them.
package struct ForwardedPrincipal: Sendable, Hashable {
    package var kind: String
    package var account: String
    package var arn: String
    package var userID: String
    package var accessKeyID: String
    /// The region that the signature names, or the gateway's own.
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

    /// At least as many bytes as `append` writes.
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

/// What a gateway says of a request that it hands to a node.
package struct ForwardStatement: Sendable, Hashable {
    /// What is said of the body, and with it of the sender.
    package enum Body: Sendable, Hashable {
        /// The body is at hand: this is its hash, and this is who sent it.
        case known(Digest256, ForwardedPrincipal)
        /// The body is passed on as it comes, in frames (`ForwardFrame`). Many signatures cover the body, so that who
        /// sent it is known at its end only: the last frame says it.
        case framed
    }

    /// When it was said; it holds for `lifetimeSeconds` from then.
    package var issued: Timestamp
    /// A random number of the process that says it, and how many it has said: no two statements are alike.
    package var sender: UInt64
    package var sequence: UInt64
    /// The id that the answer, and every line of a log, will have.
    package var requestID: String
    /// What the gateway took the request for; a node that takes it for something else refuses it.
    package var service: String
    package var operation: String
    /// The client's address, and whether it came over TLS.
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

    /// How long a statement holds.
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

    /// At least as many as `bytes` are.
    private var bytesMax: Int {
        var count = 8 * Netstring.overheadMax + 3 * Netstring.decimalMax + self.requestID.utf8.count
        count += self.service.utf8.count + self.operation.utf8.count + self.sourceAddress.utf8.count + 5
        switch self.body {
        case .known(_, let principal): count += Netstring.overheadMax + Digest256.byteCount * 2 + principal.bytesMax
        case .framed: count += Netstring.overheadMax + Self.framedText.utf8.count
        }
        return count
    }

    /// - Returns: nil unless every byte is as `bytes` writes it.
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

/// Why a node does not believe a request.
package enum ForwardError: Error, Sendable, Hashable {
    /// Nothing is said of it.
    case absent
    /// What is said cannot be read.
    case malformed
    /// It was not said with this key, or of another request: another method, path, query, header or body.
    case forged
    /// It was said too long ago.
    case expired
    /// It was said in the future.
    case notYetCurrent
    /// It was said and heard before.
    case replayed
    /// More gateways speak at once than a node listens to.
    case tooManySenders
    /// It is said in the way of another version of Brume.
    case otherVersion
    /// The frame of this number, counted from 1, is not what the gateway sent at this place.
    case frame(UInt64)
    /// So many frames came, and none of them was the last.
    case cutOff(afterFrames: UInt64)
    /// The body is longer than the service takes.
    case tooLong

    /// For the log, and for whoever sets a cluster up.
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
