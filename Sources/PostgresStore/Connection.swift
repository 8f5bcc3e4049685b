internal import CPostgres

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Why a connection did not do what it was asked.
enum ConnectionFailure: Error, Equatable, Sendable {
    /// The connection is lost, or no answer came in time: whether the work was done is unknown.
    case lost(String)
    /// The server answered with an error; nothing of the transaction was done.
    case refused(state: String, message: String)

    var sentence: String {
        switch self {
        case .lost(let sentence): sentence
        case .refused(let state, let message): "\(message) (SQLSTATE \(state))"
        }
    }
}

/// One statement with its parameters.
struct Request: Sendable {
    /// One of the statements that `prepare` has prepared.
    let statement: Statement
    var parameters = Parameters()
}

/// A connection to PostgreSQL through libpq in pipeline mode, used by one thread at a time.
///
/// Requests are sent together and their answers read as they arrive, so that a group of any size costs one round trip.
/// libpq never blocks on the socket: both directions are served while either waits, as its pipeline mode requires.
@safe
final class Connection {
    private let handle: OpaquePointer
    private let answerMillisecondsMax: Int

    /// Connects and configures the session. Blocks, for each of the URL's hosts, for at most the URL's
    /// `connect_timeout` or `PostgresOptions.connectSecondsMax`, and for the latter once more to configure the session.
    init(_ options: PostgresOptions) throws(ConnectionFailure) {
        self.answerMillisecondsMax = options.answerMillisecondsMax
        let (before, after) = Self.keywords(options)
        guard let handle = unsafe Self.connect(before + [("dbname", options.url)] + after) else {
            throw .lost("libpq has no memory for a connection")
        }
        unsafe self.handle = unsafe handle
        guard unsafe PQstatus(handle) == CONNECTION_OK else { throw .lost(self.lastSentence) }
        _ = unsafe PQsetNoticeReceiver(handle, { _, _ in }, nil)
        try self.execute(Statement.session(options), millisecondsMax: options.connectSecondsMax * 1000)
    }

    deinit {
        unsafe PQfinish(self.handle)
    }

    /// Defaults that the URL may override, and settings that it may not.
    private static func keywords(_ options: PostgresOptions) -> ([(String, String)], [(String, String)]) {
        (
            [
                ("application_name", "brume"), ("connect_timeout", String(options.connectSecondsMax)),
                ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
                ("tcp_user_timeout", String(options.answerMillisecondsMax)),
                ("target_session_attrs", "read-write"),
            ], [("client_encoding", "UTF8")]
        )
    }

    private static func connect(_ keywords: [(String, String)]) -> OpaquePointer? {
        let names = unsafe keywords.map { unsafe UnsafePointer(strdup($0.0)) } + [nil]
        let values = unsafe keywords.map { unsafe UnsafePointer(strdup($0.1)) } + [nil]
        defer {
            for index in keywords.indices {
                unsafe free(UnsafeMutablePointer(mutating: names[index]))
                unsafe free(UnsafeMutablePointer(mutating: values[index]))
            }
        }
        return unsafe PQconnectdbParams(names, values, 1)
    }

    /// For `PollWaker.wait`.
    var socket: Int32 { unsafe PQsocket(self.handle) }

    var serverVersion: Int { unsafe Int(PQserverVersion(self.handle)) }

