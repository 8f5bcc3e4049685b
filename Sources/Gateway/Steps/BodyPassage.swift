internal import Primitives
internal import ServiceModel
internal import Signing
internal import Synchronization

/// A body on its way from a client to a node: nothing of it is kept but its hash, and behind it stands the closing.
///
/// For one reader. The client is read no faster than the node takes the pieces.
final class BodyPassage: Sendable {
    typealias Prove = @Sendable (Digest256) throws(ServiceError) -> (Principal, Region)

    private struct State {
        var hash = StreamingHash()
        var count = 0
        var isOver = false
        /// What the closing refers to.
        var opening: Digest256?
        var sender: (Principal, Region)?
        var failure: ServiceError?
    }

    private let body: RequestBodyStream
    private let bytesMax: Int
    private let voice: ForwardVoice
    private let prove: Prove
    private let state = Mutex(State())

    /// `prove` tells who sent the request, once the hash of its body is known.
    init(_ body: RequestBodyStream, bytesMax: Int, voice: ForwardVoice, prove: @escaping Prove) {
        self.body = body
        self.bytesMax = bytesMax
        self.voice = voice
        self.prove = prove
    }

    /// Why the passage was broken off, where that is the body's fault.
    var failure: ServiceError? { self.state.withLock { $0.failure } }

    /// Who sent the request; nil until all of it has passed.
    var sender: (Principal, Region)? { self.state.withLock { $0.sender } }

    /// Bytes of the body that have passed.
    var count: Int { self.state.withLock { $0.count } }

    func opened(by tag: Digest256) { self.state.withLock { $0.opening = tag } }

    /// - Throws: `RequestBodyError` where the client has gone, or nobody wants the rest: the fault is not the body's.
    func next() async throws -> [UInt8]? {
        guard !self.state.withLock({ $0.isOver }) else { return nil }
        var iterator = self.body.makeAsyncIterator()
        guard let piece = try await iterator.next() else {
            do throws(ServiceError) {
                return try self.closing()
            } catch {
                self.state.withLock { $0.failure = error }
                throw error
            }
        }
        let isTooLong = self.state.withLock { state in
            state.count += piece.count
            state.hash.update(piece.span)
            guard state.count > self.bytesMax else { return false }
            state.failure = Self.tooLong
            return true
        }
        guard !isTooLong else { throw Self.tooLong }
        return piece
    }

    private func closing() throws(ServiceError) -> [UInt8] {
        let (digest, opening) = self.state.withLock { ($0.hash.digest(), $0.opening) }
        let (principal, region) = try self.prove(digest)
        guard let opening else { preconditionFailure("a body goes behind its head") }
        self.state.withLock { state in
            state.isOver = true
            state.sender = (principal, region)
        }
        return self.voice.closing(ForwardedPrincipal(principal, region), body: digest, opening: opening)
    }

    private static let tooLong = ServiceError(
        code: "RequestEntityTooLargeException", status: 413, message: EdgeRefusal.bodyTooLarge.explanation)
}
