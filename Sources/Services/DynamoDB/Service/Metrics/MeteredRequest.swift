internal import DynamoDBModel
internal import DynamoDBStreamsModel
internal import Primitives
internal import ServiceModel
internal import Synchronization

/// The part of a request for one table: the request itself, an action of a transaction, a statement of a batch.
struct MeteredRequest: Sendable, Hashable {
    /// The table as the request names it.
    let table: String
    /// The value of the operation's qualifier.
    var qualifier = ""
}

extension MeteredOperation {
    /// The parts of a request, in order; duplicate tables are possible.
    func parts(
        _ input: any DecodedInput, _ statements: StatementTargets
    ) -> [MeteredRequest] {
        switch self {
        case .executeStatement, .batchExecuteStatement, .executeTransaction:
            self.statements(input).map { text in
                let target = statements.target(text)
                let qualifier = self == .executeStatement ? target.verb : target.isRead ? "Read" : "Write"
                return MeteredRequest(table: target.table, qualifier: qualifier)
            }
        case .getRecords:
            (input.shape as? GetRecordsInput).flatMap(Self.part).map { [$0] } ?? []
        default:
            self.table(input).map { [MeteredRequest(table: $0)] }
                ?? self.tables(input).map { MeteredRequest(table: $0) }
        }
    }

    /// The table of a shard iterator, and the stream's label.
    private static func part(_ input: GetRecordsInput) -> MeteredRequest? {
        guard let arn = ShardIteratorSeal.streamARN(input.shardIterator) else { return nil }
        let parts = arn.split(separator: "/")
        guard parts.count == 4 else { return nil }
        return MeteredRequest(table: String(parts[1]), qualifier: String(parts[3]))
    }
}

/// A cache of the targets of PartiQL statements, so that recently seen texts are not parsed again.
final class StatementTargets: Sendable {
    private static let partCount = 16
    /// Texts in one part; when one more is added, all are evicted.
    private static let countMax = 64
    /// Longer texts usually contain values, and do not recur.
    private static let textBytesMax = 1024

    struct Target: Sendable {
        /// Empty for a text that is not a statement.
        var table = ""
        /// The IAM action without its prefix, such as `PartiQLSelect`, which is also the dimension `Verb`.
        var verb = ""
        var isRead = false
    }

    /// Used by one thread, or by few of them.
    private final class Part: Sendable {
        let known = Mutex<[String: Target]>([:])
    }

    private let parts = (0..<StatementTargets.partCount).map { _ in Part() }

    func target(_ text: String) -> Target {
        let part = self.parts[ThreadShare.index(of: Self.partCount)]
        if let target = part.known.withLock({ $0[text] }) { return target }
        var target = Target()
        if let (statement, _) = try? PartiQLParser.statement(text) {
            target.table = statement.source.table
            target.verb = String(statement.action.dropFirst("dynamodb:".count))
            target.isRead = statement.isRead
        }
        if text.utf8.count <= Self.textBytesMax {
            part.known.withLock { known in
                if known.count >= Self.countMax { known.removeAll() }
                known[text] = target
            }
        }
        return target
    }
}
