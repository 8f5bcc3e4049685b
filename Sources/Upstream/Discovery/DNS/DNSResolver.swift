internal import Primitives

/// Why a name could not be resolved.
package enum DNSError: Error, Sendable {
    case badName(String)
    case noSuchName(String)
    /// The name exists, but has no record of the type.
    case noRecord(String)
    /// No server gave a usable answer.
    case noAnswer(String)

    package var sentence: String {
        switch self {
        case .badName(let name): "\(name) is no name of hosts"
        case .noSuchName(let name): "there is no name \(name)"
        case .noRecord(let name): "nothing is recorded for \(name)"
        case .noAnswer(let name): "no server of names answered for \(name)"
        }
    }
}

/// Queries DNS servers: one after another, repeatedly if none answers, with the domains of the search list, and over
/// TCP if an answer is truncated.
struct DNSResolver: Sendable {
    /// The longest chain of aliases (CNAME) that is followed.
    static let aliasCountMax = 8

    struct Answer: Sendable {
        var records: [DNSRecord]
        var additional: [DNSRecord]
        /// The lifetime of the answer: the shortest TTL of the records it is based on.
        var seconds: UInt32
    }

    let settings: ResolverSettings
    let transport: any DNSTransport
    let random: any RandomSource

    func find(_ text: String, _ type: DNSRecordType) async throws(DNSError) -> Answer {
        let candidates = self.settings.candidates(text)
        guard !candidates.isEmpty else { throw .badName(text) }
        var failure = DNSError.noSuchName(text)
        for name in candidates {
            guard let message = await self.ask(name, type) else { throw .noAnswer(text) }
            if message.status == .found {
                let answer = Self.follow(message, name, type)
                if !answer.records.isEmpty { return answer }
                failure = .noRecord(text)
            }
        }
        throw failure
    }

    /// The records of a name, following its aliases.
    static func follow(_ message: DNSMessage, _ name: DNSName, _ type: DNSRecordType) -> Answer {
        var name = name
        var seconds = UInt32.max
        for _ in 0...self.aliasCountMax {
            let own = message.answers.filter { $0.name == name }
            let records = own.filter { self.isOf($0.data, type) }
            if !records.isEmpty {
                seconds = records.reduce(seconds) { min($0, $1.seconds) }
                return Answer(records: records, additional: message.additional, seconds: seconds)
            }
            guard let alias = own.first(where: { self.isOf($0.data, .alias) }), case .alias(let target) = alias.data
            else {
                break
            }
            seconds = min(seconds, alias.seconds)
            name = target
        }
        return Answer(records: [], additional: [], seconds: 0)
    }

    static func isOf(_ data: DNSRecordData, _ type: DNSRecordType) -> Bool {
        switch (data, type) {
        case (.address, .address), (.address6, .address6), (.alias, .alias), (.service, .service): true
        default: false
        }
    }

    /// - Returns: the first conclusive answer, positive or negative; nil when there is none.
    private func ask(_ name: DNSName, _ type: DNSRecordType) async -> DNSMessage? {
        for _ in 0..<self.settings.attempts {
            for server in self.settings.servers {
                guard !Task.isCancelled else { return nil }
                guard let message = await self.ask(name, type, server),
                    message.status == .found || message.status == .noSuchName
                else { continue }
                return message
            }
        }
        return nil
    }

    private func ask(_ name: DNSName, _ type: DNSRecordType, _ server: ResolverSettings.Server) async -> DNSMessage? {
        for isStream in [false, true] {
            let id = UInt16(truncatingIfNeeded: self.random.next())
            let question = DNSMessage.question(id: id, name, type)
            guard
                let bytes = await self.transport.ask(
                    question, server, isStream: isStream, timeout: self.settings.timeout),
                // A wrong answer is no answer: the next server is asked.
                let message = try? DNSMessage(bytes, id: id, name, type)
            else { return nil }
            if !message.isCut { return message }
        }
        return nil
    }
}
