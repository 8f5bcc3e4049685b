package import Primitives
package import ServiceModel

/// Reads an operation's input from a request by the model's HTTP bindings: labels, query, headers and body.
///
/// Members bound outside the body come first, in the model's order, followed by the payload or the members of the body.
package final class BoundRequestReader: WireReader {
    private let request: InboundRequest
    private let format: any BodyFormat
    private lazy var query = QueryItems(self.request.head.query)

    /// Open structures; the depth of the input is 1.
    private var depth = 0
    /// The index of the next member of the input to look up outside the body.
    private var boundIndex = 0
    /// The reader of the current member's value.
    private var source: any WireReader
    /// The body's structure, once opened.
    private var body: (any BodyReader)?
    private var isBodyDone = false

    package init(_ request: InboundRequest, format: any BodyFormat) {
        self.request = request
        self.format = format
        self.source = BoundTextReader(.value(""), timestampFormat: .dateTime)
    }

    package func beginStructure(_ schema: ShapeSchema) throws(ShapeError) {
        self.depth += 1
        guard self.depth == 1 else { return try self.source.beginStructure(schema) }
        if self.query.isMalformed { throw .malformed("the query is not well-formed") }
    }

    package func nextMember(_ schema: ShapeSchema) throws(ShapeError) -> Int? {
        let index = self.depth == 1 ? try self.nextInputMember(schema) : try self.source.nextMember(schema)
        if index == nil { self.depth -= 1 }
        return index
    }

    private func nextInputMember(_ schema: ShapeSchema) throws(ShapeError) -> Int? {
        while self.boundIndex < schema.members.count {
            let member = schema.members[self.boundIndex]
            self.boundIndex += 1
            if let source = try self.boundSource(member) {
                self.source = source
                return self.boundIndex - 1
            }
        }
        guard !self.isBodyDone, !self.request.body.isEmpty else { return nil }
        if let payload = schema.members.first(where: { $0.traits.location == .payload }) {
            self.isBodyDone = true
            self.source = try self.payloadSource(payload)
            return payload.index
        }
        return try self.nextBodyMember(schema)
    }

    /// The text of a member that is bound outside the body; nil when the request does not have it.
    private func boundSource(_ member: MemberSchema) throws(ShapeError) -> (any WireReader)? {
        switch member.traits.location {
        case .label:
            guard let label = self.request.labels.first(where: { $0.name == member.name }) else { return nil }
            guard let text = PercentEncoding.decodeText(label.rawValue) else {
                throw .malformed("the path is not well-formed")
            }
            return BoundTextReader(.value(text), timestampFormat: .dateTime)
        case .query(let name):
            let values = self.query.values(name)
            guard let first = values.first else { return nil }
            let content = member.target.type == .list ? BoundTextReader.Content.list(values) : .value(first)
            return BoundTextReader(content, timestampFormat: .dateTime)
        case .queryParams: return self.queryParamsSource()
        case .header(let name): return try self.headerSource(name, member)
        case .prefixHeaders(let prefix): return self.prefixHeadersSource(prefix)
        case .body, .payload, .statusCode, .eventHeader, .eventPayload: return nil
        }
    }

    private func queryParamsSource() -> (any WireReader)? {
        var entries: [(key: String, values: [String])] = []
        for item in self.query.items {
            if let index = entries.firstIndex(where: { $0.key == item.name }) {
                entries[index].values.append(item.value)
            } else {
                entries.append((item.name, [item.value]))
            }
        }
        return entries.isEmpty ? nil : BoundTextReader(.map(entries), timestampFormat: .dateTime)
    }

    private func headerSource(_ name: String, _ member: MemberSchema) throws(ShapeError) -> (any WireReader)? {
        let lines = self.request.head.headers.all(name)
        guard !lines.isEmpty else { return nil }
        let text = lines.joined(separator: ",").trimmed
        guard member.target.type == .list else {
            return BoundTextReader(.value(text), timestampFormat: .httpDate, decodesMediaTypes: true)
        }
        let element = member.target.element
        let elements =
            element.target.type == .timestamp
            ? HeaderList.splitTimestamps(text, as: element.timestampFormat ?? .httpDate) : HeaderList.split(text)
        guard let elements else { throw .invalidValue(text, expected: .list, member: member.name) }
        return BoundTextReader(
            .list(text.isEmpty ? [] : elements), timestampFormat: .httpDate, decodesMediaTypes: true)
    }

    private func prefixHeadersSource(_ prefix: String) -> (any WireReader)? {
        let entries: [(key: String, values: [String])] = self.request.head.headers.fields.compactMap { field in
            let length = prefix.utf8.count
            guard field.name.utf8.count >= length,
                HeaderFields.equalNames(String(decoding: field.name.utf8.prefix(length), as: UTF8.self), prefix)
            else { return nil }
            return (String(decoding: field.name.utf8.dropFirst(length), as: UTF8.self), [field.value])
        }
        return entries.isEmpty ? nil : BoundTextReader(.map(entries), timestampFormat: .httpDate)
    }

    private func payloadSource(_ member: MemberSchema) throws(ShapeError) -> any WireReader {
        switch member.target.type {
        case .blob, .string, .enumeration: RawPayloadReader(self.request.body)
        default: try self.format.makeReader(self.request.body, root: .payload(member))
        }
    }

    private func nextBodyMember(_ schema: ShapeSchema) throws(ShapeError) -> Int? {
        let body: any BodyReader
        if let open = self.body {
            body = open
        } else {
            body = try self.format.makeReader(self.request.body, root: .structure(schema))
            self.body = body
            self.source = body
            try body.beginStructure(schema)
        }
        while let index = try body.nextMember(schema) {
            // A member bound elsewhere is never read from the body, even if the body contains it.
            if schema.members[index].traits.location == .body {
                self.source = body
                return index
            }
            try body.skipValue()
        }
        self.isBodyDone = true
        return nil
    }

    package func beginList(_ member: MemberSchema) throws(ShapeError) { try self.source.beginList(member) }

    package func nextElement(_ member: MemberSchema) throws(ShapeError) -> WireElement {
        try self.source.nextElement(member)
    }

    package func beginMap(_ member: MemberSchema) throws(ShapeError) { try self.source.beginMap(member) }

    package func nextKey(_ member: MemberSchema) throws(ShapeError) -> String? { try self.source.nextKey(member) }

    package func nextKey(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) -> Bool {
        try self.source.nextKey(member, appendingTo: &output)
    }

    package func readNull() throws(ShapeError) -> Bool { try self.source.readNull() }

    package func readString(_ member: MemberSchema) throws(ShapeError) -> String {
        try self.source.readString(member)
    }

    package func readString(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) {
        try self.source.readString(member, appendingTo: &output)
    }

    package func readBoolean(_ member: MemberSchema) throws(ShapeError) -> Bool {
        try self.source.readBoolean(member)
    }

    package func readInteger(_ member: MemberSchema) throws(ShapeError) -> Int64 {
        try self.source.readInteger(member)
    }

    package func readDouble(_ member: MemberSchema) throws(ShapeError) -> Double {
        try self.source.readDouble(member)
    }

    package func readBigNumber(_ member: MemberSchema) throws(ShapeError) -> String {
        try self.source.readBigNumber(member)
    }

    package func readTimestamp(_ member: MemberSchema) throws(ShapeError) -> Timestamp {
        try self.source.readTimestamp(member)
    }

    package func readBlob(_ member: MemberSchema) throws(ShapeError) -> [UInt8] { try self.source.readBlob(member) }

    package func readDocument(_ member: MemberSchema) throws(ShapeError) -> Document {
        try self.source.readDocument(member)
    }

    package func finish() throws(ShapeError) {
        try self.source.finish()
        if let body = self.body { try body.finish() }
    }
}
