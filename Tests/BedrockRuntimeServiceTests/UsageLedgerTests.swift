import BedrockRuntimeService
import Primitives
import ServiceKit
import Synchronization
import TestSupport
import Testing

/// What was used, through the files that keep it.
struct UsageLedgerTests {
    private let folder = ScratchFolder()
    private var directory: String { self.folder.path }
    private let random = SystemRandomSource()
    private let noon = Timestamp(secondsSinceEpoch: 1_700_000_000)

    private func key(_ model: String = "brume.echo", _ principal: String = "arn:aws:iam::1:root") -> UsageKey {
        UsageKey(time: self.noon, account: "000000000001", principal: principal, model: model)
    }

    private var read: [UsageKey: UsageTotals] {
        Dictionary(uniqueKeysWithValues: UsageLedger.read(directory: self.directory).map { ($0.key, $0.totals) })
    }

    @Test func `what is added is read at once, and after a restart`() throws {
        let once = UsageTotals(invocations: 1, inputTokens: 5, outputTokens: 7, cacheReadTokens: 1, cacheWriteTokens: 2)
        let twice = UsageTotals(
            invocations: 2, inputTokens: 10, outputTokens: 14, cacheReadTokens: 2, cacheWriteTokens: 4)
        let ledger = try UsageLedger(directory: self.directory, random: self.random)
        ledger.add(once, to: self.key())
        ledger.add(once, to: self.key())
        ledger.add(once, to: self.key("other"))
        #expect(self.key().day == "2023-11-14")
        #expect(self.read == [self.key(): twice, self.key("other"): once])
        let next = try UsageLedger(directory: self.directory, random: self.random)
        #expect(self.read == [self.key(): twice, self.key("other"): once])
        next.add(once, to: self.key("other"))
        #expect(self.read == [self.key(): twice, self.key("other"): twice])
    }

    @Test func `a line that was being written, and a journal of other totals, count nothing`() throws {
        let ledger = try UsageLedger(directory: self.directory, random: self.random)
        ledger.add(UsageTotals(invocations: 1), to: self.key())
        let journal = try Files.read("\(self.directory)/journal")
        try Files.append(Array("2023-11-14\t000000000001\tx\ty\t1\t1\t1".utf8), to: "\(self.directory)/journal")
        #expect(self.read == [self.key(): UsageTotals(invocations: 1)])
        _ = try UsageLedger(directory: self.directory, random: self.random)
        // As if the process had ended between the new totals and their journal.
        try Files.replace("\(self.directory)/journal", with: journal, mode: 0o600, temporarySuffix: "x")
        #expect(self.read == [self.key(): UsageTotals(invocations: 1)])
    }

    @Test func `totals of a later version are put aside, not overwritten`() throws {
        _ = try UsageLedger(directory: self.directory, random: self.random)
        let later = Array("brume-usage 2 7\nsomething else\n".utf8)
        try Files.replace("\(self.directory)/totals", with: later, mode: 0o600, temporarySuffix: "x")
        let ledger = try UsageLedger(directory: self.directory, random: self.random)
        ledger.add(UsageTotals(invocations: 1), to: self.key())
        #expect(self.read == [self.key(): UsageTotals(invocations: 1)])
        #expect(try Files.read("\(self.directory)/totals.unread") == later)
    }

    @Test func `names cannot break a line`() throws {
        let ledger = try UsageLedger(directory: self.directory, random: self.random)
        ledger.add(UsageTotals(invocations: 1), to: self.key("a\tb\nc", "d\te"))
        #expect(self.read == [self.key("a?b?c", "d?e"): UsageTotals(invocations: 1)])
    }

    // Journals that are full

    /// Runs what a ledger would have done beside it, when it is told to.
    private final class Beside: Sendable {
        private let waiting = Mutex<[@Sendable () -> Void]>([])

        func take(_ work: @escaping @Sendable () -> Void) { self.waiting.withLock { $0.append(work) } }

        /// - Returns: how many pieces of work there were.
        func run(times: Int = 1) -> Int {
            let works = self.waiting.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
            for _ in 0..<times { for work in works { work() } }
            return works.count
        }
    }

    private func ledger(_ beside: Beside) throws -> UsageLedger {
        try UsageLedger(
            directory: self.directory, random: self.random, journalLineCountMax: 3, runBeside: { beside.take($0) })
    }

    /// The number in the first line of a file.
    private func number(_ name: String) throws -> Int? {
        let text = String(decoding: try Files.read("\(self.directory)/\(name)"), as: UTF8.self)
        return text.split(separator: "\n").first?.split(separator: " ").last.flatMap { Int($0) }
    }

