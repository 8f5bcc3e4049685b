package import Primitives
internal import Synchronization

/// What each principal has used of each model, by day, kept in files of one directory.
///
/// `totals` has all but the latest; `journal` has what came since, a line an answer, in the system's hands when the
/// answer is given: a process that is killed loses nothing, a power cut the last seconds. A full journal becomes
/// `journal.1` and is added to the totals by a thread of its own, which writes a large file and waits for the disk;
/// meanwhile answers go into the next journal. Each file begins with a number: a journal whose number is below that of
/// the totals is in them already, so that nothing is counted twice whenever the process ends.
package final class UsageLedger: Sendable {
    /// Lines of a journal until the next is begun.
    package static let journalLineCountMax = 20_000
    /// Keys that are kept; further ones of a day are added up under one name.
    static let keyCountMax = 100_000
    static let otherName = "(others)"

    private enum Fold {
        /// No `journal.1`, or one that the totals have.
        case done
        case underWay
        /// The disk refused the totals: `journal.1` is still needed.
        case failed
    }

    private struct State {
        var totals: [UsageKey: UsageTotals]
        /// Of the journal that is written to.
        var number: Int
        var journalLineCount = 0
        /// Open while the journal of this number is written: opening it for each line was half of what a line costs,
        /// on the event loop of the answer.
        var journal: AppendedFile?
        var fold = Fold.done
    }

    private let path: String
    private let random: any RandomSource
    private let journalLineCountMax: Int
    private let runBeside: @Sendable (_ work: @escaping @Sendable () -> Void) -> Void
    private let state: Mutex<State>

    /// Reads the directory and makes it where it is missing; files that cannot be read are begun anew.
    /// - Parameters:
    ///   - directory: belongs to this ledger alone, but for readers.
    ///   - random: for the names of files that are being written.
    ///   - journalLineCountMax: lines of a journal until the next is begun.
    ///   - runBeside: runs what blocks, and returns at once.
    /// - Throws: when the directory cannot be made or written.
    package init(
        directory: String, random: any RandomSource, journalLineCountMax: Int = UsageLedger.journalLineCountMax,
        runBeside: @escaping @Sendable (_ work: @escaping @Sendable () -> Void) -> Void = {
            BlockingThread.start("usage-totals", $0)
        }
    ) throws(FileError) {
        self.path = directory
        self.random = random
        self.journalLineCountMax = journalLineCountMax
        self.runBeside = runBeside
        try Files.createDirectory(directory)
        let files = UsageFiles.read(directory)
        let number = files.newest + 1
        self.state = Mutex(State(totals: files.sum, number: number))
        try UsageFiles.replaceTotals(of: directory, by: files.sum, number, random)
        try UsageFiles.replaceJournal(of: directory, number, random)
    }

    /// All that was used, for commands; reads the files of a server that may be running.
    package static func read(directory: String) -> [(key: UsageKey, totals: UsageTotals)] {
        UsageFiles.read(directory).sum.map { ($0.key, $0.value) }.sorted { left, right in
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
            if state.journal == nil { state.journal = try? AppendedFile(UsageFiles.journal(self.path)) }
            try? state.journal?.append(Array(UsageLine.text(key, totals).utf8))
            state.journalLineCount += 1
            if state.journalLineCount >= self.journalLineCountMax { self.turn(&state) }
        }
    }

    /// Begins the next journal and has the full one added to the totals. While the one before is not in them yet, the
    /// full one goes on.
    private func turn(_ state: inout State) {
        switch state.fold {
        case .underWay: return
        case .failed: break
        case .done:
            let next = state.number + 1
            guard (try? UsageFiles.turnJournal(of: self.path, to: next)) != nil else { return }
            state.number = next
            state.journal = nil
        }
        state.journalLineCount = 0
        state.fold = .underWay
        let number = state.number
        self.runBeside { [self] in
            let isWritten = (try? UsageFiles.fold(self.path, into: number, self.random)) != nil
            self.state.withLock { $0.fold = isWritten ? .done : .failed }
        }
    }
}
