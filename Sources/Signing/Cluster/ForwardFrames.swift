internal import Primitives

/// How a body that is passed on as it comes is cut up, so that a node can prove each piece of it when it has it.
///
///     frame    kind (1 byte)  length (3 bytes, big end first)  payload  code (32 bytes)
///
///     kind 0   a part of the body, of 1 to `partBytesMax` bytes
///     kind 1   the last frame: the principal's texts, which are known at the end of the body only
///
///     code n = HMAC-SHA256 of  code n-1  n (8 bytes)  kind and length  SHA-256 of the body as far as this frame  texts
///
/// Code 0 is that of the statement. So a frame is good in one place of one request only, and a frame that was altered,
/// left out, repeated or moved shows before anything behind it is looked at. The hash is the body's and not the
/// frame's, because the client's signature covers that one too: a gateway hashes what it passes on once.
package enum ForwardFrame {
    /// The most bytes of the body in one frame, and so the most that a node holds without knowing what they are worth.
    package static let partBytesMax = 64 << 10
    /// The most bytes of the texts in the last frame.
    package static let textsBytesMax = 16 << 10
    /// Kind and length.
    static let headBytes = 4
    /// What a frame has besides its payload.
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

/// The codes of a body's frames, each made over the one before. Gateway and node make the same.
struct ForwardChain: Sendable {
    private let key: KeyedHash
    private var previous: Digest256
    private(set) var hash = StreamingHash()
    /// Frames that have their code.
    private(set) var count: UInt64 = 0

    init(opening tag: Digest256, key: ClusterKey) {
        self.key = key.framing
        self.previous = tag
    }

    /// Takes bytes of the body that the next code is to cover.
    mutating func update(_ bytes: Span<UInt8>) { self.hash.update(bytes) }

    /// The code of the next frame, whose part of the body was taken.
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

/// Cuts a body into frames, on the gateway. Nothing of it is kept but its hash.
package struct ForwardFrameWriter: Sendable {
    private var chain: ForwardChain
    /// Bytes of the body so far.
    package private(set) var bodyBytes = 0

    /// - Parameters:
    ///   - tag: the code of the statement, which `ForwardProof.seal` made.
    ///   - key: of the cluster.
    package init(opening tag: Digest256, with key: ClusterKey) {
        self.chain = ForwardChain(opening: tag, key: key)
    }

    /// SHA-256 of the body so far.
    package var digest: Digest256 { self.chain.hash.digest() }

    /// The next piece of the body in its frames: one of them, but for a piece of more than `ForwardFrame.partBytesMax`.
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

    /// The last frame: that the body is whole, and who sent it.
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
