/// Every statement that an open store uses. Each is prepared once for each connection.
enum Statement: String, CaseIterable, Sendable {
    case begin
    case takeTurn
    case commitGroup
    case commit
    case register
    case get
    case scanForward
    case scanBackward
    case readLog
    case discard
    case trimLog
    case counter
    case sweepTokens
    case nextLog
    case loadItems
    case loadLog
    case finishLoading

    /// Used by the connection that commits.
    static let writing: [Statement] = [.begin, .takeTurn, .commitGroup, .commit, .register, .sweepTokens]
    /// Used by the connections that read, and that remove outside transactions.
    static let reading: [Statement] = [.get, .scanForward, .scanBackward, .readLog, .discard, .trimLog, .counter]
    /// Used by a copy, in addition to those that read.
    static let loading: [Statement] = [.nextLog, .loadItems, .loadLog, .finishLoading]

    /// The configuration of each session.
    ///
    /// Plans are made once and must suit tables of any size, because a table that is small when its plan is made will
    /// grow: so every access path but the index is disabled. What is visible is durable only if commits wait for the
    /// log. A node that loses its network in the middle of a request keeps its turn until the server notices.
    static func session(_ options: PostgresOptions) -> String {
        """
        SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_bitmapscan = off;
        SET enable_material = off; SET jit = off; SET plan_cache_mode = force_generic_plan; SET bytea_output = hex;
        SET lock_timeout = \(options.turnMillisecondsMax); SET statement_timeout = \(options.answerMillisecondsMax);
        SET idle_in_transaction_session_timeout = \(options.answerMillisecondsMax);
        SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;
        SELECT CASE WHEN current_setting('synchronous_commit') = 'off'
            THEN set_config('synchronous_commit', 'on', false) END
        """
    }

    func sql(schema: String) -> String {
        self.template.replacing("@", with: Schema.quoted(schema))
    }

    private var template: String {
        switch self {
        case .begin: "BEGIN ISOLATION LEVEL SERIALIZABLE"
        // Taken before the transaction first looks at data, so that it sees every commit before this one.
        case .takeTurn: "LOCK TABLE @.turn IN EXCLUSIVE MODE"
        case .commitGroup: Self.commitGroupTemplate
        case .commit: "COMMIT"
        case .register:
            """
            INSERT INTO @.writer AS w (writer, epoch, done, version, time, refused) VALUES ($1::int8, 1, 0, 0, 0, '{}')
            ON CONFLICT (writer) DO UPDATE SET epoch = w.epoch + 1, seen = now()
            RETURNING epoch, done, version, time, refused
            """
        case .get:
            """
            SELECT c.version, c.time, f.n, f.version, f.time, f.stamp_time, f.stamp_version, f.v
            FROM @.counter c LEFT JOIN (
                SELECT w.n, i.version, i.time, i.stamp_time, i.stamp_version, i.v
                FROM unnest($1::bytea[]) WITH ORDINALITY AS w(k, n) JOIN @.item i ON i.k = w.k
            ) f ON true WHERE c.id = 1
            """
        case .scanForward: Self.scanTemplate(direction: "ASC")
        case .scanBackward: Self.scanTemplate(direction: "DESC")
        case .readLog: Self.readLogTemplate
        case .discard:
            """
            WITH piece AS MATERIALIZED (
                SELECT k FROM @.item WHERE k >= $1::bytea AND k < $2::bytea ORDER BY k LIMIT $3::int8
            ), gone AS (
                DELETE FROM @.item WHERE k = ANY (ARRAY(SELECT k FROM piece)) AND version <= $4::int8
            ) SELECT (SELECT k FROM piece ORDER BY k DESC LIMIT 1), (SELECT count(*) FROM piece)
            """
        case .trimLog:
            """
            WITH gone AS (
                DELETE FROM @.log USING (
                    SELECT version, idx FROM @.log
                    WHERE log = $1::int8 AND (version, idx) <= ($2::int8, $3::int8)
                    ORDER BY version, idx LIMIT $4::int8
                ) piece
                WHERE log.log = $1::int8 AND log.version = piece.version AND log.idx = piece.idx
                RETURNING 1
            ) SELECT count(*) FROM gone
            """
        case .nextLog: "SELECT log FROM @.log WHERE log >= $1::int8 ORDER BY log LIMIT 1"
        case .loadItems:
            """
            INSERT INTO @.item (k, v, version, time, stamp_time, stamp_version)
            SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::int8[], $4::int8[], $5::int8[], $6::int8[])
            ON CONFLICT DO NOTHING
            """
        case .loadLog:
            """
            INSERT INTO @.log (log, version, idx, time, payload)
            SELECT $1::int8, * FROM unnest($2::int8[], $3::int8[], $4::int8[], $5::bytea[]) ON CONFLICT DO NOTHING
            """
        case .finishLoading: "UPDATE @.counter SET version = $1::int8, time = $2::int8 WHERE id = 1"
        case .counter: "SELECT version, time FROM @.counter WHERE id = 1"
        case .sweepTokens:
            """
            DELETE FROM @.token WHERE id = ANY (ARRAY(
                SELECT id FROM @.token WHERE expires < $1::int8 ORDER BY expires LIMIT $2::int8
            )) AND expires < $1::int8
            """
        }
    }
}

/// The statements in the form in which other clients send them, to be measured beside the store.
extension PostgresStore {
    /// How each session of the store is set up.
    package static func sessionSQL(_ options: PostgresOptions) -> String { Statement.session(options) }

    /// One group of commits, in this order; the third has the parameters that `Statement.commitGroupTemplate` names.
    package static func commitSQL(_ options: PostgresOptions) -> [String] {
        [Statement.begin, .takeTurn, .commitGroup, .commit].map { $0.sql(schema: options.schema) }
    }
}
