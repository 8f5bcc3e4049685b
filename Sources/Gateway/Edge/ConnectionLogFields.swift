internal import Primitives
internal import ServiceModel
internal import Synchronization
internal import Telemetry

/// The parts of log lines that all requests of one connection share: the peer, and the signer of the latest request.
final class ConnectionLogFields: Sendable {
    /// The sender of a request, with its part of the log line.
    private final class Sender: Sendable {
        let context: RequestContext
        let part: LogPart

        init(_ context: RequestContext) {
            self.context = context
            self.part = LogPart([
                .init("account", .string(context.account.description)),
                .init("region", .string(context.region.description)),
                .init("accessKeyId", .string(context.principal.accessKeyID)),
                .init("userAgent", .string(Self.cut(context.userAgent))),
            ])
        }

        func matches(_ other: RequestContext) -> Bool {
            self.context.principal === other.principal && self.context.region == other.region
                && self.context.userAgent == other.userAgent
        }

        /// A longer user agent is truncated in the log, in bytes.
        private static let userAgentBytesMax = 200

        private static func cut(_ text: String) -> String {
            // Bytes first: counting characters costs more than the rest of the line.
            text.utf8.count <= self.userAgentBytesMax ? text : String(text.prefix(self.userAgentBytesMax))
        }
    }

    /// Client, protocol and TLS.
    let peer: LogPart
    private let lastSender = Mutex<Sender?>(nil)

    init(client: String, _ version: ConnectionInfo.Version, isTLS: Bool) {
        self.peer = Self.peer(client, version, isTLS: isTLS)
    }

    static func peer(_ client: String, _ version: ConnectionInfo.Version, isTLS: Bool) -> LogPart {
        LogPart([
            .init("client", .string(client)), .init("protocol", .string(version.rawValue)),
            .init("tls", .boolean(isTLS)),
        ])
    }

    /// Account, region, access key and user agent.
    func sender(_ context: RequestContext) -> LogPart {
        self.lastSender.withLock { last in
            if let last, last.matches(context) { return last.part }
            let sender = Sender(context)
            last = sender
            return sender.part
        }
    }
}
