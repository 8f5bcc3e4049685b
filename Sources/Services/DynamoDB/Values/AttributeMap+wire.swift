internal import Primitives
package import ServiceModel

extension AttributeMap: BoundShape {
    package static var missing: AttributeMap { AttributeMap() }

    /// Transcodes from the wire to the stored form in one pass; what a value breaks is left in `failure`.
    package init(from reader: ShapeReader, _ member: MemberSchema) throws(ShapeError) {
        var transcoder = ValueTranscoder(reader.wire)
        var place = transcoder.builder.beginMapBody()
        try transcoder.entries(member, &place, isTop: true)
        transcoder.builder.endMapBody(place)
        self.init(transcoder.builder)
    }

    package func write(to writer: any ShapeWriter, _ member: MemberSchema) {
        ValueWriter(writer: writer).entries(self.attributes, count: self.count, member)
    }
}

/// A single attribute value bound to a member, such as an element of a list of values.
package struct BoundAttributeValue: Sendable, Hashable, BoundShape {
    /// A map with the one attribute `value`: the same stored form as an item's.
    let holder: AttributeMap
    static let name = Array("value".utf8)

    package static var missing: BoundAttributeValue { BoundAttributeValue(.null) }

    package init(_ value: AttributeValue) {
        self.holder = AttributeMap(AttributeTree([.init("value", value)]))
    }

    package init(from reader: ShapeReader, _ member: MemberSchema) throws(ShapeError) {
        var transcoder = ValueTranscoder(reader.wire)
        var place = transcoder.builder.beginMapBody()
        place.count = 1
        transcoder.builder.appendName(Self.name[...])
        try transcoder.value(member)
        transcoder.builder.endMapBody(place)
        self.holder = AttributeMap(transcoder.builder)
    }

    package var failure: AttributeMap.Failure? { self.holder.failure }

    /// The value in its stored form.
    package var stored: StoredValue? { self.holder.value(Self.name) }

    package var value: AttributeValue { self.holder.value(Self.name)?.tree ?? .null }

    package func write(to writer: any ShapeWriter, _ member: MemberSchema) {
        guard let value = self.holder.value(Self.name) else { return }
        ValueWriter(writer: writer).value(value, member)
    }
}

/// Members of the model's `AttributeValue`, in its order; checked against the schema when a value is read.
private let memberTypes: [AttributeType] = [.s, .n, .b, .ss, .ns, .bs, .m, .l, .null, .bool]

private func type(_ index: Int, _ schema: ShapeSchema) -> AttributeType {
    let type = memberTypes[index]
    assert(schema.members[index].name == type.descriptor, "AttributeValue's members are not in the known order")
    return type
}

/// Reads attribute values from a wire format into a builder.
private struct ValueTranscoder {
    var builder = StoredItemBuilder()
    private let wire: any WireReader

    init(_ wire: any WireReader) {
        self.wire = wire
    }

    /// The entries of a map; a name that comes twice keeps its later value.
    mutating func entries(
        _ member: MemberSchema, _ place: inout StoredItemBuilder.Place, isTop: Bool = false
    ) throws(ShapeError) {
        let valueMember = member.target.value
        try self.wire.beginMap(member)
        var seen = SeenNames()
        while true {
            let entryStart = self.builder.bytes.count
            let start = self.builder.beginName()
            var hasEntry = false
            try self.builder.withBytes { (bytes) throws(ShapeError) in
                hasEntry = try self.wire.nextKey(member, appendingTo: &bytes)
            }
            guard hasEntry else {
                self.builder.removeLast(from: entryStart)
                if seen.hasRepetition { self.builder.removeRepeatedEntries(&place) }
                return
            }
            self.builder.endName(start)
            let name = start..<self.builder.bytes.count
            seen.add(self.builder.bytes[name])
            if isTop { self.builder.attribute = name }
            place.count += 1
            try self.value(valueMember)
        }
    }

    mutating func value(_ member: MemberSchema) throws(ShapeError) {
        let schema = member.target
        let start = self.builder.bytes.count
        if self.text(schema) { return }
        self.builder.removeLast(from: start)
        try self.wire.beginStructure(schema)
        self.builder.checkNesting()
        var count = 0
        while let index = try self.wire.nextMember(schema) {
            count += 1
            if count == 2 {
                self.builder.fail(
                    "Supplied AttributeValue has more than one datatypes set, "
                        + "must contain exactly one of the supported datatypes"
                )
            }
            if count > 1 { self.builder.removeLast(from: start) }
            try self.content(type(index, schema), schema.members[index])
        }
        if count == 0 {
            self.builder.fail(
                "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
            )
            self.builder.appendType(.null)
        }
    }

