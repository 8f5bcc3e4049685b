/// What is asked of the server, as a client of DynamoDB would ask it.
enum Scenario: CaseIterable {
    case getItem
    case putItem
    case updateItem
    /// All connections on one counter.
    case hotCounter
    case query
    case transactWriteItems

    private static let itemPartition = "item"
    private static let queryPartition = "list"
    private static let counterPartition = "hits"
    private static let hotPartition = "hot"
    private static let transactionPartition = "transaction"
    /// Transactions in turn, no two of which touch the same item: more than there are connections.
    private static let transactionCount = 128

    /// The operation, as AWS names it.
    var operation: String {
        switch self {
        case .getItem: "GetItem"
        case .putItem: "PutItem"
        case .updateItem, .hotCounter: "UpdateItem"
        case .query: "Query"
        case .transactWriteItems: "TransactWriteItems"
        }
    }

    /// The name of its row.
    var rowName: String {
        switch self {
        case .getItem, .putItem: self.operation
        case .updateItem: "UpdateItem counter"
        case .hotCounter: "UpdateItem of one counter"
        case .transactWriteItems: "TransactWriteItems of 4"
        case .query: "Query of \(Fixture.queryCount)"
        }
    }

    /// The name of the row in which the bare server answers the same requests with the same bytes.
    var bareName: String { "bare " + self.rowName }

    /// Whether that row is measured: for what has a bar.
    var hasBareTwin: Bool { self != .hotCounter }

    /// Bodies of PutItem for the items that GetItem and Query read.
    static var storedItems: [String] {
        let items = (0..<Fixture.itemCount).map { Fixture.put(partition: self.itemPartition, sort: $0, variant: 0) }
        let list = (0..<Fixture.queryCount).map { Fixture.put(partition: self.queryPartition, sort: $0, variant: 0) }
        return items + list
    }

    /// What a right answer contains, beside its status: a status alone would also be 200 for an item that is missing.
    var answerPart: String {
        switch self {
        case .getItem: #"{"Item":{"#
        case .putItem, .updateItem, .hotCounter, .transactWriteItems: "{}"
        case .query: #""Count":\#(Fixture.queryCount),"#
        }
    }

    /// Requests of the scenario, in turn.
    /// - Throws: only where the region of the fixture is none.
    func requests(port: UInt16) throws -> SignedRequests {
        let range = 0..<Fixture.itemCount
        let bodies: [String]
        switch self {
        case .getItem: bodies = range.map { Fixture.get(partition: Self.itemPartition, sort: $0) }
        case .putItem:
            bodies = (1...2).flatMap { variant in
                range.map { Fixture.put(partition: Self.itemPartition, sort: $0, variant: variant) }
            }
        case .updateItem: bodies = range.map { Fixture.count(partition: Self.counterPartition, sort: $0) }
        case .hotCounter: bodies = [Fixture.count(partition: Self.hotPartition, sort: 0)]
        case .query: bodies = [Fixture.query(partition: Self.queryPartition)]
        case .transactWriteItems:
            bodies = (1...2).flatMap { variant in
                (0..<Self.transactionCount).map {
                    Fixture.transaction(
                        partition: Self.transactionPartition, number: $0, variant: variant,
                        checking: Self.itemPartition)
                }
            }
        }
        return try SignedRequests(self.operation, bodies: bodies, port: port)
    }
}
