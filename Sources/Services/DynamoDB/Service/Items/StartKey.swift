internal import DynamoDBValues
internal import KeyValue

/// `ExclusiveStartKey`: the item after which a page starts.
struct StartKey {
    private static let invalid = "The provided starting key is invalid"

    private let key: AttributeMap
    private let table: TableDescriptor
    private let index: IndexDescriptor?
    /// The stored key of its item.
    private let place: [UInt8]

    /// Refuses values that no attribute can have; needs no table.
    static func checkValues(_ key: AttributeMap?) throws(ValidationFailure) {
        guard let failure = key?.failure else { return }
        throw ValidationFailure("\(self.invalid): \(failure.message)")
    }

    /// `isQuery`: Query says less than Scan about a key of the table that is not whole.
    init(
        _ key: AttributeMap, _ table: TableDescriptor, _ index: IndexDescriptor?, isQuery: Bool
    ) throws(ValidationFailure) {
        let wrongNames = ValidationFailure(
            isQuery || index != nil ? Self.invalid : "\(Self.invalid): \(ValidationFailure.keyElement.message)"
        )
        let elements = Set(table.schema.elements + (index?.schema.elements ?? []))
        guard key.count == elements.count, elements.allSatisfy({ key[$0.name] != nil }) else { throw wrongNames }
        guard elements.allSatisfy({ key[$0.name]?.type == $0.type }) else {
            throw ValidationFailure("\(Self.invalid): \(ValidationFailure.keyElement.message)")
        }
        do throws(ValidationFailure) {
            try KeyCheck.item(key, table.schema)
            if let index { try KeyCheck.indexAttributes(key, index.schema, indexName: index.name) }
        } catch {
            throw ValidationFailure("\(Self.invalid): \(error.message)")
        }
        self.key = key
        self.table = table
        self.index = index
        let base = KeyEncoder.tableKey(table.space, table.schema, key)
        self.place =
            index.flatMap { KeyEncoder.indexKey(table.space(of: $0), $0.schema, key, baseKey: base) } ?? base
    }

    /// Refuses a key that the query itself would not have read.
    /// - Source: answers of AWS as dynalite's checks record them.
    func check(_ condition: ResolvedKeyCondition) throws(ValidationFailure) {
        let schema = self.index?.schema ?? self.table.schema
        let isInPartition = zip(schema.partition, condition.partition).allSatisfy { element, content in
            self.key[element.name]?.content == content
        }
        guard !condition.equalSort.isEmpty || condition.lastSort != nil else {
            guard isInPartition else {
                throw ValidationFailure(
                    "The provided starting key is outside query boundaries based on provided conditions"
                )
            }
            return
        }
        guard self.matchesSort(condition, schema) else {
            throw ValidationFailure("The provided starting key does not match the range key predicate")
        }
        guard isInPartition else {
            throw ValidationFailure("The query can return at most one row and cannot be restarted")
        }
    }

    private func matchesSort(_ condition: ResolvedKeyCondition, _ schema: KeySchema) -> Bool {
        for (element, content) in zip(schema.sort, condition.equalSort)
        where self.key[element.name]?.content != content {
            return false
        }
        guard let comparison = condition.lastSort, condition.equalSort.count < schema.sort.count,
            let value = self.key[schema.sort[condition.equalSort.count].name]
        else { return true }
        return comparison.holds(for: value)
    }

    /// Refuses a key that another worker of a parallel scan must have got: its place is not in the segment.
    func check(_ segment: ScanSegment, _ range: KeyRange) throws(ValidationFailure) {
        guard KeyOrder.compare(self.place, range.start) >= 0,
            range.end.map({ KeyOrder.compare(self.place, $0) < 0 }) ?? true
        else {
            throw ValidationFailure(
                "\(Self.invalid): Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
                    + "TotalSegments: \(segment.count) Segment: \(segment.index)"
            )
        }
    }

    /// The range that is left after (or, in reverse, before) the item of the key.
    func rest(of range: KeyRange, reverse: Bool) -> KeyRange {
        if reverse {
            guard let end = range.end, KeyOrder.compare(end, self.place) < 0 else {
                return KeyRange(start: range.start, end: self.place)
            }
            return range
        }
        let next = self.place + [0]
        return KeyRange(start: KeyOrder.compare(range.start, next) >= 0 ? range.start : next, end: range.end)
    }
}

extension KeyComparison {
    /// Whether a value of a key is what the comparison asks for.
    fileprivate func holds(for value: StoredValue) -> Bool {
        func order(_ other: StoredValue) -> Int { value.order(against: other) ?? 0 }
        return switch self {
        case .equal(let other): order(other) == 0
        case .less(let other): order(other) < 0
        case .lessOrEqual(let other): order(other) <= 0
        case .greater(let other): order(other) > 0
        case .greaterOrEqual(let other): order(other) >= 0
        case .between(let lower, let upper): order(lower) >= 0 && order(upper) <= 0
        case .beginsWith(let other): value.content.starts(with: other.content)
        }
    }
}
