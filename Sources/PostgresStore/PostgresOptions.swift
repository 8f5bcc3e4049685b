package import KeyValue
package import Primitives

/// How a `PostgresStore` is opened.
package struct PostgresOptions: Sendable {
    /// A connection URL or string as libpq takes it. What it leaves out comes from libpq's own places: `PGPASSWORD`,
    /// the password file, `PGSSLMODE` and the like.
    package var url: String
    /// The schema of the store's tables. Made where it is missing.
    package var schema = "brume"
    /// Connections that read, each with a thread; one more commits.
    package var readConnectionCount = 8
    package var connectSecondsMax = 5
    /// A server that says nothing for so long counts as lost.
    package var answerMillisecondsMax = 30_000
    /// How long a commit waits for its turn among all nodes.
    package var turnMillisecondsMax = 15_000
    /// How long reads and commits wait for a server that went away before they are refused.
    package var outageMillisecondsMax = 5_000
    /// How long a commit whose connection was lost waits to learn what became of it.
    package var resolveMillisecondsMax = 30_000
    /// How often one group of commits is tried when the server asks for it to be tried again.
    package var attemptsMax = 8
    /// Whether it is opened by whoever holds `ExclusiveUse` of it; else it is marked as in use.
    package var isExclusive = false
    package var limits: StoreLimits = .postgres
    package var clock: any WallClock = SystemClock()
    /// For the pauses before another attempt, and the name of this writer.
    package var random: any RandomSource = SystemRandomSource()

    package init(url: String) {
        self.url = url
    }
}

extension StoreLimits {
    /// A key must fit an entry of a B-tree's page, of which PostgreSQL has at least three: 2,704 bytes with its header.
    package static let postgres = StoreLimits(
        keyBytesMax: 2560, valueBytesMax: 1 << 20, batchOperationsMax: 16_384, batchBytesMax: 128 << 20, isShared: true
    )
}
