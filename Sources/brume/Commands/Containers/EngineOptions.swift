internal import ArgumentParser
internal import Containers
internal import Server

/// Which container engine the commands speak to.
struct EngineOptions: ParsableArguments {
    @Option(
        name: .customLong("docker-socket"), help: "Socket of Docker's or Podman's engine.", completion: .file())
    var socket: String?

    /// Does it with the engine, or ends with the sentence that says why not.
    func use<Value: Sendable>(
        _ work: (ContainerEngine) async throws(ContainerEngineError) -> Value
    ) async throws -> Value {
        let notice = Patience.notice("waiting for the container engine to answer; Ctrl-C ends it")
        defer { notice.cancel() }
        do throws(ContainerEngineError) {
            let engine = try await ContainerAccess.engine(socket: self.socket)
            notice.cancel()
            return try await work(engine)
        } catch {
            throw Exit.failure(Exit(error), error.sentence.visible)
        }
    }
}

extension Exit {
    /// The exit code of an engine that did not do it.
    init(_ error: ContainerEngineError) {
        switch error {
        case .unreachable, .noControlGroups: self = .noServer
        case .noSuchContainer, .refused(404, _): self = .noSuchThing
        case .notManaged: self = .noPermission
        case .unlawful: self = .usage
        case .version, .refused, .malformed: self = .internalError
        }
    }
}
