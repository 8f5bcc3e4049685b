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
        let bytes = Array(text.utf8)
        var end = 0
        while end < bytes.count, !Self.isSeparator(bytes[end]) { end += 1 }
        self.text = text
        self.bytes = bytes
        self.position = end
        // The one word that matters needs no copy.
        let isUsual = equal(bytes.span, 0..<end, SigningAlgorithm.hmac)
        self.algorithm = isUsual ? SigningAlgorithm.hmac : String(decoding: bytes[..<end], as: UTF8.self)
    }

    /// Reads all parts; names that AWS does not know are passed over.
    /// - Throws: `notKeyValue`, `repeated`.
    mutating func readParameters() throws(SigningError) {
        while let (start, equalSign, end) = self.nextPart() {
            guard equalSign < end else { throw .notKeyValue(authorization: self.text) }
            let value = self.bytes[(equalSign + 1)..<end]
            let name = start..<equalSign
            switch name.count {
            case 10 where equal(self.bytes.span, name, "Credential"):
                try Self.set(&self.credential, "Credential", value)
            case 13 where equal(self.bytes.span, name, "SignedHeaders"):
                try Self.set(&self.signedHeaders, "SignedHeaders", value)
            case 9 where equal(self.bytes.span, name, "Signature"):
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

    /// The next part that is not empty: where it begins, has its first equal sign (its end without one), and ends.
    private mutating func nextPart() -> (start: Int, equalSign: Int, end: Int)? {
        var start = self.position
        let bytes = self.bytes
        while start < bytes.count, Self.isSeparator(bytes[start]) { start += 1 }
        guard start < bytes.count else { return nil }
        var end = start
        var equalSign = -1
        while end < bytes.count, !Self.isSeparator(bytes[end]) {
            if equalSign < 0, bytes[end] == UInt8(ascii: "=") { equalSign = end }
            end += 1
        }
        self.position = end
        return (start, equalSign < 0 ? end : equalSign, end)
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

/// Whether the bytes at `range` are those of `text`.
func equal(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: String) -> Bool {
    let text = text.utf8.span
    guard range.count == text.count else { return false }
    for index in text.indices where text[index] != bytes[range.lowerBound + index] { return false }
    return true
}

/// `ASCII.lowercased`, which the compiler leaves as a call in loops here.
@inline(__always)
func lowercased(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
}

/// Whether a header's name is `lowercase`, ASCII case aside.
func isNamed(_ name: String, _ lowercase: String) -> Bool {
    let name = name.utf8.span
    let lowercase = lowercase.utf8.span
    guard name.count == lowercase.count else { return false }
    for index in name.indices where lowercased(name[index]) != lowercase[index] { return false }
    return true
}
