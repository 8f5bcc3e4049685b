import DynamoDBModel
import DynamoDBService
import ServiceModel

extension TableFixture {
    func tag(_ arn: String, _ tags: [DynamoDBModel.Tag]) async throws(ServiceError) {
        _ = try await self.service.tagResource(TagResourceInput(resourceARN: arn, tags: tags), self.context)
    }

    func untag(_ arn: String, _ keys: [String]) async throws(ServiceError) {
        _ = try await self.service.untagResource(UntagResourceInput(resourceARN: arn, tagKeys: keys), self.context)
    }

    func tags(_ arn: String, token: String? = nil) async throws(ServiceError) -> [String] {
        let input = ListTagsOfResourceInput(resourceARN: arn, nextToken: token)
        let answer = try await self.service.listTagsOfResource(input, self.context)
        return (answer.tags ?? []).map { "\($0.key ?? "")=\($0.value ?? "")" }
    }
}

/// Tags with keys of that number and no values.
func numberedTags(_ numbers: ClosedRange<Int>) -> [DynamoDBModel.Tag] {
    numbers.map { Tag(key: "k\($0)", value: "") }
}
