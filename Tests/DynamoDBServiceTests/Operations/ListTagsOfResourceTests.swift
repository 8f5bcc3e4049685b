import DynamoDBModel
import DynamoDBService
import ServiceModel
import Testing

private let arn = tableARN("table")

struct ListTagsOfResourceTests {
    @Test func `the tags of CreateTable are there, up to 50 in one answer`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput { $0.tags = numberedTags(1...50) })
        #expect(try await fixture.tags(arn).count == 50)
        try await fixture.create(tableInput("plain"))
        #expect(try await fixture.tags(tableARN("plain")) == [])
    }

    @Test func `a token that no answer gave is passed over`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput { $0.tags = numberedTags(1...2) })
        #expect(try await fixture.tags(arn, token: "x").count == 2)
    }

    @Test(arguments: RefusedARN.forTags)
    func `an ARN that names no table of the caller's is refused`(_ refused: RefusedARN) async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let refusal = await #expect(throws: ServiceError.self) { try await fixture.tags(refused.arn) }
        #expect(refusal?.code == refused.code)
        #expect(refusal?.message == refused.message)
    }

    @Test func `the access is to the resource that is named`() {
        let fixture = TableFixture()
        #expect(
            fixture.service.access(ListTagsOfResourceInput(resourceARN: arn), fixture.context)
                == [ResourceAccess(action: "dynamodb:ListTagsOfResource", resource: arn)]
        )
    }
}
