import BedrockRuntimeService
import Primitives
import ServiceKit
import Testing

/// What was used, through the files that keep it.
struct UsageLedgerTests {
    private let directory = "/tmp/brume-usage-\(SystemRandomSource().next())"
    private let random = SystemRandomSource()
    private let noon = Timestamp(secondsSinceEpoch: 1_700_000_000)

    private func key(_ model: String = "brume.echo", _ principal: String = "arn:aws:iam::1:root") -> UsageKey {
        UsageKey(time: self.noon, account: "000000000001", principal: principal, model: model)
    }

    private func removeFiles() {
        for name in ["totals", "journal"] { try? Files.remove("\(self.directory)/\(name)") }
    }

    private var read: [UsageKey: UsageTotals] {
        Dictionary(uniqueKeysWithValues: UsageLedger.read(directory: self.directory).map { ($0.key, $0.totals) })
    }

    @Test func `what is added is read at once, and after a restart`() throws {
        defer { self.removeFiles() }
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
        defer { self.removeFiles() }
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

    @Test func `names cannot break a line`() throws {
        defer { self.removeFiles() }
        let ledger = try UsageLedger(directory: self.directory, random: self.random)
        ledger.add(UsageTotals(invocations: 1), to: self.key("a\tb\nc", "d\te"))
        #expect(self.read == [self.key("a?b?c", "d?e"): UsageTotals(invocations: 1)])
    }
}
