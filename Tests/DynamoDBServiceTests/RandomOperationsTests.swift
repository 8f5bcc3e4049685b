import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceModel
import TestSupport
import Testing

/// Whatever is asked for in whatever order, a table and its indexes hold what a plain dictionary says they hold.
struct RandomOperationsTests {
    @Test(arguments: [0xD0, 0xD1, 0xD2, 0xD3] as [UInt64])
    func `a table and its indexes are what was written`(_ own: UInt64) async throws {
        let seed = SeededRandomSource.testSeed(own)
        var run = try await RandomRun(seed: seed)
        for step in 0..<400 {
            try await run.write()
            if step % 4 == 0 { try await run.compareQuery() }
            if step % 16 == 0 { try await run.compareScan() }
        }
    }

    @Test func `whatever is wrong with a request is the caller's fault`() async throws {
        let seed = SeededRandomSource.testSeed(0xD4)
        var random = SeededGenerator(seed: seed)
        let fixture = try await ItemFixture(ItemFixture.indexed)
        var refusals = 0
        for _ in 0..<3000 {
            guard let refusal = await Self.wildRequest(&random, fixture) else { continue }
            refusals += 1
            #expect((400..<500).contains(refusal.status), "seed \(seed): \(refusal)")
            #expect(!refusal.message.isEmpty, "seed \(seed): \(refusal)")
        }
        #expect(refusals > 1000 && refusals < 3000, "seed \(seed)")
    }

    private static func wildRequest(_ random: inout SeededGenerator, _ fixture: ItemFixture) async -> ServiceError? {
        let kind = Int.random(in: 0..<6, using: &random)
        let entries = Self.wildItem(&random)
        let values = Self.wildValues(&random)
        let first = Self.wildText(&random, isUpdate: kind == 1)
        let second = Bool.random(using: &random) ? Self.wildText(&random, isUpdate: false) : nil
        let index = [nil, nil, "local", "global", "whole", "none"].randomElement(using: &random) ?? nil
        let start = Int.random(in: 0..<4, using: &random) == 0 ? item(Self.wildItem(&random)) : nil
        let limit = Bool.random(using: &random) ? Int.random(in: 1...3, using: &random) : nil
        return await refused { () throws(ServiceError) in
            switch kind {
            case 0:
                try await fixture.put(entries) {
                    $0.conditionExpression = second
                    $0.expressionAttributeValues = values
                }
            case 1:
                try await fixture.update(entries, first) {
                    $0.conditionExpression = second
                    $0.expressionAttributeValues = values
                    $0.returnValues = .updatedNew
                }
            case 2: try await fixture.delete(entries) { $0.conditionExpression = second }
            case 3: try await fixture.get(entries) { $0.projectionExpression = second }
            case 4:
                try await fixture.query(first, [], index: index) {
                    $0.filterExpression = second
                    $0.expressionAttributeValues = values
                    $0.exclusiveStartKey = start
                    $0.limit = limit
                }
            default:
                try await fixture.scan(index: index) {
                    $0.filterExpression = second
                    $0.expressionAttributeValues = second == nil ? nil : values
                    $0.exclusiveStartKey = start
                    $0.limit = limit
                }
            }
        }
    }

    private static func wildItem(_ random: inout SeededGenerator) -> [(String, AttributeValue)] {
        var entries: [(String, AttributeValue)] = []
        for name in ["pk", "sk", "gp", "gs", "ls", "x"] {
            let isKey = name == "pk" || name == "sk"
            guard Int.random(in: 0..<8, using: &random) < (isKey ? 7 : 2) else { continue }
            let isNumber = name == "sk" || name == "gs"
            let isWild = Int.random(in: 0..<8, using: &random) == 0
            entries.append((name, isWild ? Self.wildValue(&random) : isNumber ? int(1) : .s("a")))
        }
        return entries
    }

    private static func wildValue(_ random: inout SeededGenerator) -> AttributeValue {
        let values: [AttributeValue] = [
            .s(""), .s("a"), int(0), number("-9.9E+125"), .b([]), .b([0]), .ss(["a"]), .ns([DynamoDBNumber(1)]),
            .l([]), .l([.null]), map([]), map([("a", .s("b"))]), .bool(false), .null, text(1025), text(2049),
        ]
        return values.randomElement(using: &random) ?? .null
    }

    private static func wildValues(_ random: inout SeededGenerator) -> AttributeMap? {
        guard Int.random(in: 0..<16, using: &random) > 0 else { return nil }
        return item([(":a", Int.random(in: 0..<4, using: &random) == 0 ? Self.wildValue(&random) : .s("a"))])
    }

