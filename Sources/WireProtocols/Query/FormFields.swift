internal import Primitives
internal import ServiceModel

/// The fields of a form or query whose names are paths (`Filter.1.Value.2`), sorted so that fields with a common prefix
/// are adjacent.
///
/// A node of the structure is a range of this array. Nothing is allocated for a node, so a request costs its own size
/// and two numbers a field, whatever the names are.
struct FormFields: Sendable {
    /// Maximum number of fields of one request. CloudWatch's largest, 1 MiB of metric data, has some 30,000.
    static let fieldCountMax = 200_000

    /// One field; name and value are adjacent in `bytes`.
    private struct Field: Sendable {
        var nameStart: Int32
        var nameEnd: Int32
        var valueEnd: Int32
    }

    /// A node of the structure: all fields whose names begin with the same path.
    struct Node: Sendable {
        fileprivate var fields: Range<Int>
        /// The length of the path in bytes; the path itself is the prefix of the first field's name.
        fileprivate var pathLength: Int
    }

    private(set) var bytes: [UInt8] = []
    private var fields: [Field] = []

    /// - Parameter sources: a raw query, a form; fields of later sources take precedence.
    /// - Throws: `malformed` for invalid escapes and for text that is not UTF-8.
    init(_ sources: [ArraySlice<UInt8>]) throws(ShapeError) {
        let total = sources.reduce(0) { $0 + $1.count }
        guard total < Int(Int32.max) else { throw .limitExceeded("a form of 2 GiB") }
        self.bytes.reserveCapacity(total)
        for source in sources {
            try self.parse(source)
        }
        // Decoded escapes may not be UTF-8 even if the source was.
        do {
            _ = try UTF8Span(validating: self.bytes.span)
        } catch {
            throw .malformed("a form that is not UTF-8")
        }
        self.sort()
    }

    private mutating func parse(_ source: ArraySlice<UInt8>) throws(ShapeError) {
        var position = source.startIndex
        while position < source.endIndex {
            let end = source[position...].firstIndex(of: UInt8(ascii: "&")) ?? source.endIndex
            let field = source[position..<end]
            position = end < source.endIndex ? end + 1 : end
            guard !field.isEmpty else { continue }
            guard self.fields.count < Self.fieldCountMax else {
                throw .limitExceeded("more than \(Self.fieldCountMax) fields")
            }
            let mark = field.firstIndex(of: UInt8(ascii: "=")) ?? field.endIndex
            let nameStart = self.bytes.count
            try self.decode(field[..<mark])
            let nameEnd = self.bytes.count
            try self.decode(field[mark...].dropFirst())
            self.fields.append(
                Field(
                    nameStart: Int32(nameStart), nameEnd: Int32(nameEnd), valueEnd: Int32(self.bytes.count)))
        }
    }

    private mutating func decode(_ text: ArraySlice<UInt8>) throws(ShapeError) {
        var position = text.startIndex
        while position < text.endIndex {
            let byte = text[position]
            if byte == UInt8(ascii: "%") {
                guard text.endIndex - position > 2, let high = ASCII.hexValue(text[position + 1]),
                    let low = ASCII.hexValue(text[position + 2])
                else { throw .malformed("a broken escape in a form") }
                self.bytes.append(high << 4 | low)
                position += 3
            } else {
                self.bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                position += 1
            }
        }
    }

    /// Sorts by name with the dot before every other byte, so that `A.B` comes before `AB`; fields of equal names keep
    /// their order.
    private mutating func sort() {
        let bytes = self.bytes
        self.fields.sort { left, right in
            let leftName = bytes[Int(left.nameStart)..<Int(left.nameEnd)]
            let rightName = bytes[Int(right.nameStart)..<Int(right.nameEnd)]
            for (leftByte, rightByte) in zip(leftName, rightName) where leftByte != rightByte {
                return Self.rank(leftByte) < Self.rank(rightByte)
            }
            if leftName.count != rightName.count { return leftName.count < rightName.count }
            return left.nameStart < right.nameStart
        }
    }

    private static func rank(_ byte: UInt8) -> UInt16 {
        byte == UInt8(ascii: ".") ? 0 : UInt16(byte) + 1
    }

    /// The node of all fields.
    var root: Node { Node(fields: self.fields.indices, pathLength: 0) }

    /// The value of the field whose name is exactly the path, the last if there are several; nil without one.
    func value(_ node: Node) -> ArraySlice<UInt8>? {
        var found: Field?
        for index in node.fields {
            let field = self.fields[index]
            guard Int(field.nameEnd - field.nameStart) == node.pathLength else { break }
            found = field
        }
        return found.map { self.bytes[Int($0.nameEnd)..<Int($0.valueEnd)] }
    }

    /// The child node of that name; nil when no field's name begins with its path.
    /// - Complexity: O(log fields · length of the name)
    func child(_ name: some Collection<UInt8>, of node: Node) -> Node? {
        let lower = self.partition(node.fields) { self.compare($0, node, name) < 0 }
        let upper = self.partition(lower..<node.fields.upperBound) { self.compare($0, node, name) == 0 }
        guard lower < upper else { return nil }
        return Node(fields: lower..<upper, pathLength: self.offset(node) + name.count)
    }

    /// The child nodes whose names are whole numbers, in numeric order.
    func elements(of node: Node) -> [Node] {
        var found: [(number: Int, node: Node)] = []
        let offset = self.offset(node)
        var index = node.fields.lowerBound
        while index < node.fields.upperBound {
            let field = self.fields[index]
            let name = self.bytes[Int(field.nameStart)..<Int(field.nameEnd)]
            guard name.count > offset else {
                index += 1
                continue
            }
            let component = name.dropFirst(offset).prefix { $0 != UInt8(ascii: ".") }
            let upper = self.partition(index..<node.fields.upperBound) { self.compare($0, node, component) == 0 }
            // An index of ten or more digits cannot be intended.
            if !component.isEmpty, component.count <= 9, component.allSatisfy(ASCII.isDigit) {
                let number = component.reduce(0) { $0 * 10 + Int($1 &- 0x30) }
                found.append((number, Node(fields: index..<upper, pathLength: offset + component.count)))
            }
            index = max(upper, index + 1)
        }
        found.sort { $0.number < $1.number }
        return found.map(\.node)
    }

    /// The offset within a full field name at which names of child nodes begin.
    private func offset(_ node: Node) -> Int {
        node.pathLength == 0 ? 0 : node.pathLength + 1
    }

    /// How a field's name compares with a child node's name: before (-1), in the node (0), after (1).
    private func compare(_ index: Int, _ node: Node, _ name: some Collection<UInt8>) -> Int {
        let field = self.fields[index]
        let rest = self.bytes[Int(field.nameStart)..<Int(field.nameEnd)].dropFirst(self.offset(node))
        var position = rest.startIndex
        for byte in name {
            guard position < rest.endIndex else { return -1 }
            if rest[position] != byte { return Self.rank(rest[position]) < Self.rank(byte) ? -1 : 1 }
            position += 1
        }
        return position == rest.endIndex || rest[position] == UInt8(ascii: ".") ? 0 : 1
    }

    /// The first index for which the condition does not hold.
    private func partition(_ range: Range<Int>, _ holds: (Int) -> Bool) -> Int {
        var low = range.lowerBound
        var high = range.upperBound
        while low < high {
            let middle = low + (high - low) / 2
            if holds(middle) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
