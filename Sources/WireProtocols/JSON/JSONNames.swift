internal import ServiceModel
internal import Synchronization

/// The JSON names of one structure's members, laid out for fast comparison: no reference counts, one word for a short
/// name.
///
/// Tables live as long as the process, like the schemas they are derived from.
@safe struct JSONNames {
    /// A member's name.
    @safe private struct Entry {
        /// The first eight bytes, little-endian, padded with zeros.
        var prefix: UInt64
        var count: Int
        var bytes: UnsafePointer<UInt8>
        var kind: Kind
    }

    /// What a lone member may be.
    enum Kind {
        case string, boolean, other

        init(_ type: ShapeType) {
            switch type {
            case .string: self = .string
            case .boolean: self = .boolean
            default: self = .other
            }
        }
    }

    private let entries: UnsafeBufferPointer<Entry>
    /// Whether any member has a `jsonName`, so that awsJson must also try the model's names.
    private let renamed: Bool

    private init(_ schema: ShapeSchema) {
        let entries = UnsafeMutableBufferPointer<Entry>.allocate(capacity: schema.members.count)
        for (index, member) in schema.members.enumerated() {
            let name = member.jsonNameUTF8
            let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, name.count))
            _ = unsafe copy.initialize(from: name)
            guard let base = copy.baseAddress else { continue }
            let entry = unsafe Entry(
                prefix: Self.prefix(of: name, 0, name.count), count: name.count, bytes: UnsafePointer(base),
                kind: Kind(member.target.type))
            unsafe entries.initializeElement(at: index, to: entry)
        }
        unsafe self.entries = UnsafeBufferPointer(entries)
        self.renamed = schema.members.contains { $0.traits.jsonName != nil }
    }

    /// The first eight bytes of a name inside `bytes`.
    @inline(__always)
    private static func prefix(of bytes: [UInt8], _ start: Int, _ end: Int) -> UInt64 {
        let count = end &- start
        if start &+ 8 <= bytes.count {
            let word = unsafe bytes.withUnsafeBytes { buffer in
                UInt64(littleEndian: unsafe buffer.loadUnaligned(fromByteOffset: start, as: UInt64.self))
            }
            return count >= 8 ? word : word & ((1 << (UInt64(truncatingIfNeeded: count) &* 8)) &- 1)
        }
        var word: UInt64 = 0
        for index in 0..<min(8, count) { word |= UInt64(bytes[start + index]) << UInt64(index * 8) }
        return word
    }

    /// The index of the member whose name is `bytes[start..<end]`; nil when there is none.
    /// - Complexity: one comparison if `expected` is right, otherwise O(members).
    @inline(__always)
    func index(of bytes: [UInt8], _ start: Int, _ end: Int, expected: Int) -> Int? {
        let prefix = Self.prefix(of: bytes, start, end)
        if unsafe expected < self.entries.count, self.matches(expected, prefix, bytes, start, end) { return expected }
        for index in unsafe 0..<self.entries.count where self.matches(index, prefix, bytes, start, end) {
            return index
        }
        return nil
    }

    /// What the member at an index of the schema is.
    @inline(__always)
    func kind(_ index: Int) -> Kind {
        unsafe self.entries[index].kind
    }

    /// The index of the string whose name is one letter; nil when there is none.
    @inline(__always)
    func stringIndex(of letter: UInt8) -> Int? {
        for index in unsafe 0..<self.entries.count {
            let entry = unsafe self.entries[index]
            if entry.count == 1, entry.prefix == UInt64(letter), entry.kind == .string { return index }
        }
        return nil
    }

    @inline(__always)
    private func matches(_ index: Int, _ prefix: UInt64, _ bytes: [UInt8], _ start: Int, _ end: Int) -> Bool {
        let entry = unsafe self.entries[index]
        guard entry.prefix == prefix, entry.count == end &- start else { return false }
        return end &- start <= 8 ? true : Self.isRestEqual(entry, bytes, start)
    }

    private static func isRestEqual(_ entry: Entry, _ bytes: [UInt8], _ start: Int) -> Bool {
        for index in 8..<(entry.count) where bytes[start + index] != (unsafe entry.bytes[index]) {
            return false
        }
        return true
    }

    /// awsJson accepts the model's names of members that have a `jsonName`.
    @inline(never)
    func indexByModelName(_ bytes: [UInt8], _ start: Int, _ end: Int, _ schema: ShapeSchema) -> Int? {
        guard self.renamed else { return nil }
        return schema.members.firstIndex {
            $0.traits.jsonName != nil && bytes[start..<end].elementsEqual($0.name.utf8)
        }
    }

    /// A schema with its table; the schema is retained, so that no other object can get its identity.
    ///
    /// Safe to send: both are immutable, and the tables are guarded by a lock.
    private struct CachedNames: @unchecked Sendable {
        var schema: ShapeSchema
        var names: JSONNames
    }

    private static let tables = Mutex<[ObjectIdentifier: CachedNames]>([:])

    /// The table of a schema, built at its first use.
    static func table(of schema: ShapeSchema) -> JSONNames {
        self.tables.withLock { tables in
            if let cached = tables[ObjectIdentifier(schema)] { return cached }
            let cached = CachedNames(schema: schema, names: JSONNames(schema))
            tables[ObjectIdentifier(schema)] = cached
            return cached
        }.names
    }
}

/// The tables that a reader used last: most requests repeat one or two shapes.
struct JSONNamesMemo {
    private var first: (schema: ObjectIdentifier, names: JSONNames)?
    private var second: (schema: ObjectIdentifier, names: JSONNames)?

    @inline(__always)
    mutating func names(of schema: ShapeSchema) -> JSONNames {
        let id = ObjectIdentifier(schema)
        if let first = self.first, first.schema == id { return first.names }
        if let second = self.second, second.schema == id { return second.names }
        return self.load(schema)
    }

    @inline(never)
    private mutating func load(_ schema: ShapeSchema) -> JSONNames {
        self.second = self.first
        let names = JSONNames.table(of: schema)
        self.first = (ObjectIdentifier(schema), names)
        return names
    }
}
