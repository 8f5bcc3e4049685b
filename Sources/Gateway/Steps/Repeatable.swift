internal import Primitives

/// Whether a request with an unknown outcome may be sent again: doing it twice must have the same effect as doing it
/// once.
enum Repeatable {
    /// Read-only operations have names that begin with one of these.
    private static let readingVerbs = [
        "BatchGet", "Count", "Describe", "Get", "Head", "List", "Query", "Scan", "TransactGet",
    ]

    static func isRepeatable(_ operation: String, _ service: RegisteredService) -> Bool {
        service.isRepeatable ?? self.readingVerbs.contains { operation.hasPrefix($0) }
    }
}
