package import DynamoDBValues
package import KeyValue

extension ResolvedKeyCondition {
    /// The range of keys that a query reads.
    ///
    /// In a table the sort key is last and unterminated, so a value ends where the key ends. In an index values are
    /// terminated, and the hash of the item's own key follows: an equal value is a prefix.
    ///
    /// `space` is the table's, or the index's when `isIndex`.
    package func range(_ space: KeySpace, _ schema: KeySchema, isIndex: Bool) -> KeyRange {
        var prefix = KeyEncoder.partitionPrefix(space, schema, self.partition)
        for (element, value) in zip(schema.sort, self.equalSort) {
            if isIndex {
                KeyEncoder.appendEnded(value, element.type, to: &prefix)
            } else {
                KeyEncoder.appendSort(value, element.type, to: &prefix)
                return KeyRange(start: prefix, end: prefix + [0])
            }
        }
        let all = KeyRange(prefix: prefix)
        guard let comparison = self.lastSort, self.equalSort.count < schema.sort.count else { return all }
        let bounds = SortBounds(prefix: prefix, type: schema.sort[self.equalSort.count].type, isIndex: isIndex)
        switch comparison {
        case .equal(let value): return KeyRange(start: bounds.start(value), end: bounds.end(value))
        case .less(let value): return KeyRange(start: all.start, end: bounds.start(value))
        case .lessOrEqual(let value): return KeyRange(start: all.start, end: bounds.end(value))
        case .greater(let value): return bounds.end(value).map { KeyRange(start: $0, end: all.end) } ?? .none
        case .greaterOrEqual(let value): return KeyRange(start: bounds.start(value), end: all.end)
        case .between(let lower, let upper): return KeyRange(start: bounds.start(lower), end: bounds.end(upper))
        case .beginsWith(let value): return KeyRange(prefix: bounds.beginning(value))
        }
    }
}

/// The bounds of the keys of one sort value.
private struct SortBounds {
    let prefix: [UInt8]
    let type: AttributeType
    let isIndex: Bool

    /// The first key of the value.
    func start(_ value: StoredValue) -> [UInt8] {
        var key = self.prefix
        if self.isIndex {
            KeyEncoder.appendEnded(value.content, self.type, to: &key)
        } else {
            KeyEncoder.appendSort(value.content, self.type, to: &key)
        }
        return key
    }

    /// The first key after the last of the value; nil when no key comes after.
    func end(_ value: StoredValue) -> [UInt8]? {
        let start = self.start(value)
        return self.isIndex ? KeyRange.successor(ofPrefix: start) : start + [0]
    }

    /// The prefix of every key whose value begins with this one.
    func beginning(_ value: StoredValue) -> [UInt8] {
        var key = self.prefix
        if self.isIndex {
            KeyEncoder.appendEscaped(value.content, to: &key)
        } else {
            key.append(contentsOf: value.content)
        }
        return key
    }
}

extension KeyRange {
    /// The empty range.
    fileprivate static let none = KeyRange(start: [], end: [])
}
