internal import DynamoDBValues
internal import Primitives

/// The fields of a stored record, kept as an item, so that fields can be added without a new format.
struct RecordFields: Sendable {
    private var tree: AttributeTree

    init() {
        self.tree = AttributeTree()
    }

    /// - Returns: nil when the record is damaged.
    init?(_ bytes: [UInt8]) {
        guard let tree = AttributeMap(stored: bytes)?.tree else { return nil }
        self.tree = tree
    }

    var encoded: [UInt8] { AttributeMap(self.tree).bytes }

    mutating func set(_ name: String, _ text: String?) {
        self.tree[name] = text.map { .s($0) }
    }

    mutating func set(_ name: String, _ number: Int?) {
        self.tree[name] = number.map { .n(DynamoDBNumber($0)) }
    }

    mutating func set(_ name: String, _ number: UInt64?) {
        self.set(name, number.map { Int(clamping: $0) })
    }

    mutating func set(_ name: String, _ time: Timestamp?) {
        self.set(name, time.map { Int(clamping: $0.millisecondsSinceEpoch) })
    }

    mutating func set(_ name: String, _ bytes: [UInt8]?) {
        self.tree[name] = bytes.map { .b($0) }
    }

    mutating func set(_ name: String, _ flag: Bool) {
        self.tree[name] = flag ? .bool(true) : nil
    }

    mutating func set(_ name: String, _ texts: [String]?) {
        self.tree[name] = texts.map { .l($0.map { .s($0) }) }
    }

    func text(_ name: String) -> String? {
        guard case .s(let text)? = self.tree[name] else { return nil }
        return text
    }

    func integer(_ name: String) -> Int? {
        guard case .n(let number)? = self.tree[name] else { return nil }
        return Int(number.text)
    }

    func number(_ name: String) -> UInt64? {
        self.integer(name).flatMap(UInt64.init(exactly:))
    }

    func time(_ name: String) -> Timestamp? {
        self.integer(name).map { Timestamp(millisecondsSinceEpoch: Int64($0)) }
    }

    func bytes(_ name: String) -> [UInt8]? {
        guard case .b(let bytes)? = self.tree[name] else { return nil }
        return bytes
    }

    func flag(_ name: String) -> Bool { self.tree[name] == .bool(true) }

    func texts(_ name: String) -> [String]? {
        guard case .l(let values)? = self.tree[name] else { return nil }
        return values.compactMap { value in
            guard case .s(let text) = value else { return nil }
            return text
        }
    }
}