    private static func wildText(_ random: inout SeededGenerator, isUpdate: Bool) -> String {
        let texts =
            isUpdate
            ? [
                "SET x = :a", "SET gp = :a", "SET gs = x", "REMOVE x", "ADD x :a", "DELETE x :a", "SET pk = :a",
                "SET x.a = :a", "SET x[3] = :a", "SET ls = if_not_exists(x, :a)", "SET x = list_append(x, :a)",
                "SET x = x + :a", "REMOVE x SET gp = :a", "SET", "",
            ]
            : [
                "pk = :a", "gp = :a", "pk = :a AND sk > :a", "gp = :a AND begins_with(gs, :a)", "x = :a", "x <> :a",
                "contains(x, :a)", "size(x) < :a", "attribute_type(x, :a)", "x IN (:a)", "x BETWEEN :a AND :a", "x.a.b",
                "attribute_exists(x[0])", "NOT x = :a OR gs = :a", "#x = :a", "x = :b", "(", "pk, sk",
            ]
        return texts.randomElement(using: &random) ?? ""
    }
}

/// The table of `ItemFixture.indexed` beside a dictionary of what must be in it.
private struct RandomRun {
    private struct Key: Hashable {
        let partition: String
        let sort: Int

        var entries: [(String, AttributeValue)] { key(self.partition, self.sort) }
    }

    private struct Place {
        let index: String?
        let partition: String
        let sort: String?

        /// Attributes that it holds; nil for all.
        var names: Set<String>? {
            switch self.index {
            case "local": ["pk", "sk", "ls", "x"]
            case "global": ["pk", "sk", "gp", "gs", "x"]
            default: nil
            }
        }

        func holds(_ item: [String: AttributeValue]) -> Bool {
            item[self.partition] != nil && (self.sort.map { item[$0] != nil } ?? true)
        }

        func projected(_ item: [String: AttributeValue]) -> [String: AttributeValue] {
            self.names.map { names in item.filter { names.contains($0.key) } } ?? item
        }
    }

    private static let places = [
        Place(index: nil, partition: "pk", sort: "sk"), Place(index: "local", partition: "pk", sort: "ls"),
        Place(index: "global", partition: "gp", sort: "gs"), Place(index: "whole", partition: "gp", sort: nil),
    ]

    private let seed: UInt64
    private let fixture: ItemFixture
    private var random: SeededGenerator
    private var model: [Key: [String: AttributeValue]] = [:]

    init(seed: UInt64) async throws(ServiceError) {
        self.seed = seed
        self.fixture = try await ItemFixture(ItemFixture.indexed)
        self.random = SeededGenerator(seed: seed)
    }