    @Test func `a full journal is added to the totals beside, and nothing is counted twice before, between or after`()
        throws
    {
        let beside = Beside()
        let ledger = try self.ledger(beside)
        for count in 1...8 {
            ledger.add(UsageTotals(invocations: 1, inputTokens: 2), to: self.key())
            #expect(self.read == [self.key(): UsageTotals(invocations: count, inputTokens: 2 * count)])
        }
        #expect(try self.number("totals") == 1)
        #expect(try self.number("journal.1") == 1)
        #expect(try self.number("journal") == 2)
        #expect(beside.run() == 1)
        #expect(try self.number("totals") == 2)
        #expect(self.read == [self.key(): UsageTotals(invocations: 8, inputTokens: 16)])
        ledger.add(UsageTotals(invocations: 1), to: self.key("other"))
        #expect(try self.number("journal") == 3)
        let all = [self.key(): UsageTotals(invocations: 8, inputTokens: 16), self.key("other"): .init(invocations: 1)]
        #expect(self.read == all)
        // As if the process had ended here, before the totals were written.
        _ = try self.ledger(Beside())
        #expect(self.read == all)
        #expect(try self.number("totals") == 4)
    }

    @Test func `totals that cannot be written are written with a later journal`() throws {
        let beside = Beside()
        let ledger = try self.ledger(beside)
        for _ in 0..<3 { ledger.add(UsageTotals(invocations: 1), to: self.key()) }
        // Nothing can be renamed over a directory.
        let totals = "\(self.directory)/totals"
        let whole = try Files.read(totals)
        try Files.remove(totals)
        try Files.createDirectory(totals)
        #expect(beside.run() == 1)
        try Files.removeTree(totals)
        try Files.replace(totals, with: whole, mode: 0o600, temporarySuffix: "x")
        #expect(self.read == [self.key(): UsageTotals(invocations: 3)])
        for _ in 0..<3 { ledger.add(UsageTotals(invocations: 1), to: self.key()) }
        #expect(beside.run() == 1)
        #expect(try self.number("totals") == 2)
        #expect(self.read == [self.key(): UsageTotals(invocations: 6)])
    }

    @Test func `a full journal counts once, even if the totals were written and not known to be`() throws {
        let beside = Beside()
        let ledger = try self.ledger(beside)
        for _ in 0..<3 { ledger.add(UsageTotals(invocations: 1), to: self.key()) }
        #expect(beside.run(times: 2) == 1)
        #expect(self.read == [self.key(): UsageTotals(invocations: 3)])
        _ = try self.ledger(Beside())
        #expect(self.read == [self.key(): UsageTotals(invocations: 3)])
    }

    @Test func `totals that cannot be read are not begun anew`() throws {
        let beside = Beside()
        let ledger = try self.ledger(beside)
        ledger.add(UsageTotals(invocations: 1), to: self.key("old"))
        let again = try self.ledger(beside)
        for _ in 0..<3 { again.add(UsageTotals(invocations: 1), to: self.key()) }
        let totals = "\(self.directory)/totals"
        let whole = try Files.read(totals)
        try Files.replace(totals, with: Array("damaged\n".utf8), mode: 0o600, temporarySuffix: "x")
        #expect(beside.run() == 1)
        try Files.replace(totals, with: whole, mode: 0o600, temporarySuffix: "x")
        #expect(self.read == [self.key("old"): .init(invocations: 1), self.key(): .init(invocations: 3)])
    }

    @Test func `what the disk did not take is written at the end`() throws {
        let ledger = try UsageLedger(directory: self.directory, random: self.random)
        let (journal, kept) = ("\(self.directory)/journal", "\(self.directory)/kept")
        try Files.rename(journal, to: kept)
        try Files.createDirectory(journal)
        ledger.add(UsageTotals(invocations: 1), to: self.key())
        try Files.removeTree(journal)
        try Files.rename(kept, to: journal)
        ledger.flush()
        ledger.flush()
        #expect(self.read == [self.key(): UsageTotals(invocations: 1)])
    }

    @Test func `what the disk does not take is written later, once`() throws {
        let ledger = try UsageLedger(directory: self.directory, random: self.random)
        let (journal, kept) = ("\(self.directory)/journal", "\(self.directory)/kept")
        try Files.rename(journal, to: kept)
        // Nothing can be appended to a directory.
        try Files.createDirectory(journal)
        for _ in 0..<5 { ledger.add(UsageTotals(invocations: 1), to: self.key()) }
        ledger.add(UsageTotals(invocations: 1), to: self.key("other"))
        #expect(self.read == [:])
        try Files.removeTree(journal)
        try Files.rename(kept, to: journal)
        for _ in 0..<99 { ledger.add(UsageTotals(invocations: 1), to: self.key()) }
        #expect(self.read == [self.key(): UsageTotals(invocations: 104), self.key("other"): .init(invocations: 1)])
        ledger.add(UsageTotals(invocations: 1), to: self.key())
        #expect(self.read == [self.key(): UsageTotals(invocations: 105), self.key("other"): .init(invocations: 1)])
    }
}
