import DynamoDBModel
import Testing

private let invalid = "One or more parameter values were invalid: "

/// A table with the key `pk`, `sk`, the attributes `a` and `b`, and these indexes.
private func indexed(
    local: [LocalSecondaryIndex]? = nil, global: [GlobalSecondaryIndex]? = nil, _ names: String...
) -> CreateTableInput {
    let definitions = ["pk", "sk"] + names
    return tableInput(
        "table",
        definitions.map { AttributeDefinition(attributeName: $0, attributeType: .s) },
        [hash("pk"), range("sk")]
    ) {
        $0.localSecondaryIndexes = local
        $0.globalSecondaryIndexes = global
    }
}

/// What CreateTable demands of secondary indexes.
struct IndexRuleTests {
    @Test(
        arguments: [
            (indexed(local: []), invalid + "List of LocalSecondaryIndexes is empty"),
            (indexed(global: []), invalid + "List of GlobalSecondaryIndexes is empty"),
            (
                indexed(global: [globalIndex("one", [hash("q")])]),
                invalid + "Some index key attributes are not defined in AttributeDefinitions. Keys: [q], "
                    + "AttributeDefinitions: [pk, sk]"
            ),
            (
                indexed(global: [globalIndex("one", [hash("a")], DynamoDBModel.Projection())], "a", "b", "c"),
                invalid + "Some AttributeDefinitions are not used. AttributeDefinitions: [pk, sk, a, b, c], "
                    + "keys used: [pk, sk, a]"
            ),
            (
                tableInput { $0.localSecondaryIndexes = [localIndex("one", [hash("pk"), range("pk")])] },
                invalid + "Table KeySchema does not have a range key, which is required when specifying a "
                    + "LocalSecondaryIndex"
            ),
            (
                indexed(local: [localIndex("one", [hash("pk")])]),
                invalid + "Index KeySchema does not have a range key for index: one"
            ),
            (
                indexed(local: [localIndex("one", [hash("a"), range("sk")])], "a"),
                invalid + "Index KeySchema does not have the same leading hash key as table KeySchema for index: one. "
                    + "index hash key: a, table hash key: pk"
            ),
            (
                indexed(local: [localIndex("one", [hash("pk"), hash("sk")])]),
                "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
            ),
            (
                indexed(
                    global: (0..<6).map { number in
                        globalIndex(
                            "index-\(number)", [hash("a")],
                            DynamoDBModel.Projection(
                                projectionType: .include,
                                nonKeyAttributes: (0..<(number < 5 ? 20 : 1)).map { "n\($0)" }))
                    }, "a"),
                invalid + "Number of NonKeyAttributes exceeds per-table limit of 100"
            ),
            (
                indexed(
                    local: [localIndex("same", [hash("pk"), range("sk")])],
                    global: [globalIndex("same", [hash("pk")])]),
                invalid + "Duplicate index name: same"
            ),
            (
                indexed(global: [globalIndex("one", [range("a")])], "a"),
                "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
            ),
            (
                indexed(global: [globalIndex("one", [hash("a"), range("a")])], "a"),
                "Both the Hash Key and the Range Key element in the KeySchema have the same name"
            ),
            (
                indexed(global: [globalIndex("one", [hash("a"), hash("a"), range("b")])], "a", "b"),
                "The KeySchema contains multiple key attributes with the same name"
            ),
            (
                indexed(global: [globalIndex("one", [hash("a"), range("b"), hash("pk")])], "a", "b"),
                invalid + "All HASH key attributes must precede RANGE key attributes in the KeySchema"
            ),
        ] as [(CreateTableInput, String)])
    func `an index must fit its table`(_ input: CreateTableInput, _ sentence: String) async {
        #expect(await TableFixture().refusal(input) == sentence)
    }

    @Test(arguments: [
        (DynamoDBModel.Projection(), "Unknown ProjectionType: null"),
        (
            DynamoDBModel.Projection(projectionType: .include),
            "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"
        ),
        (
            DynamoDBModel.Projection(projectionType: .keysOnly, nonKeyAttributes: ["x"]),
            "ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified"
        ),
        (
            DynamoDBModel.Projection(projectionType: .all, nonKeyAttributes: ["x"]),
            "ProjectionType is ALL, but NonKeyAttributes is specified"
        ),
        (
            DynamoDBModel.Projection(projectionType: .include, nonKeyAttributes: ["x", "y", "x"]),
            "Duplicate element in NonKeyAttributes: x"
        ),
    ])
    func `a projection must be whole`(_ projection: DynamoDBModel.Projection, _ detail: String) async {
        let global = indexed(global: [globalIndex("one", [hash("sk")], projection)])
        let local = indexed(local: [localIndex("one", [hash("pk"), range("sk")], projection)])
        #expect(await TableFixture().refusal(global) == invalid + detail)
        #expect(await TableFixture().refusal(local) == invalid + detail)
    }

    @Test func `a global index has up to four attributes of each kind`() async throws {
        let names = ["h1", "h2", "h3", "h4", "h5", "r1", "r2", "r3", "r4", "r5"]
        func input(hashes: Int, ranges: Int) -> CreateTableInput {
            let hashNames = names.prefix(hashes)
            let rangeNames = names.dropFirst(5).prefix(ranges)
            return tableInput(
                "table",
                (["pk"] + hashNames + rangeNames).map { AttributeDefinition(attributeName: $0, attributeType: .s) },
                [hash("pk")]
            ) {
                $0.globalSecondaryIndexes = [globalIndex("one", hashNames.map(hash) + rangeNames.map(range))]
            }
        }
        let table = try await TableFixture().create(input(hashes: 4, ranges: 4))
        #expect(
            table?.globalSecondaryIndexes?.first?.keySchema?.map(\.attributeName)
                == ["h1", "h2", "h3", "h4", "r1", "r2", "r3", "r4"]
        )
        let tooMany = invalid + "The KeySchema exceeds the maximum allowed number of "
        #expect(await TableFixture().refusal(input(hashes: 5, ranges: 1)) == tooMany + "HASH key attributes")
        #expect(await TableFixture().refusal(input(hashes: 1, ranges: 5)) == tooMany + "RANGE key attributes")
    }

    @Test func `a table has five local and twenty global indexes at most`() async throws {
        func local(_ count: Int) -> CreateTableInput {
            indexed(local: (1...count).map { localIndex("local-\($0)", [hash("pk"), range("sk")]) })
        }
        func global(_ count: Int) -> CreateTableInput {
            indexed(global: (1...count).map { globalIndex("global-\($0)", [hash("sk")]) })
        }
        #expect(try await TableFixture().create(local(5))?.localSecondaryIndexes?.count == 5)
        #expect(try await TableFixture().create(global(20))?.globalSecondaryIndexes?.count == 20)
        #expect(
            await TableFixture().refusal(local(6))
                == invalid + "Number of LocalSecondaryIndexes exceeds per-table limit of 5"
        )
        #expect(
            await TableFixture().refusal(global(21))
                == invalid + "GlobalSecondaryIndex count exceeds the per-table limit of 20"
        )
    }

    @Test func `a local index's key has two attributes at most`() async {
        let input = indexed(local: [localIndex("one", [hash("pk"), range("sk"), range("a")])], "a")
        let sentence = await TableFixture().refusal(input)
        #expect(sentence?.hasPrefix("1 validation error detected: Value '[KeySchemaElement(") == true)
        #expect(
            sentence?.hasSuffix(
                "at 'localSecondaryIndexes.1.member.keySchema' failed to satisfy constraint: "
                    + "Member must have length less than or equal to 2"
            ) == true
        )
    }
}
