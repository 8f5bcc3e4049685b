/// Exclusive access to a database whose store no server uses, or can start to use, until this is released.
///
/// Each open store holds a shared advisory lock for as long as its committing connection lives; this holds the same
/// lock exclusively. Every call blocks: for commands, not for servers.
package final class ExclusiveUse {
    /// Identifies the lock, together with the hash of the schema.
    private static let lockNumber = 0x6272_756D

    private let connection: Connection
    private let options: PostgresOptions

    package init(_ options: PostgresOptions) throws(PostgresOpenError) {
        guard Connection.understands(options.url) else { throw .url }
        self.options = options
        do throws(ConnectionFailure) {
            self.connection = try Connection(options)
        } catch {
            throw PostgresOpenError(connecting: error)
        }
        let key = Self.key(options)
        let isAlone = try self.text("SELECT pg_try_advisory_lock(\(key))") == "t"
        guard isAlone else {
            let count = try self.text(
                """
                SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted
                    AND classid::int8 = \(Self.lockNumber)
                    AND objid::int8 = hashtext('\(options.schema)')::int8 & 4294967295
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """)
            throw .inUse(max(1, Int(count) ?? 1))
        }
    }

    deinit { Self.giveUp(self.connection) }

    /// Whether the schema has a store's tables.
    package func hasStore() throws(PostgresOpenError) -> Bool {
        try self.text("SELECT to_regclass('\(Schema.quoted(self.options.schema)).schema_version') IS NOT NULL") == "t"
    }

    /// Removes another schema, such as one that an interrupted copy left.
    package func remove(schema: String) throws(PostgresOpenError) {
        _ = try self.text("DROP SCHEMA IF EXISTS \(Schema.quoted(schema)) CASCADE")
    }

    /// Moves the tables of another schema to the store's schema, atomically.
    package func take(schema: String) throws(PostgresOpenError) {
        let own = Schema.quoted(self.options.schema)
        // An existing empty schema, made for its owner, would be in the way.
        _ = try self.text(
            """
            BEGIN; DROP SCHEMA IF EXISTS \(own); ALTER SCHEMA \(Schema.quoted(schema)) RENAME TO \(own); COMMIT
            """)
    }

    /// The first column of the first row.
    private func text(_ sql: String) throws(PostgresOpenError) -> String {
        do throws(ConnectionFailure) {
            let rows = try self.connection.execute(sql)
            return rows.count > 0 ? rows.text(0, 0) : ""
        } catch {
            throw .schema(error.sentence)
        }
    }

    /// Marks the store as in use for as long as the connection lives.
    ///
    /// - Returns: false when another process has exclusive access.
    static func allows(_ connection: Connection, _ options: PostgresOptions) throws(ConnectionFailure) -> Bool {
        guard !options.isExclusive else { return true }
        return try connection.execute("SELECT pg_try_advisory_lock_shared(\(self.key(options)))").text(0, 0) == "t"
    }

    /// Releases what a connection holds before it is closed. The server notices the closing only some time later, and
    /// the next user would find the store in use.
    static func giveUp(_ connection: Connection) {
        // If this fails the connection is lost, and with it the lock.
        _ = try? connection.execute("SELECT pg_advisory_unlock_all()")
    }

    private static func key(_ options: PostgresOptions) -> String {
        "\(self.lockNumber), hashtext('\(options.schema)')"
    }
}
