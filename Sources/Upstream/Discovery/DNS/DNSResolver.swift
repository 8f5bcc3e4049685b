internal import Primitives

/// Why a name has no answer.
package enum DNSError: Error, Sendable {
    case badName(String)
    case noSuchName(String)
    /// There is such a name, and nothing of what is looked for.
    case noRecord(String)
    /// No server gave an answer that can be used.
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

/// Asks the servers of names: one after another, again where none answers, in the domains of the search list, and over
/// TCP where an answer does not fit a datagram.
struct DNSResolver: Sendable {
    /// Names that stand for another one, one after another.
    static let aliasCountMax = 8

    struct Answer: Sendable {
        var records: [DNSRecord]
        var additional: [DNSRecord]
        /// How long it holds: the shortest lifetime of what it rests on.
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

    /// The records of a name, by way of its aliases.
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

    /// - Returns: the first answer that says that there is something or that there is nothing.
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
                let message = try? DNSMessage(bytes, id: id, name, type)
            else { return nil }
            if !message.isCut { return message }
        }
        return nil
    }
}
