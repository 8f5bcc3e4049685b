internal import DynamoDBModel
internal import Primitives
internal import ServiceModel

/// The resources that an UpdateTable request accesses in the regions of replicas.
///
/// - Source: DynamoDB Developer Guide, "DynamoDB global tables security"; the API Reference names the action of each
///   kind of update ("This request invokes the CreateTableReplica action in the destination Region").
enum ReplicaAccess {
    private static let creation = [
        "CreateTable", "CreateTableReplica", "Query", "Scan", "UpdateItem", "PutItem", "GetItem", "DeleteItem",
        "BatchWriteItem",
    ]
    private static let deletion = ["DeleteTable", "DeleteTableReplica"]

    static func resources(_ input: UpdateTableInput, _ context: RequestContext) -> [ResourceAccess] {
        (input.replicaUpdates ?? []).flatMap { update in
            self.resources(self.creation, update.create?.regionName, input, context)
                + self.resources(["UpdateTable"], update.update?.regionName, input, context)
                + self.resources(self.deletion, update.delete?.regionName, input, context)
                + self.resources(["DisassociateTableReplica"], update.disassociate?.regionName, input, context)
        }
    }

    private static func resources(
        _ actions: [String], _ region: String?, _ input: UpdateTableInput, _ context: RequestContext
    ) -> [ResourceAccess] {
        guard let region, var arn = ARN(context.tableARN(input.tableName)) else { return [] }
        arn.region = region
        return actions.map { ResourceAccess(action: "dynamodb:\($0)", resource: arn.description) }
    }
}
