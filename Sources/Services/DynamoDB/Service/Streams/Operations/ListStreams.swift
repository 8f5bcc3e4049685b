package import DynamoDBStreamsModel
package import ServiceModel

extension DynamoDBStreamsService {
    /// The default and the limit of streams in one answer: "The upper limit is 100."
    static let listedStreamsMax = 100

    package func access(_ input: ListStreamsInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:ListStreams", resource: "*")]
    }

    package func listStreams(
        _ input: ListStreamsInput, _ context: RequestContext
    ) async throws(ServiceError) -> ListStreamsOutput {
        let limit = try StreamLimit.check(input.limit, max: Self.listedStreamsMax)
        var after: StreamNotes.Name?
        if let arn = input.exclusiveStartStreamARN { after = try StreamNotes.Name(arn: arn, context) }
        let range =
            input.tableName.map {
                StreamNotes.all(of: TableReference(account: context.account, region: context.region, name: $0))
            } ?? StreamNotes.all(context.account, context.region)
        let (names, hasMore) = try await self.streams.names(
            range, after: after, limit: limit, at: try await self.streams.now())
        return ListStreamsOutput(
            streams: names.map { Stream(streamARN: $0.arn, tableName: $0.table.name, streamLabel: $0.label) },
            lastEvaluatedStreamARN: hasMore ? names.last?.arn : nil
        )
    }
}
