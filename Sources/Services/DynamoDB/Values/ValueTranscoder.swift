internal import ServiceModel

/// Reads attribute values from a wire format into a builder.
///
/// It sums up the charged size while it reads. Beyond the limit values are not stored, only skipped with a syntax
/// check: a request of megabytes costs no more than the largest item, and is still refused for its size.
///
/// The reader, `wire`, is passed as an argument and not stored: a reference in a struct that is mutated would be
/// retained and released for each attribute.
struct ValueTranscoder {
    var builder: StoredItemBuilder
    private let chargedBytesMax: Int
    /// Counted as in `StoredWalk`; repeated names are included until their map ends.
    private(set) var chargedBytes = 0
    /// Whether a name was repeated in a map at any depth.
    private(set) var hasRepetition = false
    /// Whether a value was skipped because of the limit.
    private(set) var hasDropped = false

    /// Values are skipped once more than `chargedBytesMax` bytes are charged.
    init(chargedBytesMax: Int, isMeasured: Bool) {
        self.builder = StoredItemBuilder(isMeasured: isMeasured)
        self.chargedBytesMax = chargedBytesMax
    }

    /// Whether the limit is exceeded.
    var isOver: Bool { self.chargedBytes > self.chargedBytesMax }

    /// Reads the entries of a map; a repeated name keeps its last value.
    mutating func entries(
        _ wire: any WireReader, _ member: MemberSchema, _ place: inout StoredItemBuilder.Place, isTop: Bool = false
    ) throws(ShapeError) {
        // Hoisted: inside the loop it would be retained and released for each entry.
        let values = member.target.value.target
        try wire.beginMap(member)
        var seen = SeenNames()
        let chargedBefore = self.chargedBytes
        while true {
            if self.plainEntry(wire, values, isTop: isTop, &seen) {
                place.count += 1
                continue
            }
            let entryStart = self.builder.bytes.count
            let start = self.builder.beginName()
            var hasEntry = false
            try self.builder.withBytes { (bytes) throws(ShapeError) in
                hasEntry = try wire.nextKey(member, appendingTo: &bytes)
            }
            guard hasEntry else {
                self.builder.removeLast(from: entryStart)
                if seen.hasRepetition { self.removeRepeatedEntries(&place, chargedBefore, isTop: isTop) }
                return
            }
            if self.isOver {
                self.builder.removeLast(from: entryStart)
                try self.drop(wire)
                continue
            }
            self.builder.endName(start)
            self.chargedBytes += self.builder.bytes.count - start + (isTop ? 0 : 1)
            let name = start..<self.builder.bytes.count
            seen.add(self.builder.bytes.span.extracting(name))
            if isTop { self.builder.attribute = name }
            place.count += 1
            // Hardly ever a plain text, which the whole entry would have been read with.
            try self.structure(wire, values)
        }
    }

    /// Reads an entry whose value is a plain `S` or `N`, as most are, or a `BOOL` or a `NULL` that is true; for any
    /// other entry returns false and reads nothing.
    private mutating func plainEntry(
        _ wire: any WireReader, _ schema: ShapeSchema, isTop: Bool, _ seen: inout SeenNames
    ) -> Bool {
        guard !self.isOver else { return false }
        var type = AttributeType.s
        var entry = (name: 0..<0, textStart: 0)
        let isRead = wire.readLoneEntry(schema) { name, index, text in
            guard !name.isEmpty, name.count <= StoredItemBuilder.nameBytesMax else { return false }
            type = attributeType(index, schema)
            switch type {
            case .s, .n:
                entry = self.builder.appendEntry(name, type, text)
            case .bool, .null:
                let isTrue = text[0] == UInt8(ascii: "t")
                // `NULL` that is false is an error, reported elsewhere.
                guard type == .bool || isTrue else { return false }
                entry = self.builder.appendEntry(name, typeByte: isTrue ? type.rawValue : AttributeType.falseByte)
            default:
                return false
            }
            return true
        }
        guard isRead else { return false }
        self.chargedBytes += entry.name.count + (isTop ? 0 : 1)
        seen.add(self.builder.bytes.span.extracting(entry.name))
        if isTop { self.builder.attribute = entry.name }
        self.builder.checkNesting()
        switch type {
        case .s: self.chargedBytes += self.builder.bytes.count - entry.textStart
        case .n: self.endNumber(entry.textStart)
        default: self.chargedBytes += 1
        }
        return true
    }

    private mutating func removeRepeatedEntries(
        _ place: inout StoredItemBuilder.Place, _ chargedBefore: Int, isTop: Bool
    ) {
        self.hasRepetition = true
        self.builder.removeRepeatedEntries(&place)
        // If values were skipped, the size stays above the limit.
        guard !self.hasDropped else { return }
        self.chargedBytes =
            chargedBefore
            + StoredWalk.chargedEntries(
                self.builder.bytes.span, at: place.offset + place.headerBytes, count: Int(place.count),
                self.builder.bytes.count, overhead: isTop ? 0 : 1)
    }

    private mutating func drop(_ wire: any WireReader) throws(ShapeError) {
        self.hasDropped = true
        try wire.skipValue()
    }

    /// `schema` is the model's `AttributeValue`.
    mutating func value(_ wire: any WireReader, _ schema: ShapeSchema) throws(ShapeError) {
        let start = self.builder.bytes.count
        if self.text(wire, schema) { return }
        self.builder.removeLast(from: start)
        try self.structure(wire, schema)
    }

