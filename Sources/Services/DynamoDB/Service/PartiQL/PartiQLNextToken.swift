internal import DynamoDBValues
internal import Primitives

/// The position of a SELECT, as returned to the client: opaque, and invalid for any other statement.
///
///     version (1) · partition (2) · digest of the request (16) · key of the last item · digest of it all (16)
///
/// in base64. The digests detect edited tokens and tokens of other requests. They need not be secret: a forged token
/// designates a position in what the statement reads anyway, and its key is checked.
struct PartiQLNextToken {
    private static let version: UInt8 = 1
    private static let digestBytes = 16
    private static let headerBytes = 3

    /// The partition in which to continue, counted in the order in which the statement reads them.
    let partition: Int
    /// The item after which to continue; nil for the beginning of the partition.
    let key: AttributeMap?

    func text(_ request: [UInt8]) -> String {
        var bytes: [UInt8] = [
            Self.version, UInt8(truncatingIfNeeded: self.partition >> 8), UInt8(truncatingIfNeeded: self.partition),
        ]
        bytes += request.prefix(Self.digestBytes)
        if let key = self.key { bytes += key.bytes }
        bytes += Self.digest(bytes[...])
        return Base64.encode(bytes)
    }

    init(partition: Int, key: AttributeMap?) {
        self.partition = partition
        self.key = key
    }

    /// `request` is the digest of the request that contains the token.
    init(_ text: String, _ request: [UInt8]) throws(ValidationFailure) {
        guard let bytes = Base64.decode(text.utf8), Base64.encode(bytes) == text,
            bytes.count >= Self.headerBytes + 2 * Self.digestBytes,
            bytes[0] == Self.version
        else { throw .invalidNextToken }
        let content = bytes.dropLast(Self.digestBytes)
        guard bytes.suffix(Self.digestBytes).elementsEqual(Self.digest(content)) else { throw .invalidNextToken }
        let keyStart = Self.headerBytes + Self.digestBytes
        guard content[Self.headerBytes..<keyStart].elementsEqual(request.prefix(Self.digestBytes)) else {
            throw ValidationFailure("NextToken does not match request")
        }
        self.partition = Int(bytes[1]) << 8 | Int(bytes[2])
        if content.count == keyStart {
            self.key = nil
        } else {
            guard let key = AttributeMap(stored: Array(content[keyStart...])) else { throw .invalidNextToken }
            self.key = key
        }
    }

    private static func digest(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var digest = RequestDigest()
        digest.add(Base64.encode(bytes))
        return digest.bytes.prefix(self.digestBytes)
    }
}

extension ValidationFailure {
    /// Our own wording, as for a token of another statement: AWS's could not be confirmed.
    static let invalidNextToken = ValidationFailure("Invalid NextToken")
}
