internal import Primitives

/// The files of a `UsageLedger`, as they were found.
struct UsageFiles {
    private typealias Lines = (number: Int, totals: [UsageKey: UsageTotals])

    /// What they come to together.
    private(set) var sum: [UsageKey: UsageTotals] = [:]
    /// The highest number of theirs.
    private(set) var newest = 0

    private static let totalsHeader = "brume-usage 1"
    private static let journalHeader = "brume-usage-journal 1"

    static func totals(_ directory: String) -> String { "\(directory)/totals" }
    static func journal(_ directory: String) -> String { "\(directory)/journal" }
    /// The journal before, which the totals may not have yet.
    static func fullJournal(_ directory: String) -> String { "\(directory)/journal.1" }

    // Reading

    /// Reads a directory that a ledger may be writing to.
    static func read(_ directory: String) -> UsageFiles {
        // The journals first: totals that are replaced in between have what was in them, and a higher number. The one
        // that is written to first: one that becomes full in between is found again, under the same number.
        let paths = [self.journal(directory), self.fullJournal(directory)]
        var journals: [Int: [UsageKey: UsageTotals]] = [:]
        for path in paths {
            if let lines = self.lines(path, self.journalHeader) { journals[lines.number] = lines.totals }
        }
        let whole = self.lines(self.totals(directory), self.totalsHeader)
        var files = UsageFiles()
        files.sum = whole?.totals ?? [:]
        let number = whole?.number ?? 0
        for (journalNumber, totals) in journals where journalNumber >= number { files.add(totals) }
        files.newest = max(number, journals.keys.max() ?? 0)
        return files
    }

    private mutating func add(_ more: [UsageKey: UsageTotals]) {
        self.sum.merge(more) { left, right in
            var both = left
            both += right
            return both
        }
    }

    private static func lines(_ path: String, _ header: String) -> Lines? {
        guard let bytes = try? Files.read(path) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        // A line without its end was being written.
        let whole = text[..<(text.utf8.lastIndex(of: UInt8(ascii: "\n")) ?? text.startIndex)]
        let lines = whole.split(separator: "\n")
        guard let first = lines.first, first.hasPrefix(header + " "),
            let number = Int(first.dropFirst(header.utf8.count + 1)), (0..<Int.max).contains(number)
        else { return nil }
        var totals: [UsageKey: UsageTotals] = [:]
        for line in lines.dropFirst() {
            if let (key, more) = UsageLine.parse(line) { totals[key, default: UsageTotals()] += more }
        }
        return (number, totals)
    }

    // Writing

    /// Where files go that are there and cannot be read, such as those of a later version.
    static func unread(_ path: String) -> String { "\(path).unread" }

    /// Puts files that cannot be read out of the way of new ones.
    static func keepUnread(_ directory: String) throws(FileError) {
        let paths = [
            (self.totals(directory), self.totalsHeader), (self.journal(directory), self.journalHeader),
            (self.fullJournal(directory), self.journalHeader),
        ]
        for (path, header) in paths where (Files.facts(path)?.bytes ?? 0) > 0 && self.lines(path, header) == nil {
            try Files.renameUnsynced(path, to: self.unread(path))
        }
    }

    /// Adds the full journal to the totals, which get `number`, that of the journal after it.
    static func fold(_ directory: String, into number: Int, _ random: any RandomSource) throws(FileError) {
        var files = UsageFiles()
        files.sum = self.lines(self.totals(directory), self.totalsHeader)?.totals ?? [:]
        files.add(self.lines(self.fullJournal(directory), self.journalHeader)?.totals ?? [:])
        try self.replaceTotals(of: directory, by: files.sum, number, random)
    }

    static func replaceTotals(
        of directory: String, by sum: [UsageKey: UsageTotals], _ number: Int, _ random: any RandomSource
    ) throws(FileError) {
        var text = "\(self.totalsHeader) \(number)\n"
        for (key, totals) in sum { text += UsageLine.text(key, totals) }
        try Files.replace(
            self.totals(directory), with: Array(text.utf8), mode: 0o600, temporarySuffix: Hex.encode(random.bytes(8)))
    }

    static func replaceJournal(of directory: String, _ number: Int, _ random: any RandomSource) throws(FileError) {
        try Files.replace(
            self.journal(directory), with: self.journalHead(number), mode: 0o600,
            temporarySuffix: Hex.encode(random.bytes(8)))
    }

    /// Makes the journal the full one and begins the next. Waits for no disk.
    static func turnJournal(of directory: String, to number: Int) throws(FileError) {
        try Files.renameUnsynced(self.journal(directory), to: self.fullJournal(directory))
        do throws(FileError) {
            try Files.append(self.journalHead(number), to: self.journal(directory))
        } catch {
            // A full disk: the full journal goes on.
            try Files.renameUnsynced(self.fullJournal(directory), to: self.journal(directory))
            throw error
        }
    }

    private static func journalHead(_ number: Int) -> [UInt8] { Array("\(self.journalHeader) \(number)\n".utf8) }
}
