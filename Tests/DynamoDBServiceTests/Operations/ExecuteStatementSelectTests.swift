import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Primitives
import ServiceModel
import TestSupport
import Testing

struct ExecuteStatementSelectTests {
    /// Partitions `a`, `b` and `c` with items 1 to 4 each; `x` is the sort key modulo 2.
    private static func fixture() async throws(ServiceError) -> ItemFixture {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        for partition in ["a", "b", "c"] {
            for sort in 1...4 {
                try await fixture.put(
                    key(partition, sort) + [
                        ("x", int(sort % 2)), ("ls", .s("\(9 - sort)")), ("gp", .s("g")), ("gs", int(sort)),
                        ("doc", map([("list", .l([int(sort), .s(partition)]))])), ("text", .s("text \(sort)")),
                    ])
            }
        }
        return fixture
    }

    @Test(
        arguments: [
            ("pk = 'a'", [1, 2, 3, 4]), ("pk = 'a' AND sk = 2", [2]), ("pk = 'a' AND 2 < sk", [3, 4]),
            ("pk = 'a' AND sk BETWEEN 2 AND 3", [2, 3]), ("pk = 'a' AND NOT sk BETWEEN 2 AND 3", [1, 4]),
            ("pk = 'a' AND sk NOT BETWEEN 2 AND 3", [1, 4]), ("pk = 'a' AND x = 0", [2, 4]),
            ("pk = 'a' AND x <> 0", [1, 3]), ("pk = 'a' AND x != 0", [1, 3]),
            ("pk = 'a' AND (sk = 1 OR sk = 4)", [1, 4]), ("pk = 'a' AND sk IN [1, 3]", [1, 3]),
            ("pk = 'a' AND sk IN (1, 3)", [1, 3]), ("pk = 'a' AND sk NOT IN [1, 3]", [2, 4]),
            ("pk IN []", []), ("x IN [] AND pk = 'a'", []), ("pk = 'a' AND pk = 'b'", []),
            ("pk = 'a' AND sk > 1 AND sk < 4", [2, 3]),
            ("pk = 'a' AND y IS MISSING AND sk = 1", [1]), ("pk = 'a' AND x IS NOT MISSING AND sk = 1", [1]),
            ("pk = 'a' AND x IS NULL", []), ("pk = 'a' AND x IS INT AND doc IS STRUCT AND sk = 1", [1]),
            ("pk = 'a' AND doc.\"list\"[0] = 3", [3]), ("pk = 'a' AND doc['list'][1] = 'b'", []),
            ("pk = 'a' AND size(doc.\"list\") = 2 AND sk = 1", [1]),
            ("pk = 'a' AND contains(text, '3')", [3]), ("pk = 'a' AND contains(doc.\"list\", 'a') AND sk = 1", [1]),
            ("pk = 'a' AND begins_with(text, 'text 4')", [4]), ("pk = 'a' AND attribute_type(text, 'N')", []),
            ("pk = 'a' AND text = 'text 1' OR pk = 'b' AND sk = 2", [1, 2]),
            ("pk = 'a' AND sk = 1 OR gs = 4 AND pk = 'a'", [1, 4]),
            ("NOT (pk <> 'a' OR sk > 1)", [1]), ("text = 'text 2' AND doc.\"list\"[1] = 'c'", [2]),
        ] as [(String, [Int])]
    )
    func `a condition finds its items`(_ condition: String, _ expected: [Int]) async throws {
        let fixture = try await Self.fixture()
        #expect(try await fixture.sorts("WHERE \(condition)") == expected.map(int))
    }

    @Test func `without a condition everything is found`() async throws {
        let fixture = try await Self.fixture()
        #expect(try await fixture.sorts("").count == 12)
        #expect(try await fixture.rows("SELECT * FROM items WHERE pk = 'a' AND sk = 1")[0].count == 8)
    }

    @Test func `columns are named by the ends of their paths`() async throws {
        let fixture = try await Self.fixture()
        let rows = try await fixture.rows(
            "SELECT doc.\"list\"[1], doc.\"list\", x, absent FROM items WHERE pk = 'a' AND sk = 1"
        )
        #expect(rows == [["list[1]": .s("a"), "list": .l([int(1), .s("a")]), "x": int(1)]])
        #expect(try await fixture.rows("SELECT absent FROM items WHERE pk = 'a' AND sk = 1") == [[:]])
    }

