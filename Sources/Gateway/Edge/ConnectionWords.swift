internal import Primitives
internal import ServiceModel
internal import Synchronization
internal import Telemetry

/// What the log says in each line of one connection's requests: who is at its other end, and who signed. Both are
/// nearly always those of the request before.
final class ConnectionWords: Sendable {
    /// The sender of a request, with what the log says of it.
    private struct Sender {
        let principal: Principal
        let region: Region
        let userAgent: String
        let part: LogPart
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
            if let last, last.principal === context.principal, last.region == context.region,
                last.userAgent == context.userAgent
            {
                return last.part
            }
            let part = LogPart([
                .init("account", .string(context.account.description)),
                .init("region", .string(context.region.description)),
                .init("accessKeyId", .string(context.principal.accessKeyID)),
                .init("userAgent", .string(Self.cut(context.userAgent))),
            ])
            last = Sender(
                principal: context.principal, region: context.region, userAgent: context.userAgent, part: part)
            return part
        }
    }

    /// The longest user agent in a line, in bytes.
    private static let userAgentBytesMax = 200

    private static func cut(_ text: String) -> String {
        // Counting characters costs more than the rest of the line.
        text.utf8.count <= self.userAgentBytesMax ? text : String(text.prefix(self.userAgentBytesMax))
    }
}
