internal import DynamoDBModel
internal import DynamoDBStreamsModel
internal import Primitives
internal import ServiceModel

/// The operations that have CloudWatch metrics, and the tables that their requests are about.
///
/// - Source: DynamoDB Developer Guide, "DynamoDB metrics and dimensions", `Operation`; SearchVectors is newer than that
///   list.
enum MeteredOperation: UInt8, Sendable, Hashable, CaseIterable {
    case getItem, putItem, updateItem, deleteItem, query, scan, searchVectors, batchGetItem, batchWriteItem
    case transactGetItems, transactWriteItems, executeStatement, batchExecuteStatement, executeTransaction
    /// Of DynamoDB Streams.
    case getRecords

    /// - Returns: nil for operations without metrics.
    init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    var name: String {
        switch self {
        case .getItem: "GetItem"
        case .putItem: "PutItem"
        case .updateItem: "UpdateItem"
        case .deleteItem: "DeleteItem"
        case .query: "Query"
        case .scan: "Scan"
        case .searchVectors: "SearchVectors"
        case .batchGetItem: "BatchGetItem"
        case .batchWriteItem: "BatchWriteItem"
        case .transactGetItems: "TransactGetItems"
        case .transactWriteItems: "TransactWriteItems"
        case .executeStatement: "ExecuteStatement"
        case .batchExecuteStatement: "BatchExecuteStatement"
        case .executeTransaction: "ExecuteTransaction"
        case .getRecords: "GetRecords"
        }
    }

    /// The name of the additional dimension of this operation's metrics; nil when it has none.
    var qualifierName: String? {
        switch self {
        case .executeStatement: "Verb"
        case .batchExecuteStatement, .executeTransaction: "OperationType"
        case .getRecords: "StreamLabel"
        default: nil
        }
    }

    /// The name or the ARN of a request's only table; nil for operations on several tables.
    ///
    /// - Complexity: one cast of the input, and no allocation.
    func table(_ input: any DecodedInput) -> String? {
        switch self {
        case .getItem: (input as? Decoded<GetItemInput>)?.value.tableName
        case .putItem: (input as? Decoded<PutItemInput>)?.value.tableName
        case .updateItem: (input as? Decoded<UpdateItemInput>)?.value.tableName
        case .deleteItem: (input as? Decoded<DeleteItemInput>)?.value.tableName
        case .query: (input as? Decoded<QueryInput>)?.value.tableName
        case .scan: (input as? Decoded<ScanInput>)?.value.tableName
        case .searchVectors: (input as? Decoded<SearchVectorsInput>)?.value.tableName
        default: nil
        }
    }

    /// The tables of a batch or a transaction, in the order of its members; duplicates are possible.
    func tables(_ input: any DecodedInput) -> [String] {
        switch input.shape {
        case let input as BatchGetItemInput: Array(input.requestItems.keys)
        case let input as BatchWriteItemInput: Array(input.requestItems.keys)
        case let input as TransactGetItemsInput: input.transactItems.map(\.get.tableName)
        case let input as TransactWriteItemsInput:
            input.transactItems.map { item in
                item.put?.tableName ?? item.update?.tableName ?? item.delete?.tableName
                    ?? item.conditionCheck?.tableName ?? ""
            }
        default: []
        }
    }

    /// The PartiQL statements of a request.
    func statements(_ input: any DecodedInput) -> [String] {
        switch input.shape {
        case let input as ExecuteStatementInput: [input.statement]
        case let input as BatchExecuteStatementInput: input.statements.map(\.statement)
        case let input as ExecuteTransactionInput: input.transactStatements.map(\.statement)
        default: []
        }
    }

    /// How many items or stream records were returned; nil for operations without this metric.
    func returnedCount(_ output: any WritableShape) -> Int? {
        switch self {
        case .query: (output as? QueryOutput)?.count
        case .scan: (output as? ScanOutput)?.count
        case .executeStatement: (output as? ExecuteStatementOutput)?.items?.count
        case .getRecords: (output as? GetRecordsOutput)?.records?.count ?? 0
        default: nil
        }
    }
}

extension TableReference {
    /// The table of a request that succeeded: its name is valid, and it is of this account and region.
    init(answered name: String, _ context: RequestContext) {
        guard name.hasPrefix("arn:"), let slash = name.utf8.lastIndex(of: UInt8(ascii: "/")) else {
            self.init(account: context.account, region: context.region, name: name)
            return
        }
        let rest = name[name.utf8.index(after: slash)...]
        self.init(account: context.account, region: context.region, name: String(rest))
    }
}