    /// A value of any type, read member by member.
    private mutating func structure(_ wire: any WireReader, _ schema: ShapeSchema) throws(ShapeError) {
        let start = self.builder.bytes.count
        try wire.beginStructure(schema)
        self.builder.checkNesting()
        var count = 0
        while let index = try wire.nextMember(schema) {
            count += 1
            if count > 1 { self.builder.removeLast(from: start) }
            try self.content(wire, attributeType(index, schema), schema.members[index])
        }
        if count > 1 {
            // AWS reports errors of a content, such as a text that is not a number, before the error of several types.
            self.builder.fail(
                "Supplied AttributeValue has more than one datatypes set, "
                    + "must contain exactly one of the supported datatypes"
            )
        }
        if count == 0 {
            self.builder.fail(
                "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
            )
            self.builder.appendType(.null)
        }
    }

    /// Reads a plain `S` or `N`, as most values are; for any other value returns false and leaves bytes appended.
    private mutating func text(_ wire: any WireReader, _ schema: ShapeSchema) -> Bool {
        let start = self.builder.beginBytes(.s)
        var index: Int?
        self.builder.withBytes { bytes in index = wire.readLoneString(schema, appendingTo: &bytes) }
        guard let index else { return false }
        self.builder.checkNesting()
        if attributeType(index, schema) == .s {
            self.endBytes(start)
        } else {
            self.builder.setType(.n, before: start)
            self.endNumber(start)
        }
        return true
    }

    private mutating func endBytes(_ start: Int) {
        self.chargedBytes += self.builder.bytes.count - start
        self.builder.endBytes(start)
    }

    private mutating func endNumber(_ start: Int) {
        self.builder.endNumber(start)
        self.chargedBytes += StoredWalk.chargedNumber(self.builder.bytes.span, start, self.builder.bytes.count)
    }

    private mutating func content(
        _ wire: any WireReader, _ type: AttributeType, _ member: MemberSchema
    ) throws(ShapeError) {
        switch type {
        case .s:
            let start = self.builder.beginBytes(.s)
            try self.builder.withBytes { (bytes) throws(ShapeError) in
                try wire.readString(member, appendingTo: &bytes)
            }
            self.endBytes(start)
        case .n:
            let start = self.builder.beginBytes(.n)
            try self.builder.withBytes { (bytes) throws(ShapeError) in
                try wire.readString(member, appendingTo: &bytes)
            }
            self.endNumber(start)
        case .b:
            let bytes = try wire.readBlob(member)
            let start = self.builder.beginBytes(.b)
            self.builder.append(bytes)
            self.endBytes(start)
        case .bool:
            self.chargedBytes += 1
            self.builder.appendBoolean(try wire.readBoolean(member))
        case .null:
            self.chargedBytes += 1
            if try !wire.readBoolean(member) {
                self.builder.fail(
                    "One or more parameter values were invalid: Null attribute value types must have the value of true"
                )
            }
            self.builder.appendType(.null)
        case .m:
            var place = self.builder.beginMap()
            self.chargedBytes += 3
            // The count of a nested map follows its length.
            try self.entries(wire, member, &place)
            self.builder.endNested(place)
        case .l:
            try self.list(wire, member)
        case .ss, .ns, .bs:
            try self.set(wire, type, member)
        }
    }

    private mutating func list(_ wire: any WireReader, _ member: MemberSchema) throws(ShapeError) {
        var place = self.builder.beginList()
        self.chargedBytes += 3
        let element = member.target.element
        let values = element.target
        try wire.beginList(member)
        loop: while true {
            switch try wire.nextElement(member) {
            case .value where self.isOver:
                try self.drop(wire)
            case .value:
                place.count += 1
                self.chargedBytes += 1
                try self.value(wire, values)
            case .null: throw .typeMismatch(found: .null, expected: .structure, member: element.name)
            case .end: break loop
            }
        }
        self.builder.endNested(place)
    }

    private mutating func set(
        _ wire: any WireReader, _ type: AttributeType, _ member: MemberSchema
    ) throws(ShapeError) {
        var place = self.builder.beginSet(type)
        let element = member.target.element
        var seen = SeenNames()
        try wire.beginList(member)
        loop: while true {
            switch try wire.nextElement(member) {
            case .value where self.isOver:
                try self.drop(wire)
            case .value:
                let start = self.builder.beginBytes()
                if type == .bs {
                    self.builder.append(try wire.readBlob(element))
                } else {
                    try self.builder.withBytes { (bytes) throws(ShapeError) in
                        try wire.readString(element, appendingTo: &bytes)
                    }
                }
                if type == .ns { self.endNumber(start) } else { self.endBytes(start) }
                seen.add(self.builder.bytes.span.extracting(start..<self.builder.bytes.count))
                place.count += 1
            case .null: throw .typeMismatch(found: .null, expected: element.target.type, member: element.name)
            case .end: break loop
            }
        }
        self.builder.endSet(place)
        if place.count == 0, !self.hasDropped {
            if let refusal = SetRule.refusal(type, []) { self.builder.fail(refusal) }
        } else if seen.hasRepetition {
            self.builder.checkRepetition(type, place)
        }
    }
}
