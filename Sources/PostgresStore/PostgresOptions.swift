package import KeyValue
package import Primitives

/// How a `PostgresStore` is opened.
package struct PostgresOptions: Sendable {
    /// A connection URL or string for libpq. What it leaves out comes from libpq's own sources: `PGPASSWORD`, the
    /// password file, `PGSSLMODE` and the like.
    package var url: String
    /// The schema with the store's tables; created if it does not exist.
    package var schema = "brume"
    /// Connections for reads, each with its own thread; one more connection commits.
    package var readConnectionCount = 8
    package var connectSecondsMax = 5
    /// A server that sends nothing for this long counts as lost.
    package var answerMillisecondsMax = 30_000
    /// How long a commit waits for its turn among all nodes.
    package var turnMillisecondsMax = 15_000
    /// How long reads and commits wait for a lost server before they are refused.
    package var outageMillisecondsMax = 5_000
    /// How long a commit whose connection was lost waits for its outcome.
    package var resolveMillisecondsMax = 30_000
    /// Attempts at one group of commits when the server asks for repetition.
    package var attemptsMax = 8
    /// Whether the opener holds `ExclusiveUse`; otherwise the store is marked as in use.
    package var isExclusive = false
    package var limits: StoreLimits = .postgres
    package var clock: any WallClock = SystemClock()
    /// For backoff, and for the name of this writer.
    package var random: any RandomSource = SystemRandomSource()

    package init(url: String) {
        self.url = url
    }
}

extension StoreLimits {
    /// A key must fit into a B-tree entry, of which a page of PostgreSQL holds at least three: 2,704 bytes with its
    /// header.
    package static let postgres = StoreLimits(
        keyBytesMax: 2560, valueBytesMax: 4 << 20, batchOperationsMax: 16_384, batchBytesMax: 128 << 20, isShared: true
    )
}
