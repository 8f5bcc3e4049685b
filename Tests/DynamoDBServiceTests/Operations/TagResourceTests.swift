import DynamoDBModel
import DynamoDBService
import Primitives
import ServiceModel
import Testing

private let arn = tableARN("table")

struct TagResourceTests {
    @Test func `tags are added, and a key that is there gets its new value`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput { $0.tags = [Tag(key: "a", value: "1"), Tag(key: "b", value: "2")] })
        try await fixture.tag(arn, [Tag(key: "b", value: "3"), Tag(key: "A", value: ""), Tag(key: "ключ", value: "表")])
        #expect(try await fixture.tags(arn) == ["a=1", "b=3", "A=", "ключ=表"])
    }

    @Test func `tags outlive the service, and go with their table`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        try await fixture.tag(arn, [Tag(key: "a", value: "1")])
        #expect(try await TableFixture(store: fixture.store).tags(arn) == ["a=1"])
        try await fixture.delete("table")
        try await fixture.create(tableInput())
        #expect(try await fixture.tags(arn) == [])
    }

    @Test(arguments: RefusedARN.forTags)
    func `an ARN that names no table of the caller's is refused`(_ refused: RefusedARN) async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let refusal = await #expect(throws: ServiceError.self) {
            try await fixture.tag(refused.arn, [Tag(key: "a", value: "1")])
        }
        #expect(refusal?.code == refused.code)
        #expect(refusal?.message == refused.message)
        #expect(refusal?.status == 400)
    }

    @Test(
        arguments: [
            ([], "Atleast one Tag needs to be provided as Input."),
            ([Tag(value: "v")], "The Tag Key provided is invalid, Key: null"),
            ([Tag(key: "k")], "The Tag Value provided is invalid, Value: null"),
            ([Tag(key: "", value: "")], "The Tag Key provided is invalid, Key: "),
            ([Tag(key: "bad#char", value: "")], "The Tag Key provided is invalid, Key: bad#char"),
            ([Tag(key: "k", value: "100%")], "The Tag Value provided is invalid, Value: 100%"),
            ([Tag(key: "k", value: "🔑")], "The Tag Value provided is invalid, Value: 🔑"),
            ([Tag(key: "AWS:foo", value: "")], "Tag Key cannot be prefixed with aws:, Key: AWS:foo"),
            (
                [Tag(key: "dup", value: "1"), Tag(key: "dup", value: "2")],
                "Duplicate Tag Keys provided as input: Duplicate Tag Key found dup"
            ),
            (numberedTags(1...51), "Number of Tags exceed the current limit for the provided ResourceArn"),
        ] as [([DynamoDBModel.Tag], String)])
    func `one wrong tag refuses all of them`(_ tags: [DynamoDBModel.Tag], _ sentence: String) async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let given = tags.isEmpty ? [] : [Tag(key: "good", value: "")] + tags.prefix(50) + tags.dropFirst(50)
        let refusal = await #expect(throws: ServiceError.self) { try await fixture.tag(arn, given) }
        #expect(refusal?.code == "ValidationException")
        #expect(refusal?.message == sentence)
        #expect(try await fixture.tags(arn) == [])
    }

    @Test(arguments: [
        Tag(key: String(repeating: "k", count: 128), value: String(repeating: "v", count: 256)),
        Tag(key: "sp ace", value: "a b+c-d=e.f_g:h/i@j"), Tag(key: "myaws:foo", value: ""),
    ])
    func `what is within the limits is taken`(_ tag: DynamoDBModel.Tag) async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        try await fixture.tag(arn, [tag])
        #expect(try await fixture.tags(arn).count == 1)
    }

    @Test func `a table has 50 tags and no more, counted after the change`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        try await fixture.tag(arn, numberedTags(1...50))
        try await fixture.tag(arn, [Tag(key: "k7", value: "changed")])
        let refusal = await #expect(throws: ServiceError.self) {
            try await fixture.tag(arn, [Tag(key: "k8", value: "x"), Tag(key: "k51", value: "")])
        }
        #expect(refusal?.message == "Number of Tags exceed the current limit for the provided ResourceArn")
        let tags = try await fixture.tags(arn)
        #expect(tags.count == 50)
        #expect(tags[6...7] == ["k7=changed", "k8="])
    }

    @Test func `two writers lose no tag of each other`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...16 {
                group.addTask { try await fixture.tag(arn, numberedTags(number...number)) }
            }
            try await group.waitForAll()
        }
        #expect(try await fixture.tags(arn).count == 16)
    }

    @Test func `the access has the tags as condition keys`() {
        let fixture = TableFixture()
        let input = TagResourceInput(resourceARN: arn, tags: [Tag(key: "team", value: "red")])
        #expect(
            fixture.service.access(input, fixture.context) == [
                ResourceAccess(
                    action: "dynamodb:TagResource",
                    resource: arn,
                    conditionKeys: ["aws:TagKeys": ["team"], "aws:RequestTag/team": ["red"]]
                )
            ]
        )
    }
}
