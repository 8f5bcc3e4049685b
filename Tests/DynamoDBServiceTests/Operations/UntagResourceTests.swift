import DynamoDBModel
import DynamoDBService
import Primitives
import ServiceModel
import Testing

private let arn = tableARN("table")

struct UntagResourceTests {
    @Test func `the named tags go, and keys that are not there do no harm`() async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput { $0.tags = numberedTags(1...3) })
        try await fixture.untag(arn, ["k1", "k3", "absent"])
        #expect(try await fixture.tags(arn) == ["k2="])
        try await fixture.untag(arn, ["K2"])
        #expect(try await fixture.tags(arn) == ["k2="])
    }

    @Test(arguments: RefusedARN.forTags)
    func `an ARN that names no table of the caller's is refused`(_ refused: RefusedARN) async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        let refusal = await #expect(throws: ServiceError.self) { try await fixture.untag(refused.arn, ["a"]) }
        #expect(refusal?.code == refused.code)
        #expect(refusal?.message == refused.message)
    }

    @Test(
        arguments: [
            ([], "Atleast one Tag Key needs to be provided as Input."),
            ([""], "The Tag Key provided is invalid, Key: "),
            (["aws:foo"], "Tag Key cannot be prefixed with aws:, Key: aws:foo"),
            (
                (1...51).map { "k\($0)" }, "Number of Tags exceed the current limit for the provided ResourceArn"
            ),
        ] as [([String], String)])
    func `wrong keys are refused`(_ keys: [String], _ sentence: String) async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput { $0.tags = numberedTags(1...1) })
        let refusal = await #expect(throws: ServiceError.self) { try await fixture.untag(arn, keys) }
        #expect(refusal?.code == "ValidationException")
        #expect(refusal?.message == sentence)
        #expect(try await fixture.tags(arn) == ["k1="])
    }

    @Test func `the access has the keys as a condition key`() {
        let fixture = TableFixture()
        #expect(
            fixture.service.access(UntagResourceInput(resourceARN: arn, tagKeys: ["a"]), fixture.context) == [
                ResourceAccess(
                    action: "dynamodb:UntagResource", resource: arn, conditionKeys: ["aws:TagKeys": ["a"]])
            ]
        )
    }
}
