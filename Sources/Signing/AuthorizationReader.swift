internal import Primitives

/// Takes an `Authorization` header apart: a word, then `Name=value` parts between commas or spaces.
struct AuthorizationReader {
    let algorithm: String
    private(set) var credential: ArraySlice<UInt8>?
    private(set) var signedHeaders: ArraySlice<UInt8>?
    private(set) var signature: ArraySlice<UInt8>?
    private let text: String
    private let bytes: [UInt8]
    private var position: Int

    init(_ text: String) {
        self.text = text
        self.bytes = Array(text.utf8)
        var end = 0
        while end < self.bytes.count, self.bytes[end] != UInt8(ascii: " "), self.bytes[end] != UInt8(ascii: ",") {
            end += 1
        }
        // The one word that matters needs no copy.
        self.algorithm =
            self.bytes[..<end].elementsEqual(SigningAlgorithm.hmac.utf8)
            ? SigningAlgorithm.hmac : String(decoding: self.bytes[..<end], as: UTF8.self)
        self.position = end
    }

    /// - Throws: `notKeyValue`, `repeated`. Names that AWS does not know are passed over.
    mutating func readParameters() throws(SigningError) {
        while let part = self.nextPart() {
            guard let equal = part.firstIndex(of: UInt8(ascii: "=")) else {
                throw .notKeyValue(authorization: self.text)
            }
            let name = part[..<equal]
            let value = part[(equal + 1)...]
            switch name.count {
            case 10 where name.elementsEqual("Credential".utf8):
                try Self.set(&self.credential, "Credential", value)
            case 13 where name.elementsEqual("SignedHeaders".utf8):
                try Self.set(&self.signedHeaders, "SignedHeaders", value)
            case 9 where name.elementsEqual("Signature".utf8):
                try Self.set(&self.signature, "Signature", value)
            default:
                break
            }
        }
    }

    private static func set(
        _ slot: inout ArraySlice<UInt8>?, _ name: String, _ value: ArraySlice<UInt8>
    ) throws(SigningError) {
        guard slot == nil else { throw .repeated(name) }
        slot = value
    }

    private mutating func nextPart() -> ArraySlice<UInt8>? {
        while self.position < self.bytes.count, Self.isSeparator(self.bytes[self.position]) { self.position += 1 }
        let start = self.position
        while self.position < self.bytes.count, !Self.isSeparator(self.bytes[self.position]) { self.position += 1 }
        return start < self.position ? self.bytes[start..<self.position] : nil
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\t")
    }
}

/// The names of the ways to sign.
enum SigningAlgorithm {
    static let hmac = "AWS4-HMAC-SHA256"
    static let asymmetricPrefix = "AWS4-ECDSA-P256-SHA256"
    static let chunk = "AWS4-HMAC-SHA256-PAYLOAD"
    static let trailer = "AWS4-HMAC-SHA256-TRAILER"
}
