package import DynamoDBModel
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: UpdateContributorInsightsInput, _ context: RequestContext) -> [ResourceAccess] {
        let table = context.tableARN(input.tableName)
        let resource = input.indexName.map { "\(table)/index/\($0)" } ?? table
        return [ResourceAccess(action: "dynamodb:UpdateContributorInsights", resource: resource)]
    }

    /// The setting has changed when the answer is sent, which says ENABLING or DISABLING, as AWS's does. If nothing
    /// changes, the answer shows the final status. Enabling without a mode means both accessed and throttled keys, even
    /// if a narrower mode was set before.
    package func updateContributorInsights(
        _ input: UpdateContributorInsightsInput, _ context: RequestContext
    ) async throws(ServiceError) -> UpdateContributorInsightsOutput {
        let reference = try TableReference(input.tableName, context)
        if let name = input.indexName { try TableReference.check(name, at: "indexName", .sentence("IndexName")) }
        let now = self.clock.now()
        let wanted = input.contributorInsightsMode ?? .accessedAndThrottledKeys
        let isWanted = input.contributorInsightsAction == .enable
        if isWanted { try await self.checkInsightsState(reference, input.indexName, at: now) }
        let (table, status) = try await self.catalog.update(reference) {
            (table, _) throws(ServiceError) -> ContributorInsightsStatus in
            var setting = try table.insightsSetting(of: input.indexName)
            guard isWanted else {
                guard setting?.isEnabled == true else { return .disabled }
                setting?.isEnabled = false
                setting?.changed = now
                table.insights[input.indexName] = setting
                return .disabling
            }
            if let present = setting, present.isEnabled {
                guard present.mode != wanted else { return .enabled }
                setting?.mode = wanted
                setting?.changed = now
            } else {
                setting = ContributorInsights.Setting(isEnabled: true, mode: wanted, enabled: now, changed: now)
            }
            table.insights[input.indexName] = setting
            return .enabling
        }
        return UpdateContributorInsightsOutput(
            tableName: table.name,
            indexName: input.indexName,
            contributorInsightsStatus: status,
            contributorInsightsMode: table.insights[input.indexName]?.mode
        )
    }

    private func checkInsightsState(
        _ reference: TableReference, _ index: String?, at now: Timestamp
    ) async throws(ServiceError) {
        guard let table = try await self.catalog.snapshot(reference)?.descriptor else { return }
        let status = table.status(at: now)
        let isTableReady = status != .creating && status != .deleting
        let isIndexCreating = index.flatMap { table.index($0) }?.state == .creating
        guard isTableReady, !isIndexCreating else {
            throw .validation(
                "Table or Index is not in a valid state to update Key Access Insights: "
                    + "\(isTableReady ? "IndexStatus" : "TableStatus") must be ACTIVE to enable ContributorInsights.")
        }
    }
}
