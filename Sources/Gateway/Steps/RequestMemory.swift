internal import ServiceModel

/// The memory that requests take beyond the bodies that the edge collects, with a share for each.
///
/// What a handler gets of a body may be many times larger: a value of two bytes takes up to a hundred as a part of a
/// document. How many values there are shows in the body before it is parsed.
package struct RequestMemory: Sendable {
    /// Shared with the listeners.
    package let bodies: BodyBudget
    /// What is made of large bodies.
    package let inputs: BodyBudget
    private let limits: EdgeLimits

    package init(_ limits: EdgeLimits = EdgeLimits()) {
        self.limits = limits
        self.bodies = BodyBudget(limits)
        self.inputs = BodyBudget(inputsOf: limits)
    }

    /// Whether a body of so many bytes is counted.
    func isCounted(_ bytes: Int) -> Bool { bytes > self.limits.smallBodyBytesMax }

    /// Room for a body that is collected elsewhere than at the edge; nil where there is none in time.
    func body(of bytesMax: Int) async -> BodyClaim? {
        await self.bodies.room(for: bytesMax, within: self.limits.bodyRoomTimeout)
    }

    /// Room for what is made of a body.
    /// - Returns: nil for a small body, and for a large one with little else than texts, such as an image: they are not
    ///   counted, and wait for nobody.
    /// - Throws: the service's error where there is no room in time.
    func input(
        of body: [UInt8], isText: Bool = true, for service: RegisteredService
    ) async throws(ServiceError) -> BodyClaim? {
        guard self.isCounted(body.count) else { return nil }
        let bytes = Self.inputBytes(of: body, isText: isText)
        guard self.isCounted(bytes) else { return nil }
        return try await self.input(bytes, service)
    }

    /// Room for what is made of a body under gzip, which shows neither its length nor its parts before it is inflated:
    /// the most that there may be. `keep` gives back the rest.
    /// - Returns: nil where it stays small in any case.
    func input(inflatedFrom bytes: Int, for service: RegisteredService) async throws(ServiceError) -> BodyClaim? {
        let bytesMax = min(bytes * Self.inflationMax, service.bodyBytesMax)
        guard self.isCounted(bytesMax) else { return nil }
        return try await self.input(bytesMax / 2 * Self.partBytes, service)
    }

    private func input(_ bytes: Int, _ service: RegisteredService) async throws(ServiceError) -> BodyClaim {
        let bytes = min(bytes, self.limits.inputBytesMax)
        if let room = await self.inputs.room(for: bytes, within: self.limits.bodyRoomTimeout) { return room }
        if Task.isCancelled { throw .cancelled }
        throw EdgeRefusal.noRoom.error(of: service) ?? service.unavailableError
    }

    /// Of one byte of gzip come at most so many.
    /// - Source: zlib's technical details, "Maximum Compression Factor".
    private static let inflationMax = 1032
    /// Bytes for each part of a text: measured are 25 to 100.
    private static let partBytes = 96
    /// Bytes for each byte of a body whose parts no character separates.
    private static let binaryFactor = 8

    /// An estimate of the memory that a handler's input takes, without its texts, which the body holds, too.
    ///
    /// The parts of a text are counted by the characters that begin or separate them. Those within strings count too:
    /// in prose they are few.
    static func inputBytes(of body: [UInt8], isText: Bool) -> Int {
        guard isText else { return body.count * self.binaryFactor }
        var parts = 0
        for byte in body where byte == 0x2C || byte == 0x5B || byte == 0x7B { parts &+= 1 }
        return parts * self.partBytes
    }
}

extension EdgeResponse {
    /// Keeps a room until a streamed answer ends, as it may still need what the room was for. A complete answer needs
    /// nothing of its request.
    func holding(_ room: BodyClaim?) -> EdgeResponse {
        guard let room, case .stream(let produce) = self.body else { return self }
        var response = self
        response.body = .stream { writer in
            defer { withExtendedLifetime(room) {} }
            try await produce(writer)
        }
        return response
    }
}
