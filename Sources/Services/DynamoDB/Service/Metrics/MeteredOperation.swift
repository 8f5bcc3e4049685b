internal import DynamoDBModel
internal import DynamoDBStreamsModel
internal import Primitives
internal import ServiceModel

/// The operations that CloudWatch has metrics of, and what they say of the tables that they work on.
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

    /// The name of the dimension that tells requests of this operation further apart; nil where there is none.
    var qualifierName: String? {
        switch self {
        case .executeStatement: "Verb"
        case .batchExecuteStatement, .executeTransaction: "OperationType"
        case .getRecords: "StreamLabel"
        default: nil
        }
    }

    /// The name or the ARN of the one table of a request; nil for requests of other operations.
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

    /// Tables in the order of what a batch or a transaction has of them; the same one may come more than once.
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

    /// The statements of PartiQL that a request has.
    func statements(_ input: any DecodedInput) -> [String] {
        switch input.shape {
        case let input as ExecuteStatementInput: [input.statement]
        case let input as BatchExecuteStatementInput: input.statements.map(\.statement)
        case let input as ExecuteTransactionInput: input.transactStatements.map(\.statement)
        default: []
        }
    }

    /// How many items, or records of a stream, were returned; nil for operations of which that is not counted.
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
    /// A table as a request names it that was answered: the name is a lawful one of this account and region.
    init(answered name: String, _ context: RequestContext) {
        guard name.hasPrefix("arn:"), let slash = name.utf8.lastIndex(of: UInt8(ascii: "/")) else {
            self.init(account: context.account, region: context.region, name: name)
            return
        }
        let rest = name[name.utf8.index(after: slash)...]
        self.init(account: context.account, region: context.region, name: String(rest))
    }
}
