internal import Primitives

/// The framing of a streamed body, which lets a node verify each piece of it as it arrives.
///
///      frame    kind (1 byte)  length (3 bytes, big-endian)  payload  code (32 bytes)
///
///      kind 0   a part of the body, of 1 to `partBytesMax` bytes
///      kind 1   the last frame: the principal's texts, which are known only at the end of the body
///
///      code n = HMAC-SHA256 of  code n-1  n (8 bytes)  kind and length  SHA-256 of the body up to this frame  texts
///
/// Code 0 is that of the statement. So a frame is valid at one place of one request only, and a frame that was altered,
/// removed, repeated or moved is noticed before anything after it is looked at. The hash covers the body so far rather
/// than the frame, because the client's signature needs the body's hash too: a gateway hashes what it passes on only
/// once.
package enum ForwardFrame {
    /// The most bytes of the body in one frame, and thus the most that a node holds unverified.
    package static let partBytesMax = 64 << 10
    /// The most bytes of texts in the last frame.
    package static let textsBytesMax = 16 << 10
    /// Kind and length.
    static let headBytes = 4
    /// The bytes of a frame in addition to its payload.
    package static let overheadBytes = headBytes + Digest256.byteCount

    /// What a frame holds.
    enum Kind: UInt8 {
        case part = 0
        case last = 1

        var payloadBytes: ClosedRange<Int> {
            switch self {
            case .part: 1...ForwardFrame.partBytesMax
            case .last: 0...ForwardFrame.textsBytesMax
            }
        }
    }

    /// Kind and length as one number.
    static func head(_ kind: Kind, _ payloadBytes: Int) -> UInt32 {
        precondition(kind.payloadBytes.contains(payloadBytes), "a frame has its bounds")
        return UInt32(kind.rawValue) << 24 | UInt32(payloadBytes)
    }
}

/// The chain of a body's frame codes, each computed over the one before. Gateway and node compute the same.
struct ForwardChain: Sendable {
    private let key: KeyedHash
    private var previous: Digest256
    private(set) var hash = StreamingHash()
    /// The number of codes made so far.
    private(set) var count: UInt64 = 0

    init(opening tag: Digest256, key: ClusterKey) {
        self.key = key.framing
        self.previous = tag
    }

    /// Adds bytes of the body, which the next code will cover.
    mutating func update(_ bytes: Span<UInt8>) { self.hash.update(bytes) }

    /// The code of the next frame; `update` must have taken its part of the body.
    mutating func next(head: UInt32, texts: [UInt8] = []) -> Digest256 {
        self.count += 1
        let digest = self.hash.digest()
        var text: [UInt8] = []
        text.append(bytesMax: 2 * Digest256.byteCount + 8 + ForwardFrame.headBytes + texts.count) { cursor in
            self.previous.append(to: &cursor)
            cursor.append(word: UInt32(truncatingIfNeeded: self.count >> 32).byteSwapped)
            cursor.append(word: UInt32(truncatingIfNeeded: self.count).byteSwapped)
            cursor.append(word: head.byteSwapped)
            digest.append(to: &cursor)
            cursor.append(texts.span)
        }
        self.previous = self.key.code(of: text)
        return self.previous
    }
}

/// Splits a body into frames, on the gateway. Keeps only the body's hash.
package struct ForwardFrameWriter: Sendable {
    private var chain: ForwardChain
    /// Bytes of the body so far.
    package private(set) var bodyBytes = 0

    /// - Parameters:
    ///   - tag: the code of the statement, from `ForwardProof.seal`.
    ///   - key: the cluster's.
    package init(opening tag: Digest256, with key: ClusterKey) {
        self.chain = ForwardChain(opening: tag, key: key)
    }

    /// SHA-256 of the body so far.
    package var digest: Digest256 { self.chain.hash.digest() }

    /// The next piece of the body as frames: one, unless the piece is larger than `ForwardFrame.partBytesMax`.
    package mutating func frames(_ piece: Span<UInt8>) -> [UInt8] {
        self.bodyBytes += piece.count
        let frameCount = (piece.count + ForwardFrame.partBytesMax - 1) / ForwardFrame.partBytesMax
        var output: [UInt8] = []
        output.append(bytesMax: piece.count + frameCount * ForwardFrame.overheadBytes) { cursor in
            var start = 0
            while start < piece.count {
                let end = min(start + ForwardFrame.partBytesMax, piece.count)
                let part = piece.extracting(start..<end)
                self.chain.update(part)
                let head = ForwardFrame.head(.part, part.count)
                cursor.append(word: head.byteSwapped)
                cursor.append(part)
                self.chain.next(head: head).append(to: &cursor)
                start = end
            }
        }
        return output
    }

    /// The last frame: states that the body is complete, and who sent it.
    package mutating func last(_ principal: ForwardedPrincipal) -> [UInt8] {
        var texts: [UInt8] = []
        texts.append(bytesMax: principal.bytesMax) { principal.append(to: &$0) }
        let head = ForwardFrame.head(.last, texts.count)
        let code = self.chain.next(head: head, texts: texts)
        var output: [UInt8] = []
        output.append(bytesMax: texts.count + ForwardFrame.overheadBytes) { cursor in
            cursor.append(word: head.byteSwapped)
            cursor.append(texts.span)
            code.append(to: &cursor)
        }
        return output
    }
}
