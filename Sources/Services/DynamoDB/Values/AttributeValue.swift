internal import Primitives

/// One attribute value as a tree, for the computations of expressions.
package indirect enum AttributeValue: Sendable, Hashable {
    case s(String)
    case n(DynamoDBNumber)
    case b([UInt8])
    /// Without duplicates, in the order of arrival.
    case ss([String])
    case ns([DynamoDBNumber])
    case bs([[UInt8]])
    case m(AttributeTree)
    case l([AttributeValue])
    case bool(Bool)
    case null

    package var type: AttributeType {
        switch self {
        case .s: .s
        case .n: .n
        case .b: .b
        case .ss: .ss
        case .ns: .ns
        case .bs: .bs
        case .m: .m
        case .l: .l
        case .bool: .bool
        case .null: .null
        }
    }

    /// Equality in expressions: sets and maps without regard to order, numbers by value.
    package func isEqual(to other: AttributeValue) -> Bool {
        switch (self, other) {
        case (.s(let left), .s(let right)): left.utf8.elementsEqual(right.utf8)
        case (.n(let left), .n(let right)): left == right
        case (.b(let left), .b(let right)): left == right
        case (.ss(let left), .ss(let right)):
            left.count == right.count && Set(left.map { Array($0.utf8) }) == Set(right.map { Array($0.utf8) })
        case (.ns(let left), .ns(let right)): left.count == right.count && Set(left) == Set(right)
        case (.bs(let left), .bs(let right)): left.count == right.count && Set(left) == Set(right)
        case (.bool(let left), .bool(let right)): left == right
        case (.null, .null): true
        case (.l(let left), .l(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.isEqual(to: $1) }
        case (.m(let left), .m(let right)):
            left.count == right.count
                && left.entries.allSatisfy { entry in right[entry.name].map { entry.value.isEqual(to: $0) } ?? false }
        default: false
        }
    }
}

/// The entries of a map, in order; names are unique.
package struct AttributeTree: Sendable, Hashable {
    /// One name and its value.
    package struct Entry: Sendable, Hashable {
        package var name: String
        package var value: AttributeValue

        package init(_ name: String, _ value: AttributeValue) {
            self.name = name
            self.value = value
        }
    }

    package private(set) var entries: [Entry]

    package init(_ entries: [Entry] = []) {
        self.entries = entries
    }

    package var count: Int { self.entries.count }
    package var isEmpty: Bool { self.entries.isEmpty }

    package func index(of name: String) -> Int? {
        self.entries.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// Setting nil removes the entry; setting a new name appends it.
    package subscript(name: String) -> AttributeValue? {
        get { self.index(of: name).map { self.entries[$0].value } }
        set {
            switch (self.index(of: name), newValue) {
            case (let index?, let value?): self.entries[index].value = value
            case (let index?, nil): self.entries.remove(at: index)
            case (nil, let value?): self.entries.append(Entry(name, value))
            case (nil, nil): break
            }
        }
    }
}

/// The ten data types, with their type bytes in stored items.
package enum AttributeType: UInt8, Sendable, Hashable, CaseIterable {
    case s = 1
    case n = 2
    case b = 3
    case ss = 4
    case ns = 5
    case bs = 6
    case m = 7
    case l = 8
    case null = 9
    /// True; false has the next byte.
    case bool = 10

    static let falseByte: UInt8 = 11

    /// `S`, `N`, … as in requests and messages.
    package var descriptor: String {
        switch self {
        case .s: "S"
        case .n: "N"
        case .b: "B"
        case .ss: "SS"
        case .ns: "NS"
        case .bs: "BS"
        case .m: "M"
        case .l: "L"
        case .null: "NULL"
        case .bool: "BOOL"
        }
    }

    package init?(descriptor: String) {
        guard let type = Self.allCases.first(where: { $0.descriptor == descriptor }) else { return nil }
        self = type
    }

    /// The type of a stored value's first byte.
    init?(storedByte: UInt8) {
        if storedByte == Self.falseByte {
            self = .bool
        } else {
            self.init(rawValue: storedByte)
        }
    }
}
