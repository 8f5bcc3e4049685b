/// The three long parts of an authorization, as ranges of one buffer: as slices, each would retain the buffer.
struct AuthorizationText: Sendable, Equatable {
    let bytes: [UInt8]
    /// `key/date/region/service/aws4_request`
    let credential: Range<Int>
    /// Header names, separated by semicolons.
    let signedHeaders: Range<Int>
    let signature: Range<Int>

    init(bytes: [UInt8], credential: Range<Int>, signedHeaders: Range<Int>, signature: Range<Int>) {
        self.bytes = bytes
        self.credential = credential
        self.signedHeaders = signedHeaders
        self.signature = signature
    }

    init(credential: String, signedHeaders: String, signature: String) {
        let bytes = Array(credential.utf8) + Array(signedHeaders.utf8) + Array(signature.utf8)
        let first = credential.utf8.count
        let second = first + signedHeaders.utf8.count
        self.init(
            bytes: bytes, credential: 0..<first, signedHeaders: first..<second, signature: second..<bytes.count)
    }

    /// The text at a range.
    func string(_ range: Range<Int>) -> String {
        String(decoding: self.bytes[range], as: UTF8.self)
    }
}