    private mutating func chance(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self.random) }

    private mutating func value(of name: String) -> AttributeValue {
        switch name {
        case "gs": int(self.chance(5) - 2)
        case "gp", "ls": .s(["a", "b", "ab", "a\0"][self.chance(4)])
        default: int(self.chance(3))
        }
    }

    // Writing

    mutating func write() async throws {
        let key = Key(partition: ["p", "q"][self.chance(2)], sort: self.chance(8) - 4)
        switch self.chance(5) {
        case 0, 1: try await self.put(key)
        case 2, 3: try await self.update(key)
        default:
            let old = try await self.fixture.delete(key.entries) { $0.returnValues = .allOld }.attributes.map(shown)
            #expect(old == self.model.removeValue(forKey: key), "seed \(self.seed)")
        }
        #expect(try await self.fixture.stored(key.entries) == self.model[key], "seed \(self.seed)")
    }

    private mutating func put(_ key: Key) async throws {
        var entries = key.entries
        for name in ["gp", "gs", "ls", "x", "y"] where self.chance(3) > 0 {
            entries.append((name, self.value(of: name)))
        }
        let isConditional = self.chance(4) == 0
        let isPresent = self.model[key] != nil
        let refusal = await refused { () throws(ServiceError) in
            try await self.fixture.put(entries) {
                $0.conditionExpression = isConditional ? "attribute_not_exists(pk)" : nil
            }
        }
        #expect(
            (refusal?.code == "ConditionalCheckFailedException") == (isConditional && isPresent), "seed \(self.seed)")
        if refusal == nil { self.model[key] = shown(item(entries)) }
    }

    private mutating func update(_ key: Key) async throws {
        let name = ["gp", "gs", "ls", "x", "y"][self.chance(5)]
        let before = self.model[key]
        var after = before ?? shown(item(key.entries))
        var answer: UpdateItemOutput
        if self.chance(3) == 0 {
            answer = try await self.fixture.update(key.entries, "REMOVE \(name)") { $0.returnValues = .allOld }
            after[name] = nil
            if before == nil { after = [:] }
        } else {
            let value = self.value(of: name)
            answer = try await self.fixture.update(key.entries, "SET \(name) = :v", [(":v", value)]) {
                $0.returnValues = .allOld
            }
            after[name] = value
        }
        #expect(answer.attributes.map(shown) == before, "seed \(self.seed)")
        self.model[key] = after.isEmpty ? nil : after
    }

    // Reading

    mutating func compareQuery() async throws {
        let place = Self.places[self.chance(Self.places.count)]
        let partition = AttributeValue.s(
            place.partition == "pk" ? ["p", "q"][self.chance(2)] : ["a", "b", "ab"][self.chance(3)])
        let isForward = self.chance(2) == 0
        let limit = self.chance(2) == 0 ? self.chance(4) + 1 : nil
        let (condition, bound, isChosen) = self.sortCondition(place)
        var found: [[String: AttributeValue]] = []
        var start: AttributeMap?
        repeat {
            let values = [(":p", partition)] + (bound.map { [(":v", $0)] } ?? [])
            let answer = try await self.fixture.query("\(place.partition) = :p" + condition, values, index: place.index)
            {
                $0.scanIndexForward = isForward
                $0.limit = limit
                $0.exclusiveStartKey = start
            }
            #expect(answer.count == answer.items?.count, "seed \(self.seed)")
            found += answer.items?.map(shown) ?? []
            start = answer.lastEvaluatedKey
        } while start != nil && found.count < 1000
        let expected = self.model.values.filter { item in
            place.holds(item) && item[place.partition] == partition
                && (place.sort.flatMap { item[$0] }.map(isChosen) ?? true)
        }
        let note = "seed \(self.seed), \(place), \(condition), limit \(limit ?? 0)"
        #expect(Self.counted(found) == Self.counted(expected.map(place.projected)), "\(note)")
        guard let sort = place.sort else { return }
        let sorted = found.compactMap { $0[sort] }
        for (left, right) in zip(sorted, sorted.dropFirst()) {
            #expect(isForward ? Self.order(left, right) <= 0 : Self.order(left, right) >= 0, "\(note)")
        }
    }

    /// A condition of the sort key, the value that it compares with, and what it chooses.
    private mutating func sortCondition(
        _ place: Place
    ) -> (text: String, bound: AttributeValue?, isChosen: (AttributeValue) -> Bool) {
        guard let sort = place.sort, self.chance(3) > 0 else { return ("", nil, { _ in true }) }
        let bound = sort == "sk" ? int(self.chance(8) - 4) : self.value(of: sort)
        switch self.chance(5) {
        case 0: return (" AND \(sort) = :v", bound, { Self.order($0, bound) == 0 })
        case 1: return (" AND \(sort) < :v", bound, { Self.order($0, bound) < 0 })
        case 2: return (" AND \(sort) >= :v", bound, { Self.order($0, bound) >= 0 })
        case 3: return (" AND \(sort) BETWEEN :v AND :v", bound, { Self.order($0, bound) == 0 })
        default: return (" AND \(sort) > :v", bound, { Self.order($0, bound) > 0 })
        }
    }

    mutating func compareScan() async throws {
        for place in Self.places {
            let total = self.chance(3) + 1
            var found: [[String: AttributeValue]] = []
            for segment in 0..<total {
                var start: AttributeMap?
                repeat {
                    let answer = try await self.fixture.scan(index: place.index) {
                        $0.segment = segment
                        $0.totalSegments = total
                        $0.limit = 3
                        $0.exclusiveStartKey = start
                    }
                    found += answer.items?.map(shown) ?? []
                    start = answer.lastEvaluatedKey
                } while start != nil && found.count < 1000
            }
            let expected = self.model.values.filter(place.holds).map(place.projected)
            #expect(Self.counted(found) == Self.counted(expected), "seed \(self.seed), \(place)")
        }
    }

    private static func counted(_ items: [[String: AttributeValue]]) -> [[String: AttributeValue]: Int] {
        Dictionary(items.map { ($0, 1) }, uniquingKeysWith: +)
    }

    private static func order(_ left: AttributeValue, _ right: AttributeValue) -> Int {
        switch (left, right) {
        case (.n(let left), .n(let right)): (Int(left.text) ?? 0) - (Int(right.text) ?? 0)
        case (.s(let left), .s(let right)):
            left == right ? 0 : left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
        default: 0
        }
    }
}