    /// A plain `S` or `N`, which most values are; false when it is anything else, and then bytes are left behind.
    private mutating func text(_ schema: ShapeSchema) -> Bool {
        self.builder.appendType(.s)
        let start = self.builder.beginBytes()
        var index: Int?
        self.builder.withBytes { bytes in index = self.wire.readLoneString(schema, appendingTo: &bytes) }
        guard let index else { return false }
        self.builder.checkNesting()
        if type(index, schema) == .s {
            self.builder.endBytes(start)
        } else {
            self.builder.setType(.n, before: start)
            self.builder.endNumber(start)
        }
        return true
    }

    private mutating func content(_ type: AttributeType, _ member: MemberSchema) throws(ShapeError) {
        switch type {
        case .s:
            self.builder.appendType(.s)
            let start = self.builder.beginBytes()
            try self.builder.withBytes { (bytes) throws(ShapeError) in
                try self.wire.readString(member, appendingTo: &bytes)
            }
            self.builder.endBytes(start)
        case .n:
            self.builder.appendType(.n)
            let start = self.builder.beginBytes()
            try self.builder.withBytes { (bytes) throws(ShapeError) in
                try self.wire.readString(member, appendingTo: &bytes)
            }
            self.builder.endNumber(start)
        case .b:
            let bytes = try self.wire.readBlob(member)
            self.builder.appendType(.b)
            let start = self.builder.beginBytes()
            self.builder.append(bytes)
            self.builder.endBytes(start)
        case .bool:
            self.builder.appendBoolean(try self.wire.readBoolean(member))
        case .null:
            if try !self.wire.readBoolean(member) {
                self.builder.fail(
                    "One or more parameter values were invalid: Null attribute value types must have the value of true"
                )
            }
            self.builder.appendType(.null)
        case .m:
            var place = self.builder.beginMap()
            // The count of a nested map stands behind its length.
            try self.entries(member, &place)
            self.builder.endNested(place)
        case .l:
            try self.list(member)
        case .ss, .ns, .bs:
            try self.set(type, member)
        }
    }

    private mutating func list(_ member: MemberSchema) throws(ShapeError) {
        var place = self.builder.beginList()
        let element = member.target.element
        try self.wire.beginList(member)
        loop: while true {
            switch try self.wire.nextElement(member) {
            case .value:
                place.count += 1
                try self.value(element)
            case .null: throw .typeMismatch(found: .null, expected: .structure, member: element.name)
            case .end: break loop
            }
        }
        self.builder.endNested(place)
    }

    private mutating func set(_ type: AttributeType, _ member: MemberSchema) throws(ShapeError) {
        var place = self.builder.beginSet(type)
        let element = member.target.element
        var seen: [ArraySlice<UInt8>] = []
        try self.wire.beginList(member)
        loop: while true {
            switch try self.wire.nextElement(member) {
            case .value:
                let start = self.builder.beginBytes()
                if type == .bs {
                    self.builder.append(try self.wire.readBlob(element))
                } else {
                    try self.builder.withBytes { (bytes) throws(ShapeError) in
                        try self.wire.readString(element, appendingTo: &bytes)
                    }
                }
                if type == .ns { self.builder.endNumber(start) } else { self.builder.endBytes(start) }
                seen.append(Array(self.builder.bytes[start...])[...])
                place.count += 1
            case .null: throw .typeMismatch(found: .null, expected: element.target.type, member: element.name)
            case .end: break loop
            }
        }
        self.builder.endSet(place)
        if let refusal = SetRule.refusal(type, seen) { self.builder.fail(refusal) }
    }
}

/// Writes stored values to a wire format.
private struct ValueWriter {
    let writer: any ShapeWriter

    func entries(_ entries: StoredEntries, count: Int, _ member: MemberSchema) {
        let value = member.target.value
        let key = member.target.key
        self.writer.beginMap(member, count: count)
        for entry in entries {
            self.writer.key(entry.name.span, key)
            self.value(entry.value, value)
        }
        self.writer.endMap(member)
    }

    func value(_ value: StoredValue, _ member: MemberSchema) {
        let schema = member.target
        guard let index = memberTypes.firstIndex(of: value.type) else { return }
        let inner = schema.members[index]
        if value.type == .s || value.type == .n {
            return self.writer.loneString(value.content.span, schema, inner)
        }
        self.writer.beginStructure(schema)
        self.writer.member(inner)
        switch value.type {
        case .s, .n: break
        case .b: self.writer.blob(value.content.span, inner)
        case .bool: self.writer.boolean(value.boolean, inner)
        case .null: self.writer.boolean(true, inner)
        case .m: self.entries(value.entries, count: value.elementCount, inner)
        case .l:
            let element = inner.target.element
            self.writer.beginList(inner, count: value.elementCount)
            for item in value.elements {
                self.writer.element(element)
                self.value(item, element)
            }
            self.writer.endList(inner)
        case .ss, .ns, .bs:
            let element = inner.target.element
            self.writer.beginList(inner, count: value.elementCount)
            for content in value.members {
                self.writer.element(element)
                if value.type == .bs {
                    self.writer.blob(content.span, element)
                } else {
                    self.writer.string(content.span, element)
                }
            }
            self.writer.endList(inner)
        }
        self.writer.endStructure()
    }
}
