internal import Primitives
internal import ServiceModel
internal import Telemetry

/// What is known of a request when it has been answered.
struct RequestRecord: Sendable {
    var requestID: RequestID
    var service: String
    var operation: String
    var status: Int
    /// The code of the error in the answer, or why the edge refused the request.
    var errorCode: String?
    var context: RequestContext?
    var bodyBytes: Int
    var responseBytes: Int
    var started: ContinuousClock.Instant
    /// The trace id from the sender.
    var traceID: String?
    /// The node that answered, if the request was forwarded.
    var node: String?
    /// The gateway that forwarded the request; client and TLS are then as stated by it.
    var gateway: String?
}

/// Counts the request and writes its line of the access log.
///
/// The line contains no header, no query string and no body, so that presigned signatures, tokens and data cannot get
/// into it.
struct Record: Sendable {
    let log: any LogSink
    let clock: any WallClock
    /// Requests for no known operation.
    let unrecognised: Counter

    func callAsFunction(_ record: consuming RequestRecord, counters: RequestCounters?, _ connection: ConnectionInfo) {
        let elapsed = ContinuousClock.now - record.started
        let microseconds = UInt64(max(0, elapsed / .microseconds(1)))
        if let counters {
            counters.duration.record(microseconds: microseconds)
            switch record.status {
            case ..<400: counters.succeeded.increment()
            case ..<500: counters.clientErrors.increment()
            default: counters.serverErrors.increment()
            }
        } else {
            self.unrecognised.increment()
        }
        self.log.write(
            AccessLine(record, counters?.names, microseconds: microseconds, connection, time: self.clock.now()))
    }

    /// Writes the line of a request that the edge refused; the edge counts it.
    func refused(_ record: RequestRecord, _ connection: ConnectionInfo) {
        self.log.write(AccessLine(record, nil, microseconds: 0, connection, time: self.clock.now()))
    }
}

/// A request's line of the access log.
private struct AccessLine: LogLine {
    let record: RequestRecord
    /// Service and operation, if they are known.
    let names: LogPart?
    let microseconds: UInt64
    let connection: ConnectionInfo
    let time: Timestamp

    init(
        _ record: consuming RequestRecord, _ names: LogPart?, microseconds: UInt64, _ connection: ConnectionInfo,
        time: Timestamp
    ) {
        self.record = record
        self.names = names
        self.microseconds = microseconds
        self.connection = connection
        self.time = time
    }

    var level: LogLevel { .info }
    var message: String { "request" }

    func tell(_ members: inout some LogMembers) {
        members.member("requestId", self.record.requestID.description)
        if let names = self.names {
            members.part(names)
        } else {
            members.member("service", self.record.service)
            members.member("operation", self.record.operation)
        }
        members.member("status", Int64(self.record.status))
        members.member("microseconds", Int64(self.microseconds))
        members.member("bytesIn", Int64(self.record.bodyBytes))
        members.member("bytesOut", Int64(self.record.responseBytes))
        if self.record.gateway != nil, let context = self.record.context {
            members.part(
                ConnectionLogFields.peer(context.sourceAddress, self.connection.version, isTLS: context.isTLS))
        } else {
            members.part(self.connection.logFields.peer)
        }
        if let traceID = self.record.traceID { members.member("traceId", traceID) }
        if let node = self.record.node { members.member("node", node) }
        if let gateway = self.record.gateway { members.member("gateway", gateway) }
        if let code = self.record.errorCode { members.member("error", code) }
        if let context = self.record.context { members.part(self.connection.logFields.sender(context)) }
    }
}
