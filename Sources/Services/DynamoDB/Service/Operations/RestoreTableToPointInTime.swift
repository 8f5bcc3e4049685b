package import DynamoDBModel
internal import Primitives
package import ServiceModel
internal import WireProtocols

extension DynamoDBService {
    /// - Source: Service Authorization Reference: the action is on the source; the items are written to the new table.
    package func access(_ input: RestoreTableToPointInTimeInput, _ context: RequestContext) -> [ResourceAccess] {
        let source = input.sourceTableARN ?? input.sourceTableName ?? ""
        let actions = [
            "RestoreTableToPointInTime", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan",
            "UpdateItem",
        ]
        return [ResourceAccess(action: "dynamodb:RestoreTableToPointInTime", resource: context.tableARN(source))]
            + actions.map {
                ResourceAccess(action: "dynamodb:\($0)", resource: context.tableARN(input.targetTableName))
            }
    }

    /// Order of checks: the parameters, the encryption in another region, the source, its recovery, the moment, the
    /// overrides, the number of restores, the new table's name.
    package func restoreTableToPointInTime(
        _ input: RestoreTableToPointInTimeInput, _ context: RequestContext
    ) async throws(ServiceError) -> RestoreTableToPointInTimeOutput {
        let target = try TableReference(input.targetTableName, context)
        let reference = try Self.source(input, context)
        let latest = input.useLatestRestorableTime == true
        guard latest != (input.restoreDateTime != nil) else {
            let refusal =
                latest
                ? "Both RestoreDateTime and UseLatestRestorableTime cannot be set for point-in-time restore request. "
                    + "Please specify either RestoreDateTime time or UseLatestRestorableTime"
                : "Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both"
            throw .validation("Invalid Request: \(refusal)")
        }
        let overrides = RestoreOverrides(
            billingMode: input.billingModeOverride,
            globalIndexes: input.globalSecondaryIndexOverride,
            localIndexes: input.localSecondaryIndexOverride,
            throughput: input.provisionedThroughputOverride,
            onDemandThroughput: input.onDemandThroughputOverride,
            encryption: input.sseSpecificationOverride,
            vectorIndexes: input.vectorIndexOverride
        )
        try overrides.check(from: reference.region, to: target.region)
        let seen = try await self.recoverable(reference)
        let now = self.clock.now()
        let moment = try Self.moment(input.restoreDateTime, seen.descriptor, now)
        let origin = RestoreOrigin(backupARN: nil, tableARN: seen.descriptor.arn, moment: moment ?? now)
        let plan = try RestorePlan(overrides, of: seen.descriptor, origin, context)
        let copy = try await self.catalog.newNumber()
        let restored = try await self.beginRestore(target, plan) { (number) async throws(ServiceError) in
            let source = try await self.recoverable(reference)
            let restore = RestoreDescriptor(
                target: target,
                targetNumber: number,
                source: source.descriptor,
                contents: source.descriptor.number,
                copy: copy,
                moment: try Self.moment(input.restoreDateTime, source.descriptor, now)
            )
            let (check, write) = source.beginningCopy(copy, since: moment ?? now)
            return (restore, [check], [write])
        }
        return RestoreTableToPointInTimeOutput(tableDescription: restored.description(.creating))
    }

    /// - Returns: nil for the latest moment, which is that of the commit that starts the restore: more commits may
    ///   still occur in this millisecond.
    private static func moment(
        _ given: Timestamp?, _ table: TableDescriptor, _ now: Timestamp
    ) throws(ServiceError) -> Timestamp? {
        guard let given else { return nil }
        let earliest = table.recovery?.earliest(at: now) ?? now
        guard earliest <= given, given <= now else {
            throw DynamoDBError.invalidRestoreTime(
                message: "RestoreDateTime '\(Self.text(given))' must be within EarliestRestorableDateTime "
                    + "'\(Self.text(earliest))' and LatestRestorableDateTime '\(Self.text(now))'"
            )
        }
        return given == now ? nil : given
    }

    /// The form of a time in the sentence above, to the second.
    private static func text(_ time: Timestamp) -> String {
        TimestampText.string(Timestamp(millisecondsSinceEpoch: time.secondsSinceEpoch * 1000), as: .dateTime)
    }

    private static func source(
        _ input: RestoreTableToPointInTimeInput, _ context: RequestContext
    ) throws(ServiceError) -> TableReference {
        switch (input.sourceTableName, input.sourceTableARN) {
        case (let name?, nil): return try TableReference(name, context)
        case (nil, let arn?):
            guard arn.hasPrefix("arn:") else {
                throw .validation("One or more parameter values were invalid: sourceTableArn is not a valid ARN")
            }
            return try Self.source(arn: arn, context)
        case (nil, nil):
            throw .validation("The parameter 'TableName' is required but was not present in the request")
        default:
            throw .validation(
                "One or more parameter values were invalid: Must provide exactly one of: sourceTableArn, "
                    + "sourceTableName"
            )
        }
    }

    /// A table of this account in any region; its items are read there.
    private static func source(
        arn text: String, _ context: RequestContext
    ) throws(ServiceError) -> TableReference {
        guard let arn = ARN(text) else { return try TableReference(text, context) }
        guard arn.account == context.account.description else {
            throw .validation("This action is only supported by accounts that match the resource owner’s account.")
        }
        guard ReplicaRule.regions(in: context.region.partition).contains(arn.region), let region = Region(arn.region)
        else { return try TableReference(text, context) }
        // Everything except the region is checked, with the errors for an ARN of this region.
        var here = arn
        here.region = context.region.description
        let table = try TableReference(here.description, context)
        return TableReference(account: table.account, region: region, name: table.name)
    }
}
