internal import Crypto

/// A hash of what a request asks for: equal for requests that mean the same.
///
/// Maps and sets count without regard to order, because clients write them in whatever order theirs have.
package struct RequestDigest {
    private var hash = SHA256()

    package init() {}

    /// SHA-256 of all that was added.
    package var bytes: [UInt8] { Array(self.hash.finalize()) }

    /// nil and an empty text differ.
    package mutating func add(_ text: String?) {
        self.add(text.map { Array($0.utf8) })
    }

    package mutating func add(_ names: [String: String]?) {
        self.add(names.map { "\($0.count)" })
        for (name, value) in (names ?? [:]).sorted(by: { $0.key < $1.key }) {
            self.add(name)
            self.add(value)
        }
    }

    package mutating func add(_ map: AttributeMap?) {
        guard let map else { return self.add(nil as [UInt8]?) }
        self.add(.m(map.tree))
    }

    private mutating func add(_ bytes: [UInt8]?) {
        // The length goes first, so that no two sequences of parts look alike.
        var length: [UInt8] = []
        let count = bytes.map { UInt64($0.count) } ?? .max
        for shift in stride(from: 56, through: 0, by: -8) { length.append(UInt8(truncatingIfNeeded: count >> shift)) }
        self.hash.update(data: length)
        if let bytes { self.hash.update(data: bytes) }
    }

    private mutating func add(_ value: AttributeValue) {
        self.add(value.type.descriptor)
        switch value {
        case .s(let text): self.add(text)
        case .n(let number): self.add(number.text)
        case .b(let bytes): self.add(bytes)
        case .ss(let texts): self.add(set: texts.map { Array($0.utf8) })
        case .ns(let numbers): self.add(set: numbers.map { Array($0.text.utf8) })
        case .bs(let values): self.add(set: values)
        case .bool(let isTrue): self.add(isTrue ? "1" : "0")
        case .null: break
        case .l(let values):
            self.add("\(values.count)")
            for value in values { self.add(value) }
        case .m(let tree):
            self.add("\(tree.entries.count)")
            for entry in tree.entries.sorted(by: { $0.name < $1.name }) {
                self.add(entry.name)
                self.add(entry.value)
            }
        }
    }

    private mutating func add(set: [[UInt8]]) {
        self.add("\(set.count)")
        for element in set.sorted(by: { $0.lexicographicallyPrecedes($1) }) { self.add(element) }
    }
}