    /// libpq's last error message. Its hints, which begin with a tab, are left out: the store gives its own.
    private var lastSentence: String {
        let sentence = unsafe String(cString: PQerrorMessage(self.handle))
        return sentence.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("\t") }.joined(separator: " ")
    }

    /// Whether the server has closed the idle connection. Call it when the socket is readable.
    func isLostWhileIdle() -> Bool {
        unsafe PQconsumeInput(self.handle) == 0 || PQstatus(self.handle) != CONNECTION_OK
    }

    /// Runs one or several statements of plain SQL, outside pipeline mode. Blocks.
    ///
    /// - Parameters:
    ///   - sql: the statements.
    ///   - millisecondsMax: how long the answer may take; nil: as long as any.
    /// - Returns: the rows of the last statement.
    /// - Throws: `lost`, also when no answer came in time.
    @discardableResult
    func execute(_ sql: String, millisecondsMax: Int? = nil) throws(ConnectionFailure) -> Rows {
        _ = unsafe PQsetnonblocking(self.handle, 1)
        guard unsafe PQsendQuery(self.handle, sql) == 1 else { throw .lost(self.lastSentence) }
        return try self.answer(millisecondsMax)
    }

    /// Prepares statements for `run`.
    func prepare(_ statements: [Statement], schema: String) throws(ConnectionFailure) {
        _ = unsafe PQsetnonblocking(self.handle, 1)
        for statement in statements {
            let sql = statement.sql(schema: schema)
            guard unsafe PQsendPrepare(self.handle, statement.rawValue, sql, 0, nil) == 1 else {
                throw .lost(self.lastSentence)
            }
            _ = try self.answer()
        }
    }

    /// Reads the answer to what was sent outside pipeline mode. Not `PQexec`, which waits for ever for a server, or a
    /// proxy in front of it, that holds the connection and says nothing.
    private func answer(_ millisecondsMax: Int? = nil) throws(ConnectionFailure) -> Rows {
        var answer: Result<Rows, ConnectionFailure> = .failure(.lost("the server answered with nothing"))
        while let result = try unsafe self.nextResult(millisecondsMax) {
            do throws(ConnectionFailure) {
                answer = .success(try unsafe self.rows(of: result))
            } catch .lost(let sentence) {
                throw .lost(sentence)
            } catch {
                // The server skips the statements after it.
                answer = .failure(error)
            }
        }
        return try answer.get()
    }

    /// Sends all transactions in one pipeline. Each is done completely or not at all, independently of the others; a
    /// single request is a transaction too.
    ///
    /// - Returns: for each transaction the rows of each of its requests.
    /// - Throws: `lost`, when the outcome of any of them is unknown.
    func run(_ transactions: [[Request]]) throws(ConnectionFailure) -> [Result<[Rows], ConnectionFailure>] {
        _ = unsafe PQsetnonblocking(self.handle, 1)
        guard unsafe PQenterPipelineMode(self.handle) == 1 else { throw .lost(self.lastSentence) }
        for requests in transactions {
            for request in requests { try self.send(request) }
            guard unsafe PQpipelineSync(self.handle) == 1 else { throw .lost(self.lastSentence) }
        }
        var answers: [Result<[Rows], ConnectionFailure>] = []
        for requests in transactions { answers.append(try self.receive(requests.count)) }
        guard unsafe PQexitPipelineMode(self.handle) == 1 else { throw .lost(self.lastSentence) }
        return answers
    }

    private func send(_ request: Request) throws(ConnectionFailure) {
        let extents = request.parameters.extents
        let lengths = extents.map { Int32($0.count) }
        let formats = [Int32](repeating: 1, count: extents.count)
        let isSent = unsafe request.parameters.bytes.withUnsafeBytes { bytes in
            let characters = unsafe bytes.bindMemory(to: CChar.self)
            // An empty array of bytes has no address, and a parameter without an address is NULL.
            let values = unsafe extents.map { extent in
                unsafe characters.baseAddress.map { unsafe UnsafePointer<CChar>?($0 + extent.lowerBound) } ?? nil
            }
            return unsafe PQsendQueryPrepared(
                self.handle, request.statement.rawValue, Int32(extents.count), values, lengths, formats, 1) == 1
        }
        guard isSent else { throw .lost(self.lastSentence) }
    }

    /// Reads the answers of one transaction, up to its synchronisation point.
    private func receive(_ requestCount: Int) throws(ConnectionFailure) -> Result<[Rows], ConnectionFailure> {
        var rows: [Rows] = []
        var failure: ConnectionFailure?
        for _ in 0..<requestCount {
            while let result = try unsafe self.nextResult() {
                do throws(ConnectionFailure) {
                    rows.append(try unsafe self.rows(of: result))
                } catch {
                    // After the first failure the server skips the others, and reports only that.
                    failure = failure ?? error
                }
            }
        }
        guard let synchronisation = try unsafe self.nextResult() else { throw .lost(self.lastSentence) }
        let isSynchronised = unsafe PQresultStatus(synchronisation) == PGRES_PIPELINE_SYNC
        unsafe PQclear(synchronisation)
        guard isSynchronised else { throw .lost("the server's answers came in another order than they were asked for") }
        guard let failure else { return .success(rows) }
        return .failure(failure)
    }

    /// Waits for one result, while sending what remains to be sent; nil at the end of one request's results.
    private func nextResult(_ millisecondsMax: Int? = nil) throws(ConnectionFailure) -> OpaquePointer? {
        let millisecondsMax = millisecondsMax ?? self.answerMillisecondsMax
        let deadline = Self.milliseconds() + Int64(millisecondsMax)
        while true {
            let flushed = unsafe PQflush(self.handle)
            guard flushed >= 0 else { throw .lost(self.lastSentence) }
            guard unsafe PQisBusy(self.handle) != 0 else { return unsafe PQgetResult(self.handle) }
            let left = deadline - Self.milliseconds()
            guard left > 0 else { throw .lost("no answer came within \(millisecondsMax) ms") }
            let events = Int16(POLLIN) | (flushed == 1 ? Int16(POLLOUT) : 0)
            var watched = unsafe pollfd(fd: PQsocket(self.handle), events: events, revents: 0)
            _ = unsafe poll(&watched, 1, Int32(clamping: left))
            if watched.revents & ~Int16(POLLOUT) != 0, unsafe PQconsumeInput(self.handle) != 1 {
                throw .lost(self.lastSentence)
            }
        }
    }

    private static func milliseconds() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Takes ownership of the result: returns its rows, or throws its error.
    private func rows(of result: OpaquePointer) throws(ConnectionFailure) -> Rows {
        let status = unsafe PQresultStatus(result)
        if status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK { return unsafe Rows(owning: result) }
        defer { unsafe PQclear(result) }
        // In C this is the character 'C', the code of the SQLSTATE field.
        let state = unsafe PQresultErrorField(result, 67).map { unsafe String(cString: $0) } ?? ""
        let primary = unsafe PQresultErrorField(result, 77).map { unsafe String(cString: $0) }
        let message = primary ?? self.lastSentence
        // Class 57, except a cancelled statement, and class 08: the server is shutting down, or has cut the connection.
        let isLost = state.hasPrefix("08") || (state.hasPrefix("57") && state != "57014")
        if unsafe isLost || PQstatus(self.handle) != CONNECTION_OK { throw .lost(message) }
        throw .refused(state: state, message: message)
    }
}

extension Connection {
    /// Whether libpq can parse the URL or connection string.
    static func understands(_ url: String) -> Bool {
        guard let options = unsafe PQconninfoParse(url, nil) else { return false }
        unsafe PQconninfoFree(options)
        return true
    }
}
