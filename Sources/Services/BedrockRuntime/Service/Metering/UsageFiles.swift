internal import Primitives

/// The files of a `UsageLedger`, as they were found.
struct UsageFiles {
    /// What a look at one file found.
    private enum Found {
        /// No file, or an empty one.
        case absent
        /// A file that does not begin like one of ours, such as that of a later version.
        case foreign
        case lines(number: Int, [UsageKey: UsageTotals])
    }

    /// Of a file's number: far more than there will ever be.
    private static let numberMax = 1 << 53
    /// Files with one name that were put aside.
    private static let unreadCountMax = 100

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
    /// - Throws: when a file is there and cannot be read.
    static func read(_ directory: String) throws(FileError) -> UsageFiles {
        // The journals first: totals that are replaced in between have what was in them, and a higher number. The one
        // that is written to first: one that becomes full in between is found again, under the same number.
        var journals: [Int: [UsageKey: UsageTotals]] = [:]
        for path in [self.journal(directory), self.fullJournal(directory)] {
            if case .lines(let number, let totals) = try self.look(path, self.journalHeader) {
                journals[number] = totals
            }
        }
        var files = UsageFiles()
        var number = 0
        if case .lines(let ownNumber, let totals) = try self.look(self.totals(directory), self.totalsHeader) {
            (number, files.sum) = (ownNumber, totals)
        }
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

    private static func look(_ path: String, _ header: String) throws(FileError) -> Found {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try Files.read(path)
        } catch .absent {
            return .absent
        }
        let text = String(decoding: bytes, as: UTF8.self)
        // A line without its end was being written.
        let whole = text[..<(text.utf8.lastIndex(of: UInt8(ascii: "\n")) ?? text.startIndex)]
        let lines = whole.split(separator: "\n")
        guard let first = lines.first, first.hasPrefix(header + " "),
            let number = Int(first.dropFirst(header.utf8.count + 1)), (0...self.numberMax).contains(number)
        else { return bytes.isEmpty ? .absent : .foreign }
        var totals: [UsageKey: UsageTotals] = [:]
        for line in lines.dropFirst() {
            if let (key, more) = UsageLine.parse(line) { totals[key, default: UsageTotals()] += more }
        }
        return .lines(number: number, totals)
    }

    // Writing

    /// Puts files that are not ours, such as those of a later version, out of the way of new ones: as `….unread`,
    /// `….unread.2` and so on.
    static func keepUnread(_ directory: String) throws(FileError) {
        let paths = [
            (self.totals(directory), self.totalsHeader), (self.journal(directory), self.journalHeader),
            (self.fullJournal(directory), self.journalHeader),
        ]
        for (path, header) in paths {
            guard case .foreign = try self.look(path, header) else { continue }
            let names = ["\(path).unread"] + (2...self.unreadCountMax).map { "\(path).unread.\($0)" }
            guard let name = names.first(where: { Files.facts($0) == nil }) else {
                throw .unusable(path: path, reason: "it is not one of ours, and too many like it were put aside")
            }
            try Files.renameUnsynced(path, to: name)
        }
    }

    /// Removes what a killed process has left of files that it was writing.
    static func removeUnfinished(_ directory: String) throws(FileError) {
        for name in try Files.names(in: directory) where name.hasPrefix("totals~") || name.hasPrefix("journal~") {
            try Files.remove("\(directory)/\(name)")
        }
    }

    /// Adds the full journal to the totals, which get `number`, that of the journal after it; does nothing if they have
    /// it already.
    /// - Throws: when the totals cannot be read or written: then the full journal is still needed.
    static func fold(_ directory: String, into number: Int, _ random: any RandomSource) throws(FileError) {
        guard
            case .lines(let journalNumber, let journal) = try self.look(
                self.fullJournal(directory), self.journalHeader)
        else { return }
        var files = UsageFiles()
        switch try self.look(self.totals(directory), self.totalsHeader) {
        case .absent: break
        case .foreign: throw .unusable(path: self.totals(directory), reason: "it is not one of ours")
        case .lines(let ownNumber, let totals):
            guard journalNumber >= ownNumber else { return }
            files.sum = totals
        }
        files.add(journal)
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
