extension ContainerEngine {
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
        let reply = try await self.transport.send(EngineRequest("GET", self.target(path), isEndless: true))
        defer { reply.close() }
        try await Self.check(reply, about: name)
        var frames = LogFrames(hasTerminal: details.hasTerminal)
        while let bytes = try await reply.next() {
            for piece in try frames.pieces(of: bytes) { try await take(piece) }
        }
    }
}
