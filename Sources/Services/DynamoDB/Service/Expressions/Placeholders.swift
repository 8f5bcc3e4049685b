internal import DynamoDBValues

/// The keys of ExpressionAttributeNames or ExpressionAttributeValues, and which of them an expression used.
struct Placeholders: Sendable {
    /// Up to this many keys are searched linearly.
    private static let searchedCountMax = 8
    /// - Source: DynamoDB Developer Guide, "Quotas", "Expression parameters".
    static let keyUTF8CountMax = 255

    private let keys: [ArraySlice<UInt8>]
    private let indices: [ArraySlice<UInt8>: Int]
    private var isUsed: [Bool]

    static let none = Placeholders([])

    init(_ keys: [ArraySlice<UInt8>]) {
        self.keys = keys
        self.isUsed = [Bool](repeating: false, count: keys.count)
        self.indices =
            keys.count > Self.searchedCountMax
            ? Dictionary(keys.enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 }) : [:]
    }

    /// Finds a key and marks it as used.
    mutating func use(_ key: ArraySlice<UInt8>) -> Int? {
        guard let index = self.index(of: key) else { return nil }
        self.isUsed[index] = true
        return index
    }

    func index(of key: ArraySlice<UInt8>) -> Int? {
        self.indices.isEmpty ? self.keys.firstIndex(of: key) : self.indices[key]
    }

    /// Refuses unused keys.
    func checkUse(of parameter: String) throws(ValidationFailure) {
        guard self.isUsed.contains(false) else { return }
        let unused = zip(self.keys, self.isUsed).filter { !$0.1 }.map { String(decoding: $0.0, as: UTF8.self) }
        let listed = EchoedList.text(Self.listed(unused, of: self.keys.count))
        throw ValidationFailure("Value provided in \(parameter) unused in expressions: keys: {\(listed)}")
    }

    /// Refuses keys that are not valid placeholders.
    func checkForm(_ parameter: String, prefix: Unicode.Scalar) throws(ValidationFailure) {
        for key in self.keys {
            if key.count > Self.keyUTF8CountMax {
                throw ValidationFailure(
                    "\(parameter) contains invalid key: The expression attribute map contains a key that is too long; "
                        + "size of key: \(key.count)"
                )
            }
            guard key.count > 1, key.first == UInt8(ascii: prefix), key.dropFirst().allSatisfy(ExpressionLexer.isWord)
            else {
                let text = String(decoding: key, as: UTF8.self)
                throw ValidationFailure("\(parameter) contains invalid key: Syntax error; key: \"\(text)\"")
            }
        }
    }

    /// The order in which AWS lists the members of a set of strings: that of a Java `HashSet`.
    ///
    /// `capacityFor` is the number of strings that the set was made from.
    static func listed(_ texts: [String], of capacityFor: Int) -> [String] {
        var capacity = 16
        while capacity < capacityFor * 4 / 3 + 1 { capacity *= 2 }
        func slot(_ text: String) -> Int {
            var hash: UInt32 = 0
            for unit in text.utf16 { hash = hash &* 31 &+ UInt32(unit) }
            return Int((hash ^ hash >> 16) & UInt32(capacity - 1))
        }
        return texts.map { (slot($0), $0) }.sorted { $0 < $1 }.map(\.1)
    }
}
