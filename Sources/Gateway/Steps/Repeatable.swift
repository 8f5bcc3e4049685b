internal import Primitives

/// Whether a request may be sent again where nobody knows what became of it: it must do the same thing twice as once.
enum Repeatable {
    /// Names of operations that only read begin with these.
    private static let readingVerbs = [
        "BatchGet", "Count", "Describe", "Get", "Head", "List", "Query", "Scan", "TransactGet",
    ]

    static func isRepeatable(_ operation: String, _ service: RegisteredService) -> Bool {
        service.isRepeatable ?? self.readingVerbs.contains { operation.hasPrefix($0) }
    }
}
