import ServiceModel

extension DynamicValue {
    /// Reads a structure as generated code does: by the schema, defaults filled, violations noted in the reader.
    static func readStructure(_ reader: ShapeReader, _ schema: ShapeSchema) throws(ShapeError) -> DynamicValue {
        var members: [String: DynamicValue] = [:]
        try reader.wire.beginStructure(schema)
        while let index = try reader.wire.nextMember(schema) {
            let member = schema.members[index]
            members[member.name] = try self.read(reader, member)
        }
        if schema.type == .structure {
            for member in schema.members where members[member.name] == nil {
                members[member.name] = self.defaultValue(member)
            }
        }
        return .structure(members)
    }

    static func read(_ reader: ShapeReader, _ member: MemberSchema) throws(ShapeError) -> DynamicValue {
        let wire = reader.wire
        switch member.target.type {
        case .structure, .union: return try self.readStructure(reader, member.target)
        case .list:
            var elements: [DynamicValue] = []
            try wire.beginList(member)
            loop: while true {
                switch try wire.nextElement(member) {
                case .value: elements.append(try self.read(reader, member.target.element))
                case .null: elements.append(.null)
                case .end: break loop
                }
            }
            return .list(elements)
        case .map:
            var entries: [String: DynamicValue] = [:]
            try wire.beginMap(member)
            while let key = try wire.nextKey(member) {
                if member.target.traits.isSparse, try wire.readNull() {
                    entries[key] = .null
                } else {
                    entries[key] = try self.read(reader, member.target.value)
                }
            }
            return .map(entries)
        case .string, .enumeration: return .string(try wire.readString(member))
        case .blob: return .blob(try wire.readBlob(member))
        case .boolean: return .boolean(try wire.readBoolean(member))
        case .byte, .short, .integer, .long, .intEnumeration: return .integer(try wire.readInteger(member))
        case .bigInteger, .bigDecimal: return .bigNumber(try wire.readBigNumber(member))
        case .float: return .double(Double(Float(try wire.readDouble(member))))
        case .double: return .double(try wire.readDouble(member))
        case .timestamp: return .timestamp(try wire.readTimestamp(member))
        case .document: return .document(try wire.readDocument(member))
        }
    }
}
