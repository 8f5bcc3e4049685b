package import Primitives
internal import Synchronization

/// What each principal has used of each model, by day, kept in two files of one directory.
///
/// `totals` has all of it, replaced as a whole; `journal` has what came since, a line an answer, in the system's hands
/// when the answer is given: a process that is killed loses nothing, a power cut the last seconds. Both begin with the
/// number of the totals that they belong to, so that nothing is counted twice whenever the process ends.
package final class UsageLedger: Sendable {
    /// Lines of the journal until the totals are written anew.
    static let journalLineCountMax = 20_000
    /// Keys that are kept; further ones of a day are added up under one name.
    static let keyCountMax = 100_000
    static let otherName = "(others)"

    private struct State {
        var totals: [UsageKey: UsageTotals]
        var number: Int
        var journalLineCount = 0
        /// Open while the journal of this number is written: opening it for each line was half of what a line costs,
        /// on the event loop of the answer.
        var journal: AppendedFile?
    }

    private let path: String
    private let random: any RandomSource
    private let state: Mutex<State>

    /// Reads the directory and makes it where it is missing; files that cannot be read are begun anew.
    package init(directory: String, random: any RandomSource) throws(FileError) {
        self.path = directory
        self.random = random
        try Files.createDirectory(directory)
        let (totals, number) = Self.contents(of: directory)
        self.state = Mutex(State(totals: totals, number: number))
        try self.state.withLock { state throws(FileError) in try self.writeTotals(&state) }
    }

    /// All that was used, for commands; reads the files of a server that may be running.
    package static func read(directory: String) -> [(key: UsageKey, totals: UsageTotals)] {
        self.contents(of: directory).totals.map { ($0.key, $0.value) }.sorted { left, right in
            (left.key.day, left.key.account, left.key.principal, left.key.model)
                < (right.key.day, right.key.account, right.key.principal, right.key.model)
        }
    }

    /// Adds to what was used. A journal that cannot be written costs nothing but its line: the totals come later.
    package func add(_ totals: UsageTotals, to key: UsageKey) {
        self.state.withLock { state in
            var key = key
            if let index = state.totals.index(forKey: key) {
                state.totals.values[index] += totals
            } else {
                if state.totals.count >= Self.keyCountMax {
                    key = UsageKey(
                        day: key.day, account: key.account, principal: Self.otherName, model: Self.otherName)
                }
                state.totals[key, default: UsageTotals()] += totals
            }
            state.journalLineCount += 1
            guard state.journalLineCount <= Self.journalLineCountMax else {
                try? self.writeTotals(&state)
                return
            }
            if state.journal == nil { state.journal = try? AppendedFile(Self.journal(self.path)) }
            try? state.journal?.append(Array(UsageLine.text(key, totals).utf8))
        }
    }

    private static let totalsHeader = "brume-usage 1"
    private static let journalHeader = "brume-usage-journal 1"

    private static func totals(_ directory: String) -> String { "\(directory)/totals" }
    private static func journal(_ directory: String) -> String { "\(directory)/journal" }

    /// Writes the totals under the next number, then begins a journal of that number.
    private func writeTotals(_ state: inout State) throws(FileError) {
        let number = state.number + 1
        var text = "\(Self.totalsHeader) \(number)\n"
        for (key, totals) in state.totals { text += UsageLine.text(key, totals) }
        let suffix = Hex.encode(self.random.bytes(8))
        try Files.replace(
            Self.totals(self.path), with: Array(text.utf8), mode: 0o600, temporarySuffix: suffix)
        state.number = number
        state.journalLineCount = 0
        state.journal = nil
        let header = Array("\(Self.journalHeader) \(number)\n".utf8)
        try Files.replace(Self.journal(self.path), with: header, mode: 0o600, temporarySuffix: suffix)
    }

    private static func contents(of directory: String) -> (totals: [UsageKey: UsageTotals], number: Int) {
        // The journal first: if the totals are replaced in between, they have it all, and the numbers differ.
        let journal = self.lines(self.journal(directory), self.journalHeader)
        let whole = self.lines(self.totals(directory), self.totalsHeader)
        var totals: [UsageKey: UsageTotals] = [:]
        for (key, more) in whole?.lines ?? [] { totals[key, default: UsageTotals()] += more }
        let number = whole?.number ?? 0
        if let journal, journal.number == number {
            for (key, more) in journal.lines { totals[key, default: UsageTotals()] += more }
        }
        return (totals, max(number, journal?.number ?? 0))
    }

    private static func lines(
        _ path: String, _ header: String
    ) -> (number: Int, lines: [(UsageKey, UsageTotals)])? {
        guard let bytes = try? Files.read(path) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        // A line without its end was being written.
        let whole = text[..<(text.utf8.lastIndex(of: UInt8(ascii: "\n")) ?? text.startIndex)]
        let lines = whole.split(separator: "\n")
        guard let first = lines.first, first.hasPrefix(header + " "),
            let number = Int(first.dropFirst(header.utf8.count + 1))
        else { return nil }
        return (number, lines.dropFirst().compactMap { UsageLine.parse($0) })
    }
}
