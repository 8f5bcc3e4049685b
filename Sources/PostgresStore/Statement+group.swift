extension Statement {
    /// One statement for a whole group of commits: it decides each by the state before the group, and performs those
    /// that pass. The commits of a group do not depend on each other (`CommitGroup`), so the result is the same as if
    /// they were performed one after another, in the order of their numbers.
    ///
    /// Parameters: 1 writer, 2 epoch, 3 number of the group, 4 now, 5 count of commits, which are numbered from 1;
    /// then columns, one element for each token (6–9), key check (10–13), range check (14–19), deleted key (20–21),
    /// record (22–26) and log entry (27–30).
    ///
    /// If the writer's epoch differs, the statement comes from a connection that was given up: a division by zero
    /// aborts the transaction.
    ///
    /// Rows: kind, number of the commit, and two values. Kind 0 is the version before the group and the time; 1 the
    /// index of a check that failed; 2 a token that was used before, with version and time; 3 one with another
    /// fingerprint.
    static let commitGroupTemplate = """
        WITH known AS MATERIALIZED (
            SELECT 1 / count(*) AS is_known FROM @.writer WHERE writer = $1::int8 AND epoch = $2::int8
        ), base AS MATERIALIZED (
            SELECT c.version * known.is_known AS version, greatest(c.time, $4::int8) AS time
            FROM @.counter c, known WHERE c.id = 1
        ), remembered AS MATERIALIZED (
            SELECT w.batch, t.fingerprint = w.fingerprint AS is_same, t.version, t.time
            FROM unnest($6::int4[], $7::bytea[], $8::bytea[]) AS w(batch, id, fingerprint)
            JOIN @.token t ON t.id = w.id WHERE t.expires > $4::int8
        ), failed AS MATERIALIZED (
            SELECT f.batch, min(f.idx) AS idx FROM (
                SELECT c.batch, c.idx
                FROM unnest($10::int4[], $11::int4[], $12::bytea[], $13::int8[]) AS c(batch, idx, k, version)
                LEFT JOIN @.item i ON i.k = c.k WHERE coalesce(i.version, 0) <> c.version
                UNION ALL
                SELECT r.batch, r.idx
                FROM unnest($14::int4[], $15::int4[], $16::bytea[], $17::bytea[], $18::int8[], $19::int8[])
                    AS r(batch, idx, first, last, since, entries)
                CROSS JOIN LATERAL (
                    SELECT count(*) AS entries, max(x.version) AS newest FROM (
                        SELECT i.version FROM @.item i WHERE i.k >= r.first AND i.k < r.last
                        ORDER BY i.k LIMIT r.entries + 1
                    ) x
                ) found
                WHERE found.entries <> r.entries OR found.newest > r.since
            ) f GROUP BY f.batch
        ), refused AS MATERIALIZED (
            SELECT batch FROM failed UNION SELECT batch FROM remembered
        ), removed AS (
            DELETE FROM @.item i USING unnest($20::int4[], $21::bytea[]) AS d(batch, k)
            WHERE i.k = d.k AND d.batch <> ALL (ARRAY(SELECT batch FROM refused))
        ), stored AS (
            INSERT INTO @.item (k, version, time, stamp_time, stamp_version, v)
            SELECT w.k, base.version + w.batch, base.time, w.stamp_time, w.stamp_version, w.v
            FROM unnest($22::int4[], $23::bytea[], $24::bytea[], $25::int8[], $26::int8[])
                AS w(batch, k, v, stamp_time, stamp_version), base
            WHERE w.batch <> ALL (ARRAY(SELECT batch FROM refused))
            ON CONFLICT (k) DO UPDATE SET version = excluded.version, time = excluded.time,
                stamp_time = excluded.stamp_time, stamp_version = excluded.stamp_version, v = excluded.v
        ), logged AS (
            INSERT INTO @.log (log, version, idx, time, payload)
            SELECT w.log, base.version + w.batch, w.idx, base.time, w.payload
            FROM unnest($27::int4[], $28::int8[], $29::int4[], $30::bytea[]) AS w(batch, log, idx, payload), base
            WHERE w.batch <> ALL (ARRAY(SELECT batch FROM refused))
        ), remembering AS (
            INSERT INTO @.token (id, fingerprint, version, time, expires)
            SELECT w.id, w.fingerprint, base.version + w.batch, base.time, w.expires
            FROM unnest($6::int4[], $7::bytea[], $8::bytea[], $9::int8[]) AS w(batch, id, fingerprint, expires), base
            WHERE w.batch <> ALL (ARRAY(SELECT batch FROM refused))
            ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint, version = excluded.version,
                time = excluded.time, expires = excluded.expires
        ), counted AS (
            UPDATE @.counter c SET version = base.version + $5::int8, time = base.time FROM base WHERE c.id = 1
        ), noted AS (
            UPDATE @.writer w SET done = $3::int8, version = base.version, time = base.time, seen = now(),
                refused = ARRAY(SELECT batch FROM refused)
            FROM base WHERE w.writer = $1::int8
        )
        SELECT 0::int4 AS kind, 0::int4 AS batch, version AS first, time AS second FROM base
        UNION ALL SELECT 1, batch, idx, 0 FROM failed
        UNION ALL SELECT CASE WHEN is_same THEN 2 ELSE 3 END, batch, version, time FROM remembered
        """

    /// Parameters: first key, end of the range, entries at most, bytes at most, entries to look at.
    ///
    /// Rows: the counter's version; then for each entry its key and record. The entry after the last of the page has no
    /// value: it only shows that more follow. `before` is the number of bytes before an entry.
    static func scanTemplate(direction: String) -> String {
        """
        SELECT c.version, e.k, e.version, e.time, e.stamp_time, e.stamp_version,
            CASE WHEN e.n <= $3::int8 AND e.before < $4::int8 THEN e.v END
        FROM @.counter c LEFT JOIN (
            SELECT s.*, lag(s.before, 1, 0::int8) OVER (ORDER BY s.n) AS before_previous FROM (
                SELECT r.*, row_number() OVER w AS n, sum(octet_length(r.k) + octet_length(r.v)) OVER w
                    - octet_length(r.k) - octet_length(r.v) AS before
                FROM (
                    SELECT * FROM @.item WHERE k >= $1::bytea AND k < $2::bytea ORDER BY k \(direction) LIMIT $5::int8
                ) r WINDOW w AS (ORDER BY r.k \(direction) ROWS UNBOUNDED PRECEDING)
            ) s
        ) e ON e.n <= $3::int8 + 1 AND e.before_previous < $4::int8
        WHERE c.id = 1 ORDER BY e.n
        """
    }

    /// Parameters: log, version and index of the last entry that was read, entries at most, bytes at most, entries to
    /// look at. Rows as `scanTemplate`'s.
    static let readLogTemplate = """
        SELECT c.version, e.version, e.idx, e.time, CASE WHEN e.n <= $4::int8 AND e.before < $5::int8 THEN e.payload END
        FROM @.counter c LEFT JOIN (
            SELECT s.*, lag(s.before, 1, 0::int8) OVER (ORDER BY s.n) AS before_previous FROM (
                SELECT r.*, row_number() OVER w AS n,
                    sum(octet_length(r.payload)) OVER w - octet_length(r.payload) AS before
                FROM (
                    SELECT version, idx, time, payload FROM @.log
                    WHERE log = $1::int8 AND (version, idx) > ($2::int8, $3::int8)
                    ORDER BY version, idx LIMIT $6::int8
                ) r WINDOW w AS (ORDER BY r.version, r.idx ROWS UNBOUNDED PRECEDING)
            ) s
        ) e ON e.n <= $4::int8 + 1 AND e.before_previous < $5::int8
        WHERE c.id = 1 ORDER BY e.n
        """
}
