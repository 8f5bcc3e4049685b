internal import Primitives
internal import ServiceModel

/// Reads one message as a value of an event-stream union: the message's type names the member; the members of that
/// member come from headers and payload.
final class EventReader: WireReader {
    private enum Stage {
        case headers(next: Int)
        case payload
        case body
    }

    /// Where the next value comes from.
    private enum Source {
        case nothing
        case header(EventMessage.HeaderValue)
        /// The whole payload, as blob or string.
        case payload
        case body
    }

    private let message: EventMessage
    private let memberIndex: Int
    private let format: any BodyFormat
    private var body: (any BodyReader)?
    private var stage = Stage.headers(next: 0)
    private var source = Source.nothing
    /// Open structures: the union is the first, the event the second.
    private var depth = 0
    private var isMemberReported = false

    init(message: EventMessage, memberIndex: Int, format: any BodyFormat) {
        self.message = message
        self.memberIndex = memberIndex
        self.format = format
    }

    func beginStructure(_ schema: ShapeSchema) throws(ShapeError) {
        switch (self.depth, self.source) {
        case (0, _), (1, _): break
        case (_, .body): try self.bodyReader().beginStructure(schema)
        case (_, .header): throw .typeMismatch(found: .string, expected: schema.type, member: schema.name)
        case (_, .payload), (_, .nothing):
            throw .typeMismatch(found: .null, expected: schema.type, member: schema.name)
        }
        self.depth += 1
    }

    func nextMember(_ schema: ShapeSchema) throws(ShapeError) -> Int? {
        let found: Int?
        switch self.depth {
        case 1:
            found = self.isMemberReported ? nil : self.memberIndex
            self.isMemberReported = true
        case 2:
            found = try self.nextEventMember(schema)
        default:
            found = try self.bodyReader().nextMember(schema)
        }
        if found == nil { self.depth -= 1 }
        return found
    }

    private func nextEventMember(_ event: ShapeSchema) throws(ShapeError) -> Int? {
        if case .headers(let next) = self.stage {
            for index in next..<event.members.count where event.members[index].traits.location == .eventHeader {
                guard let value = self.message.header(event.members[index].name) else { continue }
                self.stage = .headers(next: index + 1)
                self.source = .header(value)
                return index
            }
            self.stage = .payload
            if let index = event.members.firstIndex(where: { $0.traits.location == .eventPayload }) {
                try self.beginPayload(event.members[index])
                return index
            }
            try self.beginBody(event)
        }
        guard case .body = self.stage, let body = self.body else { return try self.endEvent() }
        while let index = try body.nextMember(event) {
            let location = event.members[index].traits.location
            if location != .eventHeader, location != .eventPayload { return index }
            try body.skipValue()
        }
        return try self.endEvent()
    }

    private func endEvent() throws(ShapeError) -> Int? {
        if let body = self.body { try body.finish() }
        return nil
    }

    private func beginPayload(_ member: MemberSchema) throws(ShapeError) {
        if member.target.type == .blob || member.target.type == .string || member.target.type == .enumeration {
            self.source = .payload
        } else {
            self.body = try self.format.makeReader(self.message.payload, root: .payload(member))
            self.source = .body
        }
    }

    /// Opens the payload, which contains the members without a binding of their own; an empty payload has none.
    private func beginBody(_ event: ShapeSchema) throws(ShapeError) {
        let hasBodyMembers = event.members.contains { $0.traits.location != .eventHeader }
        guard hasBodyMembers, !self.message.payload.isEmpty else { return }
        let body = try self.format.makeReader(self.message.payload, root: .structure(event))
        try body.beginStructure(event)
        self.body = body
        self.source = .body
        self.stage = .body
    }

    private func bodyReader() -> any BodyReader {
        guard let body = self.body else { preconditionFailure("an event's payload was read before it was reached") }
        return body
    }

    func beginList(_ member: MemberSchema) throws(ShapeError) {
        guard case .body = self.source else { throw self.mismatch(member) }
        try self.bodyReader().beginList(member)
    }

