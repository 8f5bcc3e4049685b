internal import Primitives

/// An `Authorization` header taken apart: a word, then `Name=value` parts between commas or spaces.
struct AuthorizationReader {
    let bytes: [UInt8]
    let algorithm: String
    let credential: Range<Int>?
    let signedHeaders: Range<Int>?
    let signature: Range<Int>?

    /// Reads all parts; names that AWS does not know are passed over.
    /// - Parameter text: the header's value.
    /// - Throws: `otherScheme`, `notKeyValue`, `repeated`.
    init(_ text: String) throws(SigningError) {
        let array = Array(text.utf8)
        let bytes = array.span
        var end = 0
        while end < bytes.count, !Self.isSeparator(bytes[end]) { end += 1 }
        if equal(bytes, 0..<end, SigningAlgorithm.hmac) {
            // The one word that matters needs no copy.
            self.algorithm = SigningAlgorithm.hmac
        } else {
            self.algorithm = String(decoding: array[..<end], as: UTF8.self)
            guard self.algorithm.hasPrefix("AWS4-") else { throw .otherScheme(self.algorithm) }
        }
        var credential: Range<Int>?
        var signedHeaders: Range<Int>?
        var signature: Range<Int>?
        while end < bytes.count {
            guard !Self.isSeparator(bytes[end]) else {
                end += 1
                continue
            }
            let start = end
            while end < bytes.count, !Self.isSeparator(bytes[end]), bytes[end] != UInt8(ascii: "=") { end += 1 }
            let name = start..<end
            guard end < bytes.count, bytes[end] == UInt8(ascii: "=") else { throw .notKeyValue(authorization: text) }
            end = Self.endOfValue(bytes, from: end)
            let value = (name.upperBound + 1)..<end
            switch name.count {
            case 10 where equal(bytes, name, ascii: "Credential"):
                try Self.set(&credential, "Credential", value)
            case 13 where equal(bytes, name, ascii: "SignedHeaders"):
                try Self.set(&signedHeaders, "SignedHeaders", value)
            case 9 where equal(bytes, name, ascii: "Signature"):
                try Self.set(&signature, "Signature", value)
            default:
                break
            }
        }
        self.credential = credential
        self.signedHeaders = signedHeaders
        self.signature = signature
        self.bytes = array
    }

    private static func set(
        _ slot: inout Range<Int>?, _ name: String, _ value: Range<Int>
    ) throws(SigningError) {
        guard slot == nil else { throw .repeated(name) }
        slot = value
    }

    /// The first separator from `start` on. A tab is looked for on its own: hardly any header has one.
    private static func endOfValue(_ bytes: Span<UInt8>, from start: Int) -> Int {
        let end = ByteScan.first(UInt8(ascii: " "), or: UInt8(ascii: ","), in: bytes, from: start)
        return ByteScan.first(UInt8(ascii: "\t"), in: bytes.extracting(0..<end), from: start)
    }

    @inline(__always)
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

/// Whether the bytes at `range` are those of a text of ours.
@inline(__always)
func equal(_ bytes: Span<UInt8>, _ range: Range<Int>, ascii text: StaticString) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    for index in 0..<range.count {
        let byte = unsafe text.utf8Start[index]
        guard byte == bytes[range.lowerBound + index] else { return false }
    }
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
