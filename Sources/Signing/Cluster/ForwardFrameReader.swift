internal import Primitives

/// Reassembles a body from its frames, on a node, and verifies each frame as soon as it is complete.
///
/// The bytes may arrive in pieces of any size. At most one unverified frame is held, and none of it is handed out: only
/// `finish` returns the body, and after an error there is none.
package struct ForwardFrameReader: Sendable {
    /// What the next bytes are.
    private enum State {
        case head
        case payload(ForwardFrame.Kind, head: UInt32, remainingBytes: Int)
        case code(ForwardFrame.Kind, head: UInt32)
        /// The last frame was verified.
        case over(ForwardedPrincipal)
        case refused(ForwardError)
    }

    private var chain: ForwardChain
    private let bodyBytesMax: Int
    private var state = State.head
    /// The verified part of the body, followed by the payload of the frame that is being read.
    private var body: [UInt8] = []
    /// The payload of the last frame.
    private var texts: [UInt8] = []
    /// An incomplete frame head or code.
    private var begun: [UInt8] = []

    /// - Parameters:
    ///   - tag: the code of the statement, from `ForwardProof.open`.
    ///   - bodyBytesMax: a longer body is refused at the frame that exceeds the limit.
    ///   - key: the cluster's.
    package init(opening tag: Digest256, bodyBytesMax: Int, with key: ClusterKey) {
        self.chain = ForwardChain(opening: tag, key: key)
        self.bodyBytesMax = bodyBytesMax
    }

    /// Bytes of the body so far.
    package var bodyBytes: Int { self.body.count }

    /// Takes memory for a body of so many bytes at once. A body that grows is doubled again and again, and the halves
    /// stay with the allocator for a while.
    package mutating func reserve(_ bytes: Int) {
        self.body.reserveCapacity(bytes)
    }

    /// Takes the next bytes.
    /// - Throws: `frame` with the number of the first frame that fails verification, or `tooLong`; every later call
    ///   throws the same.
    package mutating func receive(_ bytes: Span<UInt8>) throws(ForwardError) {
        var index = 0
        do throws(ForwardError) {
            while index < bytes.count { try self.advance(bytes, &index) }
        } catch {
            self.state = .refused(error)
            self.body = []
            throw error
        }
    }

    /// The body and its sender.
    /// - Throws: `cutOff` when the last frame is missing.
    package consuming func finish() throws(ForwardError) -> (body: [UInt8], principal: ForwardedPrincipal) {
        switch self.state {
        case .over(let principal): return (self.body, principal)
        case .refused(let error): throw error
        case .head, .payload, .code: throw .cutOff(afterFrames: self.chain.count)
        }
    }

    private var thisFrame: ForwardError { .frame(self.chain.count + 1) }

    /// Consumes the next head, payload piece or code from the bytes.
    private mutating func advance(_ bytes: Span<UInt8>, _ index: inout Int) throws(ForwardError) {
        switch self.state {
        case .head:
            guard self.gather(bytes, &index, count: ForwardFrame.headBytes) else { return }
            self.state = try self.opened()
        case .payload(let kind, let head, let remaining):
            let end = min(index + remaining, bytes.count)
            let part = bytes.extracting(index..<end)
            switch kind {
            case .part:
                self.chain.update(part)
                unsafe part.withUnsafeBytes { unsafe self.body.append(contentsOf: $0) }
            case .last:
                unsafe part.withUnsafeBytes { unsafe self.texts.append(contentsOf: $0) }
            }
            let rest = remaining - part.count
            index = end
            self.state = rest == 0 ? .code(kind, head: head) : .payload(kind, head: head, remainingBytes: rest)
        case .code(let kind, let head):
            guard self.gather(bytes, &index, count: Digest256.byteCount) else { return }
            self.state = try self.proven(kind, head)
        case .over: throw self.thisFrame
        case .refused(let error): throw error
        }
    }

    /// - Returns: whether `begun` has `count` bytes now.
    private mutating func gather(_ bytes: Span<UInt8>, _ index: inout Int, count: Int) -> Bool {
        let end = min(index + count - self.begun.count, bytes.count)
        unsafe bytes.extracting(index..<end).withUnsafeBytes { unsafe self.begun.append(contentsOf: $0) }
        index = end
        return self.begun.count == count
    }

    /// The state after a complete frame head.
    private mutating func opened() throws(ForwardError) -> State {
        defer { self.begun.removeAll(keepingCapacity: true) }
        guard let head = BigEndian.read(UInt32.self, from: self.begun),
            let kind = ForwardFrame.Kind(rawValue: UInt8(head >> 24))
        else { throw self.thisFrame }
        let count = Int(head & 0xFF_FFFF)
        guard kind.payloadBytes.contains(count) else { throw self.thisFrame }
        if kind == .part, count > self.bodyBytesMax - self.body.count { throw .tooLong }
        return count == 0 ? .code(kind, head: head) : .payload(kind, head: head, remainingBytes: count)
    }

    /// The state after a frame's complete code.
    private mutating func proven(_ kind: ForwardFrame.Kind, _ head: UInt32) throws(ForwardError) -> State {
        defer { self.begun.removeAll(keepingCapacity: true) }
        let refusal = self.thisFrame
        let code = self.chain.next(head: head, texts: self.texts)
        guard let said = Digest256(bytes: self.begun), said == code else { throw refusal }
        guard kind == .last else { return .head }
        guard let fields = Netstring.texts(self.texts, countMax: ForwardedPrincipal.textCount),
            let principal = ForwardedPrincipal(fields)
        else { throw refusal }
        return .over(principal)
    }
}
