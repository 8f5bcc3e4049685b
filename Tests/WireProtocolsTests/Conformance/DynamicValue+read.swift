import ServiceModel

extension DynamicValue {
    /// Reads a structure as generated code does: by the schema, defaults filled, violations noted in the reader.
    static func readStructure(_ reader: ShapeReader, _ schema: ShapeSchema) throws(ShapeError) -> DynamicValue {
        var members: [String: DynamicValue] = [:]
        try reader.beginStructure(schema)
        while let index = try reader.nextMember(schema) {
            let member = schema.members[index]
            members[member.name] = try self.read(reader, member)
        }
        guard schema.type == .structure else { return .structure(members) }
        for member in schema.members where members[member.name] == nil {
            if let value = self.defaultValue(member) {
                members[member.name] = value
            } else if member.traits.isRequired {
                members[member.name] = reader.missing(member, .null)
            }
        }
        return .structure(members)
    }

    static func read(_ reader: ShapeReader, _ member: MemberSchema) throws(ShapeError) -> DynamicValue {
        switch member.target.type {
        case .structure, .union: return try self.readStructure(reader, member.target)
        case .list: return .list(try self.readList(reader, member))
        case .map: return .map(try self.readMap(reader, member))
        case .string, .enumeration: return .string(try reader.string(member))
        case .blob: return .blob(try reader.blob(member))
        case .boolean: return .boolean(try reader.boolean(member))
        case .byte, .short, .integer, .long, .intEnumeration: return .integer(try reader.integer(member))
        case .bigInteger, .bigDecimal: return .bigNumber(try reader.bigNumber(member))
        case .float: return .double(Double(Float(try reader.double(member))))
        case .double: return .double(try reader.double(member))
        case .timestamp: return .timestamp(try reader.timestamp(member))
        case .document: return .document(try reader.document(member))
        }
    }

    private static func readList(_ reader: ShapeReader, _ member: MemberSchema) throws(ShapeError) -> [DynamicValue] {
        if member.target.traits.isSparse {
            let elements = try reader.sparseList(member) { (element) throws(ShapeError) in
                try self.read(reader, element)
            }
            return elements.map { $0 ?? .null }
        }
        let elements = try reader.list(member) { (element) throws(ShapeError) in try self.read(reader, element) }
        // AWS's models do not have this trait, so generated shapes never ask for it.
        if member.constraints?.hasUniqueItems ?? false, Set(elements).count != elements.count {
            reader.note(.uniqueItems, member) { "\(elements)" }
        }
        return elements
    }

    private static func readMap(
        _ reader: ShapeReader, _ member: MemberSchema
    ) throws(ShapeError) -> [String: DynamicValue] {
        if member.target.traits.isSparse {
            let entries = try reader.sparseMap(member) { (value) throws(ShapeError) in try self.read(reader, value) }
            return entries.mapValues { $0 ?? .null }
        }
        return try reader.map(member) { (value) throws(ShapeError) in try self.read(reader, value) }
    }
}

extension DynamicValue: Hashable {
    func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .boolean(let value): hasher.combine(value)
        case .integer(let value): hasher.combine(value)
        case .double(let value): hasher.combine(value.isNaN ? 0 : value)
        case .bigNumber(let value), .string(let value): hasher.combine(value)
        case .blob(let value): hasher.combine(value)
        case .timestamp(let value): hasher.combine(value)
        case .document: hasher.combine(1)
        case .list(let elements): hasher.combine(elements)
        case .map(let entries), .structure(let entries): hasher.combine(entries)
        }
    }
}
