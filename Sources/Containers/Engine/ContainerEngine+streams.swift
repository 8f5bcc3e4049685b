internal import ServiceModel
internal import WireProtocols

extension ContainerEngine {
    /// Of one sample of statistics.
    static let sampleBytesMax = 1 << 20

    /// What a container wrote, and goes on to write.
    ///
    /// - Parameters:
    ///   - name: name or id.
    ///   - tail: so many of the last lines; nil: all.
    ///   - follows: whether to wait for more until the container ends or the task is cancelled.
    ///   - hasTimestamps: whether each line begins with its time.
    ///   - take: given the pieces in order; a line may come in several.
    /// - Throws: what the engine refused, and what `take` throws.
    package func logs(
        _ name: String, tail: Int? = nil, follows: Bool = false, hasTimestamps: Bool = false,
        _ take: (LogPiece) async throws(ContainerEngineError) -> Void
    ) async throws(ContainerEngineError) {
        let details = try await self.inspect(name)
        let lines = tail.map(String.init) ?? "all"
        let path =
            "/containers/\(details.id)/logs?stdout=true&stderr=true&tail=\(lines)&follow=\(follows)"
            + "&timestamps=\(hasTimestamps)"
        let reply = try await self.transport.send(EngineRequest("GET", self.target(path)))
        defer { reply.close() }
        try await Self.check(reply, about: name)
        var frames = LogFrames(hasTerminal: details.hasTerminal)
        while let bytes = try await reply.next() {
            for piece in try frames.pieces(of: bytes) { try await take(piece) }
        }
    }

    /// Samples of what a container uses, about one a second, until it ends or the task is cancelled.
    package func watchStatistics(
        _ name: String, _ take: (ContainerStatistics) async -> Void
    ) async throws(ContainerEngineError) {
        let path = "/containers/\(Self.escaped(name))/stats?stream=true"
        let reply = try await self.transport.send(EngineRequest("GET", self.target(path)))
        defer { reply.close() }
        try await Self.check(reply, about: name)
        var line: [UInt8] = []
        while let bytes = try await reply.next() {
            for part in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
                if part.offset > 0 {
                    if let sample = Document(json: line).flatMap(ContainerStatistics.init) { await take(sample) }
                    line = []
                }
                line += part.element
                guard line.count <= Self.sampleBytesMax else { throw .malformed("a sample without end") }
            }
        }
    }
}