    @Test func `partitions are read in their order, ten to a page`() async throws {
        let fixture = try await Self.fixture()
        func partitions(_ rest: String) async throws(ServiceError) -> String {
            try await fixture.rows("SELECT pk, sk FROM items WHERE \(rest)").map { row in
                if case .s(let text)? = row["pk"] { text } else { "?" }
            }.joined()
        }
        #expect(try await partitions("pk IN ['c', 'a', 'c'] AND sk < 3") == "ccaa")
        #expect(try await partitions("pk IN ['c', 'a'] AND sk = 1 ORDER BY pk") == "ac")
        #expect(try await partitions("(pk = 'a' OR pk = 'b') AND sk = 1 ORDER BY pk DESC") == "ba")
        #expect(
            try await fixture.sorts("WHERE pk IN ['a', 'b'] AND sk > 2 ORDER BY pk, sk DESC") == [4, 3, 4, 3].map(int))
        let names = (0..<25).map { "'p\($0)'" }.joined(separator: ", ")
        let statement = "SELECT * FROM items WHERE pk IN [\(names)]"
        for index in [0, 9, 10, 24] { try await fixture.put(key("p\(index)", 1)) }
        var counts: [Int] = []
        var token: String?
        repeat {
            let page = try await fixture.execute(statement) { $0.nextToken = token }
            counts.append(page.items?.count ?? 0)
            token = page.nextToken
        } while token != nil
        #expect(counts == [2, 1, 1])
    }

    @Test func `fifty partitions are read, and not one more`() async throws {
        let fixture = try await Self.fixture()
        func statement(_ count: Int) -> String {
            "SELECT * FROM items WHERE pk IN [" + (0..<count).map { "'\($0)'" }.joined(separator: ", ") + "]"
        }
        #expect(await fixture.statementWording(statement(50)) == nil)
        #expect(
            await fixture.statementWording(statement(51))
                == "Invalid FilterExpression: The IN operator is provided with too many operands; "
                + "number of operands: 51"
        )
    }

    @Test(
        arguments: [
            ("ORDER BY sk", "Must have WHERE clause in the statement when using ORDER BY clause."),
            ("WHERE pk = 'a' ORDER BY x", "Attribute x in ORDER BY clause must be part of the primary key"),
            (
                "WHERE pk > 'a' ORDER BY sk",
                "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."
            ),
            (
                "WHERE pk IN ['a', 'b'] ORDER BY sk",
                "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause."
            ),
            (
                "WHERE pk = 5",
                "One or more parameter values were invalid: Condition parameter type does not match schema type"
            ),
            ("WHERE x", "A condition is expected in the WHERE clause"),
            (
                "WHERE size(5) = 1",
                "Invalid FilterExpression: Incorrect operand type for operator or function; operator or function: size, "
                    + "operand type: N"
            ),
            (
                "WHERE x BETWEEN 2 AND 1",
                "Invalid FilterExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower "
                    + "bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}"
            ),
            (
                "WHERE contains(x)",
                "Invalid FilterExpression: Incorrect number of operands for operator or function; operator or function: "
                    + "contains, number of operands: 1"
            ),
        ] as [(String, String)]
    )
    func `what cannot be selected is refused`(_ clause: String, _ sentence: String) async throws {
        let fixture = try await Self.fixture()
        #expect(await fixture.statementWording("SELECT * FROM items \(clause)") == sentence)
    }

    @Test func `indexes are read by their keys`() async throws {
        let fixture = try await Self.fixture()
        func count(_ source: String) async throws(ServiceError) -> Int {
            try await fixture.rows("SELECT * FROM \(source)").count
        }
        #expect(try await count("items.\"global\" WHERE gp = 'g' AND gs >= 3") == 6)
        #expect(try await count("\"items\".\"whole\" WHERE gp = 'g' AND x = 1") == 6)
        #expect(try await count("items.\"local\" WHERE pk = 'a' AND ls BETWEEN '5' AND '6'") == 2)
        #expect(try await count("items.\"local\"") == 12)
        let rows = try await fixture.rows("SELECT text FROM items.\"local\" WHERE pk = 'a' AND ls = '5'")
        #expect(rows == [["text": .s("text 4")]])
        #expect(
            await fixture.statementWording("SELECT text FROM items.\"global\" WHERE gp = 'g'")
                == "One or more parameter values were invalid: Global secondary index global does not project [text]"
        )
        #expect(
            await fixture.statementWording("SELECT * FROM items.absent")
                == "The table does not have the specified index"
        )
        #expect(
            await fixture.statementWording("SELECT * FROM items.\"global\" WHERE gp = 'g'") { $0.consistentRead = true }
                == "Strongly consistent read is not supported on Global Secondary Indexes"
        )
        #expect(
            await fixture.statementWording("SELECT * FROM items.absent") { $0.consistentRead = true }
                == "The table does not have the specified index"
        )
    }

    @Test(arguments: ["WHERE pk = 'a'", "WHERE pk = 'a' ORDER BY sk DESC", "WHERE pk IN ['a', 'b']", "", "WHERE x = 1"])
    func `pages make up the whole, whatever their size`(_ clause: String) async throws {
        let fixture = try await Self.fixture()
        let statement = "SELECT pk, sk FROM items \(clause)"
        let whole = try await fixture.rows(statement)
        for limit in [1, 3, 5] {
            var rows: [[String: AttributeValue]] = []
            var token: String?
            var pages = 0
            repeat {
                let page = try await fixture.execute(statement) {
                    $0.limit = limit
                    $0.nextToken = token
                }
                rows += (page.items ?? []).map(shown)
                token = page.nextToken
                pages += 1
                if page.lastEvaluatedKey != nil { #expect(token != nil) }
            } while token != nil && pages < 20
            #expect(rows == whole)
        }
        for index in ["\"local\"", "\"global\"", "whole"] where clause.isEmpty {
            let first = try await fixture.execute("SELECT pk, sk FROM items.\(index)") { $0.limit = 5 }
            let rest = try await fixture.execute("SELECT pk, sk FROM items.\(index)") { $0.nextToken = first.nextToken }
            #expect((first.items ?? []).count + (rest.items ?? []).count == 12)
        }
    }

    @Test func `an edited token is invalid, and one of another request does not match`() async throws {
        let fixture = try await Self.fixture()
        let statement = "SELECT * FROM items WHERE pk = ?"
        let token = try await fixture.execute(statement, [.s("a")]) { $0.limit = 1 }.nextToken ?? ""
        func wording(_ statement: String, _ value: String, _ token: String) async -> String? {
            await fixture.statementWording(statement, [.s(value)]) { $0.nextToken = token }
        }
        #expect(await wording(statement, "a", token) == nil)
        #expect(await wording(statement, "b", token) == "NextToken does not match request")
        #expect(await wording(statement + " AND sk > 0", "a", token) == "NextToken does not match request")
        for place in stride(from: 0, to: token.utf8.count, by: 7) {
            var bytes = Array(token.utf8)
            bytes[place] = bytes[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(await wording(statement, "a", String(decoding: bytes, as: UTF8.self)) == "Invalid NextToken")
        }
        for broken in ["A", "AAAA", "not base64", String(token.dropLast(4)), token + "AAAA"] {
            #expect(await wording(statement, "a", broken) == "Invalid NextToken")
        }
    }

    /// Whoever knows how tokens are made can make one: it is looked at as any other input.
    @Test func `a computed token is answered or refused, whatever its key`() async throws {
        let fixture = try await Self.fixture()
        let seed = SeededRandomSource.testSeed(0x70CE)
        var random = SeededGenerator(seed: seed)
        for statement in [
            "SELECT * FROM items WHERE pk IN ['a', 'b']", "SELECT * FROM items.\"global\"", "SELECT * FROM items",
        ] {
            let token = try await fixture.execute(statement) { $0.limit = 1 }.nextToken ?? ""
            let made = Base64.decode(token.utf8)?.dropLast(16) ?? []
            for _ in 0..<500 {
                var bytes = Array(made)
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    let place = Int.random(in: 1..<bytes.count, using: &random)
                    if (3..<19).contains(place) { continue }
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                    case 1 where place > 19: bytes.remove(at: place)
                    default: bytes.insert(UInt8.random(in: 0...3, using: &random), at: max(place, 19))
                    }
                }
                var digest = RequestDigest()
                digest.add(Base64.encode(bytes))
                let text = Base64.encode(bytes + digest.bytes.prefix(16))
                let wording = await fixture.statementWording(statement) { $0.nextToken = text }
                #expect(wording == nil || wording == "Invalid NextToken", "seed \(seed), token \(text)")
            }
        }
    }

    @Test func `a read is charged as that of its own operation`() async throws {
        let fixture = try await Self.fixture()
        func consumed(_ statement: String, isConsistent: Bool = false) async throws(ServiceError) -> String? {
            let answer = try await fixture.execute(statement) {
                $0.returnConsumedCapacity = .indexes
                $0.consistentRead = isConsistent
            }
            return shown(answer.consumedCapacity)
        }
        #expect(try await consumed("SELECT * FROM items WHERE pk = 'a'") == "items 0.5, table 0.5")
        #expect(try await consumed("SELECT * FROM items WHERE pk = 'a'", isConsistent: true) == "items 1.0, table 1.0")
        #expect(
            try await consumed("SELECT * FROM items.whole WHERE gp = 'g'") == "items 0.5, table 0.0, global whole 0.5"
        )
    }

    @Test func `one item is one page, also with a limit of one`() async throws {
        let fixture = try await Self.fixture()
        let answer = try await fixture.execute("SELECT * FROM items WHERE pk = 'a' AND sk = 1") { $0.limit = 1 }
        #expect(answer.items?.count == 1)
        #expect(answer.nextToken == nil)
        #expect(answer.lastEvaluatedKey == nil)
    }
}
