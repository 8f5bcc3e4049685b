internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// A Docker or Podman engine, through the Docker Engine API.
///
/// Only containers with Brume's label are changed, and containers that it creates cannot reach anything of the host.
/// - Source: Docker Engine API 1.41 to 1.52.
package struct ContainerEngine: Sendable {
    /// The limit of an answer that is collected whole.
    static let answerBytesMax = 16 << 20
    /// Containers in one list.
    package static let listCountMax = 10_000

    let transport: any EngineTransport
    package let version: EngineVersion

    /// Asks an engine for its API versions, and negotiates one.
    package init(_ transport: any EngineTransport) async throws(ContainerEngineError) {
        let reply = try await transport.send(EngineRequest("GET", "/_ping"))
        defer { reply.close() }
        guard reply.status == 200 else {
            throw .refused(status: reply.status, message: "its ping answered \(reply.status)")
        }
        guard let theirs = reply.header("Api-Version") else {
            throw .malformed("its ping says no version of the API")
        }
        self.transport = transport
        self.version = try EngineVersion.negotiated(theirs: theirs)
    }

    // Looking

    /// The containers of the engine, running or not.
    /// - Parameter isManagedOnly: only those that carry Brume's label.
    /// - Returns: by name.
    /// - Throws: what the engine says, or why it does not answer.
    package func list(isManagedOnly: Bool = true) async throws(ContainerEngineError) -> [ContainerSummary] {
        let filter = #"{"label":["\#(ContainerLabel.managed)=true"]}"#
        let query = isManagedOnly ? "&filters=\(Self.escaped(filter))" : ""
        return try await self.containers("all=true\(query)").sorted { $0.name < $1.name }
    }

    /// The running containers that carry a label (`name`, or `name=value`), anybody's.
    func running(label: String) async throws(ContainerEngineError) -> [ContainerSummary] {
        let filter = Document.object(["label": .array([.string(label)]), "status": .array([.string("running")])])
        return try await self.containers("filters=\(Self.escaped(filter.jsonText))")
    }

    /// - Throws: for an answer that is no list, which says nothing of what is there.
    private func containers(_ query: String) async throws(ContainerEngineError) -> [ContainerSummary] {
        let answer = try await self.ask("GET", "/containers/json?limit=\(Self.listCountMax)&\(query)")
        guard case .array(let entries) = answer else { throw .malformed("it is no list of containers") }
        return entries.compactMap { ContainerSummary($0) }
    }

    /// One container, by its name or the beginning of its id.
    package func inspect(_ name: String) async throws(ContainerEngineError) -> ContainerDetails {
        let answer = try await self.ask("GET", "/containers/\(Self.escaped(name))/json", about: name)
        guard let details = ContainerDetails(answer) else { throw .malformed("a container without an id") }
        return details
    }

    /// Which of these containers have ended, or lost a process, because they went over their memory.
    /// - Returns: their ids.
    package func outOfMemory(among containers: [ContainerSummary]) async -> Set<String> {
        var found: Set<String> = []
        for container in containers where container.isManaged && !container.isRunning {
            // Gone since it was listed: there is nothing to report.
            guard let details = try? await self.inspect(container.id) else { continue }
            if details.wasOutOfMemory { found.insert(container.id) }
        }
        return found
    }

    /// What a container uses now. The engine measures for a second.
    /// - Returns: nil for a container that does not run.
    package func statistics(_ name: String) async throws(ContainerEngineError) -> ContainerStatistics? {
        let path = "/containers/\(Self.escaped(name))/stats?stream=false"
        return ContainerStatistics(try await self.ask("GET", path, about: name))
    }

    // Changing

    /// Starts a container of Brume's that does not run.
    package func start(_ name: String) async throws(ContainerEngineError) {
        try await self.change(name, "/start")
    }

    /// Ends a container of Brume's: SIGTERM, then SIGKILL after so many seconds.
    package func stop(_ name: String, seconds: Int = 15) async throws(ContainerEngineError) {
        try await self.change(name, "/stop?t=\(seconds)")
    }

    package func restart(_ name: String, seconds: Int = 15) async throws(ContainerEngineError) {
        try await self.change(name, "/restart?t=\(seconds)")
    }

    /// Gives a container of Brume's other limits, at once.
    /// - Returns: what the engine warned of.
    package func limit(
        _ name: String, _ limits: ContainerLimits
    ) async throws(ContainerEngineError) -> [String] {
        let details = try await self.managed(name)
        try await self.demandControlGroups()
        do throws(ContainerEngineError) {
            let answer = try await self.ask(
                "POST", "/containers/\(details.id)/update", body: limits.update, about: name)
            return (answer["Warnings"]?.elements ?? []).compactMap(\.text)
        } catch .refused(status: 404, _) {
            throw .refused(
                status: 404,
                message:
                    "it changes no limits of a container that it has, as Podman 4 does not; make the container anew")
        }
    }

    /// Makes a container and does not start it.
    /// - Returns: its id.
    /// - Throws: what the engine says, what is not lawful, or `noControlGroups`: there is none without limits.
    package func create(_ request: ContainerRequest) async throws(ContainerEngineError) -> String {
        let body = try request.body()
        try await self.demandControlGroups()
        let answer = try await self.ask(
            "POST", "/containers/create?name=\(Self.escaped(request.name))", body: body)
        guard let id = answer["Id"]?.text else { throw .malformed("a new container without an id") }
        return id
    }

    /// Removes a container of Brume's, running or not, with its anonymous volumes.
    package func remove(_ name: String) async throws(ContainerEngineError) {
        let details = try await self.managed(name)
        _ = try await self.ask("DELETE", "/containers/\(details.id)?force=true&v=true", about: name)
    }

    /// Puts files into a container of Brume's: paths of the host have no part in it.
    package func upload(
        _ archive: TarArchive, to directory: String, of name: String
    ) async throws(ContainerEngineError) {
        let details = try await self.managed(name)
        let request = EngineRequest(
            "PUT", self.target("/containers/\(details.id)/archive?path=\(Self.escaped(directory))"),
            body: archive.bytes, contentType: "application/x-tar")
        _ = try await self.answer(request, about: name)
    }

    /// Whether limits hold and statistics are of containers. A rootless engine on old control groups takes limits and
    /// shows them with the container, holds it to none, and tells the whole machine's figures for it.
    /// - Throws: `noControlGroups`, or why the engine does not answer.
    /// - Source: Docker 28.5.2, rootless, on control groups of version 1.
    func demandControlGroups() async throws(ContainerEngineError) {
        do throws(ContainerEngineError) {
            let answer = try await self.ask("GET", "/info")
            guard answer["CgroupDriver"]?.text != "none" else { throw .noControlGroups }
        } catch .refused {
            // A proxy before the socket may keep that to itself; such an engine is believed.
        }
    }

    private func change(_ name: String, _ what: String) async throws(ContainerEngineError) {
        let details = try await self.managed(name)
        _ = try await self.ask("POST", "/containers/\(details.id)\(what)", about: name)
    }

    /// - Throws: `notManaged` for a container of somebody else's.
    private func managed(_ name: String) async throws(ContainerEngineError) -> ContainerDetails {
        let details = try await self.inspect(name)
        guard details.isManaged else { throw .notManaged(details.name) }
        return details
    }

    // Asking

    func target(_ path: String) -> String { "/v\(self.version)\(path)" }

    private func ask(
        _ method: String, _ path: String, body: Document? = nil, about name: String = ""
    ) async throws(ContainerEngineError) -> Document {
        let request = EngineRequest(method, self.target(path), body: body?.json)
        let bytes = try await self.answer(request, about: name)
        guard !bytes.isEmpty else { return .null }
        guard let document = Document(json: bytes) else { throw .malformed("it is no JSON") }
        return document
    }

    private func answer(
        _ request: EngineRequest, about name: String
    ) async throws(ContainerEngineError) -> [UInt8] {
        let reply = try await self.transport.send(request)
        defer { reply.close() }
        try await Self.check(reply, about: name)
        return try await Self.gather(reply)
    }

    /// - Throws: what an answer without success says.
    static func check(_ reply: any EngineReply, about name: String) async throws(ContainerEngineError) {
        // 304: it is started, or stopped, already.
        guard !(200...299).contains(reply.status), reply.status != 304 else { return }
        let bytes = try await self.gather(reply)
        let message = Document(json: bytes)?["message"]?.text ?? String(decoding: bytes.prefix(1000), as: UTF8.self)
        if reply.status == 404, !name.isEmpty, message.lowercased().contains("no such container") {
            throw .noSuchContainer(name)
        }
        throw .refused(status: reply.status, message: message)
    }

    private static func gather(_ reply: any EngineReply) async throws(ContainerEngineError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await reply.next() {
            bytes += piece
            guard bytes.count <= self.answerBytesMax else {
                throw .malformed("it is longer than \(self.answerBytesMax) bytes")
            }
        }
        return bytes
    }

    /// A text as one part of a path, or as a value of a query.
    static func escaped(_ text: String) -> String { PercentEncoding.encode(text) }
}
