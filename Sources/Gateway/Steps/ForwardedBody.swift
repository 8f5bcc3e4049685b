internal import Primitives
internal import ServiceModel
internal import Signing
internal import Synchronization

/// A request body on its way from a client to a node; only its hash is kept. Each piece becomes a frame with its own
/// code, and the last frame states who sent it.
///
/// For one reader. The client's socket is read no faster than the node accepts the pieces.
final class ForwardedBody: Sendable {
    typealias Prove = @Sendable (Digest256) throws(ServiceError) -> (Principal, Region)

    private struct State {
        /// Set once the statement is made.
        var writer: ForwardFrameWriter?
        var isOver = false
        var sender: (Principal, Region)?
        var failure: ServiceError?
    }

    private let body: RequestBodyStream
    private let bytesMax: Int
    private let signer: ForwardSigner
    private let prove: Prove
    private let state = Mutex(State())

    /// `prove` authenticates the sender once the hash of the body is known.
    init(_ body: RequestBodyStream, bytesMax: Int, signer: ForwardSigner, prove: @escaping Prove) {
        self.body = body
        self.bytesMax = bytesMax
        self.signer = signer
        self.prove = prove
    }

    /// Why forwarding was aborted, if the body is at fault.
    var failure: ServiceError? { self.state.withLock { $0.failure } }

    /// The sender; nil until the whole body has passed.
    var sender: (Principal, Region)? { self.state.withLock { $0.sender } }

    /// Bytes of the body that have passed.
    var count: Int { self.state.withLock { $0.writer?.bodyBytes ?? 0 } }

    /// Starts the chain of frames with the statement's code. A statement is made anew when a node did not accept the
    /// connection; nothing has passed then.
    func opened(by tag: Digest256) {
        let writer = self.signer.frames(opening: tag)
        self.state.withLock { state in
            precondition(state.writer?.bodyBytes ?? 0 == 0, "a body is begun once")
            state.writer = writer
        }
    }

    /// The next bytes for the node; nil after the last frame.
    /// - Throws: `RequestBodyError` when the client has left, or nobody wants the rest: the body is not at fault.
    func next() async throws -> [UInt8]? {
        guard !self.state.withLock({ $0.isOver }) else { return nil }
        var iterator = self.body.makeAsyncIterator()
        guard let piece = try await iterator.next() else {
            do throws(ServiceError) {
                return try self.last()
            } catch {
                self.state.withLock { $0.failure = error }
                throw error
            }
        }
        guard let frames = self.frames(piece) else { throw Self.tooLong }
        return frames
    }

    /// - Returns: nil when the body is longer than the service accepts.
    private func frames(_ piece: [UInt8]) -> [UInt8]? {
        self.state.withLock { state in
            guard let bodyBytes = state.writer?.bodyBytes else { preconditionFailure("a body goes behind its head") }
            guard bodyBytes + piece.count <= self.bytesMax else {
                state.failure = Self.tooLong
                return nil
            }
            return state.writer?.frames(piece.span)
        }
    }

    private func last() throws(ServiceError) -> [UInt8]? {
        let digest = self.state.withLock { $0.writer?.digest }
        guard let digest else { preconditionFailure("a body goes behind its head") }
        let (principal, region) = try self.prove(digest)
        return self.state.withLock { state in
            state.isOver = true
            state.sender = (principal, region)
            return state.writer?.last(ForwardedPrincipal(principal, region))
        }
    }

    private static let tooLong = ServiceError(
        code: "RequestEntityTooLargeException", status: 413, message: EdgeRefusal.bodyTooLarge.explanation)
}
