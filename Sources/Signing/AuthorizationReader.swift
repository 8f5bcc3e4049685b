internal import Primitives

/// Parses an `Authorization` header: a scheme, then `Name=value` parts separated by commas or spaces.
struct AuthorizationReader {
    let algorithm: String
    let credential: Range<Int>?
    let signedHeaders: Range<Int>?
    let signature: Range<Int>?

    /// Reads all parts; names that AWS does not define are ignored.
    /// - Parameters:
    ///   - headers: the headers that contain it.
    ///   - value: the range of its value in their bytes; the parts are ranges of the same bytes.
    /// - Throws: `otherScheme`, `notKeyValue`, `repeated`.
    init(_ headers: HeaderFields, _ value: Range<Int>) throws(SigningError) {
        let bytes = headers.bytes.span.extracting(0..<value.upperBound)
        var end = value.lowerBound
        while end < bytes.count, !Self.isSeparator(bytes[end]) { end += 1 }
        if equal(bytes, value.lowerBound..<end, SigningAlgorithm.hmac) {
            // The usual algorithm: no copy is needed.
            self.algorithm = SigningAlgorithm.hmac
        } else {
            self.algorithm = headers.text(value.lowerBound..<end)
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
            guard end < bytes.count, bytes[end] == UInt8(ascii: "=") else {
                throw .notKeyValue(authorization: headers.text(value))
            }
            end = Self.endOfValue(bytes, from: end)
            let part = (name.upperBound + 1)..<end
            switch name.count {
            case 10 where equal(bytes, name, ascii: "Credential"):
                try Self.set(&credential, "Credential", part)
            case 13 where equal(bytes, name, ascii: "SignedHeaders"):
                try Self.set(&signedHeaders, "SignedHeaders", part)
            case 9 where equal(bytes, name, ascii: "Signature"):
                try Self.set(&signature, "Signature", part)
            default:
                break
            }
        }
        self.credential = credential
        self.signedHeaders = signedHeaders
        self.signature = signature
    }

    private static func set(
        _ slot: inout Range<Int>?, _ name: String, _ value: Range<Int>
    ) throws(SigningError) {
        guard slot == nil else { throw .repeated(name) }
        slot = value
    }

    /// The index of the first separator from `start` on.
    private static func endOfValue(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var end = start
        // Separators are below the characters of values in ASCII order, except for a few marks that values rarely
        // contain.
        while true {
            end = ByteScan.first(below: UInt8(ascii: ",") + 1, in: bytes, from: end)
            guard end < bytes.count, !Self.isSeparator(bytes[end]) else { return end }
            end += 1
        }
    }

    @inline(__always)
    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\t")
    }
}

/// The names of signing algorithms.
enum SigningAlgorithm {
    static let hmac = "AWS4-HMAC-SHA256"
    static let asymmetricPrefix = "AWS4-ECDSA-P256-SHA256"
    static let chunk = "AWS4-HMAC-SHA256-PAYLOAD"
    static let trailer = "AWS4-HMAC-SHA256-TRAILER"
}

/// Whether the bytes at `range` equal `text`.
func equal(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: String) -> Bool {
    let text = text.utf8.span
    guard range.count == text.count else { return false }
    for index in text.indices where text[index] != bytes[range.lowerBound + index] { return false }
    return true
}

/// Whether the bytes at `range` equal a literal.
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
@inline(__always)
func isNamed(_ name: Span<UInt8>, _ lowercase: StaticString) -> Bool {
    guard name.count == lowercase.utf8CodeUnitCount else { return false }
    for index in name.indices {
        let wanted = unsafe lowercase.utf8Start[index]
        guard lowercased(name[index]) == wanted else { return false }
    }
    return true
}
