internal import ArgumentParser
internal import Containers
internal import Server

/// Which container engine the commands speak to.
struct EngineOptions: ParsableArguments {
    @Option(
        name: .customLong("docker-socket"),
        help: ArgumentHelp(
            "Socket of Docker or Podman (default: $DOCKER_HOST, $CONTAINER_HOST, or the usual places).",
            valueName: "path"),
        completion: .file())
    var socket: String?

    /// Runs `work` with the engine, or exits with the error.
    func use<Value: Sendable>(
        _ work: (ContainerEngine) async throws(ContainerEngineError) -> Value
    ) async throws -> Value {
        let notice = WaitNotice.start("waiting for the container engine; press Ctrl-C to stop")
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