    func nextElement(_ member: MemberSchema) throws(ShapeError) -> WireElement {
        try self.bodyReader().nextElement(member)
    }

    func beginMap(_ member: MemberSchema) throws(ShapeError) {
        guard case .body = self.source else { throw self.mismatch(member) }
        try self.bodyReader().beginMap(member)
    }

    func nextKey(_ member: MemberSchema) throws(ShapeError) -> String? {
        try self.bodyReader().nextKey(member)
    }

    func nextKey(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) -> Bool {
        try self.bodyReader().nextKey(member, appendingTo: &output)
    }

    func readNull() throws(ShapeError) -> Bool {
        guard case .body = self.source else { return false }
        return try self.bodyReader().readNull()
    }

    func readString(_ member: MemberSchema) throws(ShapeError) -> String {
        switch self.source {
        case .header(.string(let text)):
            return text
        case .payload:
            guard let text = String(validating: self.message.payload, as: UTF8.self) else {
                throw .malformed("a payload that is not UTF-8")
            }
            return text
        case .body:
            return try self.bodyReader().readString(member)
        case .header, .nothing:
            throw self.mismatch(member)
        }
    }

    func readString(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) {
        if case .body = self.source {
            try self.bodyReader().readString(member, appendingTo: &output)
        } else {
            output.append(contentsOf: try self.readString(member).utf8)
        }
    }

    func readBoolean(_ member: MemberSchema) throws(ShapeError) -> Bool {
        switch self.source {
        case .header(.boolean(let value)): return value
        case .body: return try self.bodyReader().readBoolean(member)
        default: throw self.mismatch(member)
        }
    }

    func readInteger(_ member: MemberSchema) throws(ShapeError) -> Int64 {
        let value: Int64
        switch self.source {
        case .header(.byte(let number)): value = Int64(number)
        case .header(.short(let number)): value = Int64(number)
        case .header(.integer(let number)): value = Int64(number)
        case .header(.long(let number)): value = number
        case .body: return try self.bodyReader().readInteger(member)
        default: throw self.mismatch(member)
        }
        guard NumberText.range(of: member.target.type)?.contains(value) ?? true else {
            throw .invalidValue(value.description, expected: member.target.type, member: member.name)
        }
        return value
    }

    func readDouble(_ member: MemberSchema) throws(ShapeError) -> Double {
        guard case .body = self.source else { throw self.mismatch(member) }
        return try self.bodyReader().readDouble(member)
    }

    func readBigNumber(_ member: MemberSchema) throws(ShapeError) -> String {
        guard case .body = self.source else { throw self.mismatch(member) }
        return try self.bodyReader().readBigNumber(member)
    }

    func readTimestamp(_ member: MemberSchema) throws(ShapeError) -> Timestamp {
        switch self.source {
        case .header(.timestamp(let milliseconds)):
            let time = Timestamp(millisecondsSinceEpoch: milliseconds)
            guard TimestampText.secondsRange.contains(time.secondsSinceEpoch) else {
                throw .invalidValue(milliseconds.description, expected: .timestamp, member: member.name)
            }
            return time
        case .body:
            return try self.bodyReader().readTimestamp(member)
        default:
            throw self.mismatch(member)
        }
    }

    func readBlob(_ member: MemberSchema) throws(ShapeError) -> [UInt8] {
        switch self.source {
        case .header(.bytes(let bytes)): return bytes
        case .payload: return self.message.payload
        case .body: return try self.bodyReader().readBlob(member)
        default: throw self.mismatch(member)
        }
    }

    func readDocument(_ member: MemberSchema) throws(ShapeError) -> Document {
        guard case .body = self.source else { throw self.mismatch(member) }
        return try self.bodyReader().readDocument(member)
    }

    func finish() throws(ShapeError) {}

    private func mismatch(_ member: MemberSchema) -> ShapeError {
        let found: WireToken =
            switch self.source {
            case .header(.boolean): .boolean
            case .header(.bytes), .header(.string), .header(.uuid), .payload: .string
            case .header: .number
            case .body, .nothing: .null
            }
        return .typeMismatch(found: found, expected: member.target.type, member: member.name)
    }
}
