internal import CPostgres

/// The store's tables, by version.
enum Schema {
    /// The newest version that this code knows.
    static var version: Int { Self.steps.count }

    /// Identifies the lock under which one node migrates the tables while other starting nodes wait.
    private static let lockNumber = 0x6272_756D_65

    /// The migration from each version to the next; once released, a step never changes.
    private static let steps: [String] = [
        // Values are stored uncompressed: PostgreSQL's compression costs more time than the space is worth here. The
        // table `turn` is empty: whoever locks it may commit.
        """
        CREATE TABLE @.item (
            k bytea PRIMARY KEY, version int8 NOT NULL, time int8 NOT NULL, stamp_time int8, stamp_version int8,
            v bytea NOT NULL
        ) WITH (fillfactor = 90);
        ALTER TABLE @.item ALTER COLUMN v SET STORAGE EXTERNAL;
        CREATE TABLE @.log (
            log int8 NOT NULL, version int8 NOT NULL, idx int8 NOT NULL, time int8 NOT NULL, payload bytea NOT NULL,
            PRIMARY KEY (log, version, idx)
        );
        ALTER TABLE @.log ALTER COLUMN payload SET STORAGE EXTERNAL;
        CREATE TABLE @.token (
            id bytea PRIMARY KEY, fingerprint bytea NOT NULL, version int8 NOT NULL, time int8 NOT NULL,
            expires int8 NOT NULL
        );
        CREATE INDEX token_by_expiry ON @.token (expires);
        CREATE TABLE @.counter (id int4 PRIMARY KEY, version int8 NOT NULL, time int8 NOT NULL);
        INSERT INTO @.counter VALUES (1, 0, 0);
        CREATE TABLE @.writer (
            writer int8 PRIMARY KEY, epoch int8 NOT NULL, done int8 NOT NULL, version int8 NOT NULL,
            time int8 NOT NULL, refused int4[] NOT NULL, seen timestamptz NOT NULL DEFAULT now()
        );
        CREATE TABLE @.turn (id int4);
        """,
        // Items may contain their size, which a node that only knows version 1 cannot read; the tables do not change.
        "SELECT 1",
    ]

    /// Migrates the tables to `version`, one node at a time. `schema` is a plain name; it is quoted here.
    static func migrate(_ connection: Connection, schema: String) throws(PostgresOpenError) {
        do throws(ConnectionFailure) {
            try connection.execute("SELECT pg_advisory_lock(\(Self.lockNumber))")
            let found = try Self.found(connection, schema)
            if found > Self.version { throw .refused(state: "", message: String(found)) }
            for step in found..<Self.version {
                try connection.execute(
                    "BEGIN;" + Self.steps[step].replacing("@", with: Self.quoted(schema))
                        + ";UPDATE \(Self.quoted(schema)).schema_version SET version = \(step + 1);COMMIT")
            }
            try connection.execute(
                """
                DELETE FROM \(Self.quoted(schema)).writer WHERE seen < now() - interval '\(Self.writerDaysKept) days';
                SELECT pg_advisory_unlock(\(Self.lockNumber))
                """)
        } catch {
            if case .refused("", let found) = error {
                throw .newerSchema(found: Int(found) ?? 0, known: Self.version)
            }
            throw .schema(error.sentence)
        }
    }

    /// The row of an ended process is only needed while its last commits may still be in progress.
    private static let writerDaysKept = 7

    /// The version of the existing tables; 0 for none.
    private static func found(_ connection: Connection, _ schema: String) throws(ConnectionFailure) -> Int {
        let name = Self.quoted(schema)
        let isThere = try connection.execute("SELECT to_regclass('\(name).schema_version') IS NOT NULL").text(0, 0)
        if isThere != "t" {
            try connection.execute(
                """
                BEGIN; CREATE SCHEMA IF NOT EXISTS \(name); CREATE TABLE \(name).schema_version (version int4 NOT NULL);
                INSERT INTO \(name).schema_version VALUES (0); COMMIT
                """)
        }
        return Int(try connection.execute("SELECT version FROM \(name).schema_version").text(0, 0)) ?? 0
    }

    static func quoted(_ schema: String) -> String {
        precondition(schema.utf8.allSatisfy { $0.isLowercaseNameByte }, "a schema has small letters, digits and _")
        return "\"\(schema)\""
    }
}

extension UInt8 {
    fileprivate var isLowercaseNameByte: Bool {
        (97...122).contains(self) || (48...57).contains(self) || self == 95
    }
}
