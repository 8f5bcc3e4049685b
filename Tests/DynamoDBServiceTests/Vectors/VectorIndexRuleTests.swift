import DynamoDBModel
import DynamoDBService
import Testing

private let invalid = "One or more parameter values were invalid: "

/// A table with the key `pk` and vector indexes.
private func vectors(
    _ indexes: [VectorIndex], defined names: [String] = ["pk"], _ change: (inout CreateTableInput) -> Void = { _ in }
) -> CreateTableInput {
    var input = CreateTableInput(
        attributeDefinitions: names.map { AttributeDefinition(attributeName: $0, attributeType: .s) },
        tableName: "vectors",
        keySchema: [hash("pk")],
        billingMode: .payPerRequest,
        vectorIndexes: indexes
    )
    change(&input)
    return input
}

private func index(
    _ name: String = "near", dimensions: Int = 2, schema: [SearchSchemaElement]? = nil, on attribute: String = "v"
) -> VectorIndex {
    VectorIndex(
        indexName: name,
        vectorAttribute: VectorAttributeDefinition(attributeName: attribute),
        searchSchema: schema,
        projection: Projection(projectionType: .all),
        dimensions: dimensions,
        distanceFunction: .cosine
    )
}

private func element(_ name: String, _ type: SearchSchemaElementType) -> SearchSchemaElement {
    SearchSchemaElement(attributeName: name, searchSchemaElementType: type)
}

/// What CreateTable demands of vector indexes.
struct VectorIndexRuleTests {
    @Test(
        arguments: [
            (vectors([]), invalid + "List of VectorIndexes is empty"),
            (
                vectors([index()]) {
                    $0.billingMode = .provisioned
                    $0.provisionedThroughput = ProvisionedThroughput(readCapacityUnits: 1, writeCapacityUnits: 1)
                },
                invalid + "Vector indexes are supported only on tables whose BillingMode is PAY_PER_REQUEST"
            ),
            (
                vectors((0..<6).map { index("near\($0)") }),
                invalid + "VectorIndex count exceeds the per-table limit of 5"
            ),
            (vectors([index(), index()]), invalid + "Duplicate index name: near"),
            (
                vectors([index(dimensions: 4097)]),
                invalid + "Dimensions must be between 1 and 4096 for index: near"
            ),
            (
                vectors([index(), index("far", dimensions: 3)]),
                invalid + "Vector indexes on the attribute v must have the same number of dimensions"
            ),
            (
                vectors([index(schema: [element("shelf", .hash)])]),
                "One element in SearchSchema is not defined in attribute definitions"
            ),
            (
                vectors([index(schema: [element("a", .hash), element("b", .hash)])], defined: ["pk", "a", "b"]),
                invalid + "SearchSchema has more than one HASH key for index: near"
            ),
            (
                vectors([index(schema: [element("a", .hash), element("a", .inlineFilter)])], defined: ["pk", "a"]),
                invalid + "Duplicate element in SearchSchema: a"
            ),
            (
                vectors([index()], defined: ["pk", "unused"]),
                invalid
                    + "Some AttributeDefinitions are not used. AttributeDefinitions: [pk, unused], keys used: [pk]"
            ),
        ] as [(CreateTableInput, String)])
    func `an index that cannot be is refused`(_ input: CreateTableInput, _ sentence: String) async {
        #expect(await TableFixture().refusal(input) == sentence)
    }

    @Test func `attributes whose names only look alike may have vectors of different sizes`() async {
        let indexes = [index(on: "\u{E9}"), index("far", dimensions: 3, on: "e\u{301}")]
        #expect(await TableFixture().refusal(vectors(indexes)) == nil)
    }

    @Test func `an index is kept and described as it was asked for`() async throws {
        let fixture = TableFixture()
        let schema = [element("shelf", .hash), element("year", .inlineFilter)]
        try await fixture.create(
            vectors([index(dimensions: 4096, schema: schema)], defined: ["pk", "shelf", "year"]))
        let input = DescribeTableInput(tableName: "vectors")
        let table = try await fixture.service.describeTable(input, fixture.context).table
        let described = try #require(table?.vectorIndexes?.first)
        #expect(described.indexName == "near")
        #expect(described.dimensions == 4096)
        #expect(described.distanceFunction == .cosine)
        #expect(described.searchSchema?.map(\.attributeName) == ["shelf", "year"])
        #expect(described.indexStatus == .active)
        #expect(described.indexARN == "\(table?.tableARN ?? "")/index/near")
    }
}
