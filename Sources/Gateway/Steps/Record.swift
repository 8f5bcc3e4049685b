internal import Primitives
internal import ServiceModel
internal import Telemetry

/// What is known of a request when its answer leaves.
struct RequestRecord: Sendable {
    var requestID: RequestID
    var service: String
    var operation: String
    var status: Int
    /// The code of the error that was answered, or why the edge turned the request away.
    var errorCode: String?
    var context: RequestContext?
    var bodyBytes: Int
    var responseBytes: Int
    var started: ContinuousClock.Instant
    /// The trace that the sender says the request belongs to.
    var traceID: String?
    /// The node that answered, where the service runs elsewhere.
    var node: String?
    /// The gateway that handed the request over; client and TLS are then what it says of them.
    var gateway: String?
}

/// Counts the request and writes its line of the access log.
///
/// The line holds no header, no query string and no body: presigned signatures, tokens and data have no way into it.
struct Record: Sendable {
    let log: any LogSink
    let clock: any WallClock
    /// Requests that named no operation of ours.
    let unrecognised: Counter

    func callAsFunction(_ record: RequestRecord, counters: RequestCounters?, _ connection: ConnectionInfo) {
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
        self.log.write(self.line(record, microseconds: microseconds, connection))
    }

    /// The line of a request that the edge turned away; the edge counts it.
    func refused(_ record: RequestRecord, _ connection: ConnectionInfo) {
        self.log.write(self.line(record, microseconds: 0, connection))
    }

    /// The longest user agent in a line, in bytes.
    private static let userAgentBytesMax = 200

    private static func cut(_ text: String) -> String {
        // Counting characters costs more than the rest of the line.
        text.utf8.count <= self.userAgentBytesMax ? text : String(text.prefix(self.userAgentBytesMax))
    }

    private func line(_ record: RequestRecord, microseconds: UInt64, _ connection: ConnectionInfo) -> LogRecord {
        var origin = (address: connection.remoteAddress, isTLS: connection.isTLS)
        if record.gateway != nil, let context = record.context {
            origin = (context.sourceAddress, context.isTLS)
        }
        var members: [LogRecord.Member] = [
            .init("requestId", .string(record.requestID.description)),
            .init("service", .string(record.service)),
            .init("operation", .string(record.operation)),
            .init("status", .integer(Int64(record.status))),
            .init("microseconds", .integer(Int64(microseconds))),
            .init("bytesIn", .integer(Int64(record.bodyBytes))),
            .init("bytesOut", .integer(Int64(record.responseBytes))),
            .init("client", .string(origin.address)),
            .init("protocol", .string(connection.version.rawValue)),
            .init("tls", .boolean(origin.isTLS)),
        ]
        if let traceID = record.traceID { members.append(.init("traceId", .string(traceID))) }
        if let node = record.node { members.append(.init("node", .string(node))) }
        if let gateway = record.gateway { members.append(.init("gateway", .string(gateway))) }
        if let code = record.errorCode { members.append(.init("error", .string(code))) }
        if let context = record.context {
            members.append(.init("account", .string(context.account.description)))
            members.append(.init("region", .string(context.region.description)))
            members.append(.init("accessKeyId", .string(context.principal.accessKeyID)))
            members.append(.init("userAgent", .string(Self.cut(context.userAgent))))
        }
        return LogRecord(time: self.clock.now(), level: .info, message: "request", members: members)
    }
}
