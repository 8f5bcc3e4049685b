internal import ServiceModel

/// Writes stored values to a wire format other than JSON (`StoredJSON`), by offsets into an item's bytes.
///
/// Damaged bytes end the container that contains them early.
struct StoredValueWriter {
    private let writer: any ShapeWriter
    /// The model's `AttributeValue`.
    private let schema: ShapeSchema
    private let members: [MemberSchema]

    init(_ writer: any ShapeWriter, _ schema: ShapeSchema) {
        self.writer = writer
        self.schema = schema
        self.members = schema.members
    }

    /// The schema's members are in the order of the types, which `attributeType` asserts.
    private static func index(of type: AttributeType) -> Int { Int(type.rawValue) - 1 }

    /// The entries of a map's body, which begins with their count.
    func entries(_ bytes: Span<UInt8>, at start: Int, _ limit: Int, _ member: MemberSchema) {
        let count = StoredWalk.length(bytes, at: start, limit) ?? 0
        let key = member.target.key
        self.writer.beginMap(member, count: count)
        var offset = start + 4
        for _ in 0..<count {
            guard let place = StoredWalk.entry(bytes, at: offset, limit) else { break }
            self.writer.key(bytes.extracting(place.name), key)
            self.value(bytes, at: place.valueStart, place.valueEnd)
            offset = place.valueEnd
        }
        self.writer.endMap(member)
    }

    /// The value from `start` to `end`, as `StoredWalk` found it.
    func value(_ bytes: Span<UInt8>, at start: Int, _ end: Int) {
        guard let type = AttributeType(storedByte: bytes[start]) else { return }
        let inner = self.members[Self.index(of: type)]
        self.writer.beginStructure(self.schema)
        self.writer.member(inner)
        switch type {
        case .s, .n: self.writer.string(bytes.extracting((start + 5)..<end), inner)
        case .b: self.writer.blob(bytes.extracting((start + 5)..<end), inner)
        case .bool: self.writer.boolean(bytes[start] == AttributeType.bool.rawValue, inner)
        case .null: self.writer.boolean(true, inner)
        case .m: self.entries(bytes, at: start + 5, end, inner)
        case .l: self.elements(bytes, at: start + 5, end, inner)
        case .ss, .ns, .bs: self.set(bytes, at: start + 5, end, inner, isBinary: type == .bs)
        }
        self.writer.endStructure()
    }

    private func elements(_ bytes: Span<UInt8>, at start: Int, _ limit: Int, _ member: MemberSchema) {
        let count = StoredWalk.length(bytes, at: start, limit) ?? 0
        let element = member.target.element
        self.writer.beginList(member, count: count)
        var offset = start + 4
        for _ in 0..<count {
            guard let end = StoredWalk.valueEnd(bytes, at: offset, limit) else { break }
            self.writer.element(element)
            self.value(bytes, at: offset, end)
            offset = end
        }
        self.writer.endList(member)
    }

    private func set(
        _ bytes: Span<UInt8>, at start: Int, _ limit: Int, _ member: MemberSchema, isBinary: Bool
    ) {
        let count = StoredWalk.length(bytes, at: start, limit) ?? 0
        let element = member.target.element
        self.writer.beginList(member, count: count)
        var offset = start + 4
        for _ in 0..<count {
            guard let length = StoredWalk.length(bytes, at: offset, limit), length <= limit - offset - 4 else { break }
            let content = bytes.extracting((offset + 4)..<(offset + 4 + length))
            self.writer.element(element)
            if isBinary {
                self.writer.blob(content, element)
            } else {
                self.writer.string(content, element)
            }
            offset += 4 + length
        }
        self.writer.endList(member)
    }
}
